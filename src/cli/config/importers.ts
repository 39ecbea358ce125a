/** Configs of other autoscalers, by the name of `--from`. Adding one: one file, one line here. */
import { stringify } from 'yaml'
import { PrescaleError, unknownName } from '../../base/index.ts'
import { readText } from './file.ts'
import type { Imported } from './import-config.ts'
import { importFlinkAutoscaler } from './import-flink.ts'
import { importHpa } from './import-hpa.ts'
import { importKeda } from './import-keda.ts'

export const importers: Readonly<Record<string, (text: string, where: string) => Imported>> = {
  flink: importFlinkAutoscaler,
  hpa: importHpa,
  keda: importKeda
}

/** Where such a config comes from, for who has none yet. */
const comesFrom: Readonly<Record<keyof typeof importers, string>> = {
  flink: 'the configuration of a job with its job.autoscaler.* keys is wanted',
  hpa: '`kubectl get hpa NAME -o yaml` writes one',
  keda: '`kubectl get scaledobject NAME -o yaml` writes one'
}

export const FROM = [
  '--from <KIND>',
  `FILE is one of another autoscaler: ${Object.keys(importers).join(', ')}`
] as const

/** Errors: BAD_OPTION (who is that), NOT_FOUND, and what the importer says. */
export function importFile(from: string, file: string | undefined): Imported {
  if (!Object.hasOwn(importers, from)) {
    throw new PrescaleError(
      'BAD_OPTION',
      `--from ${unknownName('a config that is read', from, Object.keys(importers))}`
    )
  }
  if (file === undefined) {
    throw new PrescaleError('BAD_OPTION', `--from ${from} needs the FILE that is taken over`)
  }
  return importers[from](readText(file, comesFrom[from]), file)
}

/** The text of a config with this target alone. */
export function textOfImported({ name, target }: Imported): string {
  return stringify({ version: 1, targets: { [name]: target } }, { lineWidth: 0 })
}

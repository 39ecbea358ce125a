/**
 * `job.autoscaler.*` — a block of Flink's config as a target with the policy `flink`, which gives the same answers.
 *
 * Read from a flink-conf.yaml (flat or nested), from properties, or from a FlinkDeployment. The older prefix
 * `kubernetes.operator.` counts as well.
 */
import { parseDocument } from 'yaml'
import { formatDuration, type OptionSpec, PrescaleError } from '../../base/index.ts'
import { fromAutoscalerKeys, policies } from '../../decide/index.ts'
import { type Imported, isParts, type Parts, partsOf, targetName, textOf } from './import-config.ts'

/** Errors: BAD_INPUT where no key of the autoscaler is in the text, BAD_OPTION for a value that cannot be read. */
export function importFlinkAutoscaler(text: string, where: string): Imported {
  const { keys, name } = keysOf(text)
  const { options, unused } = fromAutoscalerKeys(keys)
  const isOff =
    String(keys['job.autoscaler.enabled'] ?? keys['kubernetes.operator.job.autoscaler.enabled']) === 'false'
  if (Object.keys(options).length === 0 && unused.length === 0) {
    throw new PrescaleError(
      'BAD_INPUT',
      `${where} has no keys job.autoscaler.*, so there is nothing to import`
    )
  }
  const table: Readonly<Record<string, OptionSpec>> = policies.flink.options
  const written = Object.fromEntries(
    Object.entries(options).map(([option, value]) => [
      option,
      table[option].kind === 'duration' ? formatDuration(Number(value)) : plain(table[option], value)
    ])
  )
  // A mistake in a value is found here and not when the loop begins.
  policies.flink.make(written)
  const job = targetName(name ?? keys['kubernetes.cluster-id'] ?? keys['pipeline.name'], 'job')
  const target = {
    source: { type: 'flink', url: addressOf(keys), job },
    forecast: 'none',
    policy: { name: 'flink', options: written },
    ...(isOff && { paused: true })
  }
  const notes = [
    ...unused
      .filter((key) => !key.endsWith('job.autoscaler.enabled'))
      .map((key) => `${key} has no counterpart here`),
    ...(isOff ? ['job.autoscaler.enabled is false: the target is paused'] : []),
    'bounds of vertices stay inside of the policy, as in the original; say maxReplicas too before mode: apply'
  ]
  return { name: job, target, rehearse: rehearseOf(written), notes }
}

function plain(spec: OptionSpec, value: unknown): unknown {
  return spec.kind === 'text' ||
    typeof value !== 'string' ||
    value.trim() === '' ||
    Number.isNaN(Number(value))
    ? value
    : Number(value)
}

function rehearseOf(options: Parts): string {
  const each = Object.entries(options).map(
    ([option, value]) => `${option}=${String(value).replaceAll(',', ';')}`
  )
  return each.length === 0 ? 'flink' : `flink:${each.join(',')}`
}

function addressOf(keys: Parts): string {
  const host = textOf(keys['rest.address']) ?? 'localhost'
  return `http://${host}:${textOf(keys['rest.port']) ?? '8081'}`
}

/** Flat keys of whatever the text is. */
function keysOf(text: string): { readonly keys: Parts; readonly name?: string } {
  const document = parseDocument(text, { prettyErrors: false })
  const value: unknown = document.errors.length === 0 ? document.toJS({ maxAliasCount: 100 }) : undefined
  if (!isParts(value)) return { keys: propertiesOf(text) }
  const spec = partsOf(value.spec)
  const name = textOf(partsOf(value.metadata).name)
  return isParts(spec.flinkConfiguration)
    ? { keys: flat(spec.flinkConfiguration), name }
    : { keys: flat(value) }
}

/** `{ job: { autoscaler: { enabled: true } } }` as `job.autoscaler.enabled`. */
function flat(parts: Parts, before = ''): Parts {
  const entries = Object.entries(parts).flatMap(([name, value]): [string, unknown][] =>
    isParts(value) ? Object.entries(flat(value, `${before}${name}.`)) : [[`${before}${name}`, value]]
  )
  return Object.fromEntries(entries)
}

/** `key=value`, `key: value` and `key value`, a line each; # and ! begin comments (java.util.Properties). */
function propertiesOf(text: string): Parts {
  const out: Record<string, string> = {}
  for (const line of text.split('\n')) {
    const [, key, value] = /^\s*([^#!\s:=][^\s:=]*)\s*[=:\s]\s*(.*?)\s*$/.exec(line) ?? []
    if (key !== undefined) out[key] = value
  }
  return out
}

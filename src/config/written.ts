/** The whole config in the words of the file, every default written out: what `prescale validate --resolved` prints. */
import { z } from 'zod'
import { config as schema } from './schema.ts'
import { isSettings, type Settings } from './shorthand.ts'
import type { Config } from './types.ts'

/** Read again it gives the same config. Plain JSON; absent settings are left out. */
export function writtenForm(config: Config): Settings {
  const untyped: z.ZodType = schema
  const encoded = JSON.parse(JSON.stringify(z.encode(untyped, config))) as Settings
  const { targets, gateway, ...rest } = encoded
  return {
    version: rest.version,
    targets: Object.fromEntries(Array.isArray(targets) ? targets.map(named) : []),
    ...rest,
    ...(isSettings(gateway) ? { gateway: withLocal(gateway) } : {})
  }
}

function named(target: Settings): readonly [string, Settings] {
  const { name, ...rest } = saysNone(target)
  return [String(name), rest]
}

/** Without `forecast: none` the default would come back. */
const saysNone = (target: Settings): Settings => ({ forecast: 'none', ...target })

function withLocal({ local, ...rest }: Settings): Settings {
  return isSettings(local) ? { ...rest, local: saysNone(local) } : rest
}

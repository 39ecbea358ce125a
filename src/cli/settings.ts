/** `--set option=value …`, as `decide` and `experiment run` take it. */
import { type GivenOptions, PrescaleError } from '../base/index.ts'

export function readSettings(pairs: readonly string[] = []): GivenOptions {
  const settings: Record<string, string> = {}
  for (const pair of pairs) {
    const at = pair.indexOf('=')
    if (at <= 0) throw new PrescaleError('BAD_OPTION', `--set must be option=value, was '${pair}'`)
    settings[pair.slice(0, at).trim()] = pair.slice(at + 1).trim()
  }
  return settings
}

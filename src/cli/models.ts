/** What `forecast` and `backtest` share: models as they are written, and their numbers. */
import { type GivenOptions, PrescaleError, parseDuration, requireOption, type Series } from '../base/index.ts'
import { labelOf, parsePolicies } from '../compare/policy-spec.ts'
import { makeForecaster } from '../forecast/index.ts'
import type { Forecaster } from '../roles.ts'

/** `naive,ewma:alpha=.3` as forecasters by label; `season` goes to those that have one. */
export function readModels(text: string, season: number | undefined): Record<string, Forecaster> {
  if (text.trim() === '') {
    throw new PrescaleError('BAD_OPTION', '--models must be names such as naive,ewma:alpha=.3,blend')
  }
  const specs = parsePolicies(text)
  const entries = specs.map(({ name, options }): [string, Forecaster] => [
    labelOf(name, options),
    makeForecaster(name, options as GivenOptions, season)
  ])
  return Object.fromEntries(entries)
}

/** Steps: a whole number, or a duration such as 30m. */
export function readSteps(text: string, name: string, { stepMs }: Series): number {
  const steps = /^\d+$/.test(text) ? Number(text) : Math.ceil(parseDuration(text, name) / stepMs)
  requireOption(
    Number.isInteger(steps) && steps >= 1,
    name,
    text,
    'a whole number of steps, or a duration such as 30m'
  )
  return steps
}

/** `.8,.95` as probabilities. */
export function readLevels(text: string): number[] {
  return text.split(',').map((part) => {
    const level = part.trim() === '' ? NaN : Number(part)
    requireOption(level > 0 && level < 1, '--levels', text, 'probabilities between 0 and 1 such as .8,.95')
    return level
  })
}

/** A season in steps or as a duration, 0 or absent = found in the history. */
export function readSeason(text: string | undefined, s: Series): number | undefined {
  return text === undefined || text === '0' ? undefined : readSteps(text, '--season', s)
}

/** What `forecast`, `backtest`, `train` and `rehearse` share: models as they are written, and their numbers. */
import {
  endMs,
  formatDuration,
  type GivenOptions,
  parseDuration,
  requireOption,
  type Series
} from '../base/index.ts'
import { type ForecasterSpec, parseForecasters } from '../compare/forecaster-spec.ts'
import {
  isModelFile,
  learnedSpec,
  type PolicySpec,
  parsePolicies,
  policyEntry
} from '../compare/policy-spec.ts'
import { checkModel, type ModelFile } from '../forecast/index.ts'
import { quantile } from '../math/index.ts'
import type { Policy } from '../roles.ts'
import { readModelFile } from '../store/model-file.ts'

/** `naive,ewma:alpha=.3,model.json`; `common`, such as a season, goes to those that have it. */
export function readModels(text: string, flag: string, common?: GivenOptions): ForecasterSpec[] {
  return parseForecasters(text, flag, readModel, common)
}

/** `hpa:target=.6,trained/ppo.json,interval=1m`: policies by name, and trained ones by their files. Errors: NOT_FOUND, BAD_MODEL. */
export const readPolicies = (text: string): PolicySpec[] => parsePolicies(text, readModelFile)

/** One policy by its name or its file, with its options. */
export function readPolicy(name: string, options: GivenOptions): Policy {
  if (!isModelFile(name)) return policyEntry(name).make(options)
  return policyEntry(learnedSpec(readModelFile(name), { name })).make(options)
}

/** Exactly one of them. */
export function readOneModel(text: string, flag: string, common?: GivenOptions): ForecasterSpec {
  const [spec, ...others] = readModels(text, flag, common)
  requireOption(others.length === 0, flag, text, 'one model; `backtest` compares several')
  return spec
}

/** A model file, checked. Errors: NOT_FOUND, BAD_MODEL. */
export const readModel = (path: string): ModelFile => checkModel(readModelFile(path), path)

/** Steps: a whole number, or a duration such as 30m. */
export function readSteps(text: string, name: string, { stepMs }: Series): number {
  const steps = /^\d+$/.test(text) ? Number(text) : Math.ceil(parseDuration(text, name) / stepMs)
  requireOption(
    Number.isInteger(steps) && steps >= 1,
    name,
    text,
    'a whole number of steps, or a duration such as 30m'
  )
  requireOption(steps <= MOST_STEPS, name, text, `at most ${MOST_STEPS} steps`)
  return steps
}

/** Ten weeks of minutes. Some methods keep arrays of window × horizon. */
const MOST_STEPS = 100_000

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

/**
 * What to say of models that were trained before and are judged on the steps of this series from `from` on: whether
 * they have seen those in training, and whether the load before them is what they know.
 */
export function remarksOn(specs: readonly ForecasterSpec[], s: Series, from: number): string[] {
  const before = s.values.subarray(0, from)
  return specs.flatMap(({ label, model }) => {
    if (model === undefined || model.training.stepMs !== s.stepMs) return []
    const { startMs, endMs: untilMs, low, high, unit } = model.training
    const seenMs = Math.min(untilMs, endMs(s)) - Math.max(startMs, s.startMs + from * s.stepMs)
    const isElsewhere = quantile(before, 0.25) > high || quantile(before, 0.75) < low
    return [
      ...(seenMs > 0
        ? [`${label} may have seen ${formatDuration(seenMs)} of what it is judged by in its training`]
        : []),
      ...(isElsewhere
        ? [
            `${label} was trained on ${short(low)} to ${short(high)} ${unit}, most of this load lies outside: same --scale?`
          ]
        : [])
    ]
  })
}

const short = (value: number) => value.toLocaleString('en-US', { maximumSignificantDigits: 4 })

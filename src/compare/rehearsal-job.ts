/**
 * One job of a rehearsal: some policies under one seed, from plain data to plain data, so that it can be done here or on
 * a worker thread. Whoever does it, the same job gives the same bytes.
 *
 * `oracle` at a price of late minutes and `fixed-best` for a limit of them are done here too, though they are no policies:
 * the one knows the future, the other is found by trying.
 */
import type { Json, Turn } from '../roles.ts'
import { fixedBest } from './baselines.ts'
import { type ForecasterSpec, forecastersOf, specOf } from './forecaster-spec.ts'
import type { RunMeasures, RunTrack } from './measure.ts'
import { measuresOf } from './measures-of.ts'
import { oracleOf } from './oracle-run.ts'
import { fateOf, needOf, type Plan } from './plan.ts'
import { isRelative, type LabelledSpec, mindOf, policyEntry } from './policy-spec.ts'
import { type Fate, rehearse } from './rehearse.ts'

export interface RehearsalJob {
  readonly what: string
  readonly plan: Plan
  readonly seed: number
  readonly specs: readonly LabelledSpec[]
  /** The forecaster that predictive policies are shown. */
  readonly forecast: string | ForecasterSpec
  readonly keepTurns: boolean
}

export interface JobRun {
  readonly label: string
  readonly seed: number
  readonly measures: RunMeasures
  readonly track: RunTrack | undefined
  readonly turns: readonly Turn[]
  /** Of `fixed-best`: which size it is. */
  readonly units?: Json
}

/** Does jobs, in any order and anywhere; answers in the order of the jobs, the runs of one in the order of its specs. */
export type DoJobs = (jobs: readonly RehearsalJob[]) => Promise<readonly (readonly JobRun[])[]>

export function doJob(job: RehearsalJob, progress?: (done: number, of: number) => void): JobRun[] {
  const { plan, seed, specs } = job
  const fate = fateOf(plan, seed)
  const need = needOf(plan, fate)
  const runs = new Map<LabelledSpec, JobRun>()
  for (const [spec, run] of doPolicies(job, fate, need, progress)) runs.set(spec, run)
  const bound = once(() => oracleOf(plan, fate, need))
  const best = once(() => fixedBest(plan, fate, need))
  for (const spec of specs) {
    const { name, options, label } = spec
    const run = { label, seed, track: undefined, turns: [] }
    if (name === 'oracle') runs.set(spec, { ...run, measures: bound()(Number(options.latePrice)) })
    if (name === 'fixed-best') runs.set(spec, { ...run, ...best()(Number(options.limit)) })
  }
  return specs.map((spec) => runs.get(spec)!)
}

function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}

function doPolicies(
  { plan, seed, specs, forecast, keepTurns }: RehearsalJob,
  fate: Fate,
  need: Int32Array,
  progress?: (done: number, of: number) => void
): [LabelledSpec, JobRun][] {
  const own = specs.filter(({ name }) => !isRelative(name))
  if (own.length === 0) return []
  const shown = specOf(forecast)
  const minds = own.map((spec) => mindOf(spec, spec.options, shown.label, spec.label))
  const runs = rehearse(fate, minds, forecastersOf(shown), {
    keepTurns: (label) => keepTurns && own.some((spec) => spec.label === label && spec.keepTrack),
    progress
  })
  return runs.map(({ label, track, turns }, i) => [
    own[i],
    {
      label,
      seed,
      measures: measuresOf(plan, track, need),
      track: own[i].keepTrack ? track : undefined,
      turns
    }
  ])
}

/** What a policy costs to rehearse, in the time of an HPA; the first that is shown a forecast pays for the forecast too. */
const PREDICTIVE_COST = 5
const FORECAST_COST = 10
/** One price of the bound. */
const BOUND_COST = 0.2

/** The specs in `parts` groups of about equal work: largest first, each to the group that has least. */
export function shareOut(specs: readonly LabelledSpec[], parts: number): LabelledSpec[][] {
  const groups = Array.from({ length: parts }, () => ({
    specs: [] as LabelledSpec[],
    cost: 0,
    forecasts: false
  }))
  const predictive = (spec: LabelledSpec) =>
    !isRelative(spec.name) && policyEntry(spec).needsForecast === true
  for (const spec of specs.toSorted((a, b) => Number(predictive(b)) - Number(predictive(a)))) {
    const costIn = (group: (typeof groups)[number]) =>
      group.cost +
      (predictive(spec)
        ? PREDICTIVE_COST + (group.forecasts ? 0 : FORECAST_COST)
        : isRelative(spec.name)
          ? BOUND_COST
          : 1)
    const group = groups.reduce((best, other) => (costIn(other) < costIn(best) ? other : best))
    group.cost = costIn(group)
    group.forecasts ||= predictive(spec)
    group.specs.push(spec)
  }
  return groups.map((group) => group.specs).filter((group) => group.length > 0)
}

/**
 * One job of a rehearsal: some policies under one seed, from plain data to plain data, so that it can be done here or on
 * a worker thread. Whoever does it, the same job gives the same bytes.
 */
import { type GivenOptions, PrescaleError, unknownName } from '../base/index.ts'
import { forecasters } from '../forecast/index.ts'
import type { Forecaster, Turn } from '../roles.ts'
import { measure, type RunMeasures, type RunTrack } from './measure.ts'
import { fateOf, needOf, type Plan } from './plan.ts'
import { mindOf, policyEntry } from './policy-spec.ts'
import { falseStarts, leadMinutes } from './ramps.ts'
import { rehearse } from './rehearse.ts'

/** One policy under one setting. Labels are unique within a rehearsal. */
export interface LabelledSpec {
  readonly name: string
  readonly options: GivenOptions
  readonly label: string
  /** Only the measures of a swept setting are kept, the whole track of a headline run. */
  readonly keepTrack: boolean
}

export interface RehearsalJob {
  readonly what: string
  readonly plan: Plan
  readonly seed: number
  readonly specs: readonly LabelledSpec[]
  readonly forecast: string
  readonly keepTurns: boolean
}

export interface JobRun {
  readonly label: string
  readonly seed: number
  readonly measures: RunMeasures
  readonly track: RunTrack | undefined
  readonly turns: readonly Turn[]
}

/** Does jobs, in any order and anywhere; answers in the order of the jobs. */
export type DoJobs = (jobs: readonly RehearsalJob[]) => Promise<readonly (readonly JobRun[])[]>

export function doJob(job: RehearsalJob, progress?: (done: number, of: number) => void): JobRun[] {
  const { plan, seed, specs, forecast } = job
  const fate = fateOf(plan, seed)
  const need = needOf(plan, fate)
  const minds = specs.map(({ name, options, label }) => mindOf(name, options, forecast, label))
  const runs = rehearse(fate, minds, forecasterOf(forecast), {
    keepTurns: (label) => job.keepTurns && specs.some((spec) => spec.label === label && spec.keepTrack),
    progress
  })
  return runs.map(({ label, track, turns }, i) => ({
    label,
    seed,
    measures: measuresOf(plan, track, need),
    track: specs[i].keepTrack ? track : undefined,
    turns
  }))
}

export function measuresOf(plan: Plan, track: RunTrack, need: Int32Array): RunMeasures {
  const leadMs = plan.settings.leadTimeMs.p50 * plan.truth.leadTime
  return measure(track, {
    unitHour: plan.settings.unitHour,
    falseStarts: falseStarts(track, need, leadMs),
    leadMinutes: leadMinutes(track, need)
  })
}

export function forecasterOf(name: string): Record<string, Forecaster> {
  if (!Object.hasOwn(forecasters, name)) {
    throw new PrescaleError('BAD_OPTION', unknownName('a forecaster', name, Object.keys(forecasters)))
  }
  return { [name]: forecasters[name as keyof typeof forecasters].make({}) }
}

/** What a policy costs to rehearse, in the time of an HPA; the first that is shown a forecast pays for the forecast too. */
const PREDICTIVE_COST = 4
const FORECAST_COST = 5

/** The specs in `parts` groups of about equal work: largest first, each to the group that has least. */
export function shareOut(specs: readonly LabelledSpec[], parts: number): LabelledSpec[][] {
  const groups = Array.from({ length: parts }, () => ({
    specs: [] as LabelledSpec[],
    cost: 0,
    forecasts: false
  }))
  const predictive = (spec: LabelledSpec) => policyEntry(spec.name).needsForecast === true
  for (const spec of specs.toSorted((a, b) => Number(predictive(b)) - Number(predictive(a)))) {
    const costIn = (group: (typeof groups)[number]) =>
      group.cost + (predictive(spec) ? PREDICTIVE_COST + (group.forecasts ? 0 : FORECAST_COST) : 1)
    const group = groups.reduce((best, other) => (costIn(other) < costIn(best) ? other : best))
    group.cost = costIn(group)
    group.forecasts ||= predictive(spec)
    group.specs.push(spec)
  }
  return groups.map((group) => group.specs).filter((group) => group.length > 0)
}

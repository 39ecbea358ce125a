/**
 * The oracle of a rehearsal: its schedules for this seed's load and lead times, measured like a run.
 *
 * Late minutes are those of the bound, not of a world: latency and the share of arrivals over the SLO are not measured.
 */
import { MINUTE } from '../base/index.ts'
import type { Json } from '../roles.ts'
import { chooseKnob } from './frontier.ts'
import { newTrack, type RunMeasures, type RunTrack } from './measure.ts'
import { measuresOf } from './measures-of.ts'
import { type OracleSchedule, oracle, startSteps } from './oracle.ts'
import { leadOf, type Plan } from './plan.ts'
import type { Fate } from './rehearse.ts'

export interface OraclePoint extends RunMeasures {
  /** Price of a late minute, in unit-minutes. */
  readonly latePrice: number
}

/** From "a minute is worth one unit for one minute" to "no minute may be late": the whole frontier in even steps of money. */
export const LATE_PRICES: readonly number[] = [1, 2, 4, 7, 10, 14, 20, 30, 50, 100, 1_000]

/** The bound of one seed as a function of the price of a late minute. */
export function oracleOf(plan: Plan, fate: Fate, need: Int32Array): (latePrice: number) => OraclePoint {
  const perMinute = Math.round(MINUTE / fate.stepMs)
  const start = startSteps(need.length * perMinute, leadStepsOf(plan, fate), fate.warmupSteps)
  const problem = { need, perMinute, start, least: 0 }
  return (latePrice) => {
    const track = trackOf(fate, need, oracle(problem, latePrice * perMinute))
    return { ...measuresOf(plan, track, need), sloViolationRatio: NaN, latePrice }
  }
}

/** Steps from asking for a unit in a scored step (below 0: in the warm-up) until it is ready, by this seed's luck. */
export function leadStepsOf(plan: Plan, { seed, stepMs, warmupSteps }: Fate): (step: number) => number {
  const lead = leadOf(plan)
  return (step) => Math.ceil(lead(seed, step + warmupSteps) / stepMs)
}

/** The point that is printed beside the policies: fewest late minutes for at most 1.2 × what hpa costs. */
export function oracleRun(
  sweep: readonly OraclePoint[],
  hpaUnitHours: number
): RunMeasures & { readonly knob: Json } {
  const { latePrice, ...measures } = chooseKnob(sweep, hpaUnitHours) ?? sweep[0]
  return { knob: { latePrice }, ...measures }
}

/** A late minute missed everything, any other nothing; all that the measures of the bound need. */
function trackOf(fate: Fate, need: Int32Array, schedule: OracleSchedule): RunTrack {
  const { stepMs, startMs, warmupSteps, demand } = fate
  const { ready, starting } = schedule
  const perMinute = Math.round(MINUTE / stepMs)
  const track = newTrack(startMs + warmupSteps * stepMs, stepMs, ready.length)
  track.ready.set(ready)
  track.starting.set(starting)
  track.arrivals.set(demand.subarray(warmupSteps, warmupSteps + ready.length))
  track.latencyMs.fill(NaN)
  for (let m = 0; m < need.length; m++) {
    const [from, to] = [m * perMinute, (m + 1) * perMinute]
    if (ready.subarray(from, to).some((units) => units >= need[m])) continue
    for (let t = from; t < to; t++) track.missed[t] = track.arrivals[t]
  }
  for (let t = 1; t < ready.length; t++) {
    const by = ready[t] + starting[t] - ready[t - 1] - starting[t - 1]
    if (by !== 0) track.rescales.push({ step: t, by })
  }
  return track
}

/**
 * The oracle of a rehearsal: its schedules for this seed's load and lead times, measured like a run.
 *
 * Late minutes are those of the bound, not of a world: latency and the share of arrivals over the SLO are not measured.
 */
import type { Json } from '../roles.ts'
import { leadTimes } from '../sim/index.ts'
import { chooseKnob } from './frontier.ts'
import { measure, newTrack, type RunMeasures, type RunTrack } from './measure.ts'
import { type OracleSchedule, oracle, startSteps } from './oracle.ts'
import { type Plan, trueLeadTime } from './plan.ts'
import { falseStarts, leadMinutes } from './ramps.ts'
import type { Fate } from './rehearse.ts'

export interface OraclePoint extends RunMeasures {
  /** Price of a late minute, in unit-minutes. */
  readonly latePrice: number
}

/** From "a minute is worth one unit for one minute" to "no minute may be late": the whole frontier in even steps of money. */
const PRICES = [1, 2, 4, 7, 10, 14, 20, 30, 50, 100, 1_000]

/** One point for each price, from the cheapest to the safest. */
export function oracleSweep(plan: Plan, fate: Fate, need: Int32Array): OraclePoint[] {
  const { stepMs, warmupSteps, seed } = fate
  const perMinute = Math.round(60_000 / stepMs)
  const lead = leadTimes(trueLeadTime(plan))
  const leadSteps = (step: number) => Math.ceil(lead(seed, step + warmupSteps) / stepMs)
  const start = startSteps(need.length * perMinute, leadSteps, warmupSteps)
  const problem = { need, perMinute, start, least: 0 }
  return PRICES.map((latePrice) => {
    const track = trackOf(fate, need, oracle(problem, latePrice * perMinute))
    const leadMs = plan.settings.leadTimeMs.p50 * plan.truth.leadTime
    const measures = measure(track, {
      unitHour: plan.settings.unitHour,
      falseStarts: falseStarts(track, need, leadMs),
      leadMinutes: leadMinutes(track, need)
    })
    return { ...measures, sloViolationRatio: NaN, latePrice }
  })
}

/** The point that is printed beside the policies: fewest late minutes for at most 1.2 × what hpa costs. */
export function oracleRun(
  _plan: Plan,
  sweep: readonly OraclePoint[],
  hpaUnitHours: number
): RunMeasures & { knob: Json } {
  const { latePrice, ...measures } = chooseKnob(sweep, hpaUnitHours) ?? sweep[0]
  return { knob: { latePrice }, ...measures }
}

/** A late minute missed everything, any other nothing; all that the measures of the bound need. */
function trackOf(fate: Fate, need: Int32Array, schedule: OracleSchedule): RunTrack {
  const { stepMs, startMs, warmupSteps, demand } = fate
  const { ready, starting } = schedule
  const perMinute = Math.round(60_000 / stepMs)
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

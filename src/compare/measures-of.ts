/** The measures of a run under its plan: what was tracked, priced, with its ramps held against the true lead time. */
import { measure, type RunMeasures, type RunTrack } from './measure.ts'
import type { Plan } from './plan.ts'
import { falseStarts, leadMinutes } from './ramps.ts'

export function measuresOf(plan: Plan, track: RunTrack, need: Int32Array): RunMeasures {
  const leadMs = plan.settings.leadTimeMs.p50 * plan.truth.leadTime
  return measure(track, {
    unitHour: plan.settings.unitHour,
    falseStarts: falseStarts(track, need, leadMs),
    leadMinutes: leadMinutes(track, need)
  })
}

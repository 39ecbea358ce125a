/**
 * Was capacity there in time, and was it needed? Both read `need`: per minute the fewest ready units at which the
 * minute would not be overloaded, starting from an empty queue.
 *
 *   lead of a ramp = moment the need rises − moment the needed units were ready      positive = in time
 *   false start    = a unit that became ready and was not needed within two lead times after that
 *
 * The need of a minute with an unknown load is not known (it stands there as 0): no ramp begins behind it, and a unit
 * that became ready before it may have been needed.
 */
import { MINUTE } from '../base/index.ts'
import type { RunTrack } from './measure.ts'

/** An hour early and a day early are the same to a ramp, and the scan stays bounded. */
const REACH_MINUTES = 60

/** Median lead in minutes, −60..60, over all ramps (need rises by at least one unit); `NaN` where need never rises. */
export function leadMinutes(track: RunTrack, need: Int32Array | Float64Array): number {
  const perMinute = Math.max(1, Math.round(MINUTE / track.stepMs))
  const leads: number[] = []
  for (let m = 1; m < need.length; m++) {
    if (!(need[m] > need[m - 1]) || isUnknown(track, m - 1, perMinute)) continue
    const at = m * perMinute
    leads.push(
      ((at - readySince(track.ready, need[m], at, REACH_MINUTES * perMinute)) * track.stepMs) / MINUTE
    )
  }
  if (leads.length === 0) return NaN
  leads.sort((a, b) => a - b)
  return leads[leads.length >> 1]
}

/** Step since which `units` are ready without a break as seen from `at`, or the first step after it; `reach` at most. */
function readySince(ready: Float32Array, units: number, at: number, reach: number): number {
  let step = at
  if (ready[at] >= units) {
    while (step > Math.max(0, at - reach) && ready[step - 1] >= units) step--
    return step
  }
  while (step < Math.min(ready.length, at + reach) && ready[step] < units) step++
  return step
}

/** Units that became ready and were not needed in the two lead times that followed. */
export function falseStarts(track: RunTrack, need: Int32Array | Float64Array, leadMs: number): number {
  const perMinute = Math.max(1, Math.round(MINUTE / track.stepMs))
  const window = Math.max(1, Math.ceil((2 * leadMs) / MINUTE))
  let count = 0
  for (let i = 1; i < track.ready.length; i++) {
    const rise = track.ready[i] - track.ready[i - 1]
    if (rise <= 0) continue
    const minute = Math.floor(i / perMinute)
    let needed = 0
    for (let m = minute; m <= Math.min(minute + window, need.length - 1); m++)
      needed = Math.max(needed, isUnknown(track, m, perMinute) ? Infinity : need[m])
    count += Math.min(rise, Math.max(0, track.ready[i] - needed))
  }
  return count
}

function isUnknown({ arrivals }: RunTrack, minute: number, perMinute: number): boolean {
  for (let i = minute * perMinute; i < (minute + 1) * perMinute; i++)
    if (Number.isNaN(arrivals[i])) return true
  return false
}

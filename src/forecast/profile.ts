/**
 * Seasonal profile — what is usual at each phase of a season, and how far now is from it.
 *
 *   steady[φ] ← steady[φ] + max(0.1, 1/n) · (y − steady[φ])      mean of the last ten seasons or so
 *   recent[φ] ← recent[φ] + max(0.4, 1/n) · (y − recent[φ])      of the last few
 *   level      EWMA(y) / EWMA(profile): over about 10 steps and about 100
 *
 * The forecasts of a phase are the profile times the level; the last season's value; profile or last value plus how far
 * the newest value was from it (a seasonal random walk, FPP3 §9.1), and that plus how much the distance grew. The level
 * is drawn to 1 where the load is small against its long-run size: a ratio of two small numbers says nothing.
 */
export interface Profile {
  readonly season: number
  /** y at step t. */
  observe(t: number, y: number): void
  /** Writes `profileExperts` forecasts of step t into `out` from `at` on; `NaN` for a phase never measured. */
  experts(t: number, size: number, out: Float64Array, at: number): void
}

export const profileExperts = 7

const [steadyRate, recentRate] = [0.1, 0.4]
const [quickRate, slowRate] = [0.1, 0.01]
/** Share of the load's long-run size that is added to both sides of a level. */
const shrink = 0.2

export function profile(season: number): Profile {
  const steady = new Float64Array(season).fill(NaN)
  const recent = new Float64Array(season).fill(NaN)
  const last = new Float64Array(season).fill(NaN)
  const visits = new Uint32Array(season)
  // EWMA of the values and of what the profiles said for them, quick and slow.
  let [y1, steady1, recent1, y2, steady2] = [0, 0, 0, 0, 0]
  // The newest value's distance from what was said for it before it was seen.
  let offSteady = NaN
  let offLast = NaN
  // Its change since the value before: how a departure from the rhythm grows.
  let moved = NaN

  function observe(t: number, y: number): void {
    const phase = t % season
    const n = ++visits[phase]
    const before = offSteady
    offSteady = y - steady[phase]
    offLast = y - last[phase]
    moved = offSteady - before
    if (n === 1) {
      steady[phase] = y
      recent[phase] = y
    } else {
      y1 += quickRate * (y - y1)
      steady1 += quickRate * (steady[phase] - steady1)
      recent1 += quickRate * (recent[phase] - recent1)
      y2 += slowRate * (y - y2)
      steady2 += slowRate * (steady[phase] - steady2)
      steady[phase] += Math.max(steadyRate, 1 / n) * (y - steady[phase])
      recent[phase] += Math.max(recentRate, 1 / n) * (y - recent[phase])
    }
    last[phase] = y
  }

  function experts(t: number, size: number, out: Float64Array, at: number): void {
    const phase = t % season
    const c = shrink * size
    out[at] = (steady[phase] * (y2 + c)) / (steady2 + c)
    out[at + 1] = (steady[phase] * (y1 + c)) / (steady1 + c)
    out[at + 2] = (recent[phase] * (y1 + c)) / (recent1 + c)
    out[at + 3] = last[phase]
    out[at + 4] = steady[phase] + offSteady
    out[at + 5] = last[phase] + offLast
    out[at + 6] = steady[phase] + offSteady + moved
  }

  return { season, observe, experts }
}

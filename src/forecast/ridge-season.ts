/**
 * What a season tells a linear model: where its profile stood and goes, how far now is from it, and the same moments of
 * the seasons before. All of it as distances, so that a coefficient of 0 means *stay where you are*.
 *
 *   P[φ] ← P[φ] + max(0.1, 1/n) · (y − P[φ])        profile; b[t] is what it said of step t before y[t] was seen
 *   off    y[t] − b[t], y[t−1] − b[t−1], EWMA of it (0.3 and 0.1) − off, mean of b over ±s − y[t]
 *   goes   P[t+h] − b[t], the same of means over ±s, the first times off / (|b[t]| + 0.2 · mean load)
 *   lags   per season q ago: y[t−qm] − y[t];  y[t+h−km+j] − y[t−km], j = −3..3, k = q + ⌈h/m⌉ − 1
 *
 * A phase or lag that was never reached yet says 0: stay.
 */
import type { LoadHistory } from './ridge-history.ts'

export interface SeasonFeatures {
  readonly season: number
  /** Features of the lags and of the profile that are the same for all horizons, then those that are not. */
  readonly widths: {
    readonly lagsNow: number
    readonly off: number
    readonly goes: number
    readonly lagsThen: number
  }
  /** y at the newest step of the history, `measured` unless it only stands for one. */
  observe(y: number, measured: boolean): void
  /** What the profile says of the step behind the newest; `NaN` when it does not know. */
  next(): number
  /** Writes lagsNow and off. */
  writeNow(out: Float64Array, at: number): void
  /** Writes goes and lagsThen for h steps ahead; after `writeNow`. */
  writeThen(h: number, out: Float64Array, at: number): void
}

const rate = 0.1
/** A ratio of two small numbers says nothing. */
const [shrink, most] = [0.2, 3]
const ewmaRates = [0.3, 0.1] as const
const neighbours = 3
/** Half-widths of the means over the profile; those that would blur a short season are left out. */
const blurs = [2, 6] as const

export function seasonFeatures(
  season: number,
  lags: number,
  history: LoadHistory,
  centre: number
): SeasonFeatures {
  const profile = new Float64Array(season).fill(NaN)
  const visits = new Uint32Array(season)
  const near = Math.min(neighbours, Math.floor(season / 4))
  const widest = blurs.filter((s) => season >= 8 * s)
  const reach = 2 + (widest.at(-1) ?? 0)
  // What the profile said before of the last few steps, a ring.
  const before = new Float64Array(reach + 1).fill(NaN)
  const ewma = new Float64Array(ewmaRates.length)
  const blurredNow = new Float64Array(widest.length)
  let t = -1
  let off = NaN

  function observe(y: number, measured: boolean): void {
    t++
    const phase = t % season
    const said = profile[phase]
    before[t % before.length] = said
    off = y - said
    if (!measured) return
    const n = ++visits[phase]
    profile[phase] = n === 1 ? y : said + Math.max(rate, 1 / n) * off
    if (Number.isNaN(off)) return
    for (let i = 0; i < ewma.length; i++) ewma[i] += ewmaRates[i] * (off - ewma[i])
  }

  /** What is or was said of step s before it was seen. */
  const said = (s: number) => (s > t ? profile[s % season] : s < 0 ? NaN : before[s % before.length])

  function blurred(s: number, half: number): number {
    let sum = 0
    let known = 0
    const future = s - half > t
    let phase = future ? (s - half) % season : 0
    for (let i = s - half; i <= s + half; i++) {
      const p = future ? profile[phase] : said(i)
      phase = phase + 1 === season ? 0 : phase + 1
      if (Number.isNaN(p)) continue
      sum += p
      known++
    }
    return known === 0 ? NaN : sum / known
  }

  return {
    season,
    widths: {
      lagsNow: lags,
      off: 2 + ewma.length + widest.length,
      goes: 2 + widest.length,
      lagsThen: lags * (2 * near + 1)
    },
    observe,
    next: () => said(t + 1),
    writeNow(out, at) {
      const y = history.back(0)
      for (let q = 1; q <= lags; q++) out[at++] = known(history.back(q * season) - y)
      out[at++] = known(-off)
      out[at++] = known(said(t - 1) - history.back(1))
      for (let i = 0; i < ewma.length; i++) out[at++] = known(ewma[i] - off)
      for (let i = 0; i < widest.length; i++) {
        blurredNow[i] = blurred(t, widest[i])
        out[at++] = known(blurredNow[i] - y)
      }
    },
    writeThen(h, out, at) {
      const now = said(t)
      const goes = known(said(t + h) - now)
      out[at++] = goes
      for (let i = 0; i < widest.length; i++) out[at++] = known(blurred(t + h, widest[i]) - blurredNow[i])
      // A season that grows with the load: as far above its profile as now, but within reason.
      const ratio = off / (Math.abs(now) + shrink * centre)
      out[at++] = known(goes * Math.max(-most, Math.min(most, ratio)))
      const behind = Math.ceil(h / season) - 1
      for (let q = 1; q <= lags; q++) {
        const k = (q + behind) * season
        const then = history.back(k)
        for (let j = -near; j <= near; j++) out[at++] = known(history.back(Math.max(0, k - h + j)) - then)
      }
    }
  }
}

const known = (x: number) => (Number.isNaN(x) ? 0 : x)

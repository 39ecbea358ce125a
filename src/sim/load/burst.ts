/**
 * Bursts — a steady load and, on top, peaks that set in, hold and fade.
 *
 *   rate(t) = base + Σ height · shape(t − at)
 *   shape(u) = u/onset                        0 ≤ u < onset
 *              1                              for `hold` behind it
 *              e^{−(u − onset − hold)/decay}  from then on
 *
 * A crowd comes in a line, stays, and leaves with a constant share in any time: onset, hold and decay are the three
 * numbers by which published bursts are described. A step's value is the mean of rate(t) over it, from the integral.
 */
import { DAY, type Random, random, requireOption, type Series, series } from '../../base/index.ts'

export interface Burst {
  /** When it sets in, milliseconds from the start of the load. */
  readonly atMs: number
  /** Events per second on top of the base while it holds. */
  readonly height: number
  readonly onsetMs: number
  readonly holdMs: number
  /** Time in which it falls to 1/e. */
  readonly decayMs: number
}

export interface BurstLoad {
  readonly durationMs: number
  readonly stepMs: number
  readonly startMs?: number
  /** Events per second without a burst. */
  readonly base: number
  readonly bursts: readonly Burst[]
}

/** Expected rates in events/s. Hand them to `poissonArrivals` for events. Throws `BAD_OPTION` for a negative amount. */
export function burstRates({ durationMs, stepMs, startMs = 0, base, bursts }: BurstLoad): Series {
  requireAmounts('burst load', { durationMs, base })
  requireOption(stepMs > 0 && Number.isFinite(stepMs), 'stepMs', stepMs, 'a positive number of milliseconds')
  bursts.forEach(({ atMs, ...amounts }, i) => {
    requireOption(Number.isFinite(atMs), `bursts[${i}].atMs`, atMs, 'a number of milliseconds')
    requireAmounts(`bursts[${i}]`, amounts)
  })
  const values = new Float64Array(Math.ceil(durationMs / stepMs)).fill(base)
  for (const burst of bursts) {
    // Left of its beginning a burst is nothing, so only what lies behind it is looked at.
    let before = areaUntil(burst, Math.max(0, Math.floor(burst.atMs / stepMs)) * stepMs - burst.atMs)
    for (let i = Math.max(0, Math.floor(burst.atMs / stepMs)); i < values.length; i++) {
      const after = areaUntil(burst, (i + 1) * stepMs - burst.atMs)
      values[i] += (burst.height * (after - before)) / stepMs
      before = after
    }
  }
  return series(stepMs, values, { startMs })
}

/** ∫ shape from 0 to `u` milliseconds behind the beginning. */
function areaUntil({ onsetMs, holdMs, decayMs }: Burst, u: number): number {
  if (u <= 0) return 0
  if (u < onsetMs) return (u * u) / (2 * onsetMs)
  const fading = u - onsetMs - holdMs
  if (fading <= 0) return onsetMs / 2 + (u - onsetMs)
  return onsetMs / 2 + holdMs + (decayMs > 0 ? -decayMs * Math.expm1(-fading / decayMs) : 0)
}

/** From the smaller to the larger, every value between with the same chance. */
export type Range = readonly [lowest: number, highest: number]

/** Bursts that come at random, `perDay` of them in the mean, each with amounts drawn from their ranges. */
export function randomBursts(options: {
  readonly durationMs: number
  readonly seed: number
  readonly perDay: number
  readonly height: Range
  readonly onsetMs: Range
  readonly holdMs: Range
  readonly decayMs: Range
}): Burst[] {
  const { durationMs, seed, perDay } = options
  requireAmounts('random bursts', { durationMs, perDay })
  const rng = random(seed, 'bursts')
  const bursts: Burst[] = []
  if (perDay === 0) return bursts
  for (let atMs = gap(rng, perDay); atMs < durationMs; atMs += gap(rng, perDay)) {
    bursts.push({
      atMs,
      height: between(rng, options.height),
      onsetMs: between(rng, options.onsetMs),
      holdMs: between(rng, options.holdMs),
      decayMs: between(rng, options.decayMs)
    })
  }
  return bursts
}

function gap(rng: Random, perDay: number): number {
  return (rng.exponential() * DAY) / perDay
}

function between(rng: Random, [lowest, highest]: Range): number {
  return lowest + rng.next() * (highest - lowest)
}

function requireAmounts(owner: string, amounts: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(amounts)) {
    requireOption(value >= 0 && Number.isFinite(value), `${owner}.${name}`, value, 'a number of at least 0')
  }
}

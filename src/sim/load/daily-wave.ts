/**
 * Daily wave — a day that rises every morning, with noise, and spikes that nobody can foresee.
 *
 *   v = clip(0.4 + 0.3·sin(2π(t − 9 h)/24 h) + N(0, 0.05), 0, 1)      spike = 0.4 in 1 of 200 minutes
 *   rate = 1000 · (0.06 + 0.8·v + spike) events/s
 *
 * `builtin:daily-wave`: the load of the technical report "Elastic Cloud Scaling for Small Models", with two corrections.
 * There a unit served 1.0 and demand never exceeded it, so one unit was always enough; here the wave is scaled against its spikes so that under the settings that follow
 * from it (`serviceDefaults`: 20 units at P99.9) 2 to 15 units are really needed, and more only in spikes. And it rises
 * at 9 in the morning, as its text says.
 */
import { DAY, HOUR, MINUTE, random, requireOption, type Series, series } from '../../base/index.ts'

export interface DailyWave {
  readonly days?: number
  readonly seed?: number
  /** Finer than a minute: the minute's rate stays. Coarser: the mean of its minutes. */
  readonly stepMs?: number
  /** Deviation of the noise, 0.05, and chance of a spike in a minute, 0.005. */
  readonly noise?: number
  readonly spikes?: number
}

const RATE = 1_000
const FLOOR = 0.06
const SCALE = 0.8
const MEAN = 0.4
const AMPLITUDE = 0.3
const SPIKE = 0.4
/** A Monday, in UTC. */
const START_MS = Date.UTC(2024, 0, 1)

/** Rates in events/s, whole events a minute, from Monday 2024-01-01 00:00 UTC: two weeks of minutes unless said otherwise. */
export function dailyWave({
  days = 14,
  seed = 1,
  stepMs = MINUTE,
  noise = 0.05,
  spikes = 0.005
}: DailyWave = {}): Series {
  requireOption(days > 0 && Number.isFinite(days), 'days', days, 'a positive number of days')
  const fits = stepMs > 0 && (MINUTE % stepMs === 0 || stepMs % MINUTE === 0)
  requireOption(fits, 'stepMs', stepMs, 'a part or a multiple of a minute, in milliseconds')
  requireOption(noise >= 0 && Number.isFinite(noise), 'noise', noise, 'a deviation of at least 0')
  requireOption(spikes >= 0 && spikes <= 1, 'spikes', spikes, 'a chance from 0 to 1')
  const minutes = minuteRates(Math.round((days * DAY) / MINUTE), seed, noise, spikes)
  const values = new Float64Array(Math.floor((minutes.length * MINUTE) / stepMs))
  const together = Math.max(1, stepMs / MINUTE)
  for (let i = 0; i < values.length; i++) {
    const first = Math.floor((i * stepMs) / MINUTE)
    let sum = 0
    for (let m = first; m < first + together; m++) sum += minutes[m]
    values[i] = sum / together
  }
  return series(stepMs, values, { startMs: START_MS })
}

function minuteRates(count: number, seed: number, deviation: number, chance: number): Float64Array {
  const noise = random(seed, 'daily-wave', 'noise')
  const spikes = random(seed, 'daily-wave', 'spikes')
  return Float64Array.from({ length: count }, (_, minute) => {
    const wave = MEAN + AMPLITUDE * Math.sin((2 * Math.PI * (minute * MINUTE - 9 * HOUR)) / DAY)
    const spike = spikes.next() < chance ? SPIKE : 0
    const v = Math.min(1, Math.max(0, wave + deviation * noise.normal()))
    return Math.round((FLOOR + SCALE * v + spike) * RATE * 60) / 60
  })
}

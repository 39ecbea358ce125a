/** Every lever that an observation has: what was seen and predicted, what is believed, what was chosen, and time. */
import type { Series } from '../base/index.ts'
import type { Forecast, Metric, Observation } from '../roles.ts'
import { type Lever, lever, rate, SANE_FACTOR } from './lever.ts'
import { boundLevers, serviceLevers, settingLevers } from './levers-settings.ts'
import { signalLevers } from './levers-signals.ts'
import { topologyLevers } from './levers-topology.ts'
import { amount, duration, percent } from './words.ts'

const RECENT_MS = 300_000

/** `heard`: signals that the policy had in mind from before, `why.inputs.signals.used`. */
export function leversOf(seen: Observation, intervalMs: number, heard?: unknown): readonly Lever[] {
  return [
    ...forecastLever(seen),
    ...loadLever(seen),
    ...metricLevers(seen),
    ...topologyLevers(seen),
    ...signalLevers(seen, heard),
    ...serviceLevers(seen),
    ...settingLevers(seen),
    ...boundLevers(seen),
    timeLever(seen, intervalMs)
  ]
}

function forecastLever(seen: Observation): readonly Lever[] {
  const forecast = seen.forecast
  if (!forecast) return []
  const level = upperLevel(forecast)
  const now = peakFrom(level === undefined ? forecast.mean : forecast.quantiles[level], forecast, seen.nowMs)
  return lever({
    name: level === undefined ? 'forecast.mean' : `forecast.quantiles.${level}`,
    kind: 'data',
    now,
    set: (value) => ({ ...seen, forecast: scaledForecast(forecast, now, value) }),
    what: `the peak of the ${level === undefined ? 'mean' : percent(Number(level))} forecast`,
    say: rate(seen)
  }).filter(() => now > 0)
}

/** The level that plans are made on: 0.9, or the nearest one above the middle. */
function upperLevel(forecast: Forecast): string | undefined {
  return Object.keys(forecast.quantiles)
    .filter((level) => Number(level) > 0.5)
    .sort((a, b) => Math.abs(Number(a) - 0.9) - Math.abs(Number(b) - 0.9))[0]
}

function peakFrom(values: Float64Array, forecast: Forecast, nowMs: number): number {
  let peak = NaN
  for (let h = 0; h < values.length; h++) {
    const over = forecast.startMs + (h + 1) * forecast.stepMs <= nowMs
    if (!over && !(values[h] <= peak) && !Number.isNaN(values[h])) peak = values[h]
  }
  return peak
}

function scaledForecast(forecast: Forecast, now: number, value: number): Forecast {
  const quantiles = Object.entries(forecast.quantiles).map(([level, values]) => [
    level,
    scaled(values, now, value)
  ])
  return {
    ...forecast,
    mean: scaled(forecast.mean, now, value),
    quantiles: Object.fromEntries(quantiles)
  }
}

/** All in proportion, and what was `now` exactly at `value`: 0.1 · 3 is not 0.3, and a rule may turn on the difference. */
function scaled(values: Float64Array, now: number, value: number): Float64Array {
  return values.map((y) => (y === now ? value : y * (value / now)))
}

function loadLever(seen: Observation): readonly Lever[] {
  const load = seen.load
  const now = load?.values.findLast((y) => !Number.isNaN(y))
  if (!load || now === undefined) return []
  const highest = now > 0 ? now * SANE_FACTOR : fullRate(seen) * SANE_FACTOR
  return lever({
    name: 'load',
    kind: 'data',
    now,
    lowest: now / SANE_FACTOR,
    highest,
    set: (value) => ({
      ...seen,
      load: now > 0 ? { ...load, values: scaled(load.values, now, value) } : recentlyAt(load, value)
    }),
    what: 'the load',
    say: rate(seen)
  })
}

/** A load of zero cannot be scaled: its last five minutes are put at the value. */
function recentlyAt(load: Series, value: number): Series {
  const from = load.values.length - Math.max(1, Math.round(RECENT_MS / load.stepMs))
  return { ...load, values: load.values.map((y, i) => (i >= from && !Number.isNaN(y) ? value : y)) }
}

/** Events per second of everything that is ready, or 1 where the rate of a unit is unknown. */
function fullRate(seen: Observation): number {
  const units = Object.values(seen.capacity.ready).reduce((sum, n) => sum + n, 0)
  return Math.max(1, units) * (seen.service?.unitRate || 1)
}

/** A metric of the target and of its single units moves together. */
function metricLevers(seen: Observation): readonly Lever[] {
  const names = new Set([
    ...Object.keys(seen.metrics ?? {}),
    ...(seen.units ?? []).flatMap((unit) => Object.keys(unit.metrics ?? {}))
  ])
  return [...names].flatMap((name) => {
    const single = seen.metrics?.[name]?.value
    const now = single !== undefined && Number.isFinite(single) ? single : meanOverUnits(seen, name)
    // A busy share ends at 1; a share of a request may be larger, and then it is seen to be.
    const isShare = now <= 1 && /cpu|busy|util|memory/i.test(name) && !seen.units?.some((u) => u.request)
    return lever({
      name: `metrics.${name}`,
      kind: 'data',
      now,
      ...(isShare && { highest: Math.max(1, now) }),
      set: (value) => withMetric(seen, name, value, now),
      what: name,
      say:
        now <= 2 && /cpu|busy|util|memory|ratio|share/i.test(name)
          ? (value) => percent(value, 3)
          : (value) => amount(value, 4)
    }).filter(() => now > 0)
  })
}

function meanOverUnits(seen: Observation, name: string): number {
  const values = (seen.units ?? []).flatMap((unit) => unit.metrics?.[name]?.value ?? [])
  const measured = values.filter((value) => Number.isFinite(value))
  return measured.reduce((sum, value) => sum + value, 0) / measured.length
}

function withMetric(seen: Observation, name: string, value: number, now: number): Observation {
  const turned = (metrics: Readonly<Record<string, Metric>> | undefined) => {
    const metric = metrics?.[name]
    return metric
      ? {
          ...metrics,
          [name]: { ...metric, value: metric.value === now ? value : (metric.value / now) * value }
        }
      : metrics
  }
  return {
    ...seen,
    metrics: turned(seen.metrics),
    units: seen.units?.map((unit) => ({ ...unit, metrics: turned(unit.metrics) }))
  }
}

/** The same seen later: what a cooldown or a window is waiting for. Units that are starting become ready on the way. */
function timeLever(seen: Observation, intervalMs: number): Lever {
  return {
    name: 'time',
    kind: 'time',
    now: 0,
    lowest: 0,
    highest: Math.max(3_600_000, 20 * intervalMs),
    grain: Math.max(1, intervalMs),
    set: (byMs) => later(seen, byMs),
    what: 'the same had been seen',
    say: (value) => `${duration(value)} later`
  }
}

function later(seen: Observation, byMs: number): Observation {
  const nowMs = seen.nowMs + byMs
  const { forecast, load, capacity } = seen
  const ready: Record<string, number> = { ...capacity.ready }
  const starting = capacity.starting?.filter(({ resource, units, readyAtMs }) => {
    if (readyAtMs > nowMs || readyAtMs <= seen.nowMs) return true
    ready[resource] = (ready[resource] ?? 0) + units
    return false
  })
  return {
    ...seen,
    nowMs,
    capacity: { ...capacity, ready, ...(starting && { starting }) },
    ...(load && { load: { ...load, startMs: load.startMs + byMs } }),
    ...(forecast && { forecast: { ...forecast, startMs: forecast.startMs + byMs } })
  }
}

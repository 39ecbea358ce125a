/**
 * What an answer serves with and what it costs, as one number each: for guards that compare answers.
 *
 *   serves  units that serve, in the unit of `perUnit`       costs  units that are paid for
 *
 * A policy with one resource serves with its units and pays for them. One that sizes several is told which of them serves
 * (`sizingOf('executors')`), else all are added up; settings that make a unit faster or dearer are a sizing of their own, such as
 * `sparkSizing`. What an answer leaves out stays as it is.
 */
import type { Observation, Units } from '../roles.ts'
import { trusted, usable, wantedNow } from './answer.ts'

export interface Sizing {
  readonly serves: (to: Units, seen: Observation) => number
  readonly costs: (to: Units, seen: Observation) => number
  /** What one ready unit of now counts: the measured unit rate is that of such a unit. */
  readonly perUnit: (seen: Observation) => number
  /** What to grow when more must serve; absent: every resource of the answer. */
  readonly resource?: string
}

/** Units of one resource, or of all where none is named. */
export function sizingOf(resource?: string): Sizing {
  const units = (to: Units, seen: Observation) => {
    if (resource !== undefined) return to[resource] ?? wantedNow(seen)[resource] ?? NaN
    let sum = 0
    for (const name in to) sum += to[name]
    return sum
  }
  return { serves: units, costs: units, perUnit: () => 1, resource }
}

/** Events/s of a unit of `perUnit` 1, and since when the settings are what they are. Plain JSON; `null` before it was known. */
export type FullRate = {
  readonly rate: number
  readonly perUnit: number
  readonly sinceMs: number | null
} | null

/** A measured unit rate follows new settings only after a while: for so long what was known before them is believed. */
const SETTLED_MS = 3_600_000

/**
 * What a unit serves that has all it needs: unitRate / perUnit, as it was known when the settings last stood still for an hour. The same
 * memory where the unit rate is not known.
 */
export function fullRateOf(seen: Observation, { perUnit }: Sizing, before: FullRate): FullRate {
  const unitRate = seen.service?.unitRate
  const now = perUnit(seen)
  if (!usable(unitRate) || unitRate === 0 || !usable(now) || now === 0) return before
  if (before === null) return { rate: unitRate / now, perUnit: now, sinceMs: null }
  const isSame = Math.abs(now - before.perUnit) < 1e-9
  const sinceMs = isSame ? before.sinceMs : seen.nowMs
  const settled = sinceMs === null || seen.nowMs - sinceMs >= SETTLED_MS
  return { rate: settled ? unitRate / now : before.rate, perUnit: now, sinceMs }
}

/** What a setting does to the rate of an executor, and to every message's latency. */
export interface SettingEffect {
  readonly rate: number
  readonly latencyMs: number
}

export interface SparkEffects {
  /** With less memory an executor is slower in proportion. GB. */
  readonly fullMemoryGb: number
  /** By index, as an answer names them. */
  readonly storage: readonly SettingEffect[]
  readonly compression: readonly SettingEffect[]
  /** Dollars an hour of an executor without memory, and of a GB of it. */
  readonly executorPrice: number
  readonly memoryPriceGb: number
}

/** As docs/worlds/spark.md has them. */
export const sparkEffects: SparkEffects = {
  fullMemoryGb: 4,
  storage: [
    { rate: 1, latencyMs: 5 },
    { rate: 1, latencyMs: 20 },
    { rate: 0.9, latencyMs: 100 },
    { rate: 0.5, latencyMs: 5_000 }
  ],
  compression: [
    { rate: 1, latencyMs: 0 },
    { rate: 0.95, latencyMs: 10 },
    { rate: 0.8, latencyMs: 50 }
  ],
  executorPrice: 0.1,
  memoryPriceGb: 0.05
}

const settings: readonly string[] = ['memory', 'storage', 'compression']

/**
 * Executors × min(1, memory / 4 GB) × tier × compression, in executors that have all they can use; the cost likewise, by price. Settings that
 * are slower than the latency objective on their own serve nobody in time: 0.
 */
export function sparkSizing(effects: SparkEffects = sparkEffects): Sizing {
  const { fullMemoryGb, storage, compression, executorPrice, memoryPriceGb } = effects
  const setting = (to: Units, seen: Observation, name: string, usual: number) => {
    if (to[name] !== undefined) return to[name]
    const now = trusted(seen.metrics?.[name])
    return Number.isNaN(now) ? usual : now
  }
  const share = (to: Units, seen: Observation, sloMs: number) => {
    const tier = storage[setting(to, seen, 'storage', 0)]
    const packing = compression[setting(to, seen, 'compression', 0)]
    if (tier === undefined || packing === undefined) return NaN
    if (tier.latencyMs + packing.latencyMs > sloMs) return 0
    return Math.min(1, setting(to, seen, 'memory', fullMemoryGb) / fullMemoryGb) * tier.rate * packing.rate
  }
  // A target may call them otherwise: then they are the one resource that is no setting.
  const executors = (to: Units, seen: Observation) => {
    const named = to.executors ?? wantedNow(seen).executors
    if (named !== undefined) return named
    const others = Object.keys(to).filter((name) => !settings.includes(name))
    return others.length === 1 ? to[others[0]] : NaN
  }
  const full = executorPrice + memoryPriceGb * fullMemoryGb
  return {
    resource: 'executors',
    serves: (to, seen) =>
      executors(to, seen) * share(to, seen, seen.slo?.latencyMs ?? Number.POSITIVE_INFINITY),
    costs: (to, seen) =>
      (executors(to, seen) * (executorPrice + memoryPriceGb * setting(to, seen, 'memory', fullMemoryGb))) /
      full,
    perUnit: (seen) => share({}, seen, Number.POSITIVE_INFINITY)
  }
}

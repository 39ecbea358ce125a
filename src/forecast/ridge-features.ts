/**
 * What ridge looks at: one row of numbers for a forecast h steps ahead of the newest step, in units of the load's size.
 *
 *   recent     y[t−i+1] − y[t−i], i = 1..lags−1
 *   level      y[t] − centre; means of the last 3, 12 and 48 values − y[t]
 *   season m   its profile and its lags, see `ridge-season.ts`; each a group of its own
 *   day, week, holidays   the calendar at t + h
 *
 * A gap is filled with the last value moved along the shortest season's profile. Features of one group share a penalty.
 */
import type { Calendar } from './calendar.ts'
import { type LoadHistory, loadHistory } from './ridge-history.ts'
import { type SeasonFeatures, seasonFeatures } from './ridge-season.ts'

export interface FeatureShape {
  /** Values are divided by it. */
  readonly size: number
  /** Mean load, divided by `size`. */
  readonly centre: number
  readonly lags: number
  /** Steps, the shortest first. */
  readonly seasons: readonly number[]
}

export interface Features {
  readonly width: number
  /** Number of groups, and the group of each feature. */
  readonly groups: readonly string[]
  readonly groupOf: readonly number[]
  observe(y: number): void
  /** The newest value, or what stands for it, divided by `size`. */
  now(): number
  /** Whether the newest step was measured. */
  measured(): boolean
  /** Writes the row for h steps ahead of the newest step. */
  write(h: number, out: Float64Array, at: number): void
}

const meanSteps = [3, 12, 48] as const
/** Larger numbers, a million times the largest load seen, would drown all others in sums of squares. */
const largest = 1e6

export function features(
  shape: FeatureShape,
  calendar: Calendar,
  horizon: number,
  startMs: number,
  stepMs: number
): Features {
  const { size, centre, lags, seasons } = shape
  const seasonLags = (i: number) => (i === 0 ? 2 : 1)
  const reach = seasons.map((m, i) => (seasonLags(i) + Math.ceil(horizon / m)) * m + m)
  const history: LoadHistory = loadHistory(Math.max(lags, ...meanSteps, ...reach))
  const parts: SeasonFeatures[] = seasons.map((m, i) => seasonFeatures(m, seasonLags(i), history, centre))
  const sums = new Float64Array(meanSteps.length)
  const layout = layoutOf(lags, parts, calendar)
  const nowWidth = layout.nowWidth
  const row = new Float64Array(nowWidth)
  let t = -1
  let [seen, isMeasured, lastMeasured, saidThen] = [0, false, NaN, NaN]

  function observe(y: number): void {
    isMeasured = !Number.isNaN(y)
    // Beside the profile's word for the last measured step, its word for this one.
    const said = parts.length > 0 ? parts[0].next() : NaN
    const z = isMeasured ? Math.max(-largest, Math.min(largest, y / size)) : filled(said)
    if (isMeasured) [lastMeasured, saidThen] = [z, said]
    t++
    if (Number.isNaN(z)) seen = 0
    else {
      seen++
      for (let i = 0; i < sums.length; i++) {
        const leaves = seen > meanSteps[i] ? history.back(meanSteps[i] - 1) : 0
        sums[i] = seen === 1 ? z : sums[i] + z - leaves
      }
    }
    history.push(z)
    for (const part of parts) part.observe(z, isMeasured)
    writeNow(z)
  }

  function filled(said: number): number {
    const moved = lastMeasured + said - saidThen
    return Number.isNaN(moved) ? lastMeasured : Math.max(Math.min(0, lastMeasured), moved)
  }

  function writeNow(z: number): void {
    let at = 0
    for (let i = 1; i < lags; i++) row[at++] = history.back(i - 1) - history.back(i)
    row[at++] = z - centre
    for (let i = 0; i < sums.length; i++) row[at++] = sums[i] / Math.min(seen, meanSteps[i]) - z
    for (const part of parts) {
      part.writeNow(row, at)
      at += part.widths.lagsNow + part.widths.off
    }
    for (let i = 0; i < nowWidth; i++) if (Number.isNaN(row[i])) row[i] = 0
  }

  return {
    width: layout.groupOf.length,
    groups: layout.groups,
    groupOf: layout.groupOf,
    observe,
    now: () => history.back(0),
    measured: () => isMeasured,
    write(h, out, at) {
      out.set(row, at)
      let next = at + nowWidth
      for (const part of parts) {
        part.writeThen(h, out, next)
        next += part.widths.goes + part.widths.lagsThen
      }
      calendar.write(startMs + (t + h) * stepMs, out, next)
    }
  }
}

function layoutOf(lags: number, parts: readonly SeasonFeatures[], calendar: Calendar) {
  const groups: string[] = []
  const groupOf: number[] = []
  const add = (group: string, count: number) => {
    if (count > 0 && !groups.includes(group)) groups.push(group)
    for (let i = 0; i < count; i++) groupOf.push(groups.indexOf(group))
  }
  add('recent', lags - 1)
  add('level', 1 + meanSteps.length)
  for (const { season, widths } of parts) {
    add(`lags ${season}`, widths.lagsNow)
    add(`profile ${season}`, widths.off)
  }
  const nowWidth = groupOf.length
  for (const { season, widths } of parts) {
    add(`profile ${season}`, widths.goes)
    add(`lags ${season}`, widths.lagsThen)
  }
  for (const name of calendar.names) add(/^(day|week) (sin|cos)/.exec(name)?.[1] ?? 'holidays', 1)
  return { groups, groupOf, nowWidth }
}

/** What the numbers say, before any picture: who was late how often, for how much, and where it lost. */
import { atEqualCost, frontierOf } from './frontier.ts'
import type { Pair } from './pairs.ts'
import type { ReportData, ReportRow } from './report-data.ts'

/** One line of the headline table: means over seeds, with what the seeds ranged over. */
export interface SummaryRow {
  readonly label: string
  readonly knob: unknown
  readonly seeds: number
  readonly mean: Omit<ReportRow, 'policy' | 'knob' | 'seed' | 'latencyMs'>
  readonly p95: number
  readonly p99: number
  readonly lateRange: readonly [number, number]
}

const averaged = [
  'sloViolationRatio',
  'overloadedMinutes',
  'meanUnits',
  'unitHours',
  'cost',
  'rescales',
  'flips',
  'falseStarts',
  'dropped',
  'leadMinutes'
] as const

export function summarise(rows: readonly ReportRow[]): SummaryRow[] {
  const groups = Map.groupBy(rows, ({ policy, knob }) =>
    policy === 'fixed-best' ? `${policy} ${JSON.stringify(knob)}` : policy
  )
  return [...groups.values()].map((group) => {
    const mean = (of: (row: ReportRow) => number) =>
      group.reduce((sum, row) => sum + of(row), 0) / group.length
    const late = group.map(({ overloadedMinutes }) => overloadedMinutes)
    return {
      label: group[0].policy,
      knob: group[0].knob,
      seeds: group.length,
      mean: Object.fromEntries(averaged.map((key) => [key, mean((row) => row[key])])) as SummaryRow['mean'],
      p95: mean((row) => row.latencyMs.p95),
      p99: mean((row) => row.latencyMs.p99),
      lateRange: [Math.min(...late), Math.max(...late)]
    }
  })
}

/** The policy the report is about: `mpc` where it ran, else the one with the fewest late minutes but the bound. */
export function focusOf({ runs, rows }: ReportData): string | undefined {
  const labels = runs.map(({ label }) => label)
  const own = labels.find((label) => nameOf(label) === 'mpc')
  const best = summarise(rows)
    .filter(({ label }) => labels.includes(label) && !['fixed', 'hpa'].includes(nameOf(label)))
    .toSorted((a, b) => a.mean.overloadedMinutes - b.mean.overloadedMinutes)
  return own ?? best[0]?.label
}

/** What everything is compared with: `hpa`, under whatever options it ran. */
export function baselineOf({ runs }: ReportData): string | undefined {
  return (
    runs.find(({ label }) => label === 'hpa')?.label ??
    runs.find(({ label }) => nameOf(label) === 'hpa')?.label
  )
}

/** `mpc:latePrice=3` is `mpc`. */
export function nameOf(label: string): string {
  return label.split(':')[0]
}

export function pairOf(data: ReportData, a: string, b: string | undefined, metric: string): Pair | undefined {
  return data.pairs.find((pair) => pair.a === a && pair.b === b && pair.metric === metric)
}

/** Fewer settings than this of one policy are not a swept knob, and their hull is nobody's best. */
const SWEPT = 4

/** Late minutes saved at the same unit-hours against the hull of the swept policies that are not this one and not the bound. */
export function savedAtEqualCost(
  data: ReportData,
  focus: string
): { ours: number; theirs: number; saved: number } | undefined {
  const row = summarise(data.rows).find(({ label }) => label === focus)
  const settings = Map.groupBy(data.points, ({ policy }) => policy)
  const others = [...settings.keys()].filter(
    (policy) =>
      policy !== nameOf(focus) &&
      !['oracle', 'fixed', 'fixed-best'].includes(policy) &&
      (settings.get(policy)?.length ?? 0) >= SWEPT
  )
  const hull = frontierOf(data.points, others)
  if (!row || hull.length < 2) return undefined
  const { unitHours, overloadedMinutes } = row.mean
  const compared = atEqualCost({ policy: focus, knob: null, unitHours, overloadedMinutes }, hull)
  return Number.isFinite(compared.saved) ? compared : undefined
}

export const metricNames: Readonly<Record<string, string>> = {
  overloadedMinutes: 'late minutes',
  unitHours: 'unit-hours',
  sloViolationRatio: 'late events',
  rescales: 'rescales'
}

export interface Loss {
  readonly against: string
  readonly metric: string
  readonly relative: number
  readonly ci95: readonly [number, number]
}

/** Measures in which the policy is worse than another one, with an interval that excludes equality. */
export function lossesOf(data: ReportData, focus: string): Loss[] {
  return data.pairs.flatMap(({ a, b, metric, relative, ci95, relativeCi95 }) => {
    if (a !== focus || !(ci95[0] > 0)) return []
    return [{ against: b, metric, relative, ci95: relativeCi95 ?? [NaN, NaN] }]
  })
}

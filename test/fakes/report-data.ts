/**
 * A made-up rehearsal for the report: five weeks of a daily wave with a morning ramp, and four policies that follow it
 * with different lags. Nothing is simulated; it only has the shape that a real one has.
 */
import { MINUTE, random } from '../../src/base/index.ts'
import {
  downsample,
  type ReportData,
  type ReportRow,
  type ReportRun,
  spansOf,
  stepLine
} from '../../src/compare/report-data.ts'

const startMs = Date.UTC(2001, 4, 1)
const UNIT_RATE = 100

export function madeUpReport(options: { readonly days?: number; readonly trace?: string } = {}): ReportData {
  const { days = 35, trace = 'made-up wave' } = options
  const minutes = days * 1440
  const rng = random(7, 'report')
  const load = Float64Array.from({ length: minutes }, (_, i) => {
    const hour = (i / 60) % 24
    const wave = hour < 5 ? 120 : 600 + 500 * Math.sin(((hour - 5) / 19) * Math.PI)
    const beat = i % 60 === 0 ? 1.5 : i % 5 === 0 ? 1.2 : 1
    return wave * beat * (1 + 0.05 * rng.normal()) * (Math.floor(i / 1440) % 7 > 4 ? 0.8 : 1)
  })
  const runs = [
    runOf('fixed', load, () => 17),
    runOf('hpa', load, (i) => Math.ceil(mean(load, i - 6, i - 2) / 80)),
    runOf('proportional', load, (i) => Math.ceil(mean(load, i - 3, i - 2) / 80)),
    runOf('mpc:lateHour=3', load, (i) =>
      Math.ceil(Math.max(mean(load, i - 6, i - 2), mean(load, i - 1, i + 9)) / 84)
    )
  ]
  const rows = [...runs.map((run, i) => rowOf(run, minutes, i)), oracleRow(minutes)]
  return {
    trace,
    world: 'service',
    startMs,
    endMs: startMs + minutes * MINUTE,
    subtitle: 'trained on 2001-01-01 – 2001-05-01, made up',
    timeNote: 'Times are local.',
    loadUnit: 'events/s',
    load: downsample(load, MINUTE, 24_000),
    unitRate: UNIT_RATE,
    sloMs: 200,
    currency: 'USD',
    runs,
    rows,
    pairs: pairsOf(rows),
    points: rows.flatMap((row) => pointsOf(row)),
    settings: [
      { name: 'one unit serves', value: '100 events/s', assumed: true, note: 'policies do not see it' },
      { name: 'lead time', value: '3m', assumed: false },
      { name: 'seeds', value: '1' }
    ],
    notes: ['Made up: nothing here was measured.'],
    madeBy: 'prescale rehearse, made up'
  }
}

function mean(values: Float64Array, from: number, to: number): number {
  const part = values.subarray(Math.max(0, from), Math.max(1, to))
  return part.reduce((sum, y) => sum + y, 0) / part.length
}

function runOf(label: string, load: Float64Array, wanted: (minute: number) => number): ReportRun {
  const ready = load.map((_, i) => wanted(Math.max(0, i - 3)))
  const paid = ready.map((units, i) => Math.max(units, wanted(i)))
  const busy = load.map((rate, i) => rate / (ready[i] * UNIT_RATE))
  const latency = busy.map((rho) => (rho < 0.97 ? 50 / (1 - rho) ** 0.5 : 2_000 * rho ** 4))
  const decisions = [...ready.keys()].flatMap((i) => {
    const [from, to] = [wanted(Math.max(0, i - 1)), wanted(i)]
    const because = `load ${Math.round(load[i])}/s, cpu ${Math.round(busy[i] * 100)} %, target 80 %`
    return from === to ? [] : [{ atMs: startMs + i * MINUTE, from, to, rule: 'target tracking', because }]
  })
  return {
    label,
    target: `made-up/${label}`,
    ready: stepLine(ready, MINUTE),
    paid: stepLine(paid, MINUTE),
    latencyMs: downsample(latency, MINUTE, 12_000),
    late: spansOf(busy.map((rho) => (rho >= 0.97 ? 1 : 0))),
    decisions,
    decisionsLeftOut: 0
  }
}

function rowOf(run: ReportRun, minutes: number, i: number): ReportRow {
  const late = run.late.reduce((sum, [, length]) => sum + length, 0)
  const units =
    run.paid.value.reduce((sum, n, k) => sum + n * ((run.paid.at[k + 1] ?? minutes) - run.paid.at[k]), 0) /
    minutes
  return {
    policy: run.label,
    knob: i === 0 ? null : { target: 0.8 },
    seed: 1,
    sloViolationRatio: late / minutes / 3,
    latencyMs: { p50: 80, p95: 180 + late / 100, p99: 400 + late / 10 },
    overloadedMinutes: late,
    meanUnits: units,
    unitHours: (units * minutes) / 60,
    cost: (units * minutes * 0.05) / 60,
    rescales: run.decisions.length,
    flips: Math.round(run.decisions.length / 9),
    falseStarts: 40,
    dropped: 0,
    leadMinutes: i === 3 ? 2.5 : -3
  }
}

function oracleRow(minutes: number): ReportRow {
  const unknown = { p50: NaN, p95: NaN, p99: NaN }
  const base = {
    policy: 'oracle',
    knob: { latePrice: 1 },
    seed: 1,
    sloViolationRatio: NaN,
    latencyMs: unknown,
    dropped: 0
  }
  const units = 7.6
  const cost = { meanUnits: units, unitHours: (units * minutes) / 60, cost: (units * minutes * 0.05) / 60 }
  return {
    ...base,
    ...cost,
    overloadedMinutes: 160,
    rescales: 900,
    flips: 20,
    falseStarts: 0,
    leadMinutes: NaN
  }
}

function pairsOf(rows: readonly ReportRow[]): ReportData['pairs'] {
  const ours = rows[3]
  const pair = (a: ReportRow, b: ReportRow, metric: 'overloadedMinutes' | 'unitHours' | 'rescales') => {
    const difference = a[metric] - b[metric]
    const relative = difference / b[metric]
    const around = (x: number): [number, number] => [x - Math.abs(x) * 0.12, x + Math.abs(x) * 0.12]
    return {
      a: a.policy,
      b: b.policy,
      metric,
      difference,
      relative,
      ci95: around(difference),
      relativeCi95: around(relative)
    }
  }
  const metrics = ['overloadedMinutes', 'unitHours', 'rescales'] as const
  return [
    ...[rows[0], rows[2], ours].flatMap((row) => metrics.map((metric) => pair(row, rows[1], metric))),
    ...metrics.map((metric) => pair(ours, rows[2], metric))
  ]
}

function pointsOf(row: ReportRow): ReportData['points'] {
  const sweep = row.policy === 'fixed' ? [1] : [0.86, 0.92, 1, 1.1, 1.25, 1.6]
  return sweep.map((factor) => ({
    policy: row.policy.split(':')[0],
    knob: { target: Math.round(80 / factor) / 100 },
    unitHours: row.unitHours * factor,
    overloadedMinutes: Math.round(row.overloadedMinutes / factor ** 9)
  }))
}

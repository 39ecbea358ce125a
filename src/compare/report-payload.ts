/**
 * What the report's script gets: the time lines, packed. Moments are stored as differences, repeated rules once, and
 * the whole is deflated, so that a reason for every decision fits into a file that can be mailed.
 */
import { deflateRawSync } from 'node:zlib'
import type { Band, MinuteSpan, ReportData, ReportDecision, ReportRun, StepLine } from './report-data.ts'

export interface PayloadRun {
  readonly label: string
  readonly target: string
  readonly color: string
  /** Shown at first. */
  readonly shown: boolean
  readonly ready: StepLine
  readonly paid: StepLine
  readonly latencyMs: Band
  readonly late: readonly MinuteSpan[]
  /** Seconds after the start, each as the difference to the one before. */
  readonly decidedAt: readonly number[]
  readonly decidedFrom: readonly number[]
  readonly decidedTo: readonly number[]
  readonly rule: readonly number[]
  readonly because: readonly string[]
  readonly leftOut: number
}

export interface Payload {
  readonly startMs: number
  readonly endMs: number
  readonly loadUnit: string
  readonly unitRate: number | null
  readonly sloMs: number | null
  readonly load: Band
  readonly rules: readonly string[]
  readonly runs: readonly PayloadRun[]
  /** What is looked at first. */
  readonly first: readonly [fromMs: number, toMs: number]
}

export interface PackOptions {
  readonly colors: Readonly<Record<string, string>>
  readonly shown: readonly string[]
  readonly first: readonly [number, number]
  /** Largest number of characters of base64. */
  readonly budget: number
}

/** Decisions in one file that nobody will ever have read; more are not worth the time of packing them. */
const MOST_DECISIONS = 60_000

/** Base64 of the deflated payload; the oldest decisions of every run are left out until it is within the budget. */
export function pack(data: ReportData, options: PackOptions): string {
  const longest = Math.max(1, ...data.runs.map((run) => run.decisions.length))
  let most = Math.min(longest, Math.ceil(MOST_DECISIONS / Math.max(1, data.runs.length)))
  for (;;) {
    const text = deflateRawSync(JSON.stringify(payloadOf(data, options, most))).toString('base64')
    if (text.length <= options.budget || most === 0) return text
    most = Math.floor(most * Math.min(0.9, options.budget / text.length) * 0.97)
  }
}

export function payloadOf(data: ReportData, options: PackOptions, mostDecisions: number): Payload {
  const rules = [...new Set(data.runs.flatMap((run) => run.decisions.map(({ rule }) => rule)))]
  return {
    startMs: data.startMs,
    endMs: data.endMs,
    loadUnit: data.loadUnit,
    unitRate: data.unitRate ?? null,
    sloMs: data.sloMs ?? null,
    load: data.load,
    rules,
    runs: data.runs.map((run) => packRun(run, data.startMs, rules, options, mostDecisions)),
    first: options.first
  }
}

function packRun(
  run: ReportRun,
  startMs: number,
  rules: readonly string[],
  { colors, shown }: PackOptions,
  most: number
): PayloadRun {
  const kept: readonly ReportDecision[] = most === 0 ? [] : run.decisions.slice(-most)
  const seconds = kept.map(({ atMs }) => Math.round((atMs - startMs) / 1000))
  return {
    label: run.label,
    target: run.target,
    color: colors[run.label],
    shown: shown.includes(run.label),
    ready: differences(run.ready),
    paid: differences(run.paid),
    latencyMs: { ...run.latencyMs, min: [] },
    late: run.late,
    decidedAt: seconds.map((at, i) => at - (i === 0 ? 0 : seconds[i - 1])),
    decidedFrom: kept.map(({ from }) => from),
    decidedTo: kept.map(({ to }) => to),
    rule: kept.map(({ rule }) => rules.indexOf(rule)),
    because: kept.map(({ because }) => because),
    leftOut: run.decisionsLeftOut + run.decisions.length - kept.length
  }
}

function differences(line: StepLine): StepLine {
  return { ...line, at: line.at.map((at, i) => at - (i === 0 ? 0 : line.at[i - 1])) }
}

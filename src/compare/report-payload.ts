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

/** Which decisions are kept: the newest `most` of each run, or of those that changed something. */
export interface Kept {
  readonly most: number
  readonly changesOnly: boolean
}

/**
 * Base64 of the deflated payload. Over the budget, first decisions that kept the size are left out, then the oldest of
 * every run.
 */
export function pack(data: ReportData, options: PackOptions): string {
  const text = (kept: Kept) =>
    deflateRawSync(JSON.stringify(payloadOf(data, options, kept))).toString('base64')
  let most = Math.max(1, ...data.runs.map((run) => run.decisions.length))
  let packed = text({ most, changesOnly: false })
  while (packed.length > options.budget && most > 0) {
    packed = text({ most, changesOnly: true })
    most = Math.floor(most * Math.min(0.9, options.budget / packed.length) * 0.97)
  }
  return packed
}

export function payloadOf(data: ReportData, options: PackOptions, kept: Kept): Payload {
  const rules = [...new Set(data.runs.flatMap((run) => run.decisions.map(({ rule }) => rule)))]
  return {
    startMs: data.startMs,
    endMs: data.endMs,
    loadUnit: data.loadUnit,
    unitRate: data.unitRate ?? null,
    sloMs: data.sloMs ?? null,
    load: { ...data.load, min: [] },
    rules,
    runs: data.runs.map((run) => packRun(run, data.startMs, rules, options, kept)),
    first: options.first
  }
}

function packRun(
  run: ReportRun,
  startMs: number,
  rules: readonly string[],
  { colors, shown }: PackOptions,
  { most, changesOnly }: Kept
): PayloadRun {
  const wanted = changesOnly ? run.decisions.filter(({ from, to }) => from !== to) : run.decisions
  const kept: readonly ReportDecision[] = most === 0 ? [] : wanted.slice(-most)
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

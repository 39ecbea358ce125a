/**
 * What the HTML report shows, as plain JSON, at the resolution of a screen.
 *
 * Capacity is kept exactly as the moments at which it changed; load and latency are reduced to the least and largest
 * value of each bucket, so that no peak is lost; late minutes are kept as ranges. `null` is *not measured*.
 */
import type { FrontierPoint } from './frontier.ts'
import type { Pair } from './pairs.ts'
import type { RunRow } from './rehearsal.ts'

/** Least and largest value of each bucket of `stepMs`, from the report's `startMs` on. */
export interface Band {
  readonly stepMs: number
  readonly min: readonly (number | null)[]
  readonly max: readonly (number | null)[]
}

/** A line of steps: from step `at[i]` of `stepMs` on, the value is `value[i]`. */
export interface StepLine {
  readonly stepMs: number
  readonly at: readonly number[]
  readonly value: readonly number[]
  /** False where there were too many changes and each bucket shows its largest value. */
  readonly exact: boolean
}

/** Ranges of overloaded minutes: from minute `[0]`, for `[1]` minutes. */
export type MinuteSpan = readonly [minute: number, length: number]

export interface ReportDecision {
  readonly atMs: number
  /** Units wanted before and after, summed over resources. */
  readonly from: number
  readonly to: number
  readonly rule: string
  /** The numbers it looked at and what held it back, one line. */
  readonly because: string
}

/** One policy's run under the first seed. */
export interface ReportRun {
  readonly label: string
  /** What `prescale explain` calls it. */
  readonly target: string
  readonly ready: StepLine
  /** Ready and starting: what is paid for. */
  readonly paid: StepLine
  readonly latencyMs: Band
  readonly late: readonly MinuteSpan[]
  readonly decisions: readonly ReportDecision[]
  /** Older decisions that are not in the file. */
  readonly decisionsLeftOut: number
}

/** One run of `rehearse -o json`. */
export type ReportRow = Omit<RunRow, 'label'>

/** `assumed`: nobody gave or measured it. */
export interface ReportSetting {
  readonly name: string
  readonly value: string
  readonly assumed?: boolean
  readonly note?: string
}

/** A policy that was trained. */
export interface ReportLearned {
  readonly label: string
  readonly method: string
  /** What it is, one line. */
  readonly says: string
  /** What it learned, in the colours of the page. */
  readonly svg?: string
}

export interface ReportData {
  readonly trace: string
  readonly world: string
  /** The scored part. */
  readonly startMs: number
  readonly endMs: number
  /** Such as `trained on 2001-01-01 – 2001-01-28`. */
  readonly subtitle?: string
  /** What must be known about the times, such as `Times are local to each airport.` */
  readonly timeNote?: string
  readonly loadUnit: string
  readonly load: Band
  /** Events/s that one ready unit serves: puts load and capacity on one scale. */
  readonly unitRate?: number
  readonly sloMs?: number
  readonly currency?: string
  readonly runs: readonly ReportRun[]
  readonly learned?: readonly ReportLearned[]
  readonly rows: readonly ReportRow[]
  readonly pairs: readonly Pair[]
  /** Every setting tried, `oracle` included; the hull is drawn from them. */
  readonly points: readonly FrontierPoint[]
  readonly settings: readonly ReportSetting[]
  /** Sentences that must be said beside the numbers. Losses found in `pairs` are added. */
  readonly notes: readonly string[]
  /** Version and command line that made it. */
  readonly madeBy?: string
}

/** Points that a screen can show, three to a pixel of a laptop. */
export const DISPLAY_POINTS = 3_000

/** At most `points` buckets of equal length; unmeasured values are left out, a bucket of nothing else is `null`. */
export function downsample(values: ArrayLike<number>, stepMs: number, points = DISPLAY_POINTS): Band {
  const factor = Math.max(1, Math.ceil(values.length / points))
  const count = Math.ceil(values.length / factor)
  const min: (number | null)[] = new Array(count).fill(null)
  const max: (number | null)[] = new Array(count).fill(null)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (!Number.isFinite(value)) continue
    const bucket = Math.floor(i / factor)
    min[bucket] = Math.min(min[bucket] ?? Infinity, value)
    max[bucket] = Math.max(max[bucket] ?? -Infinity, value)
  }
  return { stepMs: stepMs * factor, min: min.map(short), max: max.map(short) }
}

/** The moments at which a value changes; with more changes than `most`, the largest value of each bucket. */
export function stepLine(values: ArrayLike<number>, stepMs: number, most = 20_000): StepLine {
  const at: number[] = []
  const value: number[] = []
  for (let i = 0; i < values.length; i++) {
    if (i > 0 && values[i] === values[i - 1]) continue
    at.push(i)
    value.push(values[i])
    if (at.length > most) return coarseLine(downsample(values, stepMs, DISPLAY_POINTS))
  }
  return { stepMs, at, value, exact: true }
}

function coarseLine({ stepMs, max }: Band): StepLine {
  return { stepMs, at: max.map((_, i) => i), value: max.map((y) => y ?? 0), exact: false }
}

/** Ranges of the minutes whose flag is set. */
export function spansOf(flags: ArrayLike<number>): MinuteSpan[] {
  const spans: [number, number][] = []
  for (let i = 0; i < flags.length; i++) {
    if (!flags[i]) continue
    const last = spans[spans.length - 1]
    if (last && last[0] + last[1] === i) last[1]++
    else spans.push([i, 1])
  }
  return spans
}

/** Three significant digits are more than a screen shows. */
function short(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(3))
}

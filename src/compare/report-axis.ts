/**
 * Where things lie on the report's time axis: panels, moments, ticks. Runs in the browser.
 *
 * These functions are written into the page as text (`axisParts`), so they use nothing but each other and what they
 * are given.
 */
import type { Band, StepLine } from './report-data.ts'
import type { Pen } from './report-dom.ts'
import type { Payload } from './report-payload.ts'

export interface View {
  from: number
  to: number
  /** The moment under the pointer, or pinned; `NaN` when there is none. */
  at: number
  pinned: boolean
  /** A stretch being marked by dragging. */
  drag: readonly [number, number] | undefined
  readonly off: Set<string>
}

export interface Frame {
  readonly left: number
  readonly right: number
  readonly width: number
  readonly height: number
  readonly overview: readonly [top: number, bottom: number]
  readonly load: readonly [top: number, bottom: number]
  readonly latency: readonly [top: number, bottom: number]
  readonly lanes: number
  readonly lane: number
}

export type Theme = Readonly<
  Record<'ink' | 'soft' | 'faint' | 'grid' | 'load' | 'late' | 'paper' | 'accent', string>
>

function layout(width: number, runs: number): Frame {
  const lanes = 512
  return {
    left: 92,
    right: width - 46,
    width,
    height: lanes + runs * 30 + 26,
    overview: [4, 44],
    load: [80, 322],
    latency: [380, 478],
    lanes,
    lane: 30
  }
}

function xOf(frame: Frame, view: View, ms: number): number {
  return frame.left + ((ms - view.from) / (view.to - view.from)) * (frame.right - frame.left)
}

/** First index with `list[i] > x`. */
function above(list: readonly number[], x: number): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (list[middle] > x) high = middle
    else low = middle + 1
  }
  return low
}

function bucketRange(band: Band, data: Payload, from: number, to: number): readonly [number, number] {
  const first = Math.max(0, Math.floor((from - data.startMs) / band.stepMs))
  return [first, Math.min(band.max.length, Math.ceil((to - data.startMs) / band.stepMs) + 1)]
}

/** The smallest round step that needs no more than `most` labels. */
function timeStep(spanMs: number, most: number): number {
  const minute = 60_000
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 7 * 1440, 14 * 1440, 28 * 1440]
  return (steps.find((m) => spanMs / (m * minute) <= most) ?? 56 * 1440) * minute
}

function timeLabel(ms: number, step: number): string {
  const date = new Date(ms)
  const day = date.toLocaleDateString('en-GB', {
    timeZone: 'UTC',
    weekday: 'short',
    day: 'numeric',
    month: 'short'
  })
  if (step >= 86_400_000) return day
  return ms % 86_400_000 === 0 ? day : date.toISOString().slice(11, 16)
}

function line(pen: Pen, x1: number, y1: number, x2: number, y2: number): void {
  pen.beginPath()
  pen.moveTo(x1, y1)
  pen.lineTo(x2, y2)
  pen.stroke()
}

/** A round step that gives about `count` ticks up to `most`. */
function niceStep(most: number, count: number): number {
  const raw = most / count
  const unit = 10 ** Math.floor(Math.log10(raw))
  return ([1, 2, 5, 10].find((m) => m * unit >= raw) ?? 10) * unit
}

function short(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))} M`
  if (value >= 1e4) return `${Number((value / 1e3).toPrecision(3))} k`
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 })
}

/** Above its panel, so that it never lies on a peak. */
function title(pen: Pen, frame: Frame, theme: Theme, top: number, text: string): void {
  pen.font = '600 12px system-ui, sans-serif'
  pen.textAlign = 'left'
  pen.textBaseline = 'alphabetic'
  pen.fillStyle = theme.ink
  pen.fillText(text, frame.left, top - 8)
  pen.font = '12px system-ui, sans-serif'
}

function inside(pen: Pen, frame: Frame, [top, bottom]: readonly [number, number], work: () => void): void {
  pen.save()
  pen.beginPath()
  pen.rect(frame.left, top, frame.right - frame.left, bottom - top)
  pen.clip()
  work()
  pen.restore()
}

/** Index of the last change at or before a moment. */
function stepAt(steps: StepLine, data: Payload, ms: number): number {
  return Math.max(0, above(steps.at, (ms - data.startMs) / steps.stepMs) - 1)
}

function largest(steps: StepLine, data: Payload, view: View): number {
  let most = 0
  const end = stepAt(steps, data, view.to)
  for (let i = stepAt(steps, data, view.from); i <= end; i++) most = Math.max(most, steps.value[i] ?? 0)
  return most
}

/** Everything above, in the page by the same names. */
export const axisParts = {
  layout,
  xOf,
  above,
  bucketRange,
  timeStep,
  timeLabel,
  line,
  niceStep,
  short,
  title,
  inside,
  stepAt,
  largest
}

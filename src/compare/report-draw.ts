/**
 * The report's pictures over time: load and capacity, latency, late minutes and decisions, one above the other on one
 * canvas. Runs in the browser, written into the page as text (`drawParts`) beside `axisParts`.
 */
import type { axisParts, Frame, Theme, View } from './report-axis.ts'
import type { StepLine } from './report-data.ts'
import type { Pen } from './report-dom.ts'
import type { Payload, PayloadRun } from './report-payload.ts'

/** In the page these stand beside the functions below. */
declare const xOf: typeof axisParts.xOf
declare const above: typeof axisParts.above
declare const bucketRange: typeof axisParts.bucketRange
declare const timeStep: typeof axisParts.timeStep
declare const timeLabel: typeof axisParts.timeLabel
declare const line: typeof axisParts.line
declare const niceStep: typeof axisParts.niceStep
declare const short: typeof axisParts.short
declare const title: typeof axisParts.title
declare const inside: typeof axisParts.inside
declare const stepAt: typeof axisParts.stepAt
declare const largest: typeof axisParts.largest

function draw(pen: Pen, frame: Frame, theme: Theme, data: Payload, view: View): void {
  pen.clearRect(0, 0, frame.width, frame.height)
  pen.font = '12px system-ui, sans-serif'
  drawOverview(pen, frame, theme, data, view)
  drawTime(pen, frame, theme, view)
  drawLoad(pen, frame, theme, data, view)
  drawLatency(pen, frame, theme, data, view)
  for (const [i, run] of data.runs.entries()) drawLane(pen, frame, theme, data, view, run, i)
  drawMarks(pen, frame, theme, view)
}

function drawOverview(pen: Pen, frame: Frame, theme: Theme, data: Payload, view: View): void {
  const [top, bottom] = frame.overview
  const whole = { ...view, from: data.startMs, to: data.endMs }
  const peak = data.load.max.reduce<number>((most, y) => Math.max(most, y ?? 0), 0) || 1
  pen.fillStyle = theme.load
  drawArea(pen, frame, whole, data, (y) => bottom - (y / peak) * (bottom - top - 8))
  pen.fillStyle = theme.late
  for (const run of data.runs) {
    if (view.off.has(run.label)) continue
    for (const [minute, length] of run.late) {
      const x = xOf(frame, whole, data.startMs + minute * 60_000)
      pen.fillRect(x, top, Math.max(1, xOf(frame, whole, data.startMs + (minute + length) * 60_000) - x), 4)
    }
  }
  const [a, b] = [xOf(frame, whole, view.from), xOf(frame, whole, view.to)]
  pen.globalAlpha = 0.65
  pen.fillStyle = theme.paper
  pen.fillRect(frame.left, top, a - frame.left, bottom - top)
  pen.fillRect(b, top, frame.right - b, bottom - top)
  pen.globalAlpha = 1
  pen.strokeStyle = theme.accent
  pen.lineWidth = 1.5
  pen.strokeRect(a, top, Math.max(3, b - a), bottom - top)
}

/** The load as an area to each bucket's largest value. */
function drawArea(pen: Pen, frame: Frame, view: View, data: Payload, y: (value: number) => number): void {
  const { load } = data
  const [first, end] = bucketRange(load, data, view.from, view.to)
  const perPixel = Math.max(1, Math.floor((end - first) / (2 * (frame.right - frame.left))))
  for (let i = first; i < end; i += perPixel) {
    let most = -1
    for (let j = i; j < Math.min(end, i + perPixel); j++) most = Math.max(most, load.max[j] ?? -1)
    if (most < 0) continue
    const x = xOf(frame, view, data.startMs + i * load.stepMs)
    const next = xOf(frame, view, data.startMs + (i + perPixel) * load.stepMs)
    const [a, b] = [Math.max(frame.left, x), Math.min(frame.right, next)]
    if (b > a) pen.fillRect(a, y(most), b - a + 0.4, y(0) - y(most))
  }
}

function drawTime(pen: Pen, frame: Frame, theme: Theme, view: View): void {
  const bottom = frame.height - 22
  pen.strokeStyle = theme.grid
  pen.lineWidth = 1
  pen.fillStyle = theme.soft
  pen.textBaseline = 'top'
  pen.textAlign = 'center'
  const step = timeStep(view.to - view.from, (frame.right - frame.left) / 92)
  for (let ms = Math.ceil(view.from / step) * step; ms <= view.to; ms += step) {
    const x = Math.round(xOf(frame, view, ms)) + 0.5
    line(pen, x, frame.load[0], x, bottom)
    const label = timeLabel(ms, step)
    pen.fillText(label, x, bottom + 6)
    pen.fillText(label, x, frame.load[1] + 6)
  }
}

function drawLoad(pen: Pen, frame: Frame, theme: Theme, data: Payload, view: View): void {
  const [top, bottom] = frame.load
  const unit = data.unitRate ?? 1
  const shown = data.runs.filter((run) => !view.off.has(run.label))
  const [first, end] = bucketRange(data.load, data, view.from, view.to)
  let peak = 1e-9
  for (let i = first; i < end; i++) peak = Math.max(peak, data.load.max[i] ?? 0)
  for (const run of shown) peak = Math.max(peak, unit * largest(run.ready, data, view))
  peak *= 1.06
  const y = (value: number) => bottom - (value / peak) * (bottom - top)
  const step = niceStep(peak, 5)
  pen.strokeStyle = theme.grid
  pen.fillStyle = theme.soft
  pen.textBaseline = 'middle'
  for (let value = 0; value <= peak; value += step) {
    line(pen, frame.left, Math.round(y(value)) + 0.5, frame.right, Math.round(y(value)) + 0.5)
    pen.textAlign = 'right'
    pen.fillText(short(value), frame.left - 8, y(value))
  }
  const units = Math.max(1, niceStep(peak / unit, 5))
  pen.textAlign = 'left'
  for (let value = 0; value * unit <= peak; value += units)
    pen.fillText(short(value), frame.right + 8, y(value * unit))
  inside(pen, frame, frame.load, () => {
    pen.fillStyle = theme.load
    drawArea(pen, frame, view, data, y)
    for (const run of shown) drawSteps(pen, frame, data, view, run.ready, run.color, (n) => y(n * unit))
  })
  title(
    pen,
    frame,
    theme,
    top,
    `Load, ${data.loadUnit} (area), and capacity that is ready (lines; right: units)`
  )
}

function drawSteps(
  pen: Pen,
  frame: Frame,
  data: Payload,
  view: View,
  steps: StepLine,
  color: string,
  y: (value: number) => number
): void {
  const end = stepAt(steps, data, view.to)
  pen.strokeStyle = color
  pen.lineWidth = 1.7
  pen.lineJoin = 'round'
  pen.beginPath()
  for (let i = stepAt(steps, data, view.from), start = i; i <= end; i++) {
    const x = Math.max(frame.left, xOf(frame, view, data.startMs + steps.at[i] * steps.stepMs))
    if (i === start) pen.moveTo(x, y(steps.value[i]))
    else {
      pen.lineTo(x, y(steps.value[i - 1]))
      pen.lineTo(x, y(steps.value[i]))
    }
  }
  pen.lineTo(Math.min(frame.right, xOf(frame, view, data.endMs)), y(steps.value[end] ?? 0))
  pen.stroke()
}

/** Logarithmic: a queue that runs over is a thousand times slower than a quiet minute. */
function drawLatency(pen: Pen, frame: Frame, theme: Theme, data: Payload, view: View): void {
  const [top, bottom] = frame.latency
  const shown = data.runs.filter((run) => !view.off.has(run.label))
  let [low, high] = [data.sloMs ?? 1e9, data.sloMs ?? 0]
  for (const { latencyMs } of shown) {
    const [first, end] = bucketRange(latencyMs, data, view.from, view.to)
    for (let i = first; i < end; i++) {
      const value = latencyMs.max[i]
      if (typeof value !== 'number') continue
      low = Math.min(low, Math.max(1, value))
      high = Math.max(high, value)
    }
  }
  const [a, b] = [Math.log10(low) - 0.1, Math.log10(Math.max(high, low * 3)) + 0.15]
  // A millisecond is as good as none, and a logarithm knows no zero.
  const y = (value: number) => bottom - ((Math.log10(Math.max(1, value)) - a) / (b - a)) * (bottom - top)
  pen.fillStyle = theme.soft
  pen.textAlign = 'right'
  pen.textBaseline = 'middle'
  pen.strokeStyle = theme.grid
  for (let power = Math.ceil(a); power <= b; power++) {
    line(pen, frame.left, Math.round(y(10 ** power)) + 0.5, frame.right, Math.round(y(10 ** power)) + 0.5)
    pen.fillText(
      power >= 3 ? `${short(10 ** (power - 3))} s` : `${10 ** power} ms`,
      frame.left - 8,
      y(10 ** power)
    )
  }
  inside(pen, frame, frame.latency, () => {
    for (const run of shown) drawBand(pen, frame, data, view, run, y)
    if (data.sloMs === null) return
    pen.strokeStyle = theme.late
    pen.setLineDash([5, 4])
    line(pen, frame.left, y(data.sloMs), frame.right, y(data.sloMs))
    pen.setLineDash([])
  })
  title(pen, frame, theme, top, 'Latency, mean of the worst step (dashed: later than this is late)')
}

function drawBand(
  pen: Pen,
  frame: Frame,
  data: Payload,
  view: View,
  { latencyMs, color }: PayloadRun,
  y: (value: number) => number
): void {
  const [first, end] = bucketRange(latencyMs, data, view.from, view.to)
  const perPixel = Math.max(1, Math.floor((end - first) / (1.5 * (frame.right - frame.left))))
  pen.strokeStyle = color
  pen.lineWidth = 1.3
  pen.beginPath()
  let open = false
  for (let i = first; i < end; i += perPixel) {
    let most = -1
    for (let j = i; j < Math.min(end, i + perPixel); j++) most = Math.max(most, latencyMs.max[j] ?? -1)
    if (most < 0) open = false
    else {
      const x = xOf(frame, view, data.startMs + i * latencyMs.stepMs)
      if (open) pen.lineTo(x, y(most))
      else pen.moveTo(x, y(most))
      open = true
    }
  }
  pen.stroke()
}

/** One policy: late minutes as blocks above, decisions below as marks up and down from their line. */
function drawLane(
  pen: Pen,
  frame: Frame,
  theme: Theme,
  data: Payload,
  view: View,
  run: PayloadRun,
  i: number
): void {
  const top = frame.lanes + i * frame.lane
  const base = top + 20
  pen.globalAlpha = view.off.has(run.label) ? 0.4 : 1
  pen.fillStyle = run.color
  pen.textAlign = 'right'
  pen.textBaseline = 'middle'
  const name = laneName(data, run)
  pen.fillText(name.length > 13 ? `${name.slice(0, 12)}…` : name, frame.left - 8, top + 15)
  pen.strokeStyle = theme.grid
  line(pen, frame.left, top + 30.5, frame.right, top + 30.5)
  inside(pen, frame, [top, top + frame.lane], () => {
    pen.fillStyle = theme.late
    for (const [minute, length] of run.late) {
      const from = data.startMs + minute * 60_000
      if (from > view.to || from + length * 60_000 < view.from) continue
      const x = xOf(frame, view, from)
      pen.fillRect(x, top + 3, Math.max(1.2, xOf(frame, view, from + length * 60_000) - x), 7)
    }
    pen.fillStyle = run.color
    const seconds = (ms: number) => (ms - data.startMs) / 1000
    const [first, end] = [above(run.decidedAt, seconds(view.from)), above(run.decidedAt, seconds(view.to))]
    // Where marks would run into each other, lines; the tallest of those that fall on one pixel.
    const dense = end - first > (frame.right - frame.left) / 6
    for (let k = first; k < end; k++) {
      const up = run.decidedTo[k] - run.decidedFrom[k]
      const x = xOf(frame, view, data.startMs + run.decidedAt[k] * 1000)
      const size = Math.min(8, 3 + Math.abs(up))
      if (up === 0) continue
      if (dense) pen.fillRect(x, up > 0 ? base - size : base, 1, size)
      else mark(pen, x, base, Math.sign(up), size)
    }
  })
  pen.globalAlpha = 1
}

/** The policy without its options, where that tells it from the others. */
function laneName(data: Payload, run: PayloadRun): string {
  const name = run.label.split(':')[0]
  return data.runs.filter((other) => other.label.split(':')[0] === name).length > 1 ? run.label : name
}

function mark(pen: Pen, x: number, y: number, sign: number, size: number): void {
  pen.beginPath()
  pen.moveTo(x - 2.8, y)
  pen.lineTo(x + 2.8, y)
  pen.lineTo(x, y - sign * size)
  pen.closePath()
  pen.fill()
}

function drawMarks(pen: Pen, frame: Frame, theme: Theme, view: View): void {
  const bottom = frame.height - 22
  if (view.drag) {
    const [a, b] = view.drag.map((ms) => xOf(frame, view, ms))
    pen.globalAlpha = 0.16
    pen.fillStyle = theme.accent
    pen.fillRect(Math.min(a, b), frame.load[0], Math.abs(b - a), bottom - frame.load[0])
    pen.globalAlpha = 1
  }
  if (!(view.at >= view.from && view.at <= view.to)) return
  const x = Math.round(xOf(frame, view, view.at)) + 0.5
  pen.strokeStyle = view.pinned ? theme.accent : theme.soft
  pen.lineWidth = view.pinned ? 1.6 : 1
  line(pen, x, frame.load[0], x, bottom)
}

/** Everything above, in the page by the same names. */
export const drawParts = {
  draw,
  drawOverview,
  drawArea,
  drawTime,
  drawLoad,
  drawSteps,
  drawLatency,
  drawBand,
  drawLane,
  laneName,
  mark,
  drawMarks
}

/**
 * What the report does when it is touched: zoom, pan, hover, pin, show and hide. Runs in the browser; written into the
 * page as text (`clientParts`), so these functions use nothing but each other and what they are given.
 */
import type { StepLine } from './report-data.ts'
import type { El, InputEvent, Win } from './report-dom.ts'
import type { Drawing, Frame, Theme, View } from './report-draw.ts'
import type { Payload, PayloadRun } from './report-payload.ts'

interface Page {
  readonly win: Win
  readonly data: Payload
  readonly drawing: Drawing
  readonly view: View
  readonly canvas: El
  frame: Frame
  waiting: boolean
}

function start(win: Win, packed: Payload, drawing: Drawing): void {
  const data = unpack(packed)
  const [from, to] = data.first
  const off = new Set(data.runs.filter((run) => !run.shown).map((run) => run.label))
  const view: View = { from, to, at: firstMoment(data), pinned: false, drag: undefined, off }
  const canvas = win.document.getElementById('axis')
  const frame = drawing.layout(canvas.clientWidth, data.runs.length)
  const page: Page = { win, data, drawing, view, canvas, frame, waiting: false }
  buildReadout(page)
  listen(page)
  resize(page)
}

/** The first late minute in sight of a policy that is shown, else the middle: the reading is never empty. */
function firstMoment({ runs, startMs, first: [from, to] }: Payload): number {
  for (const run of runs) {
    const late = run.late.find(([minute]) => run.shown && startMs + minute * 60_000 >= from)
    if (late && startMs + late[0] * 60_000 < to) return startMs + (late[0] + 0.5) * 60_000
  }
  return (from + to) / 2
}

/** Moments were stored as differences. */
function unpack(packed: Payload): Payload {
  const sums = (list: readonly number[]) => {
    let sum = 0
    return list.map((difference) => {
      sum += difference
      return sum
    })
  }
  const steps = (line: StepLine) => ({ ...line, at: sums(line.at) })
  const runs = packed.runs.map((run) => ({
    ...run,
    ready: steps(run.ready),
    paid: steps(run.paid),
    decidedAt: sums(run.decidedAt)
  }))
  return { ...packed, runs }
}

function resize(page: Page): void {
  const { canvas, win, drawing, data } = page
  const ratio = win.devicePixelRatio || 1
  page.frame = drawing.layout(canvas.clientWidth, data.runs.length)
  canvas.width = Math.round(page.frame.width * ratio)
  canvas.height = Math.round(page.frame.height * ratio)
  canvas.style.height = `${page.frame.height}px`
  canvas.getContext('2d').setTransform(ratio, 0, 0, ratio, 0, 0)
  redraw(page)
}

/** One drawing a frame, however many events there were. */
function redraw(page: Page): void {
  if (page.waiting) return
  page.waiting = true
  page.win.requestAnimationFrame(() => {
    page.waiting = false
    const pen = page.canvas.getContext('2d')
    page.drawing.draw(pen, page.frame, themeOf(page.win), painted(page), page.view)
    fillReadout(page)
  })
}

/** A canvas does not know `var(--c0)`. */
function painted({ win, data }: Page): Payload {
  const style = win.getComputedStyle(win.document.documentElement)
  const color = (name: string) => style.getPropertyValue(name.replace(/^var\((.*)\)$/, '$1')).trim() || name
  return { ...data, runs: data.runs.map((run) => ({ ...run, color: color(run.color) })) }
}

function themeOf(win: Win): Theme {
  const style = win.getComputedStyle(win.document.documentElement)
  const of = (name: string) => style.getPropertyValue(`--${name}`).trim()
  return {
    ink: of('ink'),
    soft: of('soft'),
    faint: of('faint'),
    grid: of('grid'),
    load: of('load'),
    late: of('late'),
    paper: of('paper'),
    accent: of('accent')
  }
}

function timeAt(page: Page, x: number): number {
  const { frame, view } = page
  const share = (x - frame.left) / (frame.right - frame.left)
  return view.from + Math.min(1, Math.max(0, share)) * (view.to - view.from)
}

function show(page: Page, from: number, to: number): void {
  const { data, view } = page
  const span = Math.min(data.endMs - data.startMs, Math.max(5 * 60_000, to - from))
  const middle = (from + to) / 2
  view.from = Math.max(data.startMs, Math.min(middle - span / 2, data.endMs - span))
  view.to = view.from + span
  redraw(page)
}

function zoom(page: Page, at: number, factor: number): void {
  const { from, to } = page.view
  show(page, at - (at - from) * factor, at + (to - at) * factor)
}

function pan(page: Page, share: number): void {
  const { from, to } = page.view
  const by = Math.max(page.data.startMs - from, Math.min((to - from) * share, page.data.endMs - to))
  show(page, from + by, to + by)
}

function listen(page: Page): void {
  const { canvas, win, data } = page
  listenPointer(page)
  canvas.addEventListener(
    'wheel',
    (event) => {
      // A plain wheel scrolls the page, as everywhere.
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault()
        zoom(page, timeAt(page, event.offsetX), Math.exp(Math.max(-40, Math.min(40, event.deltaY)) / 80))
      } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        event.preventDefault()
        pan(page, event.deltaX / 800)
      }
    },
    { passive: false }
  )
  canvas.addEventListener('keydown', (event) => {
    const middle = (page.view.from + page.view.to) / 2
    if (event.key === 'ArrowLeft') pan(page, -0.2)
    else if (event.key === 'ArrowRight') pan(page, 0.2)
    else if (event.key === '+' || event.key === '=') zoom(page, middle, 0.6)
    else if (event.key === '-') zoom(page, middle, 1 / 0.6)
    else if (event.key === '0') show(page, data.startMs, data.endMs)
    else if (event.key === 'Escape') unpin(page)
    else return
    event.preventDefault()
  })
  for (const button of win.document.querySelectorAll('[data-span]')) {
    button.addEventListener('click', () => {
      const span = Number(button.dataset.span) || data.endMs - data.startMs
      const middle = page.view.pinned ? page.view.at : (page.view.from + page.view.to) / 2
      show(page, middle - span / 2, middle + span / 2)
    })
  }
  for (const button of win.document.querySelectorAll('[data-late]')) {
    button.addEventListener('click', () => nextLate(page, Number(button.dataset.late)))
  }
  for (const button of win.document.querySelectorAll('[data-theme-button]')) {
    button.addEventListener('click', () => {
      const root = win.document.documentElement
      const dark = win.getComputedStyle(root).getPropertyValue('--dark').trim() === '1'
      root.setAttribute('data-theme', dark ? 'light' : 'dark')
      redraw(page)
    })
  }
  win.addEventListener('resize', () => resize(page))
  win.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => redraw(page))
}

/** Dragging marks a stretch to look at; in the overview it moves the window; a click pins the moment. */
function listenPointer(page: Page): void {
  const { canvas, view, data } = page
  let down: { readonly x: number; readonly overview: boolean } | undefined
  const overviewTime = (x: number) => {
    const { left, right } = page.frame
    return data.startMs + ((x - left) / (right - left)) * (data.endMs - data.startMs)
  }
  const follow = (event: InputEvent) => {
    if (down?.overview) {
      const half = (view.to - view.from) / 2
      show(page, overviewTime(event.offsetX) - half, overviewTime(event.offsetX) + half)
      return
    }
    if (down && Math.abs(event.offsetX - down.x) > 4)
      view.drag = [timeAt(page, down.x), timeAt(page, event.offsetX)]
    if (!view.pinned) view.at = timeAt(page, event.offsetX)
    redraw(page)
  }
  canvas.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return
    down = { x: event.offsetX, overview: event.offsetY <= page.frame.overview[1] + 6 }
    canvas.setPointerCapture(event.pointerId)
    follow(event)
  })
  canvas.addEventListener('pointermove', follow)
  canvas.addEventListener('pointerup', (event) => {
    const { drag } = view
    view.drag = undefined
    if (drag) show(page, Math.min(...drag), Math.max(...drag))
    else if (down && !down.overview) pin(page, timeAt(page, event.offsetX))
    down = undefined
    redraw(page)
  })
  canvas.addEventListener('dblclick', () => {
    view.pinned = false
    show(page, data.startMs, data.endMs)
  })
}

/** A second click near the pin lets it go. */
function pin(page: Page, at: number): void {
  const { view } = page
  const near = Math.abs(at - view.at) < (view.to - view.from) / 150
  view.pinned = !(view.pinned && near)
  view.at = at
}

function unpin(page: Page): void {
  page.view.pinned = false
  redraw(page)
}

/** Goes to the next overloaded minute of a policy that is shown, before (−1) or after (1) the moment looked at. */
function nextLate(page: Page, way: number): void {
  const { data, view } = page
  const now = view.pinned ? view.at : (view.from + view.to) / 2
  let best = Number.NaN
  for (const run of data.runs) {
    if (view.off.has(run.label)) continue
    for (const [minute] of run.late) {
      const at = data.startMs + (minute + 0.5) * 60_000
      const ahead = (at - now) * way
      if (ahead > 60_000 && !(ahead >= (best - now) * way)) best = at
    }
  }
  if (Number.isNaN(best)) return
  const half = Math.min(3 * 3_600_000, view.to - view.from) / 2
  view.at = best
  view.pinned = true
  show(page, best - half, best + half)
}

function buildReadout(page: Page): void {
  const { win, data, view } = page
  const rows = data.runs.map((run) => {
    const row = win.document.createElement('tr')
    row.dataset.run = run.label
    const box = win.document.createElement('input')
    box.setAttribute('type', 'checkbox')
    box.checked = !view.off.has(run.label)
    box.addEventListener('change', () => {
      if (box.checked) view.off.delete(run.label)
      else view.off.add(run.label)
      redraw(page)
    })
    const swatch = win.document.createElement('i')
    swatch.style.background = run.color
    const label = win.document.createElement('label')
    label.append(box, swatch, run.label)
    const head = win.document.createElement('th')
    head.append(label)
    row.append(head, ...[1, 2, 3, 4, 5].map(() => win.document.createElement('td')))
    return row
  })
  win.document.getElementById('readout').replaceChildren(...rows)
}

function fillReadout(page: Page): void {
  const { win, data, view } = page
  const at = Math.min(view.at, data.endMs - 1)
  win.document.getElementById('moment').textContent = momentText(page, at)
  for (const row of win.document.querySelectorAll('#readout tr')) {
    const run = data.runs.find(({ label }) => label === row.dataset.run)
    if (!run) continue
    const cells = [...win.document.querySelectorAll(`#readout tr[data-run="${cssText(run.label)}"] td`)]
    for (const [i, text] of cellsOf(page, run, at).entries()) cells[i].textContent = text
    cells[3].className = isLate(data, run, at) ? 'late' : ''
    row.className = view.off.has(run.label) ? 'off' : ''
  }
}

function cssText(text: string): string {
  return text.replace(/["\\\n]/g, (char) => `\\${char.charCodeAt(0).toString(16)} `)
}

function momentText({ data, view }: Page, at: number): string {
  const i = Math.floor((at - data.startMs) / data.load.stepMs)
  const most = data.load.max[Math.max(0, Math.min(i, data.load.max.length - 1))]
  const date = new Date(at).toLocaleDateString('en-GB', {
    timeZone: 'UTC',
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric'
  })
  const load =
    most === null || most === undefined ? 'load not measured' : `load up to ${number(most)} ${data.loadUnit}`
  const units =
    most && data.unitRate
      ? `, the full work of ${number(Math.ceil((10 * most) / data.unitRate) / 10)} units`
      : ''
  return `${date}, ${new Date(at).toISOString().slice(11, 19)} · ${load}${units}${view.pinned ? ' · pinned, Esc lets go' : ''}`
}

function number(x: number): string {
  return x.toLocaleString('en-US', { maximumSignificantDigits: 3 })
}

function cellsOf({ data, drawing }: Page, run: PayloadRun, at: number): readonly string[] {
  const of = (line: StepLine) => line.value[drawing.stepAt(line, data, at)] ?? 0
  const ready = of(run.ready)
  const starting = of(run.paid) - ready
  const latency = run.latencyMs.max[Math.floor((at - data.startMs) / run.latencyMs.stepMs)]
  return [
    number(ready),
    starting > 0.001 ? `+${number(starting)}` : '',
    latency ? (latency >= 1000 ? `${number(latency / 1000)} s` : `${number(latency)} ms`) : '–',
    isLate(data, run, at) ? 'late' : '',
    decisionText(data, drawing, run, at)
  ]
}

function isLate(data: Payload, run: PayloadRun, at: number): boolean {
  const minute = Math.floor((at - data.startMs) / 60_000)
  return run.late.some(([from, length]) => minute >= from && minute < from + length)
}

/** The last decision at or before the moment, and when it was. */
function decisionText(data: Payload, drawing: Drawing, run: PayloadRun, at: number): string {
  const k = drawing.above(run.decidedAt, (at - data.startMs) / 1000) - 1
  if (k < 0) {
    const when = new Date(at).toISOString().slice(0, 19)
    return run.leftOut > 0 ? `not in this file: prescale explain '${run.target}' --at ${when}Z` : ''
  }
  const [from, to] = [run.decidedFrom[k], run.decidedTo[k]]
  const when = new Date(data.startMs + run.decidedAt[k] * 1000).toISOString().slice(11, 19)
  const did = from === to ? `kept ${number(to)}` : `${number(from)} → ${number(to)}`
  return `${when}  ${did} · ${data.rules[run.rule[k]]}${run.because[k] ? `: ${run.because[k]}` : ''}`
}

/** Everything above, in the page by the same names. */
export const clientParts = [
  start,
  firstMoment,
  unpack,
  resize,
  redraw,
  themeOf,
  painted,
  timeAt,
  show,
  zoom,
  pan,
  listen,
  listenPointer,
  pin,
  unpin,
  nextLate,
  buildReadout,
  fillReadout,
  cssText,
  momentText,
  number,
  cellsOf,
  isLate,
  decisionText
]

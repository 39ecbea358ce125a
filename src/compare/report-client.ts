/**
 * What the report does when it is touched: zoom, pan, hover, pin, show and hide. Runs in the browser, written into the
 * page as text (`clientParts`) beside the parts of the other three files.
 */
import type { axisParts, Theme, View } from './report-axis.ts'
import type { InputEvent, Win } from './report-dom.ts'
import type { drawParts } from './report-draw.ts'
import type { Page } from './report-page.ts'
import type { Payload } from './report-payload.ts'
import type { readoutParts } from './report-readout.ts'

/** In the page these stand beside the functions below. */
declare const layout: typeof axisParts.layout
declare const draw: typeof drawParts.draw
declare const unpack: typeof readoutParts.unpack
declare const firstMoment: typeof readoutParts.firstMoment
declare const buildReadout: typeof readoutParts.buildReadout
declare const fillReadout: typeof readoutParts.fillReadout

function start(win: Win, packed: Payload): void {
  const data = unpack(packed)
  const [from, to] = data.first
  const off = new Set(data.runs.filter((run) => !run.shown).map((run) => run.label))
  const view: View = { from, to, at: firstMoment(data), pinned: false, drag: undefined, off }
  const canvas = win.document.getElementById('axis')
  const frame = layout(canvas.clientWidth, data.runs.length)
  const page: Page = { win, data, view, canvas, frame, waiting: false }
  buildReadout(page)
  listen(page)
  resize(page)
}

function resize(page: Page): void {
  const { canvas, win, data } = page
  const ratio = win.devicePixelRatio || 1
  page.frame = layout(canvas.clientWidth, data.runs.length)
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
    draw(pen, page.frame, themeOf(page.win), painted(page), page.view)
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

/** Everything above, in the page by the same names. */
export const clientParts = {
  start,
  resize,
  redraw,
  painted,
  themeOf,
  timeAt,
  show,
  zoom,
  pan,
  listen,
  listenPointer,
  pin,
  unpin,
  nextLate
}

/** The table that reads one moment of the report. Runs in the browser, written into the page as text (`readoutParts`). */
import type { axisParts } from './report-axis.ts'
import type { StepLine } from './report-data.ts'
import type { Page } from './report-page.ts'
import type { Payload, PayloadRun } from './report-payload.ts'

/** In the page these stand beside the functions below. */
declare const above: typeof axisParts.above
declare const stepAt: typeof axisParts.stepAt
declare const redraw: (page: Page) => void

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

/** The first late minute in sight of a policy that is shown, else the middle: the reading is never empty. */
function firstMoment({ runs, startMs, first: [from, to] }: Payload): number {
  for (const run of runs) {
    const late = run.late.find(([minute]) => run.shown && startMs + minute * 60_000 >= from)
    if (late && startMs + late[0] * 60_000 < to) return startMs + (late[0] + 0.5) * 60_000
  }
  return (from + to) / 2
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

function cellsOf({ data }: Page, run: PayloadRun, at: number): readonly string[] {
  const of = (line: StepLine) => line.value[stepAt(line, data, at)] ?? 0
  const ready = of(run.ready)
  const starting = of(run.paid) - ready
  const latency = run.latencyMs.max[Math.floor((at - data.startMs) / run.latencyMs.stepMs)]
  return [
    number(ready),
    starting > 0.001 ? `+${number(starting)}` : '',
    typeof latency === 'number'
      ? latency >= 1000
        ? `${number(latency / 1000)} s`
        : `${number(latency)} ms`
      : '–',
    isLate(data, run, at) ? 'late' : '',
    decisionText(data, run, at)
  ]
}

function isLate(data: Payload, run: PayloadRun, at: number): boolean {
  const minute = Math.floor((at - data.startMs) / 60_000)
  return run.late.some(([from, length]) => minute >= from && minute < from + length)
}

/** The last decision at or before the moment, and when it was. */
function decisionText(data: Payload, run: PayloadRun, at: number): string {
  const k = above(run.decidedAt, (at - data.startMs) / 1000) - 1
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
export const readoutParts = {
  unpack,
  firstMoment,
  buildReadout,
  fillReadout,
  cssText,
  momentText,
  number,
  cellsOf,
  isLate,
  decisionText
}

/**
 * The report: one HTML file that needs nothing else, to be looked at, mailed and kept.
 *
 * Everything that is a number is readable without the script; the time axis needs it. No address outside the file is
 * ever asked for, and the page's own policy forbids it.
 */
import { axisParts } from './report-axis.ts'
import { clientParts } from './report-client.ts'
import type { ReportData } from './report-data.ts'
import { drawParts } from './report-draw.ts'
import { dualSection } from './report-dual.ts'
import { frontierSvg } from './report-frontier.ts'
import { learnedSection } from './report-learned.ts'
import { pack } from './report-payload.ts'
import { readoutParts } from './report-readout.ts'
import { style } from './report-style.ts'
import { baselineOf, focusOf, nameOf } from './report-summary.ts'
import { headlineTable, leadSentence, notesList, settingsTable } from './report-tables.ts'
import { esc } from './report-text.ts'

/** Characters of packed time lines: with text and script the file stays below 1.5 MB. */
const PAYLOAD_BUDGET = 1_300_000
const DAY_MS = 86_400_000
const LONG_MS = 8 * DAY_MS
const FIRST_LOOK_MS = 4 * DAY_MS

export function renderReport(data: ReportData): string {
  const colors = colorsOf(data)
  const [focus, baseline] = [focusOf(data), baselineOf(data)]
  const shown = data.runs.length <= 3 ? data.runs.map(({ label }) => label) : [focus ?? '', baseline ?? '']
  const first = firstLook(data, baseline)
  const payload = pack(data, { colors, shown, first: first.span, budget: PAYLOAD_BUDGET })
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${esc(data.trace)} rehearsed</title><style>${style}</style></head>
<body><header><div><h1>${esc(data.trace)}, rehearsed</h1><p class="sub">${esc(data.subtitle ?? `${data.world} world`)}</p></div>
<button type="button" data-theme-button>light / dark</button></header>
${leadSentence(data, focus)}
<main><section>${headlineTable(data, colors, focus)}</section>
${timeSection(data, first.why)}
${dualSection(data, focus)}
<div class="two"><section><h2>What each policy can buy</h2>${frontierSvg(data, colors)}</section>
<section><h2>Settings</h2>${settingsTable(data.settings)}</section></div>
${learnedSection(data)}
<section><h2>To be read with it</h2>${notesList(data, focus)}</section></main>
<footer>${esc(data.madeBy ?? 'prescale rehearse')}</footer>
<script type="text/plain" id="payload">${payload}</script><script>${script()}</script></body></html>
`
}

function timeSection(data: ReportData, why: string): string {
  const span = data.endMs - data.startMs
  const button = (name: string, ms: number) =>
    ms < span ? `<button type="button" data-span="${ms}">${name}</button>` : ''
  return `<section><h2>What happened, and why</h2>
<p class="hint">Drag to look closer, double-click for all of it, click to pin a moment, drag the strip on top to move. ${esc(why)}${data.timeNote ? ` ${esc(data.timeNote)}` : ''}</p>
<div class="tools"><button type="button" data-span="0">all</button>${button('4 weeks', 28 * DAY_MS)}${button('week', 7 * DAY_MS)}${button('day', DAY_MS)}${button('3 hours', DAY_MS / 8)}${button('30 minutes', DAY_MS / 48)}
<span></span><button type="button" data-late="-1">← late minute</button><button type="button" data-late="1">late minute →</button></div>
<canvas id="axis" tabindex="0" role="img" aria-label="Load, capacity, latency, late minutes and decisions over time; arrow keys move, plus and minus zoom"></canvas>
<p id="moment"></p><div class="readout"><table><thead><tr><th>policy</th><th>ready</th><th>starting</th><th>latency</th><th></th><th style="text-align:left">last decision, and why</th></tr></thead><tbody id="readout"></tbody></table></div>
<p class="hint" id="too-old" hidden>This browser is too old for the time axis (it cannot unpack deflate); the tables are complete.</p>
<noscript><p class="hint">The time axis needs JavaScript; the tables are complete without it.</p></noscript></section>`
}

/** Known policies keep their colour from report to report. */
function colorsOf({ runs }: ReportData): Readonly<Record<string, string>> {
  const known = ['mpc', 'hpa', 'fixed', 'proportional', 'threshold', 'knative']
  const free = [5, 7, 6, 8, 3, 4, 2, 1, 0]
  const used = new Set<number>()
  const entries = runs.map(({ label }) => {
    const at = known.indexOf(nameOf(label))
    const own = at >= 0 && !used.has(at) ? at : (free.find((i) => !used.has(i)) ?? 2)
    used.add(own)
    return [label, `var(--c${own})`]
  })
  return { ...Object.fromEntries(entries), oracle: 'var(--bound)' }
}

/** Eight weeks at once are a grey block: begins at the days around the one on which the baseline was late most often. */
function firstLook(
  data: ReportData,
  baseline: string | undefined
): { span: readonly [number, number]; why: string } {
  const { startMs, endMs } = data
  const run = data.runs.find(({ label }) => label === baseline)
  if (endMs - startMs <= LONG_MS || !run) return { span: [startMs, endMs], why: '' }
  const days = new Map<number, number>()
  for (const [minute, length] of run.late) {
    const day = Math.floor((minute * 60_000) / DAY_MS)
    days.set(day, (days.get(day) ?? 0) + length)
  }
  const worst = [...days].toSorted((a, b) => b[1] - a[1])[0]?.[0] ?? 0
  const middle = startMs + (worst + 0.5) * DAY_MS
  const from = Math.max(startMs, Math.min(middle - FIRST_LOOK_MS / 2, endMs - FIRST_LOOK_MS))
  return {
    span: [from, from + FIRST_LOOK_MS],
    why: `Shown first: the four days around the worst one of ${run.label}; the strip on top is all of it.`
  }
}

/** The functions of the script as text, and the unpacking of what they draw. */
function script(): string {
  const parts = [axisParts, drawParts, readoutParts, clientParts]
    .flatMap((part) => Object.values<object>(part))
    .map(String)
    .join('\n')
  return `(() => { ${parts}
const bytes = Uint8Array.from(atob(document.getElementById('payload').textContent), (c) => c.charCodeAt(0))
new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'))).json()
  .then((data) => start(window, data))
  .catch((error) => { document.getElementById('too-old').hidden = false; console.error(error) })
})()`
}

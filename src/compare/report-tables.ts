/** The parts of the report that are read without a script: the sentence, the table, the settings, the notes. */
import type { Pair } from './pairs.ts'
import type { ReportData, ReportSetting } from './report-data.ts'
import {
  baselineOf,
  type Loss,
  lossesOf,
  metricNames,
  nameOf,
  pairOf,
  type SummaryRow,
  savedAtEqualCost,
  summarise
} from './report-summary.ts'
import { esc, knobInWords, num, percentRange, sentence, signedPercent } from './report-text.ts'

/** One sentence that says whether it helped. */
export function leadSentence(data: ReportData, focus: string | undefined): string {
  const baseline = baselineOf(data)
  const rows = summarise(data.rows)
  const [ours, theirs] = [focus, baseline].map((name) => rows.find(({ label }) => label === name))
  if (!focus || !ours || !theirs) return ''
  const minutes = Math.round((data.endMs - data.startMs) / 60_000)
  const late = pairOf(data, focus, baseline, 'overloadedMinutes')
  const cost = pairOf(data, focus, baseline, 'unitHours')
  const parts = [
    `${esc(nameOf(focus))} was late in ${num(ours.mean.overloadedMinutes)} of ${num(minutes)} minutes, ${esc(nameOf(theirs.label))} in ${num(theirs.mean.overloadedMinutes)}`,
    ...(late ? [`<b class="${tone(late)}">${comparison(late)}</b> ${interval(late)}`] : []),
    ...(cost ? [`for ${comparison(cost, 'unit-hours')} ${interval(cost)}`] : [])
  ]
  const equal = savedAtEqualCost(data, focus)
  const line = equal
    ? ` At equal cost, along the best-tuned line of all reactive policies, it is ${equal.saved >= 0 ? `<b>${num(Math.round(equal.saved * 100))} % fewer</b>` : `<b class="bad">${num(Math.round(-equal.saved * 100))} % more</b>`}.`
    : ''
  return `<p class="lead">${parts.join(', ')}.${line}</p>`
}

function tone({ ci95 }: Pair): string {
  return ci95[1] < 0 ? '' : 'bad'
}

function comparison({ relative, ci95 }: Pair, what = ''): string {
  const share = `${num(Math.abs(Math.round(relative * 100)))} %`
  const said = `${share} ${relative < 0 ? 'fewer' : 'more'}${what ? ` ${what}` : ''}`
  return ci95[0] <= 0 && ci95[1] >= 0 ? `no certain difference (${said})` : said
}

function interval({ relativeCi95 }: Pair): string {
  return `<small class="hint">[${percentRange(relativeCi95)}]</small>`
}

export function headlineTable(
  data: ReportData,
  colors: Readonly<Record<string, string>>,
  focus: string | undefined
): string {
  const rows = summarise(data.rows)
  const baseline = baselineOf(data)
  const largest = (of: (row: SummaryRow) => number) => Math.max(1e-9, ...rows.map(of).filter(Number.isFinite))
  const mostLate = largest((row) => row.mean.overloadedMinutes)
  const mostCost = largest((row) => row.mean.cost)
  const body = rows.map((row) => {
    const { mean, label } = row
    const color = colors[label] ?? 'var(--faint)'
    const kind = label === focus ? 'main' : label === 'oracle' ? 'bound' : ''
    const range =
      row.lateRange[0] < row.lateRange[1]
        ? ` <small>${num(row.lateRange[0])}–${num(row.lateRange[1])}</small>`
        : ''
    const bar = (share: number) => `class="bar" style="--share:${(100 * share).toFixed(1)}%;--bar:${color}"`
    return `<tr class="${kind}"><th><i style="background:${color}"></i>${esc(nameOf(label))} <small>${esc(settingOf(row))}</small></th>
<td ${bar(mean.overloadedMinutes / mostLate)}>${num(Math.round(mean.overloadedMinutes * 10) / 10)}${range}</td>
<td>${against(pairOf(data, label, baseline, 'overloadedMinutes'))}</td>
<td>${ratio(mean.sloViolationRatio)}</td><td>${latency(row.p95)} <small>/ ${latency(row.p99)}</small></td>
<td>${num(mean.meanUnits)}</td><td ${bar(mean.cost / mostCost)}>${num(mean.cost, 4)}</td>
<td>${against(pairOf(data, label, baseline, 'unitHours'))}</td>
<td>${count(mean.rescales)} <small>/ ${count(mean.flips)}</small></td><td>${count(mean.falseStarts)}</td><td>${num(mean.leadMinutes)}</td></tr>`
  })
  const than = baseline ? `than ${esc(nameOf(baseline))}` : ''
  return `<div class="wide"><table id="headline"><thead><tr><th>policy</th><th title="minutes in which over 5 % of the events were late or any was dropped">late minutes</th><th>${than} <small>95 %</small></th>
<th>late events</th><th>p95 <small>/ p99</small></th><th>mean units</th><th>cost${data.currency ? `, ${esc(data.currency)}` : ''}</th><th>${than} <small>95 %</small></th><th title="flips: in the opposite direction within 10 minutes">rescales <small>/ flips</small></th>
<th title="units started and not needed within two lead times">false starts</th>
<th title="median: how long before a ramp its units were ready">lead, min</th></tr></thead><tbody>${body.join('\n')}</tbody></table></div>
<p class="hint">Late minute: over 5 % of its events took too long, or any was dropped. ${rows.some(({ label }) => label === 'oracle') ? 'oracle is perfect foresight: a bound that no policy can beat, not a policy. ' : ''}Intervals: whole days drawn again, seeds pooled.</p>`
}

function settingOf({ label, knob }: SummaryRow): string {
  return knobInWords(knob) || label.slice(nameOf(label).length + 1)
}

function against(pair: Pair | undefined): string {
  if (!pair) return ''
  const { relative, ci95, relativeCi95 } = pair
  if (relative > 100 || (Number.isNaN(relative) && ci95[0] > 0))
    return '<span class="worse">from practically none</span>'
  const kind = ci95[1] < 0 ? 'better' : ci95[0] > 0 ? 'worse' : ''
  const range = relativeCi95 ? `<br><small>${percentRange(relativeCi95)}</small>` : ''
  return `<span class="${kind}">${signedPercent(relative)}</span>${range}`
}

function latency(ms: number): string {
  if (!Number.isFinite(ms)) return '–'
  if (ms < 0.1) return '< 0.1 ms'
  return ms >= 1000 ? `${num(ms / 1000)} s` : `${num(ms)} ms`
}

function ratio(x: number): string {
  return Number.isFinite(x) ? `${num(100 * x)} %` : '–'
}

function count(x: number): string {
  return num(Math.round(x))
}

export function settingsTable(settings: readonly ReportSetting[]): string {
  const rows = settings.map(({ name, value, assumed, note }) => {
    const mark =
      assumed === undefined
        ? ''
        : assumed
          ? '<span class="mark assumed">assumed</span>'
          : '<span class="mark">given</span>'
    const more = note ? `<br><small>${esc(note)}</small>` : ''
    return `<tr><th>${esc(name)}</th><td>${esc(value)} ${mark}${more}</td></tr>`
  })
  return `<table class="settings"><tbody>${rows.join('\n')}</tbody></table>`
}

/** Percentages, and by name what the other has practically none of: a hundred times hardly any is no percentage. */
function lossesInWords(losses: readonly Loss[]): string {
  const name = ({ metric }: Loss) => metricNames[metric] ?? esc(metric)
  const [some, none] = [losses.filter((l) => l.relative <= 100), losses.filter((l) => !(l.relative <= 100))]
  const said = some.map((loss) => {
    const range = Number.isFinite(loss.ci95[0]) ? ` [${percentRange(loss.ci95)}]` : ''
    return `${signedPercent(loss.relative)} ${name(loss)}${range}`
  })
  if (none.length > 0) said.push(`${none.map(name).join(' and ')} where the other has practically none`)
  return said.join(', ')
}

/** Losses are computed, not chosen; then what the maker of the data has to say. */
export function notesList(data: ReportData, focus: string | undefined): string {
  const losses = focus === undefined ? [] : lossesOf(data, focus)
  const lost = [...Map.groupBy(losses, ({ against }) => against)].map(([other, list]) => {
    return `<b class="worse">Worse</b> than ${esc(other)}: ${esc(nameOf(focus ?? ''))} has ${lossesInWords(list)}.`
  })
  const none =
    focus && lost.length === 0 && data.pairs.some(({ a }) => a === focus)
      ? [`In no measure compared here is ${esc(nameOf(focus))} certainly worse than another policy.`]
      : []
  const assumed = data.settings.filter((setting) => setting.assumed).map(({ name }) => esc(name))
  const guessed =
    assumed.length === 0
      ? []
      : [`Assumed and not measured: ${assumed.join(', ')}. Give them if you know them.`]
  const left = data.runs.filter((run) => run.decisionsLeftOut > 0)
  const cut = left.map(
    (run) => `${num(run.decisionsLeftOut)} older decisions of ${esc(run.label)} are not in this file.`
  )
  const time = data.timeNote ? [esc(data.timeNote)] : []
  const all = [
    ...lost,
    ...none,
    ...time,
    ...guessed,
    ...cut,
    ...data.notes.map((note) => esc(sentence(note)))
  ]
  return `<ul>${all.map((note) => `<li>${note}</li>`).join('\n')}</ul>`
}

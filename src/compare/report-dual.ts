/**
 * The dual world: what does not scale (red) beside what does (blue), under the very same load.
 *
 *   saved = 1 − cost / cost of the static size        flips an hour = rescales back within ten minutes / hours rehearsed
 *
 * Static is `fixed`, the training peak × 1.2, and `fixed-best`, the cheapest constant that is late no more often than the policy: it knows
 * the load beforehand, so what is saved against it is owed to scaling alone. The picture is the day around the largest load.
 */
import type { ReportData, ReportRun, StepLine } from './report-data.ts'
import { nameOf, type SummaryRow, summarise } from './report-summary.ts'
import { esc, num, signedPercent } from './report-text.ts'

const HOUR_MS = 3_600_000
const STATIC = 'var(--late)'
const ELASTIC = 'var(--accent)'

const isStatic = ({ label }: { readonly label: string }) => ['fixed', 'fixed-best'].includes(nameOf(label))

/** Empty where no static size or nothing else ran. `focus` is drawn. */
export function dualSection(data: ReportData, focus: string | undefined): string {
  const rows = summarise(data.rows).filter(({ label }) => label !== 'oracle')
  const fixed = rows.find(({ label }) => label === 'fixed')
  const elastic = rows.filter((row) => !isStatic(row))
  if (fixed === undefined || elastic.length === 0) return ''
  const hours = (data.endMs - data.startMs) / HOUR_MS
  const bestOf = (label: string) =>
    rows.find((row) => row.label === 'fixed-best' && forWhom(row.knob) === label)
  const learned = new Set((data.learned ?? []).map(({ label }) => label))
  const cell = (value: string, kind = '') => `<td class="${kind}">${value}</td>`
  const saved = (row: SummaryRow, other: SummaryRow | undefined) => {
    if (other === undefined) return cell('–')
    const share = 1 - row.mean.cost / other.mean.cost
    return cell(signedPercent(share).replace('+', ''), share > 0 ? 'better' : 'worse')
  }
  const measures = ({ mean }: SummaryRow) =>
    cell(`${num(100 * mean.sloViolationRatio)} %`) +
    cell(num(mean.leadMinutes)) +
    cell(num(mean.flips / hours))
  const line = (row: SummaryRow, color: string, said: string, cells: string) =>
    `<tr><th><i style="background:${color}"></i>${esc(nameOf(row.label))} <small>${esc(said)}</small></th>${cell(num(row.mean.cost, 4))}${cells}${measures(row)}</tr>`
  const body = elastic.flatMap((row) => {
    const best = bestOf(row.label)
    const said = learned.has(row.label) ? 'learned' : row.label.slice(nameOf(row.label).length + 1)
    return [
      line(row, ELASTIC, said, saved(row, fixed) + saved(row, best)),
      ...(best === undefined
        ? []
        : [
            line(
              best,
              STATIC,
              `${unitsOf(best.knob)} for ${nameOf(row.label)}`,
              saved(best, fixed) + cell('')
            )
          ])
    ]
  })
  const hint = elastic.some(({ label }) => bestOf(label) !== undefined)
    ? 'fixed-best is the cheapest constant that is late no more often than the policy above it; it knows the load beforehand.'
    : 'With fixed-best among --policies, each is compared with the cheapest constant that is late no more often.'
  return `<section><h2>Static and elastic</h2>${picture(data, drawn(data, elastic, focus))}
<div class="wide"><table><thead><tr><th>policy</th><th>cost${data.currency ? `, ${esc(data.currency)}` : ''}</th><th>saved against fixed</th><th>against fixed-best</th>
<th>late events</th><th title="median: how long before a ramp its units were ready">lead, min</th><th title="rescales in the opposite direction within 10 minutes">flips an hour</th></tr></thead>
<tbody>${line(fixed, STATIC, 'training peak × 1.2', cell('') + cell(''))}${body.join('\n')}</tbody></table></div>
<p class="hint">${hint}</p></section>`
}

/** The learned policy that was late least, else what the report is about. */
function drawn({ runs, learned = [] }: ReportData, rows: readonly SummaryRow[], focus?: string) {
  const trained = rows
    .filter(({ label }) => learned.some((one) => one.label === label))
    .toSorted((a, b) => a.mean.overloadedMinutes - b.mean.overloadedMinutes)
  const label = trained[0]?.label ?? focus ?? rows[0].label
  return runs.find((run) => run.label === label)
}

const box = { width: 1180, height: 260, left: 46, right: 128, top: 12, bottom: 28 }

/** Units that are paid for, over the units that the load would keep busy. */
function picture(data: ReportData, elastic: ReportRun | undefined): string {
  const fixed = data.runs.find(({ label }) => label === 'fixed')
  const { unitRate, load } = data
  if (fixed === undefined || elastic === undefined || unitRate === undefined) return ''
  const peak = load.max.reduce<number>((at, y, i) => ((y ?? 0) > (load.max[at] ?? 0) ? i : at), 0)
  const from = Math.max(
    data.startMs,
    Math.min(data.startMs + peak * load.stepMs - 12 * HOUR_MS, data.endMs - 24 * HOUR_MS)
  )
  const to = Math.min(data.endMs, from + 24 * HOUR_MS)
  const most =
    1.08 *
    Math.max(
      ...[fixed.paid, elastic.paid].map((line) => largest(line, data.startMs, from, to)),
      (load.max[peak] ?? 0) / unitRate
    )
  const x = (ms: number) => box.left + ((ms - from) / (to - from)) * (box.width - box.left - box.right)
  const y = (units: number) => box.height - box.bottom - (units / most) * (box.height - box.top - box.bottom)
  const lines = [fixed, elastic].map((run) => stepsOf(run.paid, data.startMs, from, to))
  const path = (points: readonly Point[]) =>
    points.map(([ms, units]) => `${px(x(ms))},${px(y(units))}`).join(' ')
  const names = [`${fixed.label}: ${num(lastOf(lines[0]))} units`, nameOf(elastic.label)]
  const at = (line: readonly Point[]) => y(lastOf(line))
  const [first, second] = apart(at(lines[0]), at(lines[1]))
  return `<div class="wide"><svg viewBox="0 0 ${box.width} ${box.height}" role="img" aria-label="Units of a static size and of ${esc(elastic.label)} over the load" style="min-width:680px">
${axes(from, to, most, x, y)}<polygon points="${path([[from, 0], ...areaOf(data, from, to, unitRate), [to, 0]])}" fill="var(--load)"/>
<polygon points="${path([...lines[0], ...lines[1].toReversed()])}" fill="${STATIC}" opacity="0.08"/>
${[STATIC, ELASTIC].map((color, i) => `<polyline points="${path(lines[i])}" fill="none" stroke="${color}" stroke-width="1.8" stroke-linejoin="round"/>`).join('')}
${[first, second].map((top, i) => `<text x="${box.width - box.right + 8}" y="${px(top + 4)}" style="fill:${[STATIC, ELASTIC][i]}">${esc(names[i])}</text>`).join('')}</svg></div>
<p class="hint">Units paid for, the day around the largest load. Red: static, blue: elastic, tinted: what lies between them. Grey: units that the load keeps busy.</p>`
}

type Point = readonly [ms: number, units: number]

/** A line of steps within a window, corners included. */
function stepsOf({ at, value, stepMs }: StepLine, startMs: number, from: number, to: number): Point[] {
  const points: Point[] = []
  let units = value[0] ?? 0
  for (let i = 0; i < at.length; i++) {
    const ms = startMs + at[i] * stepMs
    if (ms >= to) break
    if (ms <= from) units = value[i]
    else {
      if (points.length === 0) points.push([from, units])
      points.push([ms, units], [ms, value[i]])
      units = value[i]
    }
  }
  if (points.length === 0) points.push([from, units])
  points.push([to, units])
  return points
}

function largest(line: StepLine, startMs: number, from: number, to: number): number {
  return Math.max(...stepsOf(line, startMs, from, to).map(([, units]) => units))
}

function areaOf({ load, startMs }: ReportData, from: number, to: number, unitRate: number): Point[] {
  const first = Math.max(0, Math.floor((from - startMs) / load.stepMs))
  const end = Math.min(load.max.length, Math.ceil((to - startMs) / load.stepMs))
  const perPoint = Math.max(1, Math.floor((end - first) / 1_500))
  const points: Point[] = []
  for (let i = first; i < end; i += perPoint) {
    let most = 0
    for (let j = i; j < Math.min(end, i + perPoint); j++) most = Math.max(most, load.max[j] ?? 0)
    points.push([Math.min(to, Math.max(from, startMs + i * load.stepMs)), most / unitRate])
  }
  const last = points.at(-1)?.[1] ?? 0
  return [...points, [to, last]]
}

function axes(
  from: number,
  to: number,
  most: number,
  x: (ms: number) => number,
  y: (units: number) => number
): string {
  const [right, bottom] = [box.width - box.right, box.height - box.bottom]
  const raw = most / 4
  const unit = 10 ** Math.floor(Math.log10(raw))
  const step = Math.max(1, ([1, 2, 5, 10].find((m) => m * unit >= raw) ?? 10) * unit)
  const parts: string[] = []
  for (let units = 0; units <= most; units += step) {
    const top = px(y(units))
    parts.push(
      `<line x1="${box.left}" x2="${right}" y1="${top}" y2="${top}" stroke="var(--grid)"/><text x="${box.left - 8}" y="${px(y(units) + 4)}" text-anchor="end">${num(units)}</text>`
    )
  }
  const hours = Math.max(1, Math.round((to - from) / HOUR_MS / 6)) * HOUR_MS
  for (let ms = Math.ceil(from / hours) * hours; ms <= to; ms += hours) {
    const label = new Date(ms)
      .toISOString()
      .slice(ms % (24 * HOUR_MS) === 0 ? 5 : 11, ms % (24 * HOUR_MS) === 0 ? 10 : 16)
    parts.push(`<text x="${px(x(ms))}" y="${bottom + 18}" text-anchor="middle">${label}</text>`)
  }
  return parts.join('')
}

/** Two labels that would lie on each other are moved apart. */
function apart(a: number, b: number): readonly [number, number] {
  const room = 16 - Math.abs(a - b)
  if (room <= 0) return [a, b]
  return a <= b ? [a - room / 2, b + room / 2] : [a + room / 2, b - room / 2]
}

const lastOf = (line: readonly Point[]) => line[line.length - 1][1]

function forWhom(knob: unknown): unknown {
  return typeof knob === 'object' && knob !== null && 'for' in knob ? knob.for : undefined
}

function unitsOf(knob: unknown): string {
  const units = typeof knob === 'object' && knob !== null && 'units' in knob ? knob.units : undefined
  const sum =
    typeof units === 'object' && units !== null
      ? Object.values(units).reduce<number>((total, n) => total + Number(n), 0)
      : Number(units ?? NaN)
  return `${num(sum)} units`
}

function px(value: number): string {
  return value.toFixed(1)
}

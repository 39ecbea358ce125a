/**
 * The frontier as a picture: what each policy can buy for how much, its own knob swept.
 *
 *   x = unit-hours, linear        y = overloaded minutes, log(1 + y), because 3 and 30 matter more than 3,000 and 3,030
 *
 * Lines are lower hulls; below the oracle's hull no policy can be.
 */
import { type FrontierPoint, frontierOf } from './frontier.ts'
import type { ReportData } from './report-data.ts'
import { nameOf, type SummaryRow, summarise } from './report-summary.ts'
import { esc, knobInWords, num } from './report-text.ts'

const box = { width: 760, height: 430, left: 62, right: 20, top: 26, bottom: 46 }

interface Scales {
  readonly x: (unitHours: number) => number
  readonly y: (minutes: number) => number
  readonly from: number
  readonly to: number
  readonly most: number
}

export function frontierSvg(data: ReportData, colors: Readonly<Record<string, string>>): string {
  const points = data.points.filter(
    ({ unitHours, overloadedMinutes }) => Number.isFinite(unitHours) && Number.isFinite(overloadedMinutes)
  )
  const names = [...new Set(points.map(({ policy }) => policy))]
  if (points.length < 2) return '<p class="hint">Run with --frontier to sweep each policy’s own knob.</p>'
  const rows = summarise(data.rows)
  const scales = scalesOf(points, rows)
  const color = (name: string) => colorOf(name, colors)
  const inside = ({ unitHours }: { readonly unitHours: number }) =>
    unitHours >= scales.from && unitHours <= scales.to
  const policies = names.filter((name) => name !== 'oracle')
  const dots = policies.flatMap((name) =>
    points
      .filter((point) => point.policy === name && inside(point))
      .map((point) => dot(point, scales, color(name), 3.4))
  )
  const lines = policies.map((name) => hullLine(frontierOf(points, [name]), scales, color(name)))
  const rings = rows
    .filter(({ label, mean }) => nameOf(label) !== 'oracle' && label !== 'fixed-best' && inside(mean))
    .map(({ label, knob, mean }) => {
      const point = { policy: label, knob: knob as FrontierPoint['knob'], ...mean }
      return dot(point, scales, color(nameOf(label)), 7, true)
    })
  const policiesOnly = points.filter(({ policy }) => policy !== 'oracle')
  const cheaper = policiesOnly.filter(({ unitHours }) => unitHours < scales.from).length
  const dearer = policiesOnly.filter(({ unitHours }) => unitHours > scales.to).length
  return `<svg viewBox="0 0 ${box.width} ${box.height}" role="img" aria-label="Cost against overloaded minutes"><clipPath id="inside"><rect x="${box.left}" y="${box.top - 8}" width="${box.width - box.left - box.right + 8}" height="${box.height - box.top - box.bottom + 16}"/></clipPath>
${axes(scales)}<g clip-path="url(#inside)">${bound(frontierOf(points, ['oracle']), scales)}${lines.join('')}${dots.join('')}${rings.join('')}</g></svg>
<p class="hint">${policies.map((name) => `<i style="background:${color(name)}"></i>${esc(name)}`).join(' &nbsp; ')} &nbsp; ○ the setting of the table. Lines: lower hulls. Point at a dot for its setting.${cheaper + dearer > 0 ? ` Outside the picture: ${cheaper} cheaper, ${dearer} dearer.` : ''}</p>`
}

/** A policy under any options has one colour. */
export function colorOf(name: string, colors: Readonly<Record<string, string>>): string {
  const label =
    Object.keys(colors).find((one) => one === name) ?? Object.keys(colors).find((one) => nameOf(one) === name)
  return label === undefined ? 'var(--faint)' : colors[label]
}

/**
 * Around the settings of the table: a target of 30 % costs three times as much, one of 95 % may never scale up at all,
 * and either would squeeze what matters into a corner.
 */
function scalesOf(points: readonly FrontierPoint[], rows: readonly SummaryRow[]): Scales {
  const own = rows.filter(({ label }) => !['oracle', 'fixed', 'fixed-best'].includes(nameOf(label)))
  const hours = (own.length > 0 ? own.map(({ mean }) => mean) : points).map(({ unitHours }) => unitHours)
  const [least, largest] = [Math.min(...hours), Math.max(...hours)]
  const from = 0.75 * least
  const to = Math.max(1.5 * largest, 1.2 * least)
  const most =
    Math.max(
      1,
      ...points.filter((p) => p.unitHours <= to && p.unitHours >= from).map((p) => p.overloadedMinutes)
    ) * 1.3
  const [w, h] = [box.width - box.left - box.right, box.height - box.top - box.bottom]
  return {
    x: (unitHours) => box.left + ((unitHours - from) / (to - from)) * w,
    y: (minutes) => box.height - box.bottom - (Math.log1p(minutes) / Math.log1p(most)) * h,
    from,
    to,
    most
  }
}

function axes({ x, y, from, to, most }: Scales): string {
  const rows = [0, 1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000].filter(
    (value) => value <= most
  )
  const raw = (to - from) / 6
  const unit = 10 ** Math.floor(Math.log10(raw))
  const step = ([1, 2, 5, 10].find((m) => m * unit >= raw) ?? 10) * unit
  const columns: number[] = []
  for (let value = Math.ceil(from / step) * step; value <= to; value += step) columns.push(value)
  const [right, bottom] = [box.width - box.right, box.height - box.bottom]
  return [
    ...rows.map(
      (v) =>
        `<line x1="${box.left}" x2="${right}" y1="${px(y(v))}" y2="${px(y(v))}" stroke="var(--grid)"/><text x="${box.left - 8}" y="${px(y(v) + 4)}" text-anchor="end">${num(v)}</text>`
    ),
    ...columns.map(
      (v) =>
        `<line x1="${px(x(v))}" x2="${px(x(v))}" y1="${box.top}" y2="${bottom}" stroke="var(--grid)"/><text x="${px(x(v))}" y="${bottom + 18}" text-anchor="middle">${num(v)}</text>`
    ),
    `<text x="${right}" y="${box.height - 6}" text-anchor="end">unit-hours →</text>`,
    `<text x="${box.left - 36}" y="14">↑ late minutes</text>`
  ].join('')
}

function bound(hull: readonly FrontierPoint[], { x, y, from, to }: Scales): string {
  if (hull.length === 0) return ''
  const [first, last] = [hull[0], hull[hull.length - 1]]
  const line = [
    [x(first.unitHours), box.top],
    ...mixtures(hull).map(([hours, minutes]) => [x(hours), y(minutes)]),
    [x(to), y(last.overloadedMinutes)]
  ]
  const bottom = box.height - box.bottom
  const area = [...line, [x(to), bottom], [x(from), bottom], [x(from), box.top]]
  const path = (list: readonly (readonly number[])[]) => list.map(([a, b]) => `${px(a)},${px(b)}`).join(' ')
  return `<polygon points="${path(area)}" fill="var(--faint)" opacity="0.16"/><polyline points="${path(line)}" fill="none" stroke="var(--bound)" stroke-width="1.4" stroke-dasharray="5 4"/>
<text x="${px(x(from) + 6)}" y="${bottom - 8}">no policy can be here (oracle)</text>`
}

function hullLine(hull: readonly FrontierPoint[], { x, y }: Scales, color: string): string {
  const path = mixtures(hull)
    .map(([hours, minutes]) => `${px(x(hours))},${px(y(minutes))}`)
    .join(' ')
  return `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"/>`
}

/** A mixture of two settings lies on a straight line in minutes, which is a curve on a logarithmic axis. */
function mixtures(hull: readonly FrontierPoint[]): (readonly [hours: number, minutes: number])[] {
  const pieces = 16
  return hull.flatMap((b, i) => {
    const a = hull[i - 1]
    if (!a) return [[b.unitHours, b.overloadedMinutes] as const]
    return Array.from({ length: pieces }, (_, k) => {
      const share = (k + 1) / pieces
      const between = (p: number, q: number) => p + share * (q - p)
      return [between(a.unitHours, b.unitHours), between(a.overloadedMinutes, b.overloadedMinutes)] as const
    })
  })
}

function dot(point: FrontierPoint, { x, y }: Scales, color: string, radius: number, ring = false): string {
  const at = `cx="${px(x(point.unitHours))}" cy="${px(y(point.overloadedMinutes))}" r="${radius}"`
  const look = ring ? `fill="transparent" stroke="${color}" stroke-width="2"` : `fill="${color}"`
  const said = `${point.policy} ${knobInWords(point.knob)}: ${num(Math.round(point.overloadedMinutes))} late minutes, ${num(Math.round(point.unitHours))} unit-hours`
  return `<circle ${at} ${look}><title>${esc(said)}</title></circle>`
}

function px(x: number): string {
  return x.toFixed(1)
}

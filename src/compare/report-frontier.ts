/**
 * The frontier as a picture: what each policy can buy for how much, its own knob swept.
 *
 *   x = unit-hours, linear        y = overloaded minutes, log(1 + y), because 3 and 30 matter more than 3,000 and 3,030
 *
 * Lines are lower hulls; below the oracle's hull no policy can be.
 */
import { frontierOf } from './frontier.ts'
import type { ReportData, ReportPoint } from './report-data.ts'
import { nameOf, summarise } from './report-summary.ts'
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
  const scales = scalesOf(points)
  const color = (name: string) => colorOf(name, colors)
  const seen = points.filter(({ policy, unitHours }) => policy === 'oracle' || unitHours <= scales.to)
  const policies = names.filter((name) => name !== 'oracle')
  const dots = policies.flatMap((name) =>
    seen.filter(({ policy }) => policy === name).map((point) => dot(point, scales, color(name), 3.4))
  )
  const lines = policies.map((name) => hullLine(frontierOf(seen, [name]), scales, color(name)))
  const rings = summarise(data.rows)
    .filter(
      ({ label, mean }) => nameOf(label) !== 'oracle' && label !== 'fixed-best' && mean.unitHours <= scales.to
    )
    .map(({ label, knob, mean }) => {
      const point = { policy: label, knob: knob as ReportPoint['knob'], ...mean }
      return dot(point, scales, color(nameOf(label)), 7, true)
    })
  const cut = points.filter(({ policy, unitHours }) => policy !== 'oracle' && unitHours > scales.to).length
  return `<svg viewBox="0 0 ${box.width} ${box.height}" role="img" aria-label="Cost against overloaded minutes"><clipPath id="inside"><rect x="${box.left}" y="${box.top - 8}" width="${box.width - box.left - box.right + 8}" height="${box.height - box.top - box.bottom + 16}"/></clipPath>
${axes(scales)}<g clip-path="url(#inside)">${bound(frontierOf(seen, ['oracle']), scales)}${lines.join('')}${dots.join('')}${rings.join('')}</g></svg>
<p class="hint">${policies.map((name) => `<i style="background:${color(name)}"></i>${esc(name)}`).join(' &nbsp; ')} &nbsp; ○ the setting of the table. Lines: lower hulls. Point at a dot for its setting.${cut > 0 ? ` To the right of the picture, dearer: ${cut}.` : ''}</p>`
}

/** A policy under any options has one colour. */
export function colorOf(name: string, colors: Readonly<Record<string, string>>): string {
  const label =
    Object.keys(colors).find((one) => one === name) ?? Object.keys(colors).find((one) => nameOf(one) === name)
  return label === undefined ? 'var(--faint)' : colors[label]
}

function scalesOf(points: readonly ReportPoint[]): Scales {
  // The bound reaches from no units at all; what policies did is what the picture is about.
  const hours = points
    .filter(({ policy }) => !['oracle', 'fixed'].includes(policy))
    .map(({ unitHours }) => unitHours)
    .toSorted((a, b) => a - b)
  const least = hours[0] ?? Math.min(...points.map(({ unitHours }) => unitHours))
  // A target of 30 % costs three times as much and would squeeze what matters into a corner.
  const to = Math.min(hours.at(-1) ?? Infinity, 2.2 * least) * 1.04
  const from = Math.max(0, least - 0.12 * (to - least))
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

function bound(hull: readonly ReportPoint[], { x, y, from, to }: Scales): string {
  if (hull.length === 0) return ''
  const [first, last] = [hull[0], hull[hull.length - 1]]
  const line = [
    [x(first.unitHours), box.top],
    ...hull.map((p) => [x(p.unitHours), y(p.overloadedMinutes)]),
    [x(to), y(last.overloadedMinutes)]
  ]
  const bottom = box.height - box.bottom
  const area = [...line, [x(to), bottom], [x(from), bottom], [x(from), box.top]]
  const path = (list: readonly (readonly number[])[]) => list.map(([a, b]) => `${px(a)},${px(b)}`).join(' ')
  return `<polygon points="${path(area)}" fill="var(--faint)" opacity="0.16"/><polyline points="${path(line)}" fill="none" stroke="var(--bound)" stroke-width="1.4" stroke-dasharray="5 4"/>
<text x="${px(x(from) + 6)}" y="${bottom - 8}">no policy can be here (oracle)</text>`
}

function hullLine(hull: readonly ReportPoint[], { x, y }: Scales, color: string): string {
  const path = hull.map((p) => `${px(x(p.unitHours))},${px(y(p.overloadedMinutes))}`).join(' ')
  return `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"/>`
}

function dot(point: ReportPoint, { x, y }: Scales, color: string, radius: number, ring = false): string {
  const at = `cx="${px(x(point.unitHours))}" cy="${px(y(point.overloadedMinutes))}" r="${radius}"`
  const look = ring ? `fill="transparent" stroke="${color}" stroke-width="2"` : `fill="${color}"`
  const said = `${point.policy} ${knobInWords(point.knob)}: ${num(Math.round(point.overloadedMinutes))} late minutes, ${num(Math.round(point.unitHours))} unit-hours`
  return `<circle ${at} ${look}><title>${esc(said)}</title></circle>`
}

function px(x: number): string {
  return x.toFixed(1)
}

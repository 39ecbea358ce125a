/**
 * The Q-table as a picture — what the agent would do in each state, and how much depends on it.
 *
 *   one panel per bin of `panels`, rows = bins of `rows` from below, columns = bins of `columns`
 *   colour = the best action, its strength = the margin (full from `full` on), small = fewer than 30 visits, empty = none
 *
 * Features that are on no axis are averaged, each state counting by its visits. SVG text without scripts or fonts, with a `<title>` in
 * every cell: action, margin, values, visits.
 */
import { PrescaleError, unknownName } from '../base/index.ts'
import { aheadBy, bestOf, type QTableView } from './q-values.ts'
import { amount } from './words.ts'

export interface HeatmapOptions {
  readonly rows: string
  readonly columns: string
  readonly panels: string
  readonly title?: string
  /** Margin from which a colour is full, 2. */
  readonly full?: number
  /** Drawn into an HTML page with the variables `--ink`, `--soft`, `--grid`: no ground of its own. */
  readonly page?: boolean
}

/** One colour for each action, in the order of the table; told apart by those who see no red or no green. */
const COLOURS = ['#bc4c00', '#6e7781', '#0969da', '#8250df', '#1a7f37', '#bf3989']
interface Paint {
  readonly ink: string
  readonly faint: string
  readonly empty: string
}
const own: Paint = { ink: '#1f2328', faint: '#8c959f', empty: '#eaeef2' }
const ofPage: Paint = { ink: 'var(--ink)', faint: 'var(--soft)', empty: 'var(--grid)' }
const [CELL_WIDTH, CELL_HEIGHT] = [18, 16]
const [LEFT, TOP, GAP, BELOW] = [104, 64, 44, 40]
const PANELS_ACROSS = 2
/** Fewer visits than this are drawn as the rumour they are. */
const RARE = 30

export function qHeatmap(
  table: QTableView,
  { title = 'Q-table', full = 2, page = false, ...axes }: HeatmapOptions
): string {
  const paint = page ? ofPage : own
  const [rows, columns, panels] = [axes.rows, axes.columns, axes.panels].map((name) => featureOf(table, name))
  if (new Set([rows, columns, panels]).size < 3) {
    throw new PrescaleError('BAD_OPTION', 'rows, columns and panels must be three different features')
  }
  const [height, width] = [table.features[rows].bins.length, table.features[columns].bins.length]
  const count = table.features[panels].bins.length
  const panelWidth = LEFT + width * CELL_WIDTH
  const panelHeight = height * CELL_HEIGHT + BELOW
  const across = Math.min(PANELS_ACROSS, count)
  const parts: string[] = []
  for (let panel = 0; panel < count; panel++) {
    const x = LEFT + (panel % across) * (panelWidth + GAP / 2)
    const y = TOP + Math.floor(panel / across) * (panelHeight + GAP)
    const heading = `${table.features[panels].name}: ${table.features[panels].bins[panel]}`
    parts.push(text(x, y - 8, heading, { bold: true }))
    for (let row = 0; row < height; row++) {
      const top = y + (height - 1 - row) * CELL_HEIGHT
      parts.push(text(x - 6, top + 12, table.features[rows].bins[row], { anchor: 'end', fill: paint.faint }))
      for (let column = 0; column < width; column++) {
        const mean = averaged(table, [
          [rows, row],
          [columns, column],
          [panels, panel]
        ])
        parts.push(cell(table, mean, x + column * CELL_WIDTH, top, full, paint))
      }
    }
    for (let column = 0; column < width; column++) {
      const label = firstNumber(table.features[columns].bins[column])
      const at = x + (column + 0.5) * CELL_WIDTH
      if (width <= 12 || column % 2 === 1) {
        parts.push(text(at, y + height * CELL_HEIGHT + 13, label, { anchor: 'middle', fill: paint.faint }))
      }
    }
    parts.push(
      text(x + (width * CELL_WIDTH) / 2, y + height * CELL_HEIGHT + 28, table.features[columns].name, {
        anchor: 'middle',
        fill: paint.faint
      })
    )
  }
  const total = across * panelWidth + (across - 1) * (GAP / 2) + 24
  const down = TOP + Math.ceil(count / across) * (panelHeight + GAP)
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${total} ${down}" width="${total}" height="${down}" font-family="system-ui, sans-serif" font-size="11" fill="${paint.ink}">`,
    `<title>${escaped(title)}</title>`,
    ...(page ? [] : [`<rect width="${total}" height="${down}" fill="#fff"/>`]),
    text(LEFT, 20, `${title}; rows: ${table.features[rows].name}`, { bold: true }),
    ...legend(table, full, LEFT, 38, paint),
    ...parts,
    '</svg>'
  ].join('\n')}\n`
}

interface Mean {
  readonly values: readonly number[]
  readonly visits: number
}

function featureOf({ features }: QTableView, name: string): number {
  const at = features.findIndex((feature) => feature.name === name)
  if (at >= 0) return at
  const known = features.map((feature) => feature.name)
  throw new PrescaleError('BAD_OPTION', unknownName('a feature of the table', name, known))
}

/** Values of all states in these bins, each by its visits. */
function averaged(
  { features, actions, values, visits }: QTableView,
  fixed: readonly (readonly [feature: number, bin: number])[]
): Mean {
  const sums = new Array<number>(actions.length).fill(0)
  let total = 0
  const free = features.map((_, i) => i).filter((i) => !fixed.some(([feature]) => feature === i))
  const combinations = free.reduce((product, i) => product * features[i].bins.length, 1)
  for (let c = 0; c < combinations; c++) {
    const bins = new Array<number>(features.length)
    for (const [feature, bin] of fixed) bins[feature] = bin
    let rest = c
    for (const i of free) {
      bins[i] = rest % features[i].bins.length
      rest = Math.floor(rest / features[i].bins.length)
    }
    const state = features.reduce((s, { bins: all }, i) => s * all.length + bins[i], 0)
    let seen = 0
    for (let a = 0; a < actions.length; a++) seen += visits[state * actions.length + a]
    total += seen
    for (let a = 0; a < actions.length; a++) sums[a] += seen * values[state * actions.length + a]
  }
  return { values: sums.map((sum) => sum / total), visits: total }
}

function cell(
  table: QTableView,
  { values, visits }: Mean,
  x: number,
  y: number,
  full: number,
  paint: Paint
): string {
  const box = `x="${x}" y="${y}" width="${CELL_WIDTH - 1}" height="${CELL_HEIGHT - 1}"`
  if (visits === 0)
    return `<rect ${box} fill="none" stroke="${paint.empty}"><title>never visited</title></rect>`
  const one: QTableView = { ...table, values, visits: [] }
  const best = bestOf(one, 0)
  const margin = aheadBy(one, 0, best)
  const strength = 0.2 + 0.8 * Math.min(1, margin / full)
  const told = table.actions.map((action, a) => `${action} ${amount(values[a])}`).join(', ')
  const about = `${table.actions[best]}, ahead by ${amount(margin)} (${told}), ${amount(visits)} visits`
  const inset = visits < RARE ? 4 : 0
  const drawn = `x="${x + inset}" y="${y + inset}" width="${CELL_WIDTH - 1 - 2 * inset}" height="${CELL_HEIGHT - 1 - 2 * inset}"`
  return `<rect ${drawn} fill="${COLOURS[best % COLOURS.length]}" fill-opacity="${strength.toFixed(2)}"><title>${escaped(about)}</title></rect>`
}

function legend({ actions }: QTableView, full: number, x: number, y: number, paint: Paint): string[] {
  const parts: string[] = []
  let at = x
  for (const [a, action] of actions.entries()) {
    for (const [i, strength] of [0.3, 0.65, 1].entries()) {
      parts.push(
        `<rect x="${at + i * 12}" y="${y - 9}" width="11" height="11" fill="${COLOURS[a % COLOURS.length]}" fill-opacity="${strength}"/>`
      )
    }
    parts.push(text(at + 42, y, action))
    at += 56 + 7 * action.length
  }
  parts.push(
    text(
      at + 8,
      y,
      `full colour: ahead by ${amount(full)} or more; small: fewer than ${RARE} visits; empty: none`,
      { fill: paint.faint }
    )
  )
  return parts
}

/** `12 units` → `12`: there is no room for more under a column. */
const firstNumber = (bin: string) => bin.match(/[\d.]+/)?.[0] ?? bin

function text(
  x: number,
  y: number,
  words: string,
  { anchor, fill, bold }: { anchor?: 'middle' | 'end'; fill?: string; bold?: boolean } = {}
): string {
  const attributes = `${anchor ? ` text-anchor="${anchor}"` : ''}${fill ? ` fill="${fill}"` : ''}${bold ? ' font-weight="600"' : ''}`
  return `<text x="${x}" y="${y}"${attributes}>${escaped(words)}</text>`
}

const escaped = (words: string) =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

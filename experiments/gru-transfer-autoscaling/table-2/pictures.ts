/** The paper's figures 6 and 7 from our runs, and error against time for every model on every set. */
import {
  apart,
  type Box,
  colours,
  dot,
  line,
  linear,
  logarithmic,
  type Scale,
  svg,
  text,
  xAxis,
  yAxis
} from '../../svg.ts'
import type { Done } from './job.ts'
import { PAPERS, SIMPLE } from './models.ts'
import { meanOf, type StudyRow, testPart, trainingSteps } from './rows.ts'
import type { StudySet } from './sets.ts'

interface Study {
  readonly sets: readonly StudySet[]
  readonly done: readonly Done[]
  readonly rows: readonly StudyRow[]
}

export function picturesOf(study: Study): Record<string, string> {
  return {
    'error-against-time.svg': errorAgainstTime(study),
    'forecasts.svg': forecasts(study),
    'rmse-and-time.svg': rmseAndTime(study)
  }
}

const hue: Readonly<Record<string, string>> = {
  gru: colours.blue,
  cnn: colours.orange,
  arima: colours.green,
  prophet: colours.purple
}
const hueOf = (model: string) => hue[model] ?? (SIMPLE.includes(model) ? colours.ink : colours.pink)
const known = (row: StudyRow) => !Number.isNaN(row.smape)

// ───────────────────────────────────────── error against time ─────────────────────────────────────────

const cell = { width: 330, height: 270, left: 58, top: 30, right: 20, bottom: 36 }
const header = 30

function errorAgainstTime({ sets, rows }: Study): string {
  const columns = Math.min(3, sets.length)
  const parts = sets.map((set, i) => {
    const box = {
      x: (i % columns) * cell.width + cell.left,
      y: header + Math.floor(i / columns) * cell.height + cell.top,
      width: cell.width - cell.left - cell.right,
      height: cell.height - cell.top - cell.bottom
    }
    return scatter(
      box,
      set,
      rows.filter((row) => row.set === set.name && known(row))
    )
  })
  const height = Math.ceil(sets.length / columns) * cell.height + header + 30
  return svg(columns * cell.width, height, 'SMAPE against time to train and forecast', [
    text(
      cell.left,
      20,
      'SMAPE (usual definition, %) against time to train and to forecast the last fifth (s)',
      {
        bold: true
      }
    ),
    ...parts,
    text(cell.left, height - 12, 'Dashed: what a forecast that knows all but the noise has.', {
      fill: colours.faint
    })
  ])
}

function scatter(box: Box, set: StudySet, rows: readonly StudyRow[]): string {
  const floor = rows[0]?.floor ?? NaN
  const percent = (ratio: number) => Math.max(100 * ratio, 1e-3)
  const errors = [...rows.map(({ smape }) => percent(smape)), ...(floor > 0 ? [percent(floor)] : [])]
  const y = logarithmic([0.97 * Math.min(...errors), 1.03 * Math.max(...errors)], [box.y + box.height, box.y])
  const seconds = rows.map(({ totalS }) => Math.max(totalS, 1e-3))
  const x = logarithmic([Math.min(...seconds) / 2, Math.max(...seconds) * 20], [box.x, box.x + box.width])
  const labels = apart(
    rows.map(({ smape }) => y(percent(smape)) + 4),
    11,
    [box.y + 4, box.y + box.height]
  )
  return [
    text(box.x, box.y - 8, set.name, { bold: true }),
    xAxis(box, x, brief),
    yAxis(box, y, brief),
    floor > 0 ? across(box, y(percent(floor))) : '',
    ...rows.map(({ model, smape }, i) => {
      const [px, py] = [x(seconds[i]), y(percent(smape))]
      const moved = Math.abs(labels[i] - py - 4) > 3
      return [
        moved
          ? line(
              [
                [px, py],
                [px + 9, labels[i] - 4]
              ],
              { stroke: colours.faint, width: 0.7 }
            )
          : '',
        dot(px, py, hueOf(model)),
        text(px + (moved ? 11 : 7), labels[i], model, {
          fill: hueOf(model),
          bold: PAPERS.some((paper) => paper === model)
        })
      ].join('')
    })
  ].join('\n')
}

const across = ({ x, width }: Box, y: number) =>
  line(
    [
      [x, y],
      [x + width, y]
    ],
    { stroke: colours.faint, dash: '5 4' }
  )

// ───────────────────────────────────── forecasts over time (figure 6) ─────────────────────────────────

const wide = { left: 64, right: 16, width: 990, row: 190 }

function forecasts(study: Study): string {
  const { sets } = study
  const shown = sets.filter(({ family, rate }) => family !== 'taxi' && rate !== 2)
  const half = (wide.width - 2 * (wide.left + wide.right)) / 2
  const parts: string[] = []
  shown.forEach((set, i) => {
    const box = {
      x: wide.left + (i % 2) * (half + wide.left + wide.right),
      y: 76 + Math.floor(i / 2) * wide.row,
      width: half,
      height: wide.row - 70
    }
    parts.push(stretch(box, study, set, ['gru'], set.rate === 1 ? 4 : 24))
  })
  const top = 64 + Math.ceil(shown.length / 2) * wide.row
  const five = sets.find(({ family, rate }) => family === 'iot' && rate === 5)
  const box = { x: wide.left, y: top + 30, width: wide.width - wide.left - wide.right, height: 260 }
  if (five) parts.push(stretch(box, study, five, PAPERS, 12))
  return svg(wide.width, top + (five ? 340 : 10), 'Load and forecasts, one step ahead', [
    text(wide.left, 20, 'Load and one-step forecasts at the end of the held-back fifth, events a step', {
      bold: true
    }),
    legend(wide.left, 38, [
      ['load', colours.faint],
      ['without its noise', colours.ink],
      ...PAPERS.map((model) => [model, hueOf(model)] as const)
    ]),
    ...parts
  ])
}

/** The last hours of a set with the forecasts of some models. */
function stretch(box: Box, { done }: Study, set: StudySet, models: readonly string[], hours: number): string {
  const actual = testPart(set)
  const steps = Math.min(actual.length, Math.round((hours * 60) / set.rate))
  const last = (values: Float64Array) => values.subarray(values.length - steps)
  const lines = models.flatMap((model) => {
    const found = done.find((one) => one.set === set.name && one.model === model && one.mean.length > 0)
    return found ? [{ model, values: last(found.mean) }] : []
  })
  const clean = set.clean && last(set.clean.subarray(trainingSteps(set)))
  const all = [last(actual), ...lines.map(({ values }) => values)].flatMap((values) =>
    Array.from(values).filter(Number.isFinite)
  )
  const y = linear([Math.min(...all), Math.max(...all)], [box.y + box.height, box.y], 4)
  const x = linear([0, (steps * set.rate) / 60], [box.x, box.x + box.width], 6)
  const path = (values: Float64Array) =>
    Array.from(values, (value, i): [number, number] => [x(((i + 0.5) * set.rate) / 60), y(value)])
  return [
    text(box.x, box.y - 8, `${set.name}${models.length > 1 ? ', all four' : ', gru'}`, { bold: true }),
    xAxis(box, x, (hour) => `${brief(hour)} h`),
    yAxis(box, y, (events) => events.toLocaleString('en-US')),
    line(path(last(actual)), { stroke: colours.faint, width: 1 }),
    clean ? line(path(clean), { stroke: colours.ink, width: 1, dash: '3 3' }) : '',
    ...lines.map(({ model, values }) => line(path(values), { stroke: hueOf(model), width: 1.6 }))
  ].join('\n')
}

// ─────────────────────────── normalised RMSE and time by model (figure 7) ─────────────────────────────

const tint: Readonly<Record<string, string>> = {
  iot: colours.blue,
  flights: colours.orange,
  nyctt: colours.orange,
  '5 min': colours.green,
  '2 min': colours.orange,
  '1 min': colours.purple
}

function rmseAndTime({ sets, rows }: Study): string {
  const used = rows.filter((row) => known(row) && !row.set.startsWith('taxi'))
  const models = [...new Set(used.map(({ model }) => model))]
  const families = [...new Set(sets.map(({ family }) => family))].filter((family) => family !== 'taxi')
  const rates = [...new Set(sets.map(({ rate }) => `${rate} min`))]
  const height = 24 * models.length
  const left = { x: 120, y: 72, width: 340, height }
  const right = { x: 590, y: 72, width: 380, height }
  const inGroup = (model: string, group: string) =>
    used.filter((row) => row.model === model && (row.set.startsWith(group) || row.set.endsWith(` ${group}`)))
  const errors = used.map(({ nrmse }) => nrmse).filter(Number.isFinite)
  const errorScale = logarithmic(
    [Math.min(...errors, 1) * 0.9, Math.max(...errors, 1) * 1.1],
    [left.x, left.x + left.width]
  )
  const seconds = used.map(({ totalS }) => Math.max(totalS, 1e-3))
  const timeScale = logarithmic(
    [Math.min(...seconds) / 1.5, Math.max(...seconds) * 1.5],
    [right.x, right.x + right.width]
  )
  return svg(990, height + 110, 'Normalised RMSE and time of every model', [
    text(left.x, 20, 'RMSE / mean absolute error at that rate', { bold: true }),
    legend(
      left.x,
      40,
      families.map((family) => [family, tint[family]])
    ),
    dots(left, errorScale, models, families, (model, group) =>
      meanOf(inGroup(model, group).map(({ nrmse }) => nrmse))
    ),
    text(right.x, 20, 'Time to train and to forecast the last fifth, s', { bold: true }),
    legend(
      right.x,
      40,
      rates.map((rate) => [rate, tint[rate]])
    ),
    dots(right, timeScale, models, rates, (model, group) =>
      meanOf(inGroup(model, group).map(({ totalS }) => Math.max(totalS, 1e-3)))
    )
  ])
}

/** A row a model, a dot a group. */
function dots(
  box: Box,
  x: Scale,
  models: readonly string[],
  groups: readonly string[],
  value: (model: string, group: string) => number
): string {
  return [
    xAxis(box, x, brief),
    ...models.map((model, i) => {
      const y = box.y + 24 * (i + 0.5)
      const seen = groups
        .map((group) => ({ group, at: x(value(model, group)) }))
        .filter(({ at }) => Number.isFinite(at))
      return [
        text(box.x - 8, y + 4, model, { anchor: 'end', bold: PAPERS.some((paper) => paper === model) }),
        seen.length > 1
          ? line(
              [
                [Math.min(...seen.map(({ at }) => at)), y],
                [Math.max(...seen.map(({ at }) => at)), y]
              ],
              { stroke: colours.rule, width: 3 }
            )
          : '',
        ...seen.map(({ group, at }) => dot(at, y, tint[group]))
      ].join('')
    })
  ].join('\n')
}

function legend(x: number, y: number, entries: readonly (readonly [string, string])[]): string {
  let at = x
  return entries
    .map(([name, colour]) => {
      const here = at
      at += 26 + 7 * name.length
      return dot(here + 4, y - 4, colour) + text(here + 13, y, name)
    })
    .join('')
}

/** 0.001, 0.02, 5, 100: as short as it can be. */
const brief = (tick: number) => String(Number(tick.toPrecision(3)))

/** The predictions that Gontarska et al. 2021 published for the last fifth of each 5-minute set, row by row. */
import { readFileSync } from 'node:fs'
import { PrescaleError, type Series } from '../../../src/base/index.ts'
import { readData } from '../../../src/cli/data.ts'
import { requireData } from '../../experiment.ts'

export const SETS = ['iot', 'taxi', 'wiki_de', 'google', 'avazu'] as const

export interface Published {
  readonly set: string
  /** Up to the last row that every published model predicted. */
  readonly series: Series
  /** Step of the first published row. */
  readonly from: number
  readonly predictions: Readonly<Record<string, Float64Array>>
  /** Largest distance between a published actual and ours: they cut to whole numbers. */
  readonly apart: number
}

export async function readPublished(set: string): Promise<Published> {
  const { series } = await readData(requireData('dsp', `${set}_5min.csv`), { value: 'value' })
  const tables = ['classic', 'dl'].map((kind) =>
    table(requireData('dsp/published', `${set}_5min_${kind}.csv`))
  )
  const rows = Math.min(...tables.map(({ dates }) => dates.length))
  const from = Math.round(
    (Date.parse(`${tables[0].dates[0].replace(' ', 'T')}Z`) - series.startMs) / series.stepMs
  )
  let apart = 0
  for (const { dates, columns } of tables) {
    for (let i = 0; i < rows; i++) {
      const at = series.startMs + (from + i) * series.stepMs
      if (Date.parse(`${dates[i].replace(' ', 'T')}Z`) !== at) {
        throw new PrescaleError(
          'BAD_INPUT',
          `${set}: published row ${i} is of ${dates[i]}, ours of ${new Date(at).toISOString()}`
        )
      }
      apart = Math.max(apart, Math.abs(columns.t[i] - series.values[from + i]))
    }
  }
  const predictions = Object.fromEntries(
    tables.flatMap(({ columns }) =>
      Object.entries(columns)
        .filter(([name]) => name !== 't')
        .map(([name, column]) => [name, column.subarray(0, rows)])
    )
  )
  return {
    set,
    series: { ...series, values: series.values.subarray(0, from + rows) },
    from,
    predictions,
    apart
  }
}

function table(file: string): { dates: string[]; columns: Record<string, Float64Array> } {
  const [head, ...lines] = readFileSync(file, 'utf8').trim().split('\n')
  const names = head.trim().split(',').slice(1)
  const cells = lines.map((line) => line.trim().split(','))
  return {
    dates: cells.map(([date]) => date),
    columns: Object.fromEntries(
      names.map((name, c) => [name, Float64Array.from(cells, (row) => Number(row[c + 1]))])
    )
  }
}

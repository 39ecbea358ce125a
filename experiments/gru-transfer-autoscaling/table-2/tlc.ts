/**
 * NYC TLC trip records — the monthly Parquet files of the four providers, counted per minute of pick-up.
 *
 *   DIR/{yellow,green,fhv,fhvhv}_tripdata_YYYY-MM.parquet      pick-up column by provider, see below
 *
 * Pick-up times are New York wall clock without a zone; records stamped outside the month are left out. The paper took January
 * 2024, "four files" and "over 4 million records": yellow, green and FHV alone are that many, with the high-volume
 * file it would be many more. All four are taken unless `providers` says otherwise.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  MINUTE,
  PrescaleError,
  requireOption,
  type Series,
  series,
  unknownName
} from '../../../src/base/index.ts'
import { firstLine, named, quoted, withDuckDB } from '../../../src/observe/duckdb.ts'

export const pickupColumns: Readonly<Record<string, string>> = {
  yellow: 'tpep_pickup_datetime',
  green: 'lpep_pickup_datetime',
  fhv: 'pickup_datetime',
  fhvhv: 'pickup_datetime'
}

export interface TripFiles {
  readonly folder: string
  /** `YYYY-MM`. */
  readonly month: string
  readonly providers: readonly string[]
}

/** Trips per minute of the whole month, all providers together. A minute without one is a measured zero. */
export async function tripsPerMinute(trips: TripFiles | undefined): Promise<Series> {
  if (trips === undefined) throw new PrescaleError('BAD_OPTION', 'the taxi rows need --taxi DIR')
  const [fromMs, toMs] = monthOf(trips.month)
  const values = new Float64Array((toMs - fromMs) / MINUTE)
  const files = trips.providers.map((provider) => fileOf(trips, provider))
  await withDuckDB(async (db) => {
    for (const { file, column } of files) {
      const pickup = `epoch_ms(${named(column)}::TIMESTAMP)`
      try {
        const [minutes, counts] = await db.numbers(
          `SELECT ((${pickup} - ${fromMs}) // ${MINUTE})::DOUBLE, count(*)::DOUBLE FROM read_parquet(${quoted(file)})
           WHERE ${pickup} >= ${fromMs} AND ${pickup} < ${toMs} GROUP BY 1`
        )
        for (let i = 0; i < minutes.length; i++) values[minutes[i]] += counts[i]
      } catch (cause) {
        const right = `a TLC file with the column ${column}`
        throw new PrescaleError('BAD_INPUT', `${file} is not ${right}: ${firstLine(cause)}`, { cause })
      }
    }
  })
  return series(MINUTE, values, { startMs: fromMs, unit: 'events/step' })
}

function fileOf({ folder, month }: TripFiles, provider: string): { file: string; column: string } {
  const column = pickupColumns[provider]
  if (column === undefined) {
    throw new PrescaleError('BAD_OPTION', unknownName('a provider', provider, Object.keys(pickupColumns)))
  }
  const file = join(folder, `${provider}_tripdata_${month}.parquet`)
  if (existsSync(file)) return { file, column }
  throw new PrescaleError(
    'NOT_FOUND',
    `${file} is not there: --taxi takes a folder with the TLC trip records of ${month}, one file a provider`
  )
}

function monthOf(month: string): [number, number] {
  requireOption(/^\d{4}-(0[1-9]|1[0-2])$/.test(month), 'month', month, 'a month such as 2024-01')
  const [year, number] = month.split('-').map(Number)
  return [Date.UTC(year, number - 1), Date.UTC(year, number)]
}

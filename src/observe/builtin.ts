/**
 * Flights — three million US departures of January to June 2001, counted per minute: a real load out of the box.
 *
 * From `flights-3m.parquet` of the npm package `vega-datasets` (BSD-3; US Bureau of Transportation Statistics). It has
 * a hard morning ramp, a weekly rhythm, and counts that double on every fifth minute and triple on the hour, as
 * scheduled jobs do. Every one of the 181 days is there, so a minute without a departure is a measured zero.
 */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { MINUTE, type Series, series } from '../base/index.ts'
import { quoted, withDuckDB } from './duckdb.ts'

export interface BuiltinSeries {
  readonly series: Series
  readonly notes: readonly string[]
}

const startMs = Date.UTC(2001, 0, 1)
const minutes = (Date.UTC(2001, 6, 1) - startMs) / MINUTE

/** Where the departures lie on this machine; undefined when the package is not installed (it is not a dependency). */
export function flightsFile(): string | undefined {
  try {
    // Its `exports` hide the data folder, so the way goes over the folder of its entry point.
    const entry = createRequire(import.meta.url).resolve('vega-datasets')
    const file = join(dirname(entry), '..', 'data', 'flights-3m.parquet')
    return existsSync(file) ? file : undefined
  } catch {
    return undefined
  }
}

/** Departures per second in steps of one minute, from 2001-01-01 00:00 to 2001-07-01 00:00. */
export async function flights(file: string, abort?: AbortSignal): Promise<BuiltinSeries> {
  const [at, count] = await withDuckDB(
    (db) =>
      db.numbers(
        `SELECT (epoch_ms(date) // ${MINUTE})::DOUBLE AS minute, count(*)::DOUBLE
         FROM read_parquet(${quoted(file)}) GROUP BY ALL`
      ),
    abort
  )
  const values = new Float64Array(minutes)
  let outside = 0
  for (let i = 0; i < at.length; i++) {
    const step = at[i] - startMs / MINUTE
    if (step >= 0 && step < minutes) values[step] = count[i] / 60
    else outside += count[i]
  }
  return {
    series: series(MINUTE, values, { startMs }),
    notes: [
      'times are local to each airport: the load of a country seen as if it had one clock',
      ...(outside > 0 ? [`${outside} departures stamped outside 2001-01-01 … 2001-06-30 are left out`] : [])
    ]
  }
}

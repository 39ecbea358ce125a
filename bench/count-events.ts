/** Three million departures counted into minutes, from the file on disk to a Series. */
import { PrescaleError } from '../src/base/index.ts'
import { flights, flightsFile } from '../src/observe/builtin.ts'
import { readTable } from '../src/observe/table.ts'
import type { Bench, Peer } from './bench.ts'
import { python } from './peers/python.ts'

function file(): string {
  const found = flightsFile()
  if (found === undefined) throw new PrescaleError('NOT_FOUND', 'the package vega-datasets is not installed')
  return found
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1_000
}

const pandas: Peer = {
  name: 'pandas read_parquet + groupby',
  version: '3.1.1, pyarrow 26.0.1',
  run: () => python('pandas-count-events.py', ['pandas==3.1.1', 'pyarrow==26.0.1'], [file()])
}

const benches: readonly Bench[] = [
  {
    name: 'count-events 3 M flights into minutes',
    unit: 's',
    higherIsBetter: false,
    ours: () => seconds(() => flights(file())),
    peer: pandas
  },
  {
    name: 'count-events the same as a user’s file, columns found',
    unit: 's',
    higherIsBetter: false,
    ours: () => seconds(() => readTable(file(), { count: true, time: 'date' })),
    peer: pandas
  }
]
export default benches

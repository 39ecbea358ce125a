/** The price of a late minute for `mpc`, load by load, as published tables chose it on the training parts. */
import { readFileSync } from 'node:fs'
import { PrescaleError } from '../../src/base/index.ts'

interface Row {
  readonly series?: string
  readonly truth?: string
  readonly knob?: string
}

const traces = new URL('../rehearsals/traces/results.json', import.meta.url)
const flights = new URL('../rehearsals/flights/results.json', import.meta.url)

export function priceOf(load: string): number {
  if (load === 'flights') return Number(JSON.parse(readFileSync(flights, 'utf8')).settings.mpc.price)
  const { rows }: { rows: readonly Row[] } = JSON.parse(readFileSync(traces, 'utf8'))
  const knob = rows.find(({ series, truth }) => series === load && truth === 'as said')?.knob
  if (knob === undefined) {
    throw new PrescaleError('NOT_FOUND', `rehearsals/traces has no row of ${load}: run it with --long first`)
  }
  return Number(JSON.parse(knob).price)
}

import { expect, it } from 'vitest'
import { HOUR } from '../base/index.ts'
import { flights, flightsFile } from './builtin.ts'

const file = flightsFile()

// Facts of the data, counted once by hand with DuckDB's own shell.
it.skipIf(file === undefined)('flights are 181 whole days with their morning ramp', async () => {
  const { series, notes } = await flights(file as string)
  expect(series.values.length).toBe(181 * 1_440)
  expect(new Date(series.startMs).toISOString()).toBe('2001-01-01T00:00:00.000Z')
  const departures = series.values.reduce((sum, rate) => sum + rate * 60, 0)
  expect(Math.round(departures)).toBe(2_999_994)
  const inHour = (hour: number) => {
    let sum = 0
    series.values.forEach((rate, i) => {
      if (Math.floor((i * series.stepMs) / HOUR) % 24 === hour) sum += rate * 60
    })
    return sum / 181
  }
  expect(Math.round(inHour(5))).toBe(212)
  expect(Math.round(inHour(6))).toBe(1_109)
  expect(notes[0]).toMatch(/^times are local to each airport/)
})

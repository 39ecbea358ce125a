/**
 * The six data sets of the study, and the 5-minute taxi series beside them.
 *
 *   iot       dsp/iot_5min through Algorithm 1 at 5, 2 and 1 minute, with the same curve without its noise
 *   flights   the departures of January 2001, by their own timestamps, through Algorithm 2: in the taxi's place
 *   nyctt     the taxi trips of a month, from files that the user fetched, through Algorithm 2: the paper's own
 *   taxi      dsp/taxi_5min (taxi trips of February 2020, already counted), through the second half of Algorithm 2
 *
 * Algorithm 2 takes mean and standard deviation from the IoT series of the same step.
 */
import { MINUTE, PrescaleError, type Series } from '../../../src/base/index.ts'
import { readData } from '../../../src/cli/data.ts'
import { momentsOf, resampleSpline, withMoments } from '../../../src/sim/index.ts'
import { requireData } from '../../experiment.ts'
import { type TripFiles, tripsPerMinute } from './tlc.ts'

export type Family = 'iot' | 'flights' | 'nyctt' | 'taxi'
export const RATES = [5, 2, 1] as const
export type Rate = (typeof RATES)[number]

export interface StudySet {
  readonly name: string
  readonly family: Family
  /** Minutes of a step. */
  readonly rate: Rate
  readonly series: Series
  /** The load without its noise, where it is known. */
  readonly clean?: Float64Array
}

export interface SetsOptions {
  readonly rates: readonly Rate[]
  readonly families: readonly Family[]
  readonly trips?: TripFiles
  /** Share of each series that is used, from its beginning: below 1 while a method is developed. */
  readonly share: number
}

/** As long as the paper's month, and like it the January of its year. */
const MONTH = { from: '2001-01-01T00:00:00Z', to: '2001-02-01T00:00:00Z' }
const NOISE_SEED = 1

export async function studySets({ rates, families, trips, share }: SetsOptions): Promise<StudySet[]> {
  const iot = await noisyAndClean(rates)
  const sets: StudySet[] = families.includes('iot') ? [...iot] : []
  const like = (family: Family, { rate, series }: StudySet, counts: Series): StudySet => ({
    name: nameOf(family, rate),
    family,
    rate,
    series: { ...counts, unit: 'events/step', values: withMoments(counts.values, momentsOf(series.values)) }
  })
  for (const family of ['flights', 'nyctt'] as const) {
    if (!families.includes(family)) continue
    const minutes = family === 'flights' ? await departures() : await tripsPerMinute(trips)
    sets.push(...iot.map((twin) => like(family, twin, sums(minutes, twin.rate))))
  }
  const five = iot.find(({ rate }) => rate === 5)
  if (families.includes('taxi') && five) sets.push(like('taxi', five, await published('taxi_5min')))
  return sets.map((set) => firstPart(set, share))
}

export const nameOf = (family: Family, rate: Rate) => `${family} ${rate} min`

/** Algorithm 1. The curve without noise is cut to whole numbers too: less than one event off. */
async function noisyAndClean(rates: readonly Rate[]): Promise<StudySet[]> {
  const counts = await published('iot_5min')
  return rates.map((rate) => {
    const stepMs = rate * MINUTE
    return {
      name: nameOf('iot', rate),
      family: 'iot',
      rate,
      series: resampleSpline(counts, { stepMs, seed: NOISE_SEED }),
      clean: resampleSpline(counts, { stepMs, seed: NOISE_SEED, noise: 0 }).values
    }
  })
}

/** A series of the dsp folder; its values are counts of its step. */
async function published(name: string): Promise<Series> {
  const { series } = await readData(requireData('dsp', `${name}.csv`), { value: 'value' })
  return { ...series, unit: 'events/step' }
}

/** Departures per minute, counted from their own timestamps. */
async function departures(): Promise<Series> {
  const { series, name } = await readData('builtin:flights', MONTH)
  if (name !== 'flights')
    throw new PrescaleError('NOT_FOUND', 'the npm package vega-datasets is not installed')
  return { ...series, unit: 'events/step', values: series.values.map((rate) => Math.round(60 * rate)) }
}

/** Counts per `factor` steps. */
export function sums(counts: Series, factor: number): Series {
  const values = new Float64Array(Math.floor(counts.values.length / factor))
  for (let i = 0; i < values.length * factor; i++) values[Math.floor(i / factor)] += counts.values[i]
  return { ...counts, stepMs: counts.stepMs * factor, values }
}

function firstPart(set: StudySet, share: number): StudySet {
  const steps = Math.floor(share * set.series.values.length)
  const series = { ...set.series, values: set.series.values.slice(0, steps) }
  return { ...set, series, ...(set.clean && { clean: set.clean.slice(0, steps) }) }
}

/** The series of these experiments, and which part of them is looked at. */
import { existsSync } from 'node:fs'
import { type GivenOptions, type OptionTable, type Series, sliceSteps } from '../../src/base/index.ts'
import { readData } from '../../src/cli/data.ts'
import { forecasters } from '../../src/forecast/index.ts'
import { dataPath } from '../experiment.ts'
import { type RealSeries, seriesFor } from '../rehearsals/series.ts'
import type { Pass } from './pass.ts'

/** Whichever is asked for, the models are fitted to its first 0.8 and scored on its last fifth. */
export type Part = 'development' | 'held-back'

export interface LoadSet {
  readonly name: string
  readonly series: Series
}

/** numenta/NAB: real metrics of a taxi fleet, load balancers and machines, with their anomalies left in. */
const nab = [
  'nyc_taxi',
  'elb_request_count_8c0756',
  'grok_asg_anomaly',
  'ec2_cpu_utilization_24ae8d',
  'ec2_network_in_257a54',
  'rds_cpu_utilization_cc0c53'
]

export const partOption = {
  part: {
    kind: 'text',
    default: 'auto',
    oneOf: ['auto', 'development', 'held-back'],
    says: 'development = the first 0.8 of each series only; auto = that, and the held-back part with --long'
  }
} as const satisfies OptionTable

export const modelsOption = {
  models: { kind: 'text', default: '', says: 'the models to run; none = all, quick ones in the short form' }
} as const satisfies OptionTable

export const partOf = (asked: string, long: boolean): Part =>
  asked === 'development' || asked === 'held-back' ? asked : long ? 'held-back' : 'development'

/** The development part ends where the held-back part begins. */
export function cut(series: Series, part: Part): Series {
  return part === 'held-back' ? series : sliceSteps(series, 0, Math.floor(0.8 * series.values.length))
}

export const trainingSteps = (series: Series) => Math.floor(0.8 * series.values.length)

/** The real load series of the rehearsals and the metrics of NAB, or the named few of them. */
export async function loadSets(long: boolean, few: readonly string[], part: Part): Promise<LoadSet[]> {
  const metrics = nab
    .map(
      (name): RealSeries => ({
        name: `nab/${name}`,
        file: dataPath('nab', `${name}.csv`),
        options: { value: 'value' }
      })
    )
    .filter(({ name, file }) => existsSync(file) && (long || few.includes(name)))
  const sets: LoadSet[] = []
  for (const { name, file, options } of [...seriesFor(long, few), ...metrics]) {
    sets.push({ name, series: cut((await readData(file, options)).series, part) })
  }
  return sets
}

/** Models by name in the order of the table; `quick` where all of them would take too long. */
export function modelsOf(asked: string, long: boolean, quick: readonly string[]): string[] {
  const all = Object.keys(forecasters)
  if (asked.trim() !== '') return asked.split(',').map((name) => name.trim())
  return long ? all : all.filter((name) => quick.includes(name))
}

/** Options of a model: in the short form `auto` chooses among the quick ones only. */
export const optionsFor = (model: string, long: boolean, models: readonly string[]): GivenOptions =>
  model === 'auto' && !long ? { models: models.filter((name) => name !== 'auto').join('+') } : {}

/** Networks that take minutes on a long series are left out of the comparison there; `auto` decides for itself. */
const dear = { models: ['gru', 'lstm', 'tcn'], steps: 4_000 }

const isLeftOut = (model: string, trainUntil: number) =>
  dear.models.includes(model) && trainUntil > dear.steps

/** Every model on every set, but those that are left out. */
export function passesOf(
  sets: readonly LoadSet[],
  models: readonly string[],
  { long, horizons }: { readonly long: boolean; readonly horizons: readonly number[] }
): Pass[] {
  return sets.flatMap(({ name, series }) => {
    const trainUntil = trainingSteps(series)
    return models
      .filter((model) => !isLeftOut(model, trainUntil))
      .map((model) => ({
        set: name,
        model,
        options: optionsFor(model, long, models),
        series,
        trainUntil,
        horizons
      }))
  })
}

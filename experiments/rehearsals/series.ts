/** The real load series that every rehearsal table runs on, with how each file is to be read. */
import { existsSync } from 'node:fs'
import { PrescaleError } from '../../src/base/index.ts'
import type { DataOptions } from '../../src/cli/data.ts'
import { dataPath } from '../experiment.ts'

export interface RealSeries {
  readonly name: string
  readonly file: string
  readonly options: DataOptions
}

/** Rates on a large offset (rescaled by their publishers): 0.98 × the training minimum is subtracted. */
const offset: DataOptions = { floor: true }
/** Counts per step, not rates. */
const counts: DataOptions = { perStep: true }

const known: readonly (readonly [folder: string, file: string, options: DataOptions])[] = [
  ...['iot', 'taxi', 'wiki_de', 'google', 'avazu'].flatMap((name) =>
    ['5min', '15min', '1h'].map((step) => ['dsp', `${name}_${step}.csv`, offset] as const)
  ),
  ['web', 'twitter_stream_2021-08_1min.csv', counts],
  ['web', 'nasa_http_jul95_1min.csv', counts],
  ...[101, 190, 235, 99].map(
    (func) => ['serverless', `azure_functions_2021_func_${func}_1min.csv`, counts] as const
  ),
  ...['02', '05', '09', '11', '14'].map((n) => ['cluster', `crane_metric_${n}.csv`, {}] as const),
  ['llm', 'servegen_m-large_10min.csv', {}],
  ['llm', 'servegen_m-small_10min.csv', {}],
  ['llm', 'azure_llm_2023_conv_1s.csv', counts],
  ['llm', 'burstgpt_week1_tokens_per_s_1min.csv', {}],
  ['llm', 'alibaba_genai2026_lora_5min.csv', counts]
]

/** All that are there, or the named few that are small enough for CI. Throws in one line where none is. */
export function seriesFor(long: boolean, few: readonly string[]): RealSeries[] {
  const all = realSeries()
  if (all.length === 0) {
    throw new PrescaleError(
      'NOT_FOUND',
      'no load series is there: this experiment reads real data from $PRESCALE_DATA or ../shared/data'
    )
  }
  return long ? all : all.filter(({ name }) => few.includes(name))
}

function realSeries(): RealSeries[] {
  return known
    .map(([folder, file, options]) => ({
      name: `${folder}/${file.replace(/\.csv$/, '')}`,
      file: dataPath(folder, file),
      options: { ...options, value: 'value' }
    }))
    .filter(({ file }) => existsSync(file))
}

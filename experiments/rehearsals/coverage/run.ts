/** Do the forecast's intervals hold what they promise, on the held-back part of every real load series? */
import { readData } from '../../../src/cli/data.ts'
import { type CoverageRow, forecasters, intervalCoverage } from '../../../src/forecast/index.ts'
import type { Claim, Experiment, ExperimentOptions, ExperimentResult } from '../../experiment.ts'
import { seriesFor } from '../series.ts'

/** Small enough for CI. */
const SHORT = ['dsp/iot_1h', 'dsp/google_15min', 'llm/servegen_m-large_10min']
const HORIZONS = [1, 3]
const LEVELS = [0.8, 0.95]

export const experiment: Experiment = {
  name: 'rehearsals/coverage',
  says: 'central intervals of the blend on the held-back part of every real load series, 1 and 3 steps ahead',
  run
}

async function run({ long, progress }: ExperimentOptions): Promise<ExperimentResult> {
  const chosen = seriesFor(long, SHORT)
  const rows: (CoverageRow & { readonly series: string })[] = []
  for (const { name, file, options } of chosen) {
    progress(name)
    const { series } = await readData(file, options)
    for (const row of intervalCoverage(series, forecasters.blend.make({}), {
      horizons: HORIZONS,
      levels: LEVELS
    })) {
      rows.push({ series: name, ...row })
    }
  }
  return {
    experiment: experiment.name,
    settings: {
      forecast: 'blend',
      horizons: HORIZONS,
      levels: LEVELS,
      series: chosen.length,
      tolerance: 0.05
    },
    rows: rows.map((row) => ({ ...row })),
    claims: HORIZONS.flatMap((horizon) =>
      LEVELS.map((level) =>
        claimOf(
          horizon,
          level,
          rows.filter((row) => row.horizon === horizon && row.level === level)
        )
      )
    )
  }
}

function claimOf(horizon: number, level: number, rows: readonly { series: string; holds: string }[]): Claim {
  const off = rows.filter(({ holds }) => holds === 'no').map(({ series }) => series)
  const ties = rows.filter(({ holds }) => holds === 'ties').map(({ series }) => series)
  const named = [
    ...(off.length > 0 ? [`not: ${off.join(', ')}`] : []),
    ...(ties.length > 0 ? [`only if values on the ends may count either way: ${ties.join(', ')}`] : [])
  ]
  return {
    id: `within-5-points-${level}-h${horizon}`,
    text: `the central ${100 * level} % interval, ${horizon} step${horizon > 1 ? 's' : ''} ahead, holds within 5 points on all ${rows.length} series${named.length > 0 ? `; ${named.join('; ')}` : ''}`,
    expected: 0,
    measured: off.length,
    holds: off.length === 0
  }
}

/**
 * Does choosing pay? Every model and `auto` on every real load series and the metrics of NAB, 1 and 3 steps ahead: MASE,
 * ranks, what was chosen and why, the time it took; and `mpc` on flights with `auto` in the place of `blend`.
 */
import { type OptionTable, readOptions } from '../../../src/base/index.ts'
import type { Claim, Experiment, ExperimentOptions, ExperimentResult } from '../../experiment.ts'
import type { PassDone } from '../pass.ts'
import { runPasses } from '../run-passes.ts'
import { loadSets, modelsOf, modelsOption, partOf, partOption, passesOf } from '../sets.ts'
import expected from './expected.json' with { type: 'json' }
import { flightsClaims, flightsRows, rehearseFlights } from './flights.ts'
import { meanRanks, type ScoredRow, scoredRows } from './rows.ts'

const options = {
  ...partOption,
  ...modelsOption,
  flights: { kind: 'boolean', default: true, says: 'with --long: rehearse mpc on flights too' }
} as const satisfies OptionTable

export const experiment: Experiment = {
  name: 'forecasting/auto',
  says: 'every model and the automatic choice on every real load series: MASE, mean rank, reasons, time; mpc with it',
  options,
  run
}

/** Small enough for CI: a smooth one, a drifting one, a taxi fleet by half hours. */
const FEW = ['dsp/iot_1h', 'llm/servegen_m-large_10min', 'nab/nyc_taxi']
const QUICK = ['naive', 'seasonal-naive', 'holt-winters', 'theta', 'ridge', 'blend', 'auto']
const HORIZONS = [1, 3]

async function run({ long, progress, given }: ExperimentOptions): Promise<ExperimentResult> {
  const settings = readOptions(experiment.name, options, given)
  const part = partOf(settings.part, long)
  const models = modelsOf(settings.models, long, QUICK)
  const sets = await loadSets(long, FEW, part)
  const done = await runPasses(passesOf(sets, models, { long, horizons: HORIZONS }), progress)
  const rows = scoredRows(done)
  const flights =
    settings.flights && long && models.includes('auto') ? await rehearseFlights(part, progress) : []
  return {
    experiment: experiment.name,
    settings: { part, horizons: HORIZONS, models, series: sets.length, budgetMs: expected.budgetMs },
    rows: [
      ...meanRanks(rows).map((row) => ({ ...row })),
      ...rows.map((row) => ({ ...row })),
      ...flightsRows(flights)
    ],
    claims: [...rankClaims(rows), ...maseClaims(rows), ...timeClaims(done), ...flightsClaims(flights)]
  }
}

function rankClaims(rows: readonly ScoredRow[]): Claim[] {
  const ranks = meanRanks(rows)
  const auto = ranks.find(({ model }) => model === 'auto')
  const [best] = ranks.filter(({ model, cells }) => model !== 'auto' && cells === auto?.cells)
  if (!auto || !best) return []
  return [
    {
      id: 'mean-rank',
      text: `mean rank by MASE of auto among ${ranks.length} over ${auto.cells} cells of series and horizon; the best single model, ${best.model}, has ${best.rank.toFixed(2)}`,
      expected: `< ${best.rank.toFixed(2)}`,
      measured: Math.round(100 * auto.rank) / 100,
      holds: auto.rank < best.rank
    },
    {
      id: 'over-best',
      text: `geometric mean over the cells of auto's error over that of the model that was best in hindsight; ${best.model}: ${best.overBest.toFixed(3)}`,
      expected: 'printed',
      measured: Math.round(1_000 * auto.overBest) / 1_000,
      holds: true
    }
  ]
}

/** Above 1 with a reason: the last value itself does so much worse there than on the training part. */
function maseClaims(rows: readonly ScoredRow[]): Claim[] {
  return HORIZONS.flatMap((horizon): Claim[] => {
    const own = rows.filter((row) => row.model === 'auto' && row.horizon === horizon)
    const naive = (set: string) =>
      rows.find((row) => row.set === set && row.horizon === horizon && row.model === 'naive')?.mase ?? NaN
    const above = own.filter(({ mase }) => !(mase <= expected.mase))
    const unexplained = above.filter(({ set, mase }) => !(mase <= naive(set)))
    const told = above.map(({ set, mase, chosen }) => {
      const harder = naive(set)
      const reason =
        mase <= harder
          ? `the part is harder, the last value itself has ${harder.toFixed(2)}`
          : `worse than the last value, ${harder.toFixed(2)}`
      return `${set} ${mase.toFixed(2)} with ${chosen} (${reason})`
    })
    return [
      {
        id: `mase-h${horizon}`,
        text: `series of ${own.length} on which auto has MASE ≤ 1 ${horizon} ahead${told.length > 0 ? `; not: ${told.join('; ')}` : ''}`,
        expected: 'printed',
        measured: own.length - above.length,
        holds: true
      },
      {
        id: `mase-or-reason-h${horizon}`,
        text: `series on which auto has MASE > 1 ${horizon} ahead though the last value would have done better`,
        expected: 0,
        measured: unexplained.length,
        holds: unexplained.length === 0
      }
    ]
  })
}

function timeClaims(done: readonly PassDone[]): Claim[] {
  const own = done.filter(({ model, workMs }) => model === 'auto' && workMs !== undefined)
  if (own.length === 0) return []
  const slowest = own.reduce((a, b) => (b.fitMs > a.fitMs ? b : a))
  const work = own.reduce((a, b) => ((b.workMs ?? 0) > (a.workMs ?? 0) ? b : a))
  return [
    {
      id: 'budget-kept',
      text: `most work that a tournament counted, ms (${work.set})`,
      expected: `≤ ${expected.budgetMs}`,
      measured: Math.round(work.workMs ?? NaN),
      holds: (work.workMs ?? Infinity) <= expected.budgetMs
    },
    {
      id: 'wall-time',
      text: `longest time of a whole fit of auto, tournament and last fit, two at work at once, ms (${slowest.set}); a budget counts work of one machine when nobody gives it a clock`,
      expected: `≤ ${expected.budgetMs}`,
      measured: Math.round(slowest.fitMs),
      holds: slowest.fitMs <= expected.budgetMs
    }
  ]
}

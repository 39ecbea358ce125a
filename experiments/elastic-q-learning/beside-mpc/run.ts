/** Learned policies in the same table as mpc, hpa and the bound, on flights and on stream ingress rates, in two worlds. */
import { MINUTE, type Series } from '../../../src/base/index.ts'
import { readData, trainingSteps } from '../../../src/cli/data.ts'
import { threads } from '../../../src/cli/jobs.ts'
import type { ServiceSettings, Span } from '../../../src/compare/plan.ts'
import { inWorkers } from '../../../src/work/index.ts'
import type { Claim, Experiment, ExperimentOptions, ExperimentResult } from '../../experiment.ts'
import { seriesFor } from '../../rehearsals/series.ts'
import type { BesideJob, Outcome } from '../beside.ts'
import { aboveStatic, meanOf, rowsOf, saving } from '../beside-rows.ts'
import { rounded } from '../estimate.ts'
import { priceOf } from '../prices.ts'
import type { SparkBesideJob } from './spark-job.ts'

/** Small enough for CI. */
const SHORT = ['dsp/iot_1h']
/** Of load and learner alike. */
const SEEDS = 5
const WEEK_MINUTES = 7 * 1_440
/** Four weeks are scored, and the twelve before them are trained on. */
const [TRAINED_FROM, SCORED_FROM] = [10 * WEEK_MINUTES, 22 * WEEK_MINUTES]
/** As in rehearsals/flights. */
const FLIGHTS: ServiceSettings = { leadTimeMs: { p50: 3 * MINUTE, p90: 3 * MINUTE } }

export const experiment: Experiment = {
  name: 'elastic-q-learning/beside-mpc',
  says: 'tables and a Spark network, trained on the training part, in one table with mpc, hpa and the bound',
  run
}

interface Load {
  readonly name: string
  readonly trace: Series
  readonly span: Span
  readonly settings: ServiceSettings
  readonly seeds: readonly number[]
}

async function run({ long, progress }: ExperimentOptions): Promise<ExperimentResult> {
  const seeds = Array.from({ length: long ? SEEDS : 1 }, (_, i) => i + 1)
  const loads = await loadsFor(long, seeds)
  const share = long ? 1 : 0.25
  const steps = long ? 204_800 : 8_192
  const service = loads.map((load): BesideJob => ({ ...load, price: priceOf(load.name), share }))
  // 15 minutes and an hour are the same loads again; a network takes its time.
  const spark = loads
    .filter(({ name }) => !long || name === 'flights' || name.endsWith('_5min'))
    .map(({ settings: _, ...load }): SparkBesideJob => ({ ...load, price: priceOf(load.name), steps }))
  const tables = await shared<BesideJob>('../beside.ts', 'besideJob', service, 'service', progress)
  const networks = await shared<SparkBesideJob>('./spark-job.ts', 'sparkBesideJob', spark, 'spark', progress)
  return {
    experiment: experiment.name,
    settings: {
      form: long ? 'long' : 'short',
      seeds: seeds.length,
      forecast: 'blend',
      shareOfTraining: share,
      sparkSteps: steps,
      sparkScenario: 'balanced',
      mpcPrice: 'as chosen on the training parts in rehearsals/traces and rehearsals/flights'
    },
    rows: [
      ...rowsOf(tables).map((row) => ({ world: 'service', ...row })),
      ...rowsOf(networks).map((row) => ({ world: 'spark', ...row }))
    ],
    claims: [
      ...['q-learning', 'q-learning, bare', 'sarsa', 'sarsa, bare'].flatMap((policy) =>
        claimsOf('service', tables, policy)
      ),
      ...['ppo', 'ppo, bare'].flatMap((policy) => claimsOf('spark', networks, policy))
    ]
  }
}

async function loadsFor(long: boolean, seeds: readonly number[]): Promise<Load[]> {
  const real = seriesFor(long, SHORT).filter(({ name }) => name.startsWith('dsp/'))
  const loads: Load[] = []
  for (const { name, file, options } of real) {
    const { series: trace } = await readData(file, options)
    const span = { fitFrom: 0, scoreFrom: trainingSteps(trace), scoreTo: trace.values.length }
    loads.push({ name, trace, span, settings: {}, seeds })
  }
  if (!long) return loads
  const { series: trace } = await readData('builtin:flights', { scale: 1000 })
  const span = { fitFrom: TRAINED_FROM, scoreFrom: SCORED_FROM, scoreTo: trace.values.length }
  return [{ name: 'flights', trace, span, settings: FLIGHTS, seeds }, ...loads]
}

async function shared<Job extends { readonly name: string }>(
  path: string,
  name: string,
  jobs: readonly Job[],
  world: string,
  progress: (line: string) => void
): Promise<Outcome[]> {
  progress(`${world}: ${jobs.length} loads`)
  return (await inWorkers<Job, Outcome[]>(new URL(path, import.meta.url), name, jobs, { threads })).flat()
}

function claimsOf(world: string, outcomes: readonly Outcome[], policy: string): Claim[] {
  const loads = [...new Set(outcomes.map(({ load }) => load))]
  const late = (load: string, who: string) =>
    meanOf(outcomes, load, who, ({ overloadedMinutes }) => overloadedMinutes).mean
  const cost = (load: string, who: string) => meanOf(outcomes, load, who, (one) => one.cost).mean
  /** No more late minutes and no dearer, and not the same. */
  const better = (load: string, a: string, b: string) => {
    const [lateA, lateB, costA, costB] = [late(load, a), late(load, b), cost(load, a), cost(load, b)]
    return lateA <= lateB && costA <= costB && (lateA < lateB || costA < costB)
  }
  const id = `${world}-${policy.replaceAll(/\W+/g, '-')}`
  const against = (rival: string): Claim => {
    const won = loads.filter((load) => better(load, policy, rival))
    const lost = loads.filter((load) => better(load, rival, policy))
    return {
      id: `${id}-${rival}`,
      text: `${world}: loads of ${loads.length} on which ${policy} is at least as good as ${rival} in late minutes and in cost (${won.join(', ') || 'none'}); the other way round on ${lost.length}`,
      expected: 'printed',
      measured: won.length,
      holds: true
    }
  }
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const saved = mean(loads.map((load) => meanOf(outcomes, load, policy, saving).mean))
  const above = Math.max(...loads.map((load) => meanOf(outcomes, load, policy, aboveStatic).mean))
  return [
    against('mpc'),
    against('hpa'),
    against('proportional'),
    {
      id: `${id}-saving`,
      text: `${world}: what ${policy} saves of the cost of the training peak × 1.2, mean of ${loads.length} loads`,
      expected: '≥ 0.3',
      measured: rounded(saved),
      holds: saved >= 0.3
    },
    {
      id: `${id}-violations`,
      text: `${world}: share of arrivals over the SLO with ${policy} above that of the static size, largest of any load`,
      expected: '≤ 0.005',
      measured: rounded(above),
      holds: above <= 0.005
    }
  ]
}

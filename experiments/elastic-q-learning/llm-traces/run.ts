/** How much of a static size idles on LLM serving loads, and what do learned tables and others save of it? */
import { readData, trainingSteps } from '../../../src/cli/data.ts'
import { threads } from '../../../src/cli/jobs.ts'
import { inWorkers } from '../../../src/work/index.ts'
import type { Claim, Experiment, ExperimentOptions, ExperimentResult } from '../../experiment.ts'
import { seriesFor } from '../../rehearsals/series.ts'
import type { BesideJob, Outcome } from '../beside.ts'
import { aboveStatic, idle, type Measure, meanOf, rowsOf, saving, savingBest } from '../beside-rows.ts'
import { type Estimated, interval, rounded } from '../estimate.ts'
import { priceOf } from '../prices.ts'

/** Small enough for CI: an hour that is too short to learn from, and a week of which two fifths are idle. */
const SHORT = ['llm/azure_llm_2023_conv_1s', 'llm/burstgpt_week1_tokens_per_s_1min']
/** Of load and learner alike. */
const SEEDS = 20
/** So many of them in one job: the training part is led through the forecaster once a job. */
const TOGETHER = 5

export const experiment: Experiment = {
  name: 'elastic-q-learning/llm-traces',
  says: 'static waste and elastic saving on LLM serving loads: learned tables beside hpa, mpc and the bound',
  run
}

async function run({ long, progress }: ExperimentOptions): Promise<ExperimentResult> {
  const all = seriesFor(true, []).filter(({ name }) => name.startsWith('llm/'))
  const loads = long ? all : all.filter(({ name }) => SHORT.includes(name))
  const seeds = Array.from({ length: long ? SEEDS : 1 }, (_, i) => i + 1)
  const share = long ? 1 : 0.25
  const jobs: BesideJob[] = []
  for (const { name, file, options } of loads) {
    const { series: trace } = await readData(file, options)
    const span = { fitFrom: 0, scoreFrom: trainingSteps(trace), scoreTo: trace.values.length }
    for (let from = 0; from < seeds.length; from += TOGETHER) {
      const own = seeds.slice(from, from + TOGETHER)
      jobs.push({ name, trace, span, settings: {}, price: priceOf(name), seeds: own, share })
    }
  }
  let done = 0
  const outcomes = (
    await inWorkers<BesideJob, Outcome[]>(new URL('../beside.ts', import.meta.url), 'besideJob', jobs, {
      threads,
      progress: (i) => progress(`${++done} of ${jobs.length}: ${jobs[i].name}`)
    })
  ).flat()
  return {
    experiment: experiment.name,
    settings: {
      form: long ? 'long' : 'short',
      seeds: seeds.length,
      forecast: 'blend',
      shareOfTraining: share,
      mpcPrice: 'as chosen on the training parts in rehearsals/traces'
    },
    rows: rowsOf(outcomes),
    claims: loads.flatMap(({ name }) => claimsOf(outcomes, name))
  }
}

function claimsOf(outcomes: readonly Outcome[], load: string): Claim[] {
  const id = load.replace(/^llm\/(.*)_\w+$/, '$1').replaceAll('_', '-')
  const of = (policy: string, measure: Measure) => meanOf(outcomes, load, policy, measure)
  const claim = (
    what: string,
    text: string,
    expected: string,
    value: Estimated,
    holds: (mean: number) => boolean
  ): Claim => ({
    id: `${id}-${what}`,
    text: `${load}: ${text}, ${interval(value)}`,
    expected,
    measured: rounded(value.mean),
    holds: holds(value.mean)
  })
  const within = (low: number, high: number) => (mean: number) => mean >= low && mean <= high
  const waste = (what: string, policy: string, text: string) =>
    claim(what, `idle share of ${text}`, '0.5 to 0.7, as the source says', of(policy, idle), within(0.5, 0.7))
  const statics = [
    waste('idle-fixed', 'fixed', 'a static size of the training peak × 1.2'),
    waste('idle-published', 'fixed, peak / 0.7', 'the static size of the source, ⌈peak / 0.7⌉')
  ]
  const shown = ['q-learning', 'q-learning, bare', 'sarsa', 'mpc', 'proportional', 'hpa', 'threshold']
  const learned = shown.filter((policy) => outcomes.some((one) => one.load === load && one.policy === policy))
  return [
    ...statics,
    ...learned.flatMap((policy) => [
      claim(
        `saving-${policy.replaceAll(/\W+/g, '-')}`,
        `units that ${policy} saves against the training peak × 1.2; against the cheapest constant as rarely late ${rounded(of(policy, savingBest).mean)}`,
        'about 0.4, as the source says: ≥ 0.3',
        of(policy, saving),
        (mean) => mean >= 0.3
      ),
      claim(
        `violations-${policy.replaceAll(/\W+/g, '-')}`,
        `share of arrivals over the SLO with ${policy}, above that of the static size`,
        '≤ 0.005',
        of(policy, aboveStatic),
        (mean) => mean <= 0.005
      )
    ])
  ]
}

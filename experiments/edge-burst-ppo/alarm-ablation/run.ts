/** What is the alarm worth when it comes later, is missed, or rings for nothing? */
import type { SparkSignal } from '../../../src/compare/index.ts'
import type { RewardScenario } from '../../../src/sim/index.ts'
import { estimate, interval, rounded } from '../../elastic-q-learning/estimate.ts'
import type { Claim, Experiment, ExperimentOptions, ExperimentResult } from '../../experiment.ts'
import { savedModel } from '../models.ts'
import { BAD_ALARM, meanOf, type Policy, type Score, scenarios, scene, scores, seeds } from '../scenes.ts'
import { network } from '../training.ts'
import { ruleOf } from '../tuned.ts'
import { pictureOf } from './pictures.ts'

export const experiment: Experiment = {
  name: 'edge-burst-ppo/alarm-ablation',
  says: 'the edge’s alarm made worse: lead by an oracle, misses and false alarms on top of the real predictor',
  run
}

/** Executors start within 30–60 s: four steps are the longest lag. */
const INFORMED = 'proportional, given the alarm'
const LAG_STEPS = 4
const leads = [0, LAG_STEPS - 1, LAG_STEPS, LAG_STEPS + 1]
const missRates = [0.1, 0.2, 0.3, 0.4, 0.5]
const falseShares = [0.1, 0.2, 0.3, 0.4, 0.5]
/** Of the environment: 48 a day. */
const ACCIDENTS_PER_HOUR = 2
/** Worse than reactive by at most this share of reactive's mean episode reward. */
const ALLOWED = 0.05

export interface Cell {
  readonly scenario: RewardScenario
  readonly signal: 'predictor' | 'oracle'
  readonly leadSteps: number | null
  readonly missRate: number
  readonly falseAlarmsPerHour: number
  readonly policy: string
  readonly scores: readonly Score[]
  /** By seed, of the network with 11 numbers. */
  readonly reactive: readonly Score[]
}

async function run({ long, progress }: ExperimentOptions): Promise<ExperimentResult> {
  const own = long ? seeds.ablation : seeds.short
  const cells: Cell[] = []
  for (const scenario of scenarios) {
    progress(scenario)
    const reactive = scores(
      scene({ scenario, reactive: true }),
      own,
      network(savedModel(scenario, 'reactive'))
    )
    const policies: readonly (readonly [string, Policy])[] = [
      ['ppo, 13 numbers', network(savedModel(scenario, 'proactive'))],
      ['ppo, 13 numbers, wary', network(savedModel(scenario, 'wary'))],
      ...[INFORMED, 'proportional, given a bad alarm'].map((name) => [name, ruleOf(scenario, name)] as const)
    ]
    for (const signal of signals(long)) {
      const environment = scene({ scenario, signal })
      for (const [policy, act] of policies) {
        cells.push({
          scenario,
          signal: signal.from,
          leadSteps: signal.from === 'oracle' ? (signal.leadSteps ?? 1) : null,
          missRate: signal.missRate ?? 0,
          falseAlarmsPerHour: signal.falseAlarmsPerHour ?? 0,
          policy,
          scores: scores(environment, own, act),
          reactive
        })
      }
    }
  }
  return {
    experiment: experiment.name,
    settings: {
      form: long ? 'long' : 'short',
      seeds: own.length,
      firstSeed: own[0],
      lagSteps: LAG_STEPS,
      accidentsPerHour: ACCIDENTS_PER_HOUR,
      predictor: 'cusum over 16 streets'
    },
    rows: cells.map(rowOf),
    claims: ['ppo, 13 numbers', 'ppo, 13 numbers, wary'].flatMap((policy) =>
      scenarios.map((scenario) => claimOf(cells, scenario, policy))
    ),
    pictures: long ? { 'degradation.svg': pictureOf(cells) } : undefined
  }
}

function signals(long: boolean): SparkSignal[] {
  const predictor = { from: 'predictor' } as const
  return [
    predictor,
    BAD_ALARM,
    ...leads.map((leadSteps) => ({ from: 'oracle', leadSteps }) as const),
    ...(long ? missRates : missRates.slice(-1)).map((missRate) => ({ ...predictor, missRate })),
    ...(long ? falseShares : falseShares.slice(-1)).map((share) => ({
      ...predictor,
      falseAlarmsPerHour: (ACCIDENTS_PER_HOUR * share) / (1 - share)
    }))
  ]
}

/** Of all alarms, were each accident announced once: rate / (accidents + rate). */
export const falseShareOf = ({ falseAlarmsPerHour }: Pick<Cell, 'falseAlarmsPerHour'>) =>
  falseAlarmsPerHour / (ACCIDENTS_PER_HOUR + falseAlarmsPerHour)

/** Above the network with 11 numbers, paired by seed. */
export const aheadOf = ({ scores: own, reactive }: Cell) =>
  own.map(({ reward }, i) => reward - reactive[i].reward)

function rowOf(cell: Cell) {
  const { scores: own, reactive, scenario, signal, leadSteps, missRate, falseAlarmsPerHour, policy } = cell
  const mean = (of: (score: Score) => number) => rounded(meanOf(own.map(of)))
  const ahead = estimate(aheadOf(cell))
  return {
    scenario,
    signal,
    leadSteps,
    missRate,
    falseShare: rounded(falseShareOf(cell)),
    falseAlarmsPerHour: rounded(falseAlarmsPerHour),
    policy,
    reward: mean(({ reward }) => reward),
    reactiveReward: rounded(meanOf(reactive.map(({ reward }) => reward))),
    aheadOfReactive: rounded(ahead.mean),
    aheadInterval: interval(ahead),
    late: mean(({ late }) => late),
    costPerHour: mean(({ cost }) => cost)
  }
}

function claimOf(cells: readonly Cell[], scenario: RewardScenario, policy: string): Claim {
  const cell = cells.find(
    (one) =>
      one.scenario === scenario &&
      one.signal === 'predictor' &&
      one.policy === policy &&
      one.missRate === BAD_ALARM.missRate &&
      one.falseAlarmsPerHour === BAD_ALARM.falseAlarmsPerHour
  )
  if (cell === undefined) throw new Error('the cell that is asked for is always played')
  const ahead = estimate(aheadOf(cell))
  const reward = Math.abs(meanOf(cell.reactive.map((one) => one.reward)))
  const share = ahead.mean / reward
  return {
    id: `${scenario}-degraded${policy.endsWith('wary') ? '-wary' : ''}`,
    text: `${scenario}, ${policy}: at 30 % misses and one false alarm an hour on top, reward above the network with 11 numbers as a share of its own, interval ${ahead.ci95.map((end) => rounded(end / reward)).join(' to ')}`,
    expected: `≥ −${ALLOWED}`,
    measured: rounded(share),
    holds: share >= -ALLOWED
  }
}

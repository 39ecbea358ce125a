/** From runs to rows and claims. Warned, late-warned and unwarned are rows of their own; differences are paired by seed. */
import type { RewardScenario } from '../../../src/sim/index.ts'
import { estimate, interval, rounded } from '../../elastic-q-learning/estimate.ts'
import type { Claim } from '../../experiment.ts'
import { meanOf, percentile } from '../scenes.ts'
import type { Outcome } from './storm.ts'

export interface Run extends Outcome {
  readonly scenario: RewardScenario
  readonly policy: string
}

export interface Worth {
  readonly scenario: RewardScenario
  readonly kind: string
  readonly value: number
}

const kinds = ['warned', 'late-warned', 'unwarned'] as const
const PROACTIVE = 'ppo, 13 numbers'
const REACTIVE = 'ppo, 11 numbers'

export function rowsOf(runs: readonly Run[]) {
  const groups = Map.groupBy(runs, ({ scenario, kind, policy }) => `${scenario}|${kind}|${policy}`)
  const order = (run: Run) => kinds.indexOf(run.kind)
  return [...groups.values()]
    .sort(([a], [b]) => (a.scenario === b.scenario ? order(a) - order(b) : 0))
    .map((group) => {
      const [{ scenario, kind, policy }] = group
      const mean = (of: (run: Run) => number) => rounded(meanOf(group.map(of)))
      return {
        scenario,
        kind,
        policy,
        seeds: group.length,
        p95AfterMs: Math.round(p95(group)),
        late: mean(({ late }) => late),
        stepsOverSlo: mean(({ violations }) => violations),
        costPerHour: mean(({ cost }) => cost),
        reward: mean(({ reward }) => reward),
        raisedBefore: kind === 'unwarned' ? null : mean(({ raised }) => raised),
        readyAtOnset: mean(({ ready }) => ready)
      }
    })
}

/** Over the five steps from the onset on, of all seeds together. */
const p95 = (runs: readonly Run[]) =>
  percentile(
    runs.flatMap(({ after }) => after),
    0.95
  )

export function claimsOf(runs: readonly Run[], worth: readonly Worth[], scenario: RewardScenario): Claim[] {
  const of = (policy: string) => runs.filter((run) => run.scenario === scenario && run.policy === policy)
  const warned = (policy: string) => of(policy).filter(({ kind }) => kind === 'warned')
  const [own, other] = [of(PROACTIVE), of(REACTIVE)]
  const claim = (id: string, text: string, expected: string, measured: number, holds: boolean): Claim => ({
    id: `${scenario}-${id}`,
    text: `${scenario}: ${text}`,
    expected,
    measured: Number.isNaN(measured) ? null : rounded(measured),
    holds
  })
  const after = p95(warned(PROACTIVE))
  const spike = p95(warned(REACTIVE))
  const raised = warned(PROACTIVE).filter((run) => run.raised >= 5).length / warned(PROACTIVE).length
  const gaps = worth
    .filter((one) => one.scenario === scenario && one.kind === 'warned')
    .map(({ value }) => value)
  const fewer = 1 - total(own, 'late') / total(other, 'late')
  const dearer = total(own, 'cost') / total(other, 'cost') - 1
  const rules = [...new Set(runs.map(({ policy }) => policy))].filter((name) => !name.startsWith('ppo'))
  return [
    claim(
      'p95',
      `p95 latency over the five steps from the onset on, warned seeds (${warned(PROACTIVE).length} of ${own.length}), ms`,
      '< 600',
      after,
      after < 600
    ),
    claim(
      'raised',
      'share of warned seeds with five executors more asked for before the load moves',
      '1',
      raised,
      raised === 1
    ),
    claim(
      'spike',
      'the same p95 of the network with 11 numbers; the source says more than 2000',
      '> 2000',
      spike,
      spike > 2_000
    ),
    claim(
      'ignoring',
      'least reward of the next 20 steps that answering the alarm is worth, same seed, warned seeds',
      '> 0',
      Math.min(...gaps),
      gaps.every((gap) => gap > 0)
    ),
    claim(
      'violations',
      `messages over the SLO, fewer than with 11 numbers, at ${rounded(100 * dearer)} % more cost (asked ≤ 15 %)`,
      '≥ 0.5',
      fewer,
      fewer >= 0.5 && dearer <= 0.15
    ),
    ...rules.map((rule) => {
      const beside = of(rule)
      const ahead = estimate(own.map(({ reward }, i) => reward - beside[i].reward))
      return claim(
        `reward-${rule.replaceAll(/[ ,]+/g, '-')}`,
        `reward above that of ${rule}, ${interval(ahead)}`,
        '> 0',
        ahead.mean,
        ahead.mean > 0
      )
    })
  ]
}

const total = (runs: readonly Run[], name: 'late' | 'cost') => runs.reduce((sum, run) => sum + run[name], 0)

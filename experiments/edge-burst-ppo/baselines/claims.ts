/** From runs to claims: differences paired by seed, with their intervals. */
import type { RewardScenario } from '../../../src/sim/index.ts'
import { estimate, interval, rounded } from '../../elastic-q-learning/estimate.ts'
import type { Claim } from '../../experiment.ts'
import { meanOf } from '../scenes.ts'
import type { Run } from './run.ts'

const PROACTIVE = 'ppo, 13 numbers'
const REACTIVE = 'ppo, 11 numbers'
const MOST = 'always the most'

export function claimsOf(runs: readonly Run[], scenario: RewardScenario): Claim[] {
  const own = runs.filter((run) => run.scenario === scenario)
  const of = (policy: string) => {
    const run = own.find((one) => one.policy === policy)
    if (run === undefined) throw new Error(`${policy} was not played`)
    return run.scores
  }
  const claim = (id: string, text: string, expected: string, measured: number, holds: boolean): Claim => ({
    id: `${scenario}-${id}`,
    text: `${scenario}: ${text}`,
    expected,
    measured: rounded(measured),
    holds
  })
  const total = (policy: string, name: 'late' | 'cost') => meanOf(of(policy).map((score) => score[name]))
  const fewer = 1 - total(PROACTIVE, 'late') / total(REACTIVE, 'late')
  const dearer = total(PROACTIVE, 'cost') / total(REACTIVE, 'cost') - 1
  const most = 1 - total(PROACTIVE, 'cost') / total(MOST, 'cost')
  const beside = own.map(({ policy }) => policy).filter((policy) => policy !== PROACTIVE && policy !== MOST)
  return [
    ...beside.map((policy) => {
      const other = of(policy)
      const ahead = estimate(of(PROACTIVE).map(({ reward }, i) => reward - other[i].reward))
      return claim(
        `above-${policy.replaceAll(/[ ,]+/g, '-')}`,
        `reward of an episode above that of ${policy}, ${interval(ahead)}`,
        '> 0',
        ahead.mean,
        ahead.mean > 0
      )
    }),
    claim(
      'violations',
      `share of messages over the SLO, fewer than with 11 numbers, at ${rounded(100 * dearer)} % more cost (asked ≤ 15 %)`,
      '≥ 0.5',
      fewer,
      fewer >= 0.5 && dearer <= 0.15
    ),
    claim(
      'cheaper-than-most',
      'cost saved against always the most, as the origin has it',
      '> 0',
      most,
      most > 0
    )
  ]
}

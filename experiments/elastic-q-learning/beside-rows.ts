/** Outcomes of one load to one row a policy: means over seeds, savings paired by seed. */
import type { Outcome } from './beside.ts'
import { type Estimated, estimate, interval, rounded } from './estimate.ts'

export type Measure = (outcome: Outcome, fixed: Outcome) => number

/** Of what the static size costs, and the cheapest constant that is late no more often. */
export const saving: Measure = (own, { cost }) => 1 - own.cost / cost
export const savingBest: Measure = ({ cost, fixedBestCost }) => 1 - cost / fixedBestCost
export const violations: Measure = ({ sloViolationRatio }) => sloViolationRatio
export const aboveStatic: Measure = (own, fixed) => own.sloViolationRatio - fixed.sloViolationRatio
export const idle: Measure = (own) => own.idle

/** Mean of a measure over the seeds of a policy on a load. */
export function meanOf(outcomes: readonly Outcome[], load: string, policy: string, of: Measure): Estimated {
  const own = outcomes.filter((one) => one.load === load && one.policy === policy)
  const fixed = outcomes.filter((one) => one.load === load && one.policy === 'fixed')
  return estimate(own.map((one, i) => of(one, fixed[i])))
}

const measures: readonly (readonly [name: string, of: Measure])[] = [
  ['overloadedMinutes', ({ overloadedMinutes }) => overloadedMinutes],
  ['sloViolationRatio', violations],
  ['meanUnits', ({ meanUnits }) => meanUnits],
  ['cost', ({ cost }) => cost],
  ['saving', saving],
  ['savingBest', savingBest],
  ['idle', idle],
  ['rescales', ({ rescales }) => rescales],
  ['flipsPerHour', ({ flips, hours }) => flips / hours],
  ['leadMinutes', ({ leadMinutes }) => leadMinutes]
]

export function rowsOf(outcomes: readonly Outcome[]) {
  const groups = Map.groupBy(outcomes, ({ load, policy }) => `${load}|${policy}`)
  return [...groups.values()].map((group) => {
    const [{ load, policy, knob, hours }] = group
    const means = measures.map(([name, of]) => [name, meanOf(outcomes, load, policy, of)] as const)
    const between = (name: string) => {
      const found = means.find(([known]) => known === name)?.[1]
      return found === undefined || group.length === 1 ? null : interval(found)
    }
    return {
      load,
      policy,
      knob: group.every((one) => one.knob === knob) ? knob : 'each seed its own',
      seeds: group.length,
      hours: rounded(hours),
      ...Object.fromEntries(means.map(([name, { mean }]) => [name, rounded(mean)])),
      lateInterval: between('overloadedMinutes'),
      savingInterval: between('saving')
    }
  })
}

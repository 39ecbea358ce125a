/** One load of one seed: every policy on it. A job of its own, so that threads can share the seeds out. */
import { elasticForesight } from '../../../src/compare/index.ts'
import { type QTable, qLearning, sarsa } from '../../../src/decide/index.ts'
import { forecasters } from '../../../src/forecast/index.ts'
import type { Forecaster } from '../../../src/roles.ts'
import {
  greedy,
  HOLD,
  type Load,
  learned,
  proportional,
  type Rule,
  type Scores,
  type Split,
  scored,
  splitOf,
  type Training,
  threshold,
  tuned,
  WORLD
} from '../worlds.ts'
import type { Run } from './claims.ts'

export interface SavingsJob {
  readonly load: Load
  readonly seed: number
  readonly testDays: number
  /** Of the steps of training, 0..1. */
  readonly share: number
  /** LSTM and TCN, too. */
  readonly networks: boolean
}

export interface SavingsDone {
  readonly runs: readonly Run[]
  /** Of the main forecaster. */
  readonly table: QTable
}

const SEASON = 1_440

export function savingsJob({ load, seed, testDays, share, networks }: SavingsJob): SavingsDone {
  const runs: Run[] = []
  let kept: QTable | undefined
  for (const [forecast, make] of forecasts(networks)) {
    const split = splitOf(load, seed, testDays, make())
    const parts = { load, seed, forecast }
    const table = learned(split, qLearning, seed, 'anywhere', share)
    const scores = scored(split.test, split.need, greedy(table))
    runs.push({ ...parts, policy: 'q-learning', knob: 'γ 0.85', scores, early: earlyStates(table) })
    if (forecast !== 'blend') continue
    kept = table
    runs.push(...others(split, parts, share, scores))
  }
  if (kept === undefined) throw new Error('no forecaster is the main one')
  return { runs, table: kept }
}

function forecasts(networks: boolean): [string, () => Forecaster][] {
  const quick: [string, () => Forecaster][] = [
    ['blend', () => forecasters.blend.make({})],
    ['sma', () => forecasters.sma.make({})]
  ]
  if (!networks) return quick
  return [
    ...quick,
    ['lstm', () => forecasters.lstm.make({ season: SEASON })],
    ['tcn', () => forecasters.tcn.make({ season: SEASON })]
  ]
}

type Parts = Pick<Run, 'load' | 'seed' | 'forecast'>

function others(split: Split, parts: Parts, share: number, limit: Scores): Run[] {
  const { train, test, need, peak } = split
  const unitRate = WORLD.unitRate ?? NaN
  const rates = test.load.subarray(2)
  const rule = (policy: string, knob: string, choose: Rule, world = WORLD): Run => ({
    ...parts,
    policy,
    knob,
    scores: scored(test, need, choose, world)
  })
  const constant = (policy: string, units: number) =>
    rule(policy, `${units} units`, () => HOLD, {
      ...WORLD,
      initialUnits: units,
      maxUnits: Math.max(40, units)
    })
  const trained = (learn: typeof qLearning, training: Training) =>
    greedy(learned(split, learn, parts.seed, training, share))
  const limits = tuned(THRESHOLDS, ([up, down]) => threshold(up, down), train)
  const target = tuned(TARGETS, proportional, train)
  const foresight = elasticForesight(
    WORLD,
    rates.map((rate) => rate * 60)
  )
  let next = 0
  const planned = rule('foresight', 'knows the load', () => foresight.plan[next++])
  const fixed = constant('fixed', Math.ceil((1.2 * peak) / unitRate))
  let best = fixed
  for (let units = 1; units < 40; units++) {
    const one = constant('fixed-best', units)
    if (one.scores.lateMinutes > limit.lateMinutes) continue
    best = one
    break
  }
  return [
    fixed,
    best,
    rule('threshold', '0.8 / 0.3', threshold(0.8, 0.3)),
    rule('threshold, tuned', limits.knob.join(' / '), limits.rule),
    rule('proportional, tuned', `${target.knob}`, target.rule),
    rule('sarsa', 'γ 0.85', trained(sarsa, 'anywhere')),
    rule('q-learning, 500 days', 'γ 0.85', trained(qLearning, 'whole days')),
    rule('q-learning as published', 'α 0.1, γ 0.95', trained(qLearning, 'as published')),
    planned,
    {
      ...planned,
      policy: 'foresight, bound',
      scores: { ...planned.scores, reward: foresight.bound / rates.length }
    }
  ]
}

const TARGETS = [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8]
const THRESHOLDS = [0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85].flatMap((up) =>
  [0.2, 0.3, 0.4, 0.5, 0.6].filter((down) => down <= up - 0.15).map((down) => [up, down] as const)
)

/** Utilisation below 60 %, forecast at least half a unit more, tried often enough, and `up` is best. */
function earlyStates({ values, visits }: QTable): number {
  const { states, forecasts, low } = FORM
  let count = 0
  for (let s = 0; s < states; s++) {
    const tried = Math.min(visits[s * 3], visits[s * 3 + 1], visits[s * 3 + 2])
    const [utilisation, forecast] = [Math.floor(s / (states / FORM.utilisations)), s % forecasts]
    if (tried < 10 || utilisation >= low || forecast < 3) continue
    if (values[s * 3 + 2] > Math.max(values[s * 3], values[s * 3 + 1])) count++
  }
  return count
}

/** The table's form: ten bins of utilisation of which four are below 60 %, five of the forecast. */
const FORM = { states: 10 * 20 * 3 * 5, utilisations: 10, forecasts: 5, low: 4 }

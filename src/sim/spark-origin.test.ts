import { describe, expect, it } from 'vitest'
import {
  originBaselines,
  originInitial,
  originReward,
  originSloMs,
  originTransition
} from './spark-origin.ts'
import { rewardScenarios } from './spark-reward.ts'

const steps = 500
const seeds = Array.from({ length: 20 }, (_, seed) => seed)
const rules = {
  ...originBaselines,
  max: () => ({ executors: 20, memory: 8, storage: 0, compression: 0 })
}

/** Cost of 500 steps, P95 latency and share of steps over 1,000 ms: means over the seeds. */
function played(rule: keyof typeof rules) {
  const sums = { cost: 0, p95: 0, late: 0, reward: 0, load: 0 }
  for (const seed of seeds) {
    let state = originInitial(seed)
    let executors = 10
    const latencies: number[] = []
    for (let i = 0; i < steps; i++) {
      const action = rules[rule](state, executors)
      executors = action.executors
      state = originTransition(state, action)
      latencies.push(state.latencyMs)
      sums.cost += state.cost
      sums.load += state.load / steps
      sums.reward += originReward(rewardScenarios.balanced, state)
    }
    latencies.sort((a, b) => a - b)
    sums.p95 += latencies[Math.floor(0.95 * steps)]
    sums.late += latencies.filter((ms) => ms > originSloMs).length / steps
  }
  const mean = (sum: number) => sum / seeds.length
  return {
    cost: mean(sums.cost),
    p95: mean(sums.p95),
    late: mean(sums.late),
    reward: mean(sums.reward),
    load: mean(sums.load)
  }
}

// The report's siblings print Fixed $2251.13, 1,533.6 ms, 90.0 %; Dexter $2993.64, 1,159.4 ms; Seer $2539.28, 1,247.3 ms, 100 %. Re-implemented
// over five seeds elsewhere (a run's lateness scatters by 4 points, so these are within two of them): 2251.11, 1534.1, 88.3 %; 2993.07, 1159.1, 60.6 %; 2444, 1246.8, 99.4 %; always the most: 5003.7, 570, 0 %.
describe('the origin-compatible Spark world', () => {
  it.each([
    { rule: 'fixed', cost: [2_250, 2_252], p95: [1_531, 1_537], late: [0.88, 0.93] },
    { rule: 'dexter', cost: [2_985, 3_000], p95: [1_155, 1_163], late: [0.54, 0.66] },
    { rule: 'seer', cost: [2_440, 2_540], p95: [1_244, 1_251], late: [0.97, 1] },
    { rule: 'max', cost: [5_003, 5_005], p95: [567, 573], late: [0, 0] }
  ] as const)('gives $rule the published cost, latency and lateness', ({ rule, cost, p95, late }) => {
    const run = played(rule)
    expect(run.cost).toBeGreaterThan(cost[0])
    expect(run.cost).toBeLessThan(cost[1])
    expect(run.p95).toBeGreaterThan(p95[0])
    expect(run.p95).toBeLessThan(p95[1])
    expect(run.late).toBeGreaterThanOrEqual(late[0])
    expect(run.late).toBeLessThanOrEqual(late[1])
  })

  it('pays best for always the most, as the origin never noticed', () => {
    const others = [played('fixed').reward, played('dexter').reward, played('seer').reward]
    expect(played('max').reward).toBeGreaterThan(Math.max(...others))
  })

  it('drifts to its cap: there is no steady state to burst from', () => {
    expect(played('fixed').load).toBeGreaterThan(750)
  })

  it('announces the load that comes, and the load does not ask what was done', () => {
    let little = originInitial(9)
    let much = originInitial(9)
    for (let i = 0; i < 1_000; i++) {
      const announced = little.nextLoad
      little = originTransition(little, { executors: 1, memory: 1, storage: 0, compression: 0 })
      much = originTransition(much, { executors: 20, memory: 8, storage: 0, compression: 0 })
      expect(little.load).toBe(announced)
      expect(much.load).toBe(announced)
    }
  })
})

/** The origin's own world with its own rules: are the published figures what its code gives? A check of the reading, no result of ours. */
import { originBaselines, originInitial, originSloMs, originTransition } from '../../../src/sim/index.ts'
import { rounded } from '../../elastic-q-learning/estimate.ts'
import type { Claim } from '../../experiment.ts'
import { meanOf, percentile } from '../scenes.ts'

const STEPS = 500
/** The report counts as far as the seeds of its evaluation: figures from its siblings in the repository. */
const published = {
  fixed: { cost: [2_251, 2_252], p95: [1_533, 1_534], late: [0.883, 0.9] },
  dexter: { cost: [2_993, 2_994], p95: [1_159, 1_160], late: [0.544, 0.606] },
  seer: { cost: [2_444, 2_540], p95: [1_246, 1_248], late: [0.994, 1] },
  'always the most': { cost: [5_003, 5_004], p95: [570, 571], late: [0, 0] }
} as const

interface OriginRun {
  readonly name: keyof typeof published
  readonly cost: number
  readonly p95: number
  readonly late: number
  readonly row: Readonly<Record<string, string | number | null>>
}

export function originRuns(seeds: number): OriginRun[] {
  const rules = {
    ...originBaselines,
    'always the most': () => ({ executors: 20, memory: 8, storage: 0, compression: 0 })
  }
  return (Object.keys(published) as (keyof typeof published)[]).map((name) => {
    const all = Array.from({ length: seeds }, (_, seed) => episode(rules[name], seed))
    const mean = (key: 'cost' | 'p95' | 'late') => meanOf(all.map((one) => one[key]))
    const [cost, p95, late] = [mean('cost'), mean('p95'), mean('late')]
    const row = {
      world: 'origin',
      scenario: '–',
      policy: name,
      knobs: '',
      reward: null,
      costPerHour: rounded(cost),
      late: null,
      stepsOverSlo: rounded(late),
      p95Ms: rounded(p95)
    }
    return { name, cost, p95, late, row }
  })
}

function episode(rule: (typeof originBaselines)['dexter'], seed: number) {
  let state = originInitial(seed)
  let executors = 10
  let [cost, late] = [0, 0]
  const latencies: number[] = []
  for (let k = 0; k < STEPS; k++) {
    const action = rule(state, executors)
    executors = action.executors
    state = originTransition(state, action)
    cost += state.cost
    late += state.latencyMs > originSloMs ? 1 / STEPS : 0
    latencies.push(state.latencyMs)
  }
  return { cost, late, p95: percentile(latencies, 0.95) }
}

/** Money and latency within 2 % of what was published; lateness of one run scatters by some points. */
export function originClaims(runs: readonly OriginRun[]): Claim[] {
  return runs.map(({ name, cost, p95, late }) => {
    const { cost: costs, p95: latencies, late: lates } = published[name]
    const near = (value: number, [low, high]: readonly [number, number], slack: number) =>
      value >= low * (1 - slack) && value <= high * (1 + slack)
    const holds =
      near(cost, costs, 0.02) &&
      near(p95, latencies, 0.02) &&
      late >= lates[0] - 0.06 &&
      late <= lates[1] + 0.06
    return {
      id: `origin-${name.replaceAll(' ', '-')}`,
      text: `the origin’s world: cost, p95 and share of steps over the SLO of ${name}`,
      expected: `$${costs.join('–')}, ${latencies.join('–')} ms, ${lates.map((x) => Math.round(100 * x)).join('–')} %`,
      measured: `$${Math.round(cost)}, ${Math.round(p95)} ms, ${Math.round(100 * late)} %`,
      holds
    }
  })
}

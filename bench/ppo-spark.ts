/**
 * PPO on the Spark world: environment steps in a second of the processor, training included; beside stable-baselines3 on the same
 * world in Python (`peers/spark_gym.py`, checked against ours by `test/spark-gym.test.ts`).
 *
 * Both play 8 environments with perceptrons 64×64 on one thread, in the same 64 episodes, which are made before the clock starts, with the
 * settings that `train policy --world spark --begin nothing` has. A decision is that of the policy as a rehearsal asks it, in its shield.
 */
import { MINUTE, random, series } from '../src/base/index.ts'
import { elasticEnvironment } from '../src/compare/elastic-environment.ts'
import { sparkEnvironment, unforeseenDemand } from '../src/compare/index.ts'
import { sparkLearning } from '../src/compare/spark-training.ts'
import {
  elasticBins,
  learnedPolicies,
  type PpoEnvironment,
  ppo,
  qLearning,
  sealedTable,
  tabularModel
} from '../src/decide/index.ts'
import { usableKernels } from '../src/nn/index.ts'
import type { Observation, Policy } from '../src/roles.ts'
import { spark } from '../src/sim/index.ts'
import { type Bench, times } from './bench.ts'
import { python } from './peers/python.ts'
import { peerFile } from './peers/spark-episodes.ts'

const packages = ['stable-baselines3==2.9.2', 'torch==2.15.0']
const EPISODES = 64
const ENVIRONMENTS = 8
const steps = 10_240

/** Plays the same episodes again and again: they are made once. */
function kept(): PpoEnvironment {
  const environment = sparkEnvironment({ keepEpisodes: true })
  for (let seed = 0; seed < EPISODES; seed++) environment.reset(seed)
  const { version, observationSize, actionSizes, step } = environment
  return { version, observationSize, actionSizes, step, reset: (seed) => environment.reset(seed % EPISODES) }
}

let worlds: readonly PpoEnvironment[] | undefined
let episodes: string | undefined

function train(of: number, kernels: string) {
  worlds ??= Array.from({ length: ENVIRONMENTS }, kept)
  const own = worlds
  const learner = ppo((index) => own[index], { ...sparkLearning.nothing, steps: of, seed: 1, kernels })
  while (!learner.done) learner.update()
  return learner
}

function trainingBench(kernels: 'simd' | 'fma'): Bench {
  let warm = false
  return {
    name: `PPO on the Spark world, ${kernels}`,
    unit: 'steps/s CPU',
    higherIsBetter: true,
    ours() {
      if (usableKernels(kernels) !== kernels) throw new Error(`${kernels} cannot run here`)
      if (!warm) train(2_048, kernels)
      warm = true
      const start = process.cpuUsage()
      train(steps, kernels)
      const { user, system } = process.cpuUsage(start)
      return steps / ((user + system) / 1e6)
    },
    peer: {
      name: 'stable-baselines3',
      version: '2.9.2',
      run() {
        episodes ??= peerFile(Array.from({ length: EPISODES }, (_, seed) => seed))
        return python('spark_gym.py', packages, ['train', episodes, String(steps)])
      }
    }
  }
}

/** The 99th percentile of its decisions, each with the memory of the last. */
function decisionBench(
  name: string,
  make: () => { policy: Policy; seen: (i: number) => Observation }
): Bench {
  return {
    name: `one decision of ${name}`,
    unit: 'µs p99',
    higherIsBetter: false,
    ours() {
      const { policy, seen } = make()
      let memory = policy.initial()
      const one = (i: number) => {
        memory = policy.decide(seen(i), memory).memory
      }
      times(one, 2_000)
      const sorted = times(one, 20_000)
      return 1_000 * sorted[Math.floor(0.99 * sorted.length)]
    }
  }
}

/** An hour of scrapes that move, as a rehearsal shows it. */
function hour(nowMs: number, level: number) {
  const values = Float64Array.from(
    { length: 240 },
    (_, i) => level * (1 + 0.3 * Math.sin((nowMs / 15_000 + i) / 50))
  )
  return series(15_000, values, { startMs: nowMs - 240 * 15_000 })
}

const network = () => {
  const world = spark({ initial: { executors: 9 } })
  const states = [world.initial(1)]
  for (let t = 0; t < 400; t++) {
    states.push(world.transition(states[t], {}, 3_000 + 2_000 * Math.sin(t / 30)))
  }
  const shown = states.slice(10).map((state) => ({
    ...world.observe(state),
    load: hour(state.nowMs, 200),
    service: { unitRate: 50, leadTimeMs: { p50: 45_000, p90: 57_000 } }
  }))
  const policy = learnedPolicies.ppo.make(train(2_048, 'simd').model())
  return { policy, seen: (i: number) => shown[i % shown.length] }
}

const table = () => {
  const load = Float64Array.from({ length: 4_000 }, (_, t) => 300 + 200 * Math.sin(t / 200))
  const environment = elasticEnvironment(unforeseenDemand(series(MINUTE, load)), { anySize: true })
  const size = { states: environment.states.states, actions: environment.actions }
  const learned = qLearning(environment, size, random(1, 'bench'), { episodes: 50 })
  const { shape } = environment.states
  const model = sealedTable(
    tabularModel(shape, { method: 'q-learning', gamma: 0.95, table: learned.table }),
    {
      bins: elasticBins,
      trained: { updates: learned.updates, seed: 1, options: {} }
    }
  )
  const shown = Array.from({ length: 400 }, (_, i): Observation => {
    const nowMs = (i + 300) * MINUTE
    return {
      nowMs,
      load: hour(nowMs - 15_000, 300),
      capacity: { ready: { unit: 5 + (i % 10) } },
      metrics: {
        queue: { value: 0, quality: 'ok', ageMs: 0 },
        cpu: { value: 0.6, quality: 'ok', ageMs: 30_000 }
      },
      service: { unitRate: 40, leadTimeMs: { p50: 120_000, p90: 120_000 } },
      forecast: {
        startMs: nowMs - MINUTE,
        stepMs: MINUTE,
        mean: new Float64Array(15).fill(300 + i),
        quantiles: {},
        by: { model: 'bench', version: '1', trainedUntilMs: 0 }
      }
    }
  })
  return { policy: learnedPolicies['q-learning'].make(model), seen: (i: number) => shown[i % shown.length] }
}

const benches: readonly Bench[] = [
  trainingBench('simd'),
  trainingBench('fma'),
  decisionBench('the PPO policy in its shield', network),
  decisionBench('the Q-learning policy in its shield', table)
]
export default benches

/**
 * PPO on CartPole-v1: environment steps in a second of the processor, training included; beside stable-baselines3.
 *
 * Both play 8 environments with perceptrons 64×64 on one thread, once with the hyperparameters that rl-baselines3-zoo publishes
 * for CartPole (rollouts of 32, 20 epochs of one minibatch of 256), once with the defaults of stable-baselines3 (10 epochs of
 * minibatches of 64; rollouts of 256, so that one is as large as there). The decision is that of the trained actor, one state in.
 */
import { cartPole, cartPoleSpace } from '../examples/cartpole-environment.ts'
import { type GivenOptions, random } from '../src/base/index.ts'
import { actor, oneHead, ppo } from '../src/decide/index.ts'
import { usableKernels } from '../src/nn/index.ts'
import { type Bench, median, times } from './bench.ts'
import { python } from './peers/python.ts'

const packages = ['stable-baselines3==2.9.2', 'torch==2.15.0']
const steps = 10_240

const zoo = {
  ...{ rollout: 32, minibatch: 256, epochs: 20, gamma: 0.98, lambda: 0.8 },
  ...{ rate: 0.001, annealClip: true, scaleStates: false }
}
const defaults = { rollout: 256, minibatch: 64, epochs: 10, annealRate: false, scaleStates: false }

const world = () =>
  oneHead(
    cartPole((seed) => random(seed, 'cartpole').next),
    cartPoleSpace
  )

function trained(options: GivenOptions, of: number) {
  const learner = ppo(world, { ...options, environments: 8, steps: of, seed: 1 })
  while (!learner.done) learner.update()
  return learner
}

function trainingBench(name: string, options: GivenOptions, kernels: 'simd' | 'fma' = 'simd'): Bench {
  let warm = false
  return {
    name: `PPO on CartPole, ${name}, ${kernels}`,
    unit: 'steps/s CPU',
    higherIsBetter: true,
    ours() {
      if (usableKernels(kernels) !== kernels) throw new Error(`${kernels} cannot run here`)
      if (!warm) trained({ ...options, kernels }, 2_048)
      warm = true
      const start = process.cpuUsage()
      trained({ ...options, kernels }, steps)
      const { user, system } = process.cpuUsage(start)
      return steps / ((user + system) / 1e6)
    },
    peer: {
      name: 'stable-baselines3',
      version: '2.9.2',
      run: () => python('sb3-cartpole.py', packages, [name, String(steps)])
    }
  }
}

/** From a state of the Spark world's size to four heads. */
const decisionBench: Bench = {
  name: 'one decision of PPO',
  unit: 'µs p50',
  higherIsBetter: false,
  ours() {
    const size = 13
    const state = new Float32Array(size).fill(0.3)
    const still = () => ({ observation: state, reward: 0, terminated: false, truncated: false })
    const make = () => ({
      ...{ version: 'still', observationSize: size, actionSizes: [20, 8, 4, 3] },
      ...{ reset: () => state, step: still }
    })
    const act = actor(ppo(make, { rollout: 8 }).model())
    return 1000 * median([...times(() => void act(state), 20_000)])
  }
}

const benches: readonly Bench[] = [
  trainingBench('zoo', zoo),
  trainingBench('zoo', zoo, 'fma'),
  trainingBench('default', defaults),
  decisionBench
]
export default benches

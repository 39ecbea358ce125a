/**
 * Updates of Q-learning in a processor second, the environment's step included: on FrozenLake 8 × 8, and in the elastic world.
 * The peer learns the same lake with the same settings: a NumPy table and Python's own random numbers.
 */
import { random, series } from '../src/base/index.ts'
import { elasticEnvironment, unforeseenDemand } from '../src/compare/index.ts'
import { compileMdp, mdpEnvironment, qLearning } from '../src/decide/index.ts'
import type { Environment } from '../src/roles.ts'
import { type Bench, perCpuSecond } from './bench.ts'
import { python } from './peers/python.ts'

/** Gymnasium's 8 × 8 map. */
const LAKE = 'SFFFFFFFFFFFFFFFFFFHFFFFFFFFFHFFFFFHFFFFFHHFFFHFFHFFHFHFFFFHFFFG'

function lake(): Environment<number, number> {
  const moved = (at: number, action: number) => {
    const x = Math.min(7, Math.max(0, (at % 8) + [-1, 0, 1, 0][action]))
    const y = Math.min(7, Math.max(0, (at >> 3) + [0, 1, 0, -1][action]))
    return 8 * y + x
  }
  const mdp = compileMdp({
    states: 64,
    actions: 4,
    outcomes: (s, a, emit) => {
      for (const slip of [3, 0, 1]) {
        const to = moved(s, (a + slip) % 4)
        emit(1 / 3, to, LAKE[to] === 'G' ? 1 : 0, 'HG'.includes(LAKE[to]))
      }
    }
  })
  return mdpEnvironment(mdp, { starts: [0], steps: 200 })
}

function wave(): Environment<number, number> {
  const load = Float64Array.from(
    { length: 10_000 },
    (_, t) => 300 + 200 * Math.sin(t / 200) + 30 * Math.sin(t)
  )
  return elasticEnvironment(unforeseenDemand(series(60_000, load)), { anySize: true })
}

function learning(environment: Environment<number, number>, states: number, actions: number): () => number {
  let seed = 0
  const options = { episodes: 200, alpha: 0.1, gamma: 0.99, epsilon: 0.1 }
  return () => qLearning(environment, { states, actions }, random(++seed, 'bench'), options).updates
}

let [onLake, onWave]: ((() => number) | undefined)[] = []

const benches: readonly Bench[] = [
  {
    name: 'q-learning on FrozenLake 8 × 8',
    unit: 'updates/s CPU',
    higherIsBetter: true,
    ours() {
      onLake ??= learning(lake(), 64, 4)
      return perCpuSecond(onLake, 1_000)
    },
    peer: {
      name: 'NumPy table, random of Python',
      version: '2.3.5',
      run: () => python('q-learning.py', ['numpy==2.3.5'])
    }
  },
  {
    name: 'q-learning in the elastic world',
    unit: 'updates/s CPU',
    higherIsBetter: true,
    ours() {
      onWave ??= learning(wave(), 3_000, 3)
      return perCpuSecond(onWave, 1_000)
    }
  }
]
export default benches

/** Does our PPO learn the task on which everybody's is tried, with the hyperparameters that are published for it? */
import { type Chance, cartPole, cartPoleSpace } from '../../../examples/cartpole-environment.ts'
import { EPISODES, lesson, meanReturn, SOLVED } from '../../../examples/cartpole-lesson.ts'
import { random } from '../../../src/base/index.ts'
import { actor, oneHead, ppo } from '../../../src/decide/index.ts'
import type { Experiment, ExperimentOptions, ExperimentResult } from '../../experiment.ts'

const SEEDS = 10
/** Of ten. */
const MOST_OF_THEM = 9

export const experiment: Experiment = {
  name: 'edge-burst-ppo/cartpole',
  says: 'PPO on CartPole-v1 with published hyperparameters: mean return on ten seeds',
  run
}

async function run({ long, progress }: ExperimentOptions): Promise<ExperimentResult> {
  const seeds = Array.from({ length: long ? SEEDS : 1 }, (_, i) => i + 1)
  const rows = seeds.map((seed) => {
    progress(`seed ${seed} of ${seeds.length}`)
    return { seed, steps: lesson.steps, meanReturn: learned(seed) }
  })
  const solved = rows.filter((row) => row.meanReturn >= SOLVED).length
  return {
    experiment: experiment.name,
    settings: { form: long ? 'long' : 'short', seeds: seeds.length, episodes: EPISODES, ...lesson },
    rows,
    claims: [
      {
        id: 'solved',
        text: `seeds of ${seeds.length} on which the greedy mean return over ${EPISODES} episodes is at least ${SOLVED} of 500`,
        expected: long ? `≥ ${MOST_OF_THEM} of ${SEEDS}` : '1 of 1',
        measured: solved,
        holds: solved >= (long ? MOST_OF_THEM : 1)
      }
    ]
  }
}

const chance: Chance = (seed) => random(seed, 'cartpole').next

function learned(seed: number): number {
  const learner = ppo(() => oneHead(cartPole(chance), cartPoleSpace), { ...lesson, seed })
  while (!learner.done) learner.update()
  const act = actor(learner.model())
  // The pole shows no state with NaN.
  return meanReturn(chance, (state) => act(state)?.action[0] ?? 0)
}

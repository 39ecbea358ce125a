/**
 * PPO learns CartPole-v1 with the hyperparameters that rl-baselines3-zoo publishes for it (100,000 steps; there 500 ± 0).
 *
 *   node examples/cartpole.ts               one seed
 *   node examples/cartpole.ts --seeds 10    mean return ≥ 490 over 100 episodes on ≥ 9 of 10 seeds, else exit 1
 */
import { parseArgs } from 'node:util'
import { random } from 'prescale/base'
import { actor, oneHead, ppo } from 'prescale/decide'
import { type Chance, cartPole, cartPoleSpace } from './cartpole-environment.ts'
import { EPISODES, lesson, meanReturn, SOLVED } from './cartpole-lesson.ts'

const chance: Chance = (seed) => random(seed, 'cartpole').next
const world = () => oneHead(cartPole(chance), cartPoleSpace)

const { values } = parseArgs({ options: { seeds: { type: 'string', default: '1' } } })
const seeds = Number(values.seeds)
let solved = 0
for (let seed = 1; seed <= seeds; seed++) {
  const learner = ppo(world, { ...lesson, seed })
  while (!learner.done) learner.update()
  const act = actor(learner.model())
  const mean = meanReturn(chance, (state) => act(state)?.action[0] ?? 0)
  if (mean >= SOLVED) solved++
  console.log(`seed ${seed}: mean return ${mean} over ${EPISODES} episodes`)
}
console.log(`${solved} of ${seeds} reach ${SOLVED}`)
process.exitCode = solved >= Math.floor(0.9 * seeds) ? 0 : 1

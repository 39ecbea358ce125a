/**
 * PPO learns CartPole-v1 with the hyperparameters that rl-baselines3-zoo publishes for it (100,000 steps; there 500 ± 0).
 *
 *   node examples/cartpole.ts               one seed
 *   node examples/cartpole.ts --seeds 10    mean return ≥ 490 over 100 episodes on ≥ 9 of 10 seeds, else exit 1
 */
import { parseArgs } from 'node:util'
import { random } from 'prescale/base'
import { actor, oneHead, ppo } from 'prescale/decide'
import { cartPole, cartPoleSpace } from './cartpole-environment.ts'

const options = {
  ...{ steps: 100_000, environments: 8, rollout: 32, minibatch: 256, epochs: 20, gamma: 0.98, lambda: 0.8 },
  ...{ rate: 0.001, annealRate: true, annealClip: true, scaleStates: false }
}
const world = () =>
  oneHead(
    cartPole((seed) => random(seed, 'cartpole').next),
    cartPoleSpace
  )

/** The mean return of 100 episodes that nobody has learned from. */
function evaluate(model: unknown): number {
  const act = actor(model)
  const pole = world()
  let sum = 0
  for (let episode = 0; episode < 100; episode++) {
    let state = pole.reset(1_000_000 + episode)
    for (let over = false; !over; ) {
      const { observation, reward, terminated, truncated } = pole.step(act(state)?.action ?? [0])
      state = observation
      sum += reward
      over = terminated || truncated
    }
  }
  return sum / 100
}

const { values } = parseArgs({ options: { seeds: { type: 'string', default: '1' } } })
const seeds = Number(values.seeds)
let solved = 0
for (let seed = 1; seed <= seeds; seed++) {
  const learner = ppo(world, { ...options, seed })
  while (!learner.done) learner.update()
  const mean = evaluate(learner.model())
  if (mean >= 490) solved++
  console.log(`seed ${seed}: mean return ${mean} over 100 episodes`)
}
console.log(`${solved} of ${seeds} reach 490`)
process.exitCode = solved >= Math.floor(0.9 * seeds) ? 0 : 1

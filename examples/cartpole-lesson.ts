/**
 * How PPO is taught CartPole-v1, and how it is examined: the hyperparameters that rl-baselines3-zoo publishes for it (100,000 steps; there
 * 500 ± 0), and the mean return of 100 episodes that nobody has learned from.
 */
import { type Chance, cartPole } from './cartpole-environment.ts'

export const lesson = {
  ...{ steps: 100_000, environments: 8, rollout: 32, minibatch: 256, epochs: 20, gamma: 0.98, lambda: 0.8 },
  ...{ rate: 0.001, annealRate: true, annealClip: true, scaleStates: false }
}

/** Of 500 that there are; Gymnasium calls 475 solved. */
export const SOLVED = 490
export const EPISODES = 100
const FIRST_SEED = 1_000_000

/** `push` says where to push, by the state: 0 is left, 1 is right. */
export function meanReturn(chance: Chance, push: (state: ArrayLike<number>) => number): number {
  const pole = cartPole(chance)
  let sum = 0
  for (let episode = 0; episode < EPISODES; episode++) {
    let state = pole.reset(FIRST_SEED + episode)
    for (let over = false; !over; ) {
      const { observation, reward, terminated, truncated } = pole.step(push(state))
      state = observation
      sum += reward
      over = terminated || truncated
    }
  }
  return sum / EPISODES
}

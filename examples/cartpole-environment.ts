/**
 * CartPole-v1: a pole on a cart, to be kept upright by pushing left (0) or right (1). One point for each of 500 steps.
 *
 *   θ̈ = (g sin θ − cos θ · a) / (l (4/3 − m cos²θ / M)),  a = (force + m l θ̇² sin θ) / M,  ẍ = a − m l θ̈ cos θ / M
 *
 * M = 1.1 kg with the pole, m = 0.1 kg, l = 0.5 m to its middle, force ±10 N, Euler steps of 20 ms. It ends beyond 2.4 m or 12°.
 * Barto, Sutton & Anderson 1983; numbers of Gymnasium.
 */
import type { Environment } from 'prescale'

export const cartPoleSpace = { version: 'CartPole-v1', observationSize: 4, actions: 2 }

const [gravity, cart, pole, half, push, tau] = [9.8, 1, 0.1, 0.5, 10, 0.02]
const [farthest, steepest, longest] = [2.4, (12 * Math.PI) / 180, 500]

/** Chance, uniform in [0, 1), for the first state of an episode. */
export type Chance = (seed: number) => () => number

export function cartPole(chance: Chance): Environment<Float64Array, number> {
  const state = new Float64Array(4)
  let steps = 0
  return {
    reset(seed) {
      const next = chance(seed)
      for (let i = 0; i < 4; i++) state[i] = 0.1 * next() - 0.05
      steps = 0
      return state
    },
    step(action) {
      const [x, v, angle, turn] = state
      const [sin, cos, mass] = [Math.sin(angle), Math.cos(angle), cart + pole]
      const a = ((action === 1 ? push : -push) + pole * half * turn * turn * sin) / mass
      const bend = (gravity * sin - cos * a) / (half * (4 / 3 - (pole * cos * cos) / mass))
      state[0] = x + tau * v
      state[1] = v + tau * (a - (pole * half * bend * cos) / mass)
      state[2] = angle + tau * turn
      state[3] = turn + tau * bend
      const terminated = Math.abs(state[0]) > farthest || Math.abs(state[2]) > steepest
      return { observation: state, reward: 1, terminated, truncated: ++steps >= longest && !terminated }
    }
  }
}

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileMdp, type FiniteMdp, policyValues, valueIteration } from './value-iteration.ts'

/** Moves on a grid: up, right, down, left; a step off the edge stays. */
function moved(at: number, action: number, width: number, height: number): { to: number; off: boolean } {
  const [x, y] = [(at % width) + [0, 1, 0, -1][action], Math.floor(at / width) + [-1, 0, 1, 0][action]]
  const off = x < 0 || y < 0 || x >= width || y >= height
  return { to: off ? at : y * width + x, off }
}

/** Sutton & Barto 2018, example 3.5: 5 × 5, off the edge −1, A (1) → A′ (21) +10, B (3) → B′ (13) +5. */
const gridworld: FiniteMdp = {
  states: 25,
  actions: 4,
  outcomes(s, a, emit) {
    if (s === 1) return emit(1, 21, 10)
    if (s === 3) return emit(1, 13, 5)
    const { to, off } = moved(s, a, 5, 5)
    emit(1, to, off ? -1 : 0)
  }
}

/** The same, figure 3.5: v* with γ = 0.9. */
const figure35 = [
  [22.0, 24.4, 22.0, 19.4, 17.5],
  [19.8, 22.0, 19.8, 17.8, 16.0],
  [17.8, 19.8, 17.8, 16.0, 14.4],
  [16.0, 17.8, 16.0, 14.4, 13.0],
  [14.4, 16.0, 14.4, 13.0, 11.7]
].flat()

/** Gymnasium's FrozenLake-v1, 4 × 4: slips to either side with 1/3 each; holes and the goal end it, the goal pays 1. */
const lake = 'SFFFFHFHFFFHHFFG'
const frozenLake: FiniteMdp = {
  states: 16,
  actions: 4,
  outcomes(s, a, emit) {
    if ('HG'.includes(lake[s])) return emit(1, s, 0, true)
    for (const slip of [3, 0, 1]) {
      const { to } = moved(s, (a + slip) % 4, 4, 4)
      emit(1 / 3, to, lake[to] === 'G' ? 1 : 0, 'HG'.includes(lake[to]))
    }
  }
}

describe('value iteration', () => {
  it('finds the values of the gridworld of Sutton and Barto, figure 3.5', () => {
    const { values, bound } = valueIteration(compileMdp(gridworld), { gamma: 0.9 })
    expect(bound).toBeLessThanOrEqual(1e-6)
    for (const [s, value] of figure35.entries()) expect(Math.abs(values[s] - value)).toBeLessThan(0.051)
    // v*(A) = 10 / (1 − 0.9⁵): ten every five steps.
    expect(values[1]).toBeCloseTo(10 / (1 - 0.9 ** 5), 5)
  })

  it('counts the steps home in example 4.1, where nothing is discounted', () => {
    const home: FiniteMdp = {
      states: 16,
      actions: 4,
      outcomes(s, a, emit) {
        if (s === 0 || s === 15) return emit(1, s, 0, true)
        const { to } = moved(s, a, 4, 4)
        emit(1, to, -1, to === 0 || to === 15)
      }
    }
    const { values } = valueIteration(compileMdp(home), { gamma: 1 })
    expect(Array.from(values, (v) => v + 0)).toEqual([
      0, -1, -2, -3, -1, -2, -3, -2, -2, -3, -2, -1, -3, -2, -1, 0
    ])
  })

  it("knows the gambler's chances, example 4.3 with p = 0.4", () => {
    const gambler: FiniteMdp = {
      states: 101,
      actions: 51,
      outcomes(s, a, emit) {
        const stake = Math.min(a, s, 100 - s)
        if (s === 0 || s === 100) return emit(1, s, 0, true)
        emit(0.4, s + stake, s + stake === 100 ? 1 : 0, s + stake === 100)
        emit(0.6, s - stake, 0, s - stake === 0)
      }
    }
    const { values } = valueIteration(compileMdp(gambler), { gamma: 1, tolerance: 1e-12 })
    // Bold play is optimal, and its values are exact in binary fractions.
    for (const [capital, chance] of [
      [25, 0.16],
      [50, 0.4],
      [75, 0.64]
    ])
      expect(values[capital]).toBeCloseTo(chance, 9)
  })

  it.each([
    [0.99, 0.5420259],
    [1, 14 / 17]
  ])('crosses the frozen lake as well as can be, γ = %d', (gamma, value) => {
    const { values } = valueIteration(compileMdp(frozenLake), { gamma, tolerance: 1e-9 })
    expect(values[0]).toBeCloseTo(value, 5)
  })

  it('is never below any policy, and equal to its own', () => {
    const mdp = compileMdp(frozenLake)
    const { values, policy } = valueIteration(mdp, { gamma: 0.95 })
    const own = policyValues(mdp, (s) => policy[s], { gamma: 0.95 })
    for (let s = 0; s < 16; s++) expect(own[s]).toBeCloseTo(values[s], 5)
    fc.assert(
      fc.property(fc.array(fc.nat(3), { minLength: 16, maxLength: 16 }), (actions) => {
        const worth = policyValues(mdp, (s) => actions[s], { gamma: 0.95 })
        for (let s = 0; s < 16; s++) expect(worth[s]).toBeLessThanOrEqual(values[s] + 1e-5)
      }),
      { numRuns: 50 }
    )
  })

  it('refuses probabilities that do not sum to 1, and discounts that cannot be', () => {
    const broken: FiniteMdp = { states: 1, actions: 1, outcomes: (_s, _a, emit) => emit(0.5, 0, 1) }
    expect(() => compileMdp(broken)).toThrow('probabilities must sum to 1, were 0.5')
    expect(() => valueIteration(compileMdp(gridworld), { gamma: 1.5 })).toThrow('gamma must be')
  })
})

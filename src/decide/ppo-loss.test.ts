import { describe, expect, it } from 'vitest'
import { random } from '../base/index.ts'
import type { Network } from '../nn/index.ts'
import { choose, logProbabilities, ppoLoss } from './ppo-loss.ts'
import { actorAndCritic } from './ppo-model.ts'

const sizes = [2, 3, 2]
const logits = [0.3, -1, 2, 0, -0.5, 0.1, 0.4]
const logs = logProbabilities(logits, 0, sizes, new Float64Array(7))

/** Every action that three heads can make, and its probability. */
const joint = [0, 1].flatMap((a) =>
  [0, 1, 2].flatMap((b) =>
    [0, 1].map((c) => ({ action: [a, b, c], log: logs[a] + logs[2 + b] + logs[5 + c] }))
  )
)
const one = Float64Array.of(1)

describe('an action of several heads', () => {
  it('has probabilities that add up to 1 over all combinations', () => {
    expect(joint).toHaveLength(12)
    expect(joint.reduce((sum, { log }) => sum + Math.exp(log), 0)).toBeCloseTo(1, 12)
  })

  it('has the log-probability and the entropy of the joint distribution: sums over heads', () => {
    const { action, log } = joint[7]
    const batch = {
      ...{ rows: 1, actions: Float64Array.from(action), logProbabilities: Float64Array.of(log - 0.1) },
      ...{ advantages: one, returns: one, values: one }
    }
    const weights = { clip: 10, valueWeight: 0, entropyWeight: 0 }
    const parts = ppoLoss(
      Float64Array.from(logits),
      one,
      batch,
      sizes,
      weights,
      new Float64Array(7),
      new Float64Array(1)
    )
    expect(parts.policy).toBeCloseTo(-Math.exp(0.1), 12)
    expect(parts.kl).toBeCloseTo(Math.exp(0.1) - 1 - 0.1, 12)
    expect(parts.entropy).toBeCloseTo(
      joint.reduce((sum, { log: l }) => sum - Math.exp(l) * l, 0),
      12
    )
  })

  it('is sampled as often as it is likely, and without chance the likeliest is taken', () => {
    const rng = random(3)
    const counts = [0, 0, 0]
    for (let i = 0; i < 20_000; i++) counts[choose(logs, 2, 3, rng.next())]++
    for (const [i, count] of counts.entries()) expect(count / 20_000).toBeCloseTo(Math.exp(logs[2 + i]), 1)
    expect(choose(logs, 2, 3)).toBe(0)
    expect(choose(logs, 5, 2)).toBe(1)
    expect([choose(logs, 2, 3, 0), choose(logs, 2, 3, 1 - 2 ** -53)]).toEqual([0, 2])
  })

  it('has probabilities however far the logits are apart', () => {
    const far = logProbabilities([1000, -1000], 0, [2], new Float64Array(2))
    expect([...far]).toEqual([0, -2000])
  })
})

describe('the clipped loss', () => {
  /** One head of two choices at p = ½ each; the old probability is ½ / ratio. */
  const lossOf = (ratio: number, advantage: number) => {
    const byLogits = new Float64Array(2)
    const batch = {
      ...{ rows: 1, actions: Float64Array.of(0), logProbabilities: Float64Array.of(Math.log(0.5 / ratio)) },
      ...{ advantages: Float64Array.of(advantage), returns: one, values: one }
    }
    const weights = { clip: 0.2, valueWeight: 0, entropyWeight: 0 }
    const parts = ppoLoss(new Float64Array(2), one, batch, [2], weights, byLogits, new Float64Array(1))
    return { policy: parts.policy, clipped: parts.clipFraction, moves: byLogits[0] !== 0 }
  }

  // Schulman et al. 2017, figure 1: flat where an action that was better is already likelier enough, and the other way round.
  it.each([
    { ratio: 1, advantage: 2, policy: -2, clipped: 0, moves: true },
    { ratio: 1.5, advantage: 2, policy: -2.4, clipped: 1, moves: false },
    { ratio: 0.5, advantage: 2, policy: -1, clipped: 1, moves: true },
    { ratio: 1.5, advantage: -2, policy: 3, clipped: 1, moves: true },
    { ratio: 0.5, advantage: -2, policy: 1.6, clipped: 1, moves: false }
  ])('at a ratio of $ratio and an advantage of $advantage is $policy', ({ ratio, advantage, ...right }) => {
    const { policy, ...rest } = lossOf(ratio, advantage)
    expect(policy).toBeCloseTo(right.policy, 12)
    expect(rest).toEqual({ clipped: right.clipped, moves: right.moves })
  })

  // By hand: max((V − R)², (V_old ± 0.2 − R)²).
  it.each([
    { what: 'free', value: 1, before: 0, clipValue: undefined, loss: 4, slope: -4 },
    { what: 'held towards the return', value: 1, before: 0, clipValue: 0.2, loss: 7.84, slope: 0 },
    { what: 'not held', value: 0.1, before: 0, clipValue: 0.2, loss: 8.41, slope: -5.8 },
    { what: 'away from the return', value: -1, before: 0, clipValue: 0.2, loss: 16, slope: -8 }
  ])('of a value, $what, is $loss', ({ value, before, clipValue, loss, slope }) => {
    const byValues = new Float64Array(1)
    const batch = {
      ...{ rows: 1, actions: Float64Array.of(0), logProbabilities: one, advantages: one },
      ...{ returns: Float64Array.of(3), values: Float64Array.of(before) }
    }
    const weights = { clip: 0.2, clipValue, valueWeight: 1, entropyWeight: 0 }
    const parts = ppoLoss(
      new Float64Array(2),
      Float64Array.of(value),
      batch,
      [2],
      weights,
      new Float64Array(2),
      byValues
    )
    expect(parts.value).toBeCloseTo(loss, 12)
    expect(byValues[0]).toBeCloseTo(slope, 12)
  })

  it.each([undefined, 0.2])(
    'has the slope of central differences through both networks, values clipped at %s',
    (clipValue) => {
      const [rows, size] = [9, 3]
      const rng = random(5, 'gradient')
      const players = actorAndCritic(
        { version: 'test', observationSize: size, actionSizes: sizes },
        { units: 5, maxBatch: rows, kernels: 'reference', rng }
      )
      const { actor, critic } = players
      // Away from the first weights, where all logits are nearly 0.
      for (const { value } of actor.parameters)
        for (let i = 0; i < value.length; i++) value[i] += 0.5 * rng.normal()
      for (let i = 0; i < rows * size; i++) actor.input[i] = rng.normal()
      critic.input.set(actor.input)
      const normals = (scale: number, shift: number) =>
        Float64Array.from({ length: rows }, () => scale * rng.normal() + shift)
      const batch = {
        rows,
        actions: Float64Array.from({ length: rows * sizes.length }, (_, i) =>
          rng.integer(sizes[i % sizes.length])
        ),
        logProbabilities: normals(0.3, -2.5),
        advantages: normals(1, 0),
        returns: normals(1, 0),
        values: normals(0.5, 0)
      }
      const weights = { clip: 0.2, clipValue, valueWeight: 0.5, entropyWeight: 0.1 }
      const [byLogits, byValues] = [new Float64Array(rows * 7), new Float64Array(rows)]
      const evaluate = () =>
        ppoLoss(actor.forward(rows), critic.forward(rows), batch, sizes, weights, byLogits, byValues)
      const { clipFraction } = evaluate()
      expect(clipFraction).toBeGreaterThan(0)
      expect(clipFraction).toBeLessThan(1)
      actor.backward(byLogits)
      critic.backward(byValues)
      for (const network of [actor, critic] satisfies Network[]) {
        for (const { value, gradient } of network.parameters) {
          const slopes = gradient.slice()
          for (let i = 0; i < value.length; i++) {
            const kept = value[i]
            const [up, down] = [1e-6, -1e-6].map((h) => {
              value[i] = kept + h
              return evaluate().loss
            })
            value[i] = kept
            expect(slopes[i]).toBeCloseTo((up - down) / 2e-6, 6)
          }
        }
      }
    }
  )
})

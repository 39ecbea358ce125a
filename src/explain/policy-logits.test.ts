import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { random } from '../base/index.ts'
import { integratedGradients } from './attribution.ts'
import type { MeasuredLoss } from './policy-explanation.ts'
import { explainPolicy } from './policy-logits.ts'
import type { PolicyView } from './policy-view.ts'

const executors = Array.from({ length: 20 }, (_, i) => i + 1)

/** Wants about 4 + 6·load + 8·alarm executors, by a Gaussian around that; fast storage above half of the load. */
const view: PolicyView = {
  features: [
    { name: 'Load', unit: 'messages/s', high: 1_000, says: 'the load' },
    { name: 'Alarm', binary: true, says: 'the alarm' },
    { name: 'Alpha', setting: true }
  ],
  heads: [
    { name: 'executors', labels: executors.map(String), amounts: executors },
    { name: 'storage', labels: ['redis', 'nvme'] }
  ],
  logits: ([load, alarm]: ArrayLike<number> & Iterable<number>) => {
    if (Number.isNaN(load + alarm)) return undefined
    const wanted = 4 + 6 * load + 8 * alarm
    return [...executors.map((n) => -((n - wanted) ** 2) / 2), 4 * (load - 0.5), 0]
  },
  value: ([load, alarm]: ArrayLike<number> & Iterable<number>) => -load - 2 * alarm,
  usual: [0.2, 0, 0.5]
}

describe('a policy network in words', () => {
  const told = explainPolicy(view, [0.21, 1, 0.5])

  it('says the choice of every head, by what margin, and how sure it is', () => {
    const [main, storage] = told.heads
    // Wanted 13.26: 13 is 0.26 away and 14 is 0.74, so the log-odds are (0.74² − 0.26²)/2.
    expect(main).toMatchObject({ head: 'executors', choice: '13', runnerUp: '14', unit: 'executors' })
    expect(main.logOdds).toBeCloseTo((0.74 ** 2 - 0.26 ** 2) / 2, 9)
    expect(main.probability / main.runnerUpProbability).toBeCloseTo(Math.exp(main.logOdds), 9)
    // A Gaussian of deviation 1 has ½ ln(2πe) nats.
    expect(main.entropy).toBeCloseTo(0.5 * Math.log(2 * Math.PI * Math.E), 3)
    expect(main.undecided).toBeCloseTo(main.entropy / Math.log(20), 9)
    expect(storage).toMatchObject({ choice: 'nvme', runnerUp: 'redis', unit: 'log-odds' })
    expect(storage.logOdds).toBeCloseTo(4 * 0.29, 9)
    expect(told.action).toEqual([12, 1])
  })

  it('says what moved it, in executors, and everything adds up', () => {
    const [main, storage] = told.heads
    expect(main.moved.map(({ feature }) => feature)).toEqual(['Alarm', 'Load'])
    expect(main.moved[0].influence).toBeCloseTo(8, 2)
    expect(main.moved[1].influence).toBeCloseTo(0.06, 2)
    expect(main.moved[1]).toMatchObject({ value: 210, usual: 200 })
    expect(storage.moved).toHaveLength(1)
    expect(storage.moved[0].influence).toBeCloseTo(-0.04, 6)
    for (const head of told.heads) {
      const sum = head.moved.reduce((total, { influence }) => total + influence, 0)
      expect(sum + head.gap).toBeCloseTo(head.differs, 9)
    }
  })

  it('says what would change it: without the alarm it would choose 5', () => {
    expect(told.would.find(({ feature }) => feature === 'Alarm')).toMatchObject({
      now: 1,
      at: 0,
      choice: '5'
    })
    // 13.5 is half a unit over: load 0.25. Settings of people are no counterfactual.
    const load = told.would.find(({ feature, at }) => feature === 'Load' && at > 210)
    expect(load?.choice).toBe('14')
    expect(load?.at).toBeCloseTo(250, 0)
    expect(told.would.map(({ feature }) => feature)).not.toContain('Alpha')
    expect(told.would.map(({ far }) => far)).toEqual(told.would.map(({ far }) => far).sort((a, b) => a - b))
  })

  it('tells all of it in a few plain sentences', () => {
    expect(told.sentence).toBe(
      'The network chooses 13 executors (storage nvme), undecided: 39 % against 30 % for 14 (log-odds 0.24, 47 % of the most undecided it could be). ' +
        'Against a usual state it was moved by the alarm +8 executors. ' +
        'Without the alarm it would choose 5 executors. ' +
        'Its critic expects −2.21 of future reward from here, usually −0.2.'
    )
  })

  const withLoss = (mean: number, error: number, penalty?: number) =>
    explainPolicy(view, [0.21, 1, 0.5], {
      alternatives: [{ says: 'does not change anything', action: [4, 1] }],
      override: (action): MeasuredLoss | undefined => (action[0] === 4 ? { mean, error } : undefined),
      penalty
    })

  it.each([
    { mean: 6, error: 0.5, penalty: 1, says: 'It expects severe penalties if it does not change anything' },
    { mean: 6, error: 0.5, says: 'It expects to lose 6 (at least 5.18, measured) of its future reward' },
    { mean: 0.3, error: 0.01, penalty: 1, says: 'a clear loss' },
    { mean: 1, error: 2, says: 'It cannot tell what it would lose if it does not change anything' },
    { mean: -0.4, error: 0.5, says: 'Measured, it would lose nothing if it does not change anything: +0.4' }
  ])('names a loss only where it was measured, as loud as it is: $says', ({ mean, error, penalty, says }) => {
    const { sentence, instead } = withLoss(mean, error, penalty)
    expect(sentence).toContain(says)
    expect(instead).toHaveLength(1)
    expect(instead[0].atLeast).toBeCloseTo(Math.max(0, mean - 1.64 * error), 9)
    expect(told.sentence).not.toContain('lose')
    expect(told.instead).toEqual([])
  })

  it('says so where nothing is unusual and nothing would change it', () => {
    const deaf: PolicyView = { ...view, logits: () => [...executors.map((n) => -n), 1, 0] }
    expect(explainPolicy(deaf, view.usual).sentence).toContain(
      'Nothing is other than usual. No single feature would make it choose other than 1 executors.'
    )
  })

  it.each([[[0.2, 1]], [[0.2, NaN, 0.5]]])('refuses to explain %j', (state) => {
    expect(() => explainPolicy(view, state)).toThrow('a state to explain must be 3 numbers that are known')
  })

  it('asks the network itself: what it names is what the network answers', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 1), (load, alarm) => {
        const state = [load, alarm, 0.5]
        const { would, action } = explainPolicy(view, state)
        for (const { feature, at, choice } of would) {
          const turned = feature === 'Load' ? [at / 1_000, alarm, 0.5] : [load, at, 0.5]
          const { heads } = explainPolicy(view, turned)
          expect(heads[0].choice).toBe(choice)
          expect(Number(choice)).not.toBe(action[0] + 1)
        }
      }),
      { numRuns: 30 }
    )
  })
})

describe('integrated gradients', () => {
  /** A small network of tanh with weights by chance. */
  function network(seed: number, inputs: number, outputs: number) {
    const rng = random(seed, 'weights')
    const hidden = Array.from({ length: 8 }, () => Array.from({ length: inputs + 1 }, () => 2 * rng.normal()))
    const last = Array.from({ length: outputs }, () => hidden.map(() => rng.normal()))
    return (state: Float64Array, out: Float64Array) => {
      const h = hidden.map((w) =>
        Math.tanh(w.reduce((sum, wi, i) => sum + wi * (i < inputs ? state[i] : 1), 0))
      )
      last.forEach((w, k) => {
        out[k] = w.reduce((sum, wi, i) => sum + wi * h[i], 0)
      })
    }
  }
  const numbers = (size: number) =>
    fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: size, maxLength: size })

  it('add up to what differs, to a hundredth, for any network of tanh', () => {
    fc.assert(
      fc.property(fc.integer(), numbers(5), numbers(5), (seed, state, usual) => {
        for (const { parts, difference, gap } of integratedGradients(network(seed, 5, 3), 3, state, usual)) {
          const sum = parts.reduce((total, part) => total + part, 0)
          expect(sum + gap).toBeCloseTo(difference, 9)
          expect(Math.abs(gap)).toBeLessThanOrEqual(0.011 * Math.max(Math.abs(difference), 0.1))
        }
      }),
      { numRuns: 60 }
    )
  })

  it('give nothing to a feature that is as usual, or that the network does not look at', () => {
    const f = (state: Float64Array, out: Float64Array) => {
      out[0] = state[0] * state[1]
    }
    const [{ parts }] = integratedGradients(f, 1, [1, 1, 0.3], [0, 0, 0.9])
    // The product is shared out evenly between both; ½ each, by symmetry.
    expect(Array.from(parts).map((part) => Number(part.toFixed(6)))).toEqual([0.5, 0.5, 0])
  })
})

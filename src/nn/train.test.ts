import { describe, expect, it } from 'vitest'
import { random } from '../base/index.ts'
import type { Architecture, Network } from './architecture.ts'
import { createNetwork } from './index.ts'
import { mse } from './losses.ts'
import { type Samples, type Trained, type TrainOptions, train } from './train.ts'

const small: Architecture = {
  steps: 3,
  inputs: 1,
  layers: [
    { kind: 'gru', units: 4, sequence: false, reset: 'after' },
    { kind: 'dropout', rate: 0.2 },
    { kind: 'dense', units: 1, activation: 'none' }
  ]
}
const line: Architecture = { steps: 1, inputs: 2, layers: [{ kind: 'dense', units: 1, activation: 'none' }] }

const networkOf = (architecture: Architecture, maxBatch = 16): Network =>
  createNetwork(architecture, { kernels: 'reference', maxBatch, rng: random(5, 'weights') })

/** Rows of inputs, features of one step or steps of one feature, and the target of each. */
function samplesOf(
  rows: readonly (readonly number[])[],
  targets: readonly number[],
  training: number
): Samples {
  const steps = rows[0].length === small.steps
  return {
    count: rows.length,
    training,
    validationFrom: training,
    targets: 1,
    write(i, row, batch, input, target) {
      rows[i].forEach((x, j) => {
        input[steps ? j * batch + row : row * rows[i].length + j] = x
      })
      target[row] = targets[i]
    }
  }
}

function wave(count: number, training: number, noise = 0): Samples {
  const rng = random(2, 'wave')
  const y = Array.from({ length: count + 3 }, (_, t) => Math.sin(t / 3) + noise * rng.normal())
  const rows = Array.from({ length: count }, (_, t) => y.slice(t, t + 3))
  return samplesOf(rows, y.slice(3), training)
}

const run = (network: Network, samples: Samples, options: Partial<TrainOptions> = {}): Trained =>
  train(network, samples, { loss: mse, rng: random(1, 'train'), ...options })

const weightsOf = (network: Network) => network.parameters.map(({ value }) => [...value])

describe('train', () => {
  it('finds the line through points that lie on one', () => {
    const rng = random(3, 'points')
    const rows = Array.from({ length: 200 }, () => [rng.normal(), rng.normal()])
    const samples = samplesOf(
      rows,
      rows.map(([a, b]) => 2 * a - b + 0.5),
      160
    )
    const network = networkOf(line)
    const { validation, bestEpoch, epochs } = run(network, samples, { epochs: 60, patience: 60, rate: 0.05 })
    expect(validation[bestEpoch - 1]).toBeLessThan(1e-6)
    expect(epochs).toBe(60)
    const [w, b] = weightsOf(network)
    for (const [i, right] of [2, -1].entries()) expect(w[i]).toBeCloseTo(right, 2)
    expect(b[0]).toBeCloseTo(0.5, 2)
  })

  it('learns a wave better than its mean', () => {
    const { losses, validation } = run(networkOf(small), wave(300, 240))
    expect(losses.at(-1)).toBeLessThan(losses[0])
    expect(Math.min(...validation)).toBeLessThan(0.05)
  })

  it('stops when validation has not become better for a while, and keeps the best weights', () => {
    // Validation says the opposite of training: every epoch makes it worse.
    const base = wave(120, 90)
    const samples: Samples = {
      ...base,
      write(i, row, batch, input, target) {
        base.write(i, row, batch, input, target)
        if (i >= 90) target[row] *= -1
      }
    }
    const network = networkOf(small)
    // The weights it began with compete as epoch 0.
    const untrained = validationOf(network, samples)
    const { validation, bestEpoch, epochs, stopped, why } = run(network, samples, { epochs: 30, patience: 4 })
    expect(stopped).toBe('patience')
    expect(epochs).toBe(bestEpoch + 4)
    expect(why).toMatch(/no better for 4 epochs behind epoch/)
    const all = [untrained, ...validation]
    expect(validationOf(network, samples)).toBeCloseTo(all[bestEpoch], 12)
    expect(all[bestEpoch]).toBe(Math.min(...all))
  })

  it('gives the same bytes for the same seed, and others for another', () => {
    const once = (seed: number) => {
      const network = networkOf(small)
      run(network, wave(100, 80), { epochs: 2, rng: random(seed, 'train') })
      return JSON.stringify(weightsOf(network))
    }
    expect(once(1)).toBe(once(1))
    expect(once(1)).not.toBe(once(2))
  })

  it('makes of a batch in shards the gradient of the whole', () => {
    const still: Architecture = { ...small, layers: small.layers.filter(({ kind }) => kind !== 'dropout') }
    const weights = [1, 2, 3].map((shards) => {
      const network = networkOf(still)
      run(network, wave(50, 45), { epochs: 1, batch: 10, shards })
      return weightsOf(network).flat()
    })
    for (let i = 0; i < weights[0].length; i++) {
      expect(weights[1][i]).toBeCloseTo(weights[0][i], 9)
      expect(weights[2][i]).toBeCloseTo(weights[0][i], 9)
    }
  })

  it('stops at a loss that is not finite, with the last good weights and the reason', () => {
    let calls = 0
    const base = wave(60, 48)
    const samples: Samples = {
      ...base,
      write(i, row, batch, input, target) {
        base.write(i, row, batch, input, target)
        // From the third epoch on.
        if (i < 48 && calls++ > 2 * 48) target[row] = 1e200
      }
    }
    const network = networkOf(small)
    const { stopped, why, bestEpoch, validation } = run(network, samples)
    expect(stopped).toBe('not-finite')
    expect(why).toBe('the loss was Infinity in epoch 3; kept are the weights before')
    expect(bestEpoch).toBeGreaterThan(0)
    expect(validationOf(network, base)).toBeCloseTo(validation[bestEpoch - 1], 12)
  })

  it('judges by the training loss where there is nothing to validate on', () => {
    const { losses, validation, bestEpoch } = run(networkOf(small), wave(40, 40), { epochs: 3 })
    expect(validation.every(Number.isNaN)).toBe(true)
    expect(losses[bestEpoch - 1]).toBe(Math.min(...losses))
  })

  it('tells how far it is, and ends when told so', () => {
    const told: number[] = []
    const options = { epochs: 4, progress: (done: number) => told.push(done), enough: () => told.length >= 2 }
    const { stopped, epochs } = run(networkOf(small), wave(40, 32), options)
    expect(told).toEqual([1, 2])
    expect([stopped, epochs]).toEqual(['enough', 2])
  })

  it('refuses what does not fit, in one line', () => {
    expect(() => run(networkOf(small), wave(10, 0))).toThrow(/at least 1 sample/)
    expect(() => run(networkOf(small), wave(10, 8), { shards: 17 })).toThrow(/shards must be .* from 1 to 16/)
    const two = { ...wave(10, 8), targets: 2 }
    expect(() => run(networkOf(small), two)).toThrow(/outputs of the network must be 2 targets/)
  })
})

function validationOf(network: Network, samples: Samples): number {
  const target = new Float64Array(1)
  let sum = 0
  for (let i = samples.validationFrom; i < samples.count; i++) {
    samples.write(i, 0, 1, network.input, target)
    sum += (network.forward(1)[0] - target[0]) ** 2
  }
  return sum / (samples.count - samples.validationFrom)
}

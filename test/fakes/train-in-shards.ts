/** What the threads of a training in shards are sent for: a small network on a noisy wave. */
import { random, type Series } from '../../src/base/index.ts'
import { learn } from '../../src/forecast/index.ts'
import { createNetwork } from '../../src/nn/index.ts'
import { mse } from '../../src/nn/losses.ts'
import { type Exchange, train } from '../../src/nn/train.ts'
import { exchangeOf, type Part } from '../../src/work/index.ts'

export interface Wave {
  readonly windows: number
  readonly units: number
  readonly epochs: number
  readonly shards: number
}

const steps = 24

/** One thread of several. */
export const trainPart = ({ input, part }: { input: Wave; part: Part }) => trainWave(input, exchangeOf(part))

/** Refuses in its second step, when the others already wait for it. */
export function failPart({ part }: { part: Part }): void {
  const { meet } = exchangeOf(part)
  meet()
  if (part.thread === 1) throw new Error('one is missing')
  meet()
}

/** A forecaster's network instead. */
export const learnPart = ({ input, part }: { input: { history: Series; shards: number }; part: Part }) =>
  learn('gru', { units: 4, window: 8, epochs: 2, shards: input.shards }, input.history, {
    horizon: 2,
    exchange: exchangeOf(part)
  })

/** The weights that were learned, and the losses on the way. */
export function trainWave({ windows, units, epochs, shards }: Wave, exchange?: Exchange) {
  const noise = random(4, 'noise')
  const y = Array.from({ length: windows + steps }, (_, t) => Math.sin(t / 5) + 0.1 * noise.normal())
  const rng = random(9, 'training')
  const network = createNetwork(
    {
      steps,
      inputs: 1,
      layers: [
        { kind: 'gru', units, sequence: true, reset: 'after' },
        { kind: 'dropout', rate: 0.2 },
        { kind: 'gru', units, sequence: false, reset: 'after' },
        { kind: 'dense', units: 1, activation: 'none' }
      ]
    },
    { maxBatch: 16, rng }
  )
  const { losses, validation } = train(
    network,
    {
      count: windows,
      training: Math.floor(0.8 * windows),
      validationFrom: Math.floor(0.8 * windows),
      targets: 1,
      write(i, row, batch, input, target) {
        for (let t = 0; t < steps; t++) input[t * batch + row] = y[i + t]
        target[row] = y[i + steps]
      }
    },
    { loss: mse, rng, epochs, shards, exchange }
  )
  return { losses, validation, weights: network.parameters.map(({ value }) => Array.from(value)) }
}

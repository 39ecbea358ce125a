/**
 * Training — minibatches in a shuffled order, Adam, and the weights that were best on the validation tail.
 *
 *   each epoch   samples of the training part, shuffled; per minibatch of B: gradient of the mean loss, one Adam step
 *   after it     mean loss on the validation part, which lies behind in time and is never shuffled in
 *   stop         after `epochs`, or when validation has not become better for `patience` epochs (Prechelt 1998)
 *   rate         constant, or rate · (1 + cos π e/E)/2 at step e of E (Loshchilov & Hutter 2017, without restarts)
 *
 * A minibatch is cut into `shards` rows and its gradient is their sum in a fixed order, so the bytes that come out
 * depend on the seed and the number of shards and not on how many threads work on them: every thread holds the whole
 * network, works on its shards, meets the others (`Exchange`), adds up the same numbers in the same order and takes the
 * same Adam step.
 */
import { PrescaleError, type Random, random, requireOption } from '../base/index.ts'
import type { Network, Tensor } from './architecture.ts'
import type { Loss } from './losses.ts'

/** Samples in the order of time: [0, training) are trained on, [validationFrom, count) judge. Between them is a gap where targets overlap. */
export interface Samples {
  readonly count: number
  readonly training: number
  readonly validationFrom: number
  /** Values of one target. */
  readonly targets: number
  /** Writes sample i as row `row` of `input` [steps, batch, inputs] and of `target` [batch, targets]; `NaN` = not measured. */
  write(i: number, row: number, batch: number, input: Tensor, target: Float64Array): void
}

export interface TrainOptions {
  readonly loss: Loss
  readonly rng: Random
  readonly rate?: number
  readonly schedule?: 'constant' | 'cosine'
  readonly epochs?: number
  readonly batch?: number
  /** Epochs without a better validation loss that are waited for. */
  readonly patience?: number
  /** The gradient is scaled down to this norm when it is longer; 0 = never. */
  readonly clip?: number
  readonly shards?: number
  /** Where shards meet that other threads work on. Absent: all of them are worked on here. */
  readonly exchange?: Exchange
  readonly progress?: (done: number, of: number) => void
  /** Asked after every epoch: true ends the training with the best weights so far. */
  readonly enough?: () => boolean
}

/** How the gradients of a minibatch come together. */
export interface Exchange {
  /** The shards that are worked on here. */
  readonly mine: readonly number[]
  /** One a shard, of `size` numbers: the gradients of all parameters in order, then the loss. All who take part share them. */
  slots(size: number): readonly Float64Array[]
  /** Returns when all who take part have called it. */
  meet(): void
}

export interface Trained {
  /** Mean training loss by epoch, with dropout. */
  readonly losses: readonly number[]
  /** Mean loss on the validation part by epoch; `NaN` where there is none. */
  readonly validation: readonly number[]
  /** Epoch of the weights that were kept, from 1 on; 0 = the first ones, which nothing beat. */
  readonly bestEpoch: number
  readonly epochs: number
  readonly stopped: 'epochs' | 'patience' | 'not-finite' | 'enough'
  readonly why: string
}

/** Trains the network in place. Its `maxBatch` must hold a shard. Throws `TOO_SHORT` without training samples. */
export function train(network: Network, samples: Samples, options: TrainOptions): Trained {
  const { epochs = 10, patience = 3, loss, rng, progress } = options
  check(network, samples, options)
  const seed = rng.integer(2 ** 32)
  const order = random(seed, 'shuffle')
  const step = minibatches(network, samples, options, seed)
  const judge = validator(network, samples, loss)
  const indices = Uint32Array.from({ length: samples.training }, (_, i) => i)
  const best = network.parameters.map(({ value }) => value.slice())
  const losses: number[] = []
  const validation: number[] = []
  // The first weights count too: where nothing is to be learned, nothing is changed.
  let [bestEpoch, least] = [0, samples.validationFrom < samples.count ? judge() : Infinity]
  const done = (stopped: Trained['stopped'], why: string): Trained => {
    restore(network, best)
    return { losses, validation, bestEpoch, epochs: losses.length, stopped, why }
  }
  for (let epoch = 1; epoch <= epochs; epoch++) {
    shuffle(indices, order)
    const mean = step(indices, epoch, (part) => progress?.(epoch - 1 + part, epochs))
    losses.push(mean)
    validation.push(Number.isFinite(mean) ? judge() : NaN)
    const judging = Number.isFinite(mean) && samples.validationFrom < samples.count
    const judged = judging ? validation[epoch - 1] : mean
    if (!Number.isFinite(judged)) {
      return done('not-finite', `the loss was ${judged} in epoch ${epoch}; kept are the weights before`)
    }
    if (judged < least) {
      ;[bestEpoch, least] = [epoch, judged]
      network.parameters.forEach(({ value }, i) => void best[i].set(value))
    }
    if (epoch - bestEpoch >= patience && epoch < epochs) {
      return done('patience', `no better for ${patience} epochs behind epoch ${bestEpoch}`)
    }
    if (epoch < epochs && options.enough?.()) return done('enough', `told to stop behind epoch ${epoch}`)
  }
  return done('epochs', `all ${epochs} epochs, epoch ${bestEpoch} was best`)
}

/** One epoch over the indices in their order; gives the mean loss, not finite as soon as one is. */
function minibatches(network: Network, samples: Samples, options: TrainOptions, seed: number) {
  const { loss, rate = 0.01, schedule = 'constant', epochs = 10, batch = 16, clip = 0, shards = 1 } = options
  const exchange = options.exchange ?? aloneWith(shards)
  const { mine } = exchange
  const slots = shards === 1 ? [] : exchange.slots(sizeOf(network))
  const chances = Array.from({ length: shards }, (_, s) => random(seed, 'dropout', s))
  const target = new Float64Array(Math.ceil(batch / shards) * samples.targets)
  const slopes = tensorLike(network.input, Math.ceil(batch / shards) * network.outputs)
  const perEpoch = Math.ceil(samples.training / batch)
  let lossOfShard = 0

  function work(indices: Uint32Array, from: number, to: number, whole: number, shard: number): void {
    const rows = to - from
    network.zeroGradients()
    lossOfShard = 0
    if (rows <= 0) return
    for (let row = 0; row < rows; row++) samples.write(indices[from + row], row, rows, network.input, target)
    const output = network.forward(rows, chances[shard])
    const weight = 1 / (whole * samples.targets)
    lossOfShard = loss.evaluate(output, target, rows * samples.targets, weight, slopes)
    network.backward(slopes.subarray(0, rows * network.outputs))
  }

  function gradient(indices: Uint32Array, from: number, to: number): number {
    const whole = to - from
    if (shards === 1) {
      work(indices, from, to, whole, 0)
      return lossOfShard
    }
    for (const s of mine) {
      const edge = (k: number) => from + Math.floor((whole * k) / shards)
      work(indices, edge(s), edge(s + 1), whole, s)
      put(network, slots[s], lossOfShard)
    }
    exchange.meet()
    const sum = addUp(network, slots)
    // Nobody may overwrite a slot before all have read it.
    exchange.meet()
    return sum
  }

  return (indices: Uint32Array, epoch: number, tell: (part: number) => void): number => {
    let sum = 0
    for (let b = 0; b < perEpoch; b++) {
      const from = b * batch
      const to = Math.min(from + batch, indices.length)
      const mean = gradient(indices, from, to)
      if (!Number.isFinite(mean)) return mean
      sum += mean * (to - from)
      const part = (epoch - 1 + b / perEpoch) / epochs
      const now = schedule === 'cosine' ? (rate * (1 + Math.cos(Math.PI * part))) / 2 : rate
      network.adam(clip > 0 ? { rate: now, clip } : { rate: now })
      if ((b + 1) % 32 === 0 || b + 1 === perEpoch) tell((b + 1) / perEpoch)
    }
    return sum / indices.length
  }
}

/** Numbers that a slot holds: all gradients and the loss. */
const sizeOf = (network: Network): number =>
  network.parameters.reduce((sum, { value }) => sum + value.length, 1)

function aloneWith(shards: number): Exchange {
  const mine = Array.from({ length: shards }, (_, s) => s)
  return { mine, slots: (size) => mine.map(() => new Float64Array(size)), meet: () => {} }
}

function put(network: Network, slot: Float64Array, loss: number): void {
  let at = 0
  for (const { gradient } of network.parameters) {
    slot.set(gradient, at)
    at += gradient.length
  }
  slot[at] = loss
}

/** The gradients of all shards into the network's; gives the loss. Added in the order of the shards, whoever made them. */
function addUp(network: Network, slots: readonly Float64Array[]): number {
  let at = 0
  for (const { gradient } of network.parameters) {
    for (let i = 0; i < gradient.length; i++, at++) {
      let sum = 0
      for (const slot of slots) sum += slot[at]
      gradient[i] = sum
    }
  }
  let loss = 0
  for (const slot of slots) loss += slot[at]
  return loss
}

/** The mean loss on the validation part, without dropout. */
function validator(network: Network, samples: Samples, loss: Loss): () => number {
  const { validationFrom, count, targets } = samples
  const most = network.input.length / (network.architecture.steps * network.architecture.inputs)
  const target = new Float64Array(most * targets)
  return () => {
    if (validationFrom >= count) return NaN
    let sum = 0
    for (let from = validationFrom; from < count; from += most) {
      const rows = Math.min(most, count - from)
      for (let row = 0; row < rows; row++) samples.write(from + row, row, rows, network.input, target)
      sum += loss.evaluate(network.forward(rows), target, rows * targets, 1)
    }
    return sum / ((count - validationFrom) * targets)
  }
}

function restore(network: Network, weights: readonly Tensor[]): void {
  network.parameters.forEach(({ value }, i) => void value.set(weights[i]))
}

/** Fisher & Yates 1938, in Durstenfeld's form. */
function shuffle(indices: Uint32Array, rng: Random): void {
  for (let i = indices.length - 1; i > 0; i--) {
    const j = rng.integer(i + 1)
    const kept = indices[i]
    indices[i] = indices[j]
    indices[j] = kept
  }
}

const tensorLike = (like: Tensor, size: number): Tensor =>
  like instanceof Float32Array ? new Float32Array(size) : new Float64Array(size)

function check(network: Network, samples: Samples, { loss, batch = 16, shards = 1 }: TrainOptions) {
  if (samples.training < 1) {
    throw new PrescaleError('TOO_SHORT', 'train needs at least 1 sample in the training part, got 0')
  }
  const whole = (n: number) => Number.isInteger(n) && n >= 1
  requireOption(whole(batch), 'batch', batch, 'a whole number of samples, at least 1')
  requireOption(whole(shards) && shards <= batch, 'shards', shards, `a whole number from 1 to ${batch}`)
  requireOption(
    network.outputs === samples.targets * loss.perTarget,
    'outputs of the network',
    network.outputs,
    `${samples.targets} targets × ${loss.perTarget} for the loss ${loss.name}`
  )
}

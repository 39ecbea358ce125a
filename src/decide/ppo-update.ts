/**
 * One update of PPO: advantages of a rollout, then some epochs of shuffled minibatches through the loss, back into the weights.
 */
import { PrescaleError, type Random, random } from '../base/index.ts'
import type { Network, Tensor } from '../nn/index.ts'
import { gae } from './gae.ts'
import { type LossBatch, type LossParts, type LossWeights, ppoLoss } from './ppo-loss.ts'
import type { Players, PpoSpace, Rollouts } from './ppo-rollout.ts'
import type { Scaling } from './ppo-scale.ts'

export interface LearningOptions extends Omit<LossWeights, 'clip' | 'entropyWeight'> {
  readonly environments: number
  readonly rollout: number
  readonly minibatch: number
  readonly epochs: number
  readonly gamma: number
  readonly lambda: number
  readonly maxGradient: number
  readonly targetKl?: number
  readonly seed: number
}

/** The how-manieth update from 0, with which step, and what its rollout was scaled by. */
export interface Lesson {
  readonly update: number
  /** Of the critic; the actor has one of its own, because it may have to wait. */
  readonly rate: number
  readonly actorRate: number
  readonly clip: number
  readonly entropyWeight: number
  /** Rewards are divided by it. */
  readonly deviation: number
  readonly scaling: Scaling
}

/** Means over the last epoch. */
export interface Learned {
  readonly policyLoss: number
  readonly valueLoss: number
  readonly entropy: number
  readonly kl: number
  readonly clipFraction: number
  /** 1 − Var(R − V) / Var(R): 1 where the critic knew all, 0 where it knew nothing; null where R was the same everywhere. */
  readonly explainedVariance: number | null
  /** Length of the last gradient, before it was held. */
  readonly gradient: number
}

/** One update. null: not known. */
export interface CurvePoint extends Learned {
  /** Played so far. */
  readonly steps: number
  readonly episodes: number
  /** Means over the last 100 episodes that ended. */
  readonly meanReward: number | null
  readonly meanLength: number | null
  readonly rate: number
  readonly clip: number
}

/** Learns from the rollout that was played. All memory is taken once. */
export function learning(
  { actor, critic }: Players,
  { tracks }: Rollouts,
  space: PpoSpace,
  options: LearningOptions
): (lesson: Lesson) => Learned {
  const { rollout: steps, environments, epochs, maxGradient, targetKl, seed } = options
  const { observationSize: size, actionSizes } = space
  const heads = actionSizes.length
  const samples = steps * environments
  const most = Math.min(options.minibatch, samples)
  const advantages = new Float64Array(samples)
  const returns = new Float64Array(samples)
  const rewards = new Float64Array(steps)
  const order = Uint32Array.from({ length: samples }, (_, i) => i)
  const [actions, logProbabilities, A, R, V] = [heads, 1, 1, 1, 1].map(
    (width) => new Float64Array(most * width)
  )
  const batchOf = (rows: number): LossBatch => ({
    rows,
    actions,
    logProbabilities,
    advantages: A,
    returns: R,
    values: V
  })
  const byLogits = tensorLike(actor.input, most * actor.outputs)
  const byValues = tensorLike(critic.input, most)

  function estimate(deviation: number): void {
    for (const [e, track] of tracks.entries()) {
      const from = e * steps
      for (let t = 0; t < steps; t++) rewards[t] = track.rewards[t] / deviation
      gae({ ...track, rewards }, options, advantages.subarray(from, from + steps))
      for (let t = 0; t < steps; t++) returns[from + t] = advantages[from + t] + track.values[t]
    }
  }

  /** The chosen steps into both networks and the batch. */
  function gather(chosen: Uint32Array, scaling: Scaling): void {
    for (let row = 0; row < chosen.length; row++) {
      const i = chosen[row]
      const track = tracks[Math.floor(i / steps)]
      const t = i % steps
      scaling(track.observations, t * size, actor.input, row * size)
      for (let head = 0; head < heads; head++) actions[row * heads + head] = track.actions[t * heads + head]
      logProbabilities[row] = track.logProbabilities[t]
      V[row] = track.values[t]
      A[row] = advantages[i]
      R[row] = returns[i]
    }
    critic.input.set(actor.input.subarray(0, chosen.length * size))
    if (chosen.length > 1) standardise(A.subarray(0, chosen.length))
  }

  /** One minibatch: the loss and its slope, all the way back to the weights. */
  function slope(chosen: Uint32Array, { clip, entropyWeight, scaling }: Lesson): LossParts {
    const rows = chosen.length
    gather(chosen, scaling)
    const weights = { ...options, clip, entropyWeight }
    const [logits, values] = [actor.forward(rows), critic.forward(rows)]
    const parts = ppoLoss(logits, values, batchOf(rows), actionSizes, weights, byLogits, byValues)
    for (const network of [actor, critic]) network.zeroGradients()
    actor.backward(byLogits.subarray(0, rows * actor.outputs))
    critic.backward(byValues.subarray(0, rows))
    return parts
  }

  return (lesson: Lesson) => {
    const { update, rate, actorRate, deviation } = lesson
    const shuffled = random(seed, 'minibatches', update)
    estimate(deviation)
    for (let i = 0; i < samples; i++) order[i] = i
    let seen: LossParts[] = []
    let gradient = 0
    let far = false
    for (let epoch = 0; epoch < epochs && !far; epoch++) {
      seen = []
      shuffle(order, shuffled)
      for (let from = 0; from < samples && !far; from += most) {
        const parts = slope(order.subarray(from, Math.min(from + most, samples)), lesson)
        seen.push(parts)
        far = targetKl !== undefined && parts.kl > 1.5 * targetKl
        if (!far) gradient = moveTogether([actor, critic], [actorRate, rate], maxGradient)
        if (!Number.isFinite(parts.loss) || !Number.isFinite(gradient)) {
          const right = 'lower the rate, or scale states and rewards'
          throw new PrescaleError('FAILED', `ppo: the loss of update ${update + 1} was not finite: ${right}`)
        }
      }
    }
    const of = (key: keyof LossParts) => seen.reduce((sum, parts) => sum + parts[key], 0) / seen.length
    return {
      policyLoss: of('policy'),
      valueLoss: of('value'),
      entropy: of('entropy'),
      kl: of('kl'),
      clipFraction: of('clipFraction'),
      explainedVariance: explained(advantages, returns),
      gradient
    }
  }
}

/** One step of Adam for networks, each at its rate, whose gradients are held to one length together; gives the length. */
export function moveTogether(
  networks: readonly Network[],
  rates: readonly number[],
  longest: number
): number {
  const squares = networks.map(({ parameters }) =>
    parameters.reduce((sum, { gradient }) => sum + lengthSquared(gradient), 0)
  )
  const length = Math.sqrt(squares.reduce((sum, square) => sum + square, 0))
  for (const [i, network] of networks.entries()) {
    // A network holds its own gradient: its part of the length is its part of the longest.
    const clip = length > longest ? (longest * Math.sqrt(squares[i])) / length : undefined
    network.adam({ rate: rates[i], epsilon: 1e-5, clip })
  }
  return length
}

/** To mean 0 and (unbiased) deviation 1. */
function standardise(x: Float64Array): void {
  const centre = mean(x)
  let squares = 0
  for (let i = 0; i < x.length; i++) squares += (x[i] - centre) ** 2
  const deviation = Math.sqrt(squares / (x.length - 1)) + 1e-8
  for (let i = 0; i < x.length; i++) x[i] = (x[i] - centre) / deviation
}

/** What is left of R when V is taken away is A. */
function explained(advantages: Float64Array, returns: Float64Array): number | null {
  const spread = variance(returns)
  return spread > 0 ? 1 - variance(advantages) / spread : null
}

function variance(x: Float64Array): number {
  const centre = mean(x)
  return mean(x.map((value) => (value - centre) ** 2))
}

function mean(x: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i]
  return sum / x.length
}

function lengthSquared(x: Tensor): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i] * x[i]
  return sum
}

/** Fisher & Yates 1938, in Durstenfeld's form. */
function shuffle(order: Uint32Array, rng: Random): void {
  for (let i = order.length - 1; i > 0; i--) {
    const j = rng.integer(i + 1)
    const kept = order[i]
    order[i] = order[j]
    order[j] = kept
  }
}

const tensorLike = (like: Tensor, size: number): Tensor =>
  like instanceof Float32Array ? new Float32Array(size) : new Float64Array(size)

/**
 * A training of PPO that stopped, as plain JSON: everything that it takes to go on to the same bytes.
 *
 * Weights and Adam's memory in the precision of the kernels, the scaling of states and rewards, where each environment is (its
 * episode and the actions since: they are made again), the curve so far. Chance needs no state: it is a function of seed and update.
 */
import { float32Of, float64Of, hashOf, PrescaleError, toBase64 } from '../base/index.ts'
import type { Network } from '../nn/index.ts'
import type { Json } from '../roles.ts'
import { requireSealed } from './model-head.ts'
import { requireSpace, requireWeights, setWeights, weightsOf } from './ppo-model.ts'
import type { Episode, PpoSpace, Whereabouts } from './ppo-rollout.ts'
import type { SavedMoments } from './ppo-scale.ts'
import type { CurvePoint } from './ppo-update.ts'

export interface SavedNetwork {
  readonly floats: 'float32' | 'float64'
  readonly weights: string
  readonly mean: string
  readonly square: string
  readonly steps: number
}

export interface CheckpointParts {
  readonly environment: PpoSpace
  readonly options: Readonly<Record<string, Json>>
  readonly updates: number
  readonly actor: SavedNetwork
  readonly critic: SavedNetwork
  readonly scaling: SavedMoments | null
  /** Of discounted sums of rewards, and the sum so far in each environment. */
  readonly rewardScaling: { readonly moments: SavedMoments; readonly sums: readonly number[] } | null
  readonly places: readonly Whereabouts[]
  /** The last episodes that ended. */
  readonly recent: readonly Episode[]
  readonly curve: readonly CurvePoint[]
}

export interface PpoCheckpoint extends CheckpointParts {
  readonly format: 'prescale-checkpoint'
  readonly formatVersion: 1
  readonly kind: 'policy'
  readonly model: 'ppo'
  readonly checksum: string
}

export function makeCheckpoint(parts: CheckpointParts): PpoCheckpoint {
  const content = {
    format: 'prescale-checkpoint',
    formatVersion: 1,
    kind: 'policy',
    model: 'ppo',
    ...parts
  } as const
  return { ...content, checksum: hashOf(content) }
}

/** What somebody read as a checkpoint of PPO, or `BAD_MODEL` in one line. */
export function checkCheckpoint(value: unknown, where: string, space: PpoSpace): PpoCheckpoint {
  requireSealed<PpoCheckpoint>(value, where, { format: 'prescale-checkpoint', kind: 'policy', model: 'ppo' })
  requireSpace(value.environment, where, space)
  return value
}

export function saveNetwork(network: Network): SavedNetwork {
  const floats = network.kernels === 'reference' ? 'float64' : 'float32'
  const { mean, square, steps } = network.adamMemory
  return {
    floats,
    weights: toBase64(weightsOf(network), floats),
    mean: toBase64(mean, floats),
    square: toBase64(square, floats),
    steps
  }
}

/** Weights and Adam's memory into the network. Throws `BAD_MODEL` where they are those of another. */
export function restoreNetwork(network: Network, saved: SavedNetwork, where: string): void {
  const floats = network.kernels === 'reference' ? 'float64' : 'float32'
  if (saved.floats !== floats) {
    throw new PrescaleError(
      'BAD_MODEL',
      `${where} was trained in ${saved.floats}, these kernels work in ${floats}: go on with the same kernels`
    )
  }
  const read = (text: string) =>
    requireWeights(floats === 'float64' ? float64Of(text) : float32Of(text), network, where)
  setWeights(network, read(saved.weights))
  network.adamMemory.mean.set(read(saved.mean))
  network.adamMemory.square.set(read(saved.square))
  network.adamMemory.steps = saved.steps
}

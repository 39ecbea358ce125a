/**
 * What PPO learned, as one plain JSON object: checked before it is used, and used without any rule of ours.
 *
 *   { format, formatVersion, kind: 'policy', model: 'ppo',  environment, units,  scaling, actor, critic,  trained,  checksum }
 *
 * `actor` and `critic` are all weights in the order of the layers, float32 in base64; `scaling` is how states are brought to one
 * size. `environment` says for which states and actions it was trained: others are refused. `checksum` is the hash of the rest.
 */
import { float32Of, PrescaleError, type Random, toBase64 } from '../base/index.ts'
import { orthogonal } from '../math/index.ts'
import {
  type Architecture,
  createNetwork,
  type KernelName,
  type LayerSpec,
  type Network
} from '../nn/index.ts'
import type { Json } from '../roles.ts'
import { MODEL_FORMAT, type ModelHead, requireSealed, sealed } from './model-head.ts'
import { choose, logProbabilities } from './ppo-loss.ts'
import type { Players, PpoSpace } from './ppo-rollout.ts'
import { readMoments, type SavedMoments, scalingOf } from './ppo-scale.ts'
import type { CurvePoint } from './ppo-update.ts'

export interface PpoModel extends ModelHead {
  readonly model: 'ppo'
  readonly environment: PpoSpace
  /** Of each of the two hidden layers. */
  readonly units: number
  readonly scaling: SavedMoments | null
  readonly actor: string
  readonly critic: string
  readonly trained: {
    readonly steps: number
    readonly seed: number
    readonly options: Readonly<Record<string, Json>>
    /** What the world was like, as far as whoever trained said so; a scenario in it is whose weights the policy decides by. */
    readonly world?: TrainedWorld
    /** What it was chosen by. */
    readonly validation?: Json
    /** Of every update up to this model. */
    readonly curve?: readonly CurvePoint[]
  }
  readonly checksum: string
}

/** The world of a training. These are read again when the model decides; anything else is for people. */
export interface TrainedWorld {
  readonly [key: string]: Json | undefined
  /** What one unit served, events/s. */
  readonly unitRate?: number
  readonly scenario?: string
  readonly weights?: { readonly alpha: number; readonly beta: number; readonly gamma: number }
}

export interface ActorOptions {
  /** What it is asked for: a model of other states or actions is refused. */
  readonly space?: PpoSpace
  /** Chance for sampled actions; absent: the likeliest of each head. */
  readonly rng?: Random
  readonly kernels?: KernelName
  /** Names the model in errors, such as its file. */
  readonly where?: string
}

export interface Choice {
  /** One index per head. */
  readonly action: readonly number[]
  /** What the network said, heads behind each other. */
  readonly logits: readonly number[]
}

/** Actor and critic: perceptrons of their own with two hidden layers of tanh. With `rng` orthogonal at first, else zero. */
export function actorAndCritic(
  { observationSize, actionSizes }: PpoSpace,
  { units, maxBatch, kernels, rng }: { units: number; maxBatch: number; kernels?: KernelName; rng?: Random }
): Players {
  const hidden: LayerSpec = { kind: 'dense', units, activation: 'tanh' }
  const of = (outputs: number): Architecture => ({
    steps: 1,
    inputs: observationSize,
    layers: [hidden, hidden, { kind: 'dense', units: outputs, activation: 'none' }]
  })
  const made = (outputs: number, gain: number) => {
    const network = createNetwork(of(outputs), { kernels, maxBatch })
    if (rng) initialise(network, gain, rng)
    return network
  }
  const choices = actionSizes.reduce((sum, size) => sum + size, 0)
  // 0.01: at first every action is about as likely as any other.
  return { actor: made(choices, 0.01), critic: made(1, 1) }
}

function initialise({ parameters }: Network, lastGain: number, rng: Random): void {
  const matrices = parameters.filter(({ shape }) => shape.length > 1)
  for (const { shape, value } of matrices) {
    const [rows, columns] = shape.slice(-2)
    value.set(orthogonal(rows, columns, value === matrices.at(-1)?.value ? lastGain : Math.SQRT2, rng))
  }
}

/** All parameters of a network in their order. */
export function weightsOf({ parameters }: Network): number[] {
  return parameters.flatMap(({ value }) => Array.from(value))
}

export function setWeights({ parameters }: Network, weights: ArrayLike<number>): void {
  let at = 0
  for (const { value } of parameters) for (let i = 0; i < value.length; i++) value[i] = weights[at++]
}

export function makePpoModel(
  { actor, critic }: Players,
  parts: Pick<PpoModel, 'environment' | 'units' | 'scaling' | 'trained'>
): PpoModel {
  const [ofActor, ofCritic] = [weightsOf(actor), weightsOf(critic)].map((weights) => toBase64(weights))
  return sealed('ppo', { ...parts, actor: ofActor, critic: ofCritic })
}

/** The same model saying in which world it was trained, and how that went. */
export function trainedIn(
  model: PpoModel,
  world: TrainedWorld,
  went: Pick<PpoModel['trained'], 'validation' | 'curve'> = {}
): PpoModel {
  const { format: _f, formatVersion: _v, kind: _k, model: _m, checksum: _c, ...content } = model
  return sealed('ppo', { ...content, trained: { ...model.trained, ...went, world } })
}

/** What somebody read as a model of PPO, or `BAD_MODEL` in one line. */
export function checkPpoModel(value: unknown, where = 'the model', space?: PpoSpace): PpoModel {
  requireSealed<PpoModel>(value, where, { format: MODEL_FORMAT, kind: 'policy', model: 'ppo' })
  requireSpace(value.environment, where, space)
  return value
}

/** Throws `BAD_MODEL` where a model was trained for other states or actions than are here. */
export function requireSpace(trained: PpoSpace, where: string, here: PpoSpace | undefined): void {
  if (!here) return
  const rows = [
    ['states of version', trained.version, here.version],
    ['states of size', trained.observationSize, here.observationSize],
    ['actions of', `[${trained.actionSizes}]`, `[${here.actionSizes}]`]
  ] as const
  for (const [what, then, now] of rows) {
    if (then === now) continue
    throw new PrescaleError(
      'BAD_MODEL',
      `${where} was trained for ${what} ${then}, here it is ${now}: train it again`
    )
  }
}

/**
 * The trained actor as a function: a state to an action. `undefined` where a number of the state was not measured: hold. Errors:
 * `BAD_MODEL`; `BAD_INPUT` for a state of another size.
 */
export function actor(
  model: unknown,
  options: ActorOptions = {}
): (observation: ArrayLike<number>) => Choice | undefined {
  const { space, network, forward } = loaded(model, 'actor', options)
  const logs = new Float64Array(network.outputs)
  return (observation) => {
    const output = forward(observation)
    if (!output) return undefined
    const logits = Array.from(output)
    logProbabilities(logits, 0, space.actionSizes, logs)
    const action: number[] = []
    for (let head = 0, at = 0; head < space.actionSizes.length; at += space.actionSizes[head++]) {
      action[head] = choose(logs, at, space.actionSizes[head], options.rng?.next())
    }
    return { action, logits }
  }
}

/** What the critic expects of a state: the discounted sum of rewards to come, scaled as they were in training. */
export function critic(
  model: unknown,
  options: Omit<ActorOptions, 'rng'> = {}
): (observation: ArrayLike<number>) => number | undefined {
  const { forward } = loaded(model, 'critic', options)
  return (observation) => forward(observation)?.[0]
}

/** The mean of all states of its training; undefined where it did not scale them. */
export function usualState({ scaling, environment }: PpoModel): Float64Array | undefined {
  return scaling === null ? undefined : readMoments(scaling, environment.observationSize, 'the model').mean
}

function loaded(model: unknown, which: 'actor' | 'critic', options: ActorOptions) {
  const { where = 'the model', kernels } = options
  const checked = checkPpoModel(model, where, options.space)
  const { environment: space, units, scaling } = checked
  const network = actorAndCritic(space, { units, maxBatch: 1, kernels })[which]
  const weights = float32Of(checked[which])
  setWeights(network, requireWeights(weights, network, `${where}: ${which}`))
  const size = space.observationSize
  const scale = scalingOf(scaling ? readMoments(scaling, size, where) : undefined, size)
  const forward = (observation: ArrayLike<number>) => {
    if (observation.length !== size) {
      throw new PrescaleError(
        'BAD_INPUT',
        `a state of ${where} must be ${size} numbers, had ${observation.length}`
      )
    }
    for (let i = 0; i < size; i++) if (!Number.isFinite(observation[i])) return undefined
    scale(observation, 0, network.input, 0)
    return network.forward(1)
  }
  return { space, network, forward }
}

/** As many finite weights as the network has, or `BAD_MODEL`. */
export function requireWeights<T extends ArrayLike<number>>(weights: T, network: Network, where: string): T {
  const count = weightsOf(network).length
  if (weights.length === count && Array.from(weights).every(Number.isFinite)) return weights
  throw new PrescaleError('BAD_MODEL', `${where} must be ${count} finite weights, has ${weights.length}`)
}

/**
 * Training of a network on a history: windows, scaler and target form fitted on the training part, weights chosen on the
 * validation tail. What comes out is plain JSON, so that it may be made on another thread and kept in a file.
 */
import {
  DAY,
  type GivenOptions,
  type OptionValue,
  type Random,
  random,
  requireOption,
  type Series,
  toBase64
} from '../base/index.ts'
import {
  type Architecture,
  createNetwork,
  type KernelName,
  type LayerSpec,
  type Network
} from '../nn/index.ts'
import { type Loss, mae, mse, pinball } from '../nn/losses.ts'
import { type Exchange, type Samples, type Trained, train } from '../nn/train.ts'
import type { Json } from '../roles.ts'
import { calendar } from './calendar.ts'
import { learnedHorizons } from './neural-model.ts'
import { headLevels, type NeuralOptions } from './neural-options.ts'
import { samplesOf } from './neural-samples.ts'
import { fitTarget, type TargetForm } from './neural-target.ts'
import { fitScaler, type Scaler } from './scaler.ts'
import { detectSeason, requireSeason } from './season.ts'
import { inputsOf, usableEnds, type WindowShape, windowReader } from './windows.ts'

/** A method: its own options, and its layers between the window and the dense layer that gives the outputs. */
export interface NeuralMethod<Options extends NeuralOptions> {
  readonly name: string
  readonly read: (given: GivenOptions) => Options
  readonly layers: (options: Options) => readonly LayerSpec[]
}

/** What is learned, as `parameters()` gives it. `fallback`: why there is no network and the last value is the forecast. */
export type LearnedNetwork = {
  readonly method: string
  readonly options: Readonly<Record<string, OptionValue>>
  readonly horizon: number
  readonly stepMs: number
  /** Values before this moment were trained on. */
  readonly trainedUntilMs: number
  readonly fallback: string | null
  readonly architecture: Json
  /** By name of the parameter: float32, base64. */
  readonly weights: Readonly<Record<string, string>>
  readonly scaler: Scaler
  /** Numbers are float64, base64. */
  readonly target: { readonly form: TargetForm; readonly sizes: string; readonly weights: string }
  readonly training: Json
}

export interface LearnOptions {
  readonly horizon: number
  readonly rng?: Random
  readonly progress?: (done: number, of: number) => void
  /** Asked after every epoch: true ends the training with the best weights so far. */
  readonly enough?: () => boolean
  readonly exchange?: Exchange
}

/** Fewer training windows than this teach nothing that the last value does not know. */
export const fewestWindows = 32

export function learnNetwork<Options extends NeuralOptions>(
  method: NeuralMethod<Options>,
  given: Options,
  history: Series,
  { horizon, rng = random(given.seed, method.name), progress, enough, exchange }: LearnOptions
): LearnedNetwork {
  const { values, startMs, stepMs } = history
  const { nodes } = learnedHorizons(horizon, given.multi === 'recursive')
  const reach = nodes[nodes.length - 1]
  const { options, shape, cut } = settled(method.name, given, history, (options) => {
    const shape = shapeOf(options, horizon, stepMs)
    return { options, shape, cut: cutOf(values, shape, reach, options) }
  })
  const learned: LearnedNetwork = {
    ...{ method: method.name, options, horizon, stepMs },
    ...{ trainedUntilMs: startMs, fallback: null, architecture: null, weights: {} },
    ...{ scaler: { shift: 0, size: 0 }, target: { form: 'change', sizes: '', weights: '' }, training: null }
  }
  const without = (why: string) => ({
    ...learned,
    fallback: `${why}: the last measured value is the forecast`
  })
  if (cut.training < fewestWindows) {
    return without(`${cut.training} windows to train on are too few, it needs ${fewestWindows}`)
  }
  const scaler = fitScaler(values.subarray(0, cut.tail))
  if (scaler.size === 0) return without(`all values of the training part are ${scaler.shift}`)
  const reader = windowReader(shape, scaler)
  const form = options.target as TargetForm
  const target = fitTarget(form, reader, scaler, values, cut.ends.slice(0, cut.training), nodes)
  const loss = lossOf(options.loss)
  const architecture = architectureOf(method, options, shape, nodes.length)
  const network = networkOf(architecture, options, options.batch, rng)
  if (form !== 'value') startAtBase(network)
  const samples = samplesOf(cut, { values, startMs, nodes, shape, scaler, target, reader })
  const { rate, epochs, batch, patience, clip, shards } = options
  const schedule = options.schedule === 'cosine' ? 'cosine' : 'constant'
  const settings = { loss, rng, rate, schedule, epochs, batch, patience, clip, shards } as const
  const trained = train(network, samples, { ...settings, progress, enough, exchange })
  if (trained.bestEpoch === 0 && trained.stopped === 'not-finite') return without(trained.why)
  return {
    ...learned,
    trainedUntilMs: startMs + cut.tail * stepMs,
    architecture: { ...architecture, layers: architecture.layers.map((layer) => ({ ...layer })) },
    weights: Object.fromEntries(network.parameters.map(({ name, value }) => [name, toBase64(value)])),
    scaler,
    target: {
      form,
      sizes: toBase64(target.sizes, 'float64'),
      weights: toBase64(target.weights, 'float64')
    },
    training: summaryOf(trained, samples)
  }
}

/** The last layer says little at first: training begins near the base, and may stay there. */
function startAtBase({ parameters, architecture }: Network): void {
  const last = `${architecture.layers.length - 1}.`
  for (const { name, value } of parameters)
    if (name.startsWith(last)) for (let i = 0; i < value.length; i++) value[i] *= 0.1
}

/** What the history can teach: its season unless that leaves too few windows, and clocks that went round twice in it. */
function settled<Options extends NeuralOptions, T extends { readonly cut: { readonly training: number } }>(
  name: string,
  options: Options,
  history: Series,
  make: (options: Options) => T
): T {
  requireOption(options.season !== 1, 'season', options.season, 'at least 2 steps, or 0 to find it')
  requireSeason(name, options.season, history, 1)
  const season = options.seasonal ? options.season || detectSeason(history).season : 0
  const twice = (ms: number) => history.values.length * history.stepMs >= 2 * ms
  const known = {
    ...options,
    dayWaves: twice(DAY) ? options.dayWaves : 0,
    weekWaves: twice(7 * DAY) ? options.weekWaves : 0
  }
  const made = make({ ...known, season, seasonal: season > 0 })
  if (season === 0 || made.cut.training >= fewestWindows) return made
  return make({ ...known, season: 0, seasonal: false })
}

/** Which windows are used, and where training ends: its last target lies before the first one of validation. */
function cutOf(values: Float64Array, shape: WindowShape, reach: number, options: NeuralOptions) {
  const all = usableEnds(values, shape, reach, fewestWindows)
  const ends = all.slice(Math.max(0, all.length - options.maxWindows))
  const validationFrom = ends.length - Math.floor(options.validation * ends.length)
  const tail = ends[validationFrom] ?? values.length
  let training = validationFrom
  while (training > 0 && ends[training - 1] + reach > tail) training--
  return { ends, training, validationFrom, tail }
}

export function architectureOf<Options extends NeuralOptions>(
  method: NeuralMethod<Options>,
  options: Options,
  shape: WindowShape,
  nodes: number
): Architecture {
  const units = nodes * lossOf(options.loss).perTarget
  return {
    steps: shape.window,
    inputs: inputsOf(shape),
    layers: [...method.layers(options), { kind: 'dense', units, activation: 'none' }]
  }
}

export function networkOf(
  architecture: Architecture,
  options: NeuralOptions,
  maxBatch: number,
  rng?: Random
): Network {
  return createNetwork(architecture, { kernels: options.kernels as KernelName, maxBatch, rng })
}

export function shapeOf(options: NeuralOptions, horizon: number, stepMs: number): WindowShape {
  const { window, season, dayWaves, weekWaves, holidays, tz } = options
  const ahead = options.multi === 'recursive' ? 1 : horizon
  return {
    window,
    season: options.seasonal ? season : 0,
    lead: Math.max(1, Math.min(season, window, ahead)),
    stepMs,
    // The value itself is learned as papers do it, between 0 and 1.
    centred: options.target !== 'value',
    calendar: calendar(
      options.calendar ? { dayWaves, weekWaves, holidays, tz } : { dayWaves: 0, weekWaves: 0 }
    )
  }
}

export function lossOf(name: string): Loss {
  if (name === 'pinball') return pinball(headLevels)
  return name === 'mae' ? mae : mse
}

function summaryOf(trained: Trained, { training, count, validationFrom }: Samples): Json {
  const { epochs, bestEpoch, losses, validation, why } = trained
  const known = (xs: readonly number[]) => xs.map((x) => (Number.isFinite(x) ? x : null))
  return {
    ...{ windows: training, validationWindows: count - validationFrom, epochs, bestEpoch, why },
    losses: known(losses),
    validation: known(validation)
  }
}

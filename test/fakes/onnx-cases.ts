/**
 * Small networks of every kind with weights that nobody trained: the same bytes on every machine. Each with windows,
 * and what our own forecaster says behind them. For the test of the ONNX export and for tools/onnx-check.py.
 */
import { type GivenOptions, random, type Series, series, sliceSteps, toBase64 } from '../../src/base/index.ts'
import { cnnMethod } from '../../src/forecast/cnn.ts'
import { gruMethod } from '../../src/forecast/gru.ts'
import { type ModelFile, makeModel } from '../../src/forecast/index.ts'
import { lstmMethod } from '../../src/forecast/lstm.ts'
import { neural } from '../../src/forecast/neural.ts'
import { architectureOf, type NeuralMethod, networkOf, shapeOf } from '../../src/forecast/neural-learn.ts'
import { learnedHorizons } from '../../src/forecast/neural-model.ts'
import type { NeuralOptions } from '../../src/forecast/neural-options.ts'
import { linearInputs } from '../../src/forecast/neural-target.ts'
import { toOnnx } from '../../src/forecast/onnx.ts'
import { tcnMethod } from '../../src/forecast/tcn.ts'
import { windowReader } from '../../src/forecast/windows.ts'

export interface OnnxCase {
  readonly name: string
  readonly bytes: Uint8Array
  /** What 1 of an output of the network is in the forecast, at least. */
  readonly size: number
  /** [batch, steps, channels]. */
  readonly windows: readonly (readonly (readonly number[])[])[]
  /** [batch, horizons], by our own forecaster. */
  readonly ours: readonly (readonly number[])[]
}

const stepMs = 3_600_000
const batch = 4

/** A wave of a day with steps in it, exact in float32. */
const load: Series = series(
  stepMs,
  Array.from(
    { length: 400 },
    (_, t) => Math.round(8 * (200 + 90 * Math.sin((2 * Math.PI * t) / 24))) / 8 + (t % 5)
  ),
  // No rate, of which our forecaster would cut off what is below zero.
  { startMs: Date.UTC(2026, 0, 5), unit: 'degrees' }
)

export function onnxCases(): OnnxCase[] {
  const small = { units: 5, layers: 1, reset: 'after' }
  const calendar = { seasonal: true, calendar: true, dayWaves: 2, weekWaves: 1 }
  return [
    caseOf('gru', gruMethod, 5, { units: 64, layers: 2, reset: 'after', target: 'linear' }),
    caseOf('gru-reset-before', gruMethod, 1, { units: 64, layers: 2, reset: 'before', target: 'value' }),
    caseOf('gru-quantiles', gruMethod, 3, { ...small, loss: 'pinball', target: 'change' }),
    caseOf('gru-season-calendar', gruMethod, 12, { ...small, season: 24, ...calendar, target: 'linear' }),
    caseOf('lstm', lstmMethod, 5, { units: 64, layers: 2, target: 'linear' }),
    caseOf('lstm-of-one-unit', lstmMethod, 2, { units: 1, layers: 1, window: 4, target: 'change' }),
    caseOf('cnn', cnnMethod, 5, { filters: 64, size: 3, pool: 2, blocks: 2, target: 'linear' }),
    caseOf('cnn-value', cnnMethod, 1, { filters: 5, size: 4, pool: 3, blocks: 1, target: 'value' }),
    caseOf('tcn', tcnMethod, 5, { filters: 32, size: 3, blocks: 4, target: 'linear' }),
    caseOf('tcn-small', tcnMethod, 2, { filters: 3, size: 2, blocks: 2, window: 9, target: 'value' })
  ]
}

function caseOf<Options extends NeuralOptions>(
  name: string,
  method: NeuralMethod<Options>,
  horizon: number,
  given: GivenOptions
): OnnxCase {
  const plain = { window: 24, dropout: 0.2, seasonal: false, calendar: false, loss: 'mse', multi: 'direct' }
  const options = method.read({ ...plain, ...given, kernels: 'reference' })
  const model = modelOf(name, method, options, horizon)
  const { nodes } = learnedHorizons(horizon, false)
  const ends = Array.from({ length: batch }, (_, b) => load.values.length - 7 * b)
  return {
    name,
    // Its checksum knows of options that have nothing to do with the network.
    bytes: toOnnx({ ...model, checksum: '' }),
    size: options.target === 'value' ? 192 : 8,
    windows: ends.map((end) => windowAt(end, options, horizon)),
    ours: ends.map((end) => {
      const fit = { horizon, learned: model.parameters }
      const { mean } = neural(method, options)
        .fit(sliceSteps(load, 0, end), fit)
        .predict(horizon)
      return nodes.map((h) => mean[h - 1])
    })
  }
}

function modelOf<Options extends NeuralOptions>(
  name: string,
  method: NeuralMethod<Options>,
  options: Options,
  horizon: number
): ModelFile {
  const shape = shapeOf(options, horizon, stepMs)
  const { nodes } = learnedHorizons(horizon, false)
  const architecture = architectureOf(method, options, shape, nodes.length)
  const weights = networkOf(architecture, options, 1).parameters.map(({ name: of, value }) => [
    of,
    toBase64(drawn(value.length, name, of))
  ])
  const linear = options.target === 'linear' ? drawn(nodes.length * linearInputs(shape), name, 'linear') : []
  const parameters = {
    ...{ method: method.name, options, horizon, stepMs, trainedUntilMs: load.startMs, fallback: null },
    architecture: { ...architecture, layers: architecture.layers.map((layer) => ({ ...layer })) },
    weights: Object.fromEntries(weights),
    scaler: { shift: 100, size: 192 },
    target: {
      form: options.target,
      sizes: toBase64(
        nodes.map((_, k) => (options.target === 'value' ? 192 : 8 + k)),
        'float64'
      ),
      weights: toBase64(linear, 'float64')
    },
    training: null
  }
  const saved = { model: method.name, version: '1', parameters }
  const library = { name: 'prescale', version: '0.0.0' }
  return makeModel({
    ...{ saved, options, history: load, horizon, levels: [0.5], library, seed: 0 }
  })
}

/** Between ±1/8, as the first weights of 64 units are; exact in float32: the same on every machine. */
function drawn(length: number, ...path: readonly string[]): number[] {
  const rng = random(7, 'onnx', ...path)
  return Array.from({ length }, () => (rng.integer(1_025) - 512) / 4_096)
}

/** The channels behind which step `end` comes: loads as they are, then calendar features. */
function windowAt(end: number, options: NeuralOptions, horizon: number): number[][] {
  const shape = shapeOf(options, horizon, stepMs)
  const reader = windowReader(shape, { shift: 0, size: 1 })
  reader.read(load.values, end)
  const { calendar, window } = shape
  const features = new Float64Array(calendar.width)
  return Array.from({ length: window }, (_, i) => {
    calendar.write(load.startMs + (end + i - window) * stepMs, features, 0)
    return [reader.own[i], ...(shape.season > 0 ? [reader.last[i], reader.older[i]] : []), ...features]
  })
}

/**
 * A trained network as a point forecaster: one forward pass for each forecast.
 *
 *   direct      ŷ[t+h] = base[k] + size[k] · output[k] at the learned horizons, straight lines between them; behind the last it stays
 *   recursive   ŷ[t+1] is taken for measured and the window moves on
 *
 * Where it must not be asked, the last measured value is the forecast: fewer than half of the window measured, or the
 * last value more than `reach` training ranges outside of what it was trained on.
 */

import type { Network } from '../nn/architecture.ts'
import { quantilesOf } from '../nn/losses.ts'
import type { Json } from '../roles.ts'
import { type Horizons, horizonNodes } from './horizons.ts'
import { headLevels } from './neural-options.ts'
import { baseOf, type Target } from './neural-target.ts'
import type { PointModel } from './online.ts'
import { type Scaler, scaled } from './scaler.ts'
import { spanOf, type WindowShape, windowReader } from './windows.ts'

/** Everything that a forecast needs. */
export interface NeuralParts {
  readonly network: Network
  readonly shape: WindowShape
  readonly scaler: Scaler
  readonly target: Target
  readonly recursive: boolean
  readonly quantiles: boolean
  readonly horizon: number
  /** When the history begins, whose values will be observed first. */
  readonly startMs: number
  readonly trainedUntil: number
  readonly parameters: () => Json
}

/** How many training ranges outside of the training part a load may be. */
const reach = 1
const middle = headLevels.indexOf(0.5)

/** Horizons with an output of their own: the near ones, and fewer and fewer behind. */
export const learnedHorizons = (horizon: number, recursive: boolean): Horizons =>
  horizonNodes(recursive ? 1 : horizon, 8, 1.25)

export function neuralModel(parts: NeuralParts): PointModel {
  const { network, shape, scaler, target, recursive, quantiles, horizon } = parts
  const { nodes, below, above, share } = learnedHorizons(horizon, recursive)
  const reader = windowReader(shape, scaler)
  const span = spanOf(shape)
  // The newest `span` values end at `end`; once the space is full they move to its beginning.
  const values = new Float64Array(Math.max(2 * span, span + 1_024)).fill(NaN)
  const means = new Float64Array(nodes.length)
  const widths = new Float64Array(nodes.length).fill(1e-9 * scaler.size + 1e-300)
  const head = new Float64Array(headLevels.length)
  const ahead = new Float64Array(recursive ? span + horizon : 0)
  const stepWidths = new Float64Array(horizon)
  let end = span
  let seen = 0
  let lastKnown = NaN

  function observe(y: number): void {
    if (end === values.length) {
      values.copyWithin(0, values.length - span)
      end = span
    }
    values[end++] = y
    seen++
    if (!Number.isNaN(y)) lastKnown = y
  }

  /** Forecasts of all nodes, `stepsOn` behind what was seen; false where the network must not be asked. */
  function ask(from: Float64Array, until: number, stepsOn: number): boolean {
    if (!reader.read(from, until)) return false
    const x = scaled(scaler, reader.own[shape.window - 1])
    if (!(x >= -reach && x <= 1 + reach)) return false
    reader.write(parts.startMs + (seen + stepsOn) * shape.stepMs, 0, 1, network.input)
    const output = network.forward(1)
    for (let k = 0; k < nodes.length; k++) {
      let z = output[k]
      if (quantiles) {
        quantilesOf(output, k * head.length, head)
        z = head[middle]
        widths[k] = Math.max(1e-9 * scaler.size, (head[head.length - 1] - head[0]) * target.sizes[k])
      }
      means[k] = baseOf(target, reader, scaler, k) + z * target.sizes[k]
      if (!Number.isFinite(means[k])) return false
    }
    return true
  }

  function direct(out: Float64Array): boolean {
    if (!ask(values, end, 0)) return false
    for (let h = 0; h < out.length; h++) {
      const i = Math.min(h, horizon - 1)
      out[h] = means[below[i]] + share[i] * (means[above[i]] - means[below[i]])
    }
    return true
  }

  function stepByStep(out: Float64Array): boolean {
    const space = out.length > horizon ? new Float64Array(span + out.length) : ahead
    space.set(values.subarray(end - span, end))
    for (let h = 0; h < out.length; h++) {
      if (!ask(space, span + h, h)) {
        if (h === 0) return false
        means[0] = out[h - 1]
      }
      out[h] = means[0]
      space[span + h] = means[0]
      if (h < horizon) stepWidths[h] = widths[0]
    }
    return true
  }

  function spread(mean: Float64Array, out: Float64Array): void {
    for (let h = 0; h < mean.length; h++) {
      const i = Math.min(h, horizon - 1)
      // The error of a chain of forecasts grows about as a random walk does.
      out[h] = recursive
        ? stepWidths[i] * Math.sqrt(h + 1)
        : widths[below[i]] + share[i] * (widths[above[i]] - widths[below[i]])
    }
  }

  const model: PointModel = {
    observe,
    ahead(out) {
      if (!(recursive ? stepByStep(out) : direct(out))) out.fill(lastKnown)
    },
    parameters: parts.parameters,
    trainedUntil: parts.trainedUntil
  }
  return quantiles ? { ...model, spread } : model
}

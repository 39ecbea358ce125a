/**
 * ONNX — a trained network for other runtimes, from the load as it is to forecasts of it.
 *
 *   window    [batch, steps, channels]   the newest steps, oldest first: the load in its unit; with a season two more
 *                                        channels in the same unit; calendar features as `calendar.ts` has them
 *   forecast  [batch, horizons]          in the unit of the load; how far ahead each is stands in the metadata
 *   quantiles [batch, horizons, levels]  of a network trained with the pinball loss
 *
 * Scaling, the network, and what turns its outputs into loads (`neural-target.ts`) are inside. Outside stay: what
 * happens in gaps and far from what was trained on (`neural-model.ts`), straight lines between the horizons, conformal
 * quantiles. float32 throughout; verified against onnxruntime by tools/onnx-check.py.
 */
import { PrescaleError, series } from '../base/index.ts'
import { type Builder, builder, networkOperations, slice } from '../nn/onnx-layers.ts'
import { type Graph, modelBytes, type Port } from '../nn/onnx-proto.ts'
import type { Json } from '../roles.ts'
import { cnnMethod } from './cnn.ts'
import { gruMethod } from './gru.ts'
import { lstmMethod } from './lstm.ts'
import type { ModelFile } from './model.ts'
import { rebuild } from './neural-learned.ts'
import { learnedHorizons } from './neural-model.ts'
import { headLevels } from './neural-options.ts'
import { tcnMethod } from './tcn.ts'
import { inputsOf, largest } from './windows.ts'

type Rebuilt = ReturnType<typeof rebuild>
type Whole = Extract<Rebuilt, { readonly fallback?: undefined }>

const networks: Readonly<Record<string, (parameters: Json, model: ModelFile) => Rebuilt>> = {
  cnn: (parameters, model) => rebuild(cnnMethod, parameters, emptyOf(model), 1, 'reference'),
  gru: (parameters, model) => rebuild(gruMethod, parameters, emptyOf(model), 1, 'reference'),
  lstm: (parameters, model) => rebuild(lstmMethod, parameters, emptyOf(model), 1, 'reference'),
  tcn: (parameters, model) => rebuild(tcnMethod, parameters, emptyOf(model), 1, 'reference')
}

const emptyOf = ({ training }: ModelFile) => series(training.stepMs, [], { unit: training.unit })

/** Whether models of this method may hold a network. */
export const canBeOnnx = (name: string) => name === 'auto' || Object.hasOwn(networks, name)

/** The model as the bytes of an .onnx file. Errors: `BAD_MODEL` where it is no network, or was not learned. */
export function toOnnx(model: ModelFile): Uint8Array {
  const { name, parameters } = chosen(model)
  if (!Object.hasOwn(networks, name)) {
    throw new PrescaleError(
      'BAD_MODEL',
      `${name} is no network; as ONNX go ${Object.keys(networks).join(', ')}`
    )
  }
  const network = networks[name](parameters, model)
  if (network.fallback !== undefined) {
    throw new PrescaleError('BAD_MODEL', `${name} has no network to export: ${network.fallback}`)
  }
  return modelBytes({
    graph: graphOf(name, network),
    producer: model.library,
    metadata: metadataOf(model, network)
  })
}

/** `auto` is what it chose. */
function chosen({ model, parameters }: ModelFile): { readonly name: string; readonly parameters: Json } {
  if (model !== 'auto') return { name: model, parameters }
  const { chosen: name, learned } = parameters as { readonly chosen: string; readonly learned: Json }
  return { name, parameters: learned }
}

function graphOf(name: string, network: Whole): Graph {
  const { shape, target, options } = network
  const onto = builder()
  const nodes = target.sizes.length
  const base = baseOn(onto, network)
  const z = networkOn(onto, network)
  const outputs: Port[] = [{ name: 'forecast', shape: ['batch', nodes] }]
  if (options.loss === 'pinball') {
    outputs.push({ name: 'quantiles', shape: ['batch', nodes, headLevels.length] })
    const sizes = onto.floats(target.sizes, [1, nodes, 1])
    const away = onto.apply('Mul', [quantilesOn(onto, z, nodes), sizes])
    const from = onto.apply('Unsqueeze', [base, onto.whole(2)])
    onto.add({ type: 'Add', inputs: [away, from], outputs: ['quantiles'] })
    const middle = headLevels.indexOf(0.5)
    const median = slice(onto, 'quantiles', 2, middle, middle + 1)
    onto.add({ type: 'Squeeze', inputs: [median, onto.whole(2)], outputs: ['forecast'] })
  } else {
    const away = onto.apply('Mul', [z, onto.floats(target.sizes, [1, nodes])])
    onto.add({ type: 'Add', inputs: [away, base], outputs: ['forecast'] })
  }
  return {
    name,
    says: 'the newest steps of a load, and forecasts of it in the same unit',
    inputs: [{ name: 'window', shape: ['batch', shape.window, inputsOf(shape)] }],
    outputs,
    constants: onto.constants,
    operations: onto.operations
  }
}

/** Channels that hold loads: the window, and with a season two more. */
const loadsOf = ({ shape }: Whole) => (shape.season > 0 ? 3 : 1)

/** Outputs of the network [batch, outputs] from the window as it is. */
function networkOn(onto: Builder, network: Whole): string {
  const { scaler, shape } = network
  const channels = inputsOf(shape)
  const ofLoads = (load: number, other: number) =>
    onto.floats(
      Array.from({ length: channels }, (_, c) => (c < loadsOf(network) ? load : other)),
      [1, 1, channels]
    )
  const shifted = onto.apply('Sub', ['window', ofLoads(scaler.shift, 0)])
  const scaled = onto.apply('Div', [shifted, ofLoads(scaler.size, 1)])
  // Calendar features are never this large.
  const cut = onto.apply('Clip', [scaled, onto.floats([-largest], []), onto.floats([largest], [])])
  const centred = shape.centred
    ? onto.apply('Sub', [onto.apply('Mul', [cut, ofLoads(2, 1)]), ofLoads(1, 0)])
    : cut
  const x = onto.apply('Transpose', [centred], { perm: [1, 0, 2] })
  const weights = Object.fromEntries(network.network.parameters.map(({ name, value }) => [name, value]))
  return networkOperations(onto, network.network.architecture, weights, x)
}

/** What the forecast is without the network, [batch, horizons] or what spreads to it: see `neural-target.ts`. */
function baseOn(onto: Builder, network: Whole): string {
  const { target, shape, scaler } = network
  const { window } = shape
  const nodes = target.sizes.length
  if (target.form === 'value') return onto.floats(new Float32Array(nodes).fill(scaler.shift), [1, nodes])
  const loads = loadsOf(network)
  const seen = slice(onto, 'window', 2, 0, loads)
  const last = slice(onto, slice(onto, 'window', 2, 0, 1), 1, window - 1, window)
  const now = onto.apply('Reshape', [last, onto.whole(-1, 1)])
  if (target.form === 'change') return now
  const away = onto.apply('Transpose', [onto.apply('Sub', [seen, last])], { perm: [0, 2, 1] })
  const flat = onto.apply('Reshape', [away, onto.whole(-1, loads * window)])
  const matrix = onto.floats(linearMatrix(target.weights, nodes, window, loads), [loads * window, nodes])
  return onto.apply('Add', [now, onto.apply('MatMul', [flat, matrix])])
}

/** (nodes, window − 1 + window·(loads − 1)) → (loads · window, nodes): the newest value has no weight of its own. */
function linearMatrix(weights: Float64Array, nodes: number, window: number, loads: number): Float32Array {
  const inputs = loads * window - 1
  const matrix = new Float32Array(loads * window * nodes)
  for (let k = 0; k < nodes; k++) {
    for (let j = 0; j < inputs; j++) {
      const row = j < window - 1 ? j : j + 1
      matrix[row * nodes + k] = weights[k * inputs + j]
    }
  }
  return matrix
}

/** Quantiles in order, (batch, horizons, levels): q₀ = r₀, qᵢ = qᵢ₋₁ + log(1 + exp rᵢ). */
function quantilesOn(onto: Builder, z: string, nodes: number): string {
  const levels = headLevels.length
  const r = onto.apply('Reshape', [z, onto.whole(-1, nodes, levels)])
  const above = onto.apply('Softplus', [slice(onto, r, 2, 1, levels)])
  const parts = onto.apply('Concat', [slice(onto, r, 2, 0, 1), above], { axis: 2 })
  const axis = onto.fresh('constant')
  onto.constants.push({ name: axis, shape: [], values: BigInt64Array.of(2n) })
  return onto.apply('CumSum', [parts, axis])
}

function metadataOf(model: ModelFile, network: Whole): Record<string, string> {
  const { shape, options, scaler } = network
  const { stepMs, unit, hash } = model.training
  const { nodes } = learnedHorizons(network.horizon, options.multi === 'recursive')
  return {
    stepMs: String(stepMs),
    unit,
    horizons: nodes.join(','),
    ...(options.loss === 'pinball' && { levels: headLevels.join(',') }),
    season: String(shape.season),
    lead: String(shape.lead),
    multi: options.multi,
    trainedOn: hash,
    least: String(scaler.shift),
    range: String(scaler.size),
    checksum: model.checksum
  }
}

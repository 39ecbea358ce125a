/**
 * Layers as ONNX operations. Between layers everything is [steps, batch, features], as in `nn`; convolutions and pools
 * work on [batch, features, steps] inside.
 *
 *   gru    gates r, z, n → ONNX z, r, h;  W (1, 3U, I) · R (1, 3U, U) · B (1, 6U) = bx then bh;
 *          reset after = linear_before_reset 1, reset before = 0
 *   lstm   gates i, f, g, o → ONNX i, o, f, c;  B (1, 8U) = bias then zeros
 *   conv   w (size, I, O) → (O, I, size); causal = (size − 1)·dilation zeros in front
 *
 * github.com/onnx/onnx/blob/main/docs/Operators.md, operator set 17.
 */
import type { Activation, Architecture, LayerSpec } from './architecture.ts'
import { plan } from './network.ts'
import type { Constant, Operation } from './onnx-proto.ts'

/** Learned tensors by name, such as `0.gru.wx`, in the shapes of `nn`. */
export type Weights = Readonly<Record<string, ArrayLike<number>>>

/** Operations and constants as they are added, each with a name of its own. */
export interface Builder {
  readonly operations: Operation[]
  readonly constants: Constant[]
  /** Adds an operation with one output; gives its name. */
  apply(type: string, inputs: readonly string[], attributes?: Operation['attributes']): string
  add(operation: Operation): void
  floats(values: ArrayLike<number>, shape: readonly number[]): string
  /** A list of whole numbers. */
  whole(...values: readonly number[]): string
  fresh(what: string): string
}

export function builder(): Builder {
  const operations: Operation[] = []
  const constants: Constant[] = []
  let count = 0
  const fresh = (what: string) => `${what.toLowerCase()}_${count++}`
  return {
    operations,
    constants,
    fresh,
    add: (operation) => void operations.push(operation),
    apply(type, inputs, attributes) {
      const name = fresh(type)
      operations.push({ type, inputs, outputs: [name], attributes })
      return name
    },
    floats(values, shape) {
      const name = fresh('constant')
      constants.push({ name, shape, values: Float32Array.from(values) })
      return name
    },
    whole(...values) {
      const name = fresh('constant')
      constants.push({ name, shape: [values.length], values: BigInt64Array.from(values, BigInt) })
      return name
    }
  }
}

interface Shape {
  readonly steps: number
  readonly features: number
}

/** What a layer is given: its input, its learned tensors by name, and where to put its operations. */
interface Place {
  readonly onto: Builder
  readonly x: string
  readonly input: Shape
  readonly learned: (name: string) => ArrayLike<number>
}

/** The whole network on x [steps, batch, inputs]; gives the name of [batch, outputs]. */
export function networkOperations(
  onto: Builder,
  architecture: Architecture,
  weights: Weights,
  x: string
): string {
  const placed = plan(architecture)
  const out = placed.reduce(
    (from, { spec, input }, i) =>
      layer(spec, { onto, x: from, input, learned: (name) => weights[`${i}.${name}`] }),
    x
  )
  const outputs = placed.at(-1)?.output.features ?? architecture.inputs
  return onto.apply('Reshape', [out, onto.whole(-1, outputs)])
}

function layer(spec: LayerSpec, place: Place): string {
  const { onto, x, input } = place
  switch (spec.kind) {
    case 'gru':
      return gru(spec, place)
    case 'lstm':
      return lstm(spec, place)
    case 'conv':
      return conv(spec, place, 'conv')
    case 'residual':
      return residual(spec, place)
    case 'max-pool': {
      const pooled = onto.apply('MaxPool', [toChannels(onto, x)], {
        kernel_shape: [spec.size],
        strides: [spec.size]
      })
      return fromChannels(onto, pooled)
    }
    case 'dropout':
      return x
    case 'flatten': {
      const byBatch = onto.apply('Transpose', [x], { perm: [1, 0, 2] })
      return onto.apply('Reshape', [byBatch, onto.whole(1, -1, input.steps * input.features)])
    }
    case 'last':
      return slice(onto, x, 0, input.steps - 1, input.steps)
    case 'dense':
      return dense(place, 'dense', spec.units, spec.activation)
  }
}

type SpecOf<Kind extends LayerSpec['kind']> = Extract<LayerSpec, { readonly kind: Kind }>

function gru({ units, sequence, reset }: SpecOf<'gru'>, { onto, x, input, learned }: Place): string {
  const order = [1, 0, 2]
  const [bx, bh] = ['gru.bx', 'gru.bh'].map((name) => gates(learned(name), 1, units, order))
  const inputs = [
    x,
    onto.floats(gates(learned('gru.wx'), input.features, units, order), [1, 3 * units, input.features]),
    onto.floats(gates(learned('gru.wh'), units, units, order), [1, 3 * units, units]),
    onto.floats([...bx, ...bh], [1, 6 * units])
  ]
  const attributes = { hidden_size: units, linear_before_reset: reset === 'after' ? 1 : 0 }
  return recurrent(onto, 'GRU', inputs, attributes, sequence)
}

function lstm({ units, sequence }: SpecOf<'lstm'>, { onto, x, input, learned }: Place): string {
  const order = [0, 3, 1, 2]
  const bias = gates(learned('lstm.bias'), 1, units, order)
  const inputs = [
    x,
    onto.floats(gates(learned('lstm.wx'), input.features, units, order), [1, 4 * units, input.features]),
    onto.floats(gates(learned('lstm.wh'), units, units, order), [1, 4 * units, units]),
    onto.floats([...bias, ...bias.map(() => 0)], [1, 8 * units])
  ]
  return recurrent(onto, 'LSTM', inputs, { hidden_size: units }, sequence)
}

/** Both hand on every step as [steps, 1, batch, units], and the last one as [1, batch, units]. */
function recurrent(
  onto: Builder,
  type: 'GRU' | 'LSTM',
  inputs: readonly string[],
  attributes: NonNullable<Operation['attributes']>,
  sequence: boolean
): string {
  const [every, last] = [onto.fresh(`${type}_every`), onto.fresh(`${type}_last`)]
  onto.add({ type, inputs, outputs: sequence ? [every] : ['', last], attributes })
  return sequence ? onto.apply('Squeeze', [every, onto.whole(1)]) : last
}

/** w (rows, gates·units), columns gate by gate → (gates·units, rows), gates in another order. */
function gates(w: ArrayLike<number>, rows: number, units: number, order: readonly number[]): number[] {
  const columns = order.length * units
  return order.flatMap((gate) =>
    Array.from({ length: units * rows }, (_, i) => {
      const [unit, row] = [Math.floor(i / rows), i % rows]
      return w[row * columns + gate * units + unit]
    })
  )
}

function conv(spec: SpecOf<'conv'>, { onto, x, input, learned }: Place, name: string): string {
  const { filters, size, dilation, causal, activation } = spec
  const w = learned(`${name}.w`)
  const turned = Array.from({ length: filters * input.features * size }, (_, i) => {
    const j = i % size
    const from = Math.floor(i / size) % input.features
    const to = Math.floor(i / (size * input.features))
    return w[(j * input.features + from) * filters + to]
  })
  const convolved = onto.apply(
    'Conv',
    [
      toChannels(onto, x),
      onto.floats(turned, [filters, input.features, size]),
      onto.floats(learned(`${name}.bias`), [filters])
    ],
    { kernel_shape: [size], dilations: [dilation], pads: [causal ? (size - 1) * dilation : 0, 0] }
  )
  return activate(onto, fromChannels(onto, convolved), activation)
}

function residual({ filters, size, dilation }: SpecOf<'residual'>, place: Place): string {
  const { onto, x, input } = place
  const spec = { kind: 'conv', filters, size, dilation, causal: true, activation: 'relu' } as const
  const first = conv(spec, place, 'residual.first.conv')
  const within = { ...place, x: first, input: { ...input, features: filters } }
  const through = conv(spec, within, 'residual.second.conv')
  const beside = input.features === filters ? x : dense(place, 'residual.bridge.dense', filters, 'none')
  return onto.apply('Relu', [onto.apply('Add', [through, beside])])
}

function dense({ onto, x, input, learned }: Place, name: string, units: number, f: Activation): string {
  const product = onto.apply('MatMul', [x, onto.floats(learned(`${name}.w`), [input.features, units])])
  return activate(onto, onto.apply('Add', [product, onto.floats(learned(`${name}.bias`), [units])]), f)
}

const activations = { relu: 'Relu', tanh: 'Tanh', sigmoid: 'Sigmoid' } as const

const activate = (onto: Builder, x: string, f: Activation) =>
  f === 'none' ? x : onto.apply(activations[f], [x])

/** [steps, batch, features] ⇄ [batch, features, steps]. */
const toChannels = (onto: Builder, x: string) => onto.apply('Transpose', [x], { perm: [1, 2, 0] })
const fromChannels = (onto: Builder, x: string) => onto.apply('Transpose', [x], { perm: [2, 0, 1] })

/** x[from..to) along an axis. */
export const slice = (onto: Builder, x: string, axis: number, from: number, to: number) =>
  onto.apply('Slice', [x, onto.whole(from), onto.whole(to), onto.whole(axis)])

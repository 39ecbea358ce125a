/** Puts the layers of an architecture behind each other, and their parameters into one block that Adam steps through. */
import { PrescaleError, type Random } from '../base/index.ts'
import type { AdamOptions, Architecture, LayerSpec, Network, Parameter, Tensor } from './architecture.ts'
import type { Kernels } from './kernels.ts'
import { layers } from './layers/index.ts'
import { type Layer, type LayerKind, type ParameterSpec, requireCount, type Shape } from './layers/layer.ts'

/** A layer at its place: what comes in, what goes out, what it learns. */
export interface Placed {
  readonly spec: LayerSpec
  readonly kind: LayerKind<LayerSpec>
  readonly input: Shape
  readonly output: Shape
  readonly parameters: readonly ParameterSpec[]
}

/** The shapes through an architecture, and its parameters. Throws `BAD_OPTION` where layers do not fit. */
export function plan(architecture: Architecture): readonly Placed[] {
  requireCount(architecture.steps, 'steps of a network')
  requireCount(architecture.inputs, 'inputs of a network')
  const placed: Placed[] = []
  let input: Shape = { steps: architecture.steps, features: architecture.inputs }
  for (const [i, spec] of architecture.layers.entries()) {
    const kind = kindOf(spec, i)
    const output = kind.shape(spec, input)
    const parameters = kind.parameters(spec, input).map((it) => ({ ...it, name: `${i}.${it.name}` }))
    placed.push({ spec, kind, input, output, parameters })
    input = output
  }
  // An output is one row: what still has steps is laid out flat.
  return input.steps === 1 ? placed : [...placed, flat(input)]
}

function kindOf(spec: LayerSpec, at: number): LayerKind<LayerSpec> {
  if (!Object.hasOwn(layers, spec.kind)) {
    const known = Object.keys(layers).join(', ')
    throw new PrescaleError('BAD_OPTION', `layer ${at} must be one of ${known}, was '${spec.kind}'`)
  }
  return layers[spec.kind]
}

function flat(input: Shape): Placed {
  const spec = { kind: 'flatten' } as const
  return { spec, kind: layers.flatten, input, output: layers.flatten.shape(spec, input), parameters: [] }
}

/** How many numbers an architecture learns. */
export function parameterCount(architecture: Architecture): number {
  return plan(architecture).reduce(
    (sum, { parameters }) => sum + parameters.reduce((inner, { shape }) => inner + sizeOf(shape), 0),
    0
  )
}

export const sizeOf = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1)

export function build(
  architecture: Architecture,
  placed: readonly Placed[],
  kernels: Kernels,
  maxBatch: number,
  rng: Random | undefined
): Network {
  const count = parameterCount(architecture)
  const [value, gradient, mean, square] = [0, 0, 0, 0].map(() => kernels.zeros(count))
  const parameters = place(placed, value, gradient)
  if (rng) initialise(placed, parameters, rng)

  const { steps, inputs } = architecture
  const input = kernels.zeros(steps * maxBatch * inputs)
  const made = make(placed, parameters, kernels, maxBatch)
  const outputs = placed.at(-1)?.output.features ?? inputs
  const byLast = kernels.zeros(maxBatch * outputs)
  const firstLearner = placed.findIndex((it) => it.parameters.length > 0)
  const adamMemory = { steps: 0, mean, square }
  let batch = 0

  function backward(byOutput: Tensor, byInput?: false): undefined
  function backward(byOutput: Tensor, byInput: true): Tensor
  function backward(byOutput: Tensor, byInput = false): Tensor | undefined {
    if (byOutput.length < batch * outputs) {
      throw new PrescaleError(
        'BAD_INPUT',
        `backward needs ${batch} × ${outputs} values, got ${byOutput.length}`
      )
    }
    let by: Tensor = byLast
    byLast.set(byOutput.length > batch * outputs ? byOutput.subarray(0, batch * outputs) : byOutput)
    for (let i = made.length - 1; i >= 0; i--) {
      if (!byInput && i < firstLearner) break
      by = made[i].backward(by, batch, byInput || i > firstLearner)
    }
    return byInput ? by.subarray(0, steps * batch * inputs) : undefined
  }

  return {
    architecture,
    kernels: kernels.name,
    outputs,
    parameters,
    input,
    forward(samples, chance) {
      requireCount(samples, 'batch')
      if (samples > maxBatch) {
        throw new PrescaleError('BAD_OPTION', `batch must be at most ${maxBatch}, was ${samples}`)
      }
      batch = samples
      let x: Tensor = input
      for (const layer of made) x = layer.forward(x, batch, chance)
      return x.subarray(0, batch * outputs)
    },
    backward,
    zeroGradients() {
      gradient.fill(0)
    },
    adam({ rate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, clip }: AdamOptions) {
      const norm = clip === undefined ? 0 : Math.sqrt(kernels.sumOfSquares(gradient, count))
      const scale = clip !== undefined && norm > clip ? clip / norm : 1
      const step = ++adamMemory.steps
      kernels.adam(value, gradient, mean, square, count, { rate, beta1, beta2, epsilon, step, scale })
    },
    adamMemory
  }
}

function place(placed: readonly Placed[], value: Tensor, gradient: Tensor): readonly Parameter[] {
  let at = 0
  return placed.flatMap(({ parameters }) =>
    parameters.map(({ name, shape }) => {
      const from = at
      at += sizeOf(shape)
      return { name, shape, value: value.subarray(from, at), gradient: gradient.subarray(from, at) }
    })
  )
}

function initialise(placed: readonly Placed[], parameters: readonly Parameter[], rng: Random): void {
  for (const [i, spec] of placed.flatMap((it) => it.parameters).entries()) {
    const { value } = parameters[i]
    for (let k = 0; k < value.length; k++) {
      value[k] = (2 * rng.next() - 1) * spec.bound + (spec.offset?.(k) ?? 0)
    }
  }
}

function make(
  placed: readonly Placed[],
  parameters: readonly Parameter[],
  kernels: Kernels,
  maxBatch: number
): readonly Layer[] {
  let at = 0
  return placed.map(({ spec, kind, input, parameters: own }) => {
    const from = at
    at += own.length
    return kind.make(spec, input, parameters.slice(from, at), { kernels, maxBatch })
  })
}

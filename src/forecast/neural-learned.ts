/** What was learned, read back and checked: it must be whole, fit together, fit this series, and be finite. */
import { canonicalJson, float32Of, float64Of, PrescaleError, type Series } from '../base/index.ts'
import type { Network } from '../nn/index.ts'
import type { Json } from '../roles.ts'
import { type Learned, readLearned } from './learned.ts'
import { architectureOf, type NeuralMethod, networkOf, shapeOf } from './neural-learn.ts'
import { learnedHorizons } from './neural-model.ts'
import type { NeuralOptions } from './neural-options.ts'
import { linearInputs, type Target, targetForms } from './neural-target.ts'
import type { Scaler } from './scaler.ts'
import type { WindowShape } from './windows.ts'

/** A network that can forecast, or the reason why there is none. */
export type Rebuilt =
  | { readonly fallback: string }
  | {
      readonly fallback?: undefined
      readonly options: NeuralOptions
      readonly horizon: number
      readonly trainedUntilMs: number
      readonly shape: WindowShape
      readonly scaler: Scaler
      readonly target: Target
      readonly network: Network
    }

/**
 * Throws `BAD_MODEL`, one line, where `given` is not what this method learned for such a series and horizon. `kernels`
 * is how it will forecast, which need not be how it was trained.
 */
export function rebuild<Options extends NeuralOptions>(
  method: NeuralMethod<Options>,
  given: Json,
  history: Series,
  horizon: number,
  kernels: string
): Rebuilt {
  const { name } = method
  const model = readLearned(name, given)
  const by = model.text('method')
  if (by !== name) refuse(name, `the model was learned by ${by}`)
  const stepMs = model.number('stepMs')
  if (stepMs !== history.stepMs) {
    refuse(
      name,
      `the model was learned on steps of ${stepMs} ms, this series has steps of ${history.stepMs} ms`
    )
  }
  const reach = model.number('horizon')
  if (!(reach >= horizon && Number.isInteger(reach))) {
    refuse(name, `the model was learned for ${reach} steps ahead, asked are ${horizon}`)
  }
  const fields = given as { readonly [field: string]: Json }
  if (typeof fields.fallback === 'string') return { fallback: fields.fallback }
  const options = fitting(name, 'options', () => method.read({ ...(fields.options as object), kernels }))
  const shape = shapeOf(options, reach, stepMs)
  const { nodes } = learnedHorizons(reach, options.multi === 'recursive')
  const architecture = architectureOf(method, options, shape, nodes.length)
  if (canonicalJson(fields.architecture) !== canonicalJson(architecture)) {
    refuse(name, 'the layers of the model are not those of its options')
  }
  const scaler = inner(name, model, 'scaler')
  return {
    options,
    horizon: reach,
    trainedUntilMs: model.number('trainedUntilMs'),
    shape,
    scaler: { shift: scaler.number('shift'), size: scaler.number('size') },
    target: targetOf(name, options, shape, nodes.length, inner(name, model, 'target')),
    network: filled(name, networkOf(architecture, options, 1), inner(name, model, 'weights'))
  }
}

function filled(name: string, network: Network, weights: Learned): Network {
  for (const parameter of network.parameters) {
    const values = floats(name, weights, parameter.name, float32Of)
    const needed = parameter.value.length
    if (values.length !== needed) {
      refuse(name, `weights of ${parameter.name} must be ${needed} numbers, are ${values.length}`)
    }
    parameter.value.set(values)
  }
  return network
}

function targetOf(
  name: string,
  options: NeuralOptions,
  shape: WindowShape,
  nodes: number,
  fields: Learned
): Target {
  const form = targetForms.find((it) => it === options.target)
  if (form === undefined || form !== fields.text('form')) {
    return refuse(name, 'the target of the model is not that of its options')
  }
  const sizes = floats(name, fields, 'sizes', float64Of)
  const weights = floats(name, fields, 'weights', float64Of)
  const needed = form === 'linear' ? nodes * linearInputs(shape) : 0
  if (sizes.length !== nodes || weights.length !== needed) {
    refuse(name, `target must have ${nodes} sizes and ${needed} weights`)
  }
  return { form, sizes, weights }
}

function floats<T extends Float32Array | Float64Array>(
  name: string,
  fields: Learned,
  field: string,
  decode: (text: string) => T
): T {
  const values = fitting(name, field, () => decode(fields.text(field)))
  for (const x of values) if (!Number.isFinite(x)) refuse(name, `${field} must be finite, holds ${x}`)
  return values
}

const inner = (name: string, model: Learned, field: string): Learned =>
  model.inner(field) ?? refuse(name, `${field} of what was learned is missing`)

/** What others refuse in their own words is a bad model here. */
function fitting<T>(name: string, what: string, run: () => T): T {
  try {
    return run()
  } catch (cause) {
    if (!(cause instanceof PrescaleError) || cause.code === 'BAD_MODEL') throw cause
    return refuse(name, `${what} of what was learned: ${cause.message}`)
  }
}

function refuse(name: string, what: string): never {
  throw new PrescaleError('BAD_MODEL', `${name}: ${what}`)
}

/** What was learned, read back and checked: it must be whole, fit together, fit this series, and be finite. */
import { canonicalJson, float32Of, float64Of, PrescaleError, type Series } from '../base/index.ts'
import type { Network } from '../nn/index.ts'
import type { Json } from '../roles.ts'
import { architectureOf, type NeuralMethod, networkOf, shapeOf } from './neural-learn.ts'
import { learnedHorizons } from './neural-model.ts'
import type { NeuralOptions } from './neural-options.ts'
import { type Target, targetForms } from './neural-target.ts'
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

type Fields = Readonly<Record<string, Json | undefined>>

/** Throws `BAD_MODEL`, one line, where `given` is not what this method learned for such a series and horizon. */
export function rebuild<Options extends NeuralOptions>(
  method: NeuralMethod<Options>,
  read: (options: Fields) => Options,
  given: Json,
  history: Series,
  horizon: number
): Rebuilt {
  const { name } = method
  const model = fieldsOf(name, 'the model', given)
  if (model.method !== name) refuse(name, `the model is of '${String(model.method)}'`)
  const stepMs = numberOf(name, model, 'stepMs')
  if (stepMs !== history.stepMs) {
    refuse(
      name,
      `the model was learned on steps of ${stepMs} ms, this series has steps of ${history.stepMs} ms`
    )
  }
  const reach = numberOf(name, model, 'horizon')
  if (!(reach >= horizon && Number.isInteger(reach))) {
    refuse(name, `the model was learned for ${reach} steps ahead, asked are ${horizon}`)
  }
  const options = fitting(name, 'options', () => read(fieldsOf(name, 'options', model.options)))
  if (typeof model.fallback === 'string') return { fallback: model.fallback }
  const shape = shapeOf(options, reach, stepMs)
  const { nodes } = learnedHorizons(reach, options.multi === 'recursive')
  const architecture = architectureOf(method, options, shape, nodes.length)
  if (canonicalJson(model.architecture) !== canonicalJson(architecture)) {
    refuse(name, `the model's layers are not those of its options`)
  }
  const scaler = fieldsOf(name, 'scaler', model.scaler)
  const network = networkOf(architecture, options, 1)
  fill(name, network, fieldsOf(name, 'weights', model.weights))
  return {
    options,
    horizon: reach,
    trainedUntilMs: numberOf(name, model, 'trainedUntilMs'),
    shape,
    scaler: { shift: numberOf(name, scaler, 'shift'), size: numberOf(name, scaler, 'size') },
    target: targetOf(name, options, shape, nodes.length, fieldsOf(name, 'target', model.target)),
    network
  }
}

function fill(name: string, network: Network, weights: Fields): void {
  for (const parameter of network.parameters) {
    const values = floatsOf(name, `weights of ${parameter.name}`, weights[parameter.name], float32Of)
    if (values.length !== parameter.value.length) {
      refuse(
        name,
        `weights of ${parameter.name} must be ${parameter.value.length} numbers, are ${values.length}`
      )
    }
    parameter.value.set(values)
  }
}

function targetOf(
  name: string,
  options: NeuralOptions,
  shape: WindowShape,
  nodes: number,
  fields: Fields
): Target {
  const form = targetForms.find((it) => it === fields.form && it === options.target)
  if (form === undefined) return refuse(name, `the model's target is not that of its options`)
  const sizes = floatsOf(name, 'target.sizes', fields.sizes, float64Of)
  const weights = floatsOf(name, 'target.weights', fields.weights, float64Of)
  const inputs = shape.window - 1 + (shape.season > 0 ? shape.window : 0)
  if (sizes.length !== nodes || weights.length !== (form === 'linear' ? nodes * inputs : 0)) {
    refuse(name, `target must have ${nodes} sizes, and weights for each where it is linear`)
  }
  return { form, sizes, weights }
}

function floatsOf<T extends Float32Array | Float64Array>(
  name: string,
  what: string,
  text: Json | undefined,
  decode: (text: string) => T
): T {
  if (typeof text !== 'string') return refuse(name, `${what} are missing`)
  const values = fitting(name, what, () => decode(text))
  for (const x of values) if (!Number.isFinite(x)) refuse(name, `${what} hold ${x}, they must be finite`)
  return values
}

function fieldsOf(name: string, what: string, value: Json | undefined): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  return refuse(name, `${what} must be an object with names`)
}

function numberOf(name: string, fields: Fields, field: string): number {
  const value = fields[field]
  return typeof value === 'number' && Number.isFinite(value)
    ? value
    : refuse(name, `${field} must be a finite number`)
}

/** What others refuse in their own words is a bad model here. */
function fitting<T>(name: string, what: string, run: () => T): T {
  try {
    return run()
  } catch (cause) {
    if (!(cause instanceof PrescaleError)) throw cause
    return refuse(name, `${what} of the model: ${cause.message}`)
  }
}

function refuse(name: string, what: string): never {
  throw new PrescaleError('BAD_MODEL', `${name}: ${what}`)
}

/**
 * Model file — a trained forecaster as one self-describing JSON object, checked before it is used.
 *
 *   { format, formatVersion, kind,  model, methodVersion, options, parameters,  training, horizon, levels,
 *     library, seed, metrics, architecture,  checksum }
 *
 * `parameters` is what the method learned, as `Fitted.save()` gives it; handed back to the same method it is not
 * trained again, only led through the history, in which methods that learn step by step go on learning. `checksum` is
 * the SHA-256 of everything else as canonical JSON (`base/json.ts`), `training.hash` that of the training values as
 * little-endian float64, `NaN` where nothing was measured. No clock is in it: the same training gives the same bytes
 * (files of before have `createdMs`, which is in their checksum and not read). Pure: reading and writing is
 * `store/model-file.ts`.
 */
import { createHash } from 'node:crypto'
import {
  canonicalJson,
  endMs,
  float32Of,
  type GivenOptions,
  PrescaleError,
  type Series
} from '../base/index.ts'
import type { FitOptions, Fitted, Forecaster, Json } from '../roles.ts'
import { networkInWords } from './network-words.ts'

export const modelFormat = 'prescale-model'
/** Grows when an older prescale could not read the file rightly. */
export const modelFormatVersion = 1

export interface ModelFile {
  readonly format: string
  readonly formatVersion: number
  readonly kind: 'forecaster'
  /** The method, by its name in the table of forecasters, and which version of it. */
  readonly model: string
  readonly methodVersion: string
  /** All options of the method, those that nobody gave at their defaults of then. */
  readonly options: Readonly<Record<string, Json>>
  readonly parameters: Json
  readonly training: Training
  /** Steps ahead that it was trained for. */
  readonly horizon: number
  readonly levels: readonly number[]
  readonly library: { readonly name: string; readonly version: string }
  readonly seed: number
  /** Backtest of this very model on the steps behind its training part; null where there were none. */
  readonly metrics: Readonly<Record<string, Json>> | null
  /** Layers and how many numbers they learned, in one line; null for methods that are no networks. */
  readonly architecture: string | null
  readonly checksum: string
}

/** What it was trained on. */
export interface Training {
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
  readonly unit: string
  readonly steps: number
  readonly measured: number
  /** The least and the largest measured value. */
  readonly low: number
  readonly high: number
  readonly hash: string
}

export interface ModelParts {
  /** What `save()` of the fitted method gave. */
  readonly saved: Json
  readonly options: GivenOptions
  readonly history: Series
  readonly horizon: number
  readonly levels: readonly number[]
  readonly library: ModelFile['library']
  readonly seed: number
  readonly metrics?: object
}

/** Makes a method by its name. */
export type Make = (name: string, options: GivenOptions) => Forecaster

/** The model of a fitted method, ready to be written. Errors: `BAD_MODEL` where what was learned is not finite. */
export function makeModel(parts: ModelParts): ModelFile {
  const { saved, options, history, horizon, levels, library, seed, metrics } = parts
  const { model, version, parameters } = saved as { model: string; version: string; parameters: Json }
  const content = {
    format: modelFormat,
    formatVersion: modelFormatVersion,
    kind: 'forecaster',
    model,
    methodVersion: version,
    options,
    parameters,
    training: trainingOf(history),
    horizon,
    levels,
    library,
    seed,
    metrics: metrics ?? null,
    architecture: networkInWords(parameters) ?? null
  }
  // As it will be read: NaN is null, and only plain data.
  const plain: Record<string, unknown> = JSON.parse(canonicalJson(content))
  const inOrder = Object.fromEntries(Object.keys(content).map((name) => [name, plain[name]]))
  return checkModel({ ...inOrder, checksum: checksumOf(inOrder) }, `what ${model} learned`)
}

/**
 * What somebody read as a model, or `BAD_MODEL` in one line: what is wrong, where, and what would be right. `where`
 * names the file.
 */
export function checkModel(value: unknown, where: string): ModelFile {
  requireModel(value, where)
  return value
}

function requireModel(value: unknown, where: string): asserts value is ModelFile {
  const wrong = (what: string) => new PrescaleError('BAD_MODEL', `${where} ${what}`)
  if (!isRecord(value) || value.format !== modelFormat) {
    throw wrong(`is no model file: it must be a JSON object with "format": "${modelFormat}"`)
  }
  if (value.formatVersion !== modelFormatVersion) {
    const by = isRecord(value.library) ? `, written by prescale ${String(value.library.version)}` : ''
    throw wrong(
      `has format version ${shown(value.formatVersion)}${by}; this prescale reads version ${modelFormatVersion}: train it again`
    )
  }
  if (value.kind !== 'forecaster') throw wrong(`is of kind ${shown(value.kind)}; a forecaster is wanted here`)
  for (const [path, right, fits] of fields) {
    const found = at(value, path)
    if (!fits(found)) throw wrong(`must have ${right} as ${path}, has ${shown(found)}`)
  }
  if (value.checksum !== checksumOf(value)) {
    throw wrong('was changed or damaged after it was written: its checksum is not that of its content')
  }
  const bad = notFinite(value.parameters, 'parameters')
  if (bad !== undefined) throw wrong(`has ${bad}; what was learned must be finite numbers: train it again`)
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isText = (value: unknown) => typeof value === 'string' && value !== ''
const isTime = (value: unknown) => Number.isFinite(value)
const isCount = (value: unknown) => Number.isInteger(value) && Number(value) >= 1

/** Path, what would be right, and whether it is. */
const fields: readonly (readonly [string, string, (value: unknown) => boolean])[] = [
  ['model', 'the name of a method', isText],
  ['methodVersion', 'a version', isText],
  ['options', 'options by name', isRecord],
  ['parameters', 'what was learned', (value) => value !== undefined],
  ['training.startMs', 'a time', isTime],
  ['training.endMs', 'a time', isTime],
  ['training.stepMs', 'a step in milliseconds', (value) => isTime(value) && Number(value) > 0],
  ['training.unit', 'a unit', isText],
  ['training.hash', 'a SHA-256', isText],
  ['horizon', 'a number of steps', isCount],
  ['levels', 'a list of probabilities', Array.isArray],
  ['library.version', 'a version', isText],
  ['seed', 'a number', isTime],
  ['checksum', 'a SHA-256', isText]
]

const at = (value: unknown, path: string) =>
  path.split('.').reduce((inner: unknown, key) => (isRecord(inner) ? inner[key] : undefined), value)

function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value)
  return text.length <= 40 ? text : `${text.slice(0, 39)}…`
}

/** The first number that is not finite: in lists and maps, and in `weights` by name, which are float32 in base64. */
function notFinite(value: unknown, path: string): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `${value} at ${path}`
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, inner] of Object.entries(value)) {
    const at = `${path}.${key}`
    const bad = key === 'weights' && isRecord(inner) ? badWeights(inner, at) : notFinite(inner, at)
    if (bad !== undefined) return bad
  }
  return undefined
}

function badWeights(weights: object, path: string): string | undefined {
  for (const [name, text] of Object.entries(weights)) {
    const bad = badTensor(text, `${path}['${name}']`)
    if (bad !== undefined) return bad
  }
  return undefined
}

function badTensor(text: unknown, path: string): string | undefined {
  try {
    const i = float32Of(String(text)).findIndex((w) => !Number.isFinite(w))
    return i < 0 ? undefined : `a weight that is not finite at ${path}[${i}]`
  } catch {
    return `weights that are no base64 of float32 at ${path}`
  }
}

/**
 * The method of a model with what it learned: `fit` does not train, it leads the model through the history. `make` is
 * the table of methods, `where` the name of the file in errors. Errors: `BAD_MODEL` where this prescale has no such
 * method or option, where the method has changed since, where history and training differ in step or unit.
 */
export function learnedForecaster(model: ModelFile, make: Make, where = 'the model'): Forecaster {
  const wrong = (what: string, cause?: unknown) =>
    new PrescaleError('BAD_MODEL', `${where} ${what}`, { cause })
  const { training, methodVersion } = model
  const method = explained(
    () => make(model.model, model.options),
    ({ message }) => wrong(`cannot be used: ${message}`)
  )
  const advice = ({ horizon = 0 }: FitOptions) =>
    horizon > model.horizon ? `; train it for a horizon of ${horizon}` : ''
  function fit(history: Series, options: FitOptions = {}): Fitted {
    if (history.stepMs !== training.stepMs) {
      throw wrong(
        `was trained on steps of ${training.stepMs} ms, the history has steps of ${history.stepMs} ms; they must be the same`
      )
    }
    if (history.unit !== training.unit) {
      throw wrong(`was trained on ${training.unit}, the history is in ${history.unit}; they must be the same`)
    }
    const fitted = explained(
      () => method.fit(history, { ...options, learned: model.parameters }),
      (error) =>
        error.code === 'BAD_MODEL' ? wrong(`does not fit: ${error.message}${advice(options)}`, error) : error
    )
    const { version } = fitted.save() as { version: string }
    if (version !== methodVersion) {
      throw wrong(
        `was trained by version ${methodVersion} of ${model.model}, here it is version ${version}: train it again`
      )
    }
    return fitted
  }
  return { name: method.name, fit }
}

/** SHA-256 of values as little-endian float64. */
export function hashOfValues(values: ArrayLike<number>): string {
  const view = new DataView(new ArrayBuffer(8 * values.length))
  // Every NaN is the same one.
  for (let i = 0; i < values.length; i++)
    view.setFloat64(8 * i, Number.isNaN(values[i]) ? NaN : values[i], true)
  return createHash('sha256').update(view).digest('hex')
}

function trainingOf(history: Series): Training {
  const { startMs, stepMs, unit, values } = history
  const measured = values.filter((y) => !Number.isNaN(y))
  return {
    startMs,
    endMs: endMs(history),
    stepMs,
    unit,
    steps: values.length,
    measured: measured.length,
    low: measured.reduce((least, y) => Math.min(least, y), Infinity),
    high: measured.reduce((most, y) => Math.max(most, y), -Infinity),
    hash: hashOfValues(values)
  }
}

/** SHA-256 of everything in a model but its checksum. */
export function checksumOf(model: object): string {
  const { checksum: _, ...content } = model as { readonly checksum?: unknown }
  return createHash('sha256').update(canonicalJson(content)).digest('hex')
}

/** What `run` gives; its refusals in other words. */
function explained<T>(run: () => T, inWords: (error: PrescaleError) => PrescaleError): T {
  try {
    return run()
  } catch (error) {
    throw error instanceof PrescaleError ? inWords(error) : error
  }
}

/**
 * Forecasters as somebody writes them: `holt-winters`, `ewma:alpha=.3`, and models that were trained before.
 *
 * Plain data, so that a worker thread can be told which one it is.
 */
import { type GivenOptions, PrescaleError } from '../base/index.ts'
import { forecasterOf, forecasterOptions, type ModelFile, makeForecaster } from '../forecast/index.ts'
import type { Forecaster } from '../roles.ts'
import { isModelFile, labelOf, type PolicySpec, parseSpecs } from './policy-spec.ts'

export interface ForecasterSpec {
  /** What results call it. */
  readonly label: string
  readonly name: string
  readonly options: GivenOptions
  /** What it learned before; its name and options are those of the model. */
  readonly model?: ModelFile
}

/** Gives the content of a model file. */
export type ReadModel = (path: string) => ModelFile

/**
 * `naive,ewma:alpha=.3,model.json`: names with options as policies have them, and model files, which end in `.json`.
 * `flag` is named in errors, `common` are options for those that have them. Every name, option and file is checked here.
 */
export function parseForecasters(
  text: string,
  flag: string,
  readModel: ReadModel = refuseModel,
  common: GivenOptions = {}
): ForecasterSpec[] {
  const words = { flag, kind: 'model', example: 'naive,ewma:alpha=.3,blend' }
  return parseSpecs(text, words).map((spec) => {
    const read = isModelFile(spec.name) ? fromFile(spec, readModel) : named(spec, common)
    forecasterFrom(read)
    return read
  })
}

/** The forecaster that a spec describes. Errors: `BAD_OPTION`, `BAD_MODEL`. */
export function forecasterFrom({ label, name, options, model }: ForecasterSpec): Forecaster {
  return model === undefined ? makeForecaster(name, options) : forecasterOf(model, label)
}

/** The forecaster of a rehearsal, by its label. */
export function forecastersOf(forecast: string | ForecasterSpec): Record<string, Forecaster> {
  const spec = specOf(forecast)
  return { [spec.label]: forecasterFrom(spec) }
}

/** Exactly one forecaster, written out or as data. */
export function specOf(forecast: string | ForecasterSpec, readModel?: ReadModel): ForecasterSpec {
  if (typeof forecast !== 'string') return forecast
  const [spec, ...others] = parseForecasters(forecast, '--forecast', readModel)
  if (others.length > 0) {
    throw new PrescaleError('BAD_OPTION', `--forecast must be one forecaster, was '${forecast}'`)
  }
  return spec
}

function fromFile({ name, options }: PolicySpec, readModel: ReadModel): ForecasterSpec {
  if (Object.keys(options).length > 0) {
    throw new PrescaleError(
      'BAD_OPTION',
      `${name} is a model that was trained with its options; it takes no others, was '${labelOf(name, options)}'`
    )
  }
  const model = readModel(name)
  return { label: name, name: model.model, options: model.options, model }
}

function named({ name, options }: PolicySpec, common: GivenOptions): ForecasterSpec {
  return { label: labelOf(name, options), name, options: forecasterOptions(name, options, common) }
}

function refuseModel(path: string): never {
  throw new PrescaleError('BAD_OPTION', `${path}: hand a model in as data, { label, name, options, model }`)
}

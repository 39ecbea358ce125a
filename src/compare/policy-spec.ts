/**
 * Policies as somebody writes them: `hpa:target=.6,mpc,flink:scaleDownInterval=10m`, and trained ones by their files: `hpa,ppo.json`.
 *
 * A comma followed by `option=` continues the options of the policy before it; a comma followed by a name begins the
 * next policy. `,` inside a value is written `;`.
 */
import { type GivenOptions, type OptionTable, PrescaleError, unknownName } from '../base/index.ts'
import {
  type LearnedMethod,
  learnedMethod,
  learnedPolicies,
  type PolicyEntry,
  policies
} from '../decide/index.ts'
import type { Json, Turn } from '../roles.ts'
import type { Mind } from './rehearse.ts'

/** What a policy learned, read from a file or handed in as data. Plain JSON, so that a worker thread can be told. */
export interface LearnedModel {
  readonly method: LearnedMethod
  /** Names it in errors, such as its file. */
  readonly where: string
  readonly content: Json
}

/** A policy as results call it; with a model it is a trained one, and the name is that of its file. */
export interface NamedPolicy {
  readonly name: string
  readonly model?: LearnedModel
}

export interface PolicySpec extends NamedPolicy {
  readonly options: Readonly<Record<string, string>>
}

/** One policy under one setting. Labels are unique within a rehearsal. */
export interface LabelledSpec extends NamedPolicy {
  readonly options: GivenOptions
  readonly label: string
  /** Only the measures of a swept setting are kept, the whole track of a headline run. */
  readonly keepTrack: boolean
}

/** Names that only a rehearsal knows: they need the future, or all runs at once. */
export const RELATIVE_POLICIES: readonly string[] = ['fixed-best', 'oracle']

export function isRelative(name: string): boolean {
  return RELATIVE_POLICIES.includes(name)
}

const table: Readonly<Record<string, PolicyEntry>> = policies

/**
 * The policy's line in the table, or an error with the nearest known name; of a trained one its method's, reading its model.
 * `also` are names that only a rehearsal knows.
 */
export function policyEntry(of: string | NamedPolicy, also: readonly string[] = []): PolicyEntry {
  const { name, model } = typeof of === 'string' ? { name: of } : of
  if (model !== undefined) return entryOf(model)
  if (Object.hasOwn(table, name)) return table[name]
  throw new PrescaleError('BAD_OPTION', unknownName('a policy', name, [...Object.keys(table), ...also]))
}

function entryOf({ method, where, content }: LearnedModel): PolicyEntry {
  const { make, ...entry } = learnedPolicies[method]
  return { ...entry, make: (options) => make(content, options, where) }
}

/** The spec of a trained policy out of what its file holds. Errors: `BAD_MODEL` for a forecaster, a checkpoint, no model at all. */
export function learnedSpec(
  content: unknown,
  {
    name,
    where = name,
    options = {}
  }: { readonly name: string; readonly where?: string; readonly options?: PolicySpec['options'] }
): PolicySpec {
  const method = learnedMethod(content, where)
  return { name, options, model: { method, where, content: content as Json } }
}

/** Whose names and options are written, for errors. */
interface Words {
  readonly flag: string
  readonly kind: string
  readonly example: string
}

/** Gives what a model file holds. */
export type ReadPolicy = (path: string) => unknown

/** `hpa:target=.6,trained/ppo.json,interval=1m,mpc`: `read` is asked once for every name that ends in `.json`. */
export function parsePolicies(text: string, read: ReadPolicy = refuseFile): PolicySpec[] {
  const words = { flag: '--policies', kind: 'policy', example: 'fixed,hpa:target=.6,mpc' }
  const specs = parseSpecs(text, words)
  const contents = new Map<string, unknown>()
  return specs.map(({ name: path, options }) => {
    if (!isModelFile(path)) return { name: path, options }
    if (!contents.has(path)) contents.set(path, read(path))
    const name = nameOf(
      path,
      specs.map((spec) => spec.name)
    )
    return learnedSpec(contents.get(path), { name, where: path, options })
  })
}

/** The file's name without folder and ending; with them where another file or a policy is called so. */
function nameOf(path: string, all: readonly string[]): string {
  const base = (file: string) => file.replace(/^.*[/\\]/, '').replace(/\.json$/, '')
  const name = base(path)
  const taken = Object.hasOwn(table, name) || isRelative(name) || name === ''
  return taken || all.some((other) => other !== path && isModelFile(other) && base(other) === name)
    ? path
    : name
}

function refuseFile(path: string): never {
  throw new PrescaleError(
    'BAD_OPTION',
    `${path}: hand a model in as data, with learnedSpec(content, { name })`
  )
}

/** `name:option=value,…` as above, for whatever has names and options. A name that ends in `.json` is a file, whatever stands in it. */
export function parseSpecs(text: string, words: Words): Pick<PolicySpec, 'name' | 'options'>[] {
  const specs: { name: string; options: Record<string, string> }[] = []
  for (const part of text.split(',')) {
    const continues = specs.length > 0 && /^\s*[A-Za-z]\w*\s*=/.test(part)
    if (continues) addOption(specs[specs.length - 1].options, part, words)
    else specs.push(parseOne(part.trim(), words))
  }
  return specs
}

function parseOne(text: string, words: Words): { name: string; options: Record<string, string> } {
  const colon = isModelFile(text) ? -1 : text.indexOf(':')
  const name = (colon < 0 ? text : text.slice(0, colon)).trim()
  if (name === '')
    throw new PrescaleError('BAD_OPTION', `${words.flag} must be names such as ${words.example}`)
  const options: Record<string, string> = {}
  if (colon >= 0) addOption(options, text.slice(colon + 1), words)
  return { name, options }
}

export const isModelFile = (name: string) => name.endsWith('.json')

function addOption(options: Record<string, string>, text: string, { kind }: Words): void {
  const at = text.indexOf('=')
  if (at <= 0) {
    throw new PrescaleError('BAD_OPTION', `a ${kind} option must be written name=value, was '${text.trim()}'`)
  }
  options[text.slice(0, at).trim()] = text
    .slice(at + 1)
    .trim()
    .replaceAll(';', ',')
}

/** A policy ready to be rehearsed. Its label is the name, with the options that were given unless another is set. */
export function mindOf(
  of: string | NamedPolicy,
  options: GivenOptions,
  forecaster: string,
  label = labelOf(typeof of === 'string' ? of : of.name, options)
): Mind {
  const entry = policyEntry(of)
  const model = typeof of === 'string' ? undefined : of.model
  return {
    label,
    policy: entry.make(options),
    // A Turn names the method and holds the model, which a store keeps once: with both it can be decided again.
    ...(model && { name: model.method }),
    options: { ...options, ...(model && { model: model.content }) } as Readonly<Record<string, Json>>,
    forecaster: entry.needsForecast ? forecaster : undefined
  }
}

/** The policy of a Turn, made again: of a trained one the model is among its options. Errors: `BAD_OPTION`, `BAD_MODEL`. */
export function turnEntry({ name, options }: Turn['policy']): { entry: PolicyEntry; options: GivenOptions } {
  const { model: content, ...own } = options
  if (content === undefined) return { entry: policyEntry(name), options }
  const model = learnedSpec(content, { name, where: `the model of ${name}` })
  return { entry: policyEntry(model), options: own }
}

export function labelOf(name: string, options: GivenOptions): string {
  const given = Object.entries(options)
  return given.length === 0 ? name : `${name}:${given.map(([k, v]) => `${k}=${v}`).join(',')}`
}

/** The label without the knob, which tables show beside it. */
export function labelWithoutKnob(of: string | NamedPolicy, options: GivenOptions): string {
  const knob = policyEntry(of).knob?.option
  return labelOf(
    typeof of === 'string' ? of : of.name,
    Object.fromEntries(Object.entries(options).filter(([option]) => option !== knob))
  )
}

/** Values of the knob a frontier sweeps, each as options; none where the policy has no knob. */
export function knobSettings(of: string | NamedPolicy, options: GivenOptions = {}): GivenOptions[] {
  const { knob } = policyEntry(of)
  return knob ? knob.values.map((value) => ({ ...options, [knob.option]: value })) : []
}

/** The knob's value, given or default; for a policy without a knob whatever was given; a trained one has none. */
export function knobOf(of: string | NamedPolicy, options: GivenOptions): Json {
  if (typeof of !== 'string' && of.model !== undefined) return null
  const entry = policyEntry(of)
  if (!entry.knob) return Object.keys(options).length === 0 ? null : (options as Json)
  const { option } = entry.knob
  const spec = (entry.options as OptionTable)[option]
  return { [option]: Number(options[option] ?? spec?.default ?? NaN) }
}

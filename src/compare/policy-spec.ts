/**
 * Policies as somebody writes them: `hpa:target=.6,mpc,flink:scaleDownInterval=10m`.
 *
 * A comma followed by `option=` continues the options of the policy before it; a comma followed by a name begins the
 * next policy. `,` inside a value is written `;`.
 */
import { type GivenOptions, type OptionTable, PrescaleError, unknownName } from '../base/index.ts'
import type { PolicyEntry } from '../decide/index.ts'
import { policies } from '../decide/index.ts'
import type { Json } from '../roles.ts'
import type { Mind } from './rehearse.ts'

export interface PolicySpec {
  readonly name: string
  readonly options: Readonly<Record<string, string>>
}

/** One policy under one setting. Labels are unique within a rehearsal. */
export interface LabelledSpec {
  readonly name: string
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

/** The policy's line in the table, or an error with the nearest known name. `also` are names that only a rehearsal knows. */
export function policyEntry(name: string, also: readonly string[] = []): PolicyEntry {
  if (Object.hasOwn(table, name)) return table[name]
  throw new PrescaleError('BAD_OPTION', unknownName('a policy', name, [...Object.keys(table), ...also]))
}

/** Whose names and options are written, for errors. */
interface Words {
  readonly flag: string
  readonly kind: string
  readonly example: string
}

export function parsePolicies(text: string): PolicySpec[] {
  return parseSpecs(text, { flag: '--policies', kind: 'policy', example: 'fixed,hpa:target=.6,mpc' })
}

/** `name:option=value,…` as above, for whatever has names and options. A name that ends in `.json` is a file, whatever stands in it. */
export function parseSpecs(text: string, words: Words): PolicySpec[] {
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
  name: string,
  options: GivenOptions,
  forecaster: string,
  label = labelOf(name, options)
): Mind {
  const entry = policyEntry(name)
  return {
    label,
    policy: entry.make(options),
    options: options as Readonly<Record<string, Json>>,
    forecaster: entry.needsForecast ? forecaster : undefined
  }
}

export function labelOf(name: string, options: GivenOptions): string {
  const given = Object.entries(options)
  return given.length === 0 ? name : `${name}:${given.map(([k, v]) => `${k}=${v}`).join(',')}`
}

/** The label without the knob, which tables show beside it. */
export function labelWithoutKnob(name: string, options: GivenOptions): string {
  const knob = policyEntry(name).knob?.option
  return labelOf(name, Object.fromEntries(Object.entries(options).filter(([option]) => option !== knob)))
}

/** Values of the knob a frontier sweeps, each as options; none where the policy has no knob. */
export function knobSettings(name: string, options: GivenOptions = {}): GivenOptions[] {
  const { knob } = policyEntry(name)
  return knob ? knob.values.map((value) => ({ ...options, [knob.option]: value })) : []
}

/** The knob's value, given or default; for a policy without a knob whatever was given. */
export function knobOf(name: string, options: GivenOptions): Json {
  const entry = policyEntry(name)
  if (!entry.knob) return Object.keys(options).length === 0 ? null : (options as Json)
  const { option } = entry.knob
  const spec = (entry.options as OptionTable)[option]
  return { [option]: Number(options[option] ?? spec?.default ?? NaN) }
}

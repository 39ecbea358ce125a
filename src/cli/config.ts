/**
 * `-c FILE` — settings in YAML instead of flags. A flag on the command line wins.
 *
 *   data:       the flags that go with a FILE, and `file` itself; for every command that reads a load
 *   rehearse:   the flags of `rehearse`, and so for each command
 *   version, targets, gateways, …   what the live loop does, which is no flag: see `src/config/`
 *
 * Names are those of the flags, without dashes: `--lead-time` is `leadTime`. Errors name line and column.
 */
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { isMap, isScalar, isSeq, LineCounter, type Pair, parseDocument } from 'yaml'
import { PrescaleError, unknownName } from '../base/index.ts'
import { liveSections } from './config/sections.ts'
import { addDataOptions } from './data.ts'

/** Fills in what the file says where no flag was given, before `acting` (`name` or a command below it) acts. */
export function applyConfig(acting: Command, name: string, file: string, sections: readonly string[]): void {
  const { contents, at } = parse(file)
  for (const pair of contents) {
    const section = keyOf(pair)
    if (liveSections.includes(section)) continue
    if (section !== 'data' && !sections.includes(section)) {
      const known = ['data', ...sections, ...liveSections]
      throw new PrescaleError('BAD_INPUT', `${at(pair)}: ${unknownName('a section', section, known)}`)
    }
    if (section !== 'data' && section !== name) continue
    if (!isMap(pair.value)) {
      // A section in which every line is a comment is empty.
      if (pair.value === null || (isScalar(pair.value) && pair.value.value === null)) continue
      throw new PrescaleError('BAD_INPUT', `${at(pair)}: ${section} must be settings, such as 'step: 1m'`)
    }
    for (const setting of pair.value.items) {
      if (section === 'data') setData(acting, setting, at)
      else set(acting, section, setting, at)
    }
  }
}

type At = (pair: Pair) => string

function parse(file: string): { readonly contents: readonly Pair[]; readonly at: At } {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new PrescaleError('NOT_FOUND', `--config ${file} cannot be read`, { cause })
  }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${line}:${col}`
  }
  const [error] = document.errors
  if (error !== undefined) {
    const what = error.message.split(' at line')[0].split('\n')[0]
    throw new PrescaleError('BAD_INPUT', `${place(error.pos[0])}: ${what}`, { cause: error })
  }
  const { contents } = document
  if (contents !== null && !isMap(contents)) {
    throw new PrescaleError('BAD_INPUT', `${file} must have sections such as 'data:' and 'rehearse:'`)
  }
  const at: At = ({ key }) => place(isScalar(key) ? (key.range?.[0] ?? 0) : 0)
  return { contents: contents?.items ?? [], at }
}

/** `data` serves many commands: what this one has no flag for is known, but not used. */
function setData(acting: Command, setting: Pair, at: At): void {
  const name = keyOf(setting)
  if (name === 'file') {
    if (acting.args.length === 0 && acting.registeredArguments.length > 0) {
      const text = textOf(setting, at)
      acting.processedArgs[0] = acting.registeredArguments[0].variadic ? [text] : text
    }
    return
  }
  const known = addDataOptions(new Command()).options.map((option) => option.attributeName())
  if (!known.includes(name)) {
    throw new PrescaleError(
      'BAD_INPUT',
      `${at(setting)}: ${unknownName('a setting of data', name, ['file', ...known])}`
    )
  }
  if (acting.options.some((option) => option.attributeName() === name)) set(acting, 'data', setting, at)
}

function set(acting: Command, section: string, setting: Pair, at: At): void {
  const name = keyOf(setting)
  const known = [...new Set(acting.options.map((option) => option.attributeName()))].filter(
    (option) => option !== 'config'
  )
  const option = acting.options.find((candidate) => candidate.attributeName() === name)
  if (option === undefined || name === 'config') {
    throw new PrescaleError(
      'BAD_INPUT',
      `${at(setting)}: ${unknownName(`a setting of ${section}`, name, known)}`
    )
  }
  if (acting.getOptionValueSource(name) === 'cli') return
  const isFlag = option.isBoolean() || option.negate
  const isOff =
    acting.options.some((other) => other.negate && other.attributeName() === name) && isFalse(setting)
  const value = isOff ? false : isFlag ? booleanOf(setting, at) : textsOf(setting, at)
  acting.setOptionValueWithSource(name, value, 'config')
}

const isFalse = ({ value }: Pair) => isScalar(value) && value.value === false
const keyOf = ({ key }: Pair) => String(isScalar(key) ? key.value : key)

function textsOf(setting: Pair, at: At): string | string[] {
  const { value } = setting
  return isSeq(value)
    ? value.items.map((item) => String(isScalar(item) ? item.value : item))
    : textOf(setting, at)
}

/** As it stands in the file: `0.8` stays `0.8`, and `1m` is text anyway. */
function textOf(setting: Pair, at: At): string {
  const { value } = setting
  if (!isScalar(value) || value.value === null) {
    throw new PrescaleError('BAD_INPUT', `${at(setting)}: ${keyOf(setting)} must have one value`)
  }
  return value.source ?? String(value.value)
}

function booleanOf(setting: Pair, at: At): boolean {
  const { value } = setting
  if (isScalar(value) && typeof value.value === 'boolean') return value.value
  throw new PrescaleError('BAD_INPUT', `${at(setting)}: ${keyOf(setting)} must be true or false`)
}

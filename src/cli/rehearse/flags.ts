/** The flags of `rehearse` as commander reads them, to what they mean. */
import { readFileSync } from 'node:fs'
import { parseDocument } from 'yaml'
import { formatDuration, PrescaleError, parseDuration, requireOption, unknownName } from '../../base/index.ts'
import { type EdgeKind, edgeKinds } from '../../compare/edge-track.ts'
import { DEFAULTS, type ServiceSettings, type StreamWorld } from '../../compare/plan.ts'
import type { Quantiles } from '../../roles.ts'
import { worlds } from '../../sim/index.ts'
import type { DataOptions } from '../data.ts'
import { wholeNumber } from '../numbers.ts'

export interface RehearseOptions extends DataOptions {
  readonly world: string
  readonly worldConfig?: string
  readonly policies: string
  readonly minUnits?: string
  readonly maxUnits?: string
  readonly forecast: string
  readonly unitRate?: string
  readonly serviceTime?: string
  readonly slo?: string
  readonly leadTime?: string
  readonly price?: string
  readonly seeds: string
  readonly seed: string
  readonly frontier?: boolean
  readonly report?: string
  readonly asRun?: string
  readonly edge: string
  readonly store: string | false
  readonly output: string
  readonly quiet?: boolean
}

/** The flags about one unit. */
export type SettingsOptions = Pick<
  RehearseOptions,
  'minUnits' | 'maxUnits' | 'unitRate' | 'serviceTime' | 'slo' | 'leadTime' | 'price'
>

export function readWorld({ world, worldConfig }: RehearseOptions): string {
  if (!Object.hasOwn(worlds, world)) {
    throw new PrescaleError('BAD_OPTION', unknownName('a world', world, Object.keys(worlds)))
  }
  requireOption(
    worldConfig === undefined || world === 'stream',
    '--world-config',
    worldConfig,
    'given together with --world stream'
  )
  return world
}

/** What the edge says in the rehearsal. */
export function readEdge({ edge }: RehearseOptions): EdgeKind {
  const kind = edgeKinds.find((known) => known === edge)
  if (kind === undefined) {
    throw new PrescaleError('BAD_OPTION', unknownName('a kind of edge signals', edge, edgeKinds))
  }
  return kind
}

/** The stream world of a YAML or JSON file; whether it can be one is checked where it is made. */
export function readWorldConfig(file: string | undefined): StreamWorld | undefined {
  if (file === undefined) return undefined
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new PrescaleError('NOT_FOUND', `--world-config ${file} cannot be read`, { cause })
  }
  const errors: string[] = []
  const document = parseDocument(text)
  for (const { message } of document.errors) errors.push(message.split('\n')[0])
  if (errors.length > 0) throw new PrescaleError('BAD_INPUT', `${file} is not YAML or JSON: ${errors[0]}`)
  const config: unknown = document.toJS()
  if (config === null || typeof config !== 'object' || Array.isArray(config)) {
    throw new PrescaleError('BAD_INPUT', `${file} must hold a map with \`operators\``)
  }
  return config as StreamWorld
}

/** `CAPACITY[,LATENCY]`. */
export function recordedColumns(text: string | undefined): string[] {
  if (text === undefined) return []
  const columns = text.split(',').map((column) => column.trim())
  requireOption(
    columns.length <= 2 && columns.every((column) => column !== ''),
    '--as-run',
    text,
    'one or two columns: CAPACITY[,LATENCY]'
  )
  return columns
}

export function seedsOf({ seeds, seed }: RehearseOptions): number[] {
  const count = wholeNumber('--seeds', seeds, 1)
  const first = wholeNumber('--seed', seed, 0)
  return Array.from({ length: count }, (_, i) => first + i)
}

/** What was said about one unit; what was not is undefined, and assumed later. */
export function settingsOf(options: SettingsOptions): ServiceSettings {
  const minUnits = units('--min-units', options.minUnits, 0)
  const maxUnits = units('--max-units', options.maxUnits, 1)
  requireOption(
    (minUnits ?? DEFAULTS.minUnits) <= (maxUnits ?? DEFAULTS.maxUnits),
    '--min-units',
    options.minUnits ?? DEFAULTS.minUnits,
    `at most --max-units, ${maxUnits ?? DEFAULTS.maxUnits}`
  )
  return {
    unitRate: positive('--unit-rate', options.unitRate),
    serviceTimeMs:
      options.serviceTime === undefined ? undefined : duration('--service-time', options.serviceTime),
    sloMs: options.slo === undefined ? undefined : duration('--slo', options.slo),
    leadTimeMs: options.leadTime === undefined ? undefined : leadTime(options.leadTime),
    unitHour: positive('--price', options.price),
    minUnits,
    maxUnits
  }
}

function units(name: string, text: string | undefined, least: number): number | undefined {
  return text === undefined ? undefined : wholeNumber(name, text, least)
}

function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const n = Number(text)
  requireOption(text.trim() !== '' && n > 0 && Number.isFinite(n), name, text, 'a number above 0')
  return n
}

function duration(name: string, text: string): number {
  const ms = parseDuration(text, name)
  requireOption(ms > 0, name, text, 'longer than nothing')
  return ms
}

/** `2m` or `2m,P90=3m`. */
function leadTime(text: string): Quantiles {
  const [first, second] = text.split(',')
  const p50 = parseDuration(first, '--lead-time')
  if (second === undefined) return { p50, p90: p50 }
  const match = /^P90=(.+)$/i.exec(second.trim())
  if (!match)
    throw new PrescaleError('BAD_OPTION', `--lead-time must be such as 2m or 2m,P90=3m, was '${text}'`)
  const p90 = parseDuration(match[1], '--lead-time')
  requireOption(p90 >= p50, '--lead-time <P90>', match[1], `at least the P50, ${formatDuration(p50)}`)
  return { p50, p90 }
}

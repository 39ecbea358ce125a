/** The flags of `train policy` as commander reads them, to what they mean. */
import { availableParallelism } from 'node:os'
import {
  type GivenOptions,
  type OptionTable,
  PrescaleError,
  parseDuration,
  readOptions,
  requireOption,
  unknownName
} from '../../base/index.ts'
import { elasticLearning } from '../../compare/elastic-training.ts'
import { type SparkBegin, sparkLearning } from '../../compare/spark-training.ts'
import { ppoOptions, qLearningOptions, sarsaOptions } from '../../decide/index.ts'
import type { DataOptions } from '../data.ts'
import { readOneModel } from '../models.ts'
import { wholeNumber } from '../numbers.ts'
import { readFormat } from '../output.ts'
import { type SettingsOptions, settingsOf } from '../rehearse/flags.ts'
import { readSettings } from '../settings.ts'

export interface TrainPolicyOptions extends DataOptions, SettingsOptions {
  readonly model: string
  readonly world?: string
  readonly out: string
  readonly set?: readonly string[]
  readonly scenario?: string
  readonly edge?: string
  readonly begin?: string
  readonly forecast: string
  readonly seeds: string
  readonly export?: string
  readonly curve?: string
  readonly checkpoint?: string
  readonly resume?: boolean
  readonly timeLimit?: string
  readonly threads?: string
  readonly output: string
  readonly quiet?: boolean
}

/** What is asked for, checked. */
export interface PolicyTraining {
  /** As it was written; absent: what the world is usually trained on. */
  readonly file?: string
  readonly method: Method
  readonly learning: GivenOptions
  readonly options: TrainPolicyOptions
  readonly seeds: readonly number[]
  readonly threads: number
  readonly settings: ReturnType<typeof settingsOf>
  readonly timeLimitMs?: number
}

export type Method = 'ppo' | 'q-learning' | 'sarsa'

/** In which world each learns, and what it learns with there unless told otherwise. */
export const methods: Readonly<
  Record<Method, { readonly world: string; readonly options: OptionTable; readonly learning: GivenOptions }>
> = {
  ppo: { world: 'spark', options: ppoOptions, learning: sparkLearning.proportional },
  'q-learning': { world: 'service', options: qLearningOptions, learning: elasticLearning },
  sarsa: { world: 'service', options: sarsaOptions, learning: elasticLearning }
}
export const scenarios = [
  'balanced',
  'healthcare_critical',
  'industrial_high_throughput',
  'smart_city_budget',
  'mix'
]
const edges = ['predictor', 'oracle', 'none']
export const begins: readonly SparkBegin[] = ['proportional', 'nothing']

/** Everything that can be refused without reading the data. */
export function readTraining(file: string | undefined, options: TrainPolicyOptions): PolicyTraining {
  readFormat(options.output)
  const method = methodOf(options.model)
  checkPlace(method, options)
  const own = methods[method]
  const given = readSettings(options.set)
  requireOption(given.seed === undefined, '--set', `seed=${given.seed}`, 'without seed: there is --seed')
  readOptions(method, own.options, given)
  if (options.curve !== undefined) curveKind(options.curve)
  if (!options.out.endsWith('.json')) {
    throw new PrescaleError(
      'BAD_OPTION',
      `--out must end in .json, by which model files are known, was '${options.out}'`
    )
  }
  readOneModel(options.forecast, '--forecast')
  const first = wholeNumber('--seed', options.seed ?? 1, 0)
  const count = wholeNumber('--seeds', options.seeds, 1)
  const cores = availableParallelism()
  return {
    file,
    method,
    learning: { ...(options.begin === 'nothing' ? sparkLearning.nothing : own.learning), ...given },
    options,
    seeds: Array.from({ length: count }, (_, i) => first + i),
    threads:
      options.threads === undefined ? Math.min(count, cores) : wholeNumber('--threads', options.threads, 1),
    settings: settingsOf(options),
    ...(options.timeLimit !== undefined && { timeLimitMs: limitOf(options.timeLimit) })
  }
}

function methodOf(name: string): Method {
  const known = Object.keys(methods) as Method[]
  const method = known.find((one) => one === name)
  if (method !== undefined) return method
  throw new PrescaleError('BAD_OPTION', unknownName('a policy that learns', name, known))
}

/** Flags that mean nothing where the method learns are refused, not ignored. */
function checkPlace(method: Method, options: TrainPolicyOptions): void {
  const { world } = methods[method]
  const place = options.world ?? world
  if (place !== world) {
    const known = [...new Set(Object.values(methods).map((one) => one.world))]
    if (!known.includes(place))
      throw new PrescaleError('BAD_OPTION', unknownName('a world to learn in', place, known))
    const others = Object.entries(methods).flatMap(([name, one]) => (one.world === place ? [name] : []))
    throw new PrescaleError(
      'BAD_OPTION',
      `${method} learns in --world ${world}; in ${place} there is --model ${others.join(' or ')}`
    )
  }
  const foreign =
    method === 'ppo'
      ? (['serviceTime', 'leadTime'] as const)
      : (['scenario', 'edge', 'begin', 'checkpoint', 'resume'] as const)
  for (const name of foreign) {
    if (options[name] === undefined) continue
    const why = method === 'ppo' ? 'the service world' : 'ppo; a table is learned in seconds'
    throw new PrescaleError('BAD_OPTION', `${flagOf(name)} is for ${why}`)
  }
  if (options.export !== undefined && method !== 'ppo') {
    throw new PrescaleError(
      'BAD_OPTION',
      `--export ${options.export}: ${method} learns a table, which is no network; as ONNX goes ppo`
    )
  }
  oneOf('a scenario', options.scenario, scenarios)
  oneOf('what the edge can say', options.edge, edges)
  oneOf('what a training can begin from', options.begin, begins)
  requireOption(
    !options.resume || options.checkpoint !== undefined,
    '--resume',
    true,
    'given with --checkpoint FILE'
  )
}

/** `leadTime` as it is written. */
export const flagOf = (name: string) =>
  `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

function oneOf(what: string, name: string | undefined, known: readonly string[]): void {
  if (name !== undefined && !known.includes(name))
    throw new PrescaleError('BAD_OPTION', unknownName(what, name, known))
}

function limitOf(text: string): number {
  const ms = parseDuration(text, '--time-limit')
  requireOption(ms > 0, '--time-limit', text, 'longer than nothing')
  return ms
}

/** Asks trainings to end with the best so far when their time is up; to be cleared when they are over. */
export function startLimit(stop: SharedArrayBuffer, ms: number | undefined): NodeJS.Timeout | undefined {
  return ms === undefined ? undefined : setTimeout(() => Atomics.store(new Int32Array(stop), 0, 1), ms)
}

/** What the name of `--curve` says it shall be. */
export function curveKind(path: string): 'svg' | 'json' {
  for (const kind of ['svg', 'json'] as const) if (path.toLowerCase().endsWith(`.${kind}`)) return kind
  throw new PrescaleError('BAD_OPTION', `--curve must be a picture, .svg, or data, .json, was '${path}'`)
}

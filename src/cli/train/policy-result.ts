/** What `train policy` says of what it made: one object for machines, a few lines and a small table for people. */
import { statSync } from 'node:fs'
import { formatDuration } from '../../base/index.ts'
import type { PpoModel, SealedTable } from '../../decide/index.ts'
import type { TrainingPoint } from '../../explain/training-curve.ts'
import { type Row, table } from '../output.ts'
import type { PolicyTraining } from './policy-flags.ts'

/** One training that came to an end. */
export interface SeedTrained {
  readonly seed: number
  readonly model: PpoModel | SealedTable
  /** Steps that were played up to the model that was kept, and in all. */
  readonly steps: number
  readonly played: number
  readonly validation: Measures
  readonly curve: readonly PlayedPoint[]
}

/** `episodes`: those that are over. */
export type PlayedPoint = TrainingPoint & { readonly episodes: number }

/** `reward` of an episode in the Spark world, of a minute in the service world; `late`: share over the SLO. */
export interface Measures {
  readonly reward: number
  readonly late: number
  readonly costPerHour?: number
  readonly meanUnits?: number
}

export interface Scores {
  readonly learned: Measures
  readonly constant: Measures & { readonly setting: string }
  readonly proportional: Measures & { readonly setting: string }
  readonly episodes?: number
  readonly minutes?: number
}

export interface TrainedPolicy {
  readonly method: string
  readonly world: string
  readonly data: string
  /** What else the world was like. */
  readonly about: Readonly<Record<string, string | number>>
  readonly kept: SeedTrained
  readonly seeds: readonly SeedTrained[]
  readonly trainMs: number
  /** Where it was scored, in words. */
  readonly scoredOn: string
  readonly scores: Scores
}

export function resultOf({ options, learning }: PolicyTraining, trained: TrainedPolicy) {
  const { method, world, data, about, kept, seeds, trainMs, scoredOn, scores } = trained
  const last = kept.curve.at(-1)
  return {
    data,
    model: method,
    world,
    ...about,
    options: learning,
    seed: kept.seed,
    steps: kept.steps,
    played: kept.played,
    trainMs,
    curveEnd: last === undefined ? null : { ...last },
    validation: kept.validation,
    seeds: seeds.map(({ seed, steps, validation }) => ({ seed, steps, validation })),
    scoredOn,
    scores,
    file: options.out,
    bytes: statSync(options.out).size,
    checksum: kept.model.checksum,
    ...(options.export !== undefined && { export: options.export })
  }
}

export type PolicyResult = ReturnType<typeof resultOf>

export function rowOf(result: PolicyResult): Row {
  const { data, model, world, seed, steps, played, trainMs, validation, scores, file, bytes, checksum } =
    result
  const { learned, constant, proportional } = scores
  return {
    ...{ data, model, world, seed, steps, played, trainMs, validationReward: validation.reward },
    ...{
      reward: learned.reward,
      late: learned.late,
      costPerHour: learned.costPerHour,
      meanUnits: learned.meanUnits
    },
    ...{ constantReward: constant.reward, proportionalReward: proportional.reward },
    ...{ file, bytes, checksum }
  }
}

export function textOf(result: PolicyResult): string {
  const { model, world, seed, seeds, data, steps, played, trainMs, validation, scores, curveEnd } = result
  const { scenario, edge, begin, forecast, unitRate } = result as Readonly<Record<string, unknown>>
  const place = [
    world,
    ...(scenario === undefined ? [] : [`scenario ${scenario}`]),
    ...(edge === undefined ? [] : [`edge: ${edge}`]),
    ...(begin === undefined ? [] : [`began from ${begin === 'nothing' ? begin : `the ${begin} rule`}`]),
    ...(forecast === undefined ? [] : [`forecast: ${forecast}`]),
    ...(unitRate === undefined ? [] : [`one unit serves ${short(unitRate)} events/s`])
  ]
  const unit = rewardUnit(world)
  const lines: readonly (readonly [string, string])[] = [
    ['model', `${model}, seed ${seed}`],
    ['world', place.join(', ')],
    ['learned from', `${data}, ${count(played)} steps`],
    ['took', formatDuration(trainMs < 1_000 ? Math.round(trainMs) : Math.round(trainMs / 1_000) * 1_000)],
    [
      'kept',
      `after ${count(steps)} steps, the best on validation: reward ${short(validation.reward)} ${unit}`
    ],
    ...(curveEnd === null ? [] : [['at the end', inTraining(world, curveEnd)] as const]),
    ...(seeds.length < 2 ? [] : [['seeds', seedsInWords(seeds)] as const]),
    ['file', `${result.file}, ${result.bytes} bytes, checksum ${result.checksum.slice(0, 16)}…`],
    ...(result.export === undefined ? [] : [['onnx', result.export] as const])
  ]
  return [
    ...lines.map(([what, words]) => `${what.padEnd(14)}${words}`),
    '',
    `On ${result.scoredOn}, reward ${unit}:`,
    scoresTable(scores, model),
    '',
    verdict(scores, model)
  ].join('\n')
}

/** A sum over an episode, or a mean over minutes. */
const rewardUnit = (world: string) => (world === 'spark' ? 'of an episode' : 'of a minute')

/** The mean is over the last hundred episodes, and the first ones were begun by a network that had learned nothing. */
export const TELLING_EPISODES = 200

/** In the unit of the validation, but played with chance: the policy was trying. */
function inTraining(world: string, { episodes, meanReward }: PlayedPoint): string {
  if (meanReward === null || (world === 'spark' && episodes < TELLING_EPISODES)) {
    return `of training ${count(episodes)} episodes were over, begun before anything was learned: too few to tell how it went`
  }
  return `of training ${short(meanReward)} ${rewardUnit(world)}; there it also tries by chance what else might be good`
}

function seedsInWords(seeds: PolicyResult['seeds']): string {
  return seeds.map(({ seed, validation }) => `${seed}: ${short(validation.reward)}`).join(', ')
}

function scoresTable({ learned, constant, proportional }: Scores, model: string): string {
  const row = (policy: string, setting: string, { reward, late, costPerHour, meanUnits }: Measures): Row => ({
    policy,
    setting,
    reward,
    'late %': 100 * late,
    ...(costPerHour !== undefined && { 'cost an hour': costPerHour }),
    ...(meanUnits !== undefined && { 'mean units': meanUnits })
  })
  return table([
    row(model, 'learned', learned),
    row('proportional', proportional.setting, proportional),
    row('constant', constant.setting, constant)
  ])
}

/** Whether it was worth it, whichever way. */
function verdict({ learned, constant, proportional }: Scores, model: string): string {
  const best = constant.reward > proportional.reward ? constant : proportional
  const name = best === constant ? 'the best constant' : 'the proportional rule'
  const by = short(Math.abs(learned.reward - best.reward))
  const other = name === 'the best constant' ? 'the proportional rule' : 'the best constant'
  return learned.reward > best.reward
    ? `${model} earns ${by} more than ${name}, the better of the two simple rules.`
    : `${model} earns ${by} less than ${name}: use that instead, or train longer (--set), with more seeds (--seeds).${
        learned.reward > Math.min(constant.reward, proportional.reward) ? ` It earns more than ${other}.` : ''
      }`
}

const short = (value: unknown) =>
  typeof value === 'number' ? value.toLocaleString('en-US', { maximumSignificantDigits: 4 }) : '–'
const count = (value: number) => value.toLocaleString('en-US')

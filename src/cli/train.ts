/** `prescale train forecaster FILE`, and `train policy` (train-policy.ts) — what a method learns on a history, kept in a file that is used at once. */
import { statSync } from 'node:fs'
import { Command } from 'commander'
import {
  formatDuration,
  type GivenOptions,
  PrescaleError,
  parseDuration,
  requireOption
} from '../base/index.ts'
import type { ForecasterSpec } from '../compare/forecaster-spec.ts'
import { defaultLevels, type ModelFile } from '../forecast/index.ts'
import { canBeOnnx } from '../forecast/onnx.ts'
import type { Json } from '../roles.ts'
import { writeModelFile } from '../store/model-file.ts'
import { writeWhole } from '../store/write-file.ts'
import { addDataOptions, type DataOptions, readData, trainingSteps } from './data.ts'
import type { TrainedModel, TrainJob } from './forecast-jobs.ts'
import { interrupted } from './interrupt.ts'
import { inWorker } from './jobs.ts'
import { library } from './library.ts'
import { readLevels, readOneModel, readSeason, readSteps } from './models.ts'
import { wholeNumber } from './numbers.ts'
import { note, print, progress, type Row, readFormat } from './output.ts'
import { policyCommand } from './train-policy.ts'

interface Options extends DataOptions {
  readonly model: string
  readonly out: string
  readonly export?: string
  readonly timeLimit?: string
  readonly horizon: string
  readonly season?: string
  readonly levels?: string
  readonly fast?: boolean
  readonly output: string
  readonly quiet?: boolean
}

export function command(): Command {
  const train = new Command('train').description(
    'fits a method to a history and keeps what it learned in a file'
  )
  const forecaster = new Command('forecaster')
    .description('a forecaster, for `forecast`, `backtest` and `rehearse --forecast`')
    .argument(
      '<FILE>',
      'CSV, Parquet, builtin:flights, builtin:daily-wave, builtin:accidents or prometheus:URL'
    )
    .option('--model <NAME>', 'name[:option=value…]', 'gru')
    .option('--out <FILE>', 'the model file', 'model.json')
    .option('--export <FILE>', 'the network as ONNX too, such as model.onnx')
    .option('--time-limit <DURATION>', 'training ends with the best so far, such as 60s')
    .option('--horizon <N>', 'steps ahead, or a duration such as 30m', '30')
    .option('--season <N>', 'steps in a season, or a duration such as 1d; 0 = as the method has it', '0')
    .option('--levels <LIST>', 'quantile levels that are learned (else ten from .05 to .99)')
    .option(
      '--train-until <WHEN>',
      'a moment, or a ratio of the series; 1 = all of it, then nothing is measured',
      '0.8'
    )
    .option('--fast', 'networks: faster kernels, not the same bytes on every machine')
    .option('-o, --output <FORMAT>', 'table, json, yaml or csv', 'table')
    .option('--quiet', 'no notes, no progress')
    .option('--seed <N>', 'of the training, and of builtin:daily-wave', '1')
  train.addCommand(addDataOptions(forecaster).action(run))
  train.addCommand(policyCommand())
  return train
}

async function run(file: string, options: Options): Promise<void> {
  readFormat(options.output)
  const levels = options.levels === undefined ? defaultLevels : readLevels(options.levels)
  const limit = options.timeLimit === undefined ? undefined : readLimit(options.timeLimit)
  const seed = wholeNumber('--seed', options.seed ?? 1, 0)
  // Before a long reading: is there such a method at all?
  readOneModel(options.model, '--model')
  const { series, notes, name } = await readData(file, options, [], interrupted)
  for (const line of notes) note(line, options.quiet)
  const season = readSeason(options.season, series)
  const spec = readOneModel(options.model, '--model', common(options, season, seed, limit))
  if (spec.model !== undefined) {
    throw new PrescaleError('BAD_OPTION', `--model ${spec.label} is trained already; give a name such as gru`)
  }
  if (options.export !== undefined && !canBeOnnx(spec.name)) {
    throw new PrescaleError('BAD_OPTION', `--export ${options.export}: ${spec.name} is no network`)
  }
  const all = options.trainUntil === '1'
  const trainUntil = all ? series.values.length : trainingSteps(series, options.trainUntil, options.tz)
  const job: TrainJob = {
    spec,
    series,
    trainUntil,
    horizon: readSteps(options.horizon, '--horizon', series),
    levels,
    seed,
    library: library(),
    timeLimitMs: limit,
    onnx: options.export !== undefined
  }
  const trained = await trainInWorker(spec, job, options)
  writeModelFile(options.out, trained.model)
  if (options.export !== undefined && trained.onnx !== undefined) writeWhole(options.export, trained.onnx)
  const result = resultOf(name, trained, options)
  print(options.output, { value: result, rows: [rowOf(result)], text: textOf(result, trained.model) })
  note(`use it: prescale forecast ${file} --model ${options.out}`, options.quiet)
}

async function trainInWorker(spec: ForecasterSpec, job: TrainJob, options: Options): Promise<TrainedModel> {
  const say = progress(options.quiet)
  const { timeLimitMs } = job
  try {
    return await inWorker<TrainJob, TrainedModel>(
      'trainJob',
      job,
      (share) => say(`training ${spec.label}: ${Math.round(100 * share)} %`),
      timeLimitMs === undefined ? undefined : hardLimit(timeLimitMs)
    )
  } catch (error) {
    const isLate = error instanceof PrescaleError && error.code === 'FAILED' && timeLimitMs !== undefined
    if (!isLate) throw error
    throw new PrescaleError(
      'FAILED',
      `--time-limit ${options.timeLimit}: ${spec.label} cannot stop early, and took longer than twice that; ` +
        'give it more, or less to learn from (--from)'
    )
  } finally {
    say('')
  }
}

/** Not every method asks whether it is enough, and what it was measured by takes time too. */
const hardLimit = (limitMs: number) => 2 * limitMs + 10_000

function readLimit(text: string): number {
  const ms = parseDuration(text, '--time-limit')
  requireOption(ms > 0, '--time-limit', text, 'longer than nothing')
  return ms
}

/** What the flags mean to those methods that have such an option and were not given it. */
function common(options: Options, season: number | undefined, seed: number, limitMs?: number): GivenOptions {
  return { season, seed, budget: limitMs, ...(options.fast && { kernels: 'fma' }) }
}

function resultOf(data: string, { model, trainMs, predictMs }: TrainedModel, { out, export: onnx }: Options) {
  const { model: method, methodVersion, options, architecture, training, horizon, levels, seed } = model
  return {
    data,
    model: method,
    methodVersion,
    options,
    architecture,
    training,
    horizon,
    levels,
    seed,
    trainMs,
    ...(predictMs !== undefined && { predictMs }),
    metrics: model.metrics,
    ...(becauseOf(model.parameters) !== '' && { because: becauseOf(model.parameters) }),
    file: out,
    bytes: statSync(out).size,
    checksum: model.checksum,
    ...(onnx !== undefined && { export: onnx })
  }
}

type TrainResult = ReturnType<typeof resultOf>

function rowOf({
  data,
  model,
  horizon,
  training,
  trainMs,
  predictMs,
  metrics,
  file,
  bytes,
  checksum
}: TrainResult): Row {
  const { coverage, ...measures } = metrics ?? {}
  const inside = Object.entries(coverage ?? {}).map(([level, share]) => [`inside${level}`, share])
  return {
    ...{ data, model, horizon, steps: training.steps, trainMs },
    ...(measures as Row),
    ...(predictMs !== undefined && { predictMs }),
    ...Object.fromEntries(inside),
    ...{ file, bytes, checksum }
  }
}

/** Why a method that chooses chose what it did. */
function becauseOf(parameters: Json): string {
  const { because } = (parameters ?? {}) as { readonly because?: unknown }
  return typeof because === 'string' ? because : ''
}

function textOf(result: TrainResult, { parameters }: ModelFile): string {
  const { model, methodVersion, seed, architecture, training, trainMs, metrics, horizon } = result
  const { steps, stepMs, low, high, unit } = training
  const lines: readonly (readonly [string, string])[] = [
    ['model', `${model}, version ${methodVersion}, seed ${seed}`],
    ...(result.because === undefined ? [] : [['because it', result.because] as const]),
    ...(architecture === null ? [] : [['layers', architecture] as const]),
    [
      'learned from',
      `${steps} steps of ${formatDuration(stepMs)} before ${new Date(training.endMs).toISOString()}, ` +
        `${short(low)} to ${short(high)} ${unit}`
    ],
    [
      'took',
      `${formatDuration(trainMs < 1_000 ? Math.round(trainMs) : Math.round(trainMs / 1_000) * 1_000)}${wordsOf(parameters)}`
    ],
    [
      'measured',
      metrics === null ? 'not: nothing is left behind the training part' : measuresInWords(metrics, horizon)
    ],
    ['file', `${result.file}, ${result.bytes} bytes, checksum ${result.checksum.slice(0, 16)}…`],
    ...(result.export === undefined ? [] : [['onnx', result.export] as const])
  ]
  return lines.map(([what, words]) => `${what.padEnd(14)}${words}`).join('\n')
}

/** What the method says about its training. */
function wordsOf(parameters: Json): string {
  const { fallback, training } = (parameters ?? {}) as {
    readonly fallback?: unknown
    readonly training?: { readonly why?: unknown } | null
  }
  const why = fallback ?? training?.why
  return typeof why === 'string' ? `: ${why}` : ''
}

function measuresInWords(metrics: NonNullable<ModelFile['metrics']>, horizon: number): string {
  const { steps, mase, rmse, smape, crps, coverage } = metrics
  const inside = Object.entries(coverage ?? {}).map(
    ([level, share]) => `${percent(share)} in the ${percent(level)} interval`
  )
  return [
    `on ${steps} steps behind, ${horizon} ahead: MASE ${short(mase)}`,
    `RMSE ${short(rmse)}`,
    `CRPS ${short(crps)}`,
    `sMAPE ${percent(smape)}`,
    ...inside
  ].join(', ')
}

const short = (value: unknown) =>
  typeof value === 'number' ? value.toLocaleString('en-US', { maximumSignificantDigits: 4 }) : '–'
const percent = (share: unknown) =>
  `${(100 * Number(share)).toLocaleString('en-US', { maximumFractionDigits: 1 })} %`

/** `prescale backtest FILE` — which forecaster would have done best, by rolling origin. */
import { Command } from 'commander'
import { PrescaleError } from '../base/index.ts'
import { type BacktestRow, checkBacktest, failedRow, forecasters, type Measures } from '../forecast/index.ts'
import { addDataOptions, type DataOptions, readData, trainingSteps } from './data.ts'
import type { BacktestJob } from './forecast-jobs.ts'
import { inWorkersEach } from './jobs.ts'
import { readLevels, readModels, readSeason, readSteps, remarksOn } from './models.ts'
import { wholeNumber } from './numbers.ts'
import { note, print, progress, type Row, readFormat } from './output.ts'

interface Options extends DataOptions {
  readonly models: string
  readonly horizon: string
  readonly season?: string
  readonly levels: string
  readonly folds: string
  readonly perHorizon?: boolean
  readonly output: string
  readonly quiet?: boolean
}

export function command(): Command {
  const back = new Command('backtest')
    .description('compare forecasters by rolling origin: each is told only what it could have known')
    .argument('<FILE>', 'CSV, Parquet, builtin:flights, builtin:daily-wave or prometheus:URL')
    .option(
      '--models <LIST>',
      'name[:option=value…] or a model.json that was trained,…',
      Object.keys(forecasters).join(',')
    )
    .option('--horizon <N>', 'steps ahead, or a duration such as 5m', '1')
    .option('--season <N>', 'steps in a season, or a duration such as 1d; 0 = find it', '0')
    .option('--levels <LIST>', 'probabilities of central intervals', '.8,.95')
    .option('--train-until <WHEN>', 'a moment, or a ratio of the series', '0.8')
    .option('--per-horizon', 'each horizon up to --horizon in a row of its own')
    .option('--folds <N>', 'how often each is fitted anew', '1')
    .option('-o, --output <FORMAT>', 'table, json, yaml or csv', 'table')
    .option('--quiet', 'no notes, no progress')
  return addDataOptions(back).action(run)
}

async function run(file: string, options: Options): Promise<void> {
  readFormat(options.output)
  const levels = readLevels(options.levels)
  const { series, notes, name } = await readData(file, options)
  for (const line of notes) note(line, options.quiet)
  const seed = wholeNumber('--seed', options.seed ?? 1, 0)
  const common = { season: readSeason(options.season, series), seed }
  const specs = readModels(options.models, '--models', common)
  const horizon = readSteps(options.horizon, '--horizon', series)
  const folds = wholeNumber('--folds', options.folds, 1)
  const trainUntil = trainingSteps(series, options.trainUntil, options.tz)
  const rules = { horizon, folds, trainUntil, levels, seed, perHorizon: options.perHorizon === true }
  checkBacktest(series.values.length, rules)
  for (const line of remarksOn(specs, series, trainUntil)) note(line, options.quiet)
  const say = progress(options.quiet)
  const jobs = specs.map((spec): BacktestJob => ({ spec, series, options: rules }))
  const answers = await inWorkersEach<BacktestJob, BacktestRow>('backtestJob', jobs, (share) =>
    say(`backtest ${Math.round(100 * share)} %`)
  )
  say('')
  const models = answers.map((answer, i) => rowFrom(answer, specs[i].label, levels))
  refuseIfNone(models, answers)
  for (const { model, failed } of models) {
    if (failed !== undefined) note(`${model} failed: ${failed}`, options.quiet)
  }
  print(options.output, { value: { data: name, horizon, folds, models }, rows: models.flatMap(rowsOf) })
}

function rowFrom(
  answer: PromiseSettledResult<BacktestRow>,
  label: string,
  levels: readonly number[]
): BacktestRow {
  return answer.status === 'fulfilled' ? answer.value : failedRow(label, lineOf(answer.reason), levels)
}

const lineOf = (reason: unknown) =>
  (reason instanceof Error ? reason.message : String(reason)).replaceAll(/\s*\n\s*/g, ' ')

/** Nothing to compare is an error; of its own kind where all failed for the same one, as with a history that is too short. */
function refuseIfNone(
  models: readonly BacktestRow[],
  answers: readonly PromiseSettledResult<unknown>[]
): void {
  const [{ model, failed }] = models
  if (models.some((row) => row.failed === undefined)) return
  const codes = answers.map((answer) =>
    answer.status === 'rejected' && answer.reason instanceof PrescaleError ? answer.reason.code : 'FAILED'
  )
  const code = codes.every((other) => other === codes[0]) ? codes[0] : 'FAILED'
  if (models.length === 1) throw new PrescaleError(code, failed ?? '')
  throw new PrescaleError(code, `all ${models.length} models failed, the first, ${model}: ${failed}`)
}

function rowsOf({ byHorizon, failed, fitMs, predictMs, ...row }: BacktestRow): Row[] {
  const { model } = row
  const rest = { fitMs, predictMs, ...(failed !== undefined && { failed }) }
  if (byHorizon === undefined) return [flat(row, rest)]
  return byHorizon.map((at) => flat({ model, ...at }, rest))
}

function flat(row: Measures & { readonly model: string; readonly horizon?: number }, rest: Row): Row {
  const { coverage, ...measures } = row
  const inside = Object.entries(coverage).map(([level, share]) => [`inside${level}`, share])
  return { ...measures, ...rest, ...Object.fromEntries(inside) }
}

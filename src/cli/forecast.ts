/** `prescale forecast FILE` — what is coming, from everything in the file or from `--train-until` on. */
import { Command } from 'commander'
import { sliceSteps } from '../base/index.ts'
import type { Forecast } from '../roles.ts'
import { addDataOptions, type DataOptions, readData, trainingSteps } from './data.ts'
import type { ForecastDone, ForecastJob } from './forecast-jobs.ts'
import { inWorker } from './jobs.ts'
import { readLevels, readOneModel, readSeason, readSteps, remarksOn } from './models.ts'
import { wholeNumber } from './numbers.ts'
import { note, print, progress, type Row, readFormat } from './output.ts'

interface Options extends DataOptions {
  readonly model: string
  readonly horizon: string
  readonly season?: string
  readonly levels: string
  readonly output: string
  readonly quiet?: boolean
}

export function command(): Command {
  const forecast = new Command('forecast')
    .description('what is coming: mean and quantiles of the next steps')
    .argument(
      '<FILE>',
      'CSV, Parquet, builtin:flights, builtin:daily-wave, builtin:accidents or prometheus:URL'
    )
    .option('--model <NAME>', 'name[:option=value…], or a model.json that was trained', 'blend')
    .option('--horizon <N>', 'steps ahead, or a duration such as 30m', '30')
    .option('--season <N>', 'steps in a season, or a duration such as 1d; 0 = find it', '0')
    .option(
      '--levels <LIST>',
      'quantile levels: the load stays at or below with this probability',
      '.1,.5,.9,.95'
    )
    .option(
      '--train-until <WHEN>',
      'forecast from a moment, or a ratio of the series, instead of from its end'
    )
    .option('-o, --output <FORMAT>', 'table, json, yaml or csv', 'table')
    .option('--quiet', 'no notes, no progress')
  return addDataOptions(forecast).action(run)
}

async function run(file: string, options: Options): Promise<void> {
  readFormat(options.output)
  const levels = readLevels(options.levels)
  const { series, notes, name } = await readData(file, options)
  for (const line of notes) note(line, options.quiet)
  const horizon = readSteps(options.horizon, '--horizon', series)
  const seed = wholeNumber('--seed', options.seed ?? 1, 0)
  const spec = readOneModel(options.model, '--model', { season: readSeason(options.season, series), seed })
  const until =
    options.trainUntil === undefined ? undefined : trainingSteps(series, options.trainUntil, options.tz)
  const history = sliceSteps(series, 0, until)
  for (const line of remarksOn([spec], series, history.values.length)) note(line, options.quiet)
  const say = progress(options.quiet)
  const job = { spec, history, horizon, levels, seed }
  const { forecast, chosen } = await inWorker<ForecastJob, ForecastDone>('forecastJob', job, (share) =>
    say(`${spec.label} ${Math.round(100 * share)} %`)
  )
  say('')
  if (chosen !== undefined) note(`${spec.label} chose ${chosen}`, options.quiet)
  print(options.output, {
    value: { data: name, model: spec.label, chosen, horizon, unit: series.unit, ...forecast },
    rows: rowsOf(forecast)
  })
}

function rowsOf({ startMs, stepMs, mean, quantiles }: Forecast): Row[] {
  return Array.from(mean, (value, h) => ({
    time: new Date(startMs + h * stepMs).toISOString(),
    mean: value,
    ...Object.fromEntries(Object.entries(quantiles).map(([level, row]) => [`q${level}`, row[h]]))
  }))
}

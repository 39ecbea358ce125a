/** `prescale backtest FILE` — which forecaster would have done best, by rolling origin. */
import { Command } from 'commander'
import { type BacktestRow, backtest, forecasters } from '../forecast/index.ts'
import { addDataOptions, type DataOptions, readData, trainingSteps } from './data.ts'
import { readLevels, readModels, readSeason, readSteps } from './models.ts'
import { wholeNumber } from './numbers.ts'
import { note, print, progress, type Row, readFormat } from './output.ts'

interface Options extends DataOptions {
  readonly models: string
  readonly horizon: string
  readonly season?: string
  readonly levels: string
  readonly folds: string
  readonly output: string
  readonly quiet?: boolean
}

export function command(): Command {
  const back = new Command('backtest')
    .description('compare forecasters by rolling origin: each is told only what it could have known')
    .argument('<FILE>', 'CSV, Parquet, builtin:flights, builtin:daily-wave or prometheus:URL')
    .option('--models <LIST>', 'name[:option=value…],…', Object.keys(forecasters).join(','))
    .option('--horizon <N>', 'steps ahead, or a duration such as 5m', '1')
    .option('--season <N>', 'steps in a season, or a duration such as 1d; 0 = find it', '0')
    .option('--levels <LIST>', 'probabilities of central intervals', '.8,.95')
    .option('--train-until <WHEN>', 'a moment, or a ratio of the series', '0.8')
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
  const say = progress(options.quiet)
  const result = backtest(series, readModels(options.models, readSeason(options.season, series)), {
    horizon: readSteps(options.horizon, '--horizon', series),
    folds: wholeNumber('--folds', options.folds, 1),
    trainUntil: trainingSteps(series, options.trainUntil, options.tz),
    levels,
    nowMs: () => performance.now(),
    progress: (done, of) => say(`backtest ${Math.round((100 * done) / of)} %`)
  })
  say('')
  print(options.output, { value: { data: name, ...result }, rows: result.models.map(rowOf) })
}

function rowOf({ coverage, ...measures }: BacktestRow): Row {
  const inside = Object.entries(coverage).map(([level, share]) => [`inside${level}`, share])
  return { ...measures, ...Object.fromEntries(inside) }
}

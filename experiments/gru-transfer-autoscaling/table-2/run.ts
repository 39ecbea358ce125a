/** Table II of arXiv 2507.14597 — 24 forecasting experiments, with the noise floor and the simple baselines that it leaves out. */
import { availableParallelism } from 'node:os'
import { type OptionTable, PrescaleError, type ReadOptions, readOptions } from '../../../src/base/index.ts'
import { smape2 } from '../../../src/math/index.ts'
import { noiseFloor } from '../../../src/sim/index.ts'
import { inWorkers } from '../../../src/work/index.ts'
import type { Experiment, ExperimentOptions, ExperimentResult } from '../../experiment.ts'
import { claimsOf } from './claims.ts'
import type { Done, Job } from './job.ts'
import { MODELS, optionsOf, WORK } from './models.ts'
import { picturesOf } from './pictures.ts'
import { rowsOf, trainingSteps } from './rows.ts'
import { type Family, RATES, type Rate, type StudySet, studySets } from './sets.ts'

const options = {
  taxi: {
    kind: 'text',
    default: '',
    says: 'folder with the NYC TLC trip records of the month: the exact rows in place of the flights'
  },
  month: { kind: 'text', default: '2024-01', says: 'of the trip records' },
  providers: { kind: 'text', default: 'yellow,green,fhv,fhvhv', says: 'whose trip records are counted' },
  rates: { kind: 'text', default: RATES.join(','), says: 'minutes of a step' },
  models: { kind: 'text', default: MODELS.join(','), says: 'the models to run' },
  share: {
    kind: 'number',
    min: 0.05,
    max: 1,
    says: 'share of each series that is used; else 1 with --long, and 0.8, the development part, without'
  },
  threads: { kind: 'integer', default: 2, min: 1, says: 'models at work at once' }
} as const satisfies OptionTable

export const experiment: Experiment = {
  name: 'gru-transfer-autoscaling/table-2',
  says: 'Table II of arXiv 2507.14597: GRU, CNN, ARIMA, Prophet, with noise floor and simple baselines',
  options,
  run
}

/** The short form: one set, the models that are quick, two epochs. */
const SHORT_MODELS = ['gru', 'cnn', 'arima', 'naive', 'seasonal-naive', 'holt-winters', 'ridge']
const EPOCHS = { long: 10, short: 2 }

async function run({ long, progress, given }: ExperimentOptions): Promise<ExperimentResult> {
  const settings = readOptions(experiment.name, options, given)
  const models = modelsOf(settings.models, long || given.models !== undefined)
  // A share without default is absent where nobody said one.
  const { share = long ? 1 : 0.8 } = settings as { readonly share?: number }
  const sets = await setsOf(settings, share, long || given.rates !== undefined)
  const epochs = long ? EPOCHS.long : EPOCHS.short
  const unordered = await doAll(jobsOf(sets, models, epochs), settings.threads, progress)
  const done = unordered.sort((a, b) => models.indexOf(a.model) - models.indexOf(b.model))
  const rows = rowsOf(sets, done)
  return {
    experiment: experiment.name,
    settings: {
      horizon: 1,
      training: 0.8,
      epochs,
      share,
      models,
      sets: Object.fromEntries(sets.map(({ name, series }) => [name, series.values.length])),
      noise: 'uniform ±10 %, seed 1',
      noiseFloor: noiseFloor(0.1),
      threads: settings.threads,
      options: Object.fromEntries(models.map((model) => [model, asJson(model, epochs)])),
      ...(settings.taxi !== '' && { taxi: `${settings.month}: ${settings.providers}` })
    },
    rows,
    claims: claimsOf({ sets, rows }, await cleanNaive()),
    pictures: picturesOf({ sets, done, rows })
  }
}

function modelsOf(text: string, whole: boolean): string[] {
  const models = listed(text)
  return whole ? models : models.filter((name) => SHORT_MODELS.includes(name))
}

async function setsOf(
  settings: ReadOptions<typeof options>,
  share: number,
  whole: boolean
): Promise<StudySet[]> {
  const { taxi, month, providers, rates } = settings
  const real: readonly Family[] = taxi === '' ? (whole ? ['flights'] : []) : ['nyctt']
  return await studySets({
    rates: whole ? listed(rates).map(rateOf) : [5],
    families: ['iot', ...real, ...(whole ? (['taxi'] as const) : [])],
    trips: { folder: taxi, month, providers: listed(providers) },
    share
  })
}

const listed = (text: string) => text.split(',').map((part) => part.trim())

function rateOf(text: string): Rate {
  const rate = RATES.find((one) => String(one) === text)
  if (rate !== undefined) return rate
  throw new PrescaleError('BAD_OPTION', `rates must be some of ${RATES.join(', ')} minutes, was '${text}'`)
}

/** The longest work first, so that no thread waits for the other at the end. */
function jobsOf(sets: readonly StudySet[], models: readonly string[], epochs: number): Job[] {
  const jobs = sets.flatMap((set) =>
    models.map((model) => ({
      set: set.name,
      model,
      options: optionsOf(model, set.rate, epochs),
      series: set.series
    }))
  )
  const work = ({ model, series }: Job) => (WORK[model] ?? 1) * series.values.length
  return jobs.sort((a, b) => work(b) - work(a))
}

async function doAll(jobs: readonly Job[], threads: number, progress: (line: string) => void) {
  let ended = 0
  return await inWorkers<Job, Done>(new URL('./job.ts', import.meta.url), 'runModel', jobs, {
    threads: Math.min(threads, availableParallelism()),
    progress: (input, done, of) => {
      if (done === of) ended++
      progress(`${ended}/${jobs.length} done; ${jobs[input].model} on ${jobs[input].set}`)
    }
  })
}

/** SMAPE, printed formula, of the last value on the load before Algorithm 1 made it noisy. */
async function cleanNaive(): Promise<number> {
  const [five] = await studySets({ rates: [5], families: ['iot'], share: 1 })
  if (five.clean === undefined) throw new PrescaleError('BAD_INPUT', 'the IoT load has no clean twin')
  const from = trainingSteps(five)
  return smape2(five.clean.subarray(from), five.clean.subarray(from - 1, -1))
}

const asJson = (model: string, epochs: number) =>
  Object.fromEntries(
    Object.entries(optionsOf(model, 5, epochs)).map(([name, value]) => [name, String(value)])
  )

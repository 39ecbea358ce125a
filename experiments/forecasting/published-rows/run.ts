/**
 * The rows on which others published their 5-minute predictions: theirs scored again, ours beside them.
 *
 * The last fifth of each set is theirs and held back here: `--long` opens it. The short form scores our quick models on the
 * development part of one set, and the published models on their rows.
 */
import { type GivenOptions, type OptionTable, readOptions } from '../../../src/base/index.ts'
import type { Row } from '../../../src/cli/output.ts'
import { rmse, smape, smape2 } from '../../../src/math/index.ts'
import type { Claim, Experiment, ExperimentOptions, ExperimentResult } from '../../experiment.ts'
import type { Pass, PassDone } from '../pass.ts'
import { runPasses } from '../run-passes.ts'
import {
  cut,
  modelsOf,
  modelsOption,
  optionsFor,
  type Part,
  partOf,
  partOption,
  trainingSteps
} from '../sets.ts'
import expected from './expected.json' with { type: 'json' }
import { type Published, readPublished, SETS } from './published.ts'

const options = { ...partOption, ...modelsOption } as const satisfies OptionTable

export const experiment: Experiment = {
  name: 'forecasting/published-rows',
  says: 'one step ahead on the exact rows of published 5-minute predictions: theirs and ours, RMSE and both SMAPEs',
  options,
  run
}

const SHORT_SETS = ['avazu']
const QUICK = ['naive', 'seasonal-naive', 'holt-winters', 'blend', 'ridge', 'auto']
/** Scored by RMSE, so that is what it is told to choose by. */
const AUTO = { metric: 'rmse' }

interface PublishedRow extends Row {
  readonly set: string
  readonly by: 'published' | 'ours'
  readonly model: string
  readonly rmse: number
  readonly smape: number
  readonly smape2: number
  readonly steps: number
}

async function run({ long, progress, given }: ExperimentOptions): Promise<ExperimentResult> {
  const settings = readOptions(experiment.name, options, given)
  const part = partOf(settings.part, long)
  const models = modelsOf(settings.models, long, QUICK)
  const published = await Promise.all(SETS.map(readPublished))
  const done = await runPasses(
    published
      .filter(({ set }) => long || SHORT_SETS.includes(set))
      .flatMap((set) =>
        models.map((model) => passOf(set, model, part, { ...optionsFor(model, long, models) }))
      ),
    progress
  )
  const rows = published.flatMap((set) => [
    ...theirRows(set),
    ...done.filter((one) => one.set === set.set).map((one) => ourRow(one, part))
  ])
  return {
    experiment: experiment.name,
    settings: {
      part,
      horizon: 1,
      models,
      auto: AUTO,
      training: 'the first 0.8 of the part',
      sets: published.map(({ set }) => set)
    },
    rows: rows.map((row) => ({ ...row })),
    claims: [...aligned(published), ...recomputed(rows), ...(part === 'held-back' ? held(rows) : [])]
  }
}

function passOf({ set, series, from }: Published, model: string, part: Part, options: GivenOptions): Pass {
  const data = cut(series, part)
  return {
    set,
    model,
    options: model === 'auto' ? { ...AUTO, ...options } : options,
    series: data,
    trainUntil: part === 'held-back' ? from : trainingSteps(data),
    horizons: [1]
  }
}

function theirRows({ set, series, from, predictions }: Published): PublishedRow[] {
  const actual = series.values.subarray(from)
  return Object.entries(predictions).map(([model, mean]) => ({
    set,
    by: 'published',
    part: 'held-back',
    model,
    rmse: rmse(actual, mean),
    smape: smape(actual, mean),
    smape2: smape2(actual, mean),
    steps: mean.length
  }))
}

function ourRow(
  { set, model, scores, fitMs, stepMs, chosen, because, reason }: PassDone,
  part: Part
): PublishedRow {
  const [score] = scores
  return {
    set,
    by: 'ours',
    part,
    model,
    rmse: score?.rmse ?? NaN,
    smape: score?.smape ?? NaN,
    smape2: score?.smape2 ?? NaN,
    steps: score?.steps ?? 0,
    fitS: fitMs / 1_000,
    stepMs,
    ...(chosen !== undefined && { chosen, because }),
    ...(reason !== undefined && { reason })
  }
}

/** Their rows are our rows. */
function aligned(published: readonly Published[]): Claim[] {
  const apart = Math.max(...published.map((set) => set.apart))
  return [
    {
      id: 'same-rows',
      text: 'largest distance between a published actual and ours at the same time, events/s: they cut to whole numbers',
      expected: '< 1',
      measured: apart,
      holds: apart < 1
    }
  ]
}

/** What was computed from these files before. */
function recomputed(rows: readonly PublishedRow[]): Claim[] {
  const known = Object.entries<Record<string, number>>(expected.rmse)
  const off = known.flatMap(([set, models]) =>
    Object.entries(models).map(([model, value]) => {
      const own = rows.find((row) => row.set === set && row.by === 'published' && row.model === model)
      return own ? Math.abs(own.rmse / value - 1) : 0
    })
  )
  const worst = Math.max(...off)
  return [
    {
      id: 'published-rmse-again',
      text: 'RMSE of the published predictions, computed again: largest relative difference to the known values',
      expected: '≤ 0.002',
      measured: worst,
      holds: worst <= 0.002
    }
  ]
}

function held(rows: readonly PublishedRow[]): Claim[] {
  const sets = [...new Set(rows.map(({ set }) => set))]
  const lines = sets.map((set) => {
    const of = (by: string) =>
      rows.filter((row) => row.set === set && row.by === by && !Number.isNaN(row.rmse))
    const best = of('published').reduce((a, b) => (b.rmse < a.rmse ? b : a))
    return { set, best, auto: of('ours').find(({ model }) => model === 'auto'), ours: of('ours') }
  })
  const won = lines.filter(({ best, auto }) => auto !== undefined && auto.rmse <= best.rmse)
  const told = lines.map(
    ({ set, best, auto }) =>
      `${set} ${auto ? round(auto.rmse) : '?'} (${auto?.chosen ?? '?'}) against ${best.model} ${round(best.rmse)}`
  )
  const iot = (model: string) =>
    rows.find((row) => row.set === 'iot' && row.by === 'published' && row.model === model)?.rmse ?? NaN
  return [
    {
      id: 'auto-at-most-best-published',
      text: `sets of ${sets.length} on which the RMSE of our automatic choice is at most that of the best published model: ${told.join(', ')}`,
      expected: `≥ ${expected.setsWonAtLeast}`,
      measured: won.length,
      holds: won.length >= expected.setsWonAtLeast
    },
    ...lines.map(({ set, best, auto }) => ({
      id: `auto-${set}`,
      text: `${set}: RMSE of our automatic choice (${auto?.chosen ?? 'none'}) over that of the best published model (${best.model}, ${round(best.rmse)})`,
      expected: '≤ 1',
      measured: auto ? auto.rmse / best.rmse : null,
      holds: auto !== undefined && auto.rmse <= best.rmse
    })),
    {
      id: 'iot-is-won-by-arima',
      text: `on the clean IoT load the published ARIMA (RMSE ${round(iot('ARIMA'))}) beats the published CNN (${round(iot('CNN'))}) and GRU (${round(iot('GRU'))}): the networks do not win there`,
      expected: true,
      measured: iot('ARIMA') < iot('CNN') && iot('CNN') < iot('GRU'),
      holds: iot('ARIMA') < iot('CNN') && iot('CNN') < iot('GRU')
    }
  ]
}

const round = (value: number) => Math.round(10 * value) / 10

/** Do the intervals of every model and of `auto` hold what they promise, on every real load series and the metrics of NAB? */
import { type OptionTable, readOptions } from '../../../src/base/index.ts'
import type { Row } from '../../../src/cli/output.ts'
import type { Claim, Experiment, ExperimentOptions, ExperimentResult } from '../../experiment.ts'
import { LEVELS, type PassDone } from '../pass.ts'
import { runPasses } from '../run-passes.ts'
import { loadSets, modelsOf, modelsOption, partOf, partOption, passesOf } from '../sets.ts'
import expected from './expected.json' with { type: 'json' }

const options = { ...partOption, ...modelsOption } as const satisfies OptionTable

export const experiment: Experiment = {
  name: 'forecasting/coverage',
  says: 'central 80 % and 95 % intervals of every model on every real load series, 1 and 3 steps ahead',
  options,
  run
}

const FEW = ['dsp/taxi_1h', 'dsp/google_15min', 'nab/elb_request_count_8c0756']
const QUICK = ['naive', 'holt-winters', 'theta', 'ridge', 'blend', 'auto']
const HORIZONS = [1, 3]

interface CoverageRow extends Row {
  readonly set: string
  readonly model: string
  readonly horizon: number
  readonly level: number
  readonly inside: number
  readonly ties: number
  readonly steps: number
  /** Within five points of nominal; `ties` = only if values on the ends may count either way. */
  readonly holds: 'yes' | 'ties' | 'no'
}

async function run({ long, progress, given }: ExperimentOptions): Promise<ExperimentResult> {
  const settings = readOptions(experiment.name, options, given)
  const part = partOf(settings.part, long)
  const models = modelsOf(settings.models, long, QUICK)
  const sets = await loadSets(long, FEW, part)
  const done = await runPasses(passesOf(sets, models, { long, horizons: HORIZONS }), progress)
  const rows = done.flatMap(rowsOf)
  return {
    experiment: experiment.name,
    settings: {
      part,
      horizons: HORIZONS,
      levels: [...LEVELS],
      models,
      series: sets.length,
      tolerance: expected.tolerance
    },
    rows: [...summary(rows, models), ...bothLevels(rows)],
    claims: models.includes('auto')
      ? [
          ...claimsOf(rows, 'auto'),
          ...models.filter((model) => model !== 'auto').map((model) => modelClaim(rows, model))
        ]
      : models.map((model) => modelClaim(rows, model))
  }
}

function rowsOf({ set, model, scores }: PassDone): CoverageRow[] {
  return scores.flatMap(({ horizon, steps, intervals }) =>
    intervals.map(({ level, inside, ties }) => ({
      set,
      model,
      horizon,
      level,
      inside,
      ties,
      steps,
      holds: verdict(level, inside, ties)
    }))
  )
}

/** Where a load idles at exactly zero the lower end lies there too: what can be asked is that nominal lies between. */
function verdict(level: number, inside: number, ties: number): CoverageRow['holds'] {
  const { tolerance } = expected
  if (Math.abs(inside - level) <= tolerance) return 'yes'
  return level >= inside - ties - tolerance && level <= inside + tolerance ? 'ties' : 'no'
}

/** One row a model, level and horizon: on how many series it holds. */
function summary(rows: readonly CoverageRow[], models: readonly string[]): Row[] {
  return models.flatMap((model) =>
    cells(rows, model).map(({ horizon, level, own }) => ({
      model,
      horizon,
      level,
      holds: own.filter(({ holds }) => holds === 'yes').length,
      ties: own.filter(({ holds }) => holds === 'ties').length,
      not: own.filter(({ holds }) => holds === 'no').length
    }))
  )
}

function cells(rows: readonly CoverageRow[], model: string) {
  return HORIZONS.flatMap((horizon) =>
    LEVELS.map((level) => ({
      horizon,
      level,
      own: rows.filter((row) => row.model === model && row.horizon === horizon && row.level === level)
    }))
  ).filter(({ own }) => own.length > 0)
}

const shareHeld = (own: readonly CoverageRow[]) =>
  own.filter(({ holds }) => holds !== 'no').length / own.length

function claimsOf(rows: readonly CoverageRow[], model: string): Claim[] {
  return cells(rows, model).map(({ horizon, level, own }) => {
    const named = (verdict: string) =>
      own.filter(({ holds }) => holds === verdict).map(({ set, inside }) => `${set} ${inside.toFixed(2)}`)
    const told = [
      ...(named('no').length > 0 ? [`not: ${named('no').join(', ')}`] : []),
      ...(named('ties').length > 0
        ? [`only if values on the ends may count either way: ${named('ties').join(', ')}`]
        : [])
    ]
    return {
      id: `${model}-${level}-h${horizon}`,
      text: `share of ${own.length} series on which the central ${100 * level} % interval of ${model}, ${horizon} ahead, holds within five points${told.length > 0 ? `; ${told.join('; ')}` : ''}`,
      expected: `≥ ${expected.shareOfSeries}`,
      measured: Math.round(1_000 * shareHeld(own)) / 1_000,
      holds: shareHeld(own) >= expected.shareOfSeries
    }
  })
}

/** As they are printed: one row for a series, model and horizon, to four digits. */
function bothLevels(rows: readonly CoverageRow[]): Row[] {
  const short = (share: number) => Math.round(10_000 * share) / 10_000
  const [first, ...others] = LEVELS
  return rows
    .filter(({ level }) => level === first)
    .map((row) => {
      const same = rows.filter(
        (other) =>
          other.set === row.set &&
          other.model === row.model &&
          other.horizon === row.horizon &&
          (other === row || others.some((level) => level === other.level))
      )
      const { set, model, horizon, steps } = row
      const told = same.map(({ level, inside, ties, holds }) => [
        [`inside${level}`, short(inside)],
        [`ties${level}`, short(ties)],
        [`holds${level}`, holds]
      ])
      return { set, model, horizon, steps, ...Object.fromEntries(told.flat()) }
    })
}

/** The least of its four shares. */
function modelClaim(rows: readonly CoverageRow[], model: string): Claim {
  const shares = cells(rows, model).map(({ horizon, level, own }) => ({
    horizon,
    level,
    share: shareHeld(own)
  }))
  const worst = shares.reduce((a, b) => (b.share < a.share ? b : a), {
    horizon: NaN,
    level: NaN,
    share: Infinity
  })
  const measured = Number.isFinite(worst.share) ? Math.round(1_000 * worst.share) / 1_000 : null
  return {
    id: `${model}-all`,
    text: `share of the series on which ${model} holds within five points, worst of both levels and horizons (${100 * worst.level} %, ${worst.horizon} ahead)`,
    expected: `≥ ${expected.shareOfSeries}`,
    measured,
    holds: measured !== null && measured >= expected.shareOfSeries
  }
}

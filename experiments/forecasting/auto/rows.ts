/** From passes to rows and ranks. */
import type { Row } from '../../../src/cli/output.ts'
import type { PassDone } from '../pass.ts'

export interface ScoredRow extends Row {
  readonly set: string
  readonly horizon: number
  readonly model: string
  readonly mase: number
  readonly rmse: number
  readonly pinball: number
  /** Among the models of this series and horizon, by MASE; equals share. */
  readonly rank: number
  readonly fitS: number
  readonly stepMs: number
  readonly chosen?: string
  readonly because?: string
  readonly reason?: string
}

export interface MeanRank extends Row {
  readonly model: string
  readonly rank: number
  /** Geometric mean of its error over the least one of the cell. */
  readonly overBest: number
  readonly cells: number
}

export function scoredRows(done: readonly PassDone[]): ScoredRow[] {
  const flat = done.flatMap((one) => {
    const { set, model, fitMs, stepMs, chosen, because, reason } = one
    const horizons = [
      ...new Set(done.filter((d) => d.set === set).flatMap(({ scores }) => scores.map((s) => s.horizon)))
    ]
    return horizons.map((horizon) => {
      const score = one.scores.find((s) => s.horizon === horizon)
      return {
        set,
        horizon,
        model,
        mase: score?.mase ?? NaN,
        rmse: score?.rmse ?? NaN,
        pinball: score?.pinball ?? NaN,
        fitS: fitMs / 1_000,
        stepMs,
        ...(chosen !== undefined && { chosen, because }),
        ...(reason !== undefined && { reason })
      }
    })
  })
  return flat.map(({ set, horizon, model, ...measures }) => {
    const cell = flat.filter((row) => row.set === set && row.horizon === horizon)
    return {
      set,
      horizon,
      model,
      rank: rankOf(
        measures.mase,
        cell.map(({ mase }) => mase)
      ),
      ...measures
    }
  })
}

/** 1 = least; equals get the mean of their places, and what was not measured the last. */
export function rankOf(value: number, all: readonly number[]): number {
  const order = (x: number) => (Number.isNaN(x) ? Infinity : x)
  const below = all.filter((x) => order(x) < order(value)).length
  const same = all.filter((x) => order(x) === order(value)).length
  return below + (same + 1) / 2
}

/** Best first. */
export function meanRanks(rows: readonly ScoredRow[]): MeanRank[] {
  const models = [...new Set(rows.map(({ model }) => model))]
  const least = new Map<string, number>()
  for (const row of rows) {
    const cell = `${row.set} ${row.horizon}`
    if (!Number.isNaN(row.mase)) least.set(cell, Math.min(row.mase, least.get(cell) ?? Infinity))
  }
  return models
    .map((model) => {
      const own = rows.filter((row) => row.model === model)
      const over = own
        .map((row) => row.mase / (least.get(`${row.set} ${row.horizon}`) ?? NaN))
        .filter((x) => Number.isFinite(x) && x > 0)
      return {
        model,
        rank: own.reduce((sum, { rank }) => sum + rank, 0) / own.length,
        overBest: Math.exp(over.reduce((sum, x) => sum + Math.log(x), 0) / over.length),
        cells: own.length
      }
    })
    .sort((a, b) => a.rank - b.rank)
}

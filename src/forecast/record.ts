import type { ForecastRecord } from '../roles.ts'

/** Scored steps that the record looks back over. */
const steps = 500

const [ERROR, NAIVE, PAIRS, HITS] = [0, 1, 2, 3]

/**
 * How a forecaster did over the last 500 scored steps, all its horizons together:
 *
 *   mase      Σ |y − ŷ| / Σ |y − naive|, each pair at the same horizon
 *   coverage  share of values at or below each quantile
 */
export function rollingRecord(levels: number) {
  const columns = HITS + levels
  const rows = new Float64Array(steps * columns)
  const sums = new Float64Array(columns)
  let scored = 0
  let base = 0
  let any = false
  return {
    /** One more value is there: the oldest row makes place. */
    open(): void {
      any = false
      base = (scored % steps) * columns
      for (let c = 0; c < columns; c++) {
        sums[c] -= rows[base + c]
        rows[base + c] = 0
      }
    },
    errors(own: number, naive: number): void {
      if (Number.isNaN(naive)) return
      any = true
      rows[base + ERROR] += own
      rows[base + NAIVE] += naive
    },
    /** One more pair of a value and its quantiles. */
    pair(): void {
      rows[base + PAIRS]++
    },
    hit(level: number): void {
      rows[base + HITS + level]++
    },
    close(): void {
      for (let c = 0; c < columns; c++) sums[c] += rows[base + c]
      if (any) scored++
    },
    summary(names: readonly string[]): ForecastRecord {
      const share = (hits: number) => (sums[PAIRS] > 0 ? hits / sums[PAIRS] : NaN)
      return {
        coverage: Object.fromEntries(names.map((name, l) => [name, share(sums[HITS + l])])),
        mase: ratio(Math.max(0, sums[ERROR]), Math.max(0, sums[NAIVE])),
        steps: Math.min(scored, steps)
      }
    }
  }
}

/** Worse than a naive forecast without any error has no finite ratio, and JSON has no infinity. */
function ratio(error: number, naive: number): number {
  if (naive > 0) return Math.min(Number.MAX_VALUE, error / naive)
  return error > 0 ? Number.MAX_VALUE : NaN
}

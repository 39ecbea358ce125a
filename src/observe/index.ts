import { prometheus } from './prometheus-source.ts'
import { replay } from './replay.ts'

export * from './builtin.ts'
export * from './grid.ts'
export {
  MOST_POINTS,
  type PrometheusServer,
  queryRange,
  type RangeAnswer,
  type RangeQuery
} from './prometheus.ts'
export { type PrometheusSource, prometheus } from './prometheus-source.ts'
export { type ReplayOptions, replay } from './replay.ts'
export { readTable, type TableOptions, type TableRead } from './table.ts'
export { fromWallClock, repeatedHours } from './zone.ts'

/** Every source of readings by its name. */
export const sources = { prometheus, replay }

import { flink } from './flink.ts'
import { influxdb } from './influxdb.ts'
import { kafkaLag } from './kafka-lag.ts'
import { prometheus } from './prometheus-source.ts'
import { replay } from './replay.ts'

export * from './builtin.ts'
export { type FlinkSourceOptions, flink } from './flink.ts'
export * from './grid.ts'
export { type InfluxSource, influxdb, queryInflux } from './influxdb.ts'
export { type KafkaLagSource, kafkaLag, kafkaOffsets, type OffsetReader, type Offsets } from './kafka-lag.ts'
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
export const sources = { flink, influxdb, 'kafka-lag': kafkaLag, prometheus, replay }

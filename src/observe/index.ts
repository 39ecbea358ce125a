import { flink } from './flink.ts'
import { influxdb } from './influxdb.ts'
import { kafkaLag } from './kafka-lag.ts'
import { prometheus } from './prometheus-source.ts'
import { replay } from './replay.ts'
import { signals } from './signals.ts'

export * from './builtin.ts'
export { type BrokerOptions, type EmbeddedBroker, embeddedBroker } from './embedded-broker.ts'
export { type FlinkSourceOptions, flink } from './flink.ts'
export * from './grid.ts'
export { type InfluxSource, influxdb, queryInflux } from './influxdb.ts'
export { type BatchListener, consumeKafka, type KafkaRecord, type KafkaSubscription } from './kafka.ts'
export { type KafkaLagSource, kafkaLag, kafkaOffsets, type OffsetReader, type Offsets } from './kafka-lag.ts'
export { type MessageListener, type MqttSubscription, subscribeMqtt } from './mqtt.ts'
export {
  MOST_POINTS,
  type PrometheusServer,
  queryRange,
  type RangeAnswer,
  type RangeQuery
} from './prometheus.ts'
export { type PrometheusSource, prometheus } from './prometheus-source.ts'
export { type ReplayOptions, replay } from './replay.ts'
export { type NoSignal, readSignal } from './signal-wire.ts'
export { type SignalsOptions, type SignalTransport, signals } from './signals.ts'
export { readTable, type TableOptions, type TableRead } from './table.ts'
export { fromWallClock, repeatedHours } from './zone.ts'

/** Every source of readings by its name. */
export const sources = { flink, influxdb, 'kafka-lag': kafkaLag, prometheus, replay, signals }

import { dryRun } from './dry-run.ts'
import { flink } from './flink.ts'
import { flinkAuto } from './flink-auto.ts'
import { flinkSavepoint } from './flink-savepoint.ts'

export { type Backoff, backoff } from './backoff.ts'
export { type DryRunOptions, dryRun } from './dry-run.ts'
export { type FlinkActuatorOptions, flink } from './flink.ts'
export { type FlinkAutoOptions, flinkAuto } from './flink-auto.ts'
export { type FlinkSavepointOptions, flinkSavepoint } from './flink-savepoint.ts'
export { type KafkaTarget, kafkaRaw, kafkaSignals } from './kafka-signals.ts'
export { type ActuatorMemory, newMemory, type Written } from './memory.ts'
export { type MqttTarget, mqttRaw, mqttSignals } from './mqtt-signals.ts'
export type { OpenSink, RawRecord, RawSink } from './signal-sinks.ts'

/** Every actuator by its name. */
export const actuators = {
  'dry-run': dryRun,
  flink,
  'flink-auto': flinkAuto,
  'flink-savepoint': flinkSavepoint
}

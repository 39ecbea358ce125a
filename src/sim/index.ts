import { service } from './service.ts'
import { spark } from './spark.ts'
import { stream } from './stream.ts'

export * from './elastic.ts'
export * from './lead-time.ts'
export * from './load/index.ts'
export * from './need.ts'
export * from './over-time.ts'
export * from './service.ts'
export * from './service-config.ts'
export type { Outage } from './service-outages.ts'
export * from './spark.ts'
export * from './spark-config.ts'
export * from './spark-origin.ts'
export * from './spark-reward.ts'
export * from './spark-tables.ts'
export * from './stream.ts'
export { compileDag, effectiveUnits, type StreamOperator } from './stream-dag.ts'
export type { StreamMetrics } from './stream-observe.ts'
export type { OutageConfig } from './stream-outages.ts'

/** Every world by its name, as `rehearse --world` takes it. */
export const worlds = {
  service: { says: 'a replicated service behind one queue: M/M/c', make: service },
  stream: { says: 'a job that reads a topic: a DAG of operators', make: stream },
  spark: { says: 'executors over a queue, with memory, storage and compression', make: spark }
}

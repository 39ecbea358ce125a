/**
 * What executors, storage and compression are and cost in the Spark world: one table each, printed in docs/worlds/spark.md.
 *
 * Prices and the sizes of compressed data are those of the origin's code, its prices a step read as prices an hour; latencies are its
 * own for 100 MB (100 ms for 100 MB on S3, 5 s on Glacier). The rates are ours: it had none. Fixed before anything was trained.
 */

export interface StorageTier {
  readonly name: string
  /** Added to every message's latency. */
  readonly latencyMs: number
  /** Share of an executor's rate that is left. */
  readonly rate: number
  /** Dollars for each GB of shuffled data that is written. */
  readonly priceGb: number
}

/** By index, as an action names it. */
export const storageTiers: readonly StorageTier[] = [
  { name: 'redis', latencyMs: 5, rate: 1, priceGb: 0.1 },
  { name: 'nvme', latencyMs: 20, rate: 1, priceGb: 0.05 },
  { name: 's3', latencyMs: 100, rate: 0.9, priceGb: 0.02 },
  { name: 'glacier', latencyMs: 5_000, rate: 0.5, priceGb: 0.005 }
]

export interface Compression {
  readonly name: string
  readonly latencyMs: number
  readonly rate: number
  /** Compressed size as a share of the size before. */
  readonly size: number
}

export const compressions: readonly Compression[] = [
  { name: 'none', latencyMs: 0, rate: 1, size: 1 },
  { name: 'light', latencyMs: 10, rate: 0.95, size: 0.6 },
  { name: 'heavy', latencyMs: 50, rate: 0.8, size: 0.3 }
]

/** Dollars an hour. */
export const executorPrice = 0.1
export const memoryPriceGb = 0.05
/** Of an executor with 4 GB. */
export const sparkUnitHour = 0.3

/** Messages per second of one executor that has all the memory it can use. */
export const executorRate = 50
/** Size of a message that an executor serves so many of. */
export const messageKb = 40
/** With less memory an executor is slower in proportion, with more it is not faster. */
export const fullMemoryGb = 4
/** What a message takes before it waits. */
export const messageLatencyMs = 150

export const mostExecutors = 20
export const mostMemoryGb = 8

/** Where nobody says anything else: 4 GB, NVMe, no compression. */
export const usualSettings = { memory: fullMemoryGb, storage: 1, compression: 0 }

import { HOUR, uniformAt } from '../base/index.ts'
import type { Capacity, Metric, Observation, Operator, Quality, Units } from '../roles.ts'
import type { Dag } from './stream-dag.ts'
import type { Flow } from './stream-flow.ts'
import type { Job, Sizable } from './stream-outages.ts'

/** How the job's metrics reach the outside: with the faults of a real metrics pipeline. */
export interface StreamMetrics {
  /** Counters are read this often. Default 10 s. */
  readonly scrapeMs?: number
  /** Rates are counts of this long trailing window divided by its full length, also shortly after a restart. Default 60 s. */
  readonly windowMs?: number
  /** The lag gauge is renewed this often, counted from a restart. Default 30 s. */
  readonly lagMs?: number
  /** The lag gauge counts what arrived in the last … ms too: records that nobody has fetched yet. Default 0. */
  readonly unfetchedMs?: number
  /** Relative noise of what is measured, one standard deviation. Default 0.02. */
  readonly noise?: number
  /** While the job is down the gauges keep their last value (`holds`) or are missing (`vanishes`, default). */
  readonly inDowntime?: 'holds' | 'vanishes'
  readonly cpu?: {
    /** CPU share of an idle unit. Default 0. */
    readonly idle?: number
    /** Added after a restart, falling from `from` to `to` in `ms`. Default 0.3 → 0.07 in 150 s. */
    readonly spike?: { readonly from: number; readonly to: number; readonly ms: number }
  }
}

/** Counters as they stood at one scrape. */
export interface Snapshot {
  readonly atMs: number
  readonly counters: Float64Array
}

/** What the last scrapes saw; replaced once a scrape, shared between the states in between. */
export interface Gauges {
  readonly scrapes: number
  readonly atMs: number
  /** Counters of the window, oldest first; after a restart the first one stands for the restart itself. */
  readonly window: readonly Snapshot[]
  /** The counters at a restart that no scrape has followed yet. */
  readonly restart: Snapshot | null
  readonly lag: number
  readonly lagAtMs: number
  readonly latencyMs: number
}

export interface MetricsReader {
  readonly scrapeMs: number
  readonly windowMs: number
  readonly lagMs: number
  readonly unfetchedMs: number
  readonly noise: number
  readonly holds: boolean
  readonly idle: number
  readonly spike: { readonly from: number; readonly to: number; readonly ms: number }
}

export function readMetrics(given: StreamMetrics = {}): MetricsReader {
  return {
    scrapeMs: given.scrapeMs ?? 10_000,
    windowMs: given.windowMs ?? 60_000,
    lagMs: given.lagMs ?? 30_000,
    unfetchedMs: given.unfetchedMs ?? 0,
    noise: given.noise ?? 0.02,
    holds: given.inDowntime === 'holds',
    idle: given.cpu?.idle ?? 0,
    spike: given.cpu?.spike ?? { from: 0.3, to: 0.07, ms: 150_000 }
  }
}

export function noGauges(reader: MetricsReader, counters: Float64Array): Gauges {
  const restart = { atMs: 0, counters }
  return { scrapes: 0, atMs: 0, window: [], restart, lag: 0, lagAtMs: -reader.lagMs, latencyMs: NaN }
}

/** A scrape of a job that runs; one that is down has nothing to scrape. `lag` in records, over all sources. */
export function scrape(
  reader: MetricsReader,
  before: Gauges,
  now: Snapshot & { readonly lag: number; readonly latencyMs: number }
): Gauges {
  const { atMs, counters, latencyMs } = now
  const fresh = before.restart !== null || atMs - before.lagAtMs >= reader.lagMs
  const window = before.restart === null ? [...before.window] : [before.restart]
  window.push({ atMs, counters })
  while (window.length > 2 && window[1].atMs <= atMs - reader.windowMs) window.shift()
  return {
    scrapes: before.scrapes + 1,
    atMs,
    window,
    restart: null,
    lag: fresh ? now.lag : before.lag,
    lagAtMs: fresh ? atMs : before.lagAtMs,
    latencyMs
  }
}

/** Meters begin again after a stop: from then on their window fills anew. */
export function restartMeters(before: Gauges, atMs: number, counters: Float64Array): Gauges {
  return { ...before, restart: { atMs, counters } }
}

export interface Seen {
  readonly dag: Dag
  readonly flow: Flow
  readonly reader: MetricsReader
  readonly resources: readonly Sizable[]
  readonly startMs: number
  readonly sloMs: number
  readonly target: string
}

/** Flink-like metrics of the job as they can be read at `nowMs`; nothing here is the truth of the world. */
export function observeStream(seen: Seen, gauges: Gauges, job: Job, seed: number, tMs: number): Observation {
  const { dag, resources, startMs } = seen
  const measured = gauges.scrapes > 0 && (gauges.restart === null || seen.reader.holds)
  const operators = dag.operators.map((_, i) => readOperator(seen, gauges, job, seed, i, measured))
  return {
    nowMs: startMs + tMs,
    target: seen.target,
    capacity: capacityOf(resources, job, startMs),
    bounds: Object.fromEntries(
      resources.map(({ id, min, max }) => [id, Number.isFinite(max) ? { min, max } : { min }])
    ),
    metrics: readJobMetrics(seen, gauges, job, seed, tMs, operators, measured),
    topology: { operators, edges: edgesOf(dag) },
    slo: { latencyMs: seen.sloMs }
  }
}

function capacityOf(resources: readonly Sizable[], job: Job, startMs: number): Capacity {
  const pick = (values: Float64Array): Units =>
    Object.fromEntries(resources.map(({ id, operator }) => [id, values[operator]]))
  const name = new Map(resources.map(({ id, operator }) => [operator, id]))
  return {
    ready: pick(job.units),
    starting: job.starting.map((batch) => ({
      resource: name.get(batch.operator)!,
      units: batch.units,
      readyAtMs: startMs + batch.readyAtMs,
      askedMs: startMs + batch.askedMs
    })),
    wanted: pick(job.wanted)
  }
}

function readJobMetrics(
  seen: Seen,
  gauges: Gauges,
  job: Job,
  seed: number,
  tMs: number,
  operators: readonly Operator[],
  measured: boolean
): Record<string, Metric> {
  const quality: Quality = gauges.restart === null ? 'ok' : 'stale'
  const metric = (value: number, ageMs = tMs - gauges.atMs): Metric =>
    measured ? { value, quality, ageMs } : { value: NaN, quality: 'missing' }
  const sources = operators.filter((operator) => operator.source === true)
  return {
    throughput: metric(
      sources.reduce((sum, { observedProcessingRate = NaN }) => sum + observedProcessingRate, 0)
    ),
    lag: metric(gauges.lag, tMs - gauges.lagAtMs),
    latency: metric(gauges.latencyMs),
    cpu: metric(readCpu(seen, gauges, job, seed)),
    busy: metric(meanOf(operators.map(({ busy = NaN }) => busy))),
    backpressured: metric(meanOf(operators.map(({ backpressured = NaN }) => backpressured)))
  }
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** CPU of the last scrape interval: records against what the CPU could do, and the spike of a restart. */
function readCpu({ dag, flow, reader }: Seen, gauges: Gauges, job: Job, seed: number): number {
  const last = gauges.window.at(-1)
  const before = gauges.window.at(-2)
  if (last === undefined || before === undefined) return NaN
  const hours = last.atMs / HOUR
  const seconds = (last.atMs - before.atMs) / 1000
  if (!(seconds > 0)) return NaN
  let units = 0
  let used = 0
  for (let i = 0; i < dag.n; i++) {
    const rate = dag.cpuRate[i](hours)
    const done = (last.counters[flow.processed + i] - before.counters[flow.processed + i]) / seconds
    units += job.units[i]
    used += rate > 0 ? done / rate : 0
  }
  const { from, to, ms } = reader.spike
  const age = gauges.atMs - job.downUntilMs
  const spike = age >= 0 && age < ms ? from * (to / from) ** (age / ms) : 0
  return clamp01(
    (reader.idle + used / units + spike) * (1 + reader.noise * noise(seed, 'cpu', gauges.scrapes))
  )
}

function readOperator(
  { dag, flow, reader }: Seen,
  gauges: Gauges,
  job: Job,
  seed: number,
  i: number,
  measured: boolean
): Operator {
  const { id, selectivity = 1, partitions, maxParallelism } = dag.operators[i]
  const last = gauges.window.at(-1)
  const first = gauges.window[0]
  const usable = measured && last !== undefined
  const of = (block: number) =>
    usable ? (last.counters[block + i] - first.counters[block + i]) / reader.windowMs : NaN
  const observed = of(flow.processed) * 1000
  // Time stands still in the part of the window before the restart, so it is no idle time either.
  const filled = usable ? Math.min(1, (last.atMs - first.atMs) / reader.windowMs) : NaN
  const busyOfWindow = of(flow.busy)
  const busy = clamp01((busyOfWindow / filled) * (1 + reader.noise * noise(seed, id, gauges.scrapes)))
  const backpressured = Math.min(1 - busy, of(flow.blocked) / filled)
  const trueRate = busy > 0 ? observed / filled / busy : NaN
  return {
    id,
    parallelism: job.units[i],
    ...(dag.isSource[i] ? { source: true, lag: usable ? gauges.lag * dag.share[i] : NaN } : {}),
    trueProcessingRate: trueRate,
    trueOutputRate: trueRate * selectivity,
    observedProcessingRate: observed,
    observedOutputRate: observed * selectivity,
    busy,
    backpressured,
    idle: Math.max(0, 1 - busy - backpressured),
    ...(partitions === undefined ? {} : { partitions }),
    ...(maxParallelism === undefined ? {} : { maxParallelism })
  }
}

function edgesOf({ n, outStart, to, gain, operators }: Dag) {
  const edges = []
  for (let i = 0; i < n; i++) {
    for (let e = outStart[i]; e < outStart[i + 1]; e++) {
      const selectivity = operators[i].selectivity ?? 1
      const outputRatio = selectivity > 0 ? gain[e] / selectivity : 1
      edges.push({ from: operators[i].id, to: operators[to[e]].id, outputRatio })
    }
  }
  return edges
}

/** About normal, by the sum of three uniforms: mean 0, standard deviation 1, at most ±3. */
function noise(seed: number, label: string, index: number): number {
  let sum = 0
  for (let k = 0; k < 3; k++) sum += uniformAt(seed, label, 3 * index + k)
  return 2 * (sum - 1.5)
}

function clamp01(value: number): number {
  return Number.isNaN(value) ? NaN : Math.min(1, Math.max(0, value))
}

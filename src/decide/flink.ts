/**
 * Flink — the autoscaler of the Flink Kubernetes operator: each vertex gets the parallelism at which it is busy for
 * the target share of its time, with room to catch up what a restart and a backlog leave behind.
 *
 *   to_v = ⌈ current_v · (catchUp_v + target_v · restart/catchUpDuration + target_v/utilization) / trueRate_v ⌉
 *
 * Nothing is decided while a (re)started job settles, nor before the window behind that is full; a job is rescaled
 * only when some vertex is outside its utilisation range; less is asked for only after an hour of asking for less.
 * Collect: flink-metrics.ts, evaluate: flink-evaluate.ts, one vertex: flink-scaler.ts, alignment: flink-align.ts.
 * Source: apache/flink-kubernetes-operator, flink-autoscaler (1.16-SNAPSHOT); its faults are kept, see docs/methods/flink.md.
 */
import type { GivenOptions } from '../base/index.ts'
import type { Decided, Observation, Policy } from '../roles.ts'
import { hold, scale, wantedNow, withinBounds } from './answer.ts'
import { type Evaluated, evaluate } from './flink-evaluate.ts'
import { type FlinkJob, jobOf } from './flink-job.ts'
import { type Samples, sampleOf } from './flink-metrics.ts'
import { type FlinkSettings, flinkOptions, readFlinkOptions } from './flink-options.ts'
import { inPeriods } from './flink-periods.ts'
import { type Pending, type Scaling, scaleVertex, type VertexChange } from './flink-scaler.ts'

export { flinkOptions }

export type FlinkMemory = {
  /** Since when the job runs at this parallelism; `null` before the first look. */
  readonly runningMs: number | null
  readonly parallelism: Readonly<Record<string, number>>
  readonly samples: Samples
  readonly pending: Readonly<Record<string, Pending>>
  readonly history: Readonly<Record<string, readonly Scaling[]>>
  /** Rescales that were asked for; `restartMs` is `null` until the job runs as asked. */
  readonly rescales: readonly { readonly atMs: number; readonly restartMs: number | null }[]
}

/** The policy; options (the original's keys in camel case) as in `flinkOptions`. Throws `BAD_OPTION` for one that cannot be. */
export function flink(given: GivenOptions = {}): Policy<FlinkMemory> {
  const settings = readFlinkOptions(given)
  return {
    name: 'flink',
    intervalMs: settings.reconcileInterval,
    initial: () => ({
      runningMs: null,
      parallelism: {},
      samples: [],
      pending: {},
      history: {},
      rescales: []
    }),
    decide: (seen, memory) => decide(settings, seen, memory)
  }
}

function decide(settings: FlinkSettings, seen: Observation, before: FlinkMemory): Decided<FlinkMemory> {
  const job = jobOf(seen, before.samples.at(-1))
  if (job === undefined) return { decision: hold(wantedNow(seen), 'no-topology'), memory: before }
  if (!job.running) return { decision: hold(job.now, 'not-running'), memory: before }
  const { memory, waitsFor } = collect(settings, seen, job, before)
  if (waitsFor !== undefined) {
    const inputs = { untilMs: waitsFor.untilMs, samples: memory.samples.length }
    return { decision: hold(job.now, waitsFor.rule, inputs), memory }
  }
  // One look with a window of 0: its rates are means already, so it stands for a second of them.
  const samples = settings.metricsWindow === 0 ? secondOf(settings, job, seen.nowMs) : memory.samples
  const restartSeconds = expectedRestart(settings, memory)
  const evaluated = evaluate(job.dag, job.parallelism, samples, settings, restartSeconds)
  if (evaluated === undefined) return { decision: hold(job.now, 'input-rate-unknown'), memory }
  const changes = evaluated.map((metrics, i) =>
    changeOf(settings, seen, job, memory, restartSeconds, metrics, i)
  )
  return answer(settings, seen, job, { ...memory, pending: pendingOf(job, changes) }, evaluated, changes)
}

interface Collected {
  readonly memory: FlinkMemory
  readonly waitsFor?: { readonly rule: string; readonly untilMs: number }
}

/** Adds a sample; after a restart from an empty window. Says what it waits for while the window is not full. */
function collect(settings: FlinkSettings, seen: Observation, job: FlinkJob, before: FlinkMemory): Collected {
  const { nowMs } = seen
  const runningMs = runningSince(seen, job, before)
  const restarted = before.samples.length > 0 && runningMs > before.samples[0].atMs
  const kept = restarted ? [] : before.samples.filter(({ atMs }) => atMs < nowMs)
  let samples: Samples = [...kept, sampleOf(kept, nowMs, job.readings, settings)]
  const stableMs = runningMs + settings.stabilizationInterval
  const firstStable = samples.find(({ atMs }) => atMs >= stableMs)
  const fullMs = (firstStable?.atMs ?? nowMs) + settings.metricsWindow
  const isFull = firstStable !== undefined && nowMs >= fullMs
  if (isFull) samples = samples.filter(({ atMs }) => atMs >= nowMs - settings.metricsWindow)
  const memory = {
    ...trimmed(settings, nowMs, job, before),
    runningMs,
    parallelism: job.byId,
    samples
  }
  const tracked = { ...memory, rescales: withRestart(job, memory, runningMs) }
  if (!isFull) {
    const untilMs = Math.max(fullMs, stableMs + settings.metricsWindow)
    return {
      memory: tracked,
      waitsFor: { rule: nowMs < stableMs ? 'stabilizing' : 'window-not-full', untilMs }
    }
  }
  // Rates of counters need two samples.
  if (samples.length < 2 && settings.metricsWindow > 0) {
    return {
      memory: tracked,
      waitsFor: { rule: 'window-not-full', untilMs: nowMs + settings.reconcileInterval }
    }
  }
  return { memory: tracked }
}

/** The metric `runningSinceMs` where there is one; else the job is taken to have restarted when a parallelism changed. */
function runningSince({ nowMs, metrics }: Observation, job: FlinkJob, before: FlinkMemory): number {
  const told = metrics?.runningSinceMs?.value ?? NaN
  if (told <= nowMs) return told
  if (before.runningMs === null) return nowMs
  const ids = Object.keys(job.byId)
  const same =
    ids.length === Object.keys(before.parallelism).length &&
    ids.every((id) => job.byId[id] === before.parallelism[id])
  return same ? before.runningMs : nowMs
}

/** Vertices that are gone are forgotten, and scalings that are too old or too many. */
function trimmed(settings: FlinkSettings, nowMs: number, job: FlinkJob, before: FlinkMemory): FlinkMemory {
  const sinceMs = nowMs - settings.historyMaxAge
  const recent = (list: readonly Scaling[]) =>
    list.filter(({ atMs }) => atMs >= sinceMs).slice(-settings.historyMaxCount)
  const history: Record<string, readonly Scaling[]> = {}
  const pending: Record<string, Pending> = {}
  for (const id in job.byId) {
    if (before.history[id]) history[id] = recent(before.history[id])
    if (before.pending[id]) pending[id] = before.pending[id]
  }
  const kept = before.rescales.filter(({ atMs }) => atMs >= sinceMs).slice(-settings.historyMaxCount)
  // The latest one stays, however old.
  return { ...before, history, pending, rescales: kept.length > 0 ? kept : before.rescales.slice(-1) }
}

/** The last rescale took until the job runs again, as soon as every vertex it changed is what was asked for. */
function withRestart(job: FlinkJob, memory: FlinkMemory, runningMs: number): FlinkMemory['rescales'] {
  const last = memory.rescales.at(-1)
  if (last === undefined || last.restartMs !== null || runningMs < last.atMs) return memory.rescales
  const asAsked = Object.entries(memory.history).every(([id, list]) => {
    const scaling = list.find(({ atMs }) => atMs === last.atMs)
    return scaling === undefined || scaling.to === job.byId[id]
  })
  if (!asAsked) return memory.rescales
  return [...memory.rescales.slice(0, -1), { atMs: last.atMs, restartMs: runningMs - last.atMs }]
}

function expectedRestart(settings: FlinkSettings, { rescales }: FlinkMemory): number {
  let longest = -1
  if (settings.restartTimeTrackingEnabled) {
    for (const { restartMs } of rescales) if (restartMs !== null) longest = Math.max(longest, restartMs)
  }
  const ms = longest < 0 ? settings.restartTime : Math.min(longest, settings.restartTimeTrackingLimit)
  return Math.trunc(ms / 1000)
}

function secondOf(settings: FlinkSettings, job: FlinkJob, nowMs: number): Samples {
  const first = sampleOf([], nowMs - 1000, job.readings, settings)
  return [first, sampleOf([first], nowMs, job.readings, settings)]
}

function changeOf(
  settings: FlinkSettings,
  seen: Observation,
  job: FlinkJob,
  memory: FlinkMemory,
  restartSeconds: number,
  metrics: Evaluated,
  i: number
): VertexChange {
  const { id } = job.dag.operators[i]
  const shape = job.shapes[i]
  const pending = memory.pending[id]
  if (settings.excluded.has(id))
    return { to: shape.parallelism, outside: false, because: 'excluded', pending }
  // Without busy time the original takes the vertex out of this round.
  if (Number.isNaN(job.readings[id].load)) {
    return { to: shape.parallelism, outside: false, because: 'busy-time-unknown', pending }
  }
  const bounds = seen.bounds?.[id]
  return scaleVertex(shape, metrics, settings, {
    nowMs: seen.nowMs,
    restartSeconds,
    least: Math.max(settings.vertexMinParallelism, bounds?.min ?? 0),
    most: Math.min(settings.vertexMaxParallelism, bounds?.max ?? Infinity),
    history: memory.history[id] ?? [],
    pending
  })
}

function pendingOf(job: FlinkJob, changes: readonly VertexChange[]): Record<string, Pending> {
  const pending: Record<string, Pending> = {}
  for (let i = 0; i < changes.length; i++) {
    const waits = changes[i].pending
    if (waits !== undefined) pending[job.dag.operators[i].id] = waits
  }
  return pending
}

/** All vertices that change, or none: only if at least one of them is outside its range. */
function answer(
  settings: FlinkSettings,
  seen: Observation,
  job: FlinkJob,
  memory: FlinkMemory,
  evaluated: readonly Evaluated[],
  changes: readonly VertexChange[]
): Decided<FlinkMemory> {
  const inputs = { vertices: changes.map((change, i) => report(job, evaluated[i], change, i)) }
  const changed = changes.some(({ to }, i) => to !== job.parallelism[i])
  if (!changes.some(({ outside }, i) => outside && changes[i].to !== job.parallelism[i])) {
    return { decision: hold(job.now, changed ? 'within-range' : 'at-target', inputs), memory }
  }
  if (!settings.scalingEnabled) return { decision: hold(job.now, 'scaling-disabled', inputs), memory }
  if (settings.periods.length > 0 && inPeriods(settings.periods, seen.nowMs)) {
    return { decision: hold(job.now, 'excluded-period', inputs), memory }
  }
  const to: Record<string, number> = {}
  const bound: string[] = []
  for (let i = 0; i < changes.length; i++) {
    const { id } = job.dag.operators[i]
    const stays = changes[i].to === job.parallelism[i]
    to[id] = stays ? job.now[id] : withinBounds(seen, id, changes[i].to, bound)
  }
  const decision = scale(job.now, to, 'flink', inputs, bound)
  return { decision, memory: remembered(seen.nowMs, job, memory, evaluated, changes) }
}

/** What the original writes into its scaling report, as numbers. */
function report(job: FlinkJob, metrics: Evaluated, change: VertexChange, i: number) {
  const { trueProcessingRate } = metrics
  const from = job.parallelism[i]
  return {
    vertex: job.dag.operators[i].id,
    from,
    to: change.to,
    capacity: orNull(trueProcessingRate),
    expectedCapacity: orNull((trueProcessingRate / from) * change.to),
    targetDataRate: orNull(metrics.targetDataRate),
    scaleUpBelow: orNull(metrics.scaleUpThreshold),
    scaleDownAbove: orNull(metrics.scaleDownThreshold),
    because: change.because
  }
}

function remembered(
  nowMs: number,
  job: FlinkJob,
  memory: FlinkMemory,
  evaluated: readonly Evaluated[],
  changes: readonly VertexChange[]
): FlinkMemory {
  const history: Record<string, readonly Scaling[]> = { ...memory.history }
  for (let i = 0; i < changes.length; i++) {
    const from = job.parallelism[i]
    const { to } = changes[i]
    if (to === from) continue
    const { id } = job.dag.operators[i]
    const { trueProcessingRate } = evaluated[i]
    const expectedRate = orNull((trueProcessingRate / from) * to)
    const scaling = { atMs: nowMs, from, to, trueProcessingRate: orNull(trueProcessingRate), expectedRate }
    history[id] = [...(history[id] ?? []), scaling]
  }
  // Every rescale restarts the job, so what waits for less begins to wait again.
  return { ...memory, history, pending: {}, rescales: [...memory.rescales, { atMs: nowMs, restartMs: null }] }
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null
}

/**
 * Rates of a Flink job — from two snapshots of its counters, one after the other.
 *
 *   clock_i  = Δbusy_i + Δidle_i + Δbackpressured_i        the subtask's own elapsed time
 *   observed = n/k · Σ Δrecords_i / clock_i                 true = n · ΣΔrecords_i / ΣΔbusy_i        over the k of n subtasks measured
 *
 * The gauges `*PerSecond` are not used: they are means of a minute, and 0 or 1000 right after a rescale. No time but the task's own is
 * used either, so it does not matter how old an answer is. What did not run, began anew in between, or ran backwards is not measured;
 * with k < n the sums are scaled up and called `partial`. A true rate without records or without busy time is unknown, not infinite; of
 * an operator that feeds nobody it is known that nothing comes out.
 * Kalavri et al., Three steps is all you need (OSDI 2018) §3.2; Flink metrics as recorded from 2.3.0.
 */
import type { FlinkEdge, FlinkJob, FlinkSubtask, FlinkVertex } from '../net/index.ts'
import { vertexNames } from '../net/index.ts'
import type { Edge, Operator, Quality, Topology } from '../roles.ts'

export interface FlinkSnapshot {
  /** Our clock. */
  readonly atMs: number
  readonly job: FlinkJob
  /** By vertex id. A vertex that did not answer is not there. */
  readonly subtasks: ReadonlyMap<string, readonly FlinkSubtask[]>
  /** Of sources that say so, by vertex id. */
  readonly backlog?: ReadonlyMap<string, Backlog>
}

export interface Backlog {
  /** Records waiting; `NaN`: not measured. Absent: nobody can be asked. */
  readonly lag?: number
  readonly partitions?: number
}

export interface FlinkRates {
  readonly topology: Topology
  /** Of all operators together: the worst. */
  readonly quality: Quality
  readonly operators: Readonly<Record<string, Completeness>>
}

export interface Completeness {
  readonly quality: Quality
  /** Subtasks that were measured, of how many. */
  readonly measured: number
  readonly of: number
}

/** Counters are as old as the last fetch of Flink, at most; a task's time that ran ahead of ours by more is nonsense. */
const MOST_BEHIND_MS = 60_000

/** What the job did between two snapshots. */
export function flinkRates(before: FlinkSnapshot, after: FlinkSnapshot): FlinkRates {
  const { vertices, edges } = after.job
  const names = vertexNames(vertices)
  const wallMs = after.atMs - before.atMs
  const measured = vertices.map((vertex) => {
    const then = new Map((before.subtasks.get(vertex.id) ?? []).map((it) => [it.index, it]))
    const now = after.subtasks.get(vertex.id) ?? []
    return sumOf(
      now.map((it) => difference(then.get(it.index), it, wallMs)),
      vertex.parallelism
    )
  })
  const operators = vertices.map((vertex, v) =>
    operatorOf(vertex, names.get(vertex.id) ?? vertex.id, measured[v], edges, after.backlog?.get(vertex.id))
  )
  return {
    topology: { operators, edges: edgesOf(vertices, edges, names, measured) },
    quality: worst(measured.map(({ quality }) => quality)),
    operators: Object.fromEntries(
      measured.map(({ quality, k, n }, v) => [operators[v].id, { quality, measured: k, of: n }])
    )
  }
}

/** The shape of a job of which nothing was measured yet. */
export function unmeasuredTopology({ vertices, edges }: FlinkJob): Topology {
  const names = vertexNames(vertices)
  const none = { ...sumOf([], 0), quality: 'missing' as const }
  return {
    operators: vertices.map((vertex) =>
      operatorOf(vertex, names.get(vertex.id) ?? vertex.id, none, edges, undefined)
    ),
    edges: edgesOf(vertices, edges, names, [])
  }
}

type Difference =
  | { readonly quality: Exclude<Quality, 'ok' | 'late' | 'partial'> }
  | {
      readonly quality: 'ok'
      readonly clockMs: number
      readonly busyMs: number
      readonly blockedMs: number
      readonly recordsIn: number
      /** `NaN` where only this is not told. */
      readonly recordsOut: number
    }

/** What one subtask did. */
function difference(then: FlinkSubtask | undefined, now: FlinkSubtask, wallMs: number): Difference {
  if (now.invalid.length > 0) return { quality: 'invalid' }
  if (then === undefined || then.life !== now.life || now.status !== 'RUNNING') return { quality: 'missing' }
  // Flink has busy time as what is left of the elapsed time, and counts idle time when a wait is over: until then it is too high, and
  // falls again. The sum of the three is right all the time.
  const grownMs = now.busyMs - then.busyMs
  const busyMs = Math.max(0, grownMs)
  const idleMs = now.idleMs - then.idleMs
  const blockedMs = now.backpressuredMs - then.backpressuredMs
  const recordsIn = now.recordsIn - then.recordsIn
  const recordsOut = now.recordsOut - then.recordsOut
  const clockMs = grownMs + idleMs + blockedMs
  if (Number.isNaN(clockMs + recordsIn)) return { quality: 'missing' }
  // Counters that ran backwards belong to another attempt.
  if (Math.min(clockMs, idleMs, blockedMs, recordsIn) < 0 || recordsOut < 0) return { quality: 'missing' }
  if (clockMs === 0) return { quality: recordsIn === 0 ? 'stale' : 'invalid' }
  if (clockMs > wallMs + MOST_BEHIND_MS) return { quality: 'invalid' }
  const shares = { busyMs: Math.min(clockMs, busyMs), blockedMs: Math.min(clockMs, blockedMs) }
  return { quality: 'ok', clockMs, ...shares, recordsIn, recordsOut }
}

interface Sum {
  readonly quality: Quality
  readonly k: number
  readonly n: number
  readonly inPerSecond: number
  readonly outPerSecond: number
  readonly trueIn: number
  readonly trueOut: number
  readonly busy: number
  readonly blocked: number
}

function sumOf(differences: readonly Difference[], n: number): Sum {
  let [k, clock, busy, blocked, inputs, outputs, inRate, outRate] = [0, 0, 0, 0, 0, 0, 0, 0]
  for (const it of differences) {
    if (it.quality !== 'ok') continue
    k++
    clock += it.clockMs
    busy += it.busyMs
    blocked += it.blockedMs
    inputs += it.recordsIn
    outputs += it.recordsOut
    inRate += (1_000 * it.recordsIn) / it.clockMs
    outRate += (1_000 * it.recordsOut) / it.clockMs
  }
  const heard: Quality = k === 0 ? 'missing' : k < n ? 'partial' : 'ok'
  const faults = differences.map(({ quality }) => quality).filter((quality) => quality === 'invalid')
  const allStale =
    differences.length === n && n > 0 && differences.every(({ quality }) => quality === 'stale')
  return {
    quality: faults[0] ?? (allStale ? 'stale' : heard),
    k,
    n,
    inPerSecond: k === 0 ? NaN : (n / k) * inRate,
    outPerSecond: k === 0 ? NaN : (n / k) * outRate,
    trueIn: trueRate(inputs, busy, n),
    trueOut: trueRate(outputs, busy, n),
    busy: k === 0 ? NaN : busy / clock,
    blocked: k === 0 ? NaN : blocked / clock
  }
}

const trueRate = (records: number, busyMs: number, n: number) =>
  records > 0 && busyMs > 0 ? (n * 1_000 * records) / busyMs : NaN

function operatorOf(
  { id, parallelism, maxParallelism }: FlinkVertex,
  name: string,
  sum: Sum,
  edges: readonly FlinkEdge[],
  backlog: Backlog | undefined
): Operator {
  const inputs = edges.filter(({ to }) => to === id)
  const source = inputs.length === 0
  const silent = !(sum.trueOut >= 0) && sum.outPerSecond === 0 && !edges.some(({ from }) => from === id)
  // Sources of the old kind count only what they give out.
  const outOnly = source && !(sum.inPerSecond > 0) && sum.outPerSecond > 0
  return {
    id: name,
    parallelism,
    ...(source && { source }),
    trueProcessingRate: outOnly ? sum.trueOut : sum.trueIn,
    trueOutputRate: silent ? 0 : sum.trueOut,
    observedProcessingRate: outOnly ? sum.outPerSecond : sum.inPerSecond,
    observedOutputRate: sum.outPerSecond,
    busy: sum.busy,
    backpressured: sum.blocked,
    idle: Math.max(0, 1 - sum.busy - sum.blocked),
    ...(backlog?.lag !== undefined && { lag: backlog.lag }),
    ...(backlog?.partitions !== undefined && { partitions: backlog.partitions }),
    ...(Number.isFinite(maxParallelism) && { maxParallelism }),
    ...(!source && { keyed: inputs.some(({ ship }) => ship === 'HASH') })
  }
}

/**
 * Where records of one operator go several ways, the share that goes along an edge: what its target took in, of what it gave out. A target
 * with several inputs cannot be told apart; there the default, 1, stays.
 */
function edgesOf(
  vertices: readonly FlinkVertex[],
  edges: readonly FlinkEdge[],
  names: ReadonlyMap<string, string>,
  sums: readonly Sum[]
): Edge[] {
  const sumAt = new Map(vertices.map(({ id }, v) => [id, sums[v]]))
  return edges.map(({ from, to }) => {
    const splits = edges.filter((edge) => edge.from === from).length > 1
    const joins = edges.filter((edge) => edge.to === to).length > 1
    const ratio = (sumAt.get(to)?.inPerSecond ?? NaN) / (sumAt.get(from)?.outPerSecond ?? NaN)
    return {
      from: names.get(from) ?? from,
      to: names.get(to) ?? to,
      ...(splits && !joins && Number.isFinite(ratio) && { outputRatio: ratio })
    }
  })
}

const badness: readonly Quality[] = ['ok', 'late', 'partial', 'stale', 'missing', 'invalid']

/** The worst of several; `missing` where there are none. */
export function worst(qualities: readonly Quality[]): Quality {
  if (qualities.length === 0) return 'missing'
  return badness[Math.max(...qualities.map((quality) => badness.indexOf(quality)))]
}

/** What must be kept from one snapshot to the next. */
export interface FlinkMeter {
  /** Snapshots that the next one may be held against, oldest first. Empty: the next one only settles. */
  readonly history: readonly FlinkSnapshot[]
  readonly job: string
  /** By task: which life it was in. */
  readonly lives: ReadonlyMap<string, string>
  readonly atMs: number
}

/** Longer without asking, and the first answer may be from before. */
const LONGEST_PAUSE_MS = 60_000

/**
 * The next snapshot, held against the newest one that is at least `windowMs` old, or the oldest there is. The first answer about tasks
 * that began anew, or after a long pause, can be that of the attempt before: it is thrown away, and rates are there again with the third.
 * A snapshot in which no time has passed for the tasks is not kept.
 */
export function meter(
  memory: FlinkMeter | undefined,
  now: FlinkSnapshot,
  windowMs = 0
): { readonly memory: FlinkMeter; readonly rates?: FlinkRates } {
  const { atMs, job } = now
  const lives = livesOf(now)
  const last = { lives, atMs, job: job.id }
  const changed = memory === undefined || memory.job !== job.id || beganAnew(memory.lives, lives)
  if (changed || atMs - memory.atMs > LONGEST_PAUSE_MS) return { memory: { ...last, history: [] } }
  const from = memory.history.findLastIndex((it) => atMs - it.atMs >= windowMs)
  const history = memory.history.slice(Math.max(0, from))
  if (history.length === 0) return { memory: { ...last, history: [now] } }
  const rates = flinkRates(history[0], now)
  const moved = flinkRates(history[history.length - 1], now).quality !== 'stale'
  return { memory: { ...last, history: moved ? [...history, now] : history }, rates }
}

function livesOf({ subtasks }: FlinkSnapshot): Map<string, string> {
  const lives = [...subtasks].flatMap(([vertex, tasks]) =>
    tasks.map(({ index, life }) => [`${vertex}/${index}`, life] as const)
  )
  return new Map(lives)
}

/** A vertex that was not heard of this time is no reason. */
function beganAnew(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): boolean {
  for (const [task, life] of now) if (before.has(task) && before.get(task) !== life) return true
  return false
}

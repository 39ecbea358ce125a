/** The parts of one look at a Flink job: what happened, what its tasks counted, what its sources have before them, what it has and wants. */
import { PrescaleError } from '../base/index.ts'
import { type FlinkJob, type FlinkRest, type FlinkSubtask, type Server, vertexNames } from '../net/index.ts'
import type { Capacity, Metric, Reading, StartingUnits, Units } from '../roles.ts'
import { gaugeOf, positionsOf, sourceMetricIds } from './flink-lag.ts'
import type { Backlog, FlinkMeter, FlinkSnapshot } from './flink-rates.ts'
import { type RescaleMemory, rescaleMetrics } from './flink-rescales.ts'
import { type JobIdentity, type JobPhase, newExceptions } from './flink-state.ts'
import { arrivalRate, lagOf, type Measured, type OffsetReader, type Offsets } from './kafka-lag.ts'

export interface FlinkSourceOptions {
  readonly server: Server
  /** Id or name. */
  readonly job: string
  /** Between two looks; 5 s. */
  readonly stepMs?: number
  /** Flink fetches from its tasks when it is asked: so long it is given between the first question and the others; 300 ms. */
  readonly settleMs?: number
  /** Rates are means over this long; 10 s. Flink's busy times are some hundred milliseconds off at any moment. */
  readonly windowMs?: number
  /** Checkpoints, exceptions, restarts and slots are asked for this often; 15 s. */
  readonly historyMs?: number
  /** End offsets of the topics that the job reads: without them its true lag is not known. */
  readonly kafka?: Pick<OffsetReader, 'ends'> & Partial<Pick<OffsetReader, 'committed'>>
  /** The group that the job commits to: where it stands while it has read nothing of a partition since it began. */
  readonly group?: string
  readonly clock: () => number
  /** Waits until a moment, or less when aborted. */
  readonly sleepUntil: (atMs: number, abort: AbortSignal) => Promise<void>
}

/** What is kept from one look to the next. */
export interface FlinkMemory {
  phase: JobPhase | undefined
  /** The last complaint that was told. */
  trouble: string
  identity?: JobIdentity
  job?: FlinkJob
  meter?: FlinkMeter
  ends?: { readonly offsets: Offsets; readonly atMs: number }
  exceptionsUntilMs?: number
  restarts?: number
  historyAtMs?: number
  /** What the newest rescale took, by Flink's own history. */
  rescaleMs?: number
  rescales?: RescaleMemory
  /** Metrics that not every job has, and this one had: only of these it is said that they are missing. */
  had: Set<'lag' | 'pendingRecords'>
  /** When which upper bound was first seen. */
  asked: Record<string, { readonly units: number; readonly atMs: number; readonly told: boolean }>
  /** Metric ids of source vertices, and in how many looks they were used. */
  sources: Map<string, { readonly ids: readonly string[]; readonly looks: number }>
}

export function event(atMs: number, what: string, text: string): Reading {
  return { kind: 'event', atMs, what, text }
}

export const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

/** Asked for longer ago, and what does not run yet is not starting any more: there are no slots. */
const STARTING_MS = 60_000
/** What a rescale takes before one was seen: 1–3 s in place (measured on 2.3.0), and a wait for a checkpoint. */
const RESCALE_MS = 10_000

/** Checkpoints, restarts, exceptions: what is not there is left out. */
export async function history(
  rest: FlinkRest,
  memory: FlinkMemory,
  job: FlinkJob,
  abort: AbortSignal,
  { clock, historyMs = 15_000 }: FlinkSourceOptions
): Promise<Reading[]> {
  if (clock() - (memory.historyAtMs ?? -Infinity) < historyMs) return []
  memory.historyAtMs = clock()
  const [checkpoints, exceptions, numbers, cluster, rescales] = await Promise.all([
    optional(rest.checkpoints(job.id, abort)),
    optional(rest.exceptions(job.id, abort)),
    optional(rest.jobMetrics(job.id, ['numRestarts', 'numRescales'], abort)),
    optional(rest.overview(abort)),
    optional(rest.rescales(job.id, abort))
  ])
  const atMs = clock()
  const out: Reading[] = []
  const tell = (name: string, value: number | undefined) => {
    if (value !== undefined && value >= 0) {
      out.push({ kind: 'metric', name, atMs, metric: { value, quality: 'ok' } })
    }
  }
  tell('slots', cluster?.slots)
  tell('freeSlots', cluster?.freeSlots)
  tell('taskManagers', cluster?.taskManagers)
  tell('checkpointsFailed', checkpoints?.failed)
  tell('checkpointMs', checkpoints?.latest?.durationMs)
  tell('stateBytes', checkpoints?.latest?.stateBytes)
  // By the JobManager's own clock, so that ours does not matter.
  if (checkpoints?.latest !== undefined) tell('checkpointAgeMs', job.nowMs - checkpoints.latest.completedMs)
  const took = await rescaleMetrics(rescales ?? [], memory.rescales ?? { downMs: new Map() }, (rescale) =>
    optional(rest.rescaleDown(job.id, rescale, abort))
  )
  memory.rescales = took.memory
  memory.rescaleMs = took.told.rescaleMs ?? memory.rescaleMs
  for (const [name, value] of Object.entries(took.told)) tell(name, value)
  // Flink counts a rescale as a restart too.
  const restarts = (numbers?.get('numRestarts') ?? NaN) - (numbers?.get('numRescales') ?? 0)
  tell('restarts', restarts)
  if (memory.restarts !== undefined && restarts > memory.restarts) {
    out.push(
      event(atMs, 'job-restarted', `${job.name} was restarted: ${restarts} times since it was submitted`)
    )
  }
  if (!Number.isNaN(restarts)) memory.restarts = restarts
  for (const exception of newExceptions(exceptions ?? [], memory.exceptionsUntilMs)) {
    const where = exception.task === undefined ? '' : ` in ${exception.task}`
    out.push(event(atMs, 'job-exception', `${exception.name}${where}: ${exception.says}`))
    memory.exceptionsUntilMs = Math.max(memory.exceptionsUntilMs ?? 0, exception.atMs)
  }
  memory.exceptionsUntilMs ??= 0
  return out
}

/** An answer that other things do without; undefined where it cannot be had. */
async function optional<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof PrescaleError && error.code !== 'INTERRUPTED') return undefined
    throw error
  }
}

export async function snapshotOf(
  rest: FlinkRest,
  options: FlinkSourceOptions,
  memory: FlinkMemory,
  job: FlinkJob,
  abort: AbortSignal
): Promise<[FlinkSnapshot, Record<string, Metric>]> {
  const isSource = (id: string) => !job.edges.some(({ to }) => to === id)
  const [subtasks, sources] = await Promise.all([
    Promise.all(
      job.vertices.map(async ({ id }) => [id, await optional(rest.subtasks(job.id, id, abort))] as const)
    ),
    Promise.all(
      job.vertices
        .filter(({ id }) => isSource(id))
        .map(async ({ id }) => [id, await optional(sourceMetrics(rest, memory, job.id, id, abort))] as const)
    )
  ])
  const atMs = options.clock()
  const [backlog, extra] = await lags(options, memory, sources, atMs)
  const heard = subtasks.filter((it): it is [string, readonly FlinkSubtask[]] => it[1] !== undefined)
  return [{ atMs, job, subtasks: new Map(heard), backlog }, extra]
}

type SourceMetrics = ReadonlyMap<string, { readonly sum: number; readonly max: number }>

/**
 * Ids are listed again now and then, since partitions come and go, and at first at every look: positions are there only some seconds after
 * the tasks. When one of them is gone the answer is empty, and they are listed as well.
 */
async function sourceMetrics(
  rest: FlinkRest,
  memory: FlinkMemory,
  job: string,
  vertex: string,
  abort: AbortSignal
): Promise<SourceMetrics> {
  const { ids, looks } = memory.sources.get(vertex) ?? { ids: [], looks: 0 }
  const complete = ids.some((id) => id.endsWith('Offset')) || looks > LOOKS_AT_FIRST
  if (complete && looks % LOOKS_BETWEEN !== 0) {
    const answer = ids.length === 0 ? new Map() : await rest.metrics(job, vertex, ids, abort)
    if (answer.size >= ids.length) {
      memory.sources.set(vertex, { ids, looks: looks + 1 })
      return answer
    }
  }
  const { offsets, gauges } = sourceMetricIds(await rest.metricIds(job, vertex, abort))
  const listed = [...offsets, ...gauges]
  memory.sources.set(vertex, { ids: listed, looks: looks + 1 })
  return listed.length === 0 ? new Map() : rest.metrics(job, vertex, listed, abort)
}

const LOOKS_AT_FIRST = 10
const LOOKS_BETWEEN = 20

async function lags(
  { kafka, group }: FlinkSourceOptions,
  memory: FlinkMemory,
  sources: readonly (readonly [string, SourceMetrics | undefined])[],
  atMs: number
): Promise<[ReadonlyMap<string, Backlog>, Record<string, Metric>]> {
  const backlog = new Map<string, Backlog>()
  const extra: Record<string, Metric> = {}
  const pending = sum(sources.map(([, values]) => gaugeOf(values ?? new Map(), 'pendingRecords')))
  const emitLag = Math.max(
    ...sources.map(([, values]) => gaugeOf(values ?? new Map(), 'currentEmitEventTimeLag'))
  )
  if (!Number.isNaN(pending)) extra.pendingRecords = { value: pending, quality: 'ok' }
  if (!Number.isNaN(emitLag)) extra.eventTimeLagMs = { value: emitLag, quality: 'ok' }
  const positions = new Map(sources.map(([id, values]) => [id, positionsOf(values ?? new Map())]))
  const topics = [...new Set([...positions.values()].flatMap((of) => [...of.keys()]))]
  const ends = kafka === undefined || topics.length === 0 ? undefined : await optional(kafka.ends(topics))
  const gaps = [...positions.values()].some(
    (of) => ends !== undefined && lagOf(only(ends, of), of).quality !== 'ok'
  )
  const asking = gaps && group !== undefined ? kafka?.committed?.(group, topics) : undefined
  const committed = asking && (await optional(asking))
  let total: Measured | undefined
  for (const [id, of] of positions) {
    const partitions = [...of.values()].reduce((count, offsets) => count + offsets.length, 0)
    const its = only(ends ?? new Map(), of)
    const lag: Measured =
      its.size === 0 ? { value: NaN, quality: 'missing' } : lagOf(its, filled(of, its, committed))
    // A lower bound would look like little work: the operator says nothing then.
    const sure = lag.quality === 'ok' ? lag.value : NaN
    // Who was given no Kafka to ask tells no lag: that is no doubt, it is a job without this gauge.
    backlog.set(id, { ...(kafka && { lag: sure }), ...(partitions > 0 && { partitions }) })
    total = total === undefined ? lag : addedUp(total, lag)
  }
  if (kafka !== undefined && total !== undefined) extra.lag = total
  if (ends !== undefined) {
    const before = memory.ends
    if (before !== undefined) extra.load = arrivalRate(before.offsets, ends, atMs - before.atMs)
    memory.ends = { offsets: ends, atMs }
  }
  return [backlog, extra]
}

const only = (ends: Offsets, of: Offsets): Offsets => new Map([...ends].filter(([topic]) => of.has(topic)))

/** A partition that the tasks have not read of since they began stands where the group has committed. */
function filled(of: Offsets, ends: Offsets, committed: Offsets | undefined): Offsets {
  if (committed === undefined) return of
  const whole = [...ends].map(([topic, all]) => {
    const [own, kept] = [of.get(topic) ?? [], committed.get(topic) ?? []]
    return [topic, all.map((_, p) => (own[p] >= 0 ? own[p] : (kept[p] ?? NaN)))] as const
  })
  return new Map(whole)
}

function addedUp(a: Measured, b: Measured): Measured {
  return { value: a.value + b.value, quality: a.quality === 'ok' ? b.quality : a.quality }
}

export async function capacityOf(
  rest: FlinkRest,
  memory: FlinkMemory,
  job: FlinkJob,
  abort: AbortSignal,
  atMs: number
): Promise<Reading[]> {
  const names = vertexNames(job.vertices)
  const nameOf = (id: string) => names.get(id) ?? id
  const ready = Object.fromEntries(job.vertices.map(({ id, running }) => [nameOf(id), running]))
  const complete = job.vertices.every(({ running, parallelism }) => running === parallelism)
  const quality = complete ? 'ok' : 'partial'
  // Only the adaptive scheduler knows requirements.
  const bounds = await optional(rest.requirements(job.id, abort))
  if (bounds === undefined) return [{ kind: 'capacity', atMs, capacity: { ready }, quality }]
  const wanted: Units = Object.fromEntries(
    // Of what is not sized on its own nothing is told.
    job.vertices.flatMap(({ id }) => (bounds[id] === undefined ? [] : [[nameOf(id), bounds[id].upper]]))
  )
  const starting: StartingUnits[] = []
  const out: Reading[] = []
  for (const [resource, units] of Object.entries(wanted)) {
    const before = memory.asked[resource]
    const asked = before?.units === units ? before : { units, atMs, told: false }
    memory.asked[resource] = asked
    const more = units - (ready[resource] ?? NaN)
    if (!(more > 0)) continue
    if (atMs - asked.atMs < STARTING_MS) {
      // What is late is expected from one moment to the next.
      const readyAtMs = Math.max(atMs, asked.atMs + (memory.rescaleMs ?? RESCALE_MS))
      starting.push({ resource, units: more, readyAtMs, askedMs: asked.atMs })
    } else if (!asked.told && complete) {
      memory.asked[resource] = { ...asked, told: true }
      const text = `${resource} runs with ${ready[resource]} of ${units}: there are no more free slots`
      out.push(event(atMs, 'slots-short', text))
    }
  }
  const capacity: Capacity = { ready, wanted, ...(starting.length > 0 && { starting }) }
  return [{ kind: 'capacity', atMs, capacity, quality }, ...out]
}

/**
 * Flink — a running job as readings, again and again. Needs the REST API of Flink 1.18 or newer.
 *
 *   topology   operators with true and observed rates, busy and backpressured shares, lag
 *   capacity   ready = tasks that run · wanted = upper bounds asked for · starting = what is asked for and does not run yet
 *   metrics    throughput, busy, backpressured, lag or pendingRecords, load, restarts, checkpoints, slots
 *   events     states of the job, exceptions, restarts, another id or topology, a server that does not answer
 *
 * Of a job that does not run nothing is measured, and nothing is zero: capacity and topology are told as `missing`. Source metrics are
 * asked for apart from the others, because one name that is not there empties a whole answer of Flink.
 */
import { PrescaleError } from '../base/index.ts'
import { committersOf, type FlinkJob, type FlinkRest, findJob, flinkRest } from '../net/index.ts'
import type { Metric, Operator, Quality, Reading, Source } from '../roles.ts'
import {
  capacityOf,
  event,
  type FlinkMemory,
  type FlinkSourceOptions,
  history,
  snapshotOf,
  sum
} from './flink-parts.ts'
import { meter, unmeasuredTopology } from './flink-rates.ts'
import { identityChange, jobState } from './flink-state.ts'

export type { FlinkSourceOptions } from './flink-parts.ts'

export function flink(options: FlinkSourceOptions): Source {
  return { read: (abort) => read(options, abort) }
}

async function* read(options: FlinkSourceOptions, abort: AbortSignal): AsyncIterable<Reading> {
  const { server, clock, sleepUntil, stepMs = 5_000 } = options
  const rest = flinkRest(server)
  const memory: FlinkMemory = { phase: undefined, trouble: '', asked: {}, had: new Set(), sources: new Map() }
  while (!abort.aborted) {
    const atMs = clock()
    let readings: Reading[]
    try {
      readings = await look(rest, options, memory, abort)
      if (memory.trouble !== '') readings.unshift(event(atMs, 'source-back', `${rest.origin} answers again`))
      memory.trouble = ''
    } catch (error) {
      if (!(error instanceof PrescaleError)) throw error
      if (error.code === 'INTERRUPTED') return
      if (error.code === 'BAD_OPTION') throw error
      readings = unknown(memory, error, atMs)
    }
    yield* readings
    await sleepUntil(atMs + stepMs, abort)
  }
}

async function look(
  rest: FlinkRest,
  options: FlinkSourceOptions,
  memory: FlinkMemory,
  abort: AbortSignal
): Promise<Reading[]> {
  const { job: wanted, clock } = options
  const found = findJob(await rest.jobs(abort), wanted)
  const state = jobState(found, wanted)
  const out: Reading[] = []
  if (state.phase !== memory.phase) out.push(event(clock(), state.phase, state.text))
  memory.phase = state.phase
  if (found === undefined || found === 'several') return [...out, ...missing(memory, clock())]
  const job = sizable(await rest.job(found.id, abort))
  out.push(...identify(memory, job, clock()), ...(await history(rest, memory, job, abort, options)))
  if (state.phase !== 'job-running' || job.vertices.length === 0) return [...out, ...missing(memory, clock())]
  if ((options.settleMs ?? 300) > 0) await options.sleepUntil(clock() + (options.settleMs ?? 300), abort)
  const [snapshot, extra] = await snapshotOf(rest, options, memory, job, abort)
  const measured = meter(memory.meter, snapshot, options.windowMs ?? 10_000)
  memory.meter = measured.memory
  const { rates } = measured
  const { atMs } = snapshot
  const topology = rates?.topology ?? unmeasuredTopology(job)
  const quality = rates?.quality ?? 'missing'
  out.push({ kind: 'topology', atMs, topology, quality })
  const { operators } = topology
  const told: Record<string, Metric> = {
    throughput: { value: sum(operators.map((it) => (it.source ? it.observedProcessingRate! : 0))), quality },
    busy: { value: mean(operators.map(({ busy = NaN }) => busy)), quality },
    backpressured: { value: mean(operators.map(({ backpressured = NaN }) => backpressured)), quality },
    // Without the ends of its topics: what the job takes in, as long as nothing holds it back.
    ...(extra.load === undefined && options.kafka === undefined && { load: intake(operators, quality) }),
    // For policies that size each operator by its own gauge, such as the HPA.
    ...Object.fromEntries(operators.map(({ id, busy = NaN }) => [`busy.${id}`, { value: busy, quality }])),
    ...extra
  }
  for (const [name, metric] of Object.entries(told)) out.push({ kind: 'metric', name, atMs, metric })
  for (const name of ['lag', 'pendingRecords'] as const) if (told[name] !== undefined) memory.had.add(name)
  out.push(...(await capacityOf(rest, memory, job, abort, clock())))
  return out
}

/** Without committers of sinks: they do nothing but between two checkpoints, and are as many as their writers. */
function sizable(job: FlinkJob): FlinkJob {
  const committers = committersOf(job)
  if (committers.size === 0) return job
  return {
    ...job,
    vertices: job.vertices.filter(({ id }) => !committers.has(id)),
    edges: job.edges.filter(({ from, to }) => !committers.has(from) && !committers.has(to))
  }
}

/** A source that is held back says how much it can take, not how much there is. */
const HELD_BACK = 0.1

function intake(operators: readonly Operator[], quality: Quality): Metric {
  const sources = operators.filter(({ source }) => source)
  const heldBack = sources.some(({ backpressured = NaN }) => !(backpressured < HELD_BACK))
  const value = sum(sources.map(({ observedProcessingRate = NaN }) => observedProcessingRate))
  return heldBack ? { value: NaN, quality: 'missing' } : { value, quality }
}

const mean = (values: readonly number[]) => sum(values) / values.length

function identify(memory: FlinkMemory, job: FlinkJob, atMs: number): Reading[] {
  const shape = [
    ...job.vertices.map(({ id }) => id),
    ...job.edges.map(({ from, to }) => `${from}→${to}`)
  ].toSorted()
  const now = { id: job.id, shape: shape.join(' ') }
  // A job that is being set up has no vertices yet.
  if (job.vertices.length === 0) return []
  const change = identityChange(memory.identity, now)
  memory.identity = now
  memory.job = job
  if (change === undefined) return []
  memory.meter = undefined
  memory.asked = {}
  memory.restarts = undefined
  memory.rescaleMs = undefined
  memory.rescales = undefined
  memory.historyAtMs = undefined
  memory.had.clear()
  memory.sources.clear()
  return [event(atMs, change, `${job.name} is now ${job.id} with ${job.vertices.length} vertices`)]
}

/** The server did not answer, or not as Flink does. */
function unknown(memory: FlinkMemory, { code, message }: PrescaleError, atMs: number): Reading[] {
  const what = code === 'BAD_ANSWER' ? 'source-invalid' : 'source-unreachable'
  const told = memory.trouble === message ? [] : [event(atMs, what, message)]
  memory.trouble = message
  return [...told, ...missing(memory, atMs, code === 'BAD_ANSWER' ? 'invalid' : 'missing')]
}

/** Nothing is measured: said of what was there last, so that nobody goes on believing it. */
function missing(memory: FlinkMemory, atMs: number, quality: 'missing' | 'invalid' = 'missing'): Reading[] {
  memory.meter = undefined
  memory.ends = undefined
  const none: Metric = { value: NaN, quality }
  const names = ['throughput', 'busy', 'backpressured', 'load', ...memory.had]
  const told = (name: string): Reading => ({ kind: 'metric', name, atMs, metric: none })
  const { job } = memory
  if (job === undefined) return names.map(told)
  const topology = unmeasuredTopology(job)
  const metrics = [...names, ...topology.operators.map(({ id }) => `busy.${id}`)].map(told)
  const ready = Object.fromEntries(topology.operators.map(({ id }) => [id, NaN]))
  return [
    { kind: 'topology', atMs, topology, quality },
    { kind: 'capacity', atMs, capacity: { ready }, quality },
    ...metrics
  ]
}

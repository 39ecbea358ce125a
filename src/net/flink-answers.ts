/** Flink's answers read into ours, field by field. Pure; the routes and what they throw stand in flink.ts. */
import { PrescaleError } from '../base/index.ts'
import { countOf, type Shape, shapeOf } from './shape.ts'

export interface FlinkCluster {
  readonly taskManagers: number
  readonly slots: number
  readonly freeSlots: number
  readonly version: string
}

export interface FlinkJobLine {
  readonly id: string
  readonly name: string
  readonly state: string
  readonly startMs: number
}

export interface FlinkVertex {
  readonly id: string
  readonly name: string
  readonly parallelism: number
  /** Number of its key groups; `NaN` where it is not told. */
  readonly maxParallelism: number
  /** Tasks that run. */
  readonly running: number
}

export interface FlinkJob extends FlinkJobLine {
  readonly endMs: number
  /** The JobManager's clock. */
  readonly nowMs: number
  /** `Adaptive` where it can be rescaled in place; empty before Flink 2. */
  readonly scheduler: string
  readonly vertices: readonly FlinkVertex[]
  readonly edges: readonly FlinkEdge[]
}

export interface FlinkEdge {
  readonly from: string
  readonly to: string
  /** `FORWARD`, `HASH`, `REBALANCE`, … */
  readonly ship: string
}

/** Counters of one subtask since it was deployed. `NaN`: not measured. */
export interface FlinkSubtask {
  readonly index: number
  readonly status: string
  /** Another one is another life, with counters from zero. */
  readonly life: string
  readonly recordsIn: number
  readonly recordsOut: number
  readonly busyMs: number
  readonly idleMs: number
  readonly backpressuredMs: number
  /** Names of the counters that hold what no counter can be. */
  readonly invalid: readonly string[]
}

export interface FlinkCheckpoints {
  readonly completed: number
  readonly failed: number
  readonly restored: number
  readonly inProgress: number
  /** The newest one that is complete; absent: none yet. */
  readonly latest?: {
    readonly id: number
    readonly triggeredMs: number
    readonly completedMs: number
    readonly durationMs: number
    readonly stateBytes: number
  }
}

/** A change of parallelism that has ended. */
export interface FlinkRescale {
  readonly id: string
  readonly startMs: number
  readonly endMs: number
  /** `COMPLETED`, `FAILED`, `IGNORED`. */
  readonly state: string
  /** `UPDATE_REQUIREMENT`: somebody asked; `INITIAL_SCHEDULE`, `NEW_RESOURCE_AVAILABLE`, … */
  readonly cause: string
}

export interface FlinkException {
  readonly atMs: number
  /** Class name, without its package. */
  readonly name: string
  /** First line of what it says. */
  readonly says: string
  readonly task?: string
}

export interface FlinkBounds {
  readonly lower: number
  readonly upper: number
}

/** Bounds by vertex id. */
export type FlinkRequirements = Readonly<Record<string, FlinkBounds>>

export function overviewOf(it: Shape): FlinkCluster {
  return {
    taskManagers: it.number('taskmanagers'),
    slots: it.number('slots-total'),
    freeSlots: it.number('slots-available'),
    version: it.text('flink-version')
  }
}

export function jobsOf(it: Shape): FlinkJobLine[] {
  return it.list('jobs').map(lineOf)
}

function lineOf(it: Shape): FlinkJobLine {
  return {
    id: it.text('jid'),
    name: it.text('name'),
    state: it.text('state'),
    startMs: it.number('start-time')
  }
}

export function jobOf(it: Shape): FlinkJob {
  const vertices = it.list('vertices').map(vertexOf)
  const ids = new Set(vertices.map(({ id }) => id))
  const edges = it
    .object('plan')
    .list('nodes')
    .flatMap((node) =>
      (node.raw('inputs') === undefined ? [] : node.list('inputs')).map((input) => ({
        from: input.text('id'),
        to: node.text('id'),
        ship: String(input.raw('ship_strategy') ?? '')
      }))
    )
    .filter(({ from, to }) => ids.has(from) && ids.has(to))
  return {
    ...lineOf(it),
    endMs: it.maybe('end-time'),
    nowMs: it.maybe('now'),
    scheduler: String(it.raw('schedulerType') ?? ''),
    vertices,
    edges
  }
}

/** Before a job runs, parallelism may be -1. */
function vertexOf(it: Shape): FlinkVertex {
  const groups = it.maybe('maxParallelism')
  return {
    id: it.text('id'),
    name: it.text('name'),
    parallelism: Math.max(0, it.number('parallelism')),
    maxParallelism: groups > 0 ? groups : NaN,
    running: it.object('tasks').number('RUNNING')
  }
}

const counters = {
  recordsIn: 'read-records',
  recordsOut: 'write-records',
  busyMs: 'accumulated-busy-time',
  idleMs: 'accumulated-idle-time',
  backpressuredMs: 'accumulated-backpressured-time'
} as const

/** A counter whose `-complete` flag is false was not heard of yet: it stands at 0, which nobody measured. */
export function subtasksOf(it: Shape): FlinkSubtask[] {
  return it.list('subtasks').map((subtask) => {
    const metrics = subtask.optional('metrics')
    // Times have no flag of their own: where records were not heard of, they were not either.
    const silent = metrics === undefined || metrics.raw('read-records-complete') === false
    const invalid: string[] = []
    const count = (name: string): number => {
      if (silent || metrics.raw(`${name}-complete`) === false) return NaN
      const value = countOf(metrics.raw(name))
      if (value === undefined) invalid.push(name)
      return value ?? NaN
    }
    const { recordsIn, recordsOut, busyMs, idleMs, backpressuredMs } = counters
    return {
      index: subtask.number('subtask'),
      status: subtask.text('status'),
      life: `${subtask.maybe('start-time')}/${subtask.maybe('attempt')}`,
      recordsIn: count(recordsIn),
      recordsOut: count(recordsOut),
      busyMs: count(busyMs),
      idleMs: count(idleMs),
      backpressuredMs: count(backpressuredMs),
      invalid
    }
  })
}

export function checkpointsOf(it: Shape): FlinkCheckpoints {
  const counts = it.object('counts')
  const latest = it.optional('latest')?.optional('completed')
  return {
    completed: counts.number('completed'),
    failed: counts.number('failed'),
    restored: counts.number('restored'),
    inProgress: counts.number('in_progress'),
    ...(latest !== undefined && {
      latest: {
        id: latest.number('id'),
        triggeredMs: latest.number('trigger_timestamp'),
        completedMs: latest.number('latest_ack_timestamp'),
        durationMs: latest.number('end_to_end_duration'),
        stateBytes: latest.number('state_size')
      }
    })
  }
}

export function exceptionsOf(it: Shape): FlinkException[] {
  return it
    .object('exceptionHistory')
    .list('entries')
    .map((entry) => {
      const stack = String(entry.raw('stacktrace') ?? '')
      const task = entry.raw('taskName')
      return {
        atMs: entry.number('timestamp'),
        name: entry.text('exceptionName').replace(/^.*\./, ''),
        says: withoutClasses(stack.split('\n')[0]).slice(0, 300),
        ...(typeof task === 'string' && { task })
      }
    })
}

export function requirementsOf(it: Shape): FlinkRequirements {
  return Object.fromEntries(
    it.entries().map(([vertex, bounds]) => {
      const parallelism = bounds.object('parallelism')
      return [vertex, { lower: parallelism.number('lowerBound'), upper: parallelism.number('upperBound') }]
    })
  )
}

/** Newest first; those that have not ended are left out. */
export function rescalesOf(answer: unknown, where: string): FlinkRescale[] {
  return listOf(answer, where).flatMap((it) => {
    const [startMs, endMs] = [it.number('startTimestampInMillis'), it.maybe('endTimestampInMillis')]
    if (!(endMs >= startMs)) return []
    const [state, cause] = [String(it.raw('terminalState')), String(it.raw('triggerCause'))]
    return [{ id: String(it.raw('rescaleUuid') ?? ''), startMs, endMs, state, cause }]
  })
}

/**
 * How long nothing was processed: from the end of the execution before to the begin of the next, by the scheduler's own states. Starting
 * the tasks comes on top. `NaN` where the states do not say.
 */
export function downOf(it: Shape): number {
  const states = it.list('schedulerStates').map((state) => ({
    name: String(state.raw('state')),
    fromMs: state.maybe('enterTimestampInMillis')
  }))
  const down = states.findIndex(({ name }) => name === 'Restarting')
  const up = states.findIndex(({ name }, i) => i > down && name === 'Executing')
  return down < 0 || up < 0 ? NaN : states[up].fromMs - states[down].fromMs
}

/** `[{ id, value }]`, values as text; only ids where metrics are listed. */
export function valuesOf(answer: unknown, where: string): Map<string, number> {
  return new Map(listOf(answer, where).map((it) => [it.text('id'), countOf(it.raw('value')) ?? NaN]))
}

/** `[{ id, sum, max }]` */
export function sumsOf(answer: unknown, where: string): Map<string, { sum: number; max: number }> {
  return new Map(
    listOf(answer, where).map((it) => [it.text('id'), { sum: it.maybe('sum'), max: it.maybe('max') }])
  )
}

function listOf(answer: unknown, where: string): Shape[] {
  if (!Array.isArray(answer)) {
    throw new PrescaleError('BAD_ANSWER', `${where} answers JSON of another kind: it is not a list`)
  }
  return answer.map((item, i) => shapeOf(item, where, `[${i}]`))
}

/**
 * `{ errors: ['…RestHandlerException: MESSAGE\n\tat …'] }` → `MESSAGE`. The first entry may be a bare `Internal server error.`, with the
 * reason in the stack of the next.
 */
export function saysOf(body: unknown): string {
  const errors = typeof body === 'object' && body !== null && 'errors' in body ? body.errors : undefined
  if (!Array.isArray(errors)) return ''
  const texts = errors.filter((error) => typeof error === 'string' && error !== '')
  const [first = ''] = texts.filter((text) => text !== 'Internal server error.').concat(texts)
  const lines = String(first)
    .replace(/^<Exception on server side:\s*/, '')
    .split('\n')
  // The cause at the bottom says more than the wrapper at the top.
  const cause = lines.findLast((line) => line.startsWith('Caused by: '))
  return withoutClasses((cause ?? lines[0]).replace(/^Caused by: /, ''))
    .trim()
    .slice(0, 300)
}

/** `java.util.concurrent.CompletionException: org.apache.X: text` → `text`; a bare class name stays, without its package. */
function withoutClasses(line: string): string {
  const text = line.replace(/^(?:[\w$]+\.)+[\w$]+(?:: |$)/, '')
  if (text === '') return line.replace(/^.*\./, '')
  return text === line ? line : withoutClasses(text)
}

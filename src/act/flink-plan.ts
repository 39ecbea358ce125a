/**
 * What a command means for a Flink job: the complete map of bounds, whether it is there already, who else wrote, what was reached. Pure.
 *
 *   lower bound 1, always: with a higher one a job that loses a TaskManager waits for slots instead of running with fewer
 *   upper bound = what the command wants; of vertices it does not name, what it is now; of a sink's committer, that of its writer
 */
import type { FlinkJob, FlinkRequirements, FlinkVertex } from '../net/index.ts'
import { committersOf, vertexNames } from '../net/index.ts'
import type { Units } from '../roles.ts'
import type { ActuatorMemory } from './memory.ts'

export type Plan = { readonly wanted: FlinkRequirements } | { readonly refused: string }

/** `to` by the name of the operator, or by its vertex id. */
export function planOf(job: FlinkJob, now: FlinkRequirements, to: Units): Plan {
  const names = vertexNames(job.vertices)
  const uppers = new Map<string, number>()
  for (const [resource, units] of Object.entries(to)) {
    const vertex = job.vertices.find(({ id }) => id === resource || names.get(id) === resource)
    if (vertex === undefined) {
      const known = [...names.values()].join(', ')
      return { refused: `unknown-operator: ${resource} is not in ${job.name}, which has ${known}` }
    }
    if (!Number.isInteger(units) || units < 1) {
      return { refused: `bad-units: ${resource} must be a whole number, at least 1, was ${units}` }
    }
    if (units > vertex.maxParallelism) {
      return {
        refused: `bad-units: ${resource} must be at most its maximum parallelism, ${vertex.maxParallelism}, was ${units}`
      }
    }
    uppers.set(vertex.id, units)
  }
  const committers = committersOf(job)
  const wanted = job.vertices.map(({ id, parallelism }) => {
    const sized = committers.get(id) ?? id
    const upper = uppers.get(sized) ?? now[sized]?.upper ?? Math.max(1, parallelism)
    return [id, { lower: 1, upper }] as const
  })
  return { wanted: Object.fromEntries(wanted) }
}

export function isSame(a: FlinkRequirements, b: FlinkRequirements): boolean {
  const ids = Object.keys(a)
  return (
    ids.length === Object.keys(b).length &&
    ids.every((id) => a[id].lower === b[id]?.lower && a[id].upper === b[id]?.upper)
  )
}

/** Upper bounds by the names of operators. */
export function uppersOf(vertices: readonly FlinkVertex[], bounds: FlinkRequirements): Units {
  const names = vertexNames(vertices)
  return Object.fromEntries(Object.entries(bounds).map(([id, { upper }]) => [names.get(id) ?? id, upper]))
}

/**
 * Who else wrote: the first operator whose upper bound is neither what we wrote or sent last, nor what we want now. Only operators we
 * size; of another job than the one we wrote to, nothing is known.
 */
export function foreignWrite(
  memory: ActuatorMemory,
  job: FlinkJob,
  now: FlinkRequirements,
  wanted: FlinkRequirements,
  to: Units
): string | undefined {
  const written = memory.written?.id === job.id ? memory.written.units : undefined
  const sent = memory.sent?.id === job.id ? memory.sent : undefined
  const ours = [written, sent?.units, sent?.before].filter((it) => it !== undefined)
  const [last] = ours
  if (last === undefined) return undefined
  const current = uppersOf(job.vertices, now)
  const wants = uppersOf(job.vertices, wanted)
  const names = vertexNames(job.vertices)
  for (const resource of Object.keys(to)) {
    const name = names.get(resource) ?? resource
    const there = current[name]
    if (there === wants[name] || ours.some((units) => units[name] === there)) continue
    return `${name} is ${there}, we wrote ${last[name]} and want ${wants[name]}`
  }
  return undefined
}

export interface Reached {
  /** Tasks that run, by operator. Empty where the job does not run: then it is not known, which is not zero. */
  readonly reached: Units
  /** Asked for and not running. */
  readonly pending: Units
  readonly done: boolean
}

export function reachedOf(job: FlinkJob, wanted: FlinkRequirements): Reached {
  const names = vertexNames(job.vertices)
  const reached: Record<string, number> = {}
  const pending: Record<string, number> = {}
  let done = job.state === 'RUNNING' && job.vertices.length > 0
  for (const { id, running, parallelism } of job.vertices) {
    const name = names.get(id) ?? id
    const upper = wanted[id]?.upper ?? parallelism
    const there = job.state === 'RUNNING' ? running : 0
    if (job.state === 'RUNNING') reached[name] = running
    if (upper > there) pending[name] = upper - there
    done &&= running === parallelism && parallelism === upper
  }
  return { reached, pending, done }
}

/**
 * A policy that sizes its resources one by one, each with a memory of its own: their answers as one decision.
 *
 * The rule that is named is that of the last resource that changes, or of the first where none does.
 */
import type { Decided, Observation } from '../roles.ts'
import { hold, scale, wantedNow } from './answer.ts'

/** What becomes of one resource, and the numbers on the way. */
export interface Step<Memory> {
  readonly to: number
  readonly rule: string
  readonly memory: Memory
  readonly inputs: Readonly<Record<string, unknown>>
}

/** One resource as it is now. Names of limits that hold its answer back are added to `bound`. */
export interface Asked<Memory> {
  readonly resource: string
  /** There are others beside it: `cpu.map` goes before `cpu`. */
  readonly several: boolean
  /** Units wanted now. */
  readonly current: number
  /** Undefined when it is first seen. */
  readonly before: Memory | undefined
  readonly bound: string[]
}

type ByResource<Memory> = { readonly [resource: string]: Memory }

/** Asks `decideOne` for every resource that is wanted or ready; holds (`no-target`) where there is none. */
export function eachResource<Memory>(
  seen: Observation,
  memory: ByResource<Memory>,
  decideOne: (asked: Asked<Memory>) => Step<Memory>
): Decided<ByResource<Memory>> {
  const from = wantedNow(seen)
  const resources = Object.keys(from)
  if (resources.length === 0) return { decision: hold(from, 'no-target'), memory }
  const several = resources.length > 1
  const to: Record<string, number> = {}
  const after: Record<string, Memory> = {}
  const inputs: Record<string, unknown> = {}
  const bound: string[] = []
  let rule = ''
  for (const resource of resources) {
    const current = from[resource]
    const step = decideOne({ resource, several, current, before: memory[resource], bound })
    to[resource] = step.to
    after[resource] = step.memory
    inputs[resource] = step.inputs
    if (rule === '' || step.to !== current) rule = step.rule
  }
  return { decision: scale(from, to, rule, inputs, bound), memory: after }
}

/**
 * Turn — one pass of the loop for one target, from what is seen to what is commanded. Pure.
 *
 *   Observation → estimate → decide → Turn          command = decision, if it scales, may be given, and is not to take away what is not
 *                                                   known to be too much: nothing is reduced in the first minute after a start
 *
 * The Turn holds what was decided, whether or not it was commanded; why it was not stands in `receipt.refused`.
 */
import { MINUTE } from '../base/index.ts'
import type { Capacity, Command, Decision, Json, Observation, Policy, Turn, Units } from '../roles.ts'

export interface TurnInput {
  readonly policy: Policy
  readonly options: Readonly<Record<string, Json>>
  readonly target: string
  readonly seen: Observation
  readonly memory: Json
  readonly noForecast?: string
}

export function decideTurn({ policy, options, target, seen, memory, noForecast }: TurnInput): Turn {
  const { decision, memory: after } = policy.decide(seen, memory)
  return {
    target,
    atMs: seen.nowMs,
    policy: { name: policy.name, options },
    observation: seen,
    before: memory,
    decision,
    after,
    ...(noForecast !== undefined && { noForecast })
  }
}

/** How long after a start nothing is reduced: the history is too short to know what is too much. */
export const SETTLE_MS = MINUTE

export const OUTSTANDING = 'the last command is not concluded yet'

/** Why a decision must not become a command, from what the loop itself knows; `undefined`: it may. */
export function heldBack(
  { decision, observation }: Turn,
  { runningMs, outstanding }: { readonly runningMs: number; readonly outstanding: boolean }
): string | undefined {
  if (outstanding) return OUTSTANDING
  const odd = Object.entries(decision.to).find(([, units]) => !(Number.isSafeInteger(units) && units >= 0))
  if (odd !== undefined) return `${odd[1]} of ${odd[0]} is no number of units`
  const now = { ...observation.capacity.ready, ...observation.capacity.wanted }
  const unknown = Object.keys(decision.to).filter((resource) => !(now[resource] >= 0))
  if (unknown.length > 0) return `what there is of ${unknown.join(', ')} is not known`
  const fewer = Object.keys(decision.to).some((resource) => decision.to[resource] < now[resource])
  if (fewer && runningMs < SETTLE_MS) return 'nothing is reduced in the first minute after a start'
  return undefined
}

/** Whether there is anything to command: what is wanted is not what was decided. */
export function asksForChange({ decision, observation }: Turn): boolean {
  return (
    decision.kind === 'scale' &&
    !isSame(decision.to, observation.capacity.wanted ?? observation.capacity.ready)
  )
}

export function commandOf({ target, decision, placement }: Turn, epoch: number): Command {
  return { target, to: decision.to, ...(placement && { placement }), epoch }
}

/**
 * What became of a command whose end nobody recorded, from what the target said of itself since: what it wants tells at once; where it
 * only tells what is ready, that is given `patienceMs` to come. Undefined while nobody can know.
 */
export function recognised(
  command: Command,
  given: { readonly atMs: number; readonly patienceMs: number },
  said: { readonly capacity: Capacity; readonly atMs: number } | undefined
): 'carried-out' | 'not-carried-out' | undefined {
  if (said === undefined || !(said.atMs > given.atMs)) return undefined
  const { wanted, ready } = said.capacity
  const now = wanted ?? ready
  if (Object.keys(command.to).some((resource) => !(now[resource] >= 0))) return undefined
  if (isSame(command.to, now)) return 'carried-out'
  return wanted === undefined && said.atMs < given.atMs + given.patienceMs ? undefined : 'not-carried-out'
}

function isSame(to: Units, now: Units): boolean {
  return Object.keys(to).every((resource) => to[resource] === now[resource])
}

/** How often a Turn is kept when nothing is new. */
export const HEARTBEAT_MS = 5 * MINUTE

/** A Turn is news when it asks for a change, when its reason is another, or now and then. */
export function isNews(
  turn: Turn,
  last: { readonly rule: string; readonly atMs: number } | undefined
): boolean {
  return (
    last === undefined ||
    asksForChange(turn) ||
    ruleOf(turn.decision) !== last.rule ||
    turn.atMs - last.atMs >= HEARTBEAT_MS
  )
}

/** The rule that spoke, and who changed its answer. */
export function ruleOf({ why }: Decision): string {
  return [why.rule, ...why.changed.map(({ by }) => by)].join('+')
}

/** Stored Turns decided again: the same bytes, or something has changed that should not have. */
import type { Json, Policy, Turn } from '../../roles.ts'
import { pack } from '../../store/pack.ts'
import { policyOfTurn } from './turn-policy.ts'

export interface Replayed {
  readonly turns: number
  /** Turns that were decided otherwise this time, or whose policy cannot be made any more. */
  readonly different: readonly Different[]
}

export interface Different {
  readonly target: string
  readonly atMs: number
  readonly what: 'decision' | 'memory' | 'policy'
  readonly was: string
  readonly is: string
}

/** Decides each again with the policy, the observation and the memory it holds; nothing is written. */
export function replayTurns(turns: Iterable<Turn>): Replayed {
  const made = new Map<string, Policy>()
  const different: Different[] = []
  let count = 0
  for (const turn of turns) {
    count++
    const found = again(turn, made)
    if (found) different.push({ target: turn.target, atMs: turn.atMs, ...found })
  }
  return { turns: count, different }
}

function again(turn: Turn, made: Map<string, Policy>): Omit<Different, 'target' | 'atMs'> | undefined {
  const { policy, observation, before, decision, after } = turn
  let decided: { readonly decision: Turn['decision']; readonly memory: Json }
  try {
    decided = policyFor(policy, made).decide(observation, before)
  } catch (error) {
    return { what: 'policy', was: policy.name, is: error instanceof Error ? error.message : String(error) }
  }
  const pairs = [
    ['decision', decision, decided.decision],
    ['memory', after, decided.memory]
  ] as const
  for (const [what, was, is] of pairs) {
    const [before_, now] = [pack(was), pack(is)]
    if (before_ !== now) return { what, was: before_, is: now }
  }
  return undefined
}

function policyFor(policy: Turn['policy'], made: Map<string, Policy>): Policy {
  const key = pack(policy)
  const known = made.get(key)
  if (known) return known
  const { entry, options } = policyOfTurn(policy)
  const fresh = entry.make(options)
  made.set(key, fresh)
  return fresh
}

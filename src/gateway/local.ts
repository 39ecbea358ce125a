/**
 * Local capacity — what runs at the edge is sized at the edge while nobody else can.
 *
 *   cut off:          policy(load of this gateway, its own signal, its own units) at the policy's interval, from the units it has
 *   connected again:  holds for `steady`, then hands back: least units, once
 *
 * Before it hands back the cloud has had that long to take over; afterwards nobody pays twice for the same burst. Every decision is a Turn, as in
 * the loop, so `explain` works on it. Memory is plain JSON, changed in place.
 */
import { MINUTE, type Series, series } from '../base/index.ts'
import type { EdgeSignal, Json, Observation, Policy, Turn, Units } from '../roles.ts'
import type { GatewayMemory } from './gateway.ts'

export interface LocalSettings {
  /** Whose units these are: the target of the Turns. */
  readonly target: string
  readonly policy: Policy
  /** How the policy is written down in Turns. */
  readonly made?: Turn['policy']
  readonly fixed?: Partial<Observation>
  /** Units to begin with, and to hand back to. */
  readonly least: Units
  /** How long the uplink must have been there; a minute. */
  readonly steadyMs?: number
}

export type LocalMemory = {
  policy: Json
  units: Record<string, number>
  lastMs: number | null
  /** Since when the uplink is there, or is not. */
  connected: boolean
  sinceMs: number
  handedBack: boolean
}

export interface LocalCapacity {
  initial(nowMs: number): LocalMemory
  /** The uplink is there, or is not. */
  uplink(isConnected: boolean, nowMs: number, memory: LocalMemory): void
  /** A decision, where one is due. */
  turn(
    nowMs: number,
    gateway: GatewayMemory,
    stepMs: number,
    signal: EdgeSignal | undefined,
    memory: LocalMemory
  ): Turn | undefined
}

export function localCapacity(settings: LocalSettings): LocalCapacity {
  const { target, policy, least, steadyMs = MINUTE, fixed } = settings
  const made = settings.made ?? { name: policy.name, options: {} }
  return { initial, uplink, turn }

  function initial(nowMs: number): LocalMemory {
    return {
      policy: policy.initial(),
      units: { ...least },
      lastMs: null,
      connected: true,
      sinceMs: nowMs,
      handedBack: true
    }
  }

  function uplink(isConnected: boolean, nowMs: number, memory: LocalMemory): void {
    if (memory.connected === isConnected) return
    memory.connected = isConnected
    memory.sinceMs = nowMs
    if (!isConnected) memory.handedBack = false
  }

  function turn(
    nowMs: number,
    gateway: GatewayMemory,
    stepMs: number,
    signal: EdgeSignal | undefined,
    memory: LocalMemory
  ): Turn | undefined {
    if (memory.connected) {
      if (memory.handedBack || nowMs - memory.sinceMs < steadyMs) return undefined
      memory.handedBack = true
      return handBack(nowMs, memory)
    }
    if (memory.lastMs !== null && nowMs >= memory.lastMs && nowMs - memory.lastMs < policy.intervalMs) {
      return undefined
    }
    memory.lastMs = nowMs
    const observation: Observation = {
      ...fixed,
      nowMs,
      target,
      load: loadOf(gateway, stepMs),
      capacity: capacityOf(memory),
      // Its own: it need not prove anything to itself.
      ...(signal && { signals: [{ ...signal, receivedMs: nowMs, trust: 1 }] })
    }
    const before = memory.policy
    const { decision, memory: after } = policy.decide(observation, before)
    memory.policy = after
    Object.assign(memory.units, decision.to)
    return { target, atMs: nowMs, policy: made, observation, before, decision, after }
  }

  function handBack(nowMs: number, memory: LocalMemory): Turn {
    const observation: Observation = { ...fixed, nowMs, target, capacity: capacityOf(memory) }
    const isLess = Object.keys(least).some((name) => least[name] !== memory.units[name])
    const inputs = { connectedMs: nowMs - memory.sinceMs }
    Object.assign(memory.units, least)
    return {
      target,
      atMs: nowMs,
      policy: { name: 'handed-back', options: {} },
      observation,
      before: memory.policy,
      decision: {
        kind: isLess ? 'scale' : 'hold',
        to: { ...least },
        why: { rule: 'handed-back', inputs, bound: [], changed: [] }
      },
      after: memory.policy
    }
  }
}

function capacityOf({ units }: LocalMemory): Observation['capacity'] {
  return { ready: { ...units }, wanted: { ...units } }
}

/** What this gateway counted, as a load: steps that were not measured are unknown. */
function loadOf({ totals, totalsEndMs }: GatewayMemory, stepMs: number): Series {
  const values = Float64Array.from(totals, (total) => total ?? NaN)
  return series(stepMs, values, { startMs: totalsEndMs - values.length * stepMs, unit: 'messages/s' })
}

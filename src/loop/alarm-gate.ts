/**
 * Alarm gate — when an alarm may cause the next turn: at once, unless alarms caused several just now.
 *
 *   a token bucket of 4, one more every second; a turn that its alarm caused takes one                      Turner, New directions in
 *   opens = now   while there is a token,   else when there is one again                                    communications (1986)
 *
 * Ticks take no token: a storm of alarms delays no tick, and a tick delays no alarm. Memory is one number: when the bucket is full again.
 */
import { SECOND } from '../base/index.ts'

export interface AlarmGate {
  fullAtMs: number
}

const BURST = 4
const GAP_MS = SECOND

export const alarmGate = (): AlarmGate => ({ fullAtMs: Number.NEGATIVE_INFINITY })

/** When a turn may begin for an alarm that is there now; `nowMs` or later. */
export function opensAt({ fullAtMs }: AlarmGate, nowMs: number): number {
  // A clock that was set back makes nobody wait for longer than an empty bucket does.
  const full = Math.min(fullAtMs, nowMs + BURST * GAP_MS)
  return Math.max(nowMs, full - (BURST - 1) * GAP_MS)
}

/** A turn begins because of an alarm. */
export function passGate(gate: AlarmGate, nowMs: number): void {
  gate.fullAtMs = Math.min(Math.max(gate.fullAtMs, nowMs), nowMs + (BURST - 1) * GAP_MS) + GAP_MS
}

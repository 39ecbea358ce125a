/** The desk of a loop: one fusion for all its targets. A signal is judged once, however many targets it may warn. */
import type { EdgeSignal } from '../roles.ts'
import type { Fuse, FuseMemory, Taken } from './fuse.ts'
import type { Outcome } from './trust.ts'

export interface Desk {
  /** True when the loop of this target should look at once. */
  take(signal: EdgeSignal, receivedMs: number): boolean
  /** Those that count now, with the trust of their gateways. */
  current(nowMs: number): readonly EdgeSignal[]
  /** The load as measured, `NaN` where it was not: were the alarms right? */
  learn(nowMs: number, load: number): readonly { readonly gateway: string; readonly outcome: Outcome }[]
}

/** `refused` hears of every signal that was not accepted, once. */
export function signalDesk(
  fuse: Fuse,
  memory: FuseMemory,
  refused: (signal: EdgeSignal, because: string) => void = () => {}
): (target: string) => Desk {
  const judged = new WeakMap<EdgeSignal, Taken>()
  const judge = (signal: EdgeSignal, receivedMs: number): Taken => {
    const known = judged.get(signal)
    if (known !== undefined) return known
    const taken = fuse.take(signal, receivedMs, memory)
    judged.set(signal, taken)
    if (!taken.accepted) refused(signal, taken.because)
    return taken
  }
  return (target) => ({
    take: (signal, receivedMs) => {
      const taken = judge(signal, receivedMs)
      return taken.accepted && taken.wake && fuse.mayWarn(signal.gateway, target)
    },
    current: (nowMs) => fuse.signals(target, nowMs, memory),
    learn: (nowMs, load) => fuse.learn(target, nowMs, load, memory)
  })
}

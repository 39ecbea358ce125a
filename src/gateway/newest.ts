import type { EdgeSignal } from '../roles.ts'

/** The newest signal of each gateway: what it said before is not said any more, however many of its signals are shown. */
export function newest(signals: readonly EdgeSignal[] = []): readonly EdgeSignal[] {
  if (signals.length < 2) return signals
  const last = new Map<string, EdgeSignal>()
  for (const signal of signals) {
    const known = last.get(signal.gateway)
    if (known === undefined || signal.seq >= known.seq) last.set(signal.gateway, signal)
  }
  return [...last.values()]
}

/** What both policies wanted, in a ring: what would serve by now if one of them had always been in charge. */
import type { Observation, Units } from '../roles.ts'
import { usable } from './answer.ts'
import type { Sizing } from './sizing.ts'

export type Who = 'learned' | 'reference'

/** What both wanted from a moment on. `null`: an answer that does not count. */
export type Wanted = {
  readonly ms: number
  readonly learned: Amount | null
  readonly reference: Amount | null
}

export type Amount = {
  readonly serves: number
  readonly costs: number
  /** Of the resource that serves. */
  readonly units: number
}

/** No ring is longer: at one entry each 15 s, an hour and more of lead time. */
const MOST_WANTED = 300
export function leadOf({ service }: Observation, otherwise: number): number {
  const told = service?.leadTimeMs?.p50
  return usable(told) ? told : otherwise
}

export function amountOf({ serves, costs, resource }: Sizing, to: Units, seen: Observation): Amount | null {
  const units = to[resource ?? ''] ?? Object.values(to)[0] ?? NaN
  const amount = { serves: serves(to, seen), costs: costs(to, seen), units }
  return usable(amount.serves) && usable(amount.costs) && usable(units) ? amount : null
}

/** The ring with one entry more, and without those that no later load can be measured against. */
export function remembered(
  ring: readonly Wanted[],
  entry: Wanted,
  seen: Observation,
  { leadMs, intervalMs }: { readonly leadMs: number; readonly intervalMs: number }
): readonly Wanted[] {
  // A clock that ran backwards makes what was remembered worthless.
  const before = ring.filter(({ ms }) => ms < entry.ms)
  const backwards = before.length < ring.length && ring[ring.length - 1].ms > entry.ms
  const longMs = leadOf(seen, leadMs) + 4 * Math.max(intervalMs, seen.load?.stepMs ?? 0) + 60_000
  const from = entry.ms - longMs
  let first = Math.max(0, before.length + 1 - MOST_WANTED)
  while (first + 1 < before.length && before[first + 1].ms <= from) first++
  return backwards ? [entry] : [...before.slice(first), entry]
}

/** As it stands for one of them: what serves now, and what was last wanted. */
export interface Stand {
  readonly ready: Amount
  readonly wanted: Amount
}

/** `null` where the ring does not cover the lead time, or an answer in it does not count. */
export function standAt(ring: readonly Wanted[], who: Who, atMs: number, leadMs: number): Stand | null {
  let ready: Amount | null = null
  let wanted: Amount | null = null
  for (let i = ring.length - 1; i >= 0; i--) {
    const { ms, [who]: amount } = ring[i]
    if (ms > atMs) continue
    if (amount === null) return null
    wanted ??= amount
    ready =
      ready === null
        ? amount
        : {
            serves: Math.min(ready.serves, amount.serves),
            costs: Math.min(ready.costs, amount.costs),
            units: Math.min(ready.units, amount.units)
          }
    if (ms <= atMs - leadMs) return { ready, wanted }
  }
  return null
}

/** An answer that is no number is none: it is not remembered, and does not count. */
export function sound(to: Units): boolean {
  for (const resource in to) if (!usable(to[resource])) return false
  return true
}

/** What every policy promises, whoever wrote it: run over the table, and over guards around its policies. */
import { describe, expect, it } from 'vitest'
import { canonicalJson } from '../base/index.ts'
import type { Decision, Json, Observation, Policy, Units } from '../roles.ts'
import { wantedNow } from './answer.ts'
import { type FaultyWorld, faults, lived, type Step } from './faults.case.ts'

export interface PolicyCase {
  readonly name: string
  readonly make: () => Policy
  /** A baseline that keeps the faults of its original: it may believe what it should not. */
  readonly faithful?: boolean
  /** What it remembers is no history that a step down depends on: all it needs is in the observation. */
  readonly memoryless?: boolean
  /** Where it lives; a service and a stream job unless given. */
  readonly worlds?: readonly FaultyWorld[]
}

export function policyContract({
  name,
  make,
  faithful = false,
  memoryless = false,
  worlds = ['service', 'stream']
}: PolicyCase): void {
  describe(`${name} keeps the promises of a policy`, () => {
    const policy = make()
    const lives = new Map<string, Step<Json>[]>()
    const life = (world: FaultyWorld) => {
      const steps = lives.get(world) ?? lived(policy, world, 260)
      lives.set(world, steps)
      return steps
    }

    it('has a name and an interval, and makes itself known', () => {
      expect(policy.name).toBe(name)
      expect(policy.intervalMs).toBeGreaterThan(0)
    })

    it.each(worlds)('answers the same to the same, byte for byte, in the %s world', (world) => {
      const again = make()
      const answers = life(world).map(({ seen, before }) =>
        canonicalJson(again.decide(seen, before).decision)
      )
      expect(answers).toEqual(life(world).map(({ decision }) => canonicalJson(decision)))
    })

    it.each(worlds)('remembers in plain JSON only, in the %s world', (world) => {
      for (const { seen, before } of life(world).slice(0, 120)) {
        const restored = JSON.parse(JSON.stringify(before))
        expect(restored).toEqual(before)
        expect(canonicalJson(policy.decide(seen, restored))).toBe(canonicalJson(policy.decide(seen, before)))
      }
    })

    it.each(worlds)('edits neither what it sees nor what it remembers, in the %s world', (world) => {
      for (const { seen, before } of lived(policy, world, 60)) {
        const [seenAs, beforeAs] = [canonicalJson(seen), canonicalJson(before)]
        policy.decide(frozen(seen), frozen(before))
        expect([canonicalJson(seen), canonicalJson(before)]).toEqual([seenAs, beforeAs])
      }
    })

    it.each(worlds)('says where to and why, for the same resources every time, in the %s world', (world) => {
      const sized = Object.keys(life(world)[0].decision.to).sort().join()
      for (const { seen, decision } of life(world)) {
        expect(Object.keys(decision.to).sort().join()).toBe(sized)
        expect(flawsOf(seen, decision)).toEqual([])
      }
    })

    it.each(worlds)('keeps within the bounds it is given, in the %s world', (world) => {
      const outside = life(world).filter(({ seen, decision: { to } }) =>
        Object.keys(to).some((resource) => {
          const { min = 0, max = Infinity } = seen.bounds?.[resource] ?? {}
          return to[resource] < min || to[resource] > max
        })
      )
      expect(outside).toEqual([])
    })

    it('does not go down in its first decision when it depends on a history', () => {
      if (faithful || memoryless || policy.initial() === null) return
      for (const { seen } of worlds.flatMap(life)) {
        expect(fewerThan(wantedNow(seen), policy.decide(seen, policy.initial()).decision)).toEqual([])
      }
    })

    it.each(faults)('takes nothing away because something is unknown: $name', ({ inject }) => {
      for (const { seen, before, decision: sound } of worlds.flatMap((world) => life(world).slice(0, 90))) {
        const faulty = inject(seen)
        const { decision } = policy.decide(faulty, before)
        expect(flawsOf(faulty, decision)).toEqual([])
        if (faithful) continue
        // What it would have taken away anyway was not taken away because of the fault.
        const now = wantedNow(seen)
        const least = Object.fromEntries(
          Object.keys(now).map((name) => [name, Math.min(now[name], sound.to[name])])
        )
        expect(fewerThan(least, decision)).toEqual([])
      }
    })
  })
}

/** What a decision must not be, in words; empty when it is well formed. */
function flawsOf(seen: Observation, { kind, to, why }: Decision): string[] {
  const now = wantedNow(seen)
  const flaws: string[] = []
  const same = Object.keys(to).every((resource) => to[resource] === now[resource])
  if (kind !== (same ? 'hold' : 'scale')) flaws.push(`kind ${kind}`)
  for (const [resource, units] of Object.entries(to)) {
    if (!Number.isInteger(units) || units < 0 || units > 2_147_483_647)
      flaws.push(`${units} units of ${resource}`)
  }
  if (why.rule === '') flaws.push('no rule')
  if (new Set(why.bound).size !== why.bound.length) flaws.push(`bound ${why.bound}`)
  for (const [i, change] of why.changed.entries()) {
    const next = why.changed[i + 1]?.from ?? to
    if (canonicalJson(change.to) !== canonicalJson(next)) flaws.push(`chain broken at ${change.by}`)
  }
  return flaws
}

function fewerThan(least: Units, { to, why }: Decision): string[] {
  return Object.keys(to)
    .filter((resource) => to[resource] < least[resource])
    .map((resource) => `${to[resource]} of ${resource}, not ${least[resource]}: ${JSON.stringify(why)}`)
}

/** All the way down; typed arrays cannot be frozen and are compared instead. */
function frozen<T extends Observation | Json>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  for (const inner of Object.values(value)) frozen(inner)
  return Object.freeze(value)
}

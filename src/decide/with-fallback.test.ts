import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MINUTE } from '../base/index.ts'
import type { Metric, Observation, Policy, Units } from '../roles.ts'
import { withFallback } from './with-fallback.ts'

/** It wants that, whatever it sees. */
const wish = (to: Units): Policy<null> => ({
  name: 'wish',
  intervalMs: MINUTE,
  initial: () => null,
  decide: () => ({
    decision: { kind: 'scale', to, why: { rule: 'wish', inputs: {}, bound: [], changed: [] } },
    memory: null
  })
})

const known: Metric = { value: 0.5, quality: 'ok', ageMs: 0 }
const stale: Metric = { value: 0.5, quality: 'stale', ageMs: 400_000 }

/** One observation a minute; memory goes through JSON on the way. */
function played(policy: ReturnType<typeof withFallback<null>>, moments: readonly Partial<Observation>[]) {
  let memory = policy.initial()
  return moments.map((moment, i) => {
    const seen: Observation = {
      nowMs: i * MINUTE,
      capacity: { ready: { web: 4 }, wanted: { web: 4 } },
      metrics: { cpu: known },
      ...moment
    }
    const out = policy.decide(seen, memory)
    memory = JSON.parse(JSON.stringify(out.memory))
    return out.decision
  })
}
const good = {}
const bad = { metrics: { cpu: stale } }
const sizes = (decisions: readonly { readonly to: Units }[]) => decisions.map(({ to }) => to.web)
const three = { failureThreshold: 3, replicas: 9 }

describe('fallback', () => {
  it.each([
    { when: 'all is known', moments: [good, good, good, good, good], to: [4, 4, 4, 4, 4] },
    { when: 'unknown for a while', moments: [bad, bad, bad, good, bad], to: [4, 4, 4, 4, 4] },
    { when: 'unknown for long', moments: [good, bad, bad, bad, bad, bad], to: [4, 4, 4, 4, 9, 9] },
    { when: 'known again', moments: [bad, bad, bad, bad, good], to: [4, 4, 4, 9, 4] }
  ])('$when: $to', ({ moments, to }) => {
    expect(sizes(played(withFallback(wish({ web: 4 }), three), moments))).toEqual(to)
  })

  it('says for how long nothing was known, and what', () => {
    const [decision] = played(withFallback(wish({ web: 4 }), three), [bad, bad, bad, bad]).slice(-1)
    expect(decision).toMatchObject({ kind: 'scale', why: { bound: ['fallback'] } })
    expect(decision.why.changed).toEqual([
      {
        by: 'withFallback',
        from: { web: 4 },
        to: { web: 9 },
        because: 'nothing is known for 3m (metrics.cpu stale): at least 9'
      }
    ])
  })

  it('never takes away: what is there and what is wished are kept where they are more', () => {
    const sized = fc.record({ now: fc.integer({ min: 0, max: 40 }), wished: fc.integer({ min: 0, max: 40 }) })
    fc.assert(
      fc.property(sized, fc.integer({ min: 1, max: 40 }), ({ now, wished }, replicas) => {
        const policy = withFallback(wish({ web: wished }), { failureThreshold: 1, replicas })
        const moment = { ...bad, capacity: { ready: { web: now } } }
        const [, { to }] = played(policy, [moment, moment])
        expect(to.web).toBeGreaterThanOrEqual(wished)
        expect(to.web).toBe(now < replicas ? Math.max(wished, now, replicas) : wished)
      })
    )
  })

  it('remembers the size that was known before the source went away, and leaves alone what was never known', () => {
    const gone = { ...bad, capacity: { ready: { web: Number.NaN } } }
    const fallback = () => withFallback(wish({ web: 4 }), { failureThreshold: 1, replicas: 9 })
    expect(sizes(played(fallback(), [good, gone, gone]))).toEqual([4, 4, 9])
    expect(sizes(played(fallback(), [gone, gone, gone]))).toEqual([4, 4, 4])
  })

  it('a wish that is no number becomes the floor; a maximum that was given holds', () => {
    const policy = () => withFallback(wish({ web: Number.NaN }), { failureThreshold: 1, replicas: 9 })
    expect(sizes(played(policy(), [bad, bad]))[1]).toBe(9)
    const bounded = { ...bad, bounds: { web: { max: 6 } } }
    expect(sizes(played(policy(), [bounded, bounded]))[1]).toBe(6)
  })

  it('a job without traffic is no job of which nothing is known', () => {
    const idle = {
      topology: {
        operators: [
          { id: 'web', parallelism: 4, trueProcessingRate: Number.NaN, trueOutputRate: Number.NaN }
        ],
        edges: []
      }
    }
    const many = Array.from({ length: 30 }, () => idle)
    expect(new Set(sizes(played(withFallback(wish({ web: 4 }), three), many)))).toEqual(new Set([4]))
  })

  it('a clock that was set back counts anew', () => {
    const policy = withFallback(wish({ web: 4 }), three)
    const back = [bad, bad, { ...bad, nowMs: -60 * MINUTE }, { ...bad, nowMs: -59 * MINUTE }]
    expect(sizes(played(policy, back))).toEqual([4, 4, 4, 4])
  })

  it.each([
    [{ failureThreshold: 0, replicas: 3 }, /failureThreshold must be a whole number, at least 1, was 0/],
    [{ failureThreshold: 3, replicas: 1.5 }, /replicas must be a whole number, at least 1, was 1.5/]
  ])('refuses %o', (given, says) => {
    expect(() => withFallback(wish({}), given)).toThrow(says)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Policy, Units } from '../roles.ts'
import { withHold } from './with-hold.ts'
import { withTolerance } from './with-tolerance.ts'

/** It wants that, whatever it sees. */
const wish = (to: Units): Policy<null> => ({
  name: 'wish',
  intervalMs: 15_000,
  initial: () => null,
  decide: () => ({
    decision: { kind: 'scale', to, why: { rule: 'wish', inputs: {}, bound: [], changed: [] } },
    memory: null
  })
})
const seen = (ready: Units) => ({ nowMs: 0, capacity: { ready } })
const ask = <M>(policy: Policy<M>, now: Units) => policy.decide(seen(now), policy.initial()).decision

describe('tolerance', () => {
  it.each([
    { when: 'a tenth up', now: 10, wish: 11, to: 10 },
    { when: 'more than a tenth up', now: 10, wish: 12, to: 12 },
    { when: 'a fifth down', now: 10, wish: 8, to: 10 },
    { when: 'more than a fifth down', now: 10, wish: 7, to: 7 },
    { when: 'up from nothing', now: 0, wish: 1, to: 1 },
    { when: 'what is there is not known', now: Number.NaN, wish: 3, to: 3 }
  ])('$when: $now and $wish wished → $to', ({ now, wish: web, to }) => {
    const decision = ask(withTolerance(wish({ web }), { up: 0.1, down: 0.2 }), { web: now })
    expect(decision.to).toEqual({ web: to })
    expect(decision.why.bound).toEqual(web === to ? [] : ['tolerance'])
    if (web !== to) expect(decision.kind).toBe('hold')
  })

  it('of one resource says nothing of another', () => {
    const policy = withTolerance(wish({ map: 11, sink: 20 }), { up: 0.1 })
    expect(ask(policy, { map: 10, sink: 10 }).to).toEqual({ map: 10, sink: 20 })
  })

  it.each([-0.1, 1.1, Number.NaN])('refuses %d', (up) => {
    expect(() => withTolerance(wish({}), { up })).toThrow(/withTolerance.up must be a share, 0..1/)
  })
})

describe('hold', () => {
  it.each([
    { held: { down: true }, to: { map: 10, sink: 20 } },
    { held: { up: true }, to: { map: 5, sink: 10 } },
    { held: { up: true, down: true }, to: { map: 10, sink: 10 } },
    { held: { resources: ['map'] }, to: { map: 10, sink: 20 } },
    { held: {}, to: { map: 5, sink: 20 } }
  ])('$held gives $to', ({ held, to }) => {
    const policy = withHold(wish({ map: 5, sink: 20 }), { ...held, because: 'paused' })
    const decision = ask(policy, { map: 10, sink: 10 })
    expect(decision.to).toEqual(to)
    const isChanged = to.map !== 5 || to.sink !== 20
    expect(decision.why.changed.map(({ because }) => because)).toEqual(isChanged ? ['paused'] : [])
  })

  it('in both ways never changes anything that is known', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(50), (now, web) => {
        const policy = withHold(wish({ web }), { up: true, down: true, because: 'paused' })
        expect(ask(policy, { web: now }).to).toEqual({ web: now })
      })
    )
  })
})

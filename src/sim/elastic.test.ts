import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { meanWait, waitTail } from '../math/index.ts'
import { type ElasticAction, elastic, elasticConfig, unitsIn } from './elastic.ts'

const world = elastic({ initialUnits: 5 })
const { config } = world
/** Arrivals of a step at which `units` are used at this utilisation. */
const at = (units: number, utilisation = 1) => units * config.unitRate * 60 * utilisation

const anyAction = fc.constantFrom<ElasticAction>(-1, 0, 1)
const anyLife = fc.array(fc.tuple(anyAction, fc.double({ min: 0, max: at(25), noNaN: true })), {
  minLength: 1,
  maxLength: 80
})

describe('the elastic world', () => {
  it('lets a unit serve two minutes after it was asked for, and is paid for it at once', () => {
    let state = world.transition(world.initial(1), 1, at(3))
    expect([state.ready, unitsIn(state.starting), state.paid]).toEqual([5, 1, 6])
    state = world.transition(state, 0, at(3))
    expect([state.ready, unitsIn(state.starting)]).toEqual([6, 0])
  })

  it('takes what still starts before what serves, and what serves at once', () => {
    const asked = world.transition(world.initial(1), 1, at(3))
    expect(world.transition(asked, -1, at(3))).toMatchObject({ ready: 5, starting: 0, paid: 5 })
    expect(world.transition(world.initial(1), -1, at(3))).toMatchObject({ ready: 4, paid: 4 })
  })

  it('waits as Erlang says: M/M/c, not M/M/1', () => {
    const state = world.transition(world.initial(1), 0, at(5, 0.8))
    const rate = config.unitRate / config.serversPerUnit
    const servers = 5 * config.serversPerUnit
    const lambda = 5 * config.unitRate * 0.8
    expect(state.latencyMs).toBeCloseTo(1_000 * (1 / rate + meanWait(servers, rate, lambda)), 3)
    expect(state.missed / state.arrivals).toBeCloseTo(waitTail(servers, rate, lambda, 0.15), 6)
  })

  it.each([
    { when: 'in the zone', utilisation: 0.6, action: 0, reward: 1 - 0.5 },
    { when: 'idle', utilisation: 0.2, action: 0, reward: 1 - 0.5 - 0.5 },
    { when: 'hot but in time', utilisation: 0.82, action: 0, reward: 1 - 0.5 - 0.5 },
    { when: 'late', utilisation: 1.5, action: 0, reward: -5 - 0.5 - 0.5 },
    { when: 'changed', utilisation: 0.6, action: 1, reward: 1 - 0.6 - 0.2 }
  ] as const)('pays for a step that is $when', ({ utilisation, action, reward }) => {
    expect(world.transition(world.initial(1), action, at(5, utilisation)).reward).toBeCloseTo(reward, 9)
  })

  it('carries what it cannot serve and counts what finds no room', () => {
    const first = world.transition(world.initial(1), 0, at(6))
    // One unit-minute too much, room for half of one per unit.
    expect(first.backlog).toBeCloseTo(at(1), 6)
    expect(first.dropped).toBe(0)
    const second = world.transition(first, 0, at(9))
    expect(second.backlog).toBeCloseTo(5 * config.queueLimit, 6)
    expect(second.dropped).toBeCloseTo(at(4) - (5 * config.queueLimit - at(1)), 6)
    expect(second.late).toBe(true)
  })

  it('keeps its numbers: events are served, waiting or dropped, and units are within bounds', () => {
    fc.assert(
      fc.property(anyLife, (life) => {
        let state = world.initial(1)
        for (const [action, arrivals] of life) {
          const before = state.backlog
          state = world.transition(state, action, arrivals)
          expect(state.served + state.dropped + state.backlog).toBeCloseTo(before + arrivals, 5)
          const units = state.ready + unitsIn(state.starting)
          expect(state.ready).toBeGreaterThanOrEqual(1)
          expect(units).toBeLessThanOrEqual(config.maxUnits)
          expect(Number.isFinite(state.reward)).toBe(true)
        }
      })
    )
  })

  it('is never late with one unit more where it is in time without it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 19 }),
        fc.double({ min: 1, max: at(20), noNaN: true }),
        (units, n) => {
          const lateWith = (initialUnits: number) => {
            const small = elastic({ initialUnits })
            return small.transition(small.initial(1), 0, n).late
          }
          expect(lateWith(units + 1) && !lateWith(units)).toBe(false)
        }
      )
    )
  })

  it('has finitely many backlogs on a grid, never fewer events than without it', () => {
    const coarse = elastic({ initialUnits: 5, backlogGrid: 600 })
    const [fine, rough] = [world, coarse].map((w) => w.transition(w.initial(1), 0, at(5.3)))
    expect(rough.backlog % 600).toBe(0)
    expect(rough.backlog).toBeGreaterThanOrEqual(fine.backlog)
  })

  it('says what it costs and what it sees', () => {
    const seen = world.observe(world.transition(world.initial(1), 1, at(3)))
    expect(seen.capacity).toEqual({
      ready: { unit: 5 },
      starting: [{ resource: 'unit', units: 1, readyAtMs: 120_000 }],
      wanted: { unit: 6 }
    })
    expect(seen.metrics?.cpu.value).toBeCloseTo(0.6, 9)
    expect(world.observe(world.initial(1)).metrics?.cpu).toMatchObject({ quality: 'missing' })
  })

  it.each([
    [{ bootSteps: 0 }, 'bootSteps must be'],
    [{ initialUnits: 30 }, 'initialUnits must be'],
    [{ unitRate: -1 }, 'unitRate must be']
  ])('refuses %j', (bad, message) => {
    expect(() => elasticConfig(bad)).toThrow(message)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EdgeSignal } from '../roles.ts'
import { type EdgeMemory, type EdgeOptions, hear } from './edge-view.ts'

const now = 10_000_000
const options: EdgeOptions = { skewMs: 5_000, forgetMs: 3_600_000 }

function signal(change: Partial<EdgeSignal> = {}): EdgeSignal {
  return {
    gateway: 'north',
    seq: 7,
    sentMs: now - 1_000,
    predictedLoad: 400,
    burstAlarm: false,
    horizonMs: 60_000,
    confidence: 1,
    ...change
  }
}

const heard = (signals: readonly EdgeSignal[], before: EdgeMemory = [], atMs = now, more = {}) =>
  hear(signals, before, atMs, { ...options, ...more })

describe('what the edge says', () => {
  it('is the sum of the loads over gateways, and an alarm where one raised one', () => {
    const { view, used } = heard([
      signal(),
      signal({ gateway: 'south', predictedLoad: 50, burstAlarm: true })
    ])
    expect(view).toEqual({ predictedLoad: 450, burstAlarm: true })
    expect(used).toHaveLength(2)
  })

  it('is unknown where nobody says anything', () => {
    expect(heard([])).toEqual({ view: undefined, used: [], dead: [], refused: [], memory: [] })
  })

  it.each([
    { when: 'it is from the future', change: { sentMs: now + 5_001 }, because: 'from the future' },
    { when: 'it is older than twice its horizon', change: { sentMs: now - 120_001 }, because: 'stale' },
    {
      when: 'it names no horizon and is older than a minute',
      change: { sentMs: now - 60_001, horizonMs: 0 },
      because: 'stale'
    },
    { when: 'its load is no number', change: { predictedLoad: NaN }, because: 'its load is not known' },
    { when: 'its load is negative', change: { predictedLoad: -1 }, because: 'its load is not known' },
    { when: 'it has no time', change: { sentMs: NaN }, because: 'has no time or number' },
    { when: 'its gateway is not trusted', change: { trust: 0 }, because: 'its gateway is not trusted' }
  ])('does not count a signal when $when', ({ change, because }) => {
    const { view, refused, memory } = heard([signal(change)])
    expect(view).toBeUndefined()
    expect(refused).toEqual([{ gateway: 'north', seq: 7, because }])
    expect(memory).toEqual([])
  })

  it('counts one that is late but not too late, and one whose clock is a little ahead', () => {
    expect(heard([signal({ sentMs: now - 120_000, receivedMs: now })]).view).toBeDefined()
    expect(heard([signal({ sentMs: now + 5_000 })]).view).toBeDefined()
    expect(heard([signal({ sentMs: now - 20_001 })], [], now, { ttlMs: 20_000 }).view).toBeUndefined()
  })

  it('goes by the sequence, not by the order of arrival', () => {
    const { memory } = heard([signal({ seq: 8, predictedLoad: 500 })])
    const late = heard([signal({ seq: 7, sentMs: now - 9_000, predictedLoad: 100 })], memory)
    expect(late.view?.predictedLoad).toBe(500)
    expect(late.refused).toEqual([{ gateway: 'north', seq: 7, because: 'out of order' }])
    expect(late.memory).toEqual(memory)
  })

  it('hears a signal twice as once', () => {
    const once = heard([signal()])
    const twice = heard([signal(), signal({ predictedLoad: 9 })], once.memory)
    expect(twice.view).toEqual(once.view)
    expect(twice.memory).toEqual(once.memory)
    expect(twice.refused.map(({ because }) => because)).toEqual(['duplicate', 'duplicate'])
  })

  it('goes on with what was heard until its time is over; then the gateway is dead, and later forgotten', () => {
    const { memory } = heard([signal()])
    expect(heard([], memory, now + 119_000).view).toBeDefined()
    const dead = heard([], memory, now + 119_001)
    expect([dead.view, dead.dead, dead.used]).toEqual([undefined, ['north'], []])
    expect(heard([], memory, now + 119_000 + 3_600_001).memory).toEqual([])
  })

  it('believes a gateway whose numbers began again only when what it said before has run out', () => {
    const { memory } = heard([signal({ seq: 900 })])
    const soon = heard([signal({ seq: 0, sentMs: now + 10_000 })], memory, now + 10_000)
    expect(soon.refused[0].because).toBe('its numbers began again')
    const later = heard(
      [signal({ seq: 9, sentMs: now + 130_000, predictedLoad: 77 })],
      soon.memory,
      now + 130_000
    )
    expect(later.view?.predictedLoad).toBe(77)
  })

  const anySignal = fc.record({
    gateway: fc.constantFrom('a', 'b', '__proto__'),
    seq: fc.nat(20),
    sentMs: fc.integer({ min: now - 200_000, max: now + 20_000 }),
    predictedLoad: fc.constantFrom(0, 10, 200, NaN),
    burstAlarm: fc.boolean(),
    horizonMs: fc.constantFrom(0, 30_000, 60_000),
    confidence: fc.constant(1)
  })

  it('is the same however often the same signals come', () => {
    fc.assert(
      fc.property(fc.array(anySignal, { maxLength: 12 }), (signals) => {
        const once = heard(signals)
        const again = heard([...signals, ...signals], once.memory)
        expect(again.view).toEqual(once.view)
        expect(again.memory).toEqual(once.memory)
      })
    )
  })

  it('remembers plain JSON that does not grow with the signals', () => {
    fc.assert(
      fc.property(fc.array(anySignal, { maxLength: 40 }), (signals) => {
        const { memory } = heard(signals)
        expect(JSON.parse(JSON.stringify(memory))).toEqual(memory)
        expect(memory.length).toBeLessThanOrEqual(3)
      })
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, random } from '../base/index.ts'
import type { EdgeSignal } from '../roles.ts'
import { signalDesk } from './desk.ts'
import { type FuseMemory, fuse } from './fuse.ts'
import { signingKey, signSignal } from './sign.ts'

const MINUTE = 60_000
const key = signingKey('hmac-sha256', '1', '0123456789abcdef')
const stranger = signingKey('hmac-sha256', '1', 'another secret of the same length')
const options = { gateways: [{ id: 'g1', keys: [key], ttlMs: 2 * MINUTE }] }
const desk = fuse(options)

const signal = (seq: number, sentMs: number, more: Partial<EdgeSignal> = {}): EdgeSignal =>
  signSignal(
    {
      gateway: 'g1',
      seq,
      sentMs,
      predictedLoad: 100,
      burstAlarm: false,
      horizonMs: MINUTE,
      confidence: 0.5,
      ...more
    },
    key
  )

/** One after the other, each received when it says or 20 ms after it was sent. */
function take(signals: readonly (readonly [EdgeSignal, number?])[], memory: FuseMemory = desk.initial()) {
  const said = signals.map(([each, atMs = each.sentMs + 20]) => {
    const taken = desk.take(each, atMs, memory)
    return taken.accepted ? (taken.wake ? 'wake' : 'ok') : taken.because
  })
  return { said, memory }
}

describe('F8: signals twice, in the wrong order, replayed', () => {
  const [one, two, three] = [signal(1, 0), signal(2, 5_000), signal(3, 10_000)]

  it.each([
    ['in order', [[one], [two], [three]], ['ok', 'ok', 'ok']],
    ['twice', [[one], [one, 40], [two], [two, 5_050]], ['ok', 'duplicate', 'ok', 'duplicate']],
    ['reordered', [[two], [one, 5_100], [three]], ['ok', 'out of order', 'ok']],
    ['replayed after their window', [[one], [two], [one, 130_000]], ['ok', 'ok', 'replayed']],
    ['replayed within their window', [[one], [three], [two, 60_000]], ['ok', 'ok', 'out of order']],
    ['from the future', [[signal(9, 100_000), 50_000], [one]], ['from the future', 'ok']]
  ] as const)('%s', (_, signals, expected) => {
    expect(take(signals).said).toEqual(expected)
  })

  it('leave the same behind, whatever is repeated and replayed between them', () => {
    const sent = Array.from({ length: 20 }, (_, i) => signal(i, i * 5_000, { predictedLoad: 100 + i }))
    const plain = take(sent.map((each) => [each] as const)).memory
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(19), fc.nat(19)), { maxLength: 60 }), (again) => {
        const memory = desk.initial()
        sent.forEach((each, i) => {
          take([[each]], memory)
          for (const [when, which] of again) {
            // Only what was sent before can come again.
            if (when === i && which <= i) take([[sent[which], i * 5_000 + 900]], memory)
          }
        })
        const nowMs = 100_000
        expect(desk.signals('job', nowMs, memory)).toEqual(desk.signals('job', nowMs, plain))
        expect(memory.gateways.g1.accepted).toBe(20)
      })
    )
  })
})

describe('what silence is worth', () => {
  const pair = fuse({
    gateways: ['g1', 'g2'].map((id) => ({ id, ttlMs: 2 * MINUTE, prior: { hits: 8, misses: 1 } })),
    signed: false
  })
  const said = (gateway: string, sentMs: number): EdgeSignal => ({ ...signal(1, sentMs), gateway })
  const heardAt = (nowMs: number, memory: FuseMemory) =>
    pair.signals('job', nowMs, memory).map(({ heard }) => heard)

  it('is nothing while one of those that may warn is dead, or was never heard', () => {
    const memory = pair.initial()
    pair.take(said('g1', 0), 0, memory)
    expect(heardAt(1_000, memory)).toEqual([0])
    pair.take(said('g2', 60_000), 60_000, memory)
    const [one = NaN, two] = heardAt(61_000, memory)
    expect([one > 0.7, one < 0.9, two]).toEqual([true, true, one])
    expect(heardAt(150_000, memory)).toEqual([0])
  })

  it('falls with bursts that nobody announced, which takes no trust from alarms', () => {
    const memory = pair.initial()
    for (const gateway of ['g1', 'g2']) pair.take(said(gateway, 0), 0, memory)
    const before = pair.signals('job', 1_000, memory)
    for (const [nowMs, load] of [
      [1_000, 100],
      [2_000, 400],
      [3_000, 100]
    ])
      pair.learn('job', nowMs, load, memory)
    const after = pair.signals('job', 4_000, memory)
    expect(after[0].heard).toBeLessThan(before[0].heard ?? NaN)
    expect(after.map(({ trust }) => trust)).toEqual(before.map(({ trust }) => trust))
  })
})

describe('an alarm that claims to look a day ahead', () => {
  it('counts for a quarter of an hour, and as a miss when nothing has come by then', () => {
    const { memory } = take([[signal(1, 0, { burstAlarm: true, horizonMs: 24 * 60 * MINUTE })]])
    expect(desk.signals('job', 1_000, memory)[0].horizonMs).toBe(15 * MINUTE)
    desk.take(signal(2, MINUTE, { burstAlarm: true, horizonMs: 24 * 60 * MINUTE }), MINUTE, memory)
    desk.learn('job', 2 * MINUTE, 100, memory)
    const outcomes = desk.learn('job', 17 * MINUTE, 100, memory)
    expect(outcomes).toEqual([{ gateway: 'g1', outcome: 'miss' }])
  })
})

describe('F9: signals of somebody else', () => {
  const alarm = { burstAlarm: true, predictedLoad: 1e12 }

  it.each([
    ['unknown gateway', { ...signal(1, 0), gateway: 'g2' }],
    ['forged', { ...signal(1, 0), predictedLoad: 1e12 }],
    ['forged', signSignal({ ...signal(1, 0), ...alarm }, stranger)],
    ['unsigned', { ...signal(1, 0), sig: undefined }]
  ])('are refused: %s', (because, forged) => {
    const { said, memory } = take([[forged], [signal(1, 30)]])
    expect(said).toEqual([because, 'ok'])
    expect(desk.signals('job', 100, memory)).toHaveLength(1)
  })

  it('do not move what is known of the true one: neither its sequence nor its clock', () => {
    const before = take([[signal(1, 0)]]).memory
    const after = structuredClone(before)
    for (let seq = 2; seq < 50; seq++) {
      desk.take(signSignal({ ...signal(seq, 900, alarm), seq: 10 ** 15 + seq }, stranger), 1_000, after)
    }
    expect(after.gateways.g1).toEqual({
      ...before.gateways.g1,
      refused: { forged: 48 },
      second: { startMs: 20, looked: 49, accepted: 1 }
    })
    expect(take([[signal(2, 5_000)]], after).said).toEqual(['ok'])
  })

  it('cost a bounded number of signatures a second, and the next second is a new one', () => {
    const memory = desk.initial()
    const forged = signSignal({ ...signal(5, 0), ...alarm }, stranger)
    for (let i = 0; i < 10_000; i++) desk.take({ ...forged, seq: i + 5 }, 10 + i / 100, memory)
    expect(memory.gateways.g1.refused).toEqual({ forged: 2_000, 'too many': 8_000 })
    expect(take([[signal(6, 1_500)]], memory).said).toEqual(['ok'])
  })

  it('of a gateway that talks without end are dropped and counted', () => {
    const memory = desk.initial()
    for (let i = 0; i < 150; i++) desk.take(signal(i, i), i, memory)
    expect(memory.gateways.g1).toMatchObject({ accepted: 100, refused: { 'too many': 50 } })
  })

  it('may be believed unsigned only where that was said', () => {
    const open = fuse({ gateways: [{ id: 'g1', ttlMs: MINUTE }], signed: false })
    const { sig: _, keyId: __, ...plain } = signal(1, 0)
    expect(open.take(plain, 10, open.initial())).toEqual({ accepted: true, wake: false })
  })
})

describe('clocks that differ', () => {
  it.each([-25_000, -3_000, 0, 3_000, 25_000])('by %i ms are told apart from a long way', (ahead) => {
    const memory = desk.initial()
    const rng = random(1, 'delays')
    for (let i = 0; i < 40; i++) {
      const sentMs = i * 5_000
      desk.take(signal(i + 1, sentMs + ahead), sentMs + 20 + 400 * rng.exponential(), memory)
    }
    // One that took 50 s: its age is that, within what the fastest took.
    desk.take(signal(100, 200_000 + ahead), 250_000, memory)
    const [last] = desk.signals('job', 250_000, memory)
    expect(250_000 - last.sentMs).toBeGreaterThan(49_400)
    expect(250_000 - last.sentMs).toBeLessThan(50_000)
  })

  it('by more than is allowed are refused, not corrected', () => {
    expect(take([[signal(1, 300_000), 0]]).said).toEqual(['from the future'])
    expect(take([[signal(1, 0), 300_000]]).said).toEqual(['replayed'])
  })

  it('do not make an old signal young: what waited through a cut is as old as it is, but for the skew that is allowed', () => {
    const memory = desk.initial()
    expect(take([[signal(1, 0), 100_000]], memory).said).toEqual(['ok'])
    expect(desk.signals('job', 100_000, memory)).toHaveLength(1)
    expect(desk.signals('job', 151_000, memory)).toEqual([])
  })
})

describe('what an Observation may hold', () => {
  it('is one signal a gateway, with trust, without signature, until its time is over', () => {
    const { memory } = take([[signal(1, 0)], [signal(2, 5_000, { predictedLoad: 300 })]])
    const [held, ...others] = desk.signals('job', 6_000, memory)
    expect(others).toEqual([])
    expect(held).toMatchObject({ seq: 2, predictedLoad: 300, receivedMs: 5_020 })
    expect(held.trust).toBeCloseTo(0.5 - Math.sqrt(1 / 12))
    expect([held.sig, held.keyId]).toEqual([undefined, undefined])
    expect(desk.signals('job', 5_020 + 2 * MINUTE, memory)).toHaveLength(1)
    expect(desk.signals('job', 5_021 + 2 * MINUTE, memory)).toEqual([])
  })

  it('is only what its target may hear', () => {
    const narrow = fuse({ gateways: [{ id: 'g1', keys: [key], ttlMs: MINUTE, targets: ['a'] }] })
    const memory = narrow.initial()
    narrow.take(signal(1, 0), 10, memory)
    expect(narrow.signals('a', 20, memory)).toHaveLength(1)
    expect(narrow.signals('b', 20, memory)).toEqual([])
  })

  it('is trusted by target, as far as its alarms were right there', () => {
    const memory = desk.initial()
    desk.learn('calm', 0, 100, memory)
    desk.learn('busy', 0, 100, memory)
    for (let i = 1; i <= 30; i++) {
      const nowMs = i * 10 * MINUTE
      desk.take(signal(i, nowMs, { burstAlarm: true }), nowMs + 20, memory)
      for (const minute of [0.5, 3, 5, 7]) {
        desk.learn('calm', nowMs + minute * MINUTE, 100, memory)
        desk.learn('busy', nowMs + minute * MINUTE, minute < 1 ? 400 : 100, memory)
      }
    }
    expect(desk.trust('g1', 'busy', memory)?.lower).toBeGreaterThan(0.85)
    expect(desk.trust('g1', 'calm', memory)?.lower).toBeLessThan(0.1)
  })
})

describe('an alarm', () => {
  const on = { burstAlarm: true }
  it('wakes the loop when it is new, not while it lasts, and again after it ended or its gateway fell silent', () => {
    const signals = [
      signal(1, 0),
      signal(2, 5_000, on),
      signal(3, 10_000, on),
      signal(4, 15_000),
      signal(5, 20_000, on),
      signal(6, 20_000 + 5 * MINUTE, on)
    ]
    expect(take(signals.map((each) => [each] as const)).said).toEqual([
      'ok',
      'wake',
      'ok',
      'ok',
      'wake',
      'wake'
    ])
  })

  it('wakes every loop that it may warn, judged once', () => {
    const refused: string[] = []
    const memory = desk.initial()
    const at = signalDesk(desk, memory, (_, because) => refused.push(because))
    const [a, b] = [at('a'), at('b')]
    const alarm = signal(1, 0, on)
    expect([a.take(alarm, 10), b.take(alarm, 10)]).toEqual([true, true])
    const again = signal(1, 0, on)
    expect([a.take(again, 20), b.take(again, 20)]).toEqual([false, false])
    expect(refused).toEqual(['duplicate'])
    expect(a.current(30)).toEqual(b.current(30))
  })
})

it('memory is plain JSON, and goes on from it', () => {
  const { memory } = take([[signal(1, 0)], [signal(2, 5_000, { burstAlarm: true })]])
  const restored: FuseMemory = JSON.parse(JSON.stringify(memory))
  expect(canonicalJson(restored)).toBe(canonicalJson(memory))
  expect(take([[signal(2, 5_000), 6_000]], restored).said).toEqual(['duplicate'])
})

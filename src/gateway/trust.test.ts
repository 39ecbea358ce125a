import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { trustLearner } from './trust.ts'

const MINUTE = 60_000
const learner = trustLearner()

/** A minute a step: `!` an alarm at its end, digits the load (in usual ones), `?` not measured. */
function lived(text: string, memory = learner.initial()) {
  const outcomes: string[] = []
  let nowMs = 0
  for (const sign of text) {
    if (sign === '!') learner.alarm(nowMs, MINUTE, memory)
    else {
      nowMs += MINUTE
      outcomes.push(...learner.load(nowMs, sign === '?' ? NaN : 100 * Number(sign), memory))
    }
  }
  return { outcomes, memory, ...learner.of(memory) }
}

describe('trust in a gateway', () => {
  it.each([
    ['a burst after an alarm', '111!411', ['hit']],
    ['nothing after an alarm', '111!1111', ['miss']],
    ['a burst without an alarm', '111411', ['unannounced']],
    ['a burst after the horizon is over', '111!11411', ['miss', 'unannounced']],
    ['an alarm that is repeated', '111!!!4!111', ['hit']],
    ['an alarm in the middle of a burst', '1114!411111', ['unannounced']],
    ['no load measured after an alarm', '111!????1', []],
    ['a burst that was measured late', '111!?4', ['unannounced']],
    ['two bursts, one announced', '111!411111411', ['hit', 'unannounced']]
  ])('counts %s', (_, text, outcomes) => {
    expect(lived(text).outcomes).toEqual(outcomes)
  })

  it('is a Beta posterior: prior 1 and 1, then hits and misses', () => {
    expect(lived('1')).toMatchObject({ mean: 0.5, sd: Math.sqrt(1 / 12) })
    const forget = trustLearner({ forget: 1 })
    const memory = forget.initial()
    memory.hits = 3
    memory.misses = 1
    expect(forget.of(memory).mean).toBeCloseTo(4 / 6)
    expect(forget.of(memory).sd).toBeCloseTo(Math.sqrt((4 * 2) / (36 * 7)))
  })

  it('rises with hits and falls with false alarms, and the lower bound is below the mean', () => {
    const good = lived('111!4111111'.repeat(20))
    const bad = lived('111!1111111'.repeat(20))
    expect(good.lower).toBeGreaterThan(0.85)
    expect(bad.mean).toBeLessThan(0.1)
    expect(bad.lower).toBeLessThan(bad.mean)
  })

  it('is gone some thirty false alarms after a gateway went wild, however long it was right', () => {
    const { memory, lower } = lived('111!4111111'.repeat(300))
    expect(lower).toBeGreaterThan(0.9)
    const wild = lived('111!1111111'.repeat(40), { ...memory, loadMs: null, usual: 100 })
    expect(wild.lower).toBeLessThan(0.3)
  })

  it('knows how much silence is worth', () => {
    expect(lived('111!4111111'.repeat(20)).heard).toBeGreaterThan(0.85)
    expect(lived('111411111'.repeat(20)).heard).toBeLessThan(0.15)
  })

  it('takes a load that stays high for the new usual, so that it is not a burst for ever', () => {
    const { outcomes } = lived(`111${'4'.repeat(600)}${'1'.repeat(60)}!4`)
    expect(outcomes[0]).toBe('unannounced')
    expect(outcomes).toContain('hit')
  })

  it('stays between 0 and 1, in memory of the same size, whatever comes', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('alarm' as const), horizon: fc.integer({ min: 0, max: 300_000 }) }),
      fc.record({
        kind: fc.constant('load' as const),
        load: fc.oneof(fc.double(), fc.constantFrom(NaN, -1, Infinity, 1e300, 0))
      })
    )
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: -60_000, max: 120_000 }), step), { maxLength: 80 }),
        (steps) => {
          const memory = learner.initial()
          let nowMs = 0
          for (const [waitMs, what] of steps) {
            nowMs += waitMs
            if (what.kind === 'alarm') learner.alarm(nowMs, what.horizon, memory)
            else learner.load(nowMs, what.load, memory)
            const { mean, lower, heard } = learner.of(memory)
            for (const share of [mean, lower, heard]) {
              expect(share).toBeGreaterThanOrEqual(0)
              expect(share).toBeLessThanOrEqual(1)
            }
          }
          expect(JSON.parse(JSON.stringify(memory))).toEqual(memory)
          expect(JSON.stringify(memory).length).toBeLessThan(400)
        }
      )
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { random } from '../base/index.ts'
import { type BurstMethod, burstPredictors } from './burst/index.ts'
import { earlyCount, NEVER } from './early.ts'

const step = 5_000
const names = Object.keys(burstPredictors) as BurstMethod[]

describe.each(names)('the count that fires %s', (name) => {
  const predictor = burstPredictors[name].make({ step })
  /** A street of 60 messages a step, then some louder ones. */
  const lived = (louder: readonly number[], seed: number) => {
    const rng = random(seed, 'street')
    const memory = predictor.initial()
    for (let i = 0; i < 60; i++) predictor.update(rng.poisson(60) / 5, memory as never)
    for (const n of louder) predictor.update(n / 5, memory as never)
    return memory
  }
  const fires = (n: number, memory: ReturnType<typeof lived>) =>
    predictor.update((n * 1_000) / step, structuredClone(memory) as never).burstAlarm

  it('is the first that does, as found by trying all', () => {
    let found = 0
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 40, max: 200 }), { maxLength: 2 }),
        fc.nat(50),
        (louder, seed) => {
          const memory = lived(louder, seed)
          const early = earlyCount(predictor, memory as never, step, 60)
          let first = 0
          while (first < 1_000 && !fires(first, memory)) first++
          if (first === 0 || first === 1_000) expect(early).toBe(NEVER)
          else {
            expect(early).toBe(first)
            found++
          }
        }
      ),
      { numRuns: 60 }
    )
    expect(found).toBeGreaterThan(5)
  })

  it('is looked for on copies: the memory stays as it was', () => {
    const memory = lived([150], 1)
    const before = structuredClone(memory)
    earlyCount(predictor, memory as never, step, 60)
    expect(memory).toEqual(before)
  })
})

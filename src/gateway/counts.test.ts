import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CountsMemory, counts } from './counts.ts'

const step = 1_000
const make = (options = {}) => counts({ step, streets: 3, ...options })
/** Started in the middle of the step before 0, so that the first whole step begins at 0. */
const begun = (counter = make()): CountsMemory => {
  const memory = counter.initial(-500)
  counter.close(0, memory)
  return memory
}

describe('counts', () => {
  it('are rates of whole steps; the step in which counting began is not measured', () => {
    const counter = make()
    const memory = counter.initial(-500)
    counter.add('a', 7, -100, memory)
    expect(counter.close(0, memory).map(({ rates }) => [...rates])).toEqual([[NaN, NaN, NaN, NaN]])
    counter.add('a', 3, 10, memory)
    counter.add('b', 1, 999, memory)
    expect(counter.close(999, memory)).toEqual([])
    const [closed] = counter.close(1_000, memory)
    expect([closed.startMs, ...closed.rates]).toEqual([0, 3, 1, NaN, NaN])
    expect([...counter.close(2_000, memory)[0].rates]).toEqual([0, 0, NaN, NaN])
  })

  it('of names beyond the kept ones are counted together', () => {
    const counter = make()
    const memory = begun(counter)
    for (const name of ['a', 'b', 'c', 'd', 'e', 'd']) counter.add(name, 1, 5, memory)
    expect([...counter.close(1_000, memory)[0].rates]).toEqual([1, 1, 1, 3])
    expect(memory.rest).toBe(3)
  })

  it('that are late belong to no rate, unless the step still waits for them', () => {
    const counter = make()
    const memory = begun(counter)
    counter.close(1_000, memory)
    expect(counter.add('a', 2, 900, memory)).toBe(-1)
    expect(memory.late).toBe(2)
    const patient = make({ lateness: 300 })
    const waiting = patient.initial(-1_500)
    for (let nowMs = -700; nowMs <= 300; nowMs += 500) patient.close(nowMs, waiting)
    patient.add('a', 1, 990, waiting)
    patient.add('a', 1, 1_100, waiting)
    expect(patient.close(1_200, waiting)).toEqual([])
    patient.add('a', 1, 950, waiting)
    expect(patient.close(1_300, waiting)[0].rates[0]).toBe(2)
    expect(patient.close(2_300, waiting)[0].rates[0]).toBe(1)
  })

  it('are not measured while nobody listened, also in the step in which what was held back arrives', () => {
    const counter = make()
    const memory = begun(counter)
    counter.add('a', 5, 100, memory)
    counter.listen(false, memory)
    expect(counter.close(1_000, memory)[0].rates[0]).toBeNaN()
    expect(counter.close(2_000, memory)[0].rates[0]).toBeNaN()
    counter.listen(true, memory)
    counter.add('a', 5_000, 2_100, memory)
    expect(counter.close(3_000, memory)[0].rates[0]).toBeNaN()
    counter.add('a', 4, 3_100, memory)
    expect(counter.close(4_000, memory)[0].rates[0]).toBe(4)
  })

  it('are not measured over a pause of the process, nor in the step that ends it', () => {
    const counter = make()
    const memory = begun(counter)
    counter.add('a', 5, 100, memory)
    expect(counter.close(9_500, memory).map(({ rates }) => rates[0])).toEqual([NaN])
    counter.add('a', 900, 9_600, memory)
    expect(counter.close(10_000, memory).map(({ rates }) => rates[0])).toEqual([NaN])
    counter.add('a', 5, 10_600, memory)
    expect(counter.close(11_000, memory).map(({ rates }) => rates[0])).toEqual([5])
  })

  it('go on when the clock is set back, without a rate for the time that comes twice', () => {
    const counter = make()
    const memory = begun(counter)
    counter.close(100_000, memory)
    expect(counter.isDue(50_500, memory)).toBe(true)
    expect(counter.close(50_500, memory)).toEqual([])
    expect(counter.close(51_000, memory)[0].rates[0]).toBeNaN()
    counter.add('a', 2, 51_000, memory)
    expect(counter.close(52_000, memory)[0].rates[0]).toBe(2)
  })

  it('forget a name that was silent, and say whose slot is free', () => {
    const counter = make({ forget: '3s' })
    const memory = begun(counter)
    for (const name of ['a', 'b', 'c']) counter.add(name, 1, 0, memory)
    const freed: number[][] = []
    for (let t = 1; t <= 5; t++) {
      counter.add('b', 1, t * step - 1, memory)
      freed.push([...counter.close(t * step, memory)[0].freed])
    }
    expect(freed).toEqual([[], [], [], [0, 2], []])
    expect(counter.add('d', 1, 5_100, memory)).toBe(0)
  })

  it.each(['__proto__', 'constructor', 'toString', '', 'hasOwnProperty'])(
    'take %j for a name like any other',
    (name) => {
      const counter = make()
      const memory = begun(counter)
      counter.add(name, 1, 1, memory)
      counter.add(name, 1, 2, memory)
      const restored: CountsMemory = JSON.parse(JSON.stringify(memory))
      counter.add(name, 1, 3, restored)
      expect(counter.close(1_000, restored)[0].rates[0]).toBe(3)
    }
  )

  it('count every message once: in a rate, late, or in a step that was not measured', () => {
    const event = fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      n: fc.integer({ min: 1, max: 9 }),
      wait: fc.integer({ min: 0, max: 1_500 }),
      age: fc.integer({ min: -500, max: 2_500 })
    })
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 60 }),
        fc.integer({ min: 0, max: 1_500 }),
        (events, lateness) => {
          const counter = make({ lateness })
          let nowMs = 10_000
          const memory = counter.initial(nowMs - 5_000)
          let [sent, counted] = [0, 0]
          const close = () => {
            for (const { rates } of counter.close(nowMs, memory)) {
              for (const rate of rates) if (!Number.isNaN(rate)) counted += rate
            }
          }
          for (let t = nowMs - 5_000; t <= nowMs; t += 500) counter.close(t, memory)
          for (const { name, n, wait, age } of events) {
            // Asked at least once a step, as a gateway does.
            for (const untilMs = nowMs + wait; nowMs < untilMs; ) {
              nowMs = Math.min(untilMs, nowMs + 500)
              close()
            }
            counter.add(name, n, Math.min(nowMs, nowMs - age), memory)
            sent += n
          }
          for (const untilMs = nowMs + 6_000; nowMs < untilMs; nowMs += 500) close()
          expect(counted + memory.late).toBeCloseTo(sent, 6)
          expect(memory.messages).toBe(sent)
        }
      )
    )
  })

  it('need no more memory for a million names than for three', () => {
    const counter = make()
    const memory = begun(counter)
    for (const name of ['a', 'b', 'c']) counter.add(name, 1, 0, memory)
    const before = JSON.stringify(memory).length
    for (let i = 0; i < 1_000_000; i++) counter.add(`street-${i}`, 1, 500, memory)
    expect(JSON.stringify(memory).length).toBeLessThan(before + 40)
    expect(memory.rest).toBe(1_000_000)
  })

  it('say which option cannot be', () => {
    expect(() => counts({ step: '1ms' })).toThrow('gateway.step must be a duration such as 30s, at least 100')
    expect(() => counts({ street: 3 })).toThrow("did you mean 'streets'?")
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { alarmGate, opensAt, passGate } from './alarm-gate.ts'

/** When the turns begin that alarms of these moments cause: each waits for the gate, and those that wait together are one. */
function turnsFor(alarms: readonly number[]): number[] {
  const gate = alarmGate()
  const turns: number[] = []
  for (const atMs of alarms) {
    if (atMs <= (turns.at(-1) ?? -Infinity)) continue
    const opens = opensAt(gate, atMs)
    passGate(gate, opens)
    turns.push(opens)
  }
  return turns
}

describe('the gate that alarms go through', () => {
  it.each([
    ['one', [5], [5]],
    ['four at once', [0, 10, 20, 30], [0, 10, 20, 30]],
    ['a fifth waits until there is a token again', [0, 10, 20, 30, 40], [0, 10, 20, 30, 1_000]],
    [
      'one a second never waits',
      [0, 1_000, 2_000, 3_000, 4_000, 5_000],
      [0, 1_000, 2_000, 3_000, 4_000, 5_000]
    ],
    [
      'after some quiet there are four again',
      [0, 1, 2, 3, 9_000, 9_001, 9_002, 9_003],
      [0, 1, 2, 3, 9_000, 9_001, 9_002, 9_003]
    ]
  ])('%s', (_, alarms, turns) => {
    expect(turnsFor(alarms)).toEqual(turns)
  })

  it('lets no alarm wait for longer than a second, one alone not at all, and no more than four and one a second through', () => {
    const alarms = fc.array(fc.nat(3_000), { maxLength: 60 }).map((gaps) => {
      let atMs = 0
      return gaps.map((gap) => (atMs += gap))
    })
    fc.assert(
      fc.property(alarms, (moments) => {
        const gate = alarmGate()
        const turns: number[] = []
        for (const atMs of moments) {
          const last = turns.at(-1) ?? -Infinity
          if (atMs <= last) continue
          const opens = opensAt(gate, atMs)
          expect(opens - atMs).toBeLessThanOrEqual(1_000)
          if (atMs - last >= 1_000) expect(opens).toBe(atMs)
          passGate(gate, opens)
          turns.push(opens)
        }
        for (let i = 0; i < turns.length; i++)
          for (let j = i; j < turns.length; j++)
            expect(j - i + 1).toBeLessThanOrEqual(4 + (turns[j] - turns[i]) / 1_000 + 1e-9)
      })
    )
  })

  it('lets nobody wait longer because a clock was set back', () => {
    const gate = alarmGate()
    for (let i = 0; i < 9; i++) passGate(gate, opensAt(gate, 1e12))
    expect(opensAt(gate, 1e12 - 3_600_000)).toBe(1e12 - 3_600_000 + 1_000)
  })
})

/** A day of Turns of a loop among faults, decided again from the record to the same bytes. */
import { describe, expect, it } from 'vitest'
import { replayTurns } from '../src/cli/live/replay-turns.ts'
import { sqlite } from '../src/store/index.ts'
import { loadAs, MINUTE, stage, without } from './faults/stage.ts'

describe('a day of Turns', () => {
  it.each([
    ['mpc', ''],
    [
      'hpa',
      '    behavior: { scaleDown: { stabilizationWindowSeconds: 120 } }\n    guards: { cooldown: 1m, rescaleBudget: 30/1h }'
    ],
    ['flink', '']
  ])(
    'of %s is decided again to the same bytes, from a record on which every read is new',
    async (policy, more) => {
      const record = sqlite({ file: ':memory:' })
      const it = stage({ policy, more, record })
      it.begin()
      for (let minute = 0; minute < 24 * 60; minute++) {
        it.target.world.load = Math.round(70 + 60 * Math.sin(minute / 90) + 15 * Math.sin(minute * minute))
        const bad = minute % 240
        it.spoil.by = bad < 10 ? without('cpu') : bad < 20 ? loadAs(NaN) : (readings) => readings
        if (minute % 480 === 479) {
          await it.end()
          it.begin()
        }
        await it.clock.advance(MINUTE)
      }
      await it.end()
      const turns = [...record.turns({})]
      expect(turns.length).toBeGreaterThan(280)
      expect(turns.some(({ decision }) => decision.kind === 'scale')).toBe(true)
      expect(replayTurns(turns)).toEqual({ turns: turns.length, different: [] })
      // It would have noticed: one unit more, another memory, a policy that is no more.
      const [first] = turns
      const { decision } = first
      const other = { ...first, decision: { ...decision, to: { web: 99 } } }
      const forgot = { ...first, after: { other: true } }
      const gone = { ...first, policy: { name: 'gone', options: {} } }
      expect(replayTurns([other, forgot, gone]).different.map(({ what }) => what)).toEqual([
        'decision',
        'memory',
        'policy'
      ])
      record.close()
    }
  )
})

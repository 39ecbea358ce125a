/** What every store of Turns promises. */
import { beforeEach, describe, expect, it } from 'vitest'
import { series } from '../base/index.ts'
import type { Turn } from '../roles.ts'
import type { TurnStore } from './turn-store.ts'
import { fullTurn, minute, turnAt } from './turns.rows.ts'

export function storeContract(name: string, open: () => TurnStore): void {
  describe(`the store '${name}'`, () => {
    let store: TurnStore
    beforeEach(() => {
      store = open()
      return () => store.close()
    })
    const stepsOf = (turns: Iterable<Turn>) => [...turns].map(({ atMs }) => atMs / minute)

    it('gives back what was appended, to the bit', () => {
      store.append(fullTurn())
      expect([...store.turns({})]).toStrictEqual([fullTurn()])
    })

    it('gives Turns in order of time, those of one moment as they came', () => {
      store.appendAll([turnAt(2), turnAt(1), turnAt(1, { after: { second: true } })])
      expect([...store.turns({})].map(({ atMs, after }) => [atMs / minute, after])).toEqual([
        [1, { step: 2 }],
        [1, { second: true }],
        [2, { step: 3 }]
      ])
    })

    it('gives a target and a range, its end not included', () => {
      store.appendAll([turnAt(1), turnAt(2), turnAt(2, { target: 'other' }), turnAt(3)])
      expect(stepsOf(store.turns({ target: 'job' }))).toEqual([1, 2, 3])
      expect(stepsOf(store.turns({ fromMs: 2 * minute, toMs: 3 * minute }))).toEqual([2, 2])
      expect(stepsOf(store.turns({ target: 'nobody' }))).toEqual([])
      expect(store.targets()).toEqual(['job', 'other'])
    })

    it('gives the newest Turn at or before a moment', () => {
      store.appendAll([turnAt(1), turnAt(2), turnAt(4)])
      expect(store.latest('job')?.atMs).toBe(4 * minute)
      expect(store.latest('job', 3 * minute)?.atMs).toBe(2 * minute)
      expect(store.latest('job', 0)).toBeUndefined()
      expect(store.latest('nobody')).toBeUndefined()
    })

    it('appends all or none', () => {
      const bad = turnAt(2, { after: { f: (() => 0) as never } })
      expect(() => store.appendAll([turnAt(1), bad])).toThrow('a function cannot be stored')
      expect(stepsOf(store.turns({}))).toEqual([])
      store.append(turnAt(1))
      expect(stepsOf(store.turns({}))).toEqual([1])
    })

    it('is not changed by what happens to a Turn afterwards', () => {
      const values = Float64Array.of(1, 2, 3)
      store.append(turnAt(1, {}, series(minute, values)))
      values[1] = 99
      expect([...(store.latest('job')?.observation.load?.values ?? [])]).toEqual([1, 2, 3])
    })

    it('keeps a window that moves with time as it was seen each time', () => {
      const all = Float64Array.from({ length: 300 }, (_, i) => (i % 17 === 0 ? NaN : Math.sin(i)))
      const seen = Array.from({ length: 200 }, (_, i) =>
        turnAt(i, {}, series(minute, all.subarray(i, i + 100), { startMs: i * minute }))
      )
      store.appendAll(seen)
      expect([...store.turns({})]).toStrictEqual(seen.map((turn) => structuredClone(slim(turn))))
    })

    it('keeps what was seen when values are corrected later', () => {
      const all = Float64Array.from({ length: 300 }, (_, i) => i)
      const seen = Array.from({ length: 100 }, (_, i) => {
        const values = all.slice(i, i + 50)
        // The newest value is half measured each time, and now and then an old one is corrected.
        values[49] /= 2
        if (i % 10 === 0) all[i + 30] += 0.25
        return turnAt(i, {}, series(minute, values, { startMs: i * minute }))
      })
      seen.forEach(store.append)
      expect([...store.turns({})]).toStrictEqual(seen)
      expect(seen.map((turn) => store.latest('job', turn.atMs))).toStrictEqual(seen)
    })

    it('keeps windows of different length, step, unit and target apart', () => {
      const of = (i: number, length: number, stepMs: number, unit: string, target: string) => {
        const startMs = (i + 500 - length) * stepMs
        const values = Float64Array.from({ length }, (_, k) => (startMs / stepMs + k) * stepMs)
        return turnAt(i, { target }, series(stepMs, values, { startMs, unit }))
      }
      const seen = Array.from({ length: 20 }, (_, i) => [
        of(i, 10, minute, 'events/s', 'a'),
        of(i, 50, minute, 'events/s', 'a'),
        of(i, 50, 1_000, 'events/s', 'a'),
        of(i, 20, minute, 'bytes/s', 'a'),
        of(i, 20, minute, 'events/s', 'b'),
        turnAt(i, { target: 'a' }, series(minute, [], { startMs: i * minute }))
      ]).flat()
      store.appendAll(seen)
      expect([...store.turns({})]).toStrictEqual(seen)
    })

    it('keeps windows that look back far behind a correction', () => {
      const before = Float64Array.from({ length: 10_000 }, (_, i) => i)
      const after = before.with(9_990, 0.5)
      const window = (i: number, from: number, to: number, values = after) =>
        turnAt(i, {}, series(minute, values.slice(from, to), { startMs: from * minute }))
      const seen = [
        window(0, 0, 10_000, before),
        window(1, 0, 10_000),
        window(2, 0, 10),
        window(3, 4_100, 4_120)
      ]
      store.appendAll(seen)
      expect([...store.turns({ fromMs: 2 * minute })]).toStrictEqual(seen.slice(2))
      expect([...store.turns({})]).toStrictEqual(seen)
    })

    it('keeps runs with all that is needed to do them again', () => {
      const spec = { policies: [{ name: 'mpc', options: { step: '5m' } }], seeds: [1, 2] }
      const id = store.putRun({
        atMs: 7,
        kind: 'rehearse',
        name: 'flights',
        spec,
        result: { runs: [NaN] as never }
      })
      const other = store.putRun({ atMs: 8, kind: 'backtest', name: 'flights', spec: null, result: 3 })
      expect(store.run(id)).toEqual({
        id,
        atMs: 7,
        kind: 'rehearse',
        name: 'flights',
        spec,
        result: { runs: [NaN] }
      })
      expect(store.runs().map((run) => run.id)).toEqual([other, id])
      expect(store.runs('rehearse')).toEqual([{ id, atMs: 7, kind: 'rehearse', name: 'flights' }])
      expect(store.run('nonsense')).toBeUndefined()
      expect(store.run('999')).toBeUndefined()
    })
  })
}

/** Views on one long buffer as arrays of their own. */
function slim(turn: Turn): Turn {
  const { load } = turn.observation
  if (load === undefined) return turn
  return { ...turn, observation: { ...turn.observation, load: { ...load, values: load.values.slice() } } }
}

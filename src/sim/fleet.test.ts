import fc from 'fast-check'
import { expect, it } from 'vitest'
import { arrived, type Fleet, resized } from './fleet.ts'

const two: Fleet = { ready: 2, starting: 0, batches: [] }

it('asks for more at once and gets them after the lead time, first asked not always first there', () => {
  const asked = resized(two, 5, 0, () => 90)
  const again = resized(asked, 6, 10, () => 20)
  expect(again).toMatchObject({ ready: 2, starting: 4 })
  expect(arrived(again, 29)).toBe(again)
  expect(arrived(again, 30)).toMatchObject({ ready: 3, starting: 3 })
  expect(arrived(again, 90)).toEqual({ ready: 6, starting: 0, batches: [] })
})

it('shrinks at once: what started last is withdrawn first, then what serves', () => {
  const asked = resized(
    resized(two, 5, 0, () => 90),
    9,
    15,
    () => 90
  )
  expect(resized(asked, 8, 30, () => 0).batches).toEqual([
    { units: 3, askedMs: 0, readyAtMs: 90 },
    { units: 3, askedMs: 15, readyAtMs: 105 }
  ])
  expect(resized(asked, 4, 30, () => 0)).toEqual({
    ready: 2,
    starting: 2,
    batches: [{ units: 2, askedMs: 0, readyAtMs: 90 }]
  })
  expect(resized(asked, 1, 30, () => 0)).toEqual({ ready: 1, starting: 0, batches: [] })
})

it('has what is wanted, and never edits the fleet it was given', () => {
  const wishes = fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 200 })))
  fc.assert(
    fc.property(wishes, (list) => {
      let fleet: Fleet = two
      list.forEach(([wanted, lead], i) => {
        const before = structuredClone(fleet)
        const next = resized(fleet, wanted, i * 15, () => lead)
        expect(fleet).toEqual(before)
        expect(next.ready + next.starting).toBe(wanted)
        expect(next.batches.reduce((sum, batch) => sum + batch.units, 0)).toBe(next.starting)
        fleet = arrived(next, (i + 1) * 15)
        expect(fleet.ready + fleet.starting).toBe(wanted)
      })
    })
  )
})

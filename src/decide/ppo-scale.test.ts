import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addMoments, noMoments, readMoments, saveMoments, scalingOf, varianceOf } from './ppo-scale.ts'

const number = fc.double({ min: -1e3, max: 1e3, noNaN: true })
const pairs = fc.array(fc.tuple(number, number), { minLength: 1, maxLength: 10 })

describe('running moments', () => {
  it('are those of all states at once, in whatever groups they came', () => {
    fc.assert(
      fc.property(fc.array(pairs, { minLength: 1, maxLength: 5 }), (groups) => {
        const moments = noMoments(2)
        for (const group of groups) addMoments(moments, Float64Array.from(group.flat()), group.length)
        const all = groups.flat()
        expect(moments.count).toBe(all.length)
        for (const i of [0, 1]) {
          const mean = all.reduce((sum, state) => sum + state[i], 0) / all.length
          const variance = all.reduce((sum, state) => sum + (state[i] - mean) ** 2, 0) / all.length
          expect(moments.mean[i]).toBeCloseTo(mean, 8)
          expect(varianceOf(moments, i)).toBeCloseTo(variance, 6)
        }
      })
    )
  })

  it('bring states to mean 0 and deviation 1, never farther than 10, and are the same when read again', () => {
    const moments = noMoments(1)
    addMoments(moments, Float64Array.of(100, 300), 2)
    const read = readMoments(JSON.parse(JSON.stringify(saveMoments(moments))), 1, 'a model')
    const out = new Float64Array(4)
    for (const [i, x] of [100, 200, 300, 1e9].entries()) scalingOf(read, 1)([x], 0, out, i)
    for (const [i, right] of [-1, 0, 1, 10].entries()) expect(out[i]).toBeCloseTo(right, 9)
  })

  it('that are not finite, or of another size, are refused', () => {
    const moments = noMoments(2)
    expect(() => readMoments(saveMoments(moments), 3, 'a model')).toThrow(
      /a model: mean must be 3 finite numbers, has 2/
    )
    moments.squares[1] = NaN
    expect(() => readMoments(saveMoments(moments), 2, 'a model')).toThrow(/squares must be 2 finite numbers/)
  })
})

it('without moments states go in as they are', () => {
  const out = new Float64Array(3)
  scalingOf(undefined, 2)([0, 7, 8], 1, out, 1)
  expect([...out]).toEqual([0, 7, 8])
})

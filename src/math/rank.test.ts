import { describe, expect, it } from 'vitest'
import { rankCorrelation, ranks } from './rank.ts'

describe('rank correlation', () => {
  it('shares the mean rank among ties', () => {
    expect(Array.from(ranks([10, 20, 20, 5]))).toEqual([2, 3.5, 3.5, 1])
  })

  it('agrees with the worked example of IQ and hours of television (Wikipedia, Spearman): -29/165', () => {
    const iq = [106, 86, 100, 101, 99, 103, 97, 113, 112, 110]
    const hours = [7, 0, 27, 50, 28, 29, 20, 12, 6, 17]
    expect(rankCorrelation(iq, hours)).toBeCloseTo(-29 / 165, 12)
  })

  it('leaves unmeasured pairs out and does not invent a correlation', () => {
    expect(rankCorrelation([1, 2, NaN, 3], [10, 20, 0, 30])).toBeCloseTo(1)
    expect(rankCorrelation([1, 1, 1], [1, 2, 3])).toBeNaN()
    expect(rankCorrelation([1, 2], [1, 2])).toBeNaN()
  })
})

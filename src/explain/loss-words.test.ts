import { describe, expect, it } from 'vitest'
import { expectsToLose, type Loss, marginHolds, namesLoss } from './loss-words.ts'

describe('a loss', () => {
  it.each<[string, Loss, boolean]>([
    ['is named where it is sure of one', { margin: 2, atLeast: 0.1 }, true],
    ['is not named where it could be nothing', { margin: 2, atLeast: 0 }, false],
    ['is not named where nothing was measured', { margin: 2, atLeast: null }, false]
  ])('%s', (_, loss, named) => {
    expect(namesLoss(loss)).toBe(named)
  })

  it('that is measured and not named is said as one that it cannot tell', () => {
    expect(expectsToLose('if it waits', { margin: 2, atLeast: 0 })).toContain('cannot tell')
    expect(expectsToLose('if it waits', { margin: 2, atLeast: 0.1 })).not.toContain('cannot tell')
  })

  it.each([
    [1, true],
    [0.99, false],
    [-1, false]
  ])('of 2 holds where %d is lost: %s', (lost, holds) => {
    expect(marginHolds({ margin: 2 }, lost)).toBe(holds)
  })
})

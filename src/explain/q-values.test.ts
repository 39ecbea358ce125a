import { describe, expect, it } from 'vitest'
import { qHeatmap } from './q-heatmap.ts'
import { explainQ, type QTableView } from './q-values.ts'

/** Two features of two bins each, three actions: Q by (utilisation, forecast). */
function table(
  rows: readonly (readonly number[])[],
  visits = rows.map((row) => row.map(() => 200))
): QTableView {
  return {
    features: [
      { name: 'utilisation', bins: ['low', 'high'] },
      { name: 'forecast', bins: ['steady', 'rising'] }
    ],
    actions: ['down', 'hold', 'up'],
    values: rows.flat(),
    visits: visits.flat()
  }
}

const rows = [
  [1, 0.9, 0.5], // low, steady
  [-14, -9, -2], // low, rising
  [-6, 2, 1.8], // high, steady
  [-20, -12, -3] // high, rising
]

describe('Q-values in words', () => {
  it('say what the agent expects when it does not scale up, with the numbers', () => {
    const told = explainQ(table(rows), 1)
    expect(told).toMatchObject({
      state: { utilisation: 'low', forecast: 'rising' },
      action: 'up',
      margin: 7,
      values: { down: -14, hold: -9, up: -2 },
      visits: 600
    })
    expect(told.instead).toEqual([
      { action: 'hold', loses: 7, visits: 200 },
      { action: 'down', loses: 12, visits: 200 }
    ])
    expect(told.sentence).toContain(
      "It expects severe penalties if it doesn't scale up: to lose 7 of its future reward, as much as 1.4 late steps."
    )
  })

  it('name what moved it: the feature without which it would have chosen otherwise', () => {
    const { moved, sentence } = explainQ(table(rows), 1)
    // Steady instead of rising: up is then 0.5 behind, so rising makes 7.5 of the margin. High instead of low: still 9 ahead.
    expect(moved).toEqual([
      { feature: 'forecast', bin: 'rising', influence: 7.5, turns: { bin: 'steady', action: 'down' } },
      { feature: 'utilisation', bin: 'low', influence: -2 }
    ])
    expect(sentence).toContain(
      'What moved it most is the forecast, rising (7.5 of the margin); were it steady, it would choose down.'
    )
  })

  it.each([
    { margin: 6, words: 'severe penalties if it changes the size now' },
    { margin: 2, words: 'a clear loss' },
    { margin: 0.3, words: 'a small loss' },
    { margin: 0.01, words: 'It hardly matters' }
  ])('are as loud as the margin: $margin', ({ margin, words }) => {
    expect(explainQ(table([[-9, margin, 0], ...rows.slice(1)]), 0).sentence).toContain(words)
  })

  it('say how sure they are: visits of both actions, and whether the neighbours agree', () => {
    const visits = rows.map(() => [5, 900, 300])
    visits[2] = [0, 0, 0]
    const told = explainQ(table(rows, visits), 3)
    expect(told.sure).toEqual({ words: 'well tried', agreement: 1, leastVisits: 300 })
    expect(explainQ(table(rows, visits), 0).sure).toEqual({
      words: 'hardly tried',
      agreement: 0,
      leastVisits: 5
    })
  })

  it('prefer prices that were measured, and say how sure those are; the action stays that of the table', () => {
    const measured = (error: number) => ({
      values: [0, 0, 0, -9, -6, -4, 0, 0, 0, 0, 0, 0],
      errors: new Array(12).fill(error),
      counts: new Array(12).fill(400)
    })
    const told = explainQ({ ...table(rows), measured: measured(0.1) }, 1)
    expect(told).toMatchObject({ action: 'up', margin: 2, values: { up: -4, hold: -6 } })
    expect(told.atLeast).toBeCloseTo(2 - 1.64 * Math.hypot(0.1, 0.1), 9)
    expect(told.sentence).toContain('to lose 2 (at least 1.77, measured) of its future reward')
    const vague = explainQ({ ...table(rows), measured: measured(3) }, 1)
    expect(vague.atLeast).toBe(0)
    expect(vague.sentence).toContain("It cannot tell what it would lose if it doesn't scale up")
    expect(explainQ(table(rows), 1).atLeast).toBeNull()
  })

  it('refuse to explain what was never visited, and states that are none', () => {
    const none = table(
      rows,
      rows.map(() => [0, 0, 0])
    )
    expect(() => explainQ(none, 0)).toThrow('was never visited')
    expect(() => explainQ(none, 4)).toThrow('a whole number below 4, was 4')
  })
})

describe('the heatmap', () => {
  const wide: QTableView = {
    ...table(rows),
    features: [
      ...table(rows).features,
      { name: 'trend', bins: ['down & out'] },
      { name: 'site', bins: ['here'] }
    ]
  }
  it('has a cell for every state, coloured by action, with its numbers, and nothing that breaks the SVG', () => {
    const picture = qHeatmap(wide, {
      rows: 'utilisation',
      columns: 'forecast',
      panels: 'trend',
      title: 'a < b'
    })
    expect(picture.match(/ahead by [\d.]+ \(/g)).toHaveLength(4)
    expect(picture).toContain('up, ahead by 7 (down -14, hold -9, up -2), 600 visits')
    expect(picture).toContain('a &lt; b')
    expect(picture).toContain('down &amp; out')
  })
  it('leaves states empty that were never visited, and averages the rest by visits', () => {
    const visits = rows.map(() => [0, 0, 0])
    visits[1] = [1, 1, 1]
    const seen = { ...wide, visits: visits.flat() }
    const picture = qHeatmap(seen, { rows: 'utilisation', columns: 'trend', panels: 'site' })
    expect(picture.match(/never visited<\/title>/g)).toHaveLength(1)
    expect(picture).toContain('up, ahead by 7')
  })
  it('knows the feature that was meant', () => {
    expect(() => qHeatmap(wide, { rows: 'utilization', columns: 'trend', panels: 'trend' })).toThrow(
      "did you mean 'utilisation'?"
    )
    expect(() => qHeatmap(wide, { rows: 'trend', columns: 'trend', panels: 'site' })).toThrow(
      'three different'
    )
  })
})

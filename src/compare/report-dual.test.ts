import { describe, expect, it } from 'vitest'
import { madeUpReport } from '../../test/fakes/report-data.ts'
import { random } from '../base/index.ts'
import { elasticBins, elasticStates, sealedTable, type TabularModel } from '../decide/index.ts'
import { renderReport } from './report.ts'
import type { ReportData, ReportRow } from './report-data.ts'
import { dualSection } from './report-dual.ts'
import { learnedOf, learnedSection } from './report-learned.ts'

const data = madeUpReport({ days: 4 })
const costOf = (policy: string) => data.rows.find((row) => row.policy === policy)?.cost ?? NaN
const cells = (html: string, policy: string) =>
  html
    .split('<tr>')
    .filter((row) => row.includes(`</i>${policy} <small>`))
    .map((row) => [...row.matchAll(/<td[^>]*>([^<]*)/g)].map(([, text]) => text))

describe('static and elastic', () => {
  const html = dualSection(data, 'mpc:lateHour=3')

  it('says of each that scales what it saved of the cost of the static size', () => {
    const percent = Math.round(100 * (1 - costOf('hpa') / costOf('fixed')))
    expect(cells(html, 'hpa')[0][1]).toBe(`${percent} %`)
    expect(cells(html, 'fixed')[0][1]).toBe('')
  })

  it('counts flips by the hour', () => {
    const flips = data.rows.find(({ policy }) => policy === 'hpa')?.flips ?? NaN
    expect(Number(cells(html, 'hpa')[0][5])).toBeCloseTo(flips / 96, 2)
  })

  it('draws the static size red and what scales blue, and only these two', () => {
    expect([...html.matchAll(/<polyline[^>]*stroke="([^"]+)"/g)].map(([, color]) => color)).toEqual([
      'var(--late)',
      'var(--accent)'
    ])
    expect(html).not.toMatch(/NaN|undefined|Infinity/)
  })

  it('puts the cheapest constant under the policy that it is for', () => {
    const fixed = data.rows.find(({ policy }) => policy === 'fixed')
    const best = { ...fixed, policy: 'fixed-best', knob: { for: 'hpa', units: 9 }, cost: 2 * costOf('hpa') }
    const html = dualSection({ ...data, rows: [...data.rows, best as ReportRow] }, undefined)
    expect(html.indexOf('9 units for hpa')).toBeGreaterThan(html.indexOf('</i>hpa '))
    expect(cells(html, 'hpa')[0][2]).toBe('50 %')
    expect(cells(html, 'proportional')[0][2]).toBe('–')
  })

  it('says nothing where nothing is static, or nothing scales', () => {
    const only = (policy: string): ReportData => ({
      ...data,
      rows: data.rows.filter((row) => row.policy === policy)
    })
    expect(dualSection(only('hpa'), 'hpa')).toBe('')
    expect(dualSection(only('fixed'), undefined)).toBe('')
  })

  it('has no picture where one unit is of unknown rate', () => {
    expect(dualSection({ ...data, unitRate: undefined }, 'hpa')).not.toContain('<svg')
  })
})

describe('what was learned', () => {
  const { shape, states } = elasticStates()
  const rng = random(1, 'table')
  const table: TabularModel = {
    ...shape,
    method: 'q-learning',
    gamma: 0.85,
    values: Array.from({ length: states * 3 }, () => rng.normal()),
    visits: new Array(states * 3).fill(40)
  }
  const content = sealedTable(table, { bins: elasticBins, trained: { updates: 9, seed: 1, options: {} } })
  const learned = learnedOf('q <1>', {
    method: 'q-learning',
    where: 'q.json',
    content: JSON.parse(JSON.stringify(content))
  })

  it('of a table is a heatmap in the colours of the page', () => {
    const html = learnedSection({ ...data, learned: [learned] })
    expect(html).toContain('q &#60;1&#62;')
    expect(html.match(/<rect /g)?.length).toBeGreaterThan(500)
    expect(html).toContain('a table of 3,000 states, 9 updates, seed 1')
    expect(html).not.toContain('#fff')
  })

  it('stands in the report, and is not there where nobody learned', () => {
    expect(renderReport({ ...data, learned: [learned] })).toContain('What was learned')
    expect(renderReport(data)).not.toContain('What was learned')
  })
})

import { inflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { madeUpReport } from '../../test/fakes/report-data.ts'
import { renderReport } from './report.ts'
import { downsample, spansOf, stepLine } from './report-data.ts'
import { frontierSvg } from './report-frontier.ts'
import { payloadOf } from './report-payload.ts'
import { focusOf, lossesOf, savedAtEqualCost } from './report-summary.ts'
import { leadSentence, notesList } from './report-tables.ts'

const data = madeUpReport({ days: 10 })
const html = renderReport(data)

/** Opening and closing tags in pairs, attributes quoted: what a strict reader would ask for. */
function unbalanced(page: string): string[] {
  const open: string[] = []
  const single = new Set(['meta', 'line', 'br', 'link', 'input'])
  const bare = page.replace(/<(script|style)[^>]*>[\s\S]*?<\/\1>/g, '').replace(/<!doctype html>/, '')
  for (const [, closing, tag, own] of bare.matchAll(/<(\/?)([a-z][a-z0-9]*)(?:\s[^<>]*?)?(\/?)>/g)) {
    if (single.has(tag) || own) continue
    if (!closing) open.push(tag)
    else if (open.pop() !== tag) return [`</${tag}>`, ...open]
  }
  return open
}

describe('downsample', () => {
  it('loses no peak and no trough, whatever the number of points', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -999, max: 999 }), { minLength: 1, maxLength: 500 }),
        fc.integer({ min: 1, max: 60 }),
        (values, points) => {
          const band = downsample(values, 1_000, points)
          expect(band.max.length).toBeLessThanOrEqual(points)
          expect(Math.max(...band.max.map(Number))).toBe(Math.max(...values))
          expect(Math.min(...band.min.map(Number))).toBe(Math.min(...values))
          expect(band.max.length * band.stepMs).toBeGreaterThanOrEqual(values.length * 1_000)
        }
      )
    )
  })

  it('keeps a gap a gap and leaves unmeasured values out of a bucket', () => {
    expect(downsample([NaN, NaN, 3, NaN, 0, 5], 10, 3)).toEqual({
      stepMs: 20,
      min: [null, 3, 0],
      max: [null, 3, 5]
    })
  })
})

describe('stepLine', () => {
  it('keeps the moments of change and nothing else', () => {
    expect(stepLine([2, 2, 3, 3, 3, 2], 15_000)).toEqual({
      stepMs: 15_000,
      at: [0, 2, 5],
      value: [2, 3, 2],
      exact: true
    })
  })

  it('says that it is not exact when there are too many', () => {
    const line = stepLine([1, 2, 1, 2, 1, 2], 10, 4)
    expect(line.exact).toBe(false)
    expect(Math.max(...line.value)).toBe(2)
  })
})

it('spansOf joins minutes that follow each other', () => {
  expect(spansOf([0, 1, 1, 0, 1])).toEqual([
    [1, 2],
    [4, 1]
  ])
})

describe('renderReport', () => {
  it('is one whole page', () => {
    expect(unbalanced(html)).toEqual([])
    for (const id of ['headline', 'axis', 'readout', 'moment', 'payload'])
      expect(html).toContain(`id="${id}"`)
  })

  it('asks for nothing outside the file, and forbids itself to', () => {
    expect(html).not.toMatch(/(src|href)\s*=|url\((?!#)|@import|https?:/)
    expect(html).toContain(`default-src 'none'`)
  })

  it('has a row for every policy and the bound', () => {
    for (const { policy } of data.rows) expect(html).toContain(`</i>${policy.split(':')[0]} <small>`)
  })

  it('packs what the script draws, and unpacks to it', () => {
    const text = /id="payload">([^<]*)</.exec(html)?.[1] ?? ''
    const payload = JSON.parse(inflateRawSync(Buffer.from(text, 'base64')).toString())
    expect(payload.load.max).toEqual(data.load.max)
    expect(payload.runs.map((run: { label: string }) => run.label)).toEqual(
      data.runs.map(({ label }) => label)
    )
    expect(payload.runs[1].because).toHaveLength(data.runs[1].decisions.length)
  })

  it('stays below 1.5 MB and says what was left out', () => {
    const many = Array.from({ length: 40_000 }, (_, i) => ({
      atMs: data.startMs + i * 4_000,
      from: i % 7,
      to: (i + 1) % 7,
      rule: 'plan',
      because: `load ${Math.imul(i, 2_654_435_761) >>> 0}/s, spare ${Math.imul(i, 40_503_219) >>> 0}`
    }))
    const large = { ...data, runs: data.runs.map((run) => ({ ...run, decisions: many })) }
    const page = renderReport(large)
    expect(page.length).toBeLessThan(1_500_000)
    const text = /id="payload">([^<]*)</.exec(page)?.[1] ?? ''
    const { runs } = JSON.parse(inflateRawSync(Buffer.from(text, 'base64')).toString())
    expect(runs[0].leftOut).toBeGreaterThan(0)
    expect(runs[0].leftOut + runs[0].because.length).toBe(many.length)
    // The newest are kept.
    expect(runs[0].because.at(-1)).toBe(many.at(-1)?.because)
  })

  it('lets no name out of its place', () => {
    const evil = `</script><img src=x onerror=alert(1)>"'&`
    const runs = data.runs.map((run) => ({ ...run, label: `${run.label}${evil}`, target: evil }))
    const rows = data.rows.map((row) => ({ ...row, policy: `${row.policy}${evil}`, knob: { [evil]: evil } }))
    const points = data.points.map((point) => ({ ...point, policy: evil, knob: { [evil]: evil } }))
    const settings = [{ name: evil, value: evil, note: evil, assumed: true }]
    const texts = {
      trace: evil,
      world: evil,
      subtitle: evil,
      timeNote: evil,
      loadUnit: evil,
      currency: evil,
      madeBy: evil
    }
    const page = renderReport({ ...data, ...texts, runs, rows, points, settings, notes: [evil] })
    expect(page).not.toContain('<img')
    expect(page.match(/<\/script>/g)).toHaveLength(2)
    expect(unbalanced(page)).toEqual([])
  })

  it('gives the same bytes for the same data', () => {
    expect(renderReport(data)).toBe(html)
  })

  it('can be made of a rehearsal of one policy without pairs, frontier or decisions', () => {
    const [run] = data.runs
    const page = renderReport({
      ...data,
      runs: [{ ...run, decisions: [], late: [] }],
      rows: [data.rows[0]],
      pairs: [],
      points: [],
      settings: [],
      notes: []
    })
    expect(unbalanced(page)).toEqual([])
    const read = page.replace(/<script[\s\S]*/, '')
    expect(read).not.toContain('NaN')
    expect(read).not.toContain('undefined')
  })
})

describe('what the report says', () => {
  it('speaks about mpc, under whatever options', () => expect(focusOf(data)).toBe('mpc:lateHour=3'))

  it('finds the losses itself', () => {
    const dearer = {
      a: 'mpc:lateHour=3',
      b: 'proportional',
      metric: 'unitHours',
      difference: 90,
      relative: 0.18
    }
    const pairs = [{ ...dearer, ci95: [80, 100] as const, relativeCi95: [0.16, 0.2] as const }]
    expect(lossesOf({ ...data, pairs }, 'mpc:lateHour=3')).toHaveLength(1)
    expect(notesList({ ...data, pairs }, 'mpc:lateHour=3')).toContain(
      'Worse</b> than proportional: mpc has +18 % unit-hours [+16 … +20 %].'
    )
  })

  it('counts it as a loss where the other has none at all', () => {
    const late = {
      a: 'mpc:lateHour=3',
      b: 'fixed',
      metric: 'overloadedMinutes',
      difference: 19,
      relative: NaN
    }
    const pairs = [{ ...late, ci95: [12, 26] as const, relativeCi95: [NaN, NaN] as const }]
    expect(notesList({ ...data, pairs }, 'mpc:lateHour=3')).toContain(
      'than fixed: mpc has late minutes where the other has practically none.'
    )
  })

  it('does not sell an interval that includes nothing as a gain', () => {
    const pairs = data.pairs.map((pair) => ({ ...pair, ci95: [-5, 5] as const }))
    expect(leadSentence({ ...data, pairs }, 'mpc:lateHour=3')).toContain('no certain difference')
  })

  it('prints a loss at equal cost as a loss', () => {
    const points = data.points.map((point) =>
      point.policy === 'proportional' ? { ...point, overloadedMinutes: point.overloadedMinutes / 4 } : point
    )
    const { saved } = savedAtEqualCost({ ...data, points }, 'mpc:lateHour=3')!
    expect(saved).toBeLessThan(0)
    expect(leadSentence({ ...data, points }, 'mpc:lateHour=3')).toContain(
      `<b class="bad">${Math.round(-saved * 100)} % more</b>`
    )
  })

  it('draws the frontier with the bound below it', () => {
    const svg = frontierSvg(data, {})
    expect(svg).toContain('no policy can be here')
    expect(svg).not.toContain('NaN')
  })

  it('gives the script whole seconds from the start, so that a decision is found at its moment', () => {
    const { runs } = payloadOf(
      data,
      { colors: {}, shown: [], first: [0, 1], budget: 1 },
      { most: 3, changesOnly: true }
    )
    const last = runs[1].decidedAt.reduce((sum, d) => sum + d, 0)
    expect(last * 1_000 + data.startMs).toBe(data.runs[1].decisions.at(-1)?.atMs)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromWallClock, repeatedHours } from './zone.ts'

const wall = (text: string) => Date.parse(`${text}Z`)
const moments = (zone: string, ...texts: readonly string[]) =>
  [...fromWallClock(Float64Array.from(texts, wall), zone).timesMs].map((ms) => new Date(ms).toISOString())

// Transitions from the IANA time zone database, 2026.
describe('wall clock to moment', () => {
  const rows: readonly [string, string, string][] = [
    ['Europe/Berlin', '2026-01-15T12:00', '2026-01-15T11:00:00.000Z'],
    ['Europe/Berlin', '2026-07-15T12:00', '2026-07-15T10:00:00.000Z'],
    ['America/New_York', '2026-03-08T01:59', '2026-03-08T06:59:00.000Z'],
    ['America/New_York', '2026-03-08T03:00', '2026-03-08T07:00:00.000Z'],
    ['Asia/Kolkata', '2026-01-15T12:00', '2026-01-15T06:30:00.000Z'],
    ['Australia/Lord_Howe', '2026-01-15T12:00', '2026-01-15T01:00:00.000Z'],
    ['UTC', '2026-01-15T12:00', '2026-01-15T12:00:00.000Z']
  ]
  it.each(rows)('%s %s', (zone, from, to) => expect(moments(zone, from)).toEqual([to]))

  it('moves a skipped time forward by the skipped hour, and counts it', () => {
    const zoned = fromWallClock(Float64Array.of(wall('2026-03-29T02:30')), 'Europe/Berlin')
    expect(new Date(zoned.timesMs[0]).toISOString()).toBe('2026-03-29T01:30:00.000Z')
    expect(zoned.skipped).toBe(1)
  })

  it('takes the first pass of a repeated hour, then the second', () => {
    expect(moments('Europe/Berlin', '2026-10-25T02:30', '2026-10-25T02:30')).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-25T01:30:00.000Z'
    ])
  })

  it('undoes what the clock on the wall showed, for any moment of any zone', () => {
    const zones = ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Africa/Casablanca', 'Pacific/Apia']
    const minute = fc.integer({ min: Date.UTC(1990, 0) / 6e4, max: Date.UTC(2030, 0) / 6e4 })
    fc.assert(
      fc.property(fc.constantFrom(...zones), minute, (zone, at) => {
        const ms = at * 60_000
        const shown = new Intl.DateTimeFormat('sv-SE', {
          timeZone: zone,
          dateStyle: 'short',
          timeStyle: 'medium'
        }).format(ms)
        const { timesMs, repeated } = fromWallClock(Float64Array.of(wall(shown.replace(' ', 'T'))), zone)
        // Alone, a time in a repeated hour is read as its first pass.
        if (repeated > 0) expect(ms - timesMs[0]).toBeOneOf([0, 3_600_000])
        else expect(timesMs[0]).toBe(ms)
      }),
      { numRuns: 60 }
    )
  })
})

it('names both passes of the hour that comes twice', () => {
  const [hours] = repeatedHours('Europe/Berlin', Date.UTC(2026, 9, 1), Date.UTC(2026, 10, 1))
  expect([hours.fromMs, hours.toMs].map((ms) => new Date(ms).toISOString())).toEqual([
    '2026-10-25T00:00:00.000Z',
    '2026-10-25T02:00:00.000Z'
  ])
})

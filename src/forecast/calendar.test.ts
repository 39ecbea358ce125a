import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY, type GivenOptions, HOUR } from '../base/index.ts'
import { calendar } from './calendar.ts'

const at = (time: string, options: GivenOptions = {}): Record<string, number> => {
  const { names, width, write } = calendar(options)
  const out = new Float64Array(width + 1).fill(7)
  write(Date.parse(time), out, 1)
  expect(out[0]).toBe(7)
  return Object.fromEntries(names.map((name, i) => [name, out[i + 1]]))
}

/** The time of day in hours, 0..24, from the first wave. */
const hourOf = (features: Record<string, number>): number =>
  ((Math.atan2(features['day sin 1'], features['day cos 1']) / (2 * Math.PI)) * 24 + 24) % 24

/** Days since Monday 0:00, 0..7. */
const dayOf = (features: Record<string, number>): number =>
  ((Math.atan2(features['week sin 1'], features['week cos 1']) / (2 * Math.PI)) * 7 + 7) % 7

describe('calendar', () => {
  // Clock changes: IANA tzdata (Berlin 2024-03-31 01:00Z and 2024-10-27 01:00Z, New York 2024-11-03 06:00Z).
  const clocks = [
    { time: '2024-03-31T00:59:59Z', tz: 'UTC', hour: 0.9997 },
    { time: '2024-03-31T00:59:59Z', tz: 'Europe/Berlin', hour: 1.9997 },
    { time: '2024-03-31T01:00:00Z', tz: 'Europe/Berlin', hour: 3 },
    { time: '2024-10-27T00:59:59Z', tz: 'Europe/Berlin', hour: 2.9997 },
    { time: '2024-10-27T01:00:00Z', tz: 'Europe/Berlin', hour: 2 },
    { time: '2024-11-03T05:30:00Z', tz: 'America/New_York', hour: 1.5 },
    { time: '2024-11-03T06:30:00Z', tz: 'America/New_York', hour: 1.5 },
    { time: '2024-11-03T07:30:00Z', tz: 'America/New_York', hour: 2.5 },
    { time: '2024-07-01T12:00:00Z', tz: 'Asia/Kathmandu', hour: 17.75 },
    { time: '2024-10-05T15:29:00Z', tz: 'Australia/Lord_Howe', hour: 1.9833 },
    { time: '2024-10-05T15:31:00Z', tz: 'Australia/Lord_Howe', hour: 2.5167 }
  ]
  for (const { time, tz, hour } of clocks)
    it(`reads ${hour} h on the clock in ${tz} at ${time}`, () =>
      expect(hourOf(at(time, { tz }))).toBeCloseTo(hour, 3))

  const weekdays = [
    { time: '1970-01-01T00:00:00Z', day: 3, name: 'a Thursday' },
    { time: '2001-05-28T00:00:00Z', day: 0, name: 'a Monday' },
    { time: '2024-02-29T12:00:00Z', day: 3.5, name: 'noon of a Thursday' },
    { time: '1969-12-28T18:00:00Z', day: 6.75, name: 'the evening of a Sunday before the epoch' }
  ]
  for (const { time, day, name } of weekdays)
    it(`knows ${time} as ${name}`, () => expect(dayOf(at(time)) % 7).toBeCloseTo(day, 9))

  it('takes the date of the zone, not of UTC', () => {
    const holidays = { holidays: '2001-07-04', tz: 'America/New_York' }
    expect(at('2001-07-04T03:00:00Z', holidays)).toMatchObject({ holiday: 0, 'day before a holiday': 1 })
    expect(at('2001-07-05T03:00:00Z', holidays)).toMatchObject({ holiday: 1, 'day after a holiday': 0 })
  })

  it('marks holidays, and the days before and after', () => {
    const holidays = { holidays: '2001-05-28+2001-07-04' }
    const marks = (time: string) => Object.values(at(time, { ...holidays, dayWaves: 0, weekWaves: 0 }))
    expect(marks('2001-05-27T23:59:00Z')).toEqual([0, 1, 0])
    expect(marks('2001-05-28T00:00:00Z')).toEqual([1, 0, 0])
    expect(marks('2001-05-29T12:00:00Z')).toEqual([0, 0, 1])
    expect(marks('2001-05-30T12:00:00Z')).toEqual([0, 0, 0])
    expect(marks('2001-07-04T12:00:00Z')).toEqual([1, 0, 0])
  })

  it('has as many waves as are asked for, and none for none', () => {
    expect(calendar({ dayWaves: 1, weekWaves: 0 }).names).toEqual(['day sin 1', 'day cos 1'])
    expect(calendar({ dayWaves: 0, weekWaves: 0 }).width).toBe(0)
    expect(calendar({ dayWaves: 3, weekWaves: 2, holidays: '2024-01-01' }).width).toBe(13)
  })

  it('says the same a day later but for the week, and the same a week later', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e12, max: 4e12 }), (timeMs) => {
        const { write, width } = calendar()
        const [a, b, c] = [0, DAY, 7 * DAY].map((more) => {
          const out = new Float64Array(width)
          write(timeMs + more, out, 0)
          return out
        })
        for (let i = 0; i < 8; i++) expect(a[i]).toBeCloseTo(b[i], 6)
        for (let i = 0; i < width; i++) expect(a[i]).toBeCloseTo(c[i], 6)
      })
    )
  })

  it('agrees with Intl through a year and both of its clock changes', () => {
    const { write, width } = calendar({ tz: 'Europe/Berlin' })
    const out = new Float64Array(width)
    const zone = new Intl.DateTimeFormat('en-GB', {
      timeZone: 'Europe/Berlin',
      hour: 'numeric',
      hourCycle: 'h23'
    })
    for (let hour = 0; hour < 400 * 24; hour += 5) {
      const timeMs = Date.parse('2023-06-01T00:00:00Z') + hour * HOUR
      write(timeMs, out, 0)
      const angle = (2 * Math.PI * Number(zone.format(timeMs))) / 24
      expect(out[0]).toBeCloseTo(Math.sin(angle), 9)
    }
  })

  const refused = [
    { options: { tz: 'Europe/Atlantis' }, says: /calendar.tz must be an IANA time zone.*'Europe\/Atlantis'/ },
    { options: { holidays: '2001-02-30' }, says: /'2001-02-30' is no date/ },
    { options: { holidays: 'Christmas' }, says: /'Christmas' is no date.*2001-05-28\+2001-07-04/ },
    { options: { weekWaves: 7 }, says: /calendar.weekWaves must be .* at most 6/ }
  ]
  for (const { options, says } of refused)
    it(`refuses ${JSON.stringify(options)}`, () => expect(() => calendar(options)).toThrow(says))
})

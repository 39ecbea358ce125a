import { describe, expect, it } from 'vitest'
import type { Observation } from '../roles.ts'
import { scheduled } from './scheduled.ts'

const at = (time: string, web = 7): Observation => ({
  nowMs: Date.parse(time),
  capacity: { ready: { web }, wanted: { web } },
  bounds: { web: { min: 2, max: 20 } }
})

describe('scheduled', () => {
  const workdays = { schedule: '0 6 * * 1-5=12; 0 20 * * *=4', tz: 'Europe/Berlin' }

  it.each([
    { when: 'before six on a Monday', time: '2026-01-12T04:59:59.999Z', units: 4 },
    { when: 'at six on a Monday in winter', time: '2026-01-12T05:00:00Z', units: 12 },
    { when: 'at six on a Monday in summer, an hour earlier in UTC', time: '2026-07-13T04:00:00Z', units: 12 },
    { when: 'just before it', time: '2026-07-13T03:59:59Z', units: 4 },
    { when: 'the evening', time: '2026-07-13T18:00:00Z', units: 4 },
    { when: 'noon on a Sunday', time: '2026-07-12T10:00:00Z', units: 4 },
    { when: 'the Monday after the clocks went forward', time: '2026-03-30T04:00:00Z', units: 12 },
    { when: 'the Monday after they went back', time: '2026-10-26T05:00:00Z', units: 12 },
    { when: 'an hour before that', time: '2026-10-26T04:00:00Z', units: 4 }
  ])('has the size of $when', ({ time, units }) => {
    const policy = scheduled(workdays)
    expect(policy.decide(at(time), policy.initial()).decision.to).toEqual({ web: units })
  })

  it.each([
    {
      when: 'in the hour that is skipped, at its end',
      from: '2026-03-28T23:00:00Z',
      fires: ['2026-03-29T01:00:00.000Z']
    },
    {
      when: 'in the hour that comes twice, once',
      from: '2026-10-24T23:00:00Z',
      fires: ['2026-10-25T00:30:00.000Z']
    },
    { when: 'on an ordinary night', from: '2026-06-01T23:00:00Z', fires: ['2026-06-02T00:30:00.000Z'] }
  ])('fires $when', ({ from, fires }) => {
    const policy = scheduled({ schedule: '30 2 * * *=9;0 12 * * *=3', tz: 'Europe/Berlin' })
    let memory = policy.initial()
    const changes: string[] = []
    let web = 3
    for (let minute = 0; minute < 300; minute++) {
      const time = new Date(Date.parse(from) + minute * 60_000).toISOString()
      const out = policy.decide(at(time, web), memory)
      memory = out.memory
      if (out.decision.kind === 'scale') changes.push(time)
      web = out.decision.to.web
    }
    expect(changes).toEqual(fires)
  })

  it('answers the same with and without what it remembers, also when the clock runs backwards', () => {
    const policy = scheduled(workdays)
    let memory = policy.initial()
    for (const hours of [0, 1, 5, 9, 14, 13, 2, 30, 100, 50, 77]) {
      const seen = at(new Date(Date.parse('2026-03-27T00:00:00Z') + hours * 3_600_000).toISOString())
      const out = policy.decide(seen, memory)
      expect(out).toEqual(policy.decide(seen, policy.initial()))
      memory = out.memory
    }
  })

  it('lets the later of two entries count that fire together', () => {
    const policy = scheduled({ schedule: '0 6 * * *=12;0 6 * * 1=15' })
    expect(policy.decide(at('2026-01-12T06:00:00Z'), policy.initial()).decision.to).toEqual({ web: 15 })
    expect(policy.decide(at('2026-01-13T06:00:00Z'), policy.initial()).decision.to).toEqual({ web: 12 })
  })

  it('tells the commas of cron from those between entries', () => {
    const policy = scheduled({ schedule: '0,30 6 * * *=12,0 20 * * 1,2=15;0 21 * * *=3' })
    const sizes = ['06:30', '20:00', '21:00'].map((time) => policy.decide(at(`2026-01-12T${time}:00Z`), null))
    expect(sizes.map(({ decision }) => decision.to.web)).toEqual([12, 15, 3])
  })

  it('stays within the bounds and says so', () => {
    const policy = scheduled({ schedule: '* * * * *=99' })
    const { decision } = policy.decide(at('2026-01-12T06:00:30Z'), policy.initial())
    expect(decision).toMatchObject({ to: { web: 20 }, why: { bound: ['maxReplicas'] } })
  })

  it('holds without entries, and when its only entry never fires', () => {
    for (const schedule of ['', '0 0 30 2 *=5']) {
      const policy = scheduled({ schedule })
      const { decision } = policy.decide(at('2026-01-12T06:00:00Z'), policy.initial())
      expect(decision).toMatchObject({ kind: 'hold', to: { web: 7 }, why: { rule: 'no-entry-yet' } })
    }
  })

  it.each([
    [{ schedule: '0 6 * * *' }, /schedule must have entries such as 0 6 \* \* 1-5=12, was '0 6 \* \* \*'/],
    [{ schedule: '0 6 * * *=many' }, /must have entries/],
    [{ schedule: '0 6 * * *=-1' }, /must have entries/],
    [{ schedule: '0 25 * * *=3' }, /schedule must be cron in '0 25 \* \* \*=3'/],
    [{ schedule: '0 6 * * *=3', tz: 'Mars/Olympus' }, /tz must be an IANA time zone .* was 'Mars\/Olympus'/]
  ])('refuses %j in one line', (options, message) => {
    expect(() => scheduled(options)).toThrow(message)
  })
})

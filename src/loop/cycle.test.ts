import { describe, expect, it } from 'vitest'
import { ears, memoryKnowledge, permitAll, scripted, smallTarget } from '../../test/fakes/loop.ts'
import { virtualClock } from '../../test/fakes/virtual-clock.ts'
import { policies, withShield } from '../decide/index.ts'
import type { Actuator, Forecast, Policy, Reading, Source } from '../roles.ts'
import { runTarget } from './cycle.ts'
import type { Clock, ForecastDesk, LoopTarget } from './cycle-parts.ts'
import { forecastDesk } from './forecast-desk.ts'

const START = Date.UTC(2026, 0, 1)

/** A loop around a small target, that can be killed and begun again over the same knowledge. */
function stage({
  policy = hpa(),
  forecast,
  say
}: {
  policy?: Policy
  forecast?: ForecastDesk
  say?: (r: readonly Reading[]) => readonly Reading[]
} = {}) {
  const clock = virtualClock(START)
  const target = smallTarget(clock)
  const knowledge = memoryKnowledge()
  const permission = permitAll()
  const heard = ears()
  const shown = say ?? ((readings) => readings)
  const loopTarget: LoopTarget = {
    name: 'web',
    policy,
    options: {},
    sources: [scripted(clock, 15_000, () => shown(target.readings()))],
    view: { stepMs: 15_000, fixed: { bounds: { web: { min: 1, max: 20 } } } },
    intervalMs: 15_000,
    actuator: target.actuator,
    forecast
  }
  let kill = new AbortController()
  let running = Promise.resolve()
  const begin = (change: Partial<LoopTarget> = {}) => {
    kill = new AbortController()
    running = runTarget(
      { ...loopTarget, ...change },
      { knowledge, permission, clock, tell: heard.tell },
      kill.signal
    )
  }
  const end = async () => {
    kill.abort()
    await clock.advance(0)
    await running
  }
  return { clock, target, knowledge, heard, begin, end }
}

const hpa = () => withShield(policies.hpa.make({ target: 0.5 })) as Policy

describe('the loop of one target', () => {
  it('watches, decides, records the intent and carries it out', async () => {
    const { clock, target, knowledge, heard, begin, end } = stage()
    begin()
    await clock.advance(120_000)
    target.world.load = 40
    await clock.advance(300_000)
    expect(target.world.wanted).toBeGreaterThan(4)
    expect(target.commands.map(({ epoch }) => epoch)).toEqual(target.commands.map((_, i) => i + 1))
    expect(knowledge.given('web')?.receipt).toMatchObject({ epoch: target.commands.length })
    expect(heard.errors()).toEqual([])
    expect(heard.turns().length).toBe(29)
    await end()
  })

  it('commands nothing without an actuator, and decides all the same', async () => {
    const { clock, target, heard, begin, end } = stage()
    begin({ actuator: undefined })
    target.world.load = 40
    await clock.advance(300_000)
    expect(target.commands).toEqual([])
    expect(heard.turns().some(({ decision }) => decision.kind === 'scale')).toBe(true)
    await end()
  })

  it('reduces nothing in the first minute after a start', async () => {
    const { clock, target, heard, begin, end } = stage({ policy: policies.proportional.make({}) })
    target.world.load = 0
    begin()
    await clock.advance(45_000)
    expect(target.commands).toEqual([])
    await clock.advance(600_000)
    expect(heard.errors()).toEqual([])
    await end()
  })

  it('commands nothing that could not be recorded, goes on deciding, and commands when the disk has room again', async () => {
    const { clock, target, knowledge, heard, begin, end } = stage()
    knowledge.state.full = true
    target.world.load = 40
    begin()
    await clock.advance(200_000)
    expect(target.commands).toEqual([])
    expect(heard.turns().some(({ decision }) => decision.kind === 'scale')).toBe(true)
    expect(heard.errors()[0]).toContain('disk is full')
    knowledge.state.full = false
    await clock.advance(60_000)
    expect(target.commands.length).toBeGreaterThan(0)
    await end()
  })

  it('counts what was asked for while it starts, and asks for it once', async () => {
    const { clock, target, begin, end } = stage()
    begin()
    await clock.advance(60_000)
    target.world.load = 19
    await clock.advance(60_000)
    expect(target.commands.map(({ to }) => to)).toEqual([{ web: 4 }])
    await end()
  })
})

describe('a loop that is killed', () => {
  it('between recording and doing: recognises that it was not carried out, and decides anew', async () => {
    const { clock, target, knowledge, heard, begin, end } = stage()
    target.answers.push('hang')
    target.world.load = 19
    begin()
    await clock.advance(40_000)
    expect(target.commands).toHaveLength(1)
    await end()
    expect(knowledge.given('web')?.receipt).toBeUndefined()
    target.answers.length = 0
    begin()
    await clock.advance(45_000)
    const receipts = heard.events.filter(({ kind }) => kind === 'receipt')
    expect(receipts[0]).toMatchObject({ receipt: { epoch: 1, refused: 'was not carried out' } })
    await clock.advance(60_000)
    expect(target.world.wanted).toBe(4)
    await end()
  })

  it('between doing and recording: recognises that it was carried out, and does not do it again', async () => {
    const { clock, target, heard, begin, end } = stage()
    target.answers.push('hang-but-done')
    target.world.load = 19
    begin()
    await clock.advance(40_000)
    await end()
    begin()
    await clock.advance(300_000)
    expect(heard.events.find(({ kind }) => kind === 'receipt')).toMatchObject({
      receipt: { epoch: 1, reached: { web: expect.any(Number) } }
    })
    expect(target.commands).toHaveLength(1)
    await end()
  })

  it('goes on with the memory of before, so stabilisation windows stay', async () => {
    const remembers: Policy = {
      name: 'counts',
      intervalMs: 15_000,
      initial: () => 0,
      decide: (seen, memory) => ({
        decision: {
          kind: 'hold',
          to: seen.capacity.ready,
          why: { rule: 'counts', inputs: { memory }, bound: [], changed: [] }
        },
        memory: Number(memory) + 1
      })
    }
    const { clock, heard, begin, end } = stage({ policy: remembers })
    begin()
    await clock.advance(60_000)
    await end()
    const before = heard.turns().length
    begin()
    await clock.advance(15_000)
    await end()
    expect(heard.turns()[before].before).toBe(before)
    begin({ options: { other: true } })
    await clock.advance(0)
    expect(heard.turns().at(-1)?.before).toBe(0)
    await end()
  })
})

describe('a loop that has one turn only', () => {
  function once(change: Partial<LoopTarget> = {}, clock = virtualClock(START)) {
    const target = smallTarget(clock)
    const heard = ears()
    const loop: LoopTarget = {
      name: 'web',
      policy: hpa(),
      options: {},
      sources: [scripted(clock, 15_000, target.readings)],
      view: { stepMs: 15_000 },
      intervalMs: 15_000,
      ...change
    }
    const parts = {
      knowledge: memoryKnowledge(),
      permission: permitAll(),
      clock,
      tell: heard.tell,
      once: true
    }
    return { clock, target, heard, loop, running: runTarget(loop, parts, new AbortController().signal) }
  }

  it('waits until there is a load, decides once, and ends', async () => {
    const { clock, heard, running } = once()
    await clock.advance(14_000)
    expect(heard.turns()).toEqual([])
    await clock.advance(2_000)
    await running
    expect(heard.turns()).toHaveLength(1)
    expect(heard.turns()[0].observation.load?.values.at(-1)).toBe(10)
  })

  it('waits for half a minute at most where nobody says anything', async () => {
    const { clock, heard, running } = once({ sources: [] })
    await clock.advance(29_000)
    expect(heard.turns()).toEqual([])
    await clock.advance(2_000)
    await running
    expect(heard.turns()).toHaveLength(1)
  })

  describe('whose sources fail', () => {
    /** Says that at a moment, and then nothing any more. */
    const saying = (clock: Clock, afterMs: number, ...said: readonly Reading[]): Source => ({
      async *read(abort) {
        await clock.sleepUntil(START + afterMs, abort)
        yield* said
        await clock.sleepUntil(START + 3_600_000, abort)
      }
    })
    const event = (what: string): Reading => ({ kind: 'event', atMs: START, what, text: 'as it is' })
    const nothing: Reading = {
      ...{ kind: 'metric', name: 'load', atMs: START },
      metric: { value: NaN, quality: 'missing' }
    }
    const broken: Source = {
      read: () => {
        throw new Error('no such query')
      }
    }

    it.each<{ when: string; sources: (clock: Clock) => readonly Source[]; endsS: number }>([
      {
        when: 'all of them, at once',
        sources: (clock) => [saying(clock, 2_000, nothing, event('source-unreachable')), broken],
        endsS: 2
      },
      {
        when: 'those that say anything, a while later',
        sources: (clock) => [saying(clock, 2_000, event('source-invalid')), saying(clock, 3_600_000)],
        endsS: 7
      },
      {
        when: 'one of them only, when the other was waited for long enough',
        sources: (clock) => [broken, saying(clock, 1_000, nothing)],
        endsS: 30
      },
      {
        when: 'one that is back, when it was waited for long enough',
        sources: (clock) => [saying(clock, 1_000, event('source-unreachable'), event('source-back'))],
        endsS: 30
      }
    ])('$when: it decides', async ({ sources, endsS }) => {
      const clock = virtualClock(START)
      const { heard, running } = once({ sources: sources(clock) }, clock)
      await clock.advance(endsS * 1_000 - 500)
      expect(heard.turns()).toEqual([])
      await clock.advance(1_500)
      await running
      expect(heard.turns()).toHaveLength(1)
    })
  })

  it('goes on without a capacity soon after the load is there, and from rates where there is no load', async () => {
    for (const [kind, atMs] of [
      ['load', 21_000],
      ['topology', 6_000]
    ] as const) {
      const clock = virtualClock(START)
      const heard = ears()
      const reading = (): Reading =>
        kind === 'load'
          ? { kind: 'metric', name: 'load', atMs: clock.now(), metric: { value: 3, quality: 'ok' } }
          : {
              kind: 'topology',
              atMs: clock.now(),
              quality: 'ok',
              topology: {
                operators: [{ id: 'a', parallelism: 1, trueProcessingRate: 5, trueOutputRate: 5 }],
                edges: []
              }
            }
      const loop: LoopTarget = {
        ...{ name: 'web', policy: hpa(), options: {}, view: { stepMs: 15_000 }, intervalMs: 15_000 },
        sources: [scripted(clock, 5_000, () => [reading()])]
      }
      const parts = {
        knowledge: memoryKnowledge(),
        permission: permitAll(),
        clock,
        tell: heard.tell,
        once: true
      }
      const running = runTarget(loop, parts, new AbortController().signal)
      await clock.advance(atMs)
      await running
      expect(heard.turns(), kind).toHaveLength(1)
    }
  })
})

describe('a loop among what fails', () => {
  it('tries again after an error, later each time, and is done when the world shows it was', async () => {
    const { clock, target, heard, begin, end } = stage()
    target.answers.push('error', 'error', 'refused', 'error-but-done')
    target.world.load = 19
    begin()
    await clock.advance(900_000)
    expect(target.commands.map(({ to }) => to.web)).toEqual([4, 4, 4, 4])
    expect(target.world.ready).toBe(4)
    expect(heard.errors().filter((what) => what.includes('503'))).toHaveLength(3)
    await end()
  })

  it('turns on time while a forecast hangs, without it', async () => {
    const send = () => new Promise<never>(() => {})
    const hangs = forecastDesk({ target: 'web', spec: null, send })
    const { clock, heard, begin, end } = stage({ forecast: hangs })
    begin()
    await clock.advance(60_000)
    const times = heard.turns().map(({ atMs }) => atMs - START)
    expect(times).toEqual([2_000, 17_000, 32_000, 47_000])
    expect(heard.turns()[0].observation.forecast).toBeUndefined()
    expect(heard.turns()[0].noForecast).toBe('the first is not ready yet')
    await end()
  })

  it('shows a forecast that is in time', async () => {
    const forecast: Forecast = {
      startMs: START,
      stepMs: 15_000,
      mean: Float64Array.of(1),
      quantiles: {},
      by: { model: 'test', version: '1', trainedUntilMs: START }
    }
    const { clock, heard, begin, end } = stage({ forecast: { ask: async () => forecast } })
    begin()
    await clock.advance(15_000)
    expect(heard.turns()[0].observation.forecast).toBe(forecast)
    await end()
  })

  it('opens a source again that ended with an error, and holds meanwhile', async () => {
    let fails = true
    const { clock, target, heard, begin, end } = stage({
      say: (readings) => {
        if (fails) throw new Error('connection refused')
        return readings
      }
    })
    target.world.load = 19
    begin()
    await clock.advance(60_000)
    expect(target.commands).toEqual([])
    expect(heard.errors().every((what) => what === 'connection refused')).toBe(true)
    fails = false
    await clock.advance(120_000)
    expect(target.world.wanted).toBe(4)
    await end()
  })

  it('never reduces when everything goes silent, however long', async () => {
    let silent = false
    const { clock, target, begin, end } = stage({ say: (readings) => (silent ? [] : readings) })
    target.world.load = 19
    begin()
    await clock.advance(600_000)
    expect(target.world.wanted).toBe(4)
    silent = true
    target.world.load = 0
    await clock.advance(86_400_000)
    expect(target.world.wanted).toBe(4)
    await end()
  })

  it('keeps what happened to the target, and says where that cannot be kept', async () => {
    const { clock, knowledge, heard, begin, end } = stage({
      say: (readings) => [
        ...readings,
        { kind: 'event', atMs: clock.now(), what: 'job-restarted', text: 'once' }
      ]
    })
    begin()
    await clock.advance(1_000)
    expect(knowledge.state.events).toEqual([
      { target: 'web', atMs: START, what: 'job-restarted', text: 'once' }
    ])
    knowledge.putEvent = () => {
      throw new Error('the disk is full')
    }
    await clock.advance(15_000)
    expect(heard.errors()).toContain('the disk is full')
    await end()
  })

  it('leaves a source that does not end, and learns anew what an older version kept in another shape', async () => {
    const { clock, knowledge, heard, begin, end } = stage()
    knowledge.keep('web', {
      atMs: 0,
      policy: { name: 'other', options: {} },
      memory: 1,
      estimates: { old: true }
    })
    begin({
      sources: [{ read: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) }) }]
    })
    await clock.advance(15_000)
    expect(heard.turns().length).toBe(2)
    const ended = end()
    await clock.advance(6_000)
    await ended
    expect(heard.errors()).toEqual(['a source does not end; it is left'])
  })

  const signal: Reading = {
    kind: 'signal',
    signal: {
      ...{ gateway: 'g', seq: 1, sentMs: START, predictedLoad: 1, burstAlarm: true },
      ...{ horizonMs: 1, confidence: 1 }
    }
  }
  const hearing = { take: () => true, current: () => [] }
  /** An alarm at each of these moments, counted from the start. */
  const alarms = (clock: Clock, ...moments: readonly number[]): Source => ({
    async *read(abort) {
      for (const atMs of moments) {
        await clock.sleepUntil(START + atMs, abort)
        yield signal
      }
    }
  })
  const timesOf = (heard: { turns(): readonly { readonly atMs: number }[] }) =>
    heard.turns().map(({ atMs }) => atMs - START)

  it('wakes for an alarm at once, whether a tick or another alarm was just before it', async () => {
    const { clock, heard, begin, end } = stage()
    begin({
      sources: [alarms(clock, 1, 15_001, 15_010, 29_000)],
      view: { stepMs: 15_000, signals: hearing }
    })
    await clock.advance(30_000)
    expect(timesOf(heard)).toEqual([0, 1, 15_001, 15_010, 29_000])
    await clock.advance(15_000)
    // The next tick is an interval behind the last turn.
    expect(timesOf(heard).at(-1)).toBe(44_000)
    await end()
  })

  it('wakes for a storm of alarms four times, and then once a second', async () => {
    const { clock, heard, begin, end } = stage()
    const storm = Array.from({ length: 251 }, (_, i) => 20_000 + 20 * i)
    begin({ sources: [alarms(clock, ...storm)], view: { stepMs: 15_000, signals: hearing } })
    await clock.advance(25_000)
    expect(timesOf(heard)).toEqual([
      ...[0, 15_000, 20_000, 20_020, 20_040, 20_060],
      ...[21_000, 22_000, 23_000, 24_000, 25_000]
    ])
    await end()
  })

  it('has its ticks while a source gives a million signals a second and never waits', async () => {
    const { clock, heard, begin, end } = stage()
    let count = 0
    const flood: Source = {
      async *read(abort) {
        for (; !abort.aborted; count++) yield signal
      }
    }
    begin({ sources: [flood], view: { stepMs: 500, signals: hearing }, intervalMs: 500 })
    await clock.advance(2_000)
    const times = timesOf(heard)
    expect(count).toBeGreaterThanOrEqual(2_000_000)
    for (const [i, atMs] of times.entries()) expect(atMs - (times[i - 1] ?? 0)).toBeLessThanOrEqual(500)
    // A tick each half second, and what the alarms may cause beside: four, and one a second.
    expect(times.length).toBeLessThanOrEqual(1 + 4 + 4 + 2)
    expect(times.at(-1)).toBeGreaterThan(1_500)
    await end()
  })

  it('does not wait for a slow forecast when there is an alarm, before the turn or in it', async () => {
    const { clock, heard, begin, end } = stage()
    const slow: ForecastDesk = {
      ask: (_load, _nowMs, abort) =>
        new Promise((resolve) => abort.addEventListener('abort', () => resolve(undefined), { once: true }))
    }
    begin({
      sources: [alarms(clock, 5_000, 15_500)],
      view: { stepMs: 15_000, signals: hearing },
      forecast: slow
    })
    await clock.advance(19_000)
    // Two seconds without an alarm; else 200 ms behind it.
    expect(timesOf(heard)).toEqual([2_000, 5_200, 15_700])
    await end()
  })

  it('looks again as soon as the command is concluded that held back what an alarm asked for', async () => {
    const { clock, target, heard, begin, end } = stage()
    const slow: Actuator = {
      async apply(command, abort) {
        await clock.sleepUntil(clock.now() + 4_000, abort)
        return target.actuator.apply(command, abort)
      }
    }
    const why = { rule: 'wish', inputs: {}, bound: [], changed: [] }
    const wish: Policy = {
      ...{ name: 'wish', intervalMs: 15_000, initial: () => null },
      decide: ({ nowMs }, memory) => ({
        decision: { kind: 'scale', to: { web: nowMs < START + 16_000 ? 3 : 5 }, why },
        memory
      })
    }
    begin({
      policy: wish,
      actuator: slow,
      sources: [scripted(clock, 15_000, target.readings), alarms(clock, 16_000)],
      view: { stepMs: 15_000, signals: hearing }
    })
    await clock.advance(25_000)
    const given = heard.events.flatMap((event) =>
      event.kind === 'command' ? [[event.atMs - START, event.command.to.web]] : []
    )
    expect(given).toEqual([
      [15_000, 3],
      [19_000, 5]
    ])
    expect(timesOf(heard)).toEqual([0, 15_000, 16_000, 19_000])
    await end()
  })
})

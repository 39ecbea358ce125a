/** Fault matrix, F1–F7: what is not measured, not true or not now; and the zero that is real. */
import { describe, expect, it } from 'vitest'
import type { Reading } from '../../src/roles.ts'
import { loadAs, MINUTE, START, stage, TICK, without } from './stage.ts'

/** Twelve units for a load of 80, and then something goes wrong. */
async function settled(options: Parameters<typeof stage>[0] = {}) {
  const made = stage(options)
  made.begin()
  await made.settle(80)
  expect(made.target.world.ready).toBeGreaterThanOrEqual(8)
  return made
}

describe('fault matrix: what is unknown', () => {
  it.each([
    ['not told any more', 'stale', without('cpu')],
    [
      'told as missing',
      'missing',
      (readings: readonly Reading[]) =>
        readings.map(
          (one): Reading =>
            one.kind === 'metric' && one.name === 'cpu'
              ? { ...one, metric: { value: NaN, quality: 'missing' } }
              : one
        )
    ]
  ] as const)(
    'F1 one series %s: holds what there is, the Turn says it is %s, and goes on when it is back',
    async (_, quality, spoilt) => {
      const it = await settled({ policy: 'hpa' })
      const before = it.target.world.wanted
      it.spoil.by = spoilt
      it.target.world.load = 5
      await it.clock.advance(30 * MINUTE)
      expect(it.target.world.wanted).toBe(before)
      expect(it.last().observation.metrics?.cpu.quality).toBe(quality)
      it.spoil.by = (readings) => readings
      it.target.world.load = 150
      await it.clock.advance(5 * MINUTE)
      expect(it.target.world.wanted).toBeGreaterThan(before)
      await it.end()
    }
  )

  it('F1 a load that is missing says so and takes nothing away, for as long as it is', async () => {
    const it = await settled()
    const before = it.target.world.wanted
    it.spoil.by = without('load')
    it.target.world.load = 0
    await it.clock.advance(24 * 60 * MINUTE)
    expect(it.target.world.wanted).toBe(before)
    expect(it.last().decision.kind).toBe('hold')
    await it.end()
  })

  it('F2 whole source down: what was known counts until it is too old, and then nothing is taken away', async () => {
    const it = await settled()
    const before = it.target.world.wanted
    const count = it.target.commands.length
    it.spoil.by = () => {
      throw new Error('connect ECONNREFUSED')
    }
    it.target.world.load = 0
    await it.clock.advance(12 * 60 * MINUTE)
    expect(it.target.commands.length).toBe(count)
    const { capacity, metrics } = it.last().observation
    expect(capacity.ready.web).toBeNaN()
    expect(capacity.wanted?.web).toBe(before)
    expect(metrics?.cpu.quality).toBe('stale')
    expect(it.heard.errors().at(-1)).toContain('ECONNREFUSED')
    it.spoil.by = (readings) => readings
    await it.clock.advance(60 * MINUTE)
    expect(it.target.world.wanted).toBeLessThan(before)
    await it.end()
  })

  it('F2 whole source down with a fallback: raised to the safe size once, said why, and back when it is known again', async () => {
    const it = stage({ more: '    fallback: { failureThreshold: 20, replicas: 15 }' })
    it.begin()
    await it.settle(80)
    const before = it.target.world.wanted
    expect(before).toBeLessThan(15)
    const count = it.target.commands.length
    it.spoil.by = () => {
      throw new Error('connect ECONNREFUSED')
    }
    it.target.world.load = 0
    // Old after five minutes, unknown for twenty turns of 15 s after ten.
    await it.clock.advance(9 * MINUTE)
    expect(it.target.commands.length).toBe(count)
    await it.clock.advance(60 * MINUTE)
    expect(it.target.commands.slice(count).map(({ to }) => to)).toEqual([{ web: 15 }])
    const { why, kind, to } = it.last().decision
    expect({ kind, to }).toEqual({ kind: 'hold', to: { web: 15 } })
    const raise = it.heard.turns().find(({ decision }) => decision.why.bound.includes('fallback'))
    expect(raise?.decision.why.changed[0]).toMatchObject({
      by: 'withFallback',
      because: expect.stringMatching(/^nothing is known for 5m.* \(.*stale.*\): at least 15$/)
    })
    expect(JSON.stringify(why)).not.toContain('NaN')
    it.spoil.by = (readings) => readings
    await it.clock.advance(60 * MINUTE)
    expect(it.target.world.wanted).toBeLessThan(before)
    await it.end()
  })

  it('F2 a fallback below what is there takes nothing away', async () => {
    const it = stage({ more: '    fallback: { failureThreshold: 1, replicas: 2 }' })
    it.begin()
    await it.settle(80)
    const before = it.target.world.wanted
    it.spoil.by = () => []
    await it.clock.advance(12 * 60 * MINUTE)
    expect(it.target.world.wanted).toBe(before)
    await it.end()
  })

  it.each([
    [5, 'invalid'],
    [10, 'invalid'],
    [-5, 'stale'],
    [-10, 'stale']
  ])(
    'F3 clocks: a sender whose clock is %d minutes off is %s: no command while it is, down once it is right',
    async (minutes, quality) => {
      const it = await settled()
      await it.clock.advance(40 * MINUTE)
      const commands = it.target.commands.length
      it.spoil.by = (readings) =>
        readings.map((one) => ('atMs' in one ? { ...one, atMs: one.atMs + minutes * MINUTE } : one))
      it.target.world.load = 0
      await it.clock.advance(60 * MINUTE)
      expect(it.target.commands.length).toBe(commands)
      const { observation, decision } = it.last()
      expect(observation.metrics?.cpu.quality).toBe(quality)
      expect(decision).toMatchObject({ kind: 'hold', why: { rule: 'load-unknown' } })
      it.spoil.by = (readings) => readings
      await it.clock.advance(10 * MINUTE)
      expect(it.target.world.wanted).toBe(1)
      await it.end()
    }
  )

  /** What the loop does when its own clock jumps, and the load becomes another at the same moment. Times are those that pass. */
  async function jumped(jump: number, load: number) {
    const it = await settled()
    await it.clock.advance(40 * MINUTE)
    const [size, commands, turns] = [
      it.target.world.wanted,
      it.target.commands.length,
      it.heard.turns().length
    ]
    it.clock.jump(jump)
    const fromMs = it.clock.now()
    it.target.world.load = load
    await it.clock.advance(30 * MINUTE)
    const made = it.heard.turns().slice(turns)
    const given = it.heard.events
      .flatMap((event) => (event.kind === 'command' ? [event] : []))
      .slice(commands)
    await it.end()
    return {
      ...{ size, last: it.target.world.wanted },
      rules: made.map(({ decision }) => decision.why.rule),
      turnsMs: made.map(({ atMs }) => atMs - fromMs),
      commands: given.map(({ atMs, command }) => ({ afterMs: atMs - fromMs, web: command.to.web })),
      quality: made.at(-1)?.observation.metrics?.cpu.quality
    }
  }

  it.each([-5, -0.5, 0.5, 5])(
    'F3 clocks: our own set by %d minutes: no command under the same load, the first turn knows nothing, and no turn is late or left out',
    async (minutes) => {
      const it = await jumped(minutes * MINUTE, 80)
      expect(it.commands).toEqual([])
      // What was received before seems older than it is, or to come from the future.
      if (minutes < 0) expect(it.rules[0]).toBe('capacity-unknown')
      if (minutes === 5) expect(it.rules[0]).toBe('load-unknown')
      expect(it.rules.slice(2)).toEqual(it.rules.slice(2).map(() => 'reactive-no-forecast'))
      const gaps = it.turnsMs.map((atMs, i) => atMs - (it.turnsMs[i - 1] ?? 0))
      expect(Math.max(...gaps)).toBeLessThanOrEqual(TICK)
      // A clock set forward makes the tick that was waited for due.
      expect(it.turnsMs.length).toBe((30 * MINUTE) / TICK + (minutes > 0 ? 1 : 0))
      expect(it.quality).toBe('ok')
    }
  )

  it.each([-5, 5])(
    'F3 clocks: our own set by %d minutes while the load goes: what is taken away is taken away no sooner for it, and down to the minimum',
    async (minutes) => {
      const usual = await jumped(0, 0)
      const it = await jumped(minutes * MINUTE, 0)
      expect(it.commands[0].afterMs).toBeGreaterThanOrEqual(usual.commands[0].afterMs)
      if (minutes < 0) expect(it.commands[0].afterMs).toBeGreaterThanOrEqual(-minutes * MINUTE)
      expect([it.last, usual.last]).toEqual([1, 1])
    }
  )

  it.each([NaN, Infinity, -Infinity, -1, 1e300, 2 ** 63, Number.MAX_VALUE])(
    'F4 a load of %s is no load: typed invalid, capacity as before',
    async (value) => {
      const it = await settled()
      const before = it.target.world.wanted
      it.spoil.by = loadAs(value)
      await it.clock.advance(30 * MINUTE)
      expect(it.target.world.wanted).toBe(before)
      expect(it.last().observation.load?.values.at(-1)).toBeNaN()
      await it.end()
    }
  )

  it('F4 absurd numbers everywhere: metrics are invalid, an absurd capacity holds', async () => {
    const it = await settled({ policy: 'hpa' })
    const before = it.target.world.wanted
    const count = it.target.commands.length
    it.spoil.by = (readings) =>
      readings.map((one): Reading => {
        if (one.kind === 'metric') return { ...one, metric: { value: -1, quality: 'ok' } }
        if (one.kind === 'capacity') return { ...one, capacity: { ready: { web: -3 } } }
        return one
      })
    it.target.world.load = 0
    await it.clock.advance(60 * MINUTE)
    expect(it.target.world.wanted).toBe(before)
    expect(it.target.commands.length).toBe(count)
    expect(it.last().observation.metrics?.cpu.quality).toBe('invalid')
    await it.end()
  })

  it('F5 partial aggregation, 3 of 10 instances: held, although the sum looks like less', async () => {
    const it = await settled()
    const before = it.target.world.wanted
    it.spoil.by = (readings) =>
      readings.map((one) =>
        one.kind === 'metric'
          ? { ...one, metric: { value: one.metric.value * 0.3, quality: 'partial' } }
          : one
      )
    await it.clock.advance(60 * MINUTE)
    expect(it.target.world.wanted).toBe(before)
    expect(it.last().observation.metrics?.cpu.quality).toBe('partial')
    await it.end()
  })

  it.each([0, NaN])(
    'F6 a true processing rate of %s holds, and asks for no more than the maximum',
    async (rate) => {
      for (const policy of ['mpc', 'ds2', 'flink']) {
        const it = stage({ policy, units: 4 })
        const { target } = it
        it.spoil.by = (readings) => [
          ...readings.filter((one) => one.kind !== 'metric' || one.name === 'load'),
          {
            kind: 'topology',
            atMs: it.clock.now(),
            quality: 'ok',
            topology: {
              operators: [
                {
                  ...{ id: 'src', parallelism: 1, source: true, trueProcessingRate: NaN, trueOutputRate: 80 },
                  ...{ observedOutputRate: 80, lag: 0 }
                },
                { id: 'web', parallelism: target.world.ready, trueProcessingRate: rate, trueOutputRate: rate }
              ],
              edges: [{ from: 'src', to: 'web' }]
            }
          }
        ]
        it.target.world.load = 80
        it.begin()
        await it.clock.advance(30 * MINUTE)
        for (const { to } of target.commands) expect(to.web, policy).toBeLessThanOrEqual(20)
        expect(target.world.wanted, policy).toBeGreaterThanOrEqual(4)
        await it.end()
      }
    }
  )

  it('F7 genuine zero traffic is not unknown: down to the minimum, after its delay', async () => {
    const it = await settled()
    it.target.world.load = 0
    const from = it.clock.now()
    await it.clock.advance(90 * MINUTE)
    expect(it.target.world.wanted).toBe(1)
    expect(it.last().observation.load?.values.at(-1)).toBe(0)
    // Not in the first turn that saw it.
    const downs = it.heard.events.flatMap((event) =>
      event.kind === 'command' && event.atMs > from ? [event.atMs - from] : []
    )
    expect(downs[0]).toBeGreaterThan(TICK)
    expect(it.heard.turns()[0].atMs).toBeGreaterThanOrEqual(START)
    await it.end()
  })
})

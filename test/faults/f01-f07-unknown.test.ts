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

  it('F3 clocks: a sender ten minutes ahead is not believed, one ten minutes behind is old, and neither shrinks', async () => {
    for (const skew of [10 * MINUTE, -10 * MINUTE]) {
      const it = await settled()
      const before = it.target.world.wanted
      it.spoil.by = (readings) =>
        readings.map((one) => ('atMs' in one ? { ...one, atMs: one.atMs + skew } : one))
      it.target.world.load = 0
      await it.clock.advance(60 * MINUTE)
      expect(it.target.world.wanted, String(skew)).toBe(before)
      expect(it.last().observation.metrics?.cpu.quality).toBe(skew > 0 ? 'invalid' : 'stale')
      await it.end()
    }
  })

  it('F3 clocks: our own set back or forward by five minutes: no decrease, and the turns go on every 15 s', async () => {
    for (const jump of [-5 * MINUTE, 5 * MINUTE]) {
      const it = await settled()
      const before = it.target.world.wanted
      const turns = it.heard.turns().length
      it.clock.jump(jump)
      await it.clock.advance(4 * MINUTE)
      // Nine for a load of 80 are no less than is needed.
      expect(it.target.world.wanted, String(jump)).toBeGreaterThanOrEqual(Math.min(before, 9))
      expect(it.heard.turns().length - turns).toBeGreaterThanOrEqual(15)
      await it.clock.advance(20 * MINUTE)
      expect(it.last().observation.metrics?.cpu.quality).toBe('ok')
      await it.end()
    }
  })

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

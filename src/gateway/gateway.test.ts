import { describe, expect, it } from 'vitest'
import { canonicalJson, HOUR } from '../base/index.ts'
import type { EdgeSignal } from '../roles.ts'
import { accidents } from '../sim/index.ts'
import { edgeGateway, type GatewayMemory, scoreAlarms } from './index.ts'

const SECOND = 1_000
const make = (options = {}) => edgeGateway({ gateway: 'g1', options: { streets: 4, ...options } })

/** Steps of 5 s with these counts of street `a` and `b`, every message by itself and evenly spread; signals that came. */
function live(
  gateway: ReturnType<typeof make>,
  memory: GatewayMemory,
  fromMs: number,
  steps: readonly (readonly [a: number, b: number])[]
): EdgeSignal[] {
  const signals: EdgeSignal[] = []
  const take = (signal: EdgeSignal | undefined) => signal && signals.push(signal)
  steps.forEach((n, i) => {
    const startMs = fromMs + i * 5 * SECOND
    take(gateway.tick(startMs, memory))
    for (let at = 0; at < 5_000; at += 50) {
      n.forEach((count, street) => {
        const now = Math.floor(((at + 50) * count) / 5_000) - Math.floor((at * count) / 5_000)
        if (now > 0) take(gateway.count('ab'[street], now, startMs + at, memory))
      })
    }
  })
  take(gateway.tick(fromMs + steps.length * 5 * SECOND, memory))
  return signals
}

const quiet = (steps: number, a = 100, b = 100) =>
  Array.from({ length: steps }, (_, i) => [a + (i % 3) * 4, b + (i % 2) * 4] as const)

describe('an edge gateway', () => {
  it('says the rate of all streets together, on change and every heartbeat', () => {
    const gateway = make()
    const memory = gateway.initial(0)
    const signals = live(gateway, memory, 0, quiet(60))
    expect(signals.length).toBeGreaterThanOrEqual(28)
    expect(signals.length).toBeLessThanOrEqual(32)
    for (const { predictedLoad, burstAlarm } of signals) {
      expect(predictedLoad).toBeGreaterThan(38)
      expect(predictedLoad).toBeLessThan(44)
      expect(burstAlarm).toBe(false)
    }
  })

  it('says something at every step where that is wanted', () => {
    const gateway = make({ publish: 'step' })
    const signals = live(gateway, gateway.initial(0), 0, quiet(60))
    // All but the first step, which was not whole.
    expect(signals).toHaveLength(59)
  })

  it('numbers its signals upwards without a gap, from the clock or from what was kept, whichever is later', () => {
    const gateway = make()
    const seqs = live(gateway, gateway.initial(0), 0, quiet(60)).map(({ seq }) => seq)
    expect(seqs).toEqual(seqs.map((_, i) => i))
    const later = gateway.initial(300_000)
    expect(live(gateway, later, 300_000, quiet(10))[0].seq).toBe(300_000)
    const withWrongClock = gateway.initial(5_000, 400_000)
    expect(live(gateway, withWrongClock, 5_000, quiet(10))[0].seq).toBe(400_000)
  })

  it('fires in the middle of a step, with the message that makes the difference', () => {
    const gateway = make()
    const memory = gateway.initial(0)
    const burst = [...quiet(60), [160, 100], [400, 100], [400, 100]] as const
    const first = live(gateway, memory, 0, burst).find(({ burstAlarm }) => burstAlarm)
    const stepOf = ((first?.sentMs ?? 0) - 60 * 5_000) / 5_000
    expect(stepOf).toBeGreaterThan(1)
    expect(stepOf).toBeLessThan(1.9)
    expect(stepOf % 1).not.toBe(0)
  })

  it('fires no alarm in the middle of a step that its end would not bear out', () => {
    for (let n = 100; n < 400; n += 7) {
      const early = make()
      const burst = [...quiet(60), [n, 100], [n, 100], [n, 100]] as const
      const withEarly = live(early, early.initial(0), 0, burst).some(({ burstAlarm }) => burstAlarm)
      const memory = early.initial(0)
      const late = burst.flatMap((step, i) => {
        // Counted in one go a step, told at the end of the step after: nothing to look at in between.
        const signals: EdgeSignal[] = []
        const said = early.tick(i * 5_000, memory)
        if (said) signals.push(said)
        memory.early.fill(Number.MAX_SAFE_INTEGER)
        step.forEach((count, street) => {
          early.count('ab'[street], count, i * 5_000, memory)
        })
        return signals
      })
      const last = early.tick(burst.length * 5_000, memory)
      const atTheEnd = [...late, ...(last ? [last] : [])].some(({ burstAlarm }) => burstAlarm)
      expect([n, withEarly]).toEqual([n, atTheEnd])
    }
  })

  it('says nothing while nothing comes in, rather than that there is nothing', () => {
    const gateway = make()
    const memory = gateway.initial(0)
    live(gateway, memory, 0, quiet(30))
    gateway.listen(false, memory)
    const silent = live(
      gateway,
      memory,
      150_000,
      Array.from({ length: 30 }, () => [0, 0] as const)
    )
    // The step that was over before is still told.
    expect(silent.filter(({ sentMs }) => sentMs > 155_000)).toEqual([])
    gateway.listen(true, memory)
    const again = live(gateway, memory, 300_000, quiet(10))
    expect(again.length).toBeGreaterThan(2)
    expect(again.every(({ burstAlarm, predictedLoad }) => !burstAlarm && predictedLoad > 38)).toBe(true)
  })

  it('says nothing after its clock was set back, until a whole step was measured again', () => {
    const gateway = make()
    const memory = gateway.initial(0)
    live(gateway, memory, 0, quiet(60))
    expect(gateway.tick(100_000, memory)).toBeUndefined()
    expect(gateway.tick(104_000, memory)).toBeUndefined()
    const again = live(gateway, memory, 105_000, quiet(10))
    expect(again[0].sentMs).toBe(110_000)
    expect(again.every(({ predictedLoad }) => predictedLoad > 38)).toBe(true)
  })

  it('says that there is nothing where it listened and heard nothing', () => {
    const gateway = make()
    const memory = gateway.initial(0)
    live(gateway, memory, 0, quiet(30))
    const silent = live(
      gateway,
      memory,
      150_000,
      Array.from({ length: 30 }, () => [0, 0] as const)
    )
    expect(silent.at(-1)?.predictedLoad).toBe(0)
  })

  it('takes the flood of what was held back for no burst', () => {
    const gateway = make()
    const memory = gateway.initial(0)
    live(gateway, memory, 0, quiet(60))
    gateway.listen(false, memory)
    live(
      gateway,
      memory,
      300_000,
      Array.from({ length: 12 }, () => [0, 0] as const)
    )
    gateway.listen(true, memory)
    const signals = live(gateway, memory, 360_000, [[20_000, 20_000], ...quiet(20)])
    expect(signals.some(({ burstAlarm }) => burstAlarm)).toBe(false)
  })

  it('goes on from its memory as JSON, to the same signals', () => {
    const gateway = make()
    const memory = gateway.initial(0)
    live(gateway, memory, 0, quiet(60))
    const restored: GatewayMemory = JSON.parse(JSON.stringify(memory))
    const more = [...quiet(10), [400, 100], [400, 100], [400, 100], ...quiet(10)] as const
    expect(canonicalJson(live(gateway, restored, 300_000, more))).toBe(
      canonicalJson(live(gateway, memory, 300_000, more))
    )
  })

  it('sees the accidents of a city as its predictors do, and earlier than at the end of a step', () => {
    const load = accidents({ durationMs: 12 * HOUR, base: 200 }, 101)
    const run = (isEarly: boolean) => {
      const gateway = edgeGateway({ gateway: 'city', options: { streets: 16 } })
      const memory = gateway.initial(0)
      const alarms = new Array<boolean>(load.streets[0].values.length * 5).fill(false)
      let on = false
      load.streets[0].values.forEach((_, i) => {
        for (let s = 0; s < 5; s++) {
          const nowMs = i * 5_000 + s * 1_000
          const take = (signal?: EdgeSignal) => {
            if (signal) on = signal.burstAlarm
          }
          take(gateway.tick(nowMs, memory))
          if (!isEarly) memory.early.fill(Number.MAX_SAFE_INTEGER)
          load.streets.forEach(({ values }, street) => {
            const n = Math.round(values[i] * 5)
            const now = Math.floor(((s + 1) * n) / 5) - Math.floor((s * n) / 5)
            if (now > 0) take(gateway.count(`street/${street}`, now, nowMs + 500, memory))
          })
          alarms[i * 5 + s] = on
        }
      })
      return scoreAlarms(alarms, load.accidents, { startMs: 0, stepMs: 1_000 })
    }
    const [early, late] = [run(true), run(false)]
    expect(early.recallForeseeable).toBeGreaterThan(0.9)
    expect(early.recall).toBeGreaterThanOrEqual(late.recall)
    expect(early.precision).toBeGreaterThanOrEqual(late.precision - 0.02)
    expect(early.leadMs.p50).toBeGreaterThan(late.leadMs.p50)
  })

  it.each([
    [{ gateway: 'two words' }, 'gateway must be a name'],
    [{ gateway: 'g', options: { predictor: 'cusums' } }, 'gateway.predictor must be one of threshold'],
    [{ gateway: 'g', options: { heartbeet: 1 } }, "did you mean 'heartbeat'?"]
  ])('says what is wrong with %j', (settings, says) => {
    expect(() => edgeGateway(settings)).toThrow(says)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Observation, UnitReading } from '../roles.ts'
import { hpa } from './hpa.ts'
import { limited, parseRules } from './hpa-behavior.ts'
import { sumOf } from './hpa-pods.ts'
import { groupRows, replicaRows } from './hpa-replicas.rows.ts'

const nowMs = 1_000_000_000
const free = { upStabilization: 0, downStabilization: 0, up: 'Percent:100000:15', down: 'Percent:100:15' }

describe('the arithmetic of the HPA', () => {
  it.each(replicaRows)(
    'answers as in TestReplicaCalc$when',
    ({ now, type = 'utilization', target, pods, value, gives }) => {
      // In the original's tests only CPU knows of pods that are too young; other metrics are called qps.
      const metric = type === 'utilization' ? 'cpu' : 'qps'
      const policy = hpa({
        ...free,
        type,
        metric,
        target: type === 'utilization' ? target / 100 : target,
        initialization: '2m',
        initialReadiness: '10s'
      })
      const seen: Observation = {
        nowMs,
        capacity: { ready: { web: now }, wanted: { web: now } },
        units: pods.split(' ').map((pod, i) => unitOf(pod, metric, `pod-${i}`)),
        ...(value === undefined ? {} : { metrics: { qps: { value, quality: 'ok' } } })
      }
      expect(policy.decide(seen, policy.initial()).decision.to).toEqual({ web: gives })
    }
  )

  it.each(groupRows)(
    'sorts a pod as in TestGroupPods: $when',
    ({ metric = 'cpu', ready, started, changed, sample, gives }) => {
      const before = (seconds?: number) => (seconds === undefined ? undefined : nowMs - seconds * 1000)
      const unit: UnitReading = {
        id: 'pod',
        resource: 'web',
        ready,
        startedMs: before(started),
        readyChangedMs: before(changed),
        metrics: sample && { [metric]: { value: 1, quality: 'ok', ageMs: sample.age * 1000 } }
      }
      const rules = {
        metric,
        initializationMs: 120_000,
        initialReadinessMs: 10_000,
        metricWindowMs: (sample?.window ?? 0) * 1000
      }
      const sums = sumOf(rules, [unit], nowMs, 'web')
      expect({ measured: sums.measured, unready: sums.unready, missing: sums.missing }).toEqual({
        measured: 0,
        unready: 0,
        missing: 0,
        [gives]: 1
      })
    }
  )
})

describe('corners of the HPA that its own tests leave open', () => {
  const mean = (web: number, cpu: number, wanted = web): Observation => ({
    nowMs,
    capacity: { ready: { web }, wanted: { web: wanted } },
    metrics: { cpu: { value: cpu, quality: 'ok' } }
  })
  const sizeOf = (seen: Observation, options: Record<string, unknown> = {}) => {
    const policy = hpa({ ...free, ...options })
    return policy.decide(seen, policy.initial()).decision.to.web
  }

  it('sees utilisation in whole percent: 88.9 % of 80 is within the tolerance, 89 % is not', () => {
    expect(sizeOf(mean(10, 0.889))).toBe(10)
    expect(sizeOf(mean(10, 0.89))).toBe(12)
  })

  it('leaves pods without a metric out when the others are exactly on target', () => {
    const units = ['5000', '-'].map((pod, i) => unitOf(pod, 'qps', `pod-${i}`))
    const options = { type: 'average', metric: 'qps', target: 5 }
    expect(sizeOf({ ...mean(2, 1), units }, options)).toBe(2)
    const above = ['9000', '-'].map((pod, i) => unitOf(pod, 'qps', `pod-${i}`))
    expect(sizeOf({ ...mean(2, 1), units: above }, options)).toBe(2)
  })

  it('asks for no more than an int32 of replicas, as far as its rules let it', () => {
    const seen = { ...mean(4, 1), metrics: { q: { value: 1e12, quality: 'ok' } } } as const
    expect(sizeOf(seen, { type: 'valuePerUnit', metric: 'q', target: 0.1, up: 'Percent:100:15' })).toBe(8)
    expect(sizeOf(seen, { type: 'valuePerUnit', metric: 'q', target: 0.1, up: 'Pods:2147483647:15' })).toBe(
      2_147_483_647
    )
  })

  it('does not go below what is there on the way up, when few of its pods exist yet', () => {
    const pods = ['3000', '3000', '-'].map((pod, i) => unitOf(pod, 'cpu', `pod-${i}`))
    expect(sizeOf({ ...mean(3, 3, 10), units: pods }, { target: 1 })).toBe(10)
  })

  it('rounds a percentage in favour of the change, in both directions', () => {
    const limits = { now: 7, nowMs, min: 1, max: 100, added: [], removed: [] }
    const rules = { up: parseRules('up', 'Percent:50:60'), down: parseRules('down', 'Percent:50:60') }
    expect([limited(rules, 100, limits, []), limited(rules, 1, limits, [])]).toEqual([11, 3])
  })

  it('forgets a change that is exactly one period old', () => {
    const rules = { up: parseRules('up', 'Pods:2:1m'), down: parseRules('down', 'Pods:2:1m') }
    const at = (ageMs: number) =>
      limited(rules, 100, { now: 7, nowMs, min: 1, max: 100, added: [nowMs - ageMs, 2], removed: [] }, [])
    expect([at(59_999), at(60_000)]).toEqual([7, 9])
  })

  it.each([
    [{ min: 2, max: 6 }, 1, 2, 'below-min'],
    [{ min: 2, max: 5 }, 6, 5, 'above-max'],
    [{ max: 5 }, 0, 0, 'disabled-at-zero']
  ])('looks at no metric outside the bounds %j: %i becomes %i', (bounds, now, to, rule) => {
    const policy = hpa()
    const seen = { ...mean(now, 0.8), bounds: { web: bounds } }
    expect(policy.decide(seen, policy.initial()).decision).toMatchObject({ to: { web: to }, why: { rule } })
  })
})

describe('hpa as a policy', () => {
  it('does not forgive a step that was asked for and not carried out', () => {
    const policy = hpa({ target: 0.5, up: 'Pods:2:60' })
    const at = (seconds: number, web: number): Observation => ({
      nowMs: nowMs + seconds * 1000,
      capacity: { ready: { web }, wanted: { web } },
      metrics: { cpu: { value: 1, quality: 'ok' } }
    })
    const first = policy.decide(at(0, 4), policy.initial())
    expect(first.decision.to).toEqual({ web: 6 })
    // Carried out: both pods of this minute are used up. Refused: they are free again.
    expect(policy.decide(at(15, 6), first.memory).decision.to).toEqual({ web: 6 })
    expect(policy.decide(at(15, 4), first.memory).decision.to).toEqual({ web: 6 })
  })

  it('answers the same from the mean as from units that all read alike', () => {
    const sizes = fc.record({
      ready: fc.integer({ min: 0, max: 30 }),
      starting: fc.integer({ min: 0, max: 10 }),
      milli: fc.integer({ min: 0, max: 3000 }),
      target: fc.integer({ min: 5, max: 120 })
    })
    fc.assert(
      fc.property(sizes, ({ ready, starting, milli, target }) => {
        const wanted = { web: ready + starting }
        const mean: Observation = {
          nowMs,
          capacity: {
            ready: { web: ready },
            starting: [{ resource: 'web', units: starting, readyAtMs: nowMs }],
            wanted
          },
          metrics: { cpu: { value: milli / 1000, quality: 'ok' } }
        }
        const one = (i: number): UnitReading =>
          i < ready
            ? {
                id: `${i}`,
                resource: 'web',
                ready: true,
                metrics: { cpu: { value: milli / 1000, quality: 'ok' } }
              }
            : { id: `${i}`, resource: 'web', ready: false }
        const units: Observation = {
          ...mean,
          units: Array.from({ length: ready + starting }, (_, i) => one(i))
        }
        const policy = hpa({ ...free, target: target / 100 })
        const [a, b] = [mean, units].map((seen) => policy.decide(seen, policy.initial()))
        expect(a.decision.to).toEqual(b.decision.to)
        expect(a.memory).toEqual(b.memory)
      }),
      { numRuns: 500 }
    )
  })

  it('does not scale down before the window of 5 minutes is full of lower wishes', () => {
    const policy = hpa()
    let memory = policy.initial()
    const sizes: number[] = []
    for (let tick = 0; tick <= 21; tick++) {
      const seen: Observation = {
        nowMs: nowMs + tick * 15_000,
        capacity: { ready: { web: 10 }, wanted: { web: 10 } },
        metrics: { cpu: { value: 0.4, quality: 'ok' } }
      }
      const { decision, memory: after } = policy.decide(seen, memory)
      memory = after
      sizes.push(decision.to.web)
    }
    expect(sizes).toEqual([...Array(20).fill(10), 5, 5])
  })

  it('goes where a real controller manager went: Kubernetes 1.36 under KEDA, no behavior, 5 each, at most 8', () => {
    // External metric as AverageValue; sync every 5 s and a little, downscale window 5 s. From 1 on the way to 22/5 = 5 it went to 4, twice
    // 1 or 4, and stayed: 22/20 is within the tolerance. 100/5 = 20 met the maximum; down it goes in one sync.
    const policy = hpa({
      type: 'valuePerUnit',
      target: 5,
      metric: 'q',
      behavior: 'none',
      downStabilization: '5s'
    })
    let memory = policy.initial()
    let web = 1
    const sizes = [22, 22, 30, 100, 30, 10].map((value, i) => {
      const seen: Observation = {
        nowMs: nowMs + i * 5_002,
        capacity: { ready: { web }, wanted: { web } },
        bounds: { web: { min: 1, max: 8 } },
        metrics: { q: { value, quality: 'ok' } }
      }
      const out = policy.decide(seen, memory)
      memory = out.memory
      web = out.decision.to.web
      return web
    })
    expect(sizes).toEqual([4, 4, 6, 8, 6, 2])
  })

  it('believes an old value, as its original does, and names what it looked at', () => {
    const policy = hpa()
    const seen: Observation = {
      nowMs,
      capacity: { ready: { web: 4 } },
      metrics: { cpu: { value: 1, quality: 'stale', ageMs: 3_600_000 } }
    }
    const { decision } = policy.decide(seen, policy.initial())
    expect(decision).toMatchObject({ kind: 'scale', to: { web: 5 }, why: { rule: 'scale-up', bound: [] } })
    expect(decision.why.inputs).toMatchObject({ web: { current: 4, desired: 5, measured: 4 } })
  })

  it('sizes several resources by their own metric', () => {
    const policy = hpa(free)
    const seen: Observation = {
      nowMs,
      capacity: { ready: { map: 4, sink: 4 } },
      metrics: { 'cpu.map': { value: 1, quality: 'ok' }, 'cpu.sink': { value: 0.2, quality: 'ok' } }
    }
    expect(policy.decide(seen, policy.initial()).decision.to).toEqual({ map: 5, sink: 1 })
  })

  it.each([
    [{ up: 'Pod:4:15' }, /hpa\.up must be policies such as .* was 'Pod:4:15'/],
    [{ down: 'Percent:0:15' }, /hpa\.down must be policies/],
    [{ targett: 0.5 }, /did you mean 'target'/],
    [{ downTolerance: 2 }, /hpa\.downTolerance must be a number, at least 0, at most 1, was 2/]
  ])('refuses %j in one line', (options, message) => {
    expect(() => hpa(options)).toThrow(message)
  })

  it('scales only one way when the other is disabled', () => {
    const policy = hpa({ ...free, down: 'Disabled' })
    const seen = (cpu: number): Observation => ({
      nowMs,
      capacity: { ready: { web: 4 } },
      metrics: { cpu: { value: cpu, quality: 'ok' } }
    })
    expect(policy.decide(seen(0.1), policy.initial()).decision.to).toEqual({ web: 4 })
    expect(policy.decide(seen(1), policy.initial()).decision.to).toEqual({ web: 5 })
  })
})

/** One word of a row's `pods`; without a moment it started long ago. */
function unitOf(word: string, metric: string, id: string): UnitReading {
  const [, usage, request = '1000', flags] = /^(-|\d+)(?:\/(\d+))?([a-z]*)$/.exec(word)!
  const startedMs = flags.includes('h') ? nowMs : flags.includes('c') ? nowMs - 180_000 : 0
  return {
    id,
    resource: 'web',
    ready: !/[up]/.test(flags),
    failed: flags.includes('f'),
    ...(flags.includes('p') ? {} : { startedMs, readyChangedMs: startedMs }),
    request: { [metric]: Number(request) / 1000 },
    ...(usage === '-' ? {} : { metrics: { [metric]: { value: Number(usage) / 1000, quality: 'ok' } } })
  }
}

import { describe, expect, it } from 'vitest'
import type { Metric, Observation } from '../roles.ts'
import { threshold } from './threshold.ts'

const minute = 60_000
const at = (
  minutes: number,
  web: number,
  cpu: number | Metric,
  more: Partial<Observation> = {}
): Observation => ({
  nowMs: minutes * minute,
  capacity: { ready: { web }, wanted: { web } },
  metrics: { cpu: typeof cpu === 'number' ? { value: cpu, quality: 'ok' } : cpu },
  ...more
})

describe('threshold', () => {
  it.each([
    { when: 'above the upper line', web: 4, cpu: 0.81, to: 5, rule: 'above-threshold' },
    { when: 'on it', web: 4, cpu: 0.8, to: 4, rule: 'within-thresholds' },
    { when: 'between the lines', web: 4, cpu: 0.5, to: 4, rule: 'within-thresholds' },
    { when: 'on the lower line', web: 4, cpu: 0.4, to: 4, rule: 'within-thresholds' },
    { when: 'below it', web: 4, cpu: 0.39, to: 3, rule: 'below-threshold' },
    { when: 'below it with one unit', web: 1, cpu: 0, to: 1, rule: 'within-thresholds' },
    { when: 'above it at the maximum', web: 9, cpu: 1, to: 9, rule: 'within-thresholds' },
    {
      when: 'not measured',
      web: 4,
      cpu: { value: NaN, quality: 'missing' } as const,
      to: 4,
      rule: 'metric-unknown'
    },
    {
      when: 'stale, though above',
      web: 4,
      cpu: { value: 1, quality: 'stale' } as const,
      to: 4,
      rule: 'metric-unknown'
    },
    { when: 'negative', web: 4, cpu: -1, to: 4, rule: 'metric-unknown' }
  ])('answers $to from $web when $when', ({ web, cpu, to, rule }) => {
    const policy = threshold()
    const bounds = { web: { min: 1, max: 9 } }
    // Seen for the first time ten minutes before, so that no pause of before is in the way.
    const { memory } = policy.decide(at(0, web, 0.5), policy.initial())
    expect(policy.decide(at(10, web, cpu, { bounds }), memory).decision).toMatchObject({
      to: { web: to },
      why: { rule }
    })
  })

  it('steps up once a minute while the alarm lasts, and down once in five', () => {
    const policy = threshold({ up: 0.6, interval: '30s' })
    let memory = policy.initial()
    let web = 2
    const sizes: number[] = []
    for (let half = 0; half < 26; half++) {
      const out = policy.decide(at(half / 2, web, half < 6 ? 0.9 : 0.1), memory)
      memory = out.memory
      web = out.decision.to.web
      sizes.push(web)
    }
    expect(sizes).toEqual([3, 3, 4, 4, 5, 5, ...Array(8).fill(5), ...Array(10).fill(4), 3, 3])
  })

  it('does not step down before it has watched for a pause', () => {
    const policy = threshold()
    const first = policy.decide(at(0, 4, 0), policy.initial())
    expect(first.decision).toMatchObject({ kind: 'hold', why: { rule: 'cooldown', bound: ['downCooldown'] } })
    expect(policy.decide(at(4, 4, 0), first.memory).decision.to).toEqual({ web: 4 })
    expect(policy.decide(at(5, 4, 0), first.memory).decision.to).toEqual({ web: 3 })
  })

  it('takes a share of what is there when that is more than a step', () => {
    const policy = threshold({ share: 0.25, downCooldown: 0 })
    expect(policy.decide(at(0, 10, 1), policy.initial()).decision.to).toEqual({ web: 13 })
    expect(policy.decide(at(0, 10, 0), policy.initial()).decision.to).toEqual({ web: 8 })
  })

  it('judges each resource by its own metric', () => {
    const policy = threshold({ metric: 'busy', downCooldown: 0 })
    const seen: Observation = {
      nowMs: 0,
      capacity: { ready: { map: 4, sink: 4 } },
      metrics: { 'busy.map': { value: 0.9, quality: 'ok' }, 'busy.sink': { value: 0.1, quality: 'ok' } }
    }
    expect(policy.decide(seen, policy.initial()).decision.to).toEqual({ map: 5, sink: 3 })
  })

  it('refuses lines that cross', () => {
    expect(() => threshold({ up: 0.5, down: 0.6 })).toThrow('threshold.down must be below up, 0.5, was 0.6')
  })
})

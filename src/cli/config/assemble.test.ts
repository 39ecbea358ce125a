import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { MINUTE } from '../../base/index.ts'
import { readConfig, type TargetConfig } from '../../config/index.ts'
import { lived, serviceSeen } from '../../decide/faults.case.ts'
import { policies } from '../../decide/index.ts'
import type { Observation, Policy, Units } from '../../roles.ts'
import { fixedOf, forecasterFor, policyOf, priorsOf } from './assemble.ts'
import { hpaOptionsOf, rulesOf } from './behavior.ts'

const parts = {
  readModel: () => {
    throw new Error('no models here')
  }
}

function target(settings: Readonly<Record<string, unknown>>): TargetConfig {
  const text = stringify({
    version: 1,
    targets: { cars: { source: { type: 'replay', file: 'x' }, ...settings } }
  })
  return readConfig(text, 'x').targets[0]
}

const start = Date.parse('2026-03-02T00:00:00Z')
/** What a policy that wants `wish` units says at these moments; everything is carried out at once. */
function played(policy: Policy, wishes: readonly number[], stepMs = MINUTE, more: Partial<Observation> = {}) {
  let memory = policy.initial()
  let web = 10
  return wishes.map((load, i) => {
    const seen: Observation = {
      nowMs: start + i * stepMs,
      capacity: { ready: { web }, wanted: { web } },
      metrics: { cpu: { value: load / web, quality: 'ok', ageMs: 0 } },
      ...more
    }
    const out = policy.decide(seen, memory)
    memory = JSON.parse(JSON.stringify(out.memory))
    web = out.decision.to.web
    return out.decision
  })
}
/** An HPA without caution of its own: what it wants is the load at 80 %, at once. */
const eager = {
  policy: {
    name: 'hpa',
    options: { target: 0.8, upTolerance: 0, downTolerance: 0, downStabilization: '0s', behavior: 'none' }
  }
}
const sizes = (decisions: readonly { readonly to: Units }[]) => decisions.map(({ to }) => to.web)

describe('a policy in its guards', () => {
  it('wears them in the order that is written', () => {
    const policy = policyOf(
      target({
        policy: 'proportional',
        maxReplicas: 20,
        behavior: {
          scaleUp: { tolerance: 0.1 },
          scaleDown: {
            stabilizationWindowSeconds: 60,
            policies: [{ type: 'Percent', value: 10, periodSeconds: 60 }]
          }
        },
        guards: { cooldown: '1m', rescaleBudget: '6/1h' },
        price: 1,
        budget: 100,
        fallback: { replicas: 6 },
        resources: { db: { scale: false } },
        paused: 'scale-in'
      }),
      { ...parts, gateways: readConfig('version: 1\ngateways: [{ id: g, key: env:K }]\n', 'x').gateways }
    )
    const named = policy.name.replace(/\)+$/, '').split('(')
    expect(named.map((name) => name.replace('with', ''))).toEqual(
      'Shield Hold Hold Bounds Fallback SpendLimit RescaleBudget Cooldown RateLimit Stabilization Tolerance SignalCap Alarm proportional'.split(
        ' '
      )
    )
    expect(JSON.stringify(policy.initial())).not.toContain('NaN')
  })

  it('has only bounds and the shield where nothing else was said', () => {
    expect(policyOf(target({ policy: 'ds2' }), parts).name).toBe('withShield(withBounds(ds2))')
    expect(policyOf(target({ policy: 'ds2', guards: { shield: false } }), parts).name).toBe('withBounds(ds2)')
  })

  it('is asked as often as the target says, else as it is published', () => {
    expect(policyOf(target({ policy: 'hpa' }), parts).intervalMs).toBe(15_000)
    expect(policyOf(target({ policy: 'hpa', interval: '1m' }), parts).intervalMs).toBe(60_000)
  })

  it('never leaves the bounds of the target, or those of the resource where it has its own', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 3, maxLength: 30 }), (loads) => {
        const wide = played(policyOf(target({ ...eager, minReplicas: 3, maxReplicas: 12 }), parts), loads)
        for (const size of sizes(wide).slice(1)) expect(size >= 3 && size <= 12).toBe(true)
        const own = {
          ...eager,
          minReplicas: 3,
          maxReplicas: 12,
          resources: { web: { minReplicas: 5, maxReplicas: 8 } }
        }
        for (const size of sizes(played(policyOf(target(own), parts), loads)).slice(1))
          expect(size >= 5 && size <= 10).toBe(true)
      })
    )
  })

  it.each([
    [true, [10, 10, 10, 10]],
    ['scale-in', [10, 20, 20, 20]],
    ['scale-out', [10, 10, 5, 5]]
  ])('paused: %s', (paused, expected) => {
    const decisions = played(
      policyOf(target({ ...eager, paused, guards: { shield: false } }), parts),
      [8, 20, 4, 4]
    )
    expect(sizes(decisions)).toEqual(expected)
  })

  it('holds an operator that is not to be scaled', () => {
    const mapSizes = (settings: Readonly<Record<string, unknown>>) =>
      new Set(lived(policyOf(target(settings), parts), 'stream', 400).map(({ decision }) => decision.to.map))
    expect(mapSizes({ policy: 'flink' }).size).toBeGreaterThan(1)
    expect(mapSizes({ policy: 'flink', resources: { map: { scale: false } } }).size).toBe(1)
  })

  it('takes nothing away while something is unknown, whatever else it was told', () => {
    const policy = policyOf(target({ ...eager, maxReplicas: 4, guards: { rescaleBudget: '99/1h' } }), parts)
    const stale = { metrics: { cpu: { value: 0.01, quality: 'stale' as const, ageMs: 0 } } }
    expect(sizes(played(policy, [1, 1, 1], MINUTE, stale))).toEqual([10, 10, 10])
  })

  it('makes no more changes than its budget', () => {
    const waves = Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? 4 : 20))
    const decisions = played(
      policyOf(target({ ...eager, guards: { rescaleBudget: '3/1h', shield: false } }), parts),
      waves
    )
    expect(decisions.filter(({ kind }) => kind === 'scale')).toHaveLength(3)
  })
})

describe('a behavior', () => {
  const rules = {
    scaleUp: { tolerance: 0.2, policies: [{ type: 'Pods', value: 2, periodSeconds: 60 }] },
    scaleDown: { stabilizationWindowSeconds: 120, selectPolicy: 'Disabled' }
  }

  it('around any policy limits what it says, and nothing that it does not say', () => {
    const policy = policyOf(
      target({ policy: { name: 'threshold', options: { up: 0.5, down: 0.1, step: 5 } }, behavior: rules }),
      parts
    )
    expect(sizes(played(policy, [9, 9, 9]))).toEqual([12, 14, 16])
  })

  it('around hpa becomes its own options, and gives what the HPA would give', () => {
    const { behavior } = target({ policy: 'hpa', behavior: rules })
    expect(hpaOptionsOf(behavior)).toEqual({
      upTolerance: 0.2,
      up: 'Max:Pods:2:60',
      downStabilization: 120_000,
      down: 'Disabled'
    })
    const own: Policy = policies.hpa.make({
      upTolerance: 0.2,
      up: 'Max:Pods:2:60',
      downStabilization: '2m',
      down: 'Disabled'
    })
    const decide = (policy: Policy) => lived(policy, 'service', 400).map(({ decision }) => decision.to)
    expect(decide(policyOf(target({ policy: 'hpa', behavior: rules }), parts))).toEqual(decide(own))
  })

  it.each([
    [undefined, undefined],
    [{ selectPolicy: 'Disabled' as const, policies: [] }, 'Disabled'],
    [{ selectPolicy: 'Max' as const, policies: [] }, undefined],
    [
      {
        selectPolicy: 'Min' as const,
        policies: [
          { type: 'Pods' as const, value: 4, periodSeconds: 15 },
          { type: 'Percent' as const, value: 10, periodSeconds: 60 }
        ]
      },
      'Min:Pods:4:15+Percent:10:60'
    ]
  ])('%j is written %s', (given, text) => {
    expect(rulesOf(given)).toBe(text)
  })
})

describe('the other parts', () => {
  it('have a forecaster unless told otherwise', () => {
    expect(forecasterFor(target({}), parts)?.name).toBe('blend')
    expect(forecasterFor(target({ forecast: 'none' }), parts)).toBeUndefined()
    expect(forecasterFor(target({ forecast: { method: 'sma', options: { window: 3 } } }), parts)?.name).toBe(
      'sma'
    )
  })

  it('believe what was given until it is measured', () => {
    expect(priorsOf(target({}))).toEqual({ unitRate: undefined, leadTimeMs: undefined, restartMs: undefined })
    expect(priorsOf(target({ leadTime: '2m', restart: { p50: '3s', p90: '5s' }, unitRate: 50 }))).toEqual({
      unitRate: 50,
      leadTimeMs: { p50: 120_000, p90: 120_000 },
      restartMs: { p50: 3_000, p90: 5_000 }
    })
  })

  it('show every observation what never changes', () => {
    expect(fixedOf(target({}))).toEqual({})
    const seen = fixedOf(
      target({
        slo: { latency: '200ms' },
        price: 0.05,
        budget: 300,
        maxReplicas: 9,
        resources: { web: { minReplicas: 2 } }
      })
    )
    expect(seen).toEqual({
      bounds: { web: { min: 2, max: 9 } },
      slo: { latencyMs: 200 },
      price: { unitHour: 0.05, currency: 'USD', budgetPerMonth: 300 }
    })
  })

  it('decide in a small world as the bare policy does, where there is nothing to be careful about', () => {
    const seen = serviceSeen(start, 200, { web: 8 }, { web: 8 })
    const own: Policy = policies.proportional.make({})
    const made = policyOf(target({ policy: 'proportional' }), parts)
    const up = { ...seen, load: seen.load }
    expect(made.decide(up, made.initial()).decision.to.web).toBeGreaterThanOrEqual(
      own.decide(up, own.initial()).decision.to.web
    )
  })
})

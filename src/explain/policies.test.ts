import { describe, expect, it } from 'vitest'
import { series } from '../base/index.ts'
import { type PolicyEntry, policies } from '../decide/index.ts'
import type { Observation, Operator, Policy, Turn } from '../roles.ts'
import { explain } from './explain.ts'
import { leversOf } from './levers.ts'

const nowMs = Date.UTC(2001, 2, 5, 6, 12)
const levels = ['0.1', '0.5', '0.75', '0.9', '0.95', '0.99']

/** A service in the morning ramp, with everything that a policy may look at. */
const service: Observation = {
  nowMs,
  target: 'checkout',
  load: series(
    15_000,
    Float64Array.from({ length: 240 }, (_, i) => 500 + i),
    { startMs: nowMs - 240 * 15_000 }
  ),
  capacity: {
    ready: { unit: 9 },
    wanted: { unit: 10 },
    starting: [{ resource: 'unit', units: 1, readyAtMs: nowMs + 60_000 }]
  },
  bounds: { unit: { min: 1, max: 40 } },
  metrics: {
    cpu: { value: 0.93, quality: 'ok', ageMs: 30_000 },
    concurrency: { value: 31, quality: 'ok' },
    throughput: { value: 738, quality: 'ok' },
    queue: { value: 3, quality: 'ok' },
    latency: { value: 70, quality: 'ok' }
  },
  forecast: {
    startMs: nowMs,
    stepMs: 60_000,
    mean: Float64Array.from({ length: 15 }, (_, h) => 740 + 20 * h),
    quantiles: Object.fromEntries(
      levels.map((level) => [
        level,
        Float64Array.from({ length: 15 }, (_, h) => (740 + 20 * h) * (0.7 + 0.6 * Number(level)))
      ])
    ),
    by: { model: 'test', version: '1', trainedUntilMs: nowMs }
  },
  service: { unitRate: 80, leadTimeMs: { p50: 180_000, p90: 180_000 }, restartMs: { p50: 0, p90: 0 } },
  slo: { latencyMs: 220 },
  price: { unitHour: 0.05, currency: 'USD' }
}

const source: Operator = {
  id: 'src',
  parallelism: 1,
  source: true,
  trueProcessingRate: 2_000,
  trueOutputRate: 2_000,
  observedProcessingRate: 900,
  observedOutputRate: 900,
  busy: 0.45,
  lag: 100
}
const map: Operator = {
  id: 'map',
  parallelism: 3,
  trueProcessingRate: 1_000,
  trueOutputRate: 500,
  observedProcessingRate: 900,
  observedOutputRate: 450,
  busy: 0.9
}
const sink: Operator = {
  id: 'sink',
  parallelism: 2,
  trueProcessingRate: 600,
  trueOutputRate: 0,
  observedProcessingRate: 450,
  observedOutputRate: 0,
  busy: 0.75
}
const stream: Observation = {
  nowMs,
  target: 'job',
  capacity: { ready: { src: 1, map: 3, sink: 2 } },
  bounds: { src: { min: 1, max: 20 }, map: { min: 1, max: 20 }, sink: { min: 1, max: 20 } },
  topology: {
    operators: [source, map, sink],
    edges: [
      { from: 'src', to: 'map' },
      { from: 'map', to: 'sink' }
    ]
  }
}

function turnOf(policy: Policy, observation: Observation): Turn {
  const before = policy.initial()
  const { decision, memory } = policy.decide(observation, before)
  const target = observation.target ?? ''
  return {
    target,
    atMs: nowMs,
    policy: { name: policy.name, options: {} },
    observation,
    before,
    decision,
    after: memory
  }
}

const table: Readonly<Record<string, PolicyEntry>> = policies

describe.each(Object.keys(table))('explain %s', (name) => {
  const entry = table[name]
  const worlds = { service, stream }
  it.each(['service', 'stream'] as const)('says the truth about the %s world', (world) => {
    const policy = entry.make(name === 'scheduled' ? { schedule: '* * * * *=3' } : {})
    const turn = turnOf(policy, worlds[world])
    const { counterfactuals, replay, sentence } = explain(turn, policy)
    expect(replay).toEqual({ same: true, sameMemory: true })
    expect(sentence).not.toMatch(/NaN|undefined|\[object/)
    const levers = leversOf(turn.observation, policy.intervalMs)
    for (const { input, at, to } of counterfactuals) {
      const lever = levers.find((one) => one.name === input)
      if (!lever || at === null) continue
      expect(at).toBeGreaterThanOrEqual(lever.lowest)
      expect(at).toBeLessThanOrEqual(lever.highest)
      const { decision } = policy.decide(lever.set(at), turn.before)
      expect(decision.to).toEqual(to)
      expect(decision.to).not.toEqual(turn.decision.to)
    }
  })
})

it('names the rate of the sources for DS2, and the CPU for the HPA', () => {
  const inputs = (name: 'ds2' | 'hpa', seen: Observation) => {
    const policy = table[name].make({})
    return explain(turnOf(policy, seen), policy).counterfactuals.map(({ input }) => input)
  }
  expect(inputs('ds2', stream)).toContain('topology.sourceRate')
  expect(inputs('hpa', service)).toContain('metrics.cpu')
})

/** Turns of trained policies: told in one plain sentence, and turned by what gateways announced. */
import { describe, expect, it } from 'vitest'
import { tableModel } from '../../test/fakes/learned-models.ts'
import { series } from '../base/index.ts'
import {
  learnedPolicies,
  type PpoModel,
  policies,
  sparkActionSizes,
  sparkStateVersion,
  withShadow
} from '../decide/index.ts'
import { actorAndCritic, makePpoModel } from '../decide/ppo-model.ts'
import type { EdgeSignal, Json, Observation, Policy, Turn } from '../roles.ts'
import { explain } from './explain.ts'
import { signalLevers } from './levers-signals.ts'

const nowMs = Date.UTC(2001, 2, 5, 6, 12)

/** Executors by load and alarm alone: 9 or so in quiet, 19 with an alarm. */
function alarmed(): PpoModel {
  const environment = { version: sparkStateVersion, observationSize: 13, actionSizes: [...sparkActionSizes] }
  const players = actorAndCritic(environment, { units: 2, maxBatch: 1 })
  const [first, firstBias, second, , last, lastBias] = players.actor.parameters.map(({ value }) => value)
  first[2 * 0] = 4 / 20
  first[2 * 12] = 10 / 20
  firstBias[0] = (8 - 10) / 20
  second[0] = 1
  for (let n = 1; n <= 20; n++) {
    last[n - 1] = 2 * n * 22
    lastBias[n - 1] = 2 * n * 10 - n * n
  }
  for (const choice of [20 + 3, 28 + 1, 32]) lastBias[choice] = 5
  const trained = { steps: 0, seed: 0, options: {} }
  return makePpoModel(players, { environment, units: 2, scaling: null, trained })
}

const gateway = (name: string, more: Partial<EdgeSignal> = {}): EdgeSignal => ({
  gateway: name,
  seq: 41,
  sentMs: nowMs - 5_000,
  predictedLoad: 200,
  burstAlarm: false,
  horizonMs: 60_000,
  confidence: 0.9,
  ...more
})

function seenWith(signals: readonly EdgeSignal[]): Observation {
  const metrics = Object.entries({
    cpu: 0.6,
    volume: 120,
    memoryUsed: 0.2,
    latency: 160,
    cost: 2.4,
    shuffle: 0.2,
    temperature: 0.5,
    memory: 4,
    storage: 1,
    compression: 0
  }).map(([name, value]) => [name, { value, quality: 'ok' as const, ageMs: 0 }])
  return {
    nowMs,
    target: 'city',
    load: series(15_000, [205], { startMs: nowMs - 15_000 }),
    capacity: { ready: { executors: 9 }, wanted: { executors: 9 } },
    metrics: Object.fromEntries(metrics),
    service: { unitRate: 50 },
    signals
  }
}

function turnOf<Memory extends Json>(policy: Policy<Memory>, observation: Observation, before: Memory): Turn {
  const { decision, memory } = policy.decide(observation, before)
  const by = { name: policy.name, options: {} }
  return { target: 'city', atMs: nowMs, policy: by, observation, before, decision, after: memory }
}

describe('a Turn of a network', () => {
  const bare = learnedPolicies.ppo.make(alarmed(), { shield: false })

  it('is told in one plain sentence, with what was seen and how likely each choice was', () => {
    const seen = seenWith([gateway('g1', { burstAlarm: true, predictedLoad: 800 }), gateway('g2')])
    const { sentence, chain } = explain(turnOf(bare, seen, bare.initial()), bare)
    expect(chain[0]).toMatch(
      /^rule "network" chose executors 19 \(\d+ % likely\), memory 4 \(9\d % likely\), storage nvme \(9\d % likely\), compression none \(9\d % likely\) at a load of 205\/s, CPU 60 %, a latency of 160 ms, with an alarm of g1, 1,000\/s predicted by 2 gateways$/
    )
    expect(sentence).toContain('It chose executors 19')
    expect(sentence).not.toMatch(/NaN|undefined|\[object|logits/)
    expect(sentence).toContain('It would have asked for executors 9 rather than 19 without the alarm of g1')
  })

  it('is turned by an alarm that it heard before and still has in mind', () => {
    const first = seenWith([gateway('g1', { burstAlarm: true })])
    const { memory } = bare.decide(first, bare.initial())
    const later = { ...seenWith([]), nowMs: nowMs + 15_000, load: series(15_000, [205], { startMs: nowMs }) }
    const turn = turnOf(bare, later, memory)
    expect(turn.decision.to.executors).toBe(19)
    const { counterfactuals } = explain(turn, bare)
    expect(counterfactuals[0]).toMatchObject({
      input: 'signals.g1.burstAlarm',
      now: 1,
      at: 0,
      relative: null,
      to: { executors: 9 }
    })
  })

  it('is turned by an alarm that was not raised', () => {
    const { counterfactuals } = explain(turnOf(bare, seenWith([gateway('g1')]), bare.initial()), bare)
    expect(counterfactuals[0]).toMatchObject({ input: 'signals.g1.burstAlarm', now: 0, at: 1 })
    expect(counterfactuals[0].sentence).toContain('with an alarm of g1')
  })

  it('says what it did not know, and who was silent', () => {
    const { metrics: _none, ...blind } = seenWith([])
    const { chain } = explain(turnOf(bare, blind, bare.initial()), bare)
    expect(chain[0]).toMatch(
      /^rule "state unknown" did not know Volume, CPU, Mem, Latency, Cost, Shuffle, Temp$/
    )
    const alone = explain(turnOf(bare, seenWith([]), bare.initial()), bare)
    expect(alone.chain[0]).toContain(', with no gateway heard')
  })

  it('says who is in charge where a shadow is beside it', () => {
    const policy = withShadow(bare, policies.hpa.make())
    const { chain, sentence } = explain(turnOf(policy, seenWith([gateway('g1')]), policy.initial()), policy)
    expect(chain[1]).toBe('the learned policy is in charge, nobody was scored yet')
    expect(sentence).not.toContain('shadow (')
  })
})

describe('a Turn of a table', () => {
  it('is told by what each action was worth', () => {
    const policy = learnedPolicies['q-learning'].make(tableModel(), { shield: false })
    const forecast = {
      startMs: nowMs,
      stepMs: 60_000,
      mean: new Float64Array(15).fill(520),
      quantiles: {},
      by: { model: 'test', version: '1', trainedUntilMs: nowMs }
    }
    const seen: Observation = {
      nowMs,
      load: series(60_000, [400, 410, 420, 430], { startMs: nowMs - 240_000 }),
      capacity: { ready: { web: 9 }, wanted: { web: 9 } },
      metrics: { queue: { value: 0, quality: 'ok', ageMs: 0 } },
      service: { unitRate: 50, leadTimeMs: { p50: 120_000, p90: 120_000 } },
      forecast
    }
    const { chain, sentence } = explain(turnOf(policy, seen, policy.initial()), policy)
    expect(chain[0]).toMatch(
      /^rule "table up" valued up \d+, hold 0.5, down −\d+ \(this state was tried 30 times\) at a load of 430\/s, before 420\/s, 520\/s predicted, 9 units of 50\/s$/
    )
    expect(sentence).toContain('It valued up ')
    expect(sentence).not.toMatch(/NaN|undefined|\[object/)
  })
})

it('a warning is an alarm and what it says will come: without it the load stays as it is', () => {
  const signals = [
    gateway('g1', { burstAlarm: true, predictedLoad: 800 }),
    gateway('g2', { predictedLoad: 200 })
  ]
  const levers = signalLevers(seenWith(signals), undefined)
  const warning = levers.find(({ name }) => name === 'signals.g1.warning')
  const { signals: turned = [] } = warning?.set(0) ?? {}
  expect(turned.at(-1)).toMatchObject({ gateway: 'g1', seq: 42, burstAlarm: false, predictedLoad: 164 })
  expect(levers.map(({ name }) => name)).toEqual([
    'signals.predictedLoad',
    'signals.g1.burstAlarm',
    'signals.g1.warning',
    'signals.g2.burstAlarm'
  ])
})

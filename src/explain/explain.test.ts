import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { series } from '../base/index.ts'
import { fixed } from '../decide/fixed.ts'
import { proportional } from '../decide/proportional.ts'
import type { Forecast, Json, Observation, Policy, Turn } from '../roles.ts'
import { explain } from './explain.ts'

const nowMs = Date.UTC(2001, 2, 5, 6, 12)

function turnOf(policy: Policy, observation: Observation, options: Record<string, Json> = {}): Turn {
  const before = policy.initial()
  const { decision, memory } = policy.decide(observation, before)
  return {
    target: `flights/${policy.name}`,
    atMs: observation.nowMs,
    policy: { name: policy.name, options },
    observation,
    before,
    decision,
    after: memory
  }
}

function seenAt(load: number, more: Partial<Observation> = {}): Observation {
  return {
    nowMs,
    load: series(60_000, [load], { startMs: nowMs - 60_000 }),
    capacity: { ready: { service: 9 } },
    service: { unitRate: 100 },
    ...more
  }
}

/** A made-up policy of one line: asks for what `need` says. */
function policyOf(name: string, need: (seen: Observation) => number): Policy {
  return {
    name,
    intervalMs: 15_000,
    initial: () => null,
    decide: (seen, memory) => {
      const to = { service: need(seen) }
      const kind = to.service === seen.capacity.ready.service ? 'hold' : 'scale'
      return { decision: { kind, to, why: { rule: name, inputs: {}, bound: [], changed: [] } }, memory }
    }
  }
}

describe('explain', () => {
  it('finds the load at which proportional would have asked for one unit more', () => {
    const policy = proportional({ target: 0.8 })
    const { counterfactuals } = explain(turnOf(policy, seenAt(700)), policy)
    // 9 units at 80 % of 100/s end at 720/s and begin above 640/s.
    const [up, down] = ['up', 'down'].map((way) =>
      counterfactuals.find((c) => c.input === 'load' && (way === 'up' ? c.at! > 700 : c.at! < 700))
    )
    expect(up).toMatchObject({ at: 721, to: { service: 10 } })
    expect(down).toMatchObject({ at: 640, to: { service: 8 } })
    expect(up?.sentence).toBe(
      'would have asked for 10 units if the load were ≥ 721 events/s (3 % more than 700 events/s)'
    )
  })

  it('says only what the policy itself answers, at the value it names', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 1e5, noNaN: true }),
        fc.double({ min: 0.2, max: 1, noNaN: true }),
        (load, target) => {
          const policy = proportional({ target })
          const turn = turnOf(policy, seenAt(load))
          for (const { input, at, to } of explain(turn, policy).counterfactuals) {
            const seen = input === 'load' ? seenAt(at!) : seenAt(load, { service: { unitRate: at! } })
            expect(policy.decide(seen, null).decision.to).toEqual(to)
            expect(to).not.toEqual(turn.decision.to)
          }
        }
      ),
      { numRuns: 50 }
    )
  })

  it('finds the 90 % forecast at which a planning policy would have asked for more', () => {
    const forecast: Forecast = {
      startMs: nowMs,
      stepMs: 60_000,
      mean: Float64Array.of(600, 650, 640),
      quantiles: { '0.5': Float64Array.of(600, 650, 640), '0.9': Float64Array.of(660, 700, 690) },
      by: { model: 'test', version: '1', trainedUntilMs: nowMs }
    }
    const policy = policyOf('plan', (seen) => Math.ceil(Math.max(...seen.forecast!.quantiles['0.9']) / 75.5))
    const { counterfactuals, sentence } = explain(turnOf(policy, seenAt(600, { forecast })), policy)
    const forecasts = counterfactuals.filter(({ input }) => input === 'forecast.quantiles.0.9')
    expect(forecasts.map(({ at, to }) => [at, to.service])).toEqual([
      [679, 9],
      [756, 11]
    ])
    expect(sentence).toContain(', and for 11 units if the peak of the 90 % forecast were ≥ 756 events/s')
  })

  it('turns the CPU of the target and of its units together, and no share above 100 %', () => {
    const policy = policyOf('cpu', (seen) => Math.ceil((9 * seen.metrics!.cpu.value) / 0.8))
    const at = (cpu: number) => seenAt(700, { metrics: { cpu: { value: cpu, quality: 'ok' } } })
    const found = explain(turnOf(policy, at(0.78)), policy).counterfactuals.filter((c) => c.kind === 'data')
    expect(found.map(({ to }) => to.service)).toEqual([10, 8])
    expect(found[0].sentence).toBe('would have asked for 10 units if cpu were ≥ 80.1 % (it was 78 %)')
    const saturated = explain(turnOf(policy, at(1)), policy).counterfactuals.filter((c) => c.kind === 'data')
    expect(saturated.every(({ at }) => at! < 1)).toBe(true)
  })

  it('says what lifting the bounds would have done', () => {
    const policy = proportional()
    const turn = turnOf(policy, seenAt(700, { bounds: { service: { max: 6 } } }))
    const { counterfactuals, sentence } = explain(turn, policy)
    expect(counterfactuals).toContainEqual(expect.objectContaining({ input: 'bounds', to: { service: 9 } }))
    expect(counterfactuals).toContainEqual(
      expect.objectContaining({ input: 'bounds.service.max', at: 7, to: { service: 7 } })
    )
    expect(sentence).toContain('held back by maxReplicas')
    expect(sentence).toContain('it would have asked for 9 units without its bounds')
  })

  it('says when waiting would have been enough', () => {
    const policy = policyOf('cooldown', (seen) => (seen.nowMs - nowMs >= 290_000 ? 6 : 9))
    const { counterfactuals, sentence } = explain(turnOf(policy, seenAt(500)), policy)
    expect(counterfactuals).toMatchObject([{ input: 'time', at: 300_000, to: { service: 6 } }])
    expect(sentence).toContain('would have asked for 6 units if the same had been seen 5m later')
  })

  it('claims nothing when no change within a sane range matters', () => {
    const policy = fixed({ units: 9 })
    const { counterfactuals, unmoved, sentence } = explain(turnOf(policy, seenAt(700)), policy)
    expect(counterfactuals).toEqual([])
    expect(unmoved).toContain('load')
    expect(sentence).toContain(
      'No single change within a sane range would have changed the answer (tried: load'
    )
  })

  it('leaves unknown inputs alone', () => {
    const policy = proportional()
    const { decision, unmoved, counterfactuals } = explain(turnOf(policy, seenAt(NaN)), policy)
    expect(decision.kind).toBe('hold')
    expect([...unmoved, ...counterfactuals.map(({ input }) => input)]).not.toContain('load')
  })

  it('says so when the answer of today is another one', () => {
    const stored = turnOf(proportional({ target: 0.5 }), seenAt(700))
    const { replay, sentence } = explain(stored, proportional({ target: 0.8 }))
    expect(replay).toMatchObject({ same: false, decision: { to: { service: 9 } } })
    expect(sentence).toContain('the answer DIFFERS: it now keeps 9 units')
    expect(explain(stored, proportional({ target: 0.5 })).replay).toEqual({ same: true, sameMemory: true })
  })

  it('turns an option of the policy by making it again', () => {
    const options = { target: 0.8 }
    const { counterfactuals } = explain(
      turnOf(proportional(options), seenAt(700), options),
      proportional(options),
      {
        remake: (given) => proportional(given),
        knobs: [{ option: 'target', now: 0.8, lowest: 0.05, highest: 1 }]
      }
    )
    expect(counterfactuals).toContainEqual(
      expect.objectContaining({ input: 'options.target', at: 0.777, to: { service: 10 } })
    )
  })

  it('scales the rate of the sources of a stream job', () => {
    const policy = policyOf('stream', (seen) =>
      Math.ceil(seen.topology!.operators[0].observedOutputRate! / 50)
    )
    const source = { id: 'src', parallelism: 1, source: true, trueProcessingRate: NaN, trueOutputRate: 440 }
    const topology = { operators: [{ ...source, observedOutputRate: 440 }], edges: [] }
    const { counterfactuals } = explain(turnOf(policy, seenAt(NaN, { topology })), policy)
    expect(counterfactuals[0]).toMatchObject({ input: 'topology.sourceRate', at: 451, to: { service: 10 } })
  })

  it('does not edit what it is given', () => {
    const policy = proportional()
    const turn = turnOf(policy, seenAt(700, { bounds: { service: { max: 6 } } }))
    const copy = structuredClone(turn)
    explain(turn, policy)
    expect(turn).toEqual(copy)
  })
})

import { describe, expect, it } from 'vitest'
import { networkModel } from '../../test/fakes/learned-models.ts'
import { series } from '../base/index.ts'
import type { EdgeSignal, Observation } from '../roles.ts'
import { compressions, spark, storageTiers } from '../sim/index.ts'
import { actor, type TrainedWorld } from './ppo-model.ts'
import { type AllocatorMemory, resourceAllocator } from './resource-allocator.ts'
import { compressionNames, sparkState, sparkUnits, storageNames } from './spark-state.ts'
import { withShield } from './with-shield.ts'

const weights = { alpha: 1 / 3, beta: 1 / 3, gamma: 1 / 3 }

/** The Spark world after a while at this rate, with its load in the last step and what one gateway says. */
function seen(rate: number, signals: readonly Partial<EdgeSignal>[] = [{}]): Observation {
  const world = spark()
  let state = world.initial(1)
  for (let i = 0; i < 12; i++) state = world.transition(state, {}, rate * 15)
  const { nowMs } = state
  return {
    ...world.observe(state),
    load: series(15_000, [rate, rate], { startMs: nowMs - 30_000 }),
    signals: signals.map((change, i) => ({
      gateway: `g${i}`,
      seq: 12,
      sentMs: nowMs,
      predictedLoad: rate,
      burstAlarm: false,
      horizonMs: 60_000,
      confidence: 1,
      ...change
    }))
  }
}

const nothing: AllocatorMemory = { edge: [], settings: {} }
const ask = (policy: ReturnType<typeof resourceAllocator>, what: Observation, memory = nothing) =>
  policy.decide(what, memory).decision

/** Some models whose answers differ: with one alone a test could pass by luck. */
const models = [1, 2, 3, 4, 5, 6].map((seed) => networkModel(seed))

describe('the allocator', () => {
  it.each([200, 420, 800])('answers what the network answers to that state, at %i messages/s', (rate) => {
    for (const model of models) {
      const here = seen(rate)
      const said = { predictedLoad: rate, burstAlarm: false }
      const choice = actor(model)(sparkState(here, rate, weights, said, new Float32Array(13)))
      expect(ask(resourceAllocator(model), here).to).toEqual(sparkUnits(choice?.action ?? []))
    }
  })

  it('has no hidden rule: other weights answer otherwise, to quiet and to alarm', () => {
    for (const here of [seen(200), seen(200, [{ predictedLoad: 800, burstAlarm: true }])]) {
      const answers = models.map((model) => JSON.stringify(ask(resourceAllocator(model), here).to))
      expect(new Set(answers).size).toBe(models.length)
    }
  })

  it('has no hidden rule: with the last layer of the actor at zero and one bias each, that choice is the answer to everything', () => {
    // The bias of the output layer are the last 35 numbers: heads of 20, 8, 4 and 3.
    const wanted = [2, 20 + 6, 28 + 3, 32 + 1]
    const constant = networkModel(1, {
      change: (weight, at, of) =>
        at >= of - 35 ? Number(wanted.includes(at - (of - 35))) : at >= of - 35 - 8 * 35 ? 0 : weight
    })
    const policy = resourceAllocator(constant)
    for (const here of [seen(40), seen(800), seen(200, [{ predictedLoad: 900, burstAlarm: true }])]) {
      expect(ask(policy, here).to).toEqual({ executors: 3, memory: 7, storage: 3, compression: 1 })
    }
  })

  it('hears the edge: the alarm is in the state as exactly 1 and moves some network', () => {
    const alarmed = seen(200, [{ predictedLoad: 800, burstAlarm: true }])
    const moved = models.filter(
      (model) =>
        JSON.stringify(ask(resourceAllocator(model), alarmed).to) !==
        JSON.stringify(ask(resourceAllocator(model), seen(200)).to)
    )
    expect(moved.length).toBeGreaterThan(0)
    const { inputs } = ask(resourceAllocator(models[0]), alarmed).why
    expect(inputs.state).toMatchObject({ Edge_Burst_Signal: 1 })
    expect(Object.keys(inputs.state as object)).toHaveLength(13)
  })

  it('says which signals it used and which it refused, and why', () => {
    const { inputs } = ask(
      resourceAllocator(models[0]),
      seen(200, [{}, { sentMs: 1e9 }, { predictedLoad: NaN }])
    ).why
    expect(inputs.signals).toMatchObject({
      used: [{ gateway: 'g0', seq: 12 }],
      refused: [
        { gateway: 'g1', because: 'from the future' },
        { gateway: 'g2', because: 'its load is not known' }
      ]
    })
  })

  it('says logits and the probability of its choice by head, and settings by their names', () => {
    const { inputs } = ask(resourceAllocator(models[0]), seen(200)).why
    const { logits, probability, asked } = inputs as Record<string, Record<string, number[] & number>>
    expect(Object.values(logits).map((head) => head.length)).toEqual([20, 8, 4, 3])
    for (const p of Object.values(probability)) expect(p > 0 && p <= 1).toBe(true)
    expect(storageNames).toContain(asked.storage)
  })

  it('calls storage and compression as the world does', () => {
    expect(storageNames).toEqual(storageTiers.map(({ name }) => name))
    expect(compressionNames).toEqual(compressions.map(({ name }) => name))
  })

  it('with 11 numbers hears nobody and needs nobody', () => {
    const policy = resourceAllocator(networkModel(1, { observationSize: 11 }))
    const { decision, memory } = policy.decide(seen(200, []), nothing)
    expect(decision.why.rule).toBe('network')
    expect(decision.why.inputs.signals).toBeUndefined()
    expect(memory.edge).toEqual([])
  })

  it.each(['cpu', 'volume', 'latency', 'temperature'])(
    'holds while %s is not measured, and names what is unknown',
    (name) => {
      const here = seen(200)
      const blind = {
        ...here,
        metrics: { ...here.metrics, [name]: { value: NaN, quality: 'missing' as const } }
      }
      const { kind, to, why } = ask(resourceAllocator(models[0]), blind)
      expect([kind, why.rule]).toEqual(['hold', 'state-unknown'])
      expect(to).toEqual({ executors: 6, memory: 4, storage: 1, compression: 0 })
      expect((why.inputs.unknown as string[]).join().toLowerCase()).toContain(name.slice(0, 4))
    }
  )

  it.each([
    { what: 'stale', metric: { value: 0.5, quality: 'stale' } },
    { what: 'old and calls itself ok', metric: { value: 0.5, quality: 'ok', ageMs: 900_000 } },
    { what: 'from the future', metric: { value: 0.5, quality: 'ok', ageMs: -900_000 } },
    { what: 'partial', metric: { value: 0.5, quality: 'partial' } },
    { what: 'infinite', metric: { value: Infinity, quality: 'ok' } },
    { what: 'negative', metric: { value: -1, quality: 'ok' } },
    { what: 'absurd', metric: { value: 1e300, quality: 'ok' } }
  ] as const)('takes a metric that is $what for unknown', ({ metric }) => {
    const here = seen(200)
    const { why } = ask(resourceAllocator(models[0]), { ...here, metrics: { ...here.metrics, cpu: metric } })
    expect([why.rule, why.inputs.unknown]).toEqual(['state-unknown', ['CPU']])
  })

  it('holds on a load that is a gap, and names it', () => {
    const here = { ...seen(200), load: series(15_000, [200, NaN], { startMs: seen(200).nowMs - 30_000 }) }
    expect(ask(resourceAllocator(models[0]), here).why.inputs.unknown).toContain('Current_Load')
  })

  describe('without a gateway', () => {
    const silent = seen(200, [])

    it('by itself may grow, takes nothing away, and says what it assumed', () => {
      for (const model of models) {
        const { to, why } = ask(resourceAllocator(model), silent)
        const bare = ask(resourceAllocator(model, { withoutEdge: 'cloud' }), silent).to
        expect(to).toEqual({
          executors: Math.max(6, bare.executors),
          memory: Math.max(4, bare.memory),
          storage: 1,
          compression: 0
        })
        expect(why.inputs.assumed).toEqual(['Edge_Predicted_Workload', 'Edge_Burst_Signal'])
      }
    })

    it('with `cloud` is asked as if nothing were announced', () => {
      for (const model of models) {
        const { to } = ask(resourceAllocator(model, { withoutEdge: 'cloud' }), silent)
        expect(to).toEqual(ask(resourceAllocator(model), seen(200)).to)
      }
    })

    it('with `hold` changes nothing', () => {
      const { kind, why } = ask(resourceAllocator(models[0], { withoutEdge: 'hold' }), silent)
      expect([kind, why.rule]).toEqual(['hold', 'edge-unknown'])
    })

    it('does not take the part that is still heard for the whole', () => {
      const policy = resourceAllocator(models[0])
      const { memory } = policy.decide(seen(200, [{ predictedLoad: 100 }, { predictedLoad: 100 }]), nothing)
      const later = seen(200, [{ predictedLoad: 100, seq: 99, sentMs: seen(200).nowMs + 130_000 }])
      const moved = { ...later, nowMs: later.nowMs + 130_000 }
      const here = { ...moved, load: series(15_000, [200], { startMs: moved.nowMs - 15_000 }) }
      const { inputs } = ask(policy, here, memory).why
      expect(inputs.signals).toMatchObject({ dead: ['g1'] })
      expect(inputs.state).toMatchObject({ Edge_Predicted_Workload: Math.fround(0.2) * 1_000 })
    })
  })

  describe('elsewhere', () => {
    const web = (): Observation => {
      const { capacity: _, bounds: _b, ...rest } = seen(200)
      return { ...rest, capacity: { ready: { web: 4 } }, bounds: { web: { min: 1, max: 5 } } }
    }

    it('sizes the one resource there is, within its bounds, and says what it leaves alone', () => {
      for (const model of models) {
        const { to, why } = ask(resourceAllocator(model), web())
        expect(Object.keys(to)).toEqual(['web'])
        expect(to.web).toBeLessThanOrEqual(5)
        expect(why.inputs).toMatchObject({
          sizes: 'web',
          left: ['executors', 'memory', 'storage', 'compression']
        })
      }
    })

    it('holds where there are several and none is called executors', () => {
      const { why } = ask(resourceAllocator(models[0]), { ...web(), capacity: { ready: { a: 1, b: 2 } } })
      expect(why.rule).toBe('not-one-resource')
    })
  })

  describe('weights', () => {
    const stateOf = (options: object, world?: TrainedWorld) =>
      ask(resourceAllocator(networkModel(1, world && { world }), { ...options }), seen(200)).why.inputs.state

    it('are those of a scenario, ones of your own, or those it was trained with', () => {
      expect(stateOf({ scenario: 'smart_city_budget' })).toMatchObject({ Alpha: Math.fround(0.9) })
      expect(stateOf({ alpha: 0.25, beta: 0.5, gamma: 0.25 })).toMatchObject({ Beta: 0.5 })
      expect(stateOf({}, { scenario: 'healthcare_critical' })).toMatchObject({ Beta: Math.fround(0.8) })
      expect(stateOf({}, { scenario: 'mix' })).toMatchObject({ Beta: Math.fround(1 / 3) })
      expect(stateOf({}, { weights: { alpha: 0, beta: 1, gamma: 0 } })).toMatchObject({ Beta: 1 })
    })

    it.each([
      {
        options: { alpha: -0.1, beta: 0.6, gamma: 0.5 },
        says: 'ppo.alpha must be a number, at least 0, was -0.1'
      },
      {
        options: { alpha: 0.5, beta: 0.6, gamma: 0.5 },
        says: 'reward weights must be three numbers of at least 0 that sum to 1, were alpha 0.5, beta 0.6, gamma 0.5'
      },
      { options: { alpha: 1 }, says: 'ppo needs alpha, beta and gamma together, or a scenario; had alpha' },
      { options: { scenario: 'cheap' }, says: 'ppo.scenario must be one of' }
    ])('that cannot be are refused in one line: $options', ({ options, says }) => {
      expect(() => resourceAllocator(models[0], options)).toThrow(says)
    })
  })

  it.each([
    {
      what: 'another state size',
      change: { observationSize: 12 },
      says: 'for states of size 12, here it is 11 or 13'
    },
    {
      what: 'another world version',
      change: { version: 'spark-env/0' },
      says: 'for states of version spark-env/0, here it is spark-env/1'
    },
    {
      what: 'another action space',
      change: { actionSizes: [20, 8] },
      says: 'for actions of [20,8], here it is [20,8,4,3]'
    }
  ])('refuses a model of $what in one line', ({ change, says }) => {
    expect(() => resourceAllocator(networkModel(1, change), {}, 'a.json')).toThrow(
      `a.json was trained ${says}: train it again`
    )
  })
})

describe('in a shield, while something is unknown', () => {
  it('takes no executors away and leaves memory, storage and compression as they are', () => {
    const here = seen(200)
    const doubtful = {
      ...here,
      metrics: { ...here.metrics, throughput: { value: NaN, quality: 'missing' as const } }
    }
    for (const model of models) {
      const bare = resourceAllocator(model)
      const shielded = withShield(bare)
      const history = shielded.decide(here, shielded.initial()).memory
      const asked = ask(bare, doubtful).to
      const { to, why } = shielded.decide(doubtful, history).decision
      expect(to).toEqual({ executors: Math.max(6, asked.executors), memory: 4, storage: 1, compression: 0 })
      expect(why.changed.at(-1)?.because).toContain('metrics.throughput missing')
    }
  })
})

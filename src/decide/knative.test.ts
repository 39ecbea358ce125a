import { describe, expect, it } from 'vitest'
import type { Observation } from '../roles.ts'
import { bucketSteps, type Story, stories, windowRows } from './knative.rows.ts'
import { type KpaState, knative, knativeOptions, kpaScale } from './knative.ts'
import { average, noBuckets, record } from './knative-window.ts'
import { push, type Timed } from './timed.ts'

const nowMs = 1_000_000_000

describe('the arithmetic of the KPA', () => {
  // The spec of the original's tests: rates of 10, panic at 2, a stable window of 60 s.
  const spec = {
    maxScaleUpRate: 10,
    maxScaleDownRate: 10,
    panicThreshold: 2,
    activationScale: 1,
    stableWindow: 60_000,
    scaleDownDelay: 0,
    interval: 2_000
  }

  it.each(stories)('answers tick by tick as in TestAutoscaler$when', (story: Story) => {
    let state: KpaState = { panicMs: null, mostPanicUnits: 1, delayed: [] }
    if (story.panic)
      state = { ...state, panicMs: nowMs + story.panic.second * 1000, mostPanicUnits: story.panic.pods }
    const answers: number[] = []
    for (const [second, ready, stable, panic] of story.ticks) {
      const tick = { nowMs: nowMs + second * 1000, ready, stable, panic, targetValue: story.target }
      const { units, kpa } = kpaScale({ ...spec, ...story.options }, tick, state)
      state = kpa
      answers.push(units)
    }
    expect(answers).toEqual(story.ticks.map((tick) => tick[4]))
    if (story.endsIn === null) expect(state.panicMs).toBeNull()
    if (typeof story.endsIn === 'number') expect(state.panicMs).toBe(nowMs + story.endsIn * 1000)
  })

  it('follows a new target at once, as in TestAutoscalerUpdateTarget', () => {
    const state: KpaState = { panicMs: null, mostPanicUnits: 1, delayed: [] }
    const first = kpaScale(spec, { nowMs, ready: 1, stable: 100, panic: 101, targetValue: 10 }, state)
    expect(first.units).toBe(10)
    expect(
      kpaScale(spec, { nowMs, ready: 10, stable: 100, panic: 101, targetValue: 1 }, first.kpa).units
    ).toBe(100)
  })
})

describe('the windows of the KPA', () => {
  it('reads as in TestTimedFloat64BucketsWindowAverage', () => {
    let buckets = noBuckets
    const read: number[] = []
    for (const step of bucketSteps) {
      const index = 1_000 + Math.floor(step.at)
      if ('write' in step) buckets = record(buckets, index, step.write, 5)
      else read.push(average(buckets, index, 5))
    }
    expect(read).toEqual(bucketSteps.flatMap((step) => ('reads' in step ? [step.reads] : [])))
  })

  it.each(windowRows)('keeps the largest as in TestWindowMax: $when', ({ values, places, gives }) => {
    let queue: Timed = []
    const largest = values.map((value, i) => {
      queue = push(queue, places?.[i] ?? i, value, 5, 1)
      return queue[1]
    })
    expect(largest).toEqual(gives)
  })
})

describe('knative as a policy', () => {
  const seen = (
    second: number,
    ready: number,
    load: number,
    more: Partial<Observation> = {}
  ): Observation => ({
    nowMs: nowMs + second * 1000,
    load: {
      startMs: nowMs + second * 1000 - 2000,
      stepMs: 2000,
      unit: 'events/s',
      values: Float64Array.of(load)
    },
    capacity: { ready: { web: ready }, wanted: { web: ready } },
    service: { unitRate: 100 },
    ...more
  })
  /** Asked every 2 s from `from` to `until`; what it asks for is ready at once. */
  const run = (
    policy: ReturnType<typeof knative>,
    from: number,
    until: number,
    load: number,
    start: { units: number; memory: ReturnType<ReturnType<typeof knative>['initial']> }
  ) => {
    let { units, memory } = start
    for (let second = from; second <= until; second += 2) {
      const out = policy.decide(seen(second, units, load), memory)
      units = out.decision.to.web
      memory = out.memory
    }
    return { units, memory }
  }

  it.each([
    [0, null],
    [1, null],
    [2, nowMs]
  ])('created at %i pods it starts calm or in panic, as in TestStartInPanicMode', (pods, panicMs) => {
    const policy = knative({ panicThreshold: 220 })
    const { memory } = policy.decide(seen(0, pods, 1), policy.initial())
    expect(memory.web.kpa).toMatchObject({ panicMs, mostPanicUnits: pods })
  })

  it('keeps what is there when it starts with no history, and lets go after a stable window', () => {
    const policy = knative()
    const early = run(policy, 0, 58, 70, { units: 8, memory: policy.initial() })
    expect(early.units).toBe(8)
    expect(run(policy, 60, 70, 70, early).units).toBe(1)
  })

  it('holds when there is nothing to decide from, as in TestAutoscalerNoDataNoAutoscale', () => {
    const policy = knative()
    for (const nothing of [{ load: undefined }, { service: undefined }, { service: { unitRate: NaN } }]) {
      const { decision } = policy.decide(seen(0, 5, 100, nothing), policy.initial())
      expect(decision).toMatchObject({ kind: 'hold', to: { web: 5 }, why: { rule: 'no-data' } })
    }
  })

  it('holds when the pods cannot be counted, as in TestCantCountPods', () => {
    const policy = knative()
    const { decision } = policy.decide(
      seen(0, NaN, 100, { capacity: { ready: { web: NaN }, wanted: { web: 3 } } }),
      policy.initial()
    )
    expect(decision).toMatchObject({ kind: 'hold', to: { web: 3 }, why: { rule: 'capacity-unknown' } })
  })

  it('measures concurrency where it knows how much of it a unit takes', () => {
    const policy = knative({ concurrency: 10 })
    const at = seen(0, 1, 0, { metrics: { concurrency: { value: 50, quality: 'ok' } } })
    expect(policy.decide(at, policy.initial()).decision.to).toEqual({ web: 8 })
  })

  it('panics on six seconds of twice the load and sizes for them', () => {
    const policy = knative()
    const calm = run(policy, 0, 120, 140, { units: 2, memory: policy.initial() })
    expect(calm.units).toBe(2)
    const burst = policy.decide(seen(122, 2, 1400), calm.memory)
    expect(burst.decision.why).toMatchObject({ rule: 'panic', inputs: { web: { panic: 560, stable: 182 } } })
    expect(burst.decision.to).toEqual({ web: 8 })
  })

  it('goes to zero only after a stable window of nothing and the grace period', () => {
    const policy = knative()
    let at = run(policy, 0, 120, 70, { units: 1, memory: policy.initial() })
    const zeroAt: number[] = []
    for (let second = 122; second <= 260; second += 2) {
      at = run(policy, second, second, 0, at)
      if (at.units === 0) zeroAt.push(second)
    }
    // The last load leaves the window at 180 s; 30 s later the last unit goes, and nothing brings it back.
    expect(zeroAt[0]).toBe(210)
    expect(zeroAt).toHaveLength(26)
    expect(run(policy, 262, 262, 70, at).units).toBe(1)
  })

  it('keeps one unit without traffic when it may not go to zero, and the minimum when there is one', () => {
    const never = knative({ scaleToZero: false })
    expect(run(never, 0, 400, 0, { units: 1, memory: never.initial() }).units).toBe(1)
    const policy = knative()
    let memory = policy.initial()
    for (let second = 0; second <= 400; second += 2) {
      const out = policy.decide(seen(second, 3, 0, { bounds: { web: { min: 3, max: 9 } } }), memory)
      memory = out.memory
      expect(out.decision.to).toEqual({ web: 3 })
    }
  })

  it('wants the initial scale until it was there once, and the activation scale whenever it is not zero', () => {
    const initial = knative({ initialScale: 4 })
    const first = initial.decide(seen(0, 1, 10), initial.initial())
    expect(first.decision).toMatchObject({ to: { web: 4 }, why: { bound: ['initialScale'] } })
    // Being there at four it is past that; the panic window of its start keeps the four for now.
    expect(initial.decide(seen(2, 4, 10), first.memory).memory.web.initialized).toBe(true)
    const activation = knative({ activationScale: 2 })
    expect(activation.decide(seen(0, 1, 10), activation.initial()).decision.to).toEqual({ web: 2 })
  })

  it('takes a sample for the time since it was last asked, and a missing one for nothing', () => {
    const policy = knative()
    const first = policy.decide(seen(0, 1, 50), policy.initial())
    const late = policy.decide(seen(20, 1, 60), first.memory)
    expect(late.memory.web.buckets.values).toEqual([50, ...Array(10).fill(60)])
    const missing = policy.decide(seen(4, 1, NaN), first.memory)
    expect(missing.memory.web.buckets).toEqual(first.memory.web.buckets)
  })

  it('reads its defaults as config-autoscaler publishes them', () => {
    expect(
      Object.fromEntries(
        Object.entries(knativeOptions).map(([name, spec]) => [
          name,
          'default' in spec ? spec.default : undefined
        ])
      )
    ).toMatchObject({
      utilization: 0.7,
      stableWindow: 60_000,
      panicWindow: 0.1,
      panicThreshold: 2,
      maxScaleUpRate: 1000,
      maxScaleDownRate: 2,
      gracePeriod: 30_000,
      scaleDownDelay: 0
    })
  })
})

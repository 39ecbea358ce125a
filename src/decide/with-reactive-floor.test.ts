import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Metric, Observation, Policy, Units } from '../roles.ts'
import { wantedNow } from './answer.ts'
import { faults, lived, serviceSeen } from './faults.case.ts'
import { sparkSizing } from './sizing.ts'
import { type FloorOptions, withReactiveFloor } from './with-reactive-floor.ts'

const start = 1_000_000_000

/** Wants the same whatever it sees. */
function wish(to: Units): Policy<null> {
  return {
    name: 'wish',
    intervalMs: 15_000,
    initial: () => null,
    decide: (seen) => {
      const now = wantedNow(seen)
      const kind = Object.keys(to).every((name) => to[name] === now[name]) ? 'hold' : 'scale'
      return {
        decision: { kind, to, why: { rule: 'wish', inputs: {}, bound: [], changed: [] } },
        memory: null
      }
    }
  }
}

interface Row {
  readonly when: string
  /** Events that wait, turn by turn. */
  readonly queues: readonly number[]
  readonly load?: number
  readonly unitRate?: number
  readonly wants?: number
  readonly max?: number
  readonly options?: FloorOptions
  readonly to: number
}

/** Five units of 50 events/s; the policy wants two. */
const rows: readonly Row[] = [
  { when: 'nothing waits', queues: [0, 0], to: 2 },
  { when: 'the queue grows', queues: [0, 500], to: 8 },
  { when: 'the queue grows, sized for 80 %', queues: [0, 500], options: { target: 0.8 }, to: 10 },
  { when: 'more is wanted than is needed', queues: [0, 500], wants: 11, to: 11 },
  { when: 'the queue is long and shrinks', queues: [900, 500], to: 2 },
  { when: 'the queue grows by less than chance does', queues: [400, 405], to: 2 },
  { when: 'the queue stays at its limit after it grew', queues: [0, 900, 900, 900], to: 8 },
  { when: 'the queue has grown and shrinks again', queues: [0, 900, 800], to: 2 },
  { when: 'the queue is not measured after it grew', queues: [0, 900, NaN], to: 8 },
  { when: 'the load is not known: nothing is reduced', queues: [0, 900], load: NaN, to: 5 },
  { when: 'the unit rate is not known: nothing is reduced', queues: [0, 900], unitRate: NaN, to: 5 },
  { when: 'the bounds are lower than the need', queues: [0, 900], max: 6, to: 6 },
  { when: 'it is the first thing that is seen', queues: [900], to: 2 }
]

function seenAt(turn: number, queue: number, row: Row): Observation {
  const { load = 400, unitRate = 50, max } = row
  const metric: Metric = { value: queue, quality: Number.isNaN(queue) ? 'missing' : 'ok' }
  const nowMs = start + turn * 15_000
  return {
    nowMs,
    load: {
      startMs: nowMs - 15_000,
      stepMs: 15_000,
      unit: 'events/s',
      values: Float64Array.of(load)
    },
    capacity: { ready: { web: 5 }, wanted: { web: 5 } },
    metrics: { queue: metric },
    service: { unitRate },
    ...(max !== undefined && { bounds: { web: { max } } })
  }
}

describe('withReactiveFloor', () => {
  it.each(rows)('asks for $to when $when', (row) => {
    const policy = withReactiveFloor(wish({ web: row.wants ?? 2 }), row.options)
    let memory = policy.initial()
    let to: Units = {}
    for (const [turn, queue] of row.queues.entries()) {
      const out = policy.decide(seenAt(turn, queue, row), memory)
      memory = JSON.parse(JSON.stringify(out.memory))
      to = out.decision.to
    }
    expect(to).toEqual({ web: row.to })
  })

  it('says why, with the number', () => {
    const policy = withReactiveFloor(wish({ web: 2 }))
    const [first, second] = [0, 500].map((queue, turn) => seenAt(turn, queue, rows[1]))
    const { decision } = policy.decide(second, policy.decide(first, policy.initial()).memory)
    expect(decision.why).toMatchObject({
      bound: ['reactiveNeed'],
      changed: [{ by: 'withReactiveFloor', because: 'the queue grows: the load needs 8 units' }]
    })
  })

  it('counts what settings make of a unit: executors with a quarter of the memory serve a quarter', () => {
    const policy = withReactiveFloor(wish({ executors: 5, memory: 1, storage: 1, compression: 0 }), {
      sizing: sparkSizing()
    })
    let memory = policy.initial()
    let to: Units = {}
    for (const [turn, queue] of [0, 900].entries()) {
      const row = seenAt(turn, queue, { ...rows[1], load: 200 })
      const out = policy.decide({ ...row, capacity: { ready: { executors: 5 } } }, memory)
      memory = out.memory
      to = out.decision.to
    }
    // 200 messages/s at 50 each are four executors with 4 GB, sixteen with 1 GB.
    expect(to).toEqual({ executors: 16, memory: 1, storage: 1, compression: 0 })
  })

  it('never answers less than the policy, and never less than the load needs while the queue grows', () => {
    const turns = fc.array(
      fc.record({ queue: fc.integer({ min: 0, max: 2_000 }), load: fc.integer({ min: 0, max: 1_500 }) }),
      { minLength: 2, maxLength: 30 }
    )
    fc.assert(
      fc.property(turns, fc.integer({ min: 0, max: 30 }), (list, wants) => {
        const policy = withReactiveFloor(wish({ web: wants }))
        let memory = policy.initial()
        let before = Number.POSITIVE_INFINITY
        for (const [turn, { queue, load }] of list.entries()) {
          const out = policy.decide(seenAt(turn, queue, { when: '', queues: [], to: 0, load }), memory)
          memory = out.memory
          expect(out.decision.to.web).toBeGreaterThanOrEqual(wants)
          if ((queue - before) / 15 > 0.02 * load) {
            expect(out.decision.to.web * 50).toBeGreaterThanOrEqual(load - 1e-6)
          }
          before = queue
        }
      })
    )
  })

  it('takes nothing away that the policy would have left, whatever is unknown', () => {
    for (const { inject } of faults) {
      const policy = withReactiveFloor(wish({ web: 3 }))
      for (const { seen, before } of lived(policy, 'service', 60)) {
        expect(policy.decide(inject(seen), before).decision.to.web).toBeGreaterThanOrEqual(3)
      }
    }
  })

  it('reads the lag of the sources where a topology is shown', () => {
    const policy = withReactiveFloor(wish({ web: 2 }))
    const at = (turn: number, lag: number): Observation => {
      const { metrics: _none, ...seen } = serviceSeen(start + turn * 15_000, 400, { web: 5 }, { web: 5 })
      const source = { id: 'src', parallelism: 1, source: true, trueProcessingRate: NaN, trueOutputRate: 400 }
      return { ...seen, topology: { operators: [{ ...source, lag }], edges: [] } }
    }
    const first = policy.decide(at(0, 10), policy.initial())
    expect(policy.decide(at(1, 9_000), first.memory).decision.to).toEqual({ web: 8 })
  })

  it.each([
    [{ target: 0 }, 'withReactiveFloor.target must be a ratio above 0, at most 1, was 0'],
    [{ tolerance: -1 }, 'withReactiveFloor.tolerance must be a ratio of at least 0, was -1']
  ])('refuses %j', (options, message) => {
    expect(() => withReactiveFloor(wish({ web: 1 }), options)).toThrow(message)
  })
})

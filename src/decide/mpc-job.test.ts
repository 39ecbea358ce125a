import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MINUTE, series } from '../base/index.ts'
import type { Observation, Operator, Topology, Units } from '../roles.ts'
import { mpc } from './mpc.ts'
import { jobView, learnJob, noJob } from './mpc-job.ts'

const now = 100 * MINUTE

/** source → parse → count; parse lets half through. One instance: 1,000, 200 and 50 records/s of useful time. */
function topologyOf(units: Units, noise = 1): Topology {
  const operator = (id: string, perUnit: number, ratio: number, more: Partial<Operator> = {}): Operator => ({
    id,
    parallelism: units[id],
    trueProcessingRate: perUnit * units[id] * noise,
    trueOutputRate: perUnit * ratio * units[id] * noise,
    ...more
  })
  return {
    operators: [
      operator('source', 1_000, 1, { source: true, observedOutputRate: 100, partitions: 4 }),
      operator('parse', 200, 0.5),
      operator('count', 50, 1)
    ],
    edges: [
      { from: 'source', to: 'parse' },
      { from: 'parse', to: 'count' }
    ]
  }
}

const seenWith = (ready: Units, load: number, more: Partial<Observation> = {}): Observation => ({
  nowMs: now,
  load: series(15_000, new Float64Array(240).fill(load), { startMs: now - 241 * 15_000 }),
  capacity: { ready, wanted: ready },
  topology: topologyOf(ready),
  metrics: { lag: { value: 0, quality: 'ok' } },
  service: { leadTimeMs: { p50: 1_000, p90: 2_000 }, restartMs: { p50: 1_000, p90: 2_000 } },
  slo: { latencyMs: 5_000 },
  ...more
})

const small = { source: 1, parse: 1, count: 1 }

describe('a job as one resource', () => {
  const of = (seen: Observation) => {
    const found = jobView(seen, learnJob(seen, noJob))
    if ('unknown' in found) throw new Error(`unknown: ${found.unknown}`)
    return found
  }

  it('is counted in instances of its bottleneck, in events of the outside', () => {
    const { view, memory } = of(seenWith(small, 90))
    expect(view.resource).toBe('count')
    expect(memory.bottleneck).toBe('count')
    // Of 100 events 50 reach `count`, so one instance of it does 100 of the outside; one of `parse` 200.
    expect(view.rates.source).toBeCloseTo(1_000, 6)
    expect(view.rates.parse).toBeCloseTo(200, 6)
    expect(view.rates.count).toBeCloseTo(100, 6)
    expect(view.seen.service?.unitRate).toBeCloseTo(100, 6)
    expect(view.seen.capacity.ready).toEqual({ count: 1 })
  })

  it('gives every operator what so many units need, and what is wanted already as it is', () => {
    const { view } = of(seenWith(small, 90))
    expect(view.expand(5)).toEqual({ source: 1, parse: 3, count: 5 })
    expect(view.expand(12)).toEqual({ source: 2, parse: 6, count: 12 })
    expect(view.expand(1)).toEqual(small)
    const odd = { source: 3, parse: 7, count: 4 }
    expect(of(seenWith(odd, 90)).view.expand(4)).toEqual(odd)
  })

  it('does what its fullest instance lets it, where keys fall unevenly', () => {
    const topology = topologyOf({ source: 1, parse: 2, count: 4 })
    const [source, parse, count] = topology.operators
    const pressed = {
      ...topology,
      operators: [
        { ...source, backpressured: 0.9 },
        { ...parse, backpressured: 0.4, observedProcessingRate: 280 },
        { ...count, backpressured: 0, observedProcessingRate: 140 }
      ]
    }
    const ready = { source: 1, parse: 2, count: 4 }
    const { view, memory } = of(seenWith(ready, 400, { topology: pressed }))
    // 140 of the 200/s that four instances should do.
    expect(view.rates.count).toBeCloseTo(70, 6)
    expect(view.rates.parse).toBeCloseTo(200, 6)
    // In calm nobody can tell, so it is kept.
    const calm = learnJob(seenWith(ready, 100, { topology }), memory)
    const later = jobView(seenWith(ready, 100, { topology }), calm)
    expect('view' in later && later.view.rates.count).toBeCloseTo(70, 6)
  })

  it('does a twentieth less where keys fall on its instances, until it was seen full', () => {
    const keyed = {
      ...topologyOf(small),
      operators: topologyOf(small).operators.map((it) => ({ ...it, keyed: it.id === 'count' }))
    }
    const { view, memory } = of(seenWith(small, 90, { topology: keyed }))
    expect(view.rates.count).toBeCloseTo(95, 6)
    expect(view.rates.parse).toBeCloseTo(200, 6)
    const operators = { ...memory.operators, count: { ...memory.operators.count, logEven: 0 } }
    const known = jobView(seenWith(small, 90, { topology: keyed }), { ...memory, operators })
    expect('view' in known && known.view.rates.count).toBeCloseTo(100, 6)
  })

  it('takes how busy a full operator is for its evenness, since what was observed may be of a part of a window', () => {
    const pressed = (busy: number, backpressured = 0.5) => ({
      ...topologyOf(small),
      operators: topologyOf(small).operators.map((it) => {
        if (it.id === 'parse') return { ...it, backpressured }
        return it.id === 'count' ? { ...it, backpressured: 0, busy, observedProcessingRate: 10 } : it
      })
    })
    const full = learnJob(seenWith(small, 400, { topology: pressed(0.8) }), noJob)
    expect(Math.exp(full.operators.count.logEven ?? NaN)).toBeCloseTo(0.8, 6)
    // Who works nine tenths of its time and is not full is at least that even.
    const calm = learnJob(seenWith(small, 400, { topology: pressed(0.9, 0) }), full)
    expect(Math.exp(calm.operators.count.logEven ?? NaN)).toBeCloseTo(0.9, 6)
    const idle = learnJob(seenWith(small, 10, { topology: pressed(0.1, 0) }), calm)
    expect(Math.exp(idle.operators.count.logEven ?? NaN)).toBeCloseTo(0.9, 6)
  })

  it('is as wide as its narrowest operator', () => {
    const { view } = of(seenWith({ source: 1, parse: 1, count: 9 }, 90))
    expect(view.seen.capacity.ready).toEqual({ count: 2 })
  })

  it('stays within partitions, bounds and the largest parallelism', () => {
    const bounds = { parse: { min: 2, max: 8 } }
    const { view } = of(seenWith(small, 90, { bounds }))
    expect(view.seen.bounds).toEqual({ count: { min: 1, max: 16 } })
    expect(view.expand(2)).toEqual({ source: 1, parse: 2, count: 2 })
    expect(view.expand(60).source).toBe(4)
  })

  it('knows rates that it has seen once, and says which operator it never saw', () => {
    const unmeasured = topologyOf(small).operators.map((it) =>
      it.id === 'count' ? { ...it, trueProcessingRate: NaN } : it
    )
    const blind = seenWith(small, 90, { topology: { ...topologyOf(small), operators: unmeasured } })
    expect(jobView(blind, learnJob(blind, noJob))).toEqual({ unknown: ['count'] })
    const known = learnJob(seenWith(small, 90), noJob)
    const found = jobView(blind, learnJob(blind, known))
    expect('view' in found && found.view.seen.service?.unitRate).toBeCloseTo(100, 6)
  })

  it('smooths rates, and keeps its bottleneck while another is about as narrow', () => {
    let memory = noJob
    for (let i = 0; i < 200; i++) {
      const noise = i % 2 === 0 ? 1.5 : 1 / 1.5
      memory = learnJob(seenWith(small, 90, { topology: topologyOf(small, noise) }), memory)
    }
    expect(Math.exp(memory.operators.count.logRate)).toBeGreaterThan(48)
    expect(Math.exp(memory.operators.count.logRate)).toBeLessThan(52)
    const parse = jobView(seenWith(small, 90), { ...memory, bottleneck: 'parse' })
    expect('view' in parse && parse.view.resource).toBe('count')
  })

  it('never gives an operator less than the units need', () => {
    const units = fc.integer({ min: 1, max: 40 })
    fc.assert(
      fc.property(units, units, units, units, (source, parse, count, wanted) => {
        const { view } = of(seenWith({ source, parse, count }, 90))
        const to = view.expand(wanted)
        const narrowest = Math.min(to.parse * view.rates.parse, to.count * view.rates.count)
        const isKept = to.parse === parse && to.count === count
        expect(isKept || narrowest >= wanted * view.rates.count * 0.98).toBe(true)
      })
    )
  })
})

describe('mpc on a job of several operators', () => {
  const policy = mpc({})

  describe('where a restart of 20 s stops it', () => {
    const ready = { source: 1, parse: 5, count: 10 }
    const service = { leadTimeMs: { p50: 1_000, p90: 3_000 }, restartMs: { p50: 10_000, p90: 20_000 } }
    const units = (latencyMs: number, lag: number) => {
      const metrics = { lag: { value: lag, quality: 'ok' as const } }
      const seen = seenWith(ready, 700, { service, slo: { latencyMs }, metrics })
      return policy.decide(seen, policy.initial()).decision.to.count
    }

    it('gives back what is not needed when nobody waits longer for it than they may', () => {
      expect(units(30_000, 0)).toBeLessThan(10)
      expect(units(2_000, 0)).toBe(10)
    })

    it('counts what waits already: it has less patience left', () => {
      // 10 s of the load wait, within the SLO: with the restart it would be over.
      expect(units(30_000, 7_000)).toBe(10)
    })

    it('takes lag / load for the latency of an idle job that does not tell it', () => {
      const idle = (more: Partial<Observation>) =>
        policy.decide(seenWith(ready, 700, { service, ...more }), policy.initial()).memory.idleMs
      const lag = { value: 350, quality: 'ok' as const }
      expect(idle({ metrics: { lag } })).toBeCloseTo(500, 6)
      expect(idle({ metrics: { lag, latency: { value: 80, quality: 'ok' } } })).toBe(80)
      expect(idle({ metrics: { lag: { value: NaN, quality: 'missing' } } })).toBeNull()
    })
  })

  it('asks for all operators at once when more comes than the job can do', () => {
    const { decision } = policy.decide(seenWith(small, 480), policy.initial())
    expect(decision.kind).toBe('scale')
    expect(decision.to.count).toBeGreaterThanOrEqual(5)
    expect(decision.to.parse).toBeGreaterThanOrEqual(3)
    expect(decision.why.inputs).toMatchObject({ bottleneck: 'count', units: decision.to.count })
  })

  it('asks for half as much again while its source is held back and nobody knows how much there is, once at a time', () => {
    const units = { source: 1, parse: 2, count: 4 }
    const topology = topologyOf(units)
    const operators = topology.operators.map((it) => ({ ...it, backpressured: it.source ? 0.5 : 0 }))
    const seen = seenWith(units, NaN, { topology: { ...topology, operators } })
    const { decision } = policy.decide(seen, policy.initial())
    expect([decision.why.rule, decision.to]).toEqual(['held-back', { source: 1, parse: 3, count: 6 }])
    const starting = [{ resource: 'count', units: 2, readyAtMs: now + 1_000 }]
    const waits = { ...seen, capacity: { ready: units, starting, wanted: decision.to } }
    expect(policy.decide(waits, policy.initial()).decision.to).toEqual(decision.to)
    // Nor does it take from others meanwhile what they may need for it.
    const wide = { source: 3, parse: 9, count: 4 }
    const from = { ...seen, capacity: { ready: wide, wanted: wide } }
    expect(policy.decide(from, policy.initial()).decision.to).toEqual({ source: 3, parse: 9, count: 6 })
  })

  it('holds while nothing is known of an operator', () => {
    const seen = seenWith(small, 480, {
      topology: {
        ...topologyOf(small),
        operators: topologyOf(small).operators.map((it) => ({
          ...it,
          trueProcessingRate: NaN,
          trueOutputRate: NaN
        }))
      }
    })
    const { decision } = policy.decide(seen, policy.initial())
    expect([decision.kind, decision.why.rule, decision.to]).toEqual(['hold', 'rates-unknown', small])
  })

  it('remembers in plain JSON', () => {
    const seen = seenWith(small, 480)
    const { memory } = policy.decide(seen, policy.initial())
    const again = policy.decide(seen, JSON.parse(JSON.stringify(memory)))
    expect(again).toEqual(policy.decide(seen, memory))
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { series } from '../base/index.ts'
import type { Quality, Reading, Topology } from '../roles.ts'
import { type View, view } from './view.ts'

const MINUTE = 60_000
const NOW = 1_800_000_000_000

const make = (more = {}): View => view({ target: 'web', stepMs: 15_000, ...more })
const metric = (
  name: string,
  value: number,
  more: { quality?: Quality; ageMs?: number; atMs?: number } = {}
): Reading => {
  const { quality = 'ok', ageMs, atMs = NOW } = more
  return { kind: 'metric', name, atMs, metric: { value, quality, ...(ageMs !== undefined && { ageMs }) } }
}
const capacity = (
  ready: number,
  more: { wanted?: number; quality?: Quality; atMs?: number } = {}
): Reading => ({
  kind: 'capacity',
  atMs: more.atMs ?? NOW,
  capacity: { ready: { web: ready }, ...(more.wanted !== undefined && { wanted: { web: more.wanted } }) },
  quality: more.quality ?? 'ok'
})

describe('a metric in the view', () => {
  it.each([
    ['measured just now', metric('cpu', 0.5), 0, 'ok', 0],
    ['a minute later', metric('cpu', 0.5), MINUTE, 'ok', MINUTE],
    ['after its time', metric('cpu', 0.5), 6 * MINUTE, 'stale', 6 * MINUTE],
    ['that was old already', metric('cpu', 0.5, { ageMs: 4 * MINUTE }), 2 * MINUTE, 'stale', 6 * MINUTE],
    ['that was told late', metric('cpu', 0.5, { quality: 'late' }), 0, 'late', 0],
    ['of a clock an hour ahead', metric('cpu', 0.5, { atMs: NOW + 3_600_000 }), 0, 'invalid', 0],
    ['of a clock a little ahead', metric('cpu', 0.5, { atMs: NOW + 30_000 }), 0, 'ok', 0],
    ['of a moment that is no number', metric('cpu', 0.5, { atMs: NaN }), 0, 'invalid', 0],
    ['that is no number', metric('cpu', NaN), 0, 'missing', 0],
    ['that is no number and says why', metric('cpu', NaN, { quality: 'partial' }), 0, 'partial', 0],
    ['that is negative', metric('cpu', -1), 0, 'invalid', 0],
    ['that is infinite', metric('cpu', Infinity), 0, 'invalid', 0],
    ['when our clock runs backwards', metric('cpu', 0.5), -MINUTE, 'stale', -MINUTE]
  ] as const)('%s', (_, reading, laterMs, quality, ageMs) => {
    const v = make()
    v.take(reading, NOW)
    expect(v.observation(NOW + laterMs).metrics?.cpu).toMatchObject({ quality, ageMs })
  })

  it('of a series is its newest value, as old as the end of its step', () => {
    const v = make()
    v.take(
      {
        kind: 'series',
        name: 'cpu',
        series: series(15_000, [0.1, 0.7], { startMs: NOW - MINUTE }),
        quality: 'ok'
      },
      NOW
    )
    expect(v.observation(NOW).metrics?.cpu).toEqual({ value: 0.7, quality: 'ok', ageMs: 30_000 })
    v.take(
      { kind: 'series', name: 'cpu', series: series(15_000, [], { startMs: NOW }), quality: 'missing' },
      NOW
    )
    expect(v.observation(NOW).metrics?.cpu.quality).toBe('missing')
  })
})

describe('the load in the view', () => {
  it('is absent until somebody tells it, and a hole where it was not measured', () => {
    const v = make()
    expect(v.observation(NOW).load).toBeUndefined()
    const loads = [1, NaN, -3, Infinity, 5]
    v.take(
      {
        kind: 'series',
        name: 'load',
        series: series(15_000, loads, { startMs: NOW - 75_000 }),
        quality: 'ok'
      },
      NOW
    )
    expect(Array.from(v.observation(NOW).load?.values ?? [])).toEqual([1, NaN, NaN, NaN, 5])
  })

  it('of a source that says it is partial is not believed', () => {
    const v = make()
    v.take(
      {
        kind: 'series',
        name: 'load',
        series: series(15_000, [7], { startMs: NOW - 15_000 }),
        quality: 'partial'
      },
      NOW
    )
    expect(v.observation(NOW).load?.values.at(-1)).toBeNaN()
  })

  it('from the future is cut off', () => {
    const v = make({ maxSkewMs: 0 })
    v.take(
      {
        kind: 'series',
        name: 'load',
        series: series(15_000, [1, 2, 3], { startMs: NOW - 15_000 }),
        quality: 'ok'
      },
      NOW
    )
    expect(Array.from(v.load(NOW - MINUTE, NOW + MINUTE).values)).toEqual([1, 2])
  })

  it('may have another name, and may be sampled', () => {
    const v = make({ loadName: 'requests' })
    v.take(metric('requests', 9, { atMs: NOW - 15_000 }), NOW - 15_000)
    v.take(metric('load', 5), NOW)
    expect(v.observation(NOW).load?.values.at(-1)).toBe(9)
    expect(v.observation(NOW).metrics?.load.value).toBe(5)
  })
})

describe('capacity in the view', () => {
  it('is unknown before it was told, and what was commanded is known', () => {
    const v = make()
    expect(v.observation(NOW).capacity).toEqual({ ready: {} })
    v.wanted({ web: 3 }, NOW)
    expect(v.observation(NOW).capacity).toEqual({ ready: {}, wanted: { web: 3 } })
    expect(v.told()).toBeUndefined()
  })

  it('that is too old, or refused, is NaN and keeps what is wanted', () => {
    const v = make()
    v.take(capacity(2, { wanted: 4 }), NOW)
    expect(v.observation(NOW + 6 * MINUTE).capacity).toEqual({ ready: { web: NaN }, wanted: { web: 4 } })
    v.take(capacity(2, { quality: 'partial' }), NOW)
    expect(v.observation(NOW).capacity).toEqual({ ready: { web: NaN } })
  })

  it('seen before a command does not know of it; seen after it, it does', () => {
    const v = make()
    v.wanted({ web: 6 }, NOW)
    v.take(capacity(2, { wanted: 2, atMs: NOW - 1_000 }), NOW)
    expect(v.observation(NOW).capacity.wanted).toEqual({ web: 6 })
    v.take(capacity(2, { wanted: 3, atMs: NOW + 1_000 }), NOW + 1_000)
    expect(v.observation(NOW + 1_000).capacity.wanted).toEqual({ web: 3 })
    v.take(capacity(3, { atMs: NOW + 2_000 }), NOW + 2_000)
    expect(v.observation(NOW + 2_000).capacity.wanted).toEqual({ web: 6 })
  })
})

describe('the rest of the view', () => {
  const topology: Topology = {
    operators: [
      {
        ...{ id: 'src', parallelism: 1, source: true, trueProcessingRate: NaN, trueOutputRate: 9 },
        ...{ partitions: 12, maxParallelism: 128, keyed: false }
      },
      { id: 'map', parallelism: 2, trueProcessingRate: 5, trueOutputRate: 5, busy: 0.5 }
    ],
    edges: [{ from: 'src', to: 'map' }]
  }

  it('a topology that is too old keeps its shape and loses its numbers', () => {
    const v = make()
    v.take({ kind: 'topology', atMs: NOW, topology, quality: 'ok' }, NOW)
    expect(v.observation(NOW).topology).toBe(topology)
    const old = v.observation(NOW + 6 * MINUTE).topology
    expect(old?.operators).toEqual([
      {
        ...{ id: 'src', parallelism: 1, source: true, trueProcessingRate: NaN, trueOutputRate: NaN },
        ...{ partitions: 12, maxParallelism: 128, keyed: false }
      },
      { id: 'map', parallelism: 2, trueProcessingRate: NaN, trueOutputRate: NaN }
    ])
    expect(old?.edges).toBe(topology.edges)
  })

  it('what was told of an operator is forgotten with it, and of no other', () => {
    const v = make()
    const told = (operators: Topology['operators']): Reading => ({
      ...{ kind: 'topology', atMs: NOW, quality: 'ok' },
      topology: { operators, edges: [] }
    })
    v.take(told(topology.operators), NOW)
    for (const name of ['busy.src', 'busy.map', 'latency.map', 'rescaleMs.p50', 'cpu', 'heap.map.old'])
      v.take(metric(name, 0.5), NOW)
    v.take(told(topology.operators.slice(0, 1)), NOW)
    expect(Object.keys(v.observation(NOW).metrics ?? {})).toEqual([
      'busy.src',
      'rescaleMs.p50',
      'cpu',
      'heap.map.old'
    ])
  })

  it('signals are for the desk, events for nobody', () => {
    const heard: number[] = []
    const desk = { take: (_: unknown, atMs: number) => heard.push(atMs) > 0, current: () => [] }
    const signal = {
      ...{
        gateway: 'g',
        seq: 1,
        sentMs: NOW,
        predictedLoad: 1,
        burstAlarm: true,
        horizonMs: 1,
        confidence: 1
      }
    }
    expect(make({ signals: desk }).take({ kind: 'signal', signal }, NOW)).toBe(true)
    expect(make().take({ kind: 'signal', signal }, NOW)).toBe(false)
    expect(make().take({ kind: 'event', atMs: NOW, what: 'x', text: 'y' }, NOW)).toBe(false)
    expect(heard).toEqual([NOW])
    expect(make({ signals: desk }).observation(NOW).signals).toEqual([])
  })

  it('never makes a number of what was none, whatever comes in whatever order', () => {
    const number = fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -1, 1e300))
    const quality = fc.constantFrom<Quality>('ok', 'late', 'stale', 'missing', 'partial', 'invalid')
    const reading = fc.record({
      atMs: fc.oneof(
        fc.integer({ min: -1e6, max: 1e6 }).map((ms) => NOW + ms),
        number
      ),
      value: number,
      quality
    })
    fc.assert(
      fc.property(fc.array(reading, { maxLength: 20 }), (readings) => {
        const v = make()
        for (const { atMs, value, quality: said } of readings) {
          v.take({ kind: 'metric', name: 'load', atMs, metric: { value, quality: said } }, NOW)
          v.take({ kind: 'metric', name: 'cpu', atMs, metric: { value, quality: said } }, NOW)
          const { metrics, load } = v.observation(NOW + 15_000)
          const cpu = metrics?.cpu
          if (cpu?.quality === 'ok' || cpu?.quality === 'late') expect(cpu.value).toBeGreaterThanOrEqual(0)
          for (const y of load?.values ?? [])
            expect(Number.isNaN(y) || (y >= 0 && y <= Number.MAX_SAFE_INTEGER)).toBe(true)
        }
      })
    )
  })
})

import { describe, expect, it } from 'vitest'
import { readObservation, writeDecision } from './observation.ts'

/** The example of the published contract. */
const example = {
  nowMs: 0,
  target: 'job',
  load: { startMs: 0, stepMs: 60_000, unit: 'events/s', values: [1, null] },
  capacity: {
    ready: { map: 2 },
    starting: [{ resource: 'map', units: 1, readyAtMs: 60_000 }],
    wanted: { map: 3 }
  },
  bounds: { map: { min: 1, max: 128 } },
  metrics: { cpu: { value: 0.7, quality: 'ok', ageMs: 5000 } },
  units: [
    {
      id: 'pod-1',
      resource: 'map',
      ready: true,
      startedMs: 0,
      metrics: { cpu: { value: 0.7, quality: 'ok' } },
      request: { cpu: 1 }
    }
  ],
  topology: {
    operators: [
      { id: 'map', parallelism: 2, trueProcessingRate: 50, trueOutputRate: 50 },
      {
        id: 'src',
        parallelism: 1,
        source: true,
        trueProcessingRate: null,
        trueOutputRate: 100,
        observedProcessingRate: null,
        observedOutputRate: 90,
        lag: 0,
        partitions: 12,
        maxParallelism: null
      }
    ],
    edges: [{ from: 'src', to: 'map', outputRatio: 1 }]
  },
  forecast: {
    startMs: 0,
    stepMs: 60_000,
    mean: [800, null],
    quantiles: { '0.9': [900, 910] },
    by: { model: 'blend', version: '1', trainedUntilMs: 0 },
    record: { coverage: { '0.9': 0.88 }, mase: 0.7, steps: 500 }
  },
  signals: [
    {
      gateway: 'g1',
      seq: 7,
      sentMs: 0,
      receivedMs: 0,
      predictedLoad: 800,
      burstAlarm: true,
      horizonMs: 60_000,
      confidence: 0.9,
      trust: 0.8
    }
  ],
  service: { unitRate: 53, leadTimeMs: { p50: 40_000, p90: 60_000 }, restartMs: { p50: 0, p90: 0 } },
  slo: { latencyMs: 200 },
  price: { unitHour: 0.05, currency: 'USD', budgetPerMonth: null },
  site: 'cloud'
}

describe('reading an observation', () => {
  it('turns null into NaN where something is measured, and leaves it out where something is set', () => {
    const seen = readObservation(example)
    expect(seen.load?.values).toEqual(Float64Array.of(1, NaN))
    expect(seen.forecast?.mean).toEqual(Float64Array.of(800, NaN))
    const [map, src] = seen.topology!.operators
    expect(map.observedOutputRate).toBeUndefined()
    expect(src).toMatchObject({
      trueProcessingRate: NaN,
      observedProcessingRate: NaN,
      lag: 0,
      partitions: 12
    })
    expect(src.maxParallelism).toBeUndefined()
    expect(seen.price?.budgetPerMonth).toBeUndefined()
  })

  it('says everything again that it was told', () => {
    const { load, forecast, ...seen } = readObservation(example)
    const again = JSON.parse(JSON.stringify(seen))
    expect(load).toMatchObject({ startMs: 0, stepMs: 60_000, unit: 'events/s' })
    expect(forecast?.quantiles['0.9']).toEqual(Float64Array.of(900, 910))
    expect(forecast?.record).toEqual(example.forecast.record)
    for (const section of [
      'capacity',
      'bounds',
      'metrics',
      'units',
      'signals',
      'service',
      'slo',
      'site'
    ] as const) {
      expect(again[section]).toEqual(example[section])
    }
  })

  it('takes edges as plain pairs, needs nothing but nowMs and ready units, and leaves unknown fields alone', () => {
    const seen = readObservation({
      nowMs: 5,
      capacity: { ready: { web: null }, note: 'autumn' },
      topology: { operators: [], edges: [['src', 'map']] },
      weather: { rain: 3 }
    })
    expect(seen).toMatchObject({ nowMs: 5, capacity: { ready: { web: NaN } } })
    expect(seen.topology?.edges).toEqual([{ from: 'src', to: 'map' }])
    expect(seen).not.toHaveProperty('weather')
  })

  it('reads a metric without a quality as ok, and without a value as missing', () => {
    const metrics = { cpu: { value: 0.5 }, lag: { value: null }, busy: {} }
    expect(readObservation({ nowMs: 0, capacity: { ready: {} }, metrics }).metrics).toEqual({
      cpu: { value: 0.5, quality: 'ok' },
      lag: { value: NaN, quality: 'missing' },
      busy: { value: NaN, quality: 'missing' }
    })
  })

  it.each([
    ['a number of milliseconds', {}, 'observation.nowMs must be a number of milliseconds, missing'],
    ['JSON that is no object', [1], 'observation must be an object, was [1]'],
    ['no capacity', { nowMs: 0 }, 'observation.capacity must be an object, missing'],
    [
      'text for units',
      { capacity: { ready: { map: '2' } } },
      'observation.capacity.ready.map must be a number or null, was "2"'
    ],
    [
      'fewer units than none',
      { capacity: { ready: { map: -2 } } },
      'observation.capacity.ready.map must be a whole number of units, at least 0, or null, was -2'
    ],
    [
      'half a unit',
      { capacity: { ready: { map: 1 }, wanted: { map: 2.5 } } },
      'observation.capacity.wanted.map must be a whole number of units, at least 0, or null, was 2.5'
    ],
    [
      'units without end',
      { capacity: { ready: JSON.parse('{"map":1e400}') } },
      'observation.capacity.ready.map must be a whole number of units, at least 0, or null, was Infinity'
    ],
    [
      'fewer units that start than none',
      { capacity: { ready: {}, starting: [{ resource: 'map', units: -1, readyAtMs: 0 }] } },
      'observation.capacity.starting[0].units must be a whole number of units, at least 0, or null, was -1'
    ],
    [
      'an operator of fewer instances than none',
      { topology: { operators: [{ id: 'map', parallelism: -3 }], edges: [] } },
      'observation.topology.operators[0].parallelism must be a whole number of units, at least 0, or null, was -3'
    ],
    [
      'a list for ready',
      { capacity: { ready: [2] } },
      'observation.capacity.ready must be an object, was [2]'
    ],
    [
      'a hostile name',
      JSON.parse('{"nowMs":0,"capacity":{"ready":{"__proto__":3}}}'),
      'observation.capacity.ready must be free of the name __proto__'
    ],
    [
      'a load of text',
      { load: { startMs: 0, stepMs: 1, values: [1, 'x'] } },
      'observation.load.values[1] must be a number or null, was "x"'
    ],
    [
      'no step',
      { load: { startMs: 0, stepMs: 0, values: [] } },
      'observation.load.stepMs must be a positive number of milliseconds, was 0'
    ],
    [
      'min above max',
      { bounds: { map: { min: 5, max: 3 } } },
      'observation.bounds.map.max must be at least min, 5, was 3'
    ],
    [
      'an unknown quality',
      { metrics: { cpu: { value: 1, quality: 'great' } } },
      'observation.metrics.cpu.quality must be one of ok, late, stale, missing, partial, invalid, was "great"'
    ],
    [
      'half an edge',
      { topology: { operators: [], edges: [['src']] } },
      'observation.topology.edges[0] must be a pair of operator ids, was ["src"]'
    ],
    [
      'an operator without id',
      { topology: { operators: [{}], edges: [] } },
      'observation.topology.operators[0].id must be a text, missing'
    ],
    [
      'a unit that may be ready',
      { units: [{ id: 'a', resource: 'b', ready: 'yes' }] },
      'observation.units[0].ready must be true or false, was "yes"'
    ]
  ])('refuses %s with its path', (_what, part, message) => {
    const json =
      Array.isArray(part) || Object.keys(part).length === 0 || 'nowMs' in part
        ? part
        : { nowMs: 0, capacity: { ready: { map: 1 } }, ...part }
    expect(() => readObservation(json)).toThrow(message)
  })
})

it('writes a decision in one line, with null for what was not measured', () => {
  const why = {
    rule: 'load-unknown',
    inputs: { load: NaN, mean: Float64Array.of(1, NaN) },
    bound: [],
    changed: []
  }
  expect(writeDecision({ kind: 'hold', to: { web: 2 }, why })).toBe(
    '{"kind":"hold","to":{"web":2},"why":{"rule":"load-unknown","inputs":{"load":null,"mean":[1,null]},"bound":[],"changed":[]}}'
  )
})

/**
 * Observations as two small worlds would make them, and the faults that reach a policy through its metrics. The rows of
 * the fault matrix: F1 one series missing, F2 the whole source down, F3 stale or from the future, F4 no number that can
 * be, F5 partial, F6 true rate 0 or unknown. F7 (a measured zero) and F17 (the maximum reached) are no faults.
 */
import { random } from '../base/index.ts'
import type { Forecast, Metric, Observation, Operator, Policy, Units } from '../roles.ts'

const start = Date.parse('2026-03-02T00:00:00Z')

export interface Step<Memory> {
  readonly seen: Observation
  readonly before: Memory
  readonly decision: ReturnType<Policy['decide']>['decision']
}

export type FaultyWorld = 'service' | 'stream' | 'spark'

const firstUnits: Readonly<Record<FaultyWorld, Units>> = {
  service: { web: 8 },
  stream: { src: 2, map: 4, sink: 2 },
  spark: { executors: 8, memory: 4, storage: 1, compression: 0 }
}

/** A policy in one of the small worlds for so many decisions; what it wants is ready two decisions later. */
export function lived<Memory>(policy: Policy<Memory>, kind: FaultyWorld, decisions: number): Step<Memory>[] {
  const rng = random(11, kind)
  const steps: Step<Memory>[] = []
  let memory = policy.initial()
  let wanted = firstUnits[kind]
  let ready = wanted
  let soon = wanted
  for (let i = 0; i < decisions; i++) {
    // A slow wave with noise and an hour of nothing, so that policies go up, down and to their bounds.
    const wave = 400 + 350 * Math.sin(i / 40) + 30 * rng.normal()
    const load = i % 240 > 200 ? 0 : Math.max(0, wave)
    const nowMs = start + i * policy.intervalMs
    const seen = views[kind](nowMs, load, ready, wanted)
    const { decision, memory: after } = policy.decide(seen, memory)
    steps.push({ seen, before: memory, decision })
    memory = after
    ready = belowOf(soon, decision.to)
    soon = decision.to
    wanted = decision.to
  }
  return steps
}

/** Shrinking is immediate, growing is not. */
function belowOf(ready: Units, wanted: Units): Units {
  return Object.fromEntries(
    Object.entries(wanted).map(([name, units]) => [name, Math.min(units, ready[name] ?? 0)])
  )
}

export function serviceSeen(nowMs: number, load: number, ready: Units, wanted: Units): Observation {
  const unitRate = 50
  const cpu = ready.web > 0 ? Math.min(1, load / (ready.web * unitRate)) : 0
  return {
    ...shared(nowMs, load, ready, wanted, unitRate),
    metrics: { cpu: ok(cpu, 30_000), concurrency: ok(load / 25), latency: ok(80) },
    service: {
      unitRate,
      leadTimeMs: { p50: 100_000, p90: 120_000 },
      restartMs: { p50: 0, p90: 0 }
    },
    slo: { latencyMs: 200 },
    forecast: flatForecast(nowMs, load)
  }
}

export function streamSeen(nowMs: number, load: number, ready: Units, wanted: Units): Observation {
  const operator = (id: string, perUnit: number, more: Partial<Operator>): Operator => ({
    id,
    parallelism: ready[id],
    trueProcessingRate: Math.max(1, ready[id]) * perUnit,
    trueOutputRate: Math.max(1, ready[id]) * perUnit,
    observedProcessingRate: load,
    observedOutputRate: load,
    busy: Math.min(1, load / (Math.max(1, ready[id]) * perUnit)),
    backpressured: 0,
    idle: 0,
    ...more
  })
  return {
    ...shared(nowMs, load, ready, wanted, 60),
    metrics: { cpu: ok(0.6), lag: ok(0) },
    topology: {
      operators: [
        operator('src', 400, { source: true, trueProcessingRate: NaN, lag: 0, partitions: 12 }),
        operator('map', 60, {}),
        operator('sink', 200, {})
      ],
      edges: [
        { from: 'src', to: 'map' },
        { from: 'map', to: 'sink' }
      ]
    }
  }
}

/** Executors and what they are tuned by, all of it told as capacity, and a gateway that sees the load of now. */
export function sparkSeen(nowMs: number, load: number, ready: Units, wanted: Units): Observation {
  const rate = Math.max(1, ready.executors) * 50
  return {
    ...shared(nowMs, load, ready, wanted, 50),
    bounds: { executors: { min: 1, max: 18 } },
    metrics: {
      cpu: ok(Math.min(1, load / rate), 30_000),
      latency: ok(170),
      queue: ok(0),
      cost: ok(ready.executors * 0.3),
      volume: ok(load * 0.6),
      memoryUsed: ok(Math.min(1, load / 1_000)),
      shuffle: ok(0.3),
      temperature: ok(0.5)
    },
    signals: [
      {
        gateway: 'city',
        seq: nowMs - start,
        sentMs: nowMs,
        predictedLoad: load,
        burstAlarm: load > 700,
        horizonMs: 60_000,
        confidence: 1
      }
    ]
  }
}

const views = { service: serviceSeen, stream: streamSeen, spark: sparkSeen }

function shared(nowMs: number, load: number, ready: Units, wanted: Units, unitRate: number): Observation {
  const values = new Float64Array(40).fill(load)
  const bounds = Object.fromEntries(Object.keys(wanted).map((name) => [name, { min: 1, max: 30 }]))
  return {
    nowMs,
    target: 'job',
    load: { startMs: nowMs - 40 * 15_000, stepMs: 15_000, unit: 'events/s', values },
    capacity: {
      ready,
      starting: Object.keys(wanted).flatMap((resource) =>
        wanted[resource] > ready[resource]
          ? [{ resource, units: wanted[resource] - ready[resource], readyAtMs: nowMs + 60_000 }]
          : []
      ),
      wanted
    },
    bounds,
    service: { unitRate },
    price: { unitHour: 0.05 }
  }
}

function flatForecast(nowMs: number, load: number): Forecast {
  const flat = (level: number) => new Float64Array(40).fill(level)
  return {
    startMs: nowMs,
    stepMs: 15_000,
    mean: flat(load),
    quantiles: {
      '0.5': flat(load),
      '0.8': flat(load * 1.05),
      '0.9': flat(load * 1.1),
      '0.95': flat(load * 1.2)
    },
    by: { model: 'flat', version: '1', trainedUntilMs: nowMs }
  }
}

function ok(value: number, ageMs = 0): Metric {
  return { value, quality: 'ok', ageMs }
}

export interface Fault {
  readonly name: string
  readonly inject: (seen: Observation) => Observation
}

const everyMetric = (seen: Observation, change: (metric: Metric) => Metric): Observation => ({
  ...seen,
  metrics: Object.fromEntries(
    Object.entries(seen.metrics ?? {}).map(([name, metric]) => [name, change(metric)])
  )
})

const everyOperator = (seen: Observation, change: (operator: Operator) => Operator): Observation =>
  seen.topology === undefined
    ? seen
    : { ...seen, topology: { ...seen.topology, operators: seen.topology.operators.map(change) } }

const lastLoad = (seen: Observation, value: number): Observation => {
  if (seen.load === undefined) return seen
  const values = seen.load.values.slice()
  values[values.length - 1] = value
  return { ...seen, load: { ...seen.load, values } }
}

const shifted = (seen: Observation, ms: number): Observation =>
  seen.load === undefined ? seen : { ...seen, load: { ...seen.load, startMs: seen.load.startMs + ms } }

/** Rates of what the operators process and put out become this; sources may leave their processing rate open anyway. */
const rates = (seen: Observation, value: number): Observation =>
  everyOperator(seen, (operator) => ({ ...operator, trueProcessingRate: value, trueOutputRate: value }))

const all = (value: number) => (seen: Observation) =>
  rates(
    lastLoad(
      everyMetric(seen, (metric) => ({ ...metric, value })),
      value
    ),
    value
  )

export const faults: readonly Fault[] = [
  {
    name: 'F1 the metrics are missing',
    inject: (seen) => everyMetric(seen, () => ({ value: NaN, quality: 'missing' }))
  },
  { name: 'F1 the load of the last step is missing', inject: (seen) => lastLoad(seen, NaN) },
  {
    name: 'F1 the load is missing',
    inject: (seen) => (seen.load ? { ...seen, load: { ...seen.load, values: new Float64Array(0) } } : seen)
  },
  {
    name: 'F2 the whole source is down',
    inject: (seen) => ({ ...all(NaN)(seen), forecast: undefined, service: undefined })
  },
  {
    name: 'F3 the metrics are stale',
    inject: (seen) =>
      shifted(
        everyMetric(seen, (metric) => ({ ...metric, quality: 'stale', ageMs: 900_000 })),
        -3_600_000
      )
  },
  {
    name: 'F3 the metrics are old and call themselves ok',
    inject: (seen) =>
      shifted(
        everyMetric(seen, (metric) => ({ ...metric, ageMs: 900_000 })),
        -3_600_000
      )
  },
  {
    name: 'F3 the metrics are from the future',
    inject: (seen) =>
      shifted(
        everyMetric(seen, (metric) => ({ ...metric, ageMs: -900_000 })),
        3_600_000
      )
  },
  { name: 'F4 NaN', inject: all(NaN) },
  { name: 'F4 infinite', inject: all(Infinity) },
  { name: 'F4 minus infinity', inject: all(-Infinity) },
  { name: 'F4 negative', inject: all(-1) },
  { name: 'F4 1e300', inject: all(1e300) },
  {
    name: 'F5 partial',
    inject: (seen) =>
      lastLoad(
        everyMetric(seen, (metric) => ({ value: metric.value / 3, quality: 'partial' })),
        NaN
      )
  },
  {
    name: 'F6 true rates of 0',
    inject: (seen) =>
      seen.topology ? rates(seen, 0) : everyMetric(seen, (metric) => ({ ...metric, quality: 'invalid' }))
  },
  {
    name: 'F6 true rates unknown',
    inject: (seen) => (seen.topology ? rates(seen, NaN) : lastLoad(seen, NaN))
  }
]

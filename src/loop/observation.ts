/**
 * JSON ↔ Observation: what arrives from outside, checked at the door.
 *
 *   null → NaN where something is measured, and → absent where something is set (bounds, prices, maxParallelism)
 *   arrays of numbers → Float64Array;  edges also as plain pairs ["src", "map"]
 *
 * Unknown fields are left alone: others may say more than we know. A known field of the wrong type is refused with its
 * path, such as `observation.capacity.ready.map must be a number or null, was "2"`.
 */
import type { Series } from '../base/index.ts'
import type {
  Capacity,
  Decision,
  Edge,
  EdgeSignal,
  Forecast,
  Metric,
  Observation,
  Operator,
  Quality,
  Quantiles,
  ServiceEstimate,
  StartingUnits,
  Topology,
  UnitReading
} from '../roles.ts'

import {
  fields,
  list,
  measured,
  measuredValue,
  named,
  number,
  numbers,
  numberValue,
  optional,
  optionalMeasured,
  optionalNumber,
  optionalText,
  text,
  textValue,
  truth,
  unitsValue,
  wrong
} from './fields.ts'

type Bounds = NonNullable<Observation['bounds']>[string]

/** Throws `BAD_INPUT` with the path of what is wrong. `where` is the name the path begins with. */
export function readObservation(json: unknown, where = 'observation'): Observation {
  const given = fields(json, where)
  const nowMs = given.nowMs
  if (typeof nowMs !== 'number' || !Number.isFinite(nowMs))
    wrong(`${where}.nowMs`, 'a number of milliseconds', nowMs)
  return {
    nowMs,
    target: optionalText(given, 'target', where),
    load: optional(given, 'load', where, readSeries),
    capacity: readCapacity(given.capacity, `${where}.capacity`),
    bounds: optional(given, 'bounds', where, (value, path) => named(value, path, readBounds)),
    metrics: optional(given, 'metrics', where, readMetrics),
    units: optional(given, 'units', where, (value, path) => list(value, path, readUnit)),
    topology: optional(given, 'topology', where, readTopology),
    forecast: optional(given, 'forecast', where, readForecast),
    signals: optional(given, 'signals', where, (value, path) => list(value, path, readSignal)),
    service: optional(given, 'service', where, readService),
    slo: optional(given, 'slo', where, readSlo),
    price: optional(given, 'price', where, readPrice),
    site: optionalText(given, 'site', where)
  }
}

/** One line of JSON; what was not measured is `null`. */
export function writeDecision(decision: Decision): string {
  return JSON.stringify(decision, plain)
}

/** `NaN` and infinities become `null` by themselves; typed arrays would become objects. */
export function plain(_key: string, value: unknown): unknown {
  return ArrayBuffer.isView(value) ? Array.from(value as Float64Array) : value
}

function readSeries(json: unknown, path: string): Series {
  const given = fields(json, path)
  const stepMs = number(given, 'stepMs', path)
  if (!(stepMs > 0)) wrong(`${path}.stepMs`, 'a positive number of milliseconds', stepMs)
  return {
    startMs: number(given, 'startMs', path),
    stepMs,
    unit: optionalText(given, 'unit', path) ?? 'events/s',
    values: numbers(given.values, `${path}.values`)
  }
}

function readCapacity(json: unknown, path: string): Capacity {
  const given = fields(json, path)
  return {
    ready: named(given.ready, `${path}.ready`, unitsValue),
    starting: optional(given, 'starting', path, (value, at) => list(value, at, readStarting)),
    wanted: optional(given, 'wanted', path, (value, at) => named(value, at, unitsValue))
  }
}

function readStarting(json: unknown, path: string): StartingUnits {
  const given = fields(json, path)
  return {
    resource: text(given, 'resource', path),
    units: unitsValue(given.units ?? null, `${path}.units`),
    readyAtMs: measured(given, 'readyAtMs', path)
  }
}

function readBounds(json: unknown, path: string): Bounds {
  const given = fields(json, path)
  const bounds = { min: optionalNumber(given, 'min', path), max: optionalNumber(given, 'max', path) }
  const { min = 0, max = Infinity } = bounds
  if (min < 0) wrong(`${path}.min`, 'at least 0', min)
  if (max < min) wrong(`${path}.max`, `at least min, ${min}`, max)
  return bounds
}

function readMetrics(json: unknown, path: string): Readonly<Record<string, Metric>> {
  return named(json, path, readMetric)
}

const qualities: readonly string[] = [
  'ok',
  'late',
  'stale',
  'missing',
  'partial',
  'invalid'
] satisfies Quality[]

/** Without a quality a value that is there is `ok`, and `null` is `missing`. */
function readMetric(json: unknown, path: string): Metric {
  const given = fields(json, path)
  const value = measured(given, 'value', path)
  const quality = given.quality ?? (Number.isNaN(value) ? 'missing' : 'ok')
  if (!isQuality(quality)) wrong(`${path}.quality`, `one of ${qualities.join(', ')}`, quality)
  const ageMs = optionalNumber(given, 'ageMs', path)
  return ageMs === undefined ? { value, quality } : { value, quality, ageMs }
}

function isQuality(value: unknown): value is Quality {
  return typeof value === 'string' && qualities.includes(value)
}

function readUnit(json: unknown, path: string): UnitReading {
  const given = fields(json, path)
  return {
    id: text(given, 'id', path),
    resource: text(given, 'resource', path),
    ready: truth(given, 'ready', path) ?? wrong(`${path}.ready`, 'true or false', given.ready),
    startedMs: optionalNumber(given, 'startedMs', path),
    readyChangedMs: optionalNumber(given, 'readyChangedMs', path),
    failed: truth(given, 'failed', path),
    metrics: optional(given, 'metrics', path, readMetrics),
    request: optional(given, 'request', path, (value, at) => named(value, at, numberValue))
  }
}

function readTopology(json: unknown, path: string): Topology {
  const given = fields(json, path)
  return {
    operators: list(given.operators, `${path}.operators`, readOperator),
    edges: list(given.edges, `${path}.edges`, readEdge)
  }
}

function readOperator(json: unknown, path: string): Operator {
  const given = fields(json, path)
  return {
    id: text(given, 'id', path),
    parallelism: unitsValue(given.parallelism ?? null, `${path}.parallelism`),
    source: truth(given, 'source', path),
    keyed: truth(given, 'keyed', path),
    trueProcessingRate: measured(given, 'trueProcessingRate', path),
    trueOutputRate: measured(given, 'trueOutputRate', path),
    observedProcessingRate: optionalMeasured(given, 'observedProcessingRate', path),
    observedOutputRate: optionalMeasured(given, 'observedOutputRate', path),
    busy: optionalMeasured(given, 'busy', path),
    backpressured: optionalMeasured(given, 'backpressured', path),
    idle: optionalMeasured(given, 'idle', path),
    lag: optionalMeasured(given, 'lag', path),
    partitions: optionalNumber(given, 'partitions', path),
    maxParallelism: optionalNumber(given, 'maxParallelism', path)
  }
}

function readEdge(json: unknown, path: string): Edge {
  if (Array.isArray(json)) {
    const [from, to] = json
    if (json.length !== 2 || typeof from !== 'string' || typeof to !== 'string') {
      wrong(path, 'a pair of operator ids', json)
    }
    return { from, to }
  }
  const given = fields(json, path)
  return {
    from: text(given, 'from', path),
    to: text(given, 'to', path),
    outputRatio: optionalNumber(given, 'outputRatio', path)
  }
}

function readForecast(json: unknown, path: string): Forecast {
  const given = fields(json, path)
  const by = fields(given.by ?? {}, `${path}.by`)
  return {
    startMs: number(given, 'startMs', path),
    stepMs: number(given, 'stepMs', path),
    mean: numbers(given.mean, `${path}.mean`),
    quantiles: named(given.quantiles ?? {}, `${path}.quantiles`, numbers),
    by: {
      model: optionalText(by, 'model', `${path}.by`) ?? 'unknown',
      version: optionalText(by, 'version', `${path}.by`) ?? '',
      trainedUntilMs: measured(by, 'trainedUntilMs', `${path}.by`)
    },
    record: optional(given, 'record', path, (value, at) => {
      const record = fields(value, at)
      return {
        coverage: named(record.coverage ?? {}, `${at}.coverage`, measuredValue),
        mase: measured(record, 'mase', at),
        steps: number(record, 'steps', at)
      }
    })
  }
}

function readSignal(json: unknown, path: string): EdgeSignal {
  const given = fields(json, path)
  return {
    gateway: text(given, 'gateway', path),
    seq: number(given, 'seq', path),
    sentMs: number(given, 'sentMs', path),
    receivedMs: optionalNumber(given, 'receivedMs', path),
    predictedLoad: measured(given, 'predictedLoad', path),
    burstAlarm: truth(given, 'burstAlarm', path) ?? false,
    horizonMs: measured(given, 'horizonMs', path),
    confidence: measured(given, 'confidence', path),
    trust: optionalMeasured(given, 'trust', path),
    heard: optionalMeasured(given, 'heard', path),
    keyId: optionalText(given, 'keyId', path),
    sig: optionalText(given, 'sig', path)
  }
}

function readService(json: unknown, path: string): ServiceEstimate {
  const given = fields(json, path)
  return {
    unitRate: optionalMeasured(given, 'unitRate', path),
    leadTimeMs: optional(given, 'leadTimeMs', path, readQuantiles),
    restartMs: optional(given, 'restartMs', path, readQuantiles),
    assumed: optional(given, 'assumed', path, (value, at) => list(value, at, textValue))
  }
}

function readQuantiles(json: unknown, path: string): Quantiles {
  const given = fields(json, path)
  return { p50: measured(given, 'p50', path), p90: measured(given, 'p90', path) }
}

function readSlo(json: unknown, path: string): NonNullable<Observation['slo']> {
  return { latencyMs: optionalNumber(fields(json, path), 'latencyMs', path) }
}

function readPrice(json: unknown, path: string): NonNullable<Observation['price']> {
  const given = fields(json, path)
  return {
    unitHour: optionalNumber(given, 'unitHour', path),
    currency: optionalText(given, 'currency', path),
    budgetPerMonth: optionalNumber(given, 'budgetPerMonth', path)
  }
}

/**
 * View — all that is known of one target at a moment, made of readings that come when they like.
 *
 *   age = time since it was received (our clock) + what it was old by then; never less than that, whatever the sender's clock says
 *   older than `staleMs` → stale      from the future, no number, not finite, negative, absurd → invalid      never told → absent
 *
 * Nothing here is ever filled in: where a topology or a capacity is stale, partial or refused, its numbers are `NaN`, so that whoever
 * decides must hold. The view lives in memory only; a source tells the history again when the loop begins anew.
 */
import { HOUR, MINUTE, type Series } from '../base/index.ts'
import type {
  Capacity,
  EdgeSignal,
  Metric,
  Observation,
  Operator,
  Quality,
  Reading,
  Topology,
  Units
} from '../roles.ts'
import { loadLog } from './load-log.ts'

export interface ViewOptions {
  readonly target: string
  /** Step of the load, as sources give it. */
  readonly stepMs: number
  /** The series or metric that is the load; `load`. */
  readonly loadName?: string
  /** How much load policies are shown: the last hour. */
  readonly shownMs?: number
  /** How much is kept for whoever learns from it; a day. */
  readonly keepMs?: number
  /** Older is stale; 5 minutes. */
  readonly staleMs?: number
  /** A sender's clock may run ahead by this much; a minute. */
  readonly maxSkewMs?: number
  /** Bounds of every resource that has none of its own in `fixed`. */
  readonly bounds?: { readonly min?: number; readonly max?: number }
  /** What never changes by itself. */
  readonly fixed?: Pick<Observation, 'bounds' | 'slo' | 'price' | 'site'>
  /** Joins signals of gateways; without it they are left out. */
  readonly signals?: SignalDesk
}

/** Signals of gateways on their way into an Observation. */
export interface SignalDesk {
  /** True when the loop should look at once. */
  take(signal: EdgeSignal, receivedMs: number): boolean
  /** Those that count now. */
  current(nowMs: number): readonly EdgeSignal[]
  /** The load as it was measured, `NaN` where it was not: were the alarms right? */
  learn?(nowMs: number, load: number): unknown
}

export interface View {
  /** One reading. True when it is reason to decide at once. */
  take(reading: Reading, receivedMs: number): boolean
  observation(nowMs: number): Observation
  /** Load since a moment, whole steps only. */
  load(fromMs: number, nowMs: number): Series
  /** A command that was carried out: what is wanted until the target itself says something newer. */
  wanted(units: Units, atMs: number): void
  /** What the target itself said of its capacity, fresh or not, and when that was. */
  told(): { readonly capacity: Capacity; readonly atMs: number } | undefined
}

/** A rate, count or ratio larger than this is a mistake. */
const LARGEST = Number.MAX_SAFE_INTEGER

interface Told<T> {
  readonly value: T
  readonly quality: Quality
  readonly receivedMs: number
  /** How old it was when it was received. */
  readonly oldMs: number
}

export function view(options: ViewOptions): View {
  const { target, stepMs, loadName = 'load', shownMs = HOUR, keepMs = 24 * HOUR } = options
  const { staleMs = 5 * MINUTE, maxSkewMs = MINUTE, fixed, signals } = options
  const log = loadLog({ stepMs, keepMs })
  let hasLoad = false
  const metrics = new Map<string, Told<number>>()
  let topology: Told<Topology> | undefined
  let capacity: Told<Capacity> | undefined
  let commanded: { readonly units: Units; readonly atMs: number } | undefined

  function take(reading: Reading, receivedMs: number): boolean {
    switch (reading.kind) {
      case 'series':
        if (reading.name === loadName) takeLoad(reading.series, reading.quality, receivedMs)
        else takeLast(reading.name, reading.series, reading.quality, receivedMs)
        return false
      case 'metric': {
        const told = toldOf(reading.metric, reading.atMs, receivedMs)
        if (reading.name === loadName) {
          hasLoad = true
          // A reading with a clock of its own time would tear the grid: it counts for the moment it came in.
          const sound = told.quality === 'ok' || told.quality === 'late'
          log.sample(receivedMs - told.oldMs, sound ? told.value : NaN)
        } else metrics.set(reading.name, told)
        return false
      }
      case 'topology':
        forgetOthers(reading.topology)
        topology = told(reading.topology, reading.quality, reading.atMs, receivedMs)
        return false
      case 'capacity':
        capacity = told(reading.capacity, reading.quality, reading.atMs, receivedMs)
        return false
      case 'signal':
        return signals?.take(reading.signal, receivedMs) ?? false
      default:
        return false
    }
  }

  /** What was told of an operator that is not there any more, such as `busy.map`, is nothing that is missing now. */
  function forgetOthers({ operators }: Topology): void {
    for (const { id } of topology?.value.operators ?? []) {
      if (operators.some((it) => it.id === id)) continue
      for (const name of metrics.keys()) if (name.endsWith(`.${id}`)) metrics.delete(name)
    }
  }

  function takeLoad(part: Series, quality: Quality, receivedMs: number): void {
    hasLoad = true
    const sound = quality === 'ok' || quality === 'late'
    const values = part.values.map((y, i) => {
      const future = part.startMs + i * part.stepMs > receivedMs + maxSkewMs
      return sound && isSound(y) && !future ? y : NaN
    })
    const steps = Math.floor((receivedMs + maxSkewMs - part.startMs) / part.stepMs) + 1
    log.put({ ...part, values: values.subarray(0, Math.max(0, steps)) })
  }

  /** The newest value of a series that is not the load stands for the metric of that name. */
  function takeLast(
    name: string,
    { values, startMs, stepMs: step }: Series,
    quality: Quality,
    nowMs: number
  ) {
    const value = values.length === 0 ? NaN : values[values.length - 1]
    metrics.set(name, toldOf({ value, quality }, startMs + values.length * step, nowMs))
  }

  function toldOf({ value, quality, ageMs = 0 }: Metric, atMs: number, receivedMs: number): Told<number> {
    const sound = Number.isNaN(value)
      ? quality === 'ok' || quality === 'late'
        ? 'missing'
        : quality
      : isSound(value)
        ? quality
        : 'invalid'
    return told(value, sound, atMs - ageMs, receivedMs)
  }

  function told<T>(value: T, quality: Quality, atMs: number, receivedMs: number): Told<T> {
    const future = !(atMs <= receivedMs + maxSkewMs)
    return {
      value,
      quality: future ? 'invalid' : quality,
      receivedMs,
      oldMs: future ? 0 : Math.max(0, receivedMs - atMs)
    }
  }

  const ageOf = ({ receivedMs, oldMs }: Told<unknown>, nowMs: number) => nowMs - receivedMs + oldMs

  /** A clock of ours that ran backwards makes ages negative: then nothing is known to be fresh. */
  function qualityOf(it: Told<unknown>, nowMs: number): Quality {
    const age = ageOf(it, nowMs)
    const fresh = it.quality === 'ok' || it.quality === 'late'
    return fresh && !(age >= 0 && age <= staleMs) ? 'stale' : it.quality
  }

  function observation(nowMs: number): Observation {
    const told: Record<string, Metric> = {}
    for (const [name, metric] of metrics) {
      told[name] = { value: metric.value, quality: qualityOf(metric, nowMs), ageMs: ageOf(metric, nowMs) }
    }
    const capacity = capacityNow(nowMs)
    const bounds = boundsOf(capacity)
    return {
      nowMs,
      target,
      ...fixed,
      ...(bounds && { bounds }),
      ...(hasLoad && { load: log.read(nowMs - shownMs, nowMs) }),
      capacity,
      ...(metrics.size > 0 && { metrics: told }),
      ...(topology && { topology: isFresh(topology, nowMs) ? topology.value : unmeasured(topology.value) }),
      ...(signals && { signals: signals.current(nowMs) })
    }
  }

  /** Policies plan within bounds, so they are shown those that hold for all. */
  function boundsOf({ ready, wanted }: Capacity): Observation['bounds'] {
    if (options.bounds === undefined) return fixed?.bounds
    const names = Object.keys({ ...ready, ...wanted })
    return { ...Object.fromEntries(names.map((name) => [name, options.bounds ?? {}])), ...fixed?.bounds }
  }

  const isFresh = (it: Told<unknown>, nowMs: number) => ['ok', 'late'].includes(qualityOf(it, nowMs))

  function capacityNow(nowMs: number): Capacity {
    if (capacity === undefined) return { ready: {}, ...(commanded && { wanted: commanded.units }) }
    const { ready, starting } = capacity.value
    const wanted = wantedNow(capacity)
    if (isFresh(capacity, nowMs)) return { ready, ...(starting && { starting }), ...(wanted && { wanted }) }
    const unknown = Object.fromEntries(Object.keys(ready).map((resource) => [resource, NaN]))
    // What was asked for is known even where nothing is seen of it.
    return { ready: unknown, ...(wanted && { wanted }) }
  }

  /** What was seen before a command does not know of it. */
  function wantedNow({ value, receivedMs, oldMs }: Told<Capacity>): Units | undefined {
    if (commanded === undefined) return value.wanted
    const isNewer = value.wanted !== undefined && receivedMs - oldMs > commanded.atMs
    return isNewer ? value.wanted : { ...value.wanted, ...commanded.units }
  }

  return {
    take,
    observation,
    load: (fromMs, nowMs) => log.read(fromMs, nowMs),
    wanted(units, atMs) {
      commanded = { units: { ...commanded?.units, ...units }, atMs }
    },
    told: () => capacity && { capacity: capacity.value, atMs: capacity.receivedMs - capacity.oldMs }
  }
}

const isSound = (value: number) => value >= 0 && value <= LARGEST

function unmeasured({ operators, edges }: Topology): Topology {
  return { operators: operators.map(withoutRates), edges }
}

/** What it is, without what was measured of it. */
function withoutRates({ id, parallelism, source, partitions, maxParallelism, keyed }: Operator): Operator {
  return {
    ...{ id, parallelism, trueProcessingRate: NaN, trueOutputRate: NaN },
    ...(source !== undefined && { source }),
    ...(partitions !== undefined && { partitions }),
    ...(maxParallelism !== undefined && { maxParallelism }),
    ...(keyed !== undefined && { keyed })
  }
}

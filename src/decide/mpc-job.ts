/**
 * A job of several operators as one resource — counted in instances of its bottleneck.
 *
 *   v_i  records that operator i takes in for one event from outside    v_i = Σ_j ratio_ji · s_j · v_j,  s_j = output / input of j
 *   c_i  events/s of the outside that one instance of i can do          c_i = true rate per instance · evenness / v_i
 *   b    the operator with the smallest c_i                             capacity of the job = min_i n_i · c_i,  in units of c_b
 *   back n_i = ⌈ units · c_b / c_i ⌉                                    only when the units change, so that noise moves nobody
 *
 * An operator that holds back those before it does all it can: how busy it is then in the mean is its evenness, which is below 1 where keys fall
 * unevenly on its instances and the fullest one decides. It is kept until it is measured again, and never below how busy it is without being full.
 *
 * Rates and selectivities are those of useful time, smoothed in logs with a gain of 1/n down to 1/20, as the meters of a job jump after
 * every rescale. An operator that was never measured leaves the job unknown. Kalavri et al., OSDI 2018, for the rates; the reduction is ours.
 */
import type { Observation, StartingUnits, Topology, Units } from '../roles.ts'
import { boundsOf, usable, wantedNow } from './answer.ts'
import { type Dag, dagOf } from './topology.ts'

/** By operator: log of the rate of one instance, and of what comes out for what goes in; how often that was measured. */
export type JobMemory = {
  readonly bottleneck: string | null
  readonly operators: Readonly<
    Record<
      string,
      {
        readonly logRate: number
        readonly logYield: number | null
        readonly n: number
        /** Log of the share of its rate that it reaches when it is full; null: never seen full. */
        readonly logEven?: number | null
      }
    >
  >
}

export const noJob: JobMemory = { bottleneck: null, operators: {} }

export interface JobView {
  /** The job as a single resource, by the name of its bottleneck. */
  readonly seen: Observation
  readonly resource: string
  /** Instances of every operator for so many units. Those of `now` where that is what is wanted already. */
  readonly expand: (units: number) => Units
  /** Events/s of the outside that one instance of each operator can do. */
  readonly rates: Readonly<Record<string, number>>
}

const SLOWEST = 1 / 20
/** Another bottleneck must be this much narrower, so that two of a size do not take turns. */
const NARROWER = 0.9
/** A rate is not held to be exact: so much of an instance is no reason for one more. */
const ROUNDING = 0.02
/** An operator whose inputs are held back this much of their time, and that is held back less itself, is full. */
const FULL = 0.2
const EVEN_GAIN = 1 / 3
/** Keys never fall evenly: until it was seen full, a keyed operator is taken to do 95 %. */
const ASSUMED_EVEN = Math.log(0.95)
/** Less than this is no unevenness of keys but a job that stands still. */
const LEAST_EVEN = 0.3

/** What the rates of this moment add to what is known. */
export function learnJob({ topology, capacity }: Observation, before: JobMemory): JobMemory {
  if (topology === undefined) return before
  const operators = { ...before.operators }
  const full = fullOperators(topology)
  for (const {
    id,
    parallelism,
    trueProcessingRate,
    trueOutputRate,
    source,
    busy,
    observedProcessingRate = NaN
  } of topology.operators) {
    const instances = parallelism > 0 ? parallelism : capacity.ready[id]
    const rate = source && !usable(trueProcessingRate) ? trueOutputRate : trueProcessingRate
    if (!(usable(rate) && rate > 0 && instances > 0)) continue
    const last = operators[id]
    const gain = Math.max(SLOWEST, 1 / ((last?.n ?? 0) + 1))
    const ratio = source ? 1 : trueOutputRate / rate
    const logYield = usable(ratio) && ratio > 0 ? Math.log(ratio) : null
    operators[id] = {
      logRate: towards(last?.logRate, Math.log(rate / instances), gain),
      logYield:
        logYield === null ? (last?.logYield ?? null) : towards(last?.logYield ?? undefined, logYield, gain),
      n: Math.min(1 / SLOWEST, (last?.n ?? 0) + 1),
      logEven: evenness(last?.logEven, full.has(id), busy ?? observedProcessingRate / rate)
    }
  }
  return { ...before, operators }
}

/** `share`: how much of its useful time it works. Who works so much and is not full is at least that even. */
function evenness(last: number | null = null, isFull: boolean, share: number): number | null {
  if (!(share > 0)) return last
  if (!isFull) return last === null ? null : Math.max(last, Math.log(Math.min(1, share)))
  const now = Math.log(Math.min(1, Math.max(LEAST_EVEN, share)))
  return towards(last ?? undefined, now, EVEN_GAIN)
}

function fullOperators({ operators, edges }: Topology): ReadonlySet<string> {
  const held = new Map(operators.map(({ id, backpressured = NaN }) => [id, backpressured]))
  const ids = edges.filter(({ from, to }) => (held.get(from) ?? 0) >= FULL && (held.get(to) ?? NaN) < FULL)
  return new Set(ids.map(({ to }) => to))
}

const towards = (last: number | undefined, now: number, gain: number) =>
  last === undefined ? now : last + gain * (now - last)

/**
 * The job as one resource, or why it cannot be seen so. `memory` is what `learnJob` gave; the bottleneck that was found is to be
 * remembered. Throws what `dagOf` throws.
 */
export function jobView(
  seen: Observation,
  memory: JobMemory
): { readonly view: JobView; readonly memory: JobMemory } | { readonly unknown: readonly string[] } {
  const { topology, capacity } = seen
  if (topology === undefined) return { unknown: ['topology'] }
  const dag = dagOf(topology)
  const unmeasured = dag.operators.filter(({ id }) => memory.operators[id] === undefined).map(({ id }) => id)
  if (unmeasured.length > 0) return { unknown: unmeasured }
  const rates = ratesOf(dag, memory)
  const sized = Object.keys(wantedNow(seen)).filter((id) => rates[id] !== undefined)
  const missing = Object.keys(wantedNow(seen)).filter((id) => rates[id] === undefined)
  if (sized.length === 0 || missing.length > 0) return { unknown: missing }
  const bottleneck = narrowest(sized, rates, memory.bottleneck)
  const unit = rates[bottleneck]
  const from = wantedNow(seen)
  const unitsOf = (all: Units) =>
    Math.floor(Math.min(...sized.map((id) => ((all[id] ?? NaN) * rates[id]) / unit)) * (1 + ROUNDING))
  const [ready, wanted] = [unitsOf(capacity.ready), unitsOf(from)]
  const most = Math.floor(
    Math.min(...sized.map((id) => (mostOf(seen, dag, id) * rates[id]) / unit)) * (1 + 1e-9)
  )
  const expand = (units: number): Units => {
    if (units === wanted) return from
    const to: Record<string, number> = {}
    for (const id of sized) {
      const { min } = boundsOf(seen, id)
      const needed = Math.ceil((units * unit) / rates[id] - ROUNDING)
      to[id] = Math.min(mostOf(seen, dag, id), Math.max(1, min, needed))
    }
    return to
  }
  const single: Observation = {
    ...seen,
    topology: undefined,
    service: { ...seen.service, unitRate: unit },
    bounds: { [bottleneck]: { min: 1, max: Math.max(1, most) } },
    capacity: {
      ready: { [bottleneck]: ready },
      wanted: { [bottleneck]: wanted },
      ...(wanted > ready && { starting: [comes(seen, bottleneck, wanted - ready)] })
    }
  }
  return {
    view: { seen: single, resource: bottleneck, expand, rates },
    memory: { ...memory, bottleneck }
  }
}

/** Events/s of the outside for one instance of each; infinite where nothing of what comes in gets there. */
function ratesOf(dag: Dag, { operators }: JobMemory): Record<string, number> {
  const share = sharesOf(dag)
  const out: number[] = []
  const rates: Record<string, number> = {}
  for (const [i, { id, keyed }] of dag.operators.entries()) {
    const { logRate, logYield, logEven } = operators[id]
    const taken = dag.isSource[i]
      ? share[i]
      : dag.inputs[i].reduce((sum, { from, ratio }) => sum + ratio * out[from], 0)
    out[i] = taken * (dag.isSource[i] ? 1 : Math.exp(logYield ?? 0))
    rates[id] = taken > 0 ? Math.exp(logRate + (logEven ?? (keyed ? ASSUMED_EVEN : 0))) / taken : Infinity
  }
  return rates
}

/** How much of what comes from outside comes through each source: by what they give out now, evenly where that is not known. */
function sharesOf({ operators, isSource }: Dag): number[] {
  const given = operators.map(({ observedOutputRate = NaN }, i) => (isSource[i] ? observedOutputRate : 0))
  const total = given.reduce((sum, rate) => sum + rate, 0)
  const count = isSource.filter(Boolean).length
  return given.map((rate, i) => (!isSource[i] ? 0 : total > 0 ? rate / total : 1 / count))
}

function narrowest(
  ids: readonly string[],
  rates: Readonly<Record<string, number>>,
  last: string | null
): string {
  const best = ids.reduce((least, id) => (rates[id] < rates[least] ? id : least))
  return last !== null && ids.includes(last) && rates[best] > NARROWER * rates[last] ? last : best
}

function mostOf(seen: Observation, { operators }: Dag, id: string): number {
  const operator = operators.find((it) => it.id === id)
  const { max } = boundsOf(seen, id)
  const partitions = operator?.source ? (operator.partitions ?? Infinity) : Infinity
  return Math.min(max, operator?.maxParallelism ?? Infinity, partitions)
}

/** What is on its way, as late as the latest of it. */
function comes({ capacity, nowMs, service }: Observation, resource: string, units: number): StartingUnits {
  const lead = service?.leadTimeMs?.p90 ?? 0
  const readyAtMs = Math.max(nowMs, ...(capacity.starting ?? []).map((it) => it.readyAtMs || nowMs + lead))
  return { resource, units, readyAtMs }
}

/**
 * DS2 — every operator gets as many instances as the rates that the sources would like to send need, in one step.
 *
 *   target_i  = Σ_j ratio_ji · out_j                          over the operators j that feed i
 *   optimal_i = target_i / (trueProcessingRate_i / k_i)       a real number; k_i instances were measured
 *   to_i      = ⌈ optimal_i · (1 + scalingFactor) ⌉           sources keep their size
 *   out_i     = trueOutputRate_i · optimal_i / k_i            for a source: the rate it wants to send
 *
 * True rates are per second of useful time. What is propagated is the real number, so rounding up happens once, and
 * without over-provisioning an operator does not inflate what stands behind it. A rate of 0 or unknown, where the
 * rule needs one, holds that operator and everything behind it. Kalavri et al., OSDI 2018; the manager's counting of
 * epochs as in strymon-system/ds2, whose answers this file gives bit for bit. Faults kept: docs/methods/ds2.md.
 */
import type { GivenOptions, OptionTable } from '../base/index.ts'
import { readOptions } from '../base/index.ts'
import type { Decided, Observation, Operator, Policy, Units } from '../roles.ts'
import { hold, latestLoad, MOST_UNITS, metricOf, scale, trusted, wantedNow, withinBounds } from './answer.ts'
import { type Dag, dagOf } from './topology.ts'

export const ds2Options = {
  scalingFactor: {
    kind: 'number',
    default: 0,
    min: 0,
    says: 'over-provisioning as a share, applied before rounding up'
  },
  targetRateRatio: {
    kind: 'number',
    min: 1,
    says: 'once nothing grows: when a source wants over this × what it sends, all grow by that ratio'
  },
  policyInterval: { kind: 'duration', default: 10_000, min: 1, says: 'one epoch: how often it is asked' },
  warmUpTime: { kind: 'integer', default: 2, min: 0, says: 'epochs ignored after a change was made' },
  activationTime: {
    kind: 'integer',
    default: 1,
    min: 1,
    says: 'epochs evaluated before a change is asked for'
  },
  ignoreSmallShrink: {
    kind: 'boolean',
    default: false,
    says: 'true, as the original manager: ask only if some operator grows or shrinks by more than one'
  }
} satisfies OptionTable

type Settings = ReturnType<typeof readOptions<typeof ds2Options>>

type Ds2Memory = {
  /** The last change that was asked for, until it is settled. */
  readonly asked: Units | null
  /** Epochs seen since then. */
  readonly epochs: number
  /** Epochs evaluated since then. */
  readonly evaluations: number
}

/** The policy; options (over-provisioning and epochs) as in `ds2Options`. Throws `BAD_OPTION` for one that cannot be. */
export function ds2(given: GivenOptions = {}): Policy<Ds2Memory> {
  const settings = readOptions('ds2', ds2Options, given)
  return {
    name: 'ds2',
    intervalMs: settings.policyInterval,
    initial: () => ({ asked: null, epochs: 0, evaluations: 0 }),
    decide: (seen, memory) => decide(settings, seen, memory)
  }
}

/** The rule alone. `NaN`: a source, or not known because a rate it needs is 0 or unknown. */
export interface Ds2Answer {
  readonly target: readonly number[]
  /** Instances as a real number. */
  readonly optimal: readonly number[]
}

/**
 * The rule on a DAG, lists in its order: `instances[i]` are those that the rates of operator i were measured on,
 * `offered[i]` records/s come from outside, which for a source is what it wants to send. O(operators + edges).
 */
export function ds2Rule(dag: Dag, instances: readonly number[], offered: readonly number[]): Ds2Answer {
  const { operators, inputs, isSource } = dag
  const target: number[] = []
  const optimal: number[] = []
  const out: number[] = []
  for (let i = 0; i < operators.length; i++) {
    if (isSource[i]) {
      target.push(NaN)
      optimal.push(NaN)
      out.push(rate(offered[i]))
      continue
    }
    let sum = offered[i]
    for (const { from, ratio } of inputs[i]) sum += out[from] * ratio
    const best = sum / (rate(operators[i].trueProcessingRate) / instances[i])
    target.push(sum)
    optimal.push(best > 0 && best < Infinity ? best : NaN)
    out.push(rate(operators[i].trueOutputRate) * (optimal[i] / instances[i]))
  }
  return { target, optimal }
}

/** A rate to divide by or to size for; the reference makes 4,294,967,295 or 0 instances out of the others. */
function rate(value: number): number {
  return value > 0 && value <= Number.MAX_SAFE_INTEGER ? value : NaN
}

function decide(settings: Settings, seen: Observation, before: Ds2Memory): Decided<Ds2Memory> {
  const job = jobOf(seen)
  if (job === undefined) return { decision: hold(wantedNow(seen), 'no-topology'), memory: before }
  const asIs = unitsOf(job, job.now)
  const memory = settle(seen, asIs, before)
  if (memory === undefined) return { decision: hold(asIs, 'not-running'), memory: before }
  if (memory.asked !== null && memory.epochs < settings.warmUpTime) {
    const epochs = memory.epochs + (reports(job) ? 1 : 0)
    return { decision: hold(asIs, 'warm-up', { epochs }), memory: { ...memory, epochs } }
  }
  const answer = ds2Rule(job.dag, job.instances, job.offered)
  const { wish, rule, ratio } = sized(settings, job, answer)
  const bound: string[] = []
  const to = unitsOf(job, wish)
  for (const id in to) to[id] = withinBounds(seen, id, to[id], bound)
  const inputs = inputsOf(job, answer, ratio)
  const evaluations = memory.evaluations + 1
  const after = { asked: null, epochs: memory.epochs + 1, evaluations }
  if (evaluations < settings.activationTime) {
    return { decision: hold(asIs, 'activation', { ...inputs, evaluations }), memory: after }
  }
  if (settings.ignoreSmallShrink && !isSignificant(asIs, to)) {
    return { decision: hold(asIs, 'insignificant-change', inputs), memory: after }
  }
  const decision = scale(asIs, to, rule, inputs, bound)
  return { decision, memory: decision.kind === 'scale' ? { asked: to, epochs: 0, evaluations: 0 } : after }
}

/**
 * The reference's manager waits for its redeployment and counts only epochs in which every instance reports:
 * `undefined` while instances start that were asked for. A request that was not carried out changed nothing.
 */
function settle({ capacity }: Observation, asIs: Units, memory: Ds2Memory): Ds2Memory | undefined {
  const { asked } = memory
  if (asked === null) return memory
  const ids = Object.keys(asIs)
  const isDone = ids.length === Object.keys(asked).length && ids.every((id) => asked[id] === asIs[id])
  if (!isDone) return { ...memory, asked: null }
  const starting = capacity.starting ?? []
  return starting.some(({ resource, units }) => units > 0 && asked[resource] !== undefined)
    ? undefined
    : memory
}

/** While a job is down none of its operators has a rate; such an epoch does not count. */
function reports({ dag }: Job): boolean {
  return dag.operators.some(({ trueProcessingRate }, i) => !dag.isSource[i] && trueProcessingRate > 0)
}

/** The answer in whole instances, after over-provisioning and the final adjustment, before the bounds. */
function sized(settings: Settings, job: Job, { optimal }: Ds2Answer) {
  const { dag, instances, now } = job
  const factor = 1 + settings.scalingFactor
  const wish: number[] = []
  let known = 0
  let unknown = 0
  let grows = false
  for (let i = 0; i < optimal.length; i++) {
    const units = Math.ceil(optimal[i] * factor)
    if (units <= MOST_UNITS) {
      known++
      wish.push(units)
      if (units > instances[i]) grows = true
    } else {
      if (!dag.isSource[i]) unknown++
      wish.push(now[i])
    }
  }
  const ratio = worstRatio(job)
  const threshold: number | undefined = settings.targetRateRatio
  if (threshold !== undefined && unknown === 0 && !grows && ratio > threshold) {
    const more = wish.map((units, i) =>
      dag.isSource[i] ? units : Math.min(MOST_UNITS, Math.ceil(ratio * units))
    )
    return { wish: more, rule: 'final-adjustment', ratio }
  }
  return { wish, rule: known > 0 ? 'ds2' : 'unknown-rate', ratio }
}

/** Largest quotient of what a source wants to send and what it does send; 0 when no source's is known. */
function worstRatio({ dag, offered }: Job): number {
  let worst = 0
  for (let i = 0; i < offered.length; i++) {
    if (!dag.isSource[i]) continue
    const ratio = rate(offered[i]) / rate(dag.operators[i].observedOutputRate ?? NaN)
    if (ratio > worst) worst = ratio
  }
  return worst
}

/** The original manager leaves a job alone that would only lose one instance here and there. */
function isSignificant(
  from: Readonly<Record<string, number>>,
  to: Readonly<Record<string, number>>
): boolean {
  for (const id in to) if (to[id] > from[id] || to[id] < from[id] - 1) return true
  return false
}

function unitsOf({ dag }: Job, units: readonly number[]): Record<string, number> {
  const to: Record<string, number> = {}
  for (let i = 0; i < units.length; i++) to[dag.operators[i].id] = units[i]
  return to
}

function inputsOf({ dag, instances }: Job, { target, optimal }: Ds2Answer, sourceRatio: number) {
  const operators = dag.operators.map(({ id, trueProcessingRate }, i) => ({
    id,
    instances: instances[i],
    trueProcessingRate: orNull(trueProcessingRate),
    target: orNull(target[i]),
    optimal: orNull(optimal[i])
  }))
  return { operators: operators.filter((_, i) => !dag.isSource[i]), sourceRatio }
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null
}

/** A job as the rule needs it; lists side by side in topological order. */
interface Job {
  readonly dag: Dag
  /** Instances that the rates were measured on. */
  readonly instances: readonly number[]
  /** Instances that are wanted at present. */
  readonly now: readonly number[]
  /** Records/s from outside: what a source wants to send, 0 for all others of a topology. */
  readonly offered: readonly number[]
}

function jobOf(seen: Observation): Job | undefined {
  const { topology, capacity } = seen
  if (topology === undefined || topology.operators.length === 0) return serviceOf(seen)
  const dag = dagOf(topology)
  const load = latestLoad(seen)
  const instances = dag.operators.map(({ id, parallelism }) => capacity.ready[id] ?? parallelism)
  const now = dag.operators.map(({ id }, i) => capacity.wanted?.[id] ?? instances[i])
  // A job of one operator has no source beside it: the load is what it has to process.
  if (dag.operators.length === 1 && load > 0) return pool(dag.operators[0], instances[0], now[0], load)
  return { dag, instances, now, offered: offeredBy(dag, load) }
}

/**
 * What a source wants to send is its true output rate. Where a source reports a true *processing* rate it reads from
 * a queue, and that output is what it could send at most; then the load takes the place of the reference's file of
 * source rates, split as the sources share the input at present.
 */
function offeredBy({ operators, isSource }: Dag, load: number): number[] {
  const reads = operators.map((operator, i) => isSource[i] && operator.trueProcessingRate > 0)
  const input = ({ observedProcessingRate = NaN }: Operator) => observedProcessingRate
  const all = operators.reduce((sum, operator, i) => (reads[i] ? sum + input(operator) : sum), 0)
  const several = reads.filter(Boolean).length > 1
  return operators.map((operator, i) => {
    if (!isSource[i]) return 0
    if (!reads[i] || !(load > 0)) return operator.trueOutputRate
    const share = several ? input(operator) / all : 1
    return load * share * (operator.trueOutputRate / operator.trueProcessingRate)
  })
}

/** A service is one operator fed by its load. */
function serviceOf(seen: Observation): Job | undefined {
  const from = wantedNow(seen)
  const resources = Object.keys(from)
  if (resources.length !== 1) return undefined
  const [id] = resources
  const parallelism = seen.capacity.ready[id] ?? 0
  const load = latestLoad(seen)
  const unitRate = seen.service?.unitRate ?? NaN
  const busy = trusted(metricOf(seen, 'cpu', id, false))
  const trueProcessingRate = unitRate > 0 ? unitRate * parallelism : load / busy
  return pool({ id, parallelism, trueProcessingRate, trueOutputRate: NaN }, parallelism, from[id], load)
}

function pool(operator: Operator, instances: number, now: number, load: number): Job {
  const dag = { operators: [operator], inputs: [[]], outputs: [0], isSource: [false] }
  return { dag, instances: [instances], now: [now], offered: [load] }
}

/**
 * The whole system on one page: what flows, and one small interface per role.
 *
 *     observe ─Series→ forecast ─Forecast→ decide ─Decision→ place ─Placement→ act ─Receipt→
 *         ↑               ↑ adapt (drift, transfer, hybrid)                             │
 *         └──────────────────────────── one stored Turn ←──────────────────────────────┘
 *
 * Everywhere: `NaN` is *not measured* (`null` in JSON) and zero is *measured, and it was zero*. Times are
 * milliseconds since the epoch, durations milliseconds, rates events per second, ratios 0..1.
 */
import type { Random, Series } from './base/index.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

// ───────────────────────────────────────────── what flows ─────────────────────────────────────────────

/** How far a measured value can be trusted. Only `ok` and `late` may lower a capacity. */
export type Quality = 'ok' | 'late' | 'stale' | 'missing' | 'partial' | 'invalid'

/** One measured value with its quality and its age at the moment of the observation. */
export interface Metric {
  readonly value: number
  readonly quality: Quality
  readonly ageMs?: number
}

/** Amounts by resource: units by name of the operator, service or pool they belong to. */
export type Units = Readonly<Record<string, number>>

/** Units that were asked for and do not serve yet. They are paid for. */
export interface StartingUnits {
  readonly resource: string
  readonly units: number
  /** When they are expected to serve. */
  readonly readyAtMs: number
  readonly askedMs?: number
}

/** Capacity has a life: *wanted* (last applied request) → *starting* (paid) → *ready* (serving). */
export interface Capacity {
  readonly ready: Units
  readonly starting?: readonly StartingUnits[]
  readonly wanted?: Units
}

/** One replica as its metrics server sees it, for policies that look at single units. */
export interface UnitReading {
  readonly id: string
  readonly resource: string
  readonly ready: boolean
  readonly startedMs?: number
  /** When `ready` last changed. */
  readonly readyChangedMs?: number
  /** Neither running nor pending any more: its unit is not counted. */
  readonly failed?: boolean
  readonly metrics?: Readonly<Record<string, Metric>>
  readonly request?: Readonly<Record<string, number>>
}

/** One operator of a stream job. Rates are records per second, summed over its instances. */
export interface Operator {
  readonly id: string
  readonly parallelism: number
  readonly source?: boolean
  /** Records per second of useful time: what it would process when never idle and never blocked. */
  readonly trueProcessingRate: number
  readonly trueOutputRate: number
  readonly observedProcessingRate?: number
  readonly observedOutputRate?: number
  readonly busy?: number
  readonly backpressured?: number
  readonly idle?: number
  /** Records waiting in the source. */
  readonly lag?: number
  readonly partitions?: number
  /** Most instances it can have: its number of key groups. */
  readonly maxParallelism?: number
  /** Its input is split by key, so that its instances share key groups. Absent: unknown. */
  readonly keyed?: boolean
}

/** `outputRatio`: share of the upstream operator's output that goes along this edge, default 1. */
export interface Edge {
  readonly from: string
  readonly to: string
  readonly outputRatio?: number
}

export interface Topology {
  readonly operators: readonly Operator[]
  readonly edges: readonly Edge[]
}

/**
 * What is coming: `mean[h]` and `quantiles[level][h]` for the steps startMs + h·stepMs, in the unit of the series.
 * Keys of `quantiles` are levels as written, such as `'0.9'`: P(load ≤ quantile) = 0.9.
 */
export interface Forecast {
  readonly startMs: number
  readonly stepMs: number
  readonly mean: Float64Array
  readonly quantiles: Readonly<Record<string, Float64Array>>
  readonly by: { readonly model: string; readonly version: string; readonly trainedUntilMs: number }
  /** How this forecaster did lately: measured share of values below each quantile, MASE, steps scored. */
  readonly record?: ForecastRecord
}

export interface ForecastRecord {
  readonly coverage: Readonly<Record<string, number>>
  /** Error at the horizon that matters, divided by the naive forecast's error at the same horizon. */
  readonly mase: number
  readonly steps: number
}

/** A warning from a gateway that sees the load before the cloud does. */
export interface EdgeSignal {
  readonly gateway: string
  readonly seq: number
  readonly sentMs: number
  readonly receivedMs?: number
  readonly predictedLoad: number
  readonly burstAlarm: boolean
  readonly horizonMs: number
  readonly confidence: number
  /** How surely its alarms are right, learned by who receives them. */
  readonly trust?: number
  /** How surely its silence means that no burst comes: of those that came, the share that was announced. */
  readonly heard?: number
  readonly keyId?: string
  readonly sig?: string
}

export interface Quantiles {
  readonly p50: number
  readonly p90: number
}

/** What is known about the target itself, estimated from its own history. `assumed` lists what was never measured. */
export interface ServiceEstimate {
  /** Events per second that one ready unit serves at 100 %. */
  readonly unitRate?: number
  readonly leadTimeMs?: Quantiles
  readonly restartMs?: Quantiles
  readonly assumed?: readonly string[]
}

/** All that a policy may look at. Everything but `nowMs` and `capacity` may be absent. */
export interface Observation {
  readonly nowMs: number
  readonly target?: string
  readonly load?: Series
  readonly capacity: Capacity
  readonly bounds?: Readonly<Record<string, { readonly min?: number; readonly max?: number }>>
  readonly metrics?: Readonly<Record<string, Metric>>
  readonly units?: readonly UnitReading[]
  readonly topology?: Topology
  readonly forecast?: Forecast
  readonly signals?: readonly EdgeSignal[]
  readonly service?: ServiceEstimate
  readonly slo?: { readonly latencyMs?: number }
  readonly price?: {
    readonly unitHour?: number
    readonly currency?: string
    readonly budgetPerMonth?: number
  }
  readonly site?: string
}

/** What a wrapper or a rule changed on the way: the chain of constraints, in order. */
export interface Change {
  readonly by: string
  readonly from: Units
  readonly to: Units
  readonly because: string
}

export interface Why {
  /** Which rule of the policy spoke, such as `within-tolerance`. */
  readonly rule: string
  /** The numbers the rule looked at, plain JSON. */
  readonly inputs: Readonly<Record<string, unknown>>
  /** Names of the limits that held the answer back, such as `maxReplicas`. */
  readonly bound: readonly string[]
  readonly changed: readonly Change[]
}

/** `to` is complete for every resource that the policy sizes, also on `hold`. */
export interface Decision {
  readonly kind: 'hold' | 'scale'
  readonly to: Units
  readonly why: Why
}

/** Where units run: units by site, then by resource. */
export interface Placement {
  readonly sites: Readonly<Record<string, Units>>
  readonly why: Why
}

/** What the world really reached after a command. */
export interface Receipt {
  readonly epoch: number
  readonly reached: Units
  readonly pending: Units
  readonly atMs: number
  readonly refused?: string
}

/** What one decision saw, remembered and said: enough to make it again to the same bytes. */
export interface Turn {
  readonly target: string
  readonly atMs: number
  readonly policy: { readonly name: string; readonly options: Readonly<Record<string, Json>> }
  readonly observation: Observation
  readonly before: Json
  readonly decision: Decision
  readonly after: Json
  readonly placement?: Placement
  readonly receipt?: Receipt
  /** Why there was no forecast, in words. */
  readonly noForecast?: string
}

/** What arrives from outside: pull and push sources look the same. */
export type Reading =
  | { readonly kind: 'series'; readonly name: string; readonly series: Series; readonly quality: Quality }
  | { readonly kind: 'metric'; readonly name: string; readonly atMs: number; readonly metric: Metric }
  | {
      readonly kind: 'topology'
      readonly atMs: number
      readonly topology: Topology
      readonly quality: Quality
    }
  | {
      readonly kind: 'capacity'
      readonly atMs: number
      readonly capacity: Capacity
      readonly quality: Quality
    }
  | { readonly kind: 'signal'; readonly signal: EdgeSignal }
  /** Something happened, for people and the record: `what` is a short name such as `job-failed`, `text` one line. */
  | { readonly kind: 'event'; readonly atMs: number; readonly what: string; readonly text: string }

// ─────────────────────────────────────────────── roles ────────────────────────────────────────────────

/** 1 · Where readings come from. */
export interface Source {
  read(abort: AbortSignal): AsyncIterable<Reading>
}

/** 2 · A method of forecasting, not yet shown any data. */
export interface Forecaster {
  readonly name: string
  fit(history: Series, options?: FitOptions): Fitted
}

export interface FitOptions {
  /** Quantile levels wanted, 0..1. */
  readonly levels?: readonly number[]
  /** The largest number of steps that `predict` will be asked for: what is learned per horizon is learned up to here. */
  readonly horizon?: number
  readonly covariates?: Readonly<Record<string, Series>>
  readonly rng?: Random
  /** What `save()` of the same method gave under `parameters`: it is not trained again, only led through the history. */
  readonly learned?: Json
  /** A clock, for methods that were given a time budget; without it they count work instead. */
  readonly nowMs?: () => number
  /** Asked now and then by methods that train long: true ends the training with what is best so far. */
  readonly enough?: () => boolean
  readonly progress?: (done: number, of: number) => void
}

/** A method that has seen data. Only this can predict, so nothing predicts before it is fitted. */
export interface Fitted {
  predict(steps: number): Forecast
  /** The same method having seen more, directly behind what it saw. The old value must not be used any more. */
  update(more: Series): Fitted
  save(): Json
}

/** 3 · Has the world changed? Memory is plain JSON owned by the caller and may be changed in place. */
export interface DriftDetector<Memory = Json> {
  readonly name: string
  initial(): Memory
  update(value: number, memory: Memory): 'none' | 'warning' | 'drift'
}

/** At the edge: is a burst coming? */
export interface BurstPredictor<Memory = Json> {
  readonly name: string
  initial(): Memory
  update(rate: number, memory: Memory): BurstForecast
}

export interface BurstForecast {
  readonly predictedLoad: number
  readonly burstAlarm: boolean
  readonly horizonMs: number
  readonly confidence: number
}

/**
 * 4 · How much. Nothing is hidden in closures: windows, cooldowns and posteriors are memory, stored in the Turn, so a
 * decision can be made again and a counterfactual is the same call on other inputs. `decide` never edits the memory
 * it is given.
 */
export interface Policy<Memory = Json> {
  readonly name: string
  /** How often it wants to be asked, as its original is published. */
  readonly intervalMs: number
  initial(): Memory
  decide(seen: Observation, memory: Memory): Decided<Memory>
}

export interface Decided<Memory = Json> {
  readonly decision: Decision
  readonly memory: Memory
}

/** 5 · Where. */
export interface Placer {
  readonly name: string
  place(decision: Decision, sites: readonly Site[]): Placement
}

export interface Site {
  readonly name: string
  readonly free: Units
  readonly latencyMs: number
  readonly unitHour: number
}

export interface Classifier<Row> {
  readonly name: string
  train(rows: readonly Row[], labels: readonly string[], rng: Random): Trained<Row>
}

export interface Trained<Row> {
  classify(row: Row): Readonly<Record<string, number>>
  save(): Json
}

/** 6 · Commands out. Idempotent; an older epoch than the newest seen is refused. */
export interface Actuator {
  apply(command: Command, abort: AbortSignal): Promise<Receipt>
}

export interface Command {
  readonly target: string
  readonly to: Units
  readonly placement?: Placement
  readonly epoch: number
}

export interface SignalSink {
  publish(signal: EdgeSignal, abort: AbortSignal): Promise<void>
}

export interface ModelStore {
  put(name: string, model: Json): Promise<string>
  get(name: string): Promise<Json | undefined>
  list(): Promise<readonly string[]>
  watch(name: string, abort: AbortSignal): AsyncIterable<Json>
}

/** Only one may write. `epoch` grows with every holder. */
export interface Lease {
  hold(abort: AbortSignal): Promise<{ readonly epoch: number; readonly untilMs: number }>
}

/** The memory of the loop. */
export interface Store {
  append(turn: Turn): void
  turns(range: { readonly target?: string; readonly fromMs?: number; readonly toMs?: number }): Iterable<Turn>
}

// ────────────────────────────────────────── worlds to rehearse in ─────────────────────────────────────

/**
 * A world as five pure functions. `Input` is what the world does to it from outside (arrivals of one step), drawn
 * beforehand and the same for every policy; `Action` is what the policy wants.
 */
export interface Dynamics<State, Action, Input> {
  initial(seed: number): State
  transition(state: State, action: Action, input: Input): State
  observe(state: State): Observation
  reward(state: State): number
  terminal(state: State): boolean
}

/** A world in which capacity is scaled: `Input` is the number of events that arrive in the step. */
export interface ScalingWorld<State> extends Dynamics<State, Units, number> {
  readonly name: string
  readonly stepMs: number
  /** The names of what can be scaled. */
  readonly resources: readonly string[]
  outcome(state: State): StepOutcome
}

/**
 * One step as it was. Its arrivals had latency `latencyMs` with probability 1 − `waiting.share`, and `latencyMs` plus
 * an exponential wait of mean `waiting.meanMs` with probability `waiting.share`.
 */
export interface StepOutcome {
  readonly arrivals: number
  /** Arrivals over the SLO, the dropped ones included. */
  readonly missed: number
  readonly dropped: number
  readonly latencyMs: number
  readonly waiting: { readonly share: number; readonly meanMs: number }
  /** Units at the end of the step, summed over resources. */
  readonly ready: number
  readonly starting: number
  /** Share of the step in which nothing was served (restart, outage). */
  readonly down?: number
  /** What the step cost, where the world has a price table of its own; absent: units × price. */
  readonly cost?: number
}

/** Gymnasium's words: `terminated` is the end of the task, `truncated` the end of the episode; the future still counts. */
export interface Environment<Obs, Action> {
  reset(seed: number): Obs
  step(action: Action): {
    readonly observation: Obs
    readonly reward: number
    readonly terminated: boolean
    readonly truncated: boolean
  }
}

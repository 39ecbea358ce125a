/** One target, as it is after reading: see `types.ts`. */
import type { GivenOptions } from '../base/index.ts'
import type { ActuatorConfig, Milliseconds, SourceConfig } from './types-systems.ts'

/** One job or service that is scaled as a whole. */
export interface TargetConfig {
  readonly name: string
  /** `recommend` writes nothing, anywhere. */
  readonly mode: 'recommend' | 'apply'
  /** As KEDA's annotations: nothing is changed, or nothing is taken away, or nothing is added. */
  readonly paused: boolean | 'scale-in' | 'scale-out'
  /** How often it is decided. Absent: the interval of the policy. */
  readonly interval?: Milliseconds
  readonly sources: readonly SourceConfig[]
  readonly actuator: ActuatorConfig
  /** For every resource that has no bounds of its own. */
  readonly minReplicas: number
  /** Absent: no cap of ours. Asked for where `mode` is `apply`. */
  readonly maxReplicas?: number
  /** By operator, service or pool; of Flink the vertex id or the name of the operator. */
  readonly resources: Readonly<Record<string, ResourceConfig>>
  /** Absent: the policy goes without. */
  readonly forecast?: ForecastConfig
  readonly policy: PolicyConfig
  /** HPA's `behavior`. */
  readonly behavior?: BehaviorConfig
  readonly guards: GuardsConfig
  /** As KEDA's: at least so many units once nothing has been known for long. Absent: what is there stays. */
  readonly fallback?: FallbackConfig
  readonly slo: SloConfig
  /** From request to ready. */
  readonly leadTime: MeasuredDuration
  /** How long a rescale stops the work. */
  readonly restart: MeasuredDuration
  /** Events per second that one unit serves at 100 %. Absent: measured only. */
  readonly unitRate?: number
  readonly price?: PriceConfig
  readonly budget?: BudgetConfig
  /** What policies may know of where it runs. */
  readonly site?: string
}

export interface ResourceConfig {
  /** False: read, and never changed. */
  readonly scale: boolean
  readonly minReplicas?: number
  readonly maxReplicas?: number
}

/** A quantity measured from the target's own history, unless it is given. Values beside `measured` are believed until then. */
export interface MeasuredDuration {
  readonly measured: boolean
  readonly p50?: Milliseconds
  readonly p90?: Milliseconds
}

export interface SloConfig {
  readonly latency?: Milliseconds
  /** Time lag of a stream job that is still on time. */
  readonly lag?: Milliseconds
}

export interface PriceConfig {
  readonly unitHour: number
  readonly currency: string
}

export interface BudgetConfig {
  /** Money in the currency of the price, for 30 days. */
  readonly perMonth: number
}

export interface ForecastConfig {
  /** Name in the table of forecasters. Absent where `model` is given. */
  readonly method?: string
  readonly options: GivenOptions
  /** A file that `prescale train forecaster` wrote. */
  readonly model?: string
  /** Length of a step of the history and of the forecast. */
  readonly step: Milliseconds
  /** How far ahead. Absent: lead time and restart (P90), and no less than a step. */
  readonly horizon?: Milliseconds
  /** How much of the past it is fitted to. */
  readonly history: Milliseconds
  /** It is fitted anew after so long; between it is only led on. */
  readonly refit: Milliseconds
  /** Later than this the decision is made without it. */
  readonly deadline: Milliseconds
}

export interface PolicyConfig {
  /** Name in the table of policies. Absent where `model` is given. */
  readonly name?: string
  readonly options: GivenOptions
  /** A file that `prescale train policy` wrote. */
  readonly model?: string
}

// ─────────────────────────────────────────── how it is cautious ───────────────────────────────────────

/** `behavior` of autoscaling/v2, in its own words and units. */
export interface BehaviorConfig {
  readonly scaleUp?: ScalingRules
  readonly scaleDown?: ScalingRules
}

export interface ScalingRules {
  readonly stabilizationWindowSeconds?: number
  readonly selectPolicy: 'Max' | 'Min' | 'Disabled'
  /** Share of the present size below which a change is not made. */
  readonly tolerance?: number
  readonly policies: readonly ScalingPolicy[]
}

export interface ScalingPolicy {
  readonly type: 'Pods' | 'Percent'
  readonly value: number
  readonly periodSeconds: number
}

export interface GuardsConfig {
  /** No further change for so long after one. Absent: none. */
  readonly cooldown?: { readonly up: Milliseconds; readonly down: Milliseconds }
  /** No more changes than `most` in any `per`. */
  readonly rescaleBudget?: { readonly most: number; readonly per: Milliseconds }
  /** So long no more of a resource whose last increase was needed and brought nothing. Absent: it is not looked at. */
  readonly ineffective?: Milliseconds
  /** Never more than the budget can pay. True unless said otherwise where there is a budget. */
  readonly spendLimit: boolean
  /** Nothing is taken away because something is unknown. On unless switched off. */
  readonly shield: boolean
  /** What the shield still believes. */
  readonly maxAge: Milliseconds
  readonly maxSkew: Milliseconds
  /** A plain policy that is asked as well, and takes over while the one in charge does worse. */
  readonly shadow?: ShadowConfig
}

export interface FallbackConfig {
  /** So many intervals in a row. */
  readonly failureThreshold: number
  /** Of each resource. */
  readonly replicas: number
}

export interface ShadowConfig {
  readonly policy: PolicyConfig
  /** When it takes over: options of `withShadow`. */
  readonly options: GivenOptions
}

/**
 * `prescale.yaml` as it is after reading: every default filled in, every duration in milliseconds, lists where one was allowed.
 *
 * The names are those of the file. Secrets are references, `env:NAME` or `file:PATH`; only an edge looks them up. What
 * `resolved` prints is this again in the file's own words.
 */
import type { GivenOptions } from '../base/index.ts'

/** A duration. In the file `30s`, `5m`, `1h30m` or ISO-8601 `PT5M`; never a bare number. */
export type Milliseconds = number
/** `env:NAME` or `file:PATH`. */
export type SecretRef = string

export interface Config {
  readonly version: 1
  readonly targets: readonly TargetConfig[]
  /** How warnings of gateways reach the loop. Absent: it listens to none. */
  readonly signals?: SignalsConfig
  /** The gateways that are believed, each as far as it was right. */
  readonly gateways: readonly KnownGateway[]
  readonly store: StoreConfig
  readonly listen: ListenConfig
  readonly log: LogConfig
  readonly lease: LeaseConfig
  /** The process at the edge, `prescale gateway`. Absent: this file is for the loop only. */
  readonly gateway?: GatewayConfig
}

// ───────────────────────────────────────────── one target ─────────────────────────────────────────────

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

export interface ShadowConfig {
  readonly policy: PolicyConfig
  /** When it takes over: options of `withShadow`. */
  readonly options: GivenOptions
}

// ──────────────────────────────────────── systems it speaks to ────────────────────────────────────────

export interface TlsConfig {
  /** PEM files. */
  readonly ca?: string
  readonly cert?: string
  readonly key?: SecretRef
  /** The name in the certificate, where it is not the host. */
  readonly serverName?: string
}

/** What every system over HTTP has. Authorities beside those of the system: NODE_EXTRA_CA_CERTS. */
export interface HttpAccess {
  readonly url: string
  readonly timeout: Milliseconds
  readonly bearer?: SecretRef
  readonly username?: string
  readonly password?: SecretRef
  /** Further headers, by name. */
  readonly headers: Readonly<Record<string, SecretRef>>
}

export interface KafkaAccess {
  readonly bootstrapServers: readonly string[]
  readonly clientId: string
  readonly timeout: Milliseconds
  readonly sasl?: {
    readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | 'OAUTHBEARER'
    readonly username?: string
    readonly password?: SecretRef
    readonly token?: SecretRef
  }
  /** Present: TLS, with an empty object the system's own certificates. */
  readonly tls?: TlsConfig
}

export interface MqttAccess {
  /** `mqtt://`, `mqtts://`, `ws://` or `wss://`. */
  readonly url: string
  readonly clientId?: string
  readonly timeout: Milliseconds
  readonly username?: string
  readonly password?: SecretRef
  readonly tls?: TlsConfig
}

export type SourceConfig =
  | FlinkSource
  | PrometheusSource
  | InfluxSource
  | KafkaSource
  | MqttSource
  | ReplaySource
export type SourceType = SourceConfig['type']

export interface FlinkSource extends HttpAccess {
  readonly type: 'flink'
  /** Id or name of the job. */
  readonly job: string
}

export interface PrometheusSource extends HttpAccess {
  readonly type: 'prometheus'
  /** PromQL by the name of the reading it gives: `load` is the load, others are metrics. */
  readonly queries: Readonly<Record<string, string>>
  readonly step: Milliseconds
  /** Steps younger than this are left for the next time. */
  readonly settle: Milliseconds
}

export interface InfluxSource extends HttpAccess {
  readonly type: 'influxdb'
  readonly version: 1 | 2
  /** Version 1, and the name that version 2 maps to a bucket. */
  readonly database: string
  readonly retentionPolicy?: string
  readonly org?: string
  readonly token?: SecretRef
  /** InfluxQL by the name of the reading it gives. */
  readonly queries: Readonly<Record<string, string>>
  readonly step: Milliseconds
}

export interface KafkaSource extends KafkaAccess {
  readonly type: 'kafka'
  readonly topics: readonly string[]
  /** The consumer group whose lag is read. Absent: rates of the topics only. */
  readonly group?: string
}

/** Messages counted into a rate. */
export interface MqttSource extends MqttAccess {
  readonly type: 'mqtt'
  readonly topics: readonly string[]
  /** Name of the reading. */
  readonly reading: string
  readonly step: Milliseconds
}

export interface ReplaySource {
  readonly type: 'replay'
  /** CSV, Parquet or `builtin:…`. */
  readonly file: string
  readonly time?: string
  readonly value?: string
  readonly perStep: boolean
  readonly scale: number
  /** 60: an hour in a minute. */
  readonly speed: number
}

export type ActuatorConfig = DryRunActuator | FlinkActuator
export type ActuatorType = ActuatorConfig['type']

export interface DryRunActuator {
  readonly type: 'dry-run'
}

export interface FlinkActuator extends HttpAccess {
  readonly type: 'flink'
  readonly job: string
  /** `adaptive`: in place; `savepoint`: stop with savepoint and submit again; `auto`: the first that works. */
  readonly method: 'auto' | 'adaptive' | 'savepoint'
  /** Where savepoints go, a URI that the cluster can write. */
  readonly savepointDir?: string
  /** So long it may take until what was asked for is running. */
  readonly reachWithin: Milliseconds
  /** What to do when somebody else changed the size: leave it (and say so), or ask again. */
  readonly foreignChange: 'yield' | 'reassert'
}

// ─────────────────────────────────────────── edge and fusion ──────────────────────────────────────────

export interface SignalsConfig {
  readonly from: readonly SignalTransport[]
  /** Unsigned signals are refused unless this is false. */
  readonly signed: boolean
  /** A signal older than this by its own clock is a replay. */
  readonly replayWindow: Milliseconds
  /** A gateway's clock may run ahead by this much. */
  readonly maxSkew: Milliseconds
  /** More than this from one gateway is dropped, and counted. */
  readonly maxPerSecond: number
}

export type SignalTransport =
  | (KafkaAccess & { readonly type: 'kafka'; readonly topic: string; readonly group?: string })
  | (MqttAccess & { readonly type: 'mqtt'; readonly topic: string })

export interface KnownGateway {
  readonly id: string
  readonly keyId?: string
  readonly algorithm: 'hmac-sha256' | 'ed25519'
  /** The shared key, or the public one. */
  readonly key?: SecretRef
  /** Signals older than this are no longer joined with what the loop sees. */
  readonly ttl: Milliseconds
  /** Hits and misses it begins with: the Beta prior of its trust. */
  readonly trust: { readonly hits: number; readonly misses: number }
  /** Most it may add to what is wanted without it, before it is trusted: a share, or units. */
  readonly maxExtra: { readonly ratio: number } | { readonly units: number }
  /** Targets it may warn. Absent: all. */
  readonly targets?: readonly string[]
}

export interface GatewayConfig {
  readonly id: string
  readonly subscribe: readonly RawSubscription[]
  /** How messages are counted and when it speaks: `step`, `streets`, `heartbeat`, …; as in the table of the gateway. */
  readonly options: GivenOptions
  readonly predictor: { readonly method: string; readonly options: GivenOptions }
  /** How the streets of a gateway become one answer. */
  readonly fusion: GivenOptions
  /** Where signals go: each of them, beside the others. */
  readonly publish: readonly SignalPublication[]
  /** Where raw data goes. Absent: it stays where it is. */
  readonly forward?: RawForward
  readonly outbox: {
    readonly path: string
    readonly maxBytes: number
    readonly drop: 'oldest' | 'newest'
  }
  readonly sign?: {
    readonly algorithm: 'hmac-sha256' | 'ed25519'
    readonly key: SecretRef
    readonly keyId: string
  }
  /** Local capacity, sized here while the uplink is cut. */
  readonly local?: TargetConfig
}

export type RawSubscription =
  | (MqttAccess & {
      readonly type: 'mqtt'
      readonly topics: readonly string[]
      readonly qos: 0 | 1
      /** Shared subscription of MQTT 5: each message to one of the group. */
      readonly share?: string
    })
  | (KafkaAccess & { readonly type: 'kafka'; readonly topics: readonly string[]; readonly group: string })

/** `topic` on Kafka is `iot-metadata` unless set. */
export type SignalPublication =
  | (KafkaAccess & { readonly type: 'kafka'; readonly topic: string })
  | (MqttAccess & { readonly type: 'mqtt'; readonly topic: string })

/** `topic` is `iot-smartcity-raw` unless set. */
export type RawForward =
  | (KafkaAccess & { readonly type: 'kafka'; readonly topic: string })
  | (MqttAccess & { readonly type: 'mqtt'; readonly topic: string })

// ──────────────────────────────────────────── the process ─────────────────────────────────────────────

export interface StoreConfig {
  readonly path: string
  /** Turns and series older than this are removed. */
  readonly retention: Milliseconds
  /** A copy of series and Turns. */
  readonly influxdb?: HttpAccess & {
    readonly version: 1 | 2
    readonly database: string
    readonly org?: string
    readonly token?: SecretRef
    readonly retention: Milliseconds
  }
}

export interface ListenConfig {
  readonly host: string
  /** Port of `/metrics`, `/healthz`, `/readyz`; `false`: none. */
  readonly metrics: number | false
  /** Where `status`, `explain`, `pause` find the running loop. */
  readonly socket: string
}

export interface LogConfig {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly format: 'text' | 'json'
}

/** Only who holds it writes; it stands in the store. Names and defaults of the Kubernetes leader election. */
export interface LeaseConfig {
  readonly leaseDuration: Milliseconds
  readonly renewDeadline: Milliseconds
  readonly retryPeriod: Milliseconds
}

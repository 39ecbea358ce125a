/** The systems that a config speaks to, as they are after reading: see `types.ts`. */

/** A duration. In the file `30s`, `5m`, `1h30m` or ISO-8601 `PT5M`; never a bare number. */
export type Milliseconds = number
/** `env:NAME` or `file:PATH`. */
export type SecretRef = string

export interface TlsConfig {
  /** PEM files. */
  readonly ca?: string
  readonly cert?: string
  readonly key?: SecretRef
  /** The name in the certificate, where it is not the host. */
  readonly serverName?: string
}

/** What every system over HTTP has. */
export interface HttpAccess {
  readonly url: string
  readonly timeout: Milliseconds
  readonly bearer?: SecretRef
  readonly username?: string
  readonly password?: SecretRef
  /** Further headers, by name. */
  readonly headers: Readonly<Record<string, SecretRef>>
  /** Absent: the authorities of the system, and those of NODE_EXTRA_CA_CERTS. */
  readonly tls?: TlsConfig
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
  /** How the job is submitted again. `{count}` in an argument stands for the parallelism of the operator `count`. */
  readonly submit?: {
    readonly jar: string
    readonly entryClass?: string
    readonly args: readonly string[]
  }
  /** So long it may take until what was asked for is running. */
  readonly reachWithin: Milliseconds
  /** What to do when somebody else changed the size: leave it (and say so), or ask again. */
  readonly foreignChange: 'yield' | 'reassert'
}

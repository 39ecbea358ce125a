/** Gateways, the process at the edge and the one that believes it, as they are after reading: see `types.ts`. */
import type { GivenOptions } from '../base/index.ts'
import type { KafkaAccess, Milliseconds, MqttAccess, SecretRef } from './types-systems.ts'
import type { TargetConfig } from './types-target.ts'

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
  /** An alarm that claims to look further ahead counts for so long. */
  readonly maxHorizon: Milliseconds
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

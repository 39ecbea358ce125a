/**
 * `prescale.yaml` as it is after reading: every default filled in, every duration in milliseconds, lists where one was allowed.
 *
 * The names are those of the file. Secrets are references, `env:NAME` or `file:PATH`; only an edge looks them up. What
 * `resolved` prints is this again in the file's own words.
 */
import type { GatewayConfig, KnownGateway, SignalsConfig } from './types-edge.ts'
import type { HttpAccess, Milliseconds, SecretRef } from './types-systems.ts'
import type { TargetConfig } from './types-target.ts'

export type * from './types-edge.ts'
export type * from './types-systems.ts'
export type * from './types-target.ts'

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

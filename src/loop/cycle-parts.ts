/** What the loop of one target is made of, and what it tells while it runs. */
import type { Series } from '../base/index.ts'
import type { Actuator, Command, Forecast, Json, Policy, Receipt, Source, Turn } from '../roles.ts'
import type { EstimatePriors } from './estimate.ts'
import type { Knowledge, Permission } from './knowledge.ts'
import type { ViewOptions } from './view.ts'

export interface LoopTarget {
  readonly name: string
  readonly policy: Policy
  /** All that is needed to make the policy again; stands in every Turn. */
  readonly options: Readonly<Record<string, Json>>
  readonly sources: readonly Source[]
  readonly view: Omit<ViewOptions, 'target'>
  readonly intervalMs: number
  /** Absent: decisions are recorded and nothing is commanded. */
  readonly actuator?: Actuator
  readonly forecast?: ForecastDesk
  readonly priors?: EstimatePriors
}

/** Where forecasts come from. */
export interface ForecastDesk {
  /**
   * `load(fromMs)`: what was measured since then. Answers what is coming, `undefined` where nobody can say yet. Never rejects, and
   * answers at once with what it has when aborted: the turn waits for nobody.
   */
  ask(load: (fromMs: number) => Series, nowMs: number, abort: AbortSignal): Promise<Forecast | undefined>
  /** What is missing, where `ask` answered that nobody can say. */
  missing?(nowMs: number): string | undefined
}

export interface Clock {
  now(): number
  /** Waits until a moment, or less when aborted; never rejects. */
  sleepUntil(atMs: number, abort: AbortSignal): Promise<void>
}

export interface LoopParts {
  readonly knowledge: Knowledge
  readonly permission: Permission
  readonly clock: Clock
  /** What happens, as it happens. */
  readonly tell?: (event: LoopEvent) => void
  /** Only the first turn, and its command to the end. */
  readonly once?: boolean
}

export type LoopEvent =
  | { readonly kind: 'turn'; readonly turn: Turn; readonly tookMs: number; readonly woken: boolean }
  | { readonly kind: 'command'; readonly command: Command; readonly atMs: number }
  | { readonly kind: 'receipt'; readonly target: string; readonly receipt: Receipt }
  | {
      readonly kind: 'event'
      readonly target: string
      readonly atMs: number
      readonly what: string
      readonly text: string
    }
  | { readonly kind: 'error'; readonly target: string; readonly atMs: number; readonly what: string }

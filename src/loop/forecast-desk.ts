/**
 * Forecast desk — asks for forecasts where they are made, on another thread, and remembers what was told there already.
 *
 *   desk: load since the last answer → order → service: keeper of that target → reply → desk
 *
 * One order of a target is on its way at a time. While it is, and when it comes too late, the last forecast stands for as long as it is
 * no older than two of its steps; then there is none.
 */
import { formatDuration, type Series } from '../base/index.ts'
import type { Forecast, Json } from '../roles.ts'
import type { ForecastDesk } from './cycle-parts.ts'
import { type ForecastKeeper, forecastKeeper, type KeeperOptions } from './forecast-keeper.ts'

/** Plain enough to be sent to a thread. */
export interface ForecastOrder {
  readonly target: string
  /** What the service makes keeper options of. Another one begins anew. */
  readonly spec: Json
  /** Until when the service was told the load; `null`: not yet. */
  readonly toldMs: number | null
  readonly part: Series
}

export interface ForecastReply {
  readonly forecast?: Forecast
  readonly untilMs: number
  readonly trouble?: string
  /** What is missing while there is no forecast. */
  readonly lacks?: string
  /** It has lost what it was told: tell everything again. */
  readonly lost?: true
}

/** The other side: keepers by target, made when first asked. Whoever offers it on a thread hands in how a spec is read. */
export function forecastService(
  read: (spec: Json) => KeeperOptions
): (order: ForecastOrder) => ForecastReply {
  const keepers = new Map<string, { spec: string; keeper: ForecastKeeper }>()
  return ({ target, spec, toldMs, part }) => {
    const text = JSON.stringify(spec)
    const known = keepers.get(target)
    if (known?.spec !== text) {
      if (toldMs !== null) return { untilMs: NaN, lost: true }
      keepers.set(target, { spec: text, keeper: forecastKeeper(read(spec)) })
    }
    const { keeper } = keepers.get(target) as { keeper: ForecastKeeper }
    const forecast = keeper.advance(part)
    return {
      ...(forecast && { forecast }),
      untilMs: keeper.untilMs,
      ...(keeper.trouble !== undefined && { trouble: keeper.trouble }),
      ...(keeper.lacks !== undefined && { lacks: keeper.lacks })
    }
  }
}

export interface DeskOptions {
  readonly target: string
  readonly spec: Json
  /** Sends an order to a service. */
  readonly send: (order: ForecastOrder) => Promise<ForecastReply>
  /** Why there is no forecast, when that is new. */
  readonly complain?: (what: string) => void
}

export function forecastDesk({ target, spec, send, complain }: DeskOptions): ForecastDesk {
  let toldMs: number | null = null
  let latest: Forecast | undefined
  let onItsWay: Promise<void> | undefined
  let said: string | undefined
  let lacks: string | undefined

  async function order(load: (fromMs: number) => Series): Promise<void> {
    try {
      let reply = await send({ target, spec, toldMs, part: load(toldMs ?? Number.NEGATIVE_INFINITY) })
      if (reply.lost) {
        toldMs = null
        reply = await send({ target, spec, toldMs, part: load(Number.NEGATIVE_INFINITY) })
      }
      toldMs = Number.isNaN(reply.untilMs) ? null : reply.untilMs
      latest = reply.forecast
      lacks = reply.lacks
      say(reply.trouble)
    } catch (error) {
      toldMs = null
      latest = undefined
      lacks = error instanceof Error ? error.message : String(error)
      say(lacks)
    }
  }

  function say(trouble: string | undefined): void {
    if (trouble !== undefined && trouble !== said) complain?.(trouble)
    said = trouble
  }

  function fresh(nowMs: number): Forecast | undefined {
    return latest !== undefined && nowMs - latest.startMs <= 2 * latest.stepMs ? latest : undefined
  }

  return {
    async ask(load, nowMs, abort) {
      onItsWay ??= order(load).finally(() => {
        onItsWay = undefined
      })
      const over = new Promise<void>((resolve) => {
        if (abort.aborted) resolve()
        abort.addEventListener('abort', () => resolve(), { once: true })
      })
      await Promise.race([onItsWay, over])
      return fresh(nowMs)
    },
    missing: (nowMs) => {
      if (fresh(nowMs) !== undefined) return undefined
      return (
        lacks ??
        (latest === undefined
          ? 'the first is not ready yet'
          : `the next is not ready, the last was made ${formatDuration(nowMs - latest.startMs)} ago`)
      )
    }
  }
}

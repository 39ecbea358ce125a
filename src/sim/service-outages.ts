/**
 * Outages — times in which a share of the ready units does not serve, as an input to a world.
 *
 * Every step that an outage touches is cut where one begins or ends; inside a part the working share is constant.
 * Overlapping outages multiply: with two shares of 0.5 a quarter works.
 */
import { requireOption } from '../base/index.ts'

export interface Outage {
  readonly atMs: number
  readonly durationMs: number
  /** Share of the ready units that is down, 1 unless given. */
  readonly share?: number
}

/** A piece of a step with one working share; `opensIn`: seconds from its beginning until something works again. */
export interface OutagePart {
  readonly seconds: number
  readonly working: number
  readonly opensIn: number
}

/** The parts of every step that is touched, by the step's number. Throws `BAD_OPTION` for an outage that cannot be. */
export function outageParts(
  outages: readonly Outage[],
  startMs: number,
  stepMs: number
): ReadonlyMap<number, readonly OutagePart[]> {
  outages.forEach(check)
  const parts = new Map<number, readonly OutagePart[]>()
  for (const { atMs, durationMs } of outages) {
    const first = Math.max(0, Math.floor((atMs - startMs) / stepMs))
    const last = Math.ceil((atMs + durationMs - startMs) / stepMs)
    for (let step = first; step < last; step++) {
      if (!parts.has(step)) parts.set(step, cut(outages, startMs + step * stepMs, stepMs))
    }
  }
  return parts
}

function cut(outages: readonly Outage[], fromMs: number, stepMs: number): readonly OutagePart[] {
  const untilMs = fromMs + stepMs
  const edges = outages.flatMap(({ atMs, durationMs }) => [atMs, atMs + durationMs])
  const inside = edges.filter((ms) => ms > fromMs && ms < untilMs)
  const cuts = [...new Set([fromMs, ...inside, untilMs])].sort((a, b) => a - b)
  return cuts.slice(0, -1).map((ms, i) => {
    const opens = opensAt(outages, ms)
    return {
      seconds: (cuts[i + 1] - ms) / 1_000,
      working: workingAt(outages, ms),
      opensIn: (opens - ms) / 1_000
    }
  })
}

function workingAt(outages: readonly Outage[], ms: number): number {
  let working = 1
  for (const { atMs, durationMs, share = 1 } of outages) {
    if (ms >= atMs && ms < atMs + durationMs) working *= 1 - share
  }
  return working
}

/** The first moment from `ms` on at which something works; complete outages may follow each other. */
function opensAt(outages: readonly Outage[], ms: number): number {
  let at = ms
  for (;;) {
    const ends = outages
      .filter(({ atMs, durationMs, share = 1 }) => share === 1 && at >= atMs && at < atMs + durationMs)
      .map(({ atMs, durationMs }) => atMs + durationMs)
    if (ends.length === 0) return at
    at = Math.max(...ends)
  }
}

function check({ atMs, durationMs, share = 1 }: Outage): void {
  requireOption(Number.isFinite(atMs), 'outages.atMs', atMs, 'a time in milliseconds')
  requireOption(
    durationMs > 0 && Number.isFinite(durationMs),
    'outages.durationMs',
    durationMs,
    'a positive number of milliseconds'
  )
  requireOption(share > 0 && share <= 1, 'outages.share', share, 'a share above 0, at most 1')
}

/**
 * The measured load: what a metrics server makes of the demand, the same for every policy.
 *
 *   shown at a step = scrapes that ended at least one scrape before it, the last hour of them
 */
import { MINUTE, random, type Series, series } from '../base/index.ts'

/** Load that policies are shown: the last hour. Forecasters see all of it. */
const SHOWN_MS = 60 * MINUTE
/** How often the load is read: the usual scrape interval of a metrics server. */
const SCRAPE_MS = 15_000
/** Counters are exact but for the jitter of the moment they are read. */
const LOAD_NOISE = 0.01

/** What of a fate the measuring needs. */
export interface Scraped {
  readonly seed: number
  readonly startMs: number
  readonly stepMs: number
  readonly demand: Float64Array
  readonly history: Series
}

/** The measured load, events/s per scrape: what was really there, with the jitter of the moment it was read. */
export function measuredLoad(fate: Scraped): Series {
  const rng = random(fate.seed, 'observed-load')
  const perScrape = stepsPerScrape(fate)
  const stepMs = perScrape * fate.stepMs
  const values = new Float64Array(Math.floor(fate.demand.length / perScrape))
  for (let i = 0; i < values.length; i++) {
    let events = 0
    for (let j = i * perScrape; j < (i + 1) * perScrape; j++) events += fate.demand[j]
    values[i] = Math.max(0, ((events * 1_000) / stepMs) * (1 + LOAD_NOISE * rng.normal()))
  }
  return series(stepMs, values, { startMs: fate.startMs })
}

/** A finer world is not scraped more often, unless its forecaster works in finer steps. */
function stepsPerScrape({ stepMs, history }: Scraped): number {
  return Math.max(1, Math.round(Math.min(SCRAPE_MS, history.stepMs) / stepMs))
}

/** Scrapes that can be seen at the beginning of a step: the newest is not in yet. */
export function scrapesSeen(observed: Series, step: number, stepMs: number): number {
  return Math.max(0, Math.floor((step * stepMs) / observed.stepMs) - 1)
}

/** What policies are shown of it: the last hour. */
export function shownLoad(observed: Series, end: number): Series {
  const from = Math.max(0, end - Math.round(SHOWN_MS / observed.stepMs))
  return {
    startMs: observed.startMs + from * observed.stepMs,
    stepMs: observed.stepMs,
    unit: observed.unit,
    values: observed.values.subarray(from, end)
  }
}

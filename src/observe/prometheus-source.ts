/**
 * Prometheus, again and again — queries as a Source: first the history, then what is new.
 *
 * A server that does not answer is *missing*, one that answers nonsense is *invalid*: both as `NaN`, and the steps are
 * asked for again the next time. A query that can never work ends the source with its error.
 */
import { PrescaleError, requireOption, type Series, series } from '../base/index.ts'
import type { Quality, Reading, Source } from '../roles.ts'
import { type PrometheusServer, queryRange } from './prometheus.ts'

export interface PrometheusSource {
  readonly server: PrometheusServer
  /** PromQL by the name of the series it stands for. */
  readonly queries: Readonly<Record<string, string>>
  readonly stepMs: number
  /** How much history is read first. */
  readonly historyMs: number
  /** Steps younger than this are left for the next time: what scrapes and rules need to settle. 0 when absent. */
  readonly settleMs?: number
  readonly clock: () => number
  /** Waits until a moment, or less when aborted. */
  readonly sleepUntil: (atMs: number, abort: AbortSignal) => Promise<void>
}

export function prometheus(options: PrometheusSource): Source {
  requireOption(Object.keys(options.queries).length > 0, 'queries', '{}', 'at least one query')
  return { read: (abort) => read(options, abort) }
}

async function* read(options: PrometheusSource, abort: AbortSignal): AsyncIterable<Reading> {
  const { queries, stepMs, historyMs, settleMs = 0, clock, sleepUntil } = options
  const whole = (ms: number) => Math.floor(ms / stepMs) * stepMs
  const next = new Map(Object.keys(queries).map((name) => [name, whole(clock() - historyMs)]))
  while (!abort.aborted) {
    const toMs = whole(clock() - settleMs)
    for (const [name, query] of Object.entries(queries)) {
      // What was missing for longer than the history is given up.
      const fromMs = Math.max(next.get(name) as number, toMs - historyMs)
      if (fromMs >= toMs) continue
      const answer = await ask(options.server, { query, fromMs, toMs, stepMs }, abort)
      if (answer === undefined) return
      yield { kind: 'series', name, ...answer }
      next.set(name, answeredUntil(answer.series))
    }
    await sleepUntil(toMs + stepMs + settleMs, abort)
  }
}

type Range = Parameters<typeof queryRange>[1]

/** Undefined when aborted. */
async function ask(
  server: PrometheusServer,
  range: Range,
  abort: AbortSignal
): Promise<{ series: Series; quality: Quality } | undefined> {
  try {
    const { series, quality } = await queryRange(server, range, abort)
    return { series, quality }
  } catch (error) {
    if (!(error instanceof PrescaleError)) throw error
    if (error.code === 'INTERRUPTED') return undefined
    const quality = unknown[error.code]
    if (quality === undefined) throw error
    const steps = Math.round((range.toMs - range.fromMs) / range.stepMs)
    const values = new Float64Array(steps).fill(NaN)
    return { series: series(range.stepMs, values, { startMs: range.fromMs }), quality }
  }
}

const unknown: Readonly<Record<string, Quality>> = { UNREACHABLE: 'missing', BAD_ANSWER: 'invalid' }

/** Behind the last step that was measured: gaps inside stay, the end may still come. */
function answeredUntil({ values, startMs, stepMs }: Series): number {
  return startMs + (values.findLastIndex((y) => !Number.isNaN(y)) + 1) * stepMs
}

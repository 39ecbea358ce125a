/**
 * Ranges, again and again — a server that answers for ranges of time as a Source: first the history, then what is new.
 *
 * A server that does not answer is *missing*, one that answers nonsense is *invalid*: both as `NaN` and with an event that says why, and the
 * steps are asked for again the next time. A value that is no rate is not measured, and said. A query that can never work ends the source with its error.
 */
import { PrescaleError, requireOption, type Series, series } from '../base/index.ts'
import type { Quality, Reading, Source } from '../roles.ts'

export interface RangeQuery {
  readonly query: string
  readonly fromMs: number
  readonly toMs: number
  readonly stepMs: number
  /** Told of a value that is no rate, which is then not measured. Without it such an answer is refused. */
  readonly bad?: (what: string) => void
}

export interface RangeAnswer {
  readonly series: Series
  /** `ok` every step measured, `partial` some or with warnings, `missing` none. */
  readonly quality: Quality
  readonly notes: readonly string[]
}

export interface RangeSource {
  /** Queries by the name of the series they stand for. */
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

type Ask = (range: RangeQuery, abort: AbortSignal) => Promise<RangeAnswer>

export function rangeSource(options: RangeSource, ask: Ask): Source {
  requireOption(Object.keys(options.queries).length > 0, 'queries', '{}', 'at least one query')
  return { read: (abort) => read(options, ask, abort) }
}

async function* read(options: RangeSource, ask: Ask, abort: AbortSignal): AsyncIterable<Reading> {
  const { queries, stepMs, historyMs, settleMs = 0, clock, sleepUntil } = options
  const whole = (ms: number) => Math.floor(ms / stepMs) * stepMs
  const next = new Map(Object.keys(queries).map((name) => [name, whole(clock() - historyMs)]))
  /** What has ever given a value. */
  const measured = new Set<string>()
  let trouble: Trouble | undefined
  while (!abort.aborted) {
    const toMs = whole(clock() - settleMs)
    let found: Trouble | undefined
    for (const [name, query] of Object.entries(queries)) {
      // What was missing for longer than the history is given up.
      const fromMs = Math.max(next.get(name) as number, toMs - historyMs)
      if (fromMs >= toMs) continue
      const answer = await answered(ask, { query, fromMs, toMs, stepMs }, abort)
      if (answer === undefined) return
      const { series, quality } = answer
      const isFirst = !measured.has(name)
      if (series.values.some((y) => !Number.isNaN(y))) measured.add(name)
      found ??= answer.trouble ?? (isFirst && !measured.has(name) ? emptyOf(name) : undefined)
      yield { kind: 'series', name, series, quality }
      next.set(name, answeredUntil(series))
    }
    if (found?.about !== trouble?.about) {
      const { what, text } = found ?? { what: 'source-back', text: 'it answers again' }
      yield { kind: 'event', atMs: clock(), what, text }
    }
    trouble = found
    await sleepUntil(toMs + stepMs + settleMs, abort)
  }
}

/** Undefined when aborted. */
async function answered(
  ask: Ask,
  range: RangeQuery,
  abort: AbortSignal
): Promise<{ series: Series; quality: Quality; trouble?: Trouble } | undefined> {
  let first: string | undefined
  const bad = (what: string) => {
    first ??= what
  }
  try {
    const { series, quality } = await ask({ ...range, bad }, abort)
    if (first === undefined) return { series, quality }
    // What is wrong among what is right is a hole in it.
    const measured = series.values.some((y) => !Number.isNaN(y))
    // Not when: as time goes on it is another moment with every look.
    const about = `invalid ${range.query}`
    const trouble = { what: 'source-invalid', text: `${first}; it is not measured`, about }
    return { series, quality: measured ? quality : 'invalid', trouble }
  } catch (error) {
    if (!(error instanceof PrescaleError)) throw error
    if (error.code === 'INTERRUPTED') return undefined
    const quality = unknown[error.code]
    if (quality === undefined) throw error
    const steps = Math.round((range.toMs - range.fromMs) / range.stepMs)
    const values = new Float64Array(steps).fill(NaN)
    const what = error.code === 'UNREACHABLE' ? 'source-unreachable' : 'source-invalid'
    const trouble = { what, text: error.message, about: error.message }
    return { series: series(range.stepMs, values, { startMs: range.fromMs }), quality, trouble }
  }
}

const emptyOf = (name: string): Trouble => ({
  what: 'source-empty',
  about: `empty ${name}`,
  text: `the query of ${name} gives nothing: not measured, which is not zero; look at its labels`
})

/** Why something was not measured: told once, until it is about something else or over. */
interface Trouble {
  readonly what: string
  readonly text: string
  readonly about: string
}

const unknown: Readonly<Record<string, Quality>> = { UNREACHABLE: 'missing', BAD_ANSWER: 'invalid' }

/** Behind the last step that was measured: gaps inside stay, the end may still come. */
function answeredUntil({ values, startMs, stepMs }: Series): number {
  return startMs + (values.findLastIndex((y) => !Number.isNaN(y)) + 1) * stepMs
}

/** The value where it can be a rate, else `NaN` and whoever wants to know is told. Errors: BAD_INPUT where nobody does. */
export function rateOf({ query, bad }: RangeQuery, atMs: number, value: number, written: string): number {
  if (value >= 0 && value <= Number.MAX_SAFE_INTEGER) return value
  const what = `${query} is ${written} at ${new Date(atMs).toISOString()}: a rate is a finite number, at least 0`
  const says = value > 0 && Number.isFinite(value) ? `${what}, and none is that large` : what
  if (bad === undefined) throw new PrescaleError('BAD_INPUT', says)
  bad(says)
  return NaN
}

/** How complete the values of a range are, in words. `who` answered. */
export function judge(
  who: string,
  values: Float64Array,
  startMs: number,
  stepMs: number,
  warnings: readonly string[]
): { readonly quality: Quality; readonly notes: string[] } {
  const measured = values.reduce((count, y) => count + (Number.isNaN(y) ? 0 : 1), 0)
  const notes = warnings.map((warning) => `${who} warns: ${warning}`)
  if (measured === 0) return { quality: 'missing', notes: [...notes, `${who} has nothing for this range`] }
  if (measured < values.length) {
    const at = (step: number) => new Date(startMs + step * stepMs).toISOString().replace('.000Z', 'Z')
    const first = values.findIndex((y) => !Number.isNaN(y))
    const last = values.findLastIndex((y) => !Number.isNaN(y))
    notes.push(
      `${values.length - measured} of ${values.length} steps have no value (measured from ${at(first)} to ${at(last + 1)}): kept as not measured`
    )
  }
  return { quality: measured === values.length && warnings.length === 0 ? 'ok' : 'partial', notes }
}

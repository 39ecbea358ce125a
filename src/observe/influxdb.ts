/**
 * InfluxDB — an InfluxQL query as a Series. 1.x, and 2.x through its v1-compatible route.
 *
 *   POST /query?db&rp&epoch=ms   q=…   →  { results: [{ series: [{ name, tags, columns: ['time', 'mean'], values: [[ms, 1.5], …] }],
 *                                          partial?, error? }] }
 *
 * `$time` in a query stands for the range that is asked for, `$step` for its step:
 * `SELECT mean(rate) FROM load WHERE $time GROUP BY time($step)`. The value of a step [t, t + step) is that of the interval that begins
 * there. An interval without a value is `NaN`, never zero; a query that fills gaps with a number is refused, because a number in place of
 * silence cannot be told from a measured one. https://docs.influxdata.com/influxdb/v1/tools/api/#query-http-endpoint
 */
import { PrescaleError, requireOption, series } from '../base/index.ts'
import { type InfluxServer, influxQuery, type Shape, shapeOf } from '../net/index.ts'
import type { Source } from '../roles.ts'
import {
  judge,
  type RangeAnswer,
  type RangeQuery,
  type RangeSource,
  rangeSource,
  rateOf
} from './range-source.ts'

export interface InfluxSource extends RangeSource {
  readonly server: InfluxServer
}

export function influxdb({ server, ...options }: InfluxSource): Source {
  for (const query of Object.values(options.queries)) requireQuery(query)
  return rangeSource(options, (range, abort) => queryInflux(server, range, abort))
}

/**
 * Asks for the whole steps within [fromMs, toMs). Errors: UNREACHABLE, BAD_ANSWER (HTML, other JSON, refused credentials), BAD_OPTION and
 * BAD_INPUT (the query: several series or columns, another step, a negative or infinite rate), INTERRUPTED.
 */
export async function queryInflux(
  server: InfluxServer,
  range: RangeQuery,
  abort?: AbortSignal
): Promise<RangeAnswer> {
  const { query, fromMs, toMs, stepMs } = range
  requireOption(stepMs >= 1 && Number.isInteger(stepMs), 'step', stepMs, 'a whole number of milliseconds')
  requireQuery(query)
  const startMs = Math.ceil(fromMs / stepMs) * stepMs
  const steps = Math.floor(toMs / stepMs) - startMs / stepMs
  requireOption(steps >= 1, 'to', new Date(toMs).toISOString(), 'at least one step after from')
  const endMs = startMs + steps * stepMs
  const asked = query
    .replaceAll('$time', `time >= ${startMs}ms AND time < ${endMs}ms`)
    .replaceAll('$step', `${stepMs}ms`)
  const { status, body, says } = await influxQuery(server, asked, abort)
  const where = `${new URL(server.url).origin}/query`
  if (status === 401 || status === 403) {
    throw new PrescaleError(
      'BAD_ANSWER',
      `${where} answers ${status}${says && `: ${says}`}; it wants other credentials`
    )
  }
  if (status >= 500)
    throw new PrescaleError('UNREACHABLE', `${where} answers ${status}${says && `: ${says}`}`)
  if (says !== '') throw new PrescaleError('BAD_INPUT', `InfluxDB refuses the query: ${says}`)
  if (status !== 200)
    throw new PrescaleError('BAD_ANSWER', `${where} answers ${status}, not as InfluxDB does`)
  const [result] = shapeOf(body, where).list('results')
  const values = new Float64Array(steps).fill(NaN)
  const warnings = new Set<string>()
  if (result?.raw('partial') === true) warnings.add('it left some of the answer out')
  const found = result?.raw('series') === undefined ? [] : result.list('series')
  requireOne(found)
  if (found.length === 1) {
    if (found[0].raw('partial') === true) warnings.add('it left some of the answer out')
    fill(values, found[0], { ...range, fromMs: startMs })
  }
  return {
    series: series(stepMs, values, { startMs }),
    ...judge('InfluxDB', values, startMs, stepMs, [...warnings])
  }
}

function requireQuery(query: string): void {
  requireOption(/\$time\b/.test(query), 'query', query, 'InfluxQL with WHERE $time in it')
  requireOption(
    !/\bfill\s*\(\s*(-?\d|previous|linear)/i.test(query),
    'query',
    query,
    'without fill(number), fill(previous) and fill(linear): what was not measured would look measured'
  )
}

/** Which of several series is meant, nobody can know. */
function requireOne(found: readonly Shape[]): void {
  if (found.length <= 1) return
  const tags = found.slice(0, 3).map((it) => JSON.stringify(it.raw('tags') ?? it.raw('name')))
  throw new PrescaleError(
    'BAD_INPUT',
    `the query answers with ${found.length} series, ${tags.join(' ')}${found.length > 3 ? ' …' : ''}: one is needed; leave GROUP BY of tags out`
  )
}

/** `range` begins with the first step. */
function fill(into: Float64Array, found: Shape, range: RangeQuery): void {
  const { fromMs: startMs, stepMs } = range
  const columns = found.raw('columns')
  const rows = found.raw('values')
  if (!Array.isArray(columns) || !Array.isArray(rows) || columns[0] !== 'time') {
    throw new PrescaleError(
      'BAD_ANSWER',
      `${found.where} answers JSON of another kind: no columns and values`
    )
  }
  if (columns.length !== 2) {
    throw new PrescaleError(
      'BAD_INPUT',
      `the query answers with the columns ${columns.join(', ')}: one beside time is needed`
    )
  }
  for (const row of rows) {
    const [ms, value] = Array.isArray(row) ? row : []
    const step = (ms - startMs) / stepMs
    if (!Number.isInteger(step)) {
      throw new PrescaleError(
        'BAD_INPUT',
        `the query answers for ${new Date(ms).toISOString()}, between two steps of ${stepMs} ms: write GROUP BY time($step)`
      )
    }
    if (value === null || value === undefined || step < 0 || step >= into.length) continue
    into[step] = rateOf(range, ms, typeof value === 'number' ? value : NaN, JSON.stringify(value))
  }
}

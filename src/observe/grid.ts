/**
 * Grid — rows with times to regular series: order, duplicates, step, gaps.
 *
 *   step = most frequent difference of neighbouring times;  i = round((t − t₀) / step)
 *
 * A step without a row stays `NaN`. Rows at the same time become their mean. Every repair is told; what
 * cannot be one regular series (two steps, no step, a time far from all others) is refused.
 */
import { formatDuration, PrescaleError, type Series, series } from '../base/index.ts'

export interface Rows {
  /** Where the rows are from, for messages. */
  readonly where: string
  /** Milliseconds since the epoch, one a row, all finite. */
  readonly timesMs: Float64Array
  readonly columns: Readonly<Record<string, Float64Array>>
}

export interface Gridded {
  readonly series: Readonly<Record<string, Series>>
  readonly findings: readonly Finding[]
}

/** Something about the data that its owner should know, such as a repair. */
export interface Finding {
  readonly about:
    | 'order'
    | 'duplicates'
    | 'gaps'
    | 'step'
    | 'zone'
    | 'columns'
    | 'missing'
    | 'count'
    | 'start'
  readonly says: string
}

export interface GridOptions {
  /** Wanted step: rows that lie on no grid are put into bins of it. */
  readonly stepMs?: number
  /** Columns that hold amounts: a bin is the sum of its rows, not their mean. */
  readonly sums?: readonly string[]
}

/** Times may be off the grid by this share of a step, as scrapes are. */
const jitter = 0.2
/** More steps than this for each row is a wrong time, not a gap. */
const sparsest = 1_000

export function grid(rows: Rows, options: GridOptions = {}): Gridded {
  const findings: Finding[] = []
  const ordered = inOrder(rows, findings)
  const moments = firstOfEach(ordered.timesMs)
  if (moments.length < 2) {
    throw new PrescaleError('TOO_SHORT', `${rows.where} has one moment only; a series needs at least 2`)
  }
  const found = findStep(ordered.timesMs, moments)
  if ('why' in found && options.stepMs === undefined) {
    throw new PrescaleError('BAD_INPUT', `${rows.where} ${found.why}`)
  }
  const { stepMs } = options
  // A longer step that the data's own does not divide cannot be made of whole steps either.
  const inBins =
    'why' in found || (stepMs !== undefined && stepMs > found.stepMs && stepMs % found.stepMs > 0)
  const placed = inBins
    ? intoBins(ordered, stepMs as number, findings)
    : ontoGrid(ordered, moments, found.stepMs, findings)
  tellGaps(placed, findings)
  const sums = inBins ? (options.sums ?? []) : []
  return {
    findings,
    series: Object.fromEntries(
      Object.entries(ordered.columns).map(([name, values]) => [
        name,
        collect(values, placed, sums.includes(name))
      ])
    )
  }
}

/** Which step each row belongs to, in order. */
interface Placed {
  readonly startMs: number
  readonly stepMs: number
  readonly index: Uint32Array
}

function inOrder(rows: Rows, findings: Finding[]): Rows {
  const { timesMs } = rows
  let backwards = 0
  for (let i = 1; i < timesMs.length; i++) if (timesMs[i] < timesMs[i - 1]) backwards++
  if (backwards === 0) return rows
  findings.push(
    tell('order', `${several(backwards, 'row is', 'rows are')} older than the one before: sorted by time`)
  )
  const order = Uint32Array.from(timesMs, (_, i) => i).sort((a, b) => timesMs[a] - timesMs[b] || a - b)
  const take = (values: Float64Array) => Float64Array.from(order, (i) => values[i])
  return {
    ...rows,
    timesMs: take(timesMs),
    columns: Object.fromEntries(Object.entries(rows.columns).map(([name, values]) => [name, take(values)]))
  }
}

/** The first row of each moment. */
function firstOfEach(timesMs: Float64Array): number[] {
  const first: number[] = []
  for (let i = 0; i < timesMs.length; i++) if (i === 0 || timesMs[i] !== timesMs[i - 1]) first.push(i)
  return first
}

/** The step, or why there is none. */
function findStep(
  timesMs: Float64Array,
  moments: readonly number[]
): { readonly stepMs: number } | { readonly why: string } {
  const count = timesMs.length
  if (count >= 2 * moments.length) {
    return {
      why: `has ${count} rows at ${moments.length} moments: several series in one file must be split, and rows that are events need --count`
    }
  }
  const times = Float64Array.from(moments, (i) => timesMs[i])
  const differences = Float64Array.from({ length: times.length - 1 }, (_, i) => times[i + 1] - times[i])
  const stepMs = commonest(differences)
  const steps = (times[times.length - 1] - times[0]) / stepMs
  if (steps > 1_000_000 && steps > sparsest * times.length) {
    const widest = differences.indexOf(differences.reduce((a, b) => Math.max(a, b)))
    return {
      why: `jumps from ${iso(times[widest])} to ${iso(times[widest + 1])}: is one of them a wrong time?`
    }
  }
  const other = otherStep(differences, stepMs)
  if (other !== undefined) {
    const coarser = formatDuration(Math.max(stepMs, other.stepMs))
    return {
      why: `has two steps, ${formatDuration(stepMs)} and ${formatDuration(other.stepMs)} (from ${iso(times[other.at])}): split it, or say --step ${coarser}`
    }
  }
  const off = differences.findIndex((d) => {
    const whole = Math.round(d / stepMs)
    return whole < 1 || Math.abs(d - whole * stepMs) > jitter * stepMs
  })
  if (off === -1) return { stepMs: withoutDrift(differences, stepMs) }
  return {
    why: `has no regular step: mostly ${formatDuration(stepMs)}, but ${formatDuration(differences[off])} from ${iso(times[off])}; say --step for means over bins, or --count if rows are events`
  }
}

/** The most frequent difference; where no two agree to the millisecond (scrapes), the median in whole seconds. */
function commonest(differences: Float64Array): number {
  const counts = new Map<number, number>()
  for (const d of differences) counts.set(d, (counts.get(d) ?? 0) + 1)
  let best = differences[0]
  for (const [d, count] of counts) {
    const most = counts.get(best) as number
    if (count > most || (count === most && d < best)) best = d
  }
  if ((counts.get(best) as number) * 2 >= differences.length) return best
  return roundStep(differences.toSorted()[Math.floor(differences.length / 2)])
}

const roundStep = (ms: number) => (ms < 2_000 ? Math.max(1, Math.round(ms)) : Math.round(ms / 1_000) * 1_000)

/** The most frequent difference may be a late row's, as 64 s, 53 s, 64 s of a minute: then the last row is far off, and the mean is the step. */
function withoutDrift(differences: Float64Array, stepMs: number): number {
  let span = 0
  let steps = 0
  for (const d of differences) {
    span += d
    steps += Math.round(d / stepMs)
  }
  return Math.abs(span - steps * stepMs) <= stepMs ? stepMs : roundStep(span / steps)
}

/** A second step: one other difference that comes often and again and again in a row, so that it is no gap. */
function otherStep(
  differences: Float64Array,
  stepMs: number
): { readonly stepMs: number; readonly at: number } | undefined {
  const counts = new Map<number, number>()
  let longest = { stepMs, at: 0, length: 0 }
  for (let i = 0; i < differences.length; ) {
    let end = i
    while (end < differences.length && differences[end] === differences[i]) end++
    const other = Math.abs(differences[i] - stepMs) > jitter * stepMs
    if (other) counts.set(differences[i], (counts.get(differences[i]) ?? 0) + end - i)
    if (other && end - i > longest.length) longest = { stepMs: differences[i], at: i, length: end - i }
    i = end
  }
  const often = (counts.get(longest.stepMs) ?? 0) >= 0.2 * differences.length
  return (longest.length >= 3 && often) || longest.length >= 20 ? longest : undefined
}

/** Every row to its step. */
function ontoGrid(rows: Rows, moments: readonly number[], stepMs: number, findings: Finding[]): Placed {
  const { timesMs } = rows
  const startMs = timesMs[0]
  const index = new Uint32Array(timesMs.length)
  let furthest = 0
  let shared = 0
  for (let i = 1; i < timesMs.length; i++) {
    const ideal = Math.round((timesMs[i] - startMs) / stepMs)
    const same = timesMs[i] === timesMs[i - 1]
    // Two rows may lie in one step by their jitter; were each of them moved on, the last would end hours late.
    const crowded = !same && index[i - 1] - ideal >= 1
    if (crowded) shared++
    index[i] = same || crowded ? index[i - 1] : Math.max(index[i - 1] + 1, ideal)
    furthest = Math.max(furthest, Math.abs(timesMs[i] - startMs - index[i] * stepMs))
  }
  const doubled = timesMs.length - moments.length
  if (doubled > 0)
    findings.push(
      tell('duplicates', `${several(doubled, 'row repeats', 'rows repeat')} a time: the mean is taken`)
    )
  if (shared > 0) {
    findings.push(
      tell(
        'duplicates',
        `${several(shared, 'row shares its', 'rows share their')} step with another: the mean is taken`
      )
    )
  }
  if (furthest > 0) {
    const off = formatDuration(Math.ceil(furthest))
    findings.push(
      tell('step', `times are up to ${off} off a grid of ${formatDuration(stepMs)}: moved onto it`)
    )
  }
  return { startMs, stepMs, index }
}

/** Rows without a regular step: what falls into the same bin belongs together. */
function intoBins(rows: Rows, stepMs: number, findings: Finding[]): Placed {
  const startMs = Math.floor(rows.timesMs[0] / stepMs) * stepMs
  findings.push(tell('step', `rows are put into bins of ${formatDuration(stepMs)}`))
  return {
    startMs,
    stepMs,
    index: Uint32Array.from(rows.timesMs, (t) => Math.floor((t - startMs) / stepMs))
  }
}

/** Mean (or sum) of the measured rows of each step; `NaN` where there is none. */
function collect(values: Float64Array, { startMs, stepMs, index }: Placed, sums: boolean): Series {
  const out = new Float64Array(index[index.length - 1] + 1).fill(NaN)
  for (let from = 0; from < index.length; ) {
    let sum = 0
    let measured = 0
    let to = from
    for (; to < index.length && index[to] === index[from]; to++) {
      if (Number.isNaN(values[to])) continue
      sum += values[to]
      measured++
    }
    if (measured > 0) out[index[from]] = sums ? sum : sum / measured
    from = to
  }
  return series(stepMs, out, { startMs })
}

function tellGaps({ startMs, stepMs, index }: Placed, findings: Finding[]): void {
  let gaps = 0
  let missing = 0
  let longest = { at: 0, length: 0 }
  for (let i = 1; i < index.length; i++) {
    const length = index[i] - index[i - 1] - 1
    if (length < 1) continue
    gaps++
    missing += length
    if (length > longest.length) longest = { at: index[i - 1] + 1, length }
  }
  if (gaps === 0) return
  const steps = index[index.length - 1] + 1
  const span = `${formatDuration(longest.length * stepMs)} from ${iso(startMs + longest.at * stepMs)}`
  findings.push(
    tell(
      'gaps',
      `${missing} of ${steps} steps have no row (${several(gaps, 'gap', 'gaps')}, the longest ${span}): kept as not measured`
    )
  )
}

export const tell = (about: Finding['about'], says: string): Finding => ({ about, says })
const several = (count: number, one: string, more: string) => `${count} ${count === 1 ? one : more}`

const iso = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z')

/**
 * Series log — the loads that Turns have seen, each value once.
 *
 * One Turn sees a window of the load, the next one the same window a step later. Only what is new is written, as a
 * segment behind the rest; the Turn keeps the range. Where values that were stored have been corrected since (late
 * data), a new series starts there and shares everything before with its parent, so an old Turn still sees what it saw.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Series } from '../base/index.ts'

/** Steps [from, from + steps) of a stored series. */
export interface SeriesRange {
  readonly series: number
  readonly from: number
  readonly steps: number
}

export interface SeriesLog {
  /** Writes what is new in a load and says where all of it stands. Within a transaction. */
  write(target: string, load: Series): SeriesRange
  read(range: SeriesRange): Float64Array
  /** Forgets what is known, after a rollback or when another process has written. */
  forget(): void
}

/** The end of a series that is being written: steps [from, from + length) in a buffer with room behind. */
interface Tail {
  id: number
  readonly family: number
  readonly originMs: number
  from: number
  length: number
  buffer: Float64Array
}

/** So much of a series is compared with what comes: 45 days of minutes. */
const remembered = 65_536
/** So many steps more than asked for are read, for the Turns that follow. */
const readAhead = 4_096
const readsKept = 64

interface Read {
  readonly from: number
  readonly values: Float64Array
}

export function seriesLog(db: DatabaseSync): SeriesLog {
  const sql = statements(db)
  const tails = new Map<string, Tail>()
  /** What was read lately, by series. */
  const reads = new Map<number, Read>()

  function write(target: string, load: Series): SeriesRange {
    const key = `${target}\n${load.stepMs}\n${load.unit}`
    const steps = load.values.length
    const tail = tails.get(key) ?? newest(target, load)
    const from = tail === undefined ? NaN : (load.startMs - tail.originMs) / load.stepMs
    if (tail === undefined || !Number.isInteger(from) || from < tail.from || from > tail.from + tail.length) {
      const fresh = start(target, load)
      tails.set(key, fresh)
      return { series: fresh.id, from: 0, steps }
    }
    tails.set(key, tail)
    const at = from - tail.from
    const overlap = Math.min(tail.length - at, steps)
    const same = sameSteps(tail.buffer.subarray(at, at + overlap), load.values)
    if (same < overlap) {
      const { lastInsertRowid } = sql.branch.run(
        target,
        tail.originMs,
        load.stepMs,
        load.unit,
        tail.id,
        from + same,
        tail.family
      )
      tail.id = Number(lastInsertRowid)
      tail.length = at + same
    }
    if (steps > same) add(tail, load.values.subarray(same), steps)
    return { series: tail.id, from, steps }
  }

  /** The newest series of the target, as far back as this load looks. */
  function newest(target: string, load: Series): Tail | undefined {
    const row = sql.newest.get(target, load.stepMs, load.unit)
    if (row === undefined) return undefined
    const id = Number(row.id)
    const originMs = Number(row.origin_ms)
    const end = Math.max(Number(row.shared_until), Number(sql.end.get(id)?.end ?? 0))
    const from = Math.max(0, Math.floor((load.startMs - originMs) / load.stepMs))
    if (from >= end) return undefined
    const buffer = read({ series: id, from, steps: end - from })
    return { id, family: Number(row.family), originMs, from, length: buffer.length, buffer }
  }

  function start(target: string, load: Series): Tail {
    const id = Number(sql.start.run(target, load.startMs, load.stepMs, load.unit).lastInsertRowid)
    const buffer = new Float64Array(2 * load.values.length)
    const tail = { id, family: id, originMs: load.startMs, from: 0, length: 0, buffer }
    if (load.values.length > 0) add(tail, load.values, load.values.length)
    return tail
  }

  /** Steps behind the tail, to the file and to what is known of it. */
  function add(tail: Tail, values: Float64Array, window: number): void {
    const behind = tail.from + tail.length
    sql.segment.run(tail.id, behind, behind + values.length, bytes(values))
    if (tail.length + values.length > tail.buffer.length) {
      const keep = Math.min(tail.length, Math.max(remembered, window))
      const buffer = new Float64Array(2 * (keep + values.length))
      buffer.set(tail.buffer.subarray(tail.length - keep, tail.length))
      tail.from += tail.length - keep
      tail.length = keep
      tail.buffer = buffer
    }
    tail.buffer.set(values, tail.length)
    tail.length += values.length
  }

  function read({ series, from, steps }: SeriesRange): Float64Array {
    let known = reads.get(series)
    if (known === undefined || known.from > from || known.from + known.values.length < from + steps) {
      const wide = new Float64Array(steps + readAhead).fill(NaN)
      const end = fill(series, from, wide)
      known = { from, values: wide.subarray(0, Math.max(steps, end - from)) }
      reads.delete(series)
      if (reads.size >= readsKept) reads.delete(reads.keys().next().value as number)
      reads.set(series, known)
    }
    return known.values.slice(from - known.from, from - known.from + steps)
  }

  /** Copies the steps from `from` on into `out`; gives the end of what there is. */
  function fill(series: number, from: number, out: Float64Array): number {
    let end = from
    for (let id = series, until = from + out.length; ; ) {
      const link = sql.link.get(id)
      const shared = link?.parent == null ? from : Math.max(from, Number(link.shared_until))
      const known = reads.get(id)
      const knownUntil = known === undefined || known.from > from ? from : known.from + known.values.length
      // Only what reaches down to the parent's part without a hole is of use.
      const isKnown = known !== undefined && knownUntil > from && knownUntil >= Math.min(until, shared)
      if (isKnown) {
        out.set(known.values.subarray(from - known.from, until - known.from))
        end = Math.max(end, Math.min(knownUntil, until))
      }
      const own = isKnown ? Math.max(shared, knownUntil) : shared
      for (const row of sql.segments.iterate(id, until, own)) {
        const values = floats(row.data as Uint8Array)
        const first = Number(row.from_step)
        const [a, b] = [Math.max(first, own), Math.min(first + values.length, until)]
        if (a < b) out.set(values.subarray(a - first, b - first), a - from)
        end = Math.max(end, b)
      }
      if (isKnown || shared <= from) return end
      id = Number(link?.parent)
      until = Math.min(until, shared)
    }
  }

  return {
    write,
    read,
    forget: () => {
      tails.clear()
      reads.clear()
    }
  }
}

function statements(db: DatabaseSync): Readonly<Record<string, StatementSync>> {
  return {
    newest: db.prepare(
      `SELECT id, coalesce(family, id) AS family, origin_ms, shared_until FROM series
       WHERE target = ? AND step_ms = ? AND unit = ? ORDER BY id DESC LIMIT 1`
    ),
    end: db.prepare('SELECT max(until_step) AS "end" FROM segments WHERE series = ?'),
    start: db.prepare(
      'INSERT INTO series (target, origin_ms, step_ms, unit, shared_until) VALUES (?, ?, ?, ?, 0)'
    ),
    branch: db.prepare(
      `INSERT INTO series (target, origin_ms, step_ms, unit, parent, shared_until, family)
       VALUES (?, ?, ?, ?, ?, ?, ?)`
    ),
    segment: db.prepare('INSERT INTO segments (series, from_step, until_step, data) VALUES (?, ?, ?, ?)'),
    link: db.prepare('SELECT parent, shared_until FROM series WHERE id = ?'),
    segments: db.prepare(
      `SELECT from_step, data FROM segments WHERE series = ? AND from_step < ? AND until_step > ?
       ORDER BY from_step`
    )
  }
}

/** How many steps agree. Bits are compared, not numbers: NaN equals NaN, and 0 is not −0. */
function sameSteps(known: Float64Array, seen: Float64Array): number {
  const count = known.length
  if (bytes(known).equals(bytes(seen.subarray(0, count)))) return count
  return known.findIndex((y, i) => !Object.is(y, seen[i]))
}

/** Little-endian, as every machine that Node runs on. */
const bytes = (values: Float64Array) => Buffer.from(values.buffer, values.byteOffset, values.byteLength)

/** A copy, since the bytes of a row need not be aligned to eight. */
const floats = (data: Uint8Array) => new Float64Array(Uint8Array.from(data).buffer)

/**
 * Things — forecasts, models and large parts of memories, each stored once by the hash of its text.
 *
 * A Turn refers to a thing by its hash. A thing is marked as used once a day, or more often where little is kept, so that retention knows
 * what is needed.
 */
import { createHash } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { DAY, PrescaleError } from '../base/index.ts'
import type { Forecast } from '../roles.ts'
import { pack, reference, unpack } from './pack.ts'

/** Parts of a memory with more values than this are stored once, by hash. */
const large = 100

export interface Things {
  /** The same JSON with its large parts stored apart. Within a transaction. */
  outline(value: unknown): unknown
  /** The same for options, whose large parts are models: many Turns share one, nobody edits it, and it is hashed once. */
  outlineShared(options: object): object
  /** What stands for a forecast. Within a transaction. */
  keepForecast(forecast: Forecast): object
  /** What is kept under a hash. Errors: BAD_INPUT when it is lost. */
  resolve(hash: string): unknown
  /** Forgets what is known, after a rollback or when another process has written. */
  forget(): void
  /** Deletes what no Turn since that moment has used. */
  dropBefore(beforeMs: number): void
}

export function keepThings(db: DatabaseSync, clock: () => number, markMs = DAY): Things {
  /** Marks from before may be those of somebody who marked once a day. */
  const openedMs = clock()
  const sql = {
    keep: db.prepare(
      `INSERT INTO things (hash, used_ms, body) VALUES (?, ?, ?)
       ON CONFLICT (hash) DO UPDATE SET used_ms = max(used_ms, excluded.used_ms)`
    ),
    thing: db.prepare('SELECT body FROM things WHERE hash = ?'),
    drop: db.prepare('DELETE FROM things WHERE used_ms < ? OR (used_ms >= ? AND used_ms < ?)')
  }
  /** When a thing was last marked as used. */
  const usedMs = new Map<string, number>()
  /** Forecasts and models are used for several Turns and never edited, so each is hashed once. */
  const hashes = new WeakMap<object, string>()
  const read = new Map<string, unknown>()

  function keepShared(thing: object): object {
    const known = hashes.get(thing)
    // Known and marked lately: nothing to write.
    if (known !== undefined && !isDue(known)) return reference(known)
    const hash = keep(thing)
    hashes.set(thing, hash)
    return reference(hash)
  }

  function outlineShared(options: object): object {
    const apart = Object.entries(options).flatMap(([key, part]) =>
      isObject(part) && (hashes.has(part) || isLarge(part)) ? [[key, keepShared(part)] as const] : []
    )
    return apart.length === 0 ? options : { ...options, ...Object.fromEntries(apart) }
  }

  function outline(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return isLarge(value) ? reference(keep(value)) : value
    const parts = Object.entries(value).filter(([, part]) => isLarge(part))
    if (parts.length === 0) return isLarge(value) ? reference(keep(value)) : value
    return { ...value, ...Object.fromEntries(parts.map(([key, part]) => [key, reference(keep(part))])) }
  }

  function keep(thing: unknown): string {
    const text = pack(thing)
    const hash = createHash('sha256').update(text).digest('hex').slice(0, 16)
    if (isDue(hash)) {
      const now = clock()
      sql.keep.run(hash, now, text)
      if (usedMs.size > 10_000) usedMs.clear()
      usedMs.set(hash, now)
    }
    return hash
  }

  function isDue(hash: string): boolean {
    return clock() - (usedMs.get(hash) ?? Number.NEGATIVE_INFINITY) >= markMs
  }

  function resolve(hash: string): unknown {
    if (read.has(hash)) return read.get(hash)
    const row = sql.thing.get(hash)
    if (row === undefined) throw new PrescaleError('BAD_INPUT', `the store has lost what it keeps as ${hash}`)
    const thing = unpack(String(row.body))
    if (read.size > 1_000) read.clear()
    read.set(hash, thing)
    return thing
  }

  return {
    outline,
    outlineShared,
    keepForecast: keepShared,
    resolve,
    forget: () => usedMs.clear(),
    // The last Turn of a thing may be younger than its mark by the time between two marks.
    dropBefore: (beforeMs) => sql.drop.run(beforeMs - DAY, openedMs, beforeMs - markMs)
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

/** Counts values until there are too many. */
function isLarge(value: unknown): boolean {
  let left = large
  const count = (part: unknown): void => {
    if (typeof part !== 'object' || part === null) {
      left -= typeof part === 'string' ? 1 + part.length / 16 : 1
      return
    }
    if (ArrayBuffer.isView(part)) {
      left -= part.byteLength / 8
      return
    }
    for (const item of Array.isArray(part) ? part : Object.values(part)) {
      if (left < 0) return
      count(item)
    }
  }
  count(value)
  return left < 0
}

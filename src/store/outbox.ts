/**
 * Outbox — raw messages on their way to the cloud, kept until it has them.
 *
 *   append → memory → (at every flush, what is not sent yet) → segment files → take → sent → ack → gone
 *
 * At least once and in order: a message is taken again until it is acknowledged, with the same id, and ids grow for ever (`counter.ts`). What is
 * acknowledged before it would be written is never written, so while the uplink works the disk rests. Killed, the process loses what was
 * in memory: at most one flush interval. At most `maxBytes` are kept. Beyond it `drop` says who goes: `oldest`, whole segments at a time, since
 * newer readings are worth more; or `newest`, which are not taken. Both are counted. A disk that is full or broken is told as `trouble`:
 * messages then wait in memory, at most `memoryBytes`, and are written when it can be again.
 */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PrescaleError, requireOption } from '../base/index.ts'
import { openCounter } from './counter.ts'
import { lockFolder } from './lock.ts'
import { openLog } from './outbox-log.ts'
import { MOST_RECORD, type Stored, sizeOf } from './outbox-segment.ts'
import { reasonOf, writeWhole } from './write-file.ts'

export interface OutboxOptions {
  readonly folder: string
  readonly maxBytes: number
  readonly drop?: 'oldest' | 'newest'
  /** While the disk cannot be written; 8 MiB. */
  readonly memoryBytes?: number
  /** Of one file; an eighth of `maxBytes`, at most 16 MiB. */
  readonly segmentBytes?: number
  readonly nowMs: number
}

export interface OutboxState {
  /** Messages that are not acknowledged. */
  readonly waiting: number
  readonly bytes: number
  readonly dropped: number
  /** Messages, and bytes, that could not be read again. */
  readonly lost: number
  readonly damagedBytes: number
  /** What the disk says, while it says it. */
  readonly trouble?: string
}

export interface Outbox {
  append(topic: string, payload: Uint8Array, atMs: number): void
  /** The oldest that are not acknowledged, at most so many, without taking them away. */
  take(most: number): readonly Stored[]
  /** All that were taken, up to and with this id, are there. */
  ack(id: number): void
  /** Writes what is not acknowledged. True when everything is on disk. */
  flush(): boolean
  state(): OutboxState
  close(): void
}

/** Errors: BAD_OPTION, IO (the folder cannot be used, or another process uses it). */
export function openOutbox(options: OutboxOptions): Outbox {
  const { folder, maxBytes, drop = 'oldest', memoryBytes = 8 * 1024 * 1024 } = options
  const segmentBytes = options.segmentBytes ?? Math.min(16 * 1024 * 1024, Math.ceil(maxBytes / 8))
  requireOption(maxBytes >= 4_096, 'outbox.maxBytes', maxBytes, 'at least 4096')
  const unlock = prepare(folder)
  const log = openLog(folder, segmentBytes)
  const ackedPath = join(folder, 'acked')
  let acked = ackedIn(ackedPath)
  let ackedOnDisk = acked
  log.removeThrough(acked)
  // Nobody counts more than a message a microsecond: the clock of a later start is ahead of all ids.
  const atLeast = Math.max(Math.floor(options.nowMs) * 1_000, log.lastId + 1, acked + 1)
  const counter = openCounter(join(folder, 'next'), atLeast, 1_000_000)
  let nextId = counter.first
  /** Appended and not written, oldest first. */
  let fresh: Stored[] = []
  let freshBytes = 0
  /** Taken and not acknowledged: the oldest of all that wait. */
  let taken: Stored[] = []
  let takenTo = acked
  let waiting = log.count(acked)
  let dropped = 0
  let trouble: string | undefined

  return { append, take, ack, flush, state, close }

  function append(topic: string, payload: Uint8Array, atMs: number): void {
    const record: Stored = { id: nextId, topic, payload, atMs }
    const bytes = sizeOf(record)
    if (bytes > MOST_RECORD || (drop === 'newest' && log.bytes + freshBytes + bytes > maxBytes)) {
      dropped++
      return
    }
    nextId++
    waiting++
    fresh.push(record)
    freshBytes += bytes
    // While the disk is in trouble it is asked at every flush, not at every message.
    if (freshBytes >= Math.min(segmentBytes, memoryBytes) && trouble === undefined) flush()
    if (freshBytes > memoryBytes) shed()
  }

  /** The disk does not take them and memory is full. */
  function shed(): void {
    const gone = drop === 'newest' ? fresh.splice(-1) : fresh.splice(0, Math.ceil(fresh.length / 4))
    for (const record of gone) {
      freshBytes -= sizeOf(record)
      // What was taken is still sent.
      if (record.id > takenTo) forget(1)
    }
  }

  function forget(records: number): void {
    dropped += records
    waiting -= records
  }

  function take(most: number): readonly Stored[] {
    while (taken.length < most) {
      const lostBefore = log.lost
      const more = log.next(takenTo, most - taken.length)
      waiting -= log.lost - lostBefore
      if (more.length === 0) break
      hold(more)
    }
    if (taken.length < most) {
      const from = fresh.findIndex(({ id }) => id > takenTo)
      if (from >= 0) hold(fresh.slice(from, from + most - taken.length))
    }
    return taken.slice(0, most)
  }

  function hold(records: readonly Stored[]): void {
    for (const record of records) taken.push(record)
    takenTo = records[records.length - 1].id
  }

  function ack(id: number): void {
    const done = countThrough(taken, id)
    if (done === 0) return
    acked = Math.max(acked, taken[done - 1].id)
    taken = taken.slice(done)
    waiting -= done
    const sent = countThrough(fresh, acked)
    for (let i = 0; i < sent; i++) freshBytes -= sizeOf(fresh[i])
    fresh = fresh.slice(sent)
    log.removeThrough(acked)
  }

  function flush(): boolean {
    try {
      const failed = counter.used(nextId - 1)
      if (failed !== undefined) throw failed
      if (fresh.length > 0) log.write(fresh)
      fresh = []
      freshBytes = 0
      while (log.bytes > maxBytes && log.segments > 0) {
        forget(log.dropOldest(takenTo))
      }
      // Only of what is on disk: what never was cannot come back.
      if (log.segments > 0 && acked !== ackedOnDisk) writeAcked()
      trouble = undefined
      return true
    } catch (cause) {
      trouble = cause instanceof PrescaleError ? cause.message : reasonOf(cause)
      return false
    }
  }

  function writeAcked(): void {
    writeWhole(ackedPath, `${acked}\n`)
    ackedOnDisk = acked
  }

  function state(): OutboxState {
    const { bytes, lost, damagedBytes } = log
    return {
      waiting,
      bytes: bytes + freshBytes,
      dropped,
      lost,
      damagedBytes,
      ...(trouble !== undefined && { trouble })
    }
  }

  function close(): void {
    flush()
    try {
      writeAcked()
    } catch {
      // What was acknowledged is sent again: at least once.
    }
    log.close()
    unlock()
  }
}

/** How many of the first have an id up to this. */
function countThrough(records: readonly Stored[], id: number): number {
  const behind = records.findIndex((record) => record.id > id)
  return behind < 0 ? records.length : behind
}

function prepare(folder: string): () => void {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (cause) {
    throw new PrescaleError('IO', `outbox ${folder} cannot be made: ${reasonOf(cause)}`, { cause })
  }
  return lockFolder(folder)
}

function ackedIn(path: string): number {
  try {
    const acked = Number(readFileSync(path, 'utf8'))
    return Number.isSafeInteger(acked) && acked > 0 ? acked : 0
  } catch {
    return 0
  }
}

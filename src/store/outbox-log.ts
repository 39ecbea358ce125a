/** The disk of an outbox: segments of records with growing ids, appended at one end, read in order, and removed whole at the other. */
import {
  closeSync,
  fdatasync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  truncateSync,
  writeSync
} from 'node:fs'
import { join } from 'node:path'
import { decode, encode, type Stored } from './outbox-segment.ts'

export interface OutboxLog {
  /** All of them or none. Throws what the system says; then the files are as before. */
  write(records: readonly Stored[]): void
  /** The next records behind `afterId`, at most so many; none when there is no more. */
  next(afterId: number, most: number): Stored[]
  /** Removes what is all acknowledged. */
  removeThrough(id: number): void
  /** Removes the oldest segment, and gives how many of its records are behind `afterId`. */
  dropOldest(afterId: number): number
  readonly bytes: number
  readonly segments: number
  readonly lastId: number
  /** Records behind `afterId` in files that were found when opened. */
  count(afterId: number): number
  /** Records that could not be read again, and bytes at the end of files that are none. */
  readonly lost: number
  readonly damagedBytes: number
  close(): void
}

interface Segment {
  readonly path: string
  lastId: number
  records: number
  bytes: number
}

const PIECE = 256 * 1024

export function openLog(folder: string, segmentBytes: number): OutboxLog {
  const segments: Segment[] = []
  let damagedBytes = 0
  let lost = 0
  let handle: number | undefined
  /** Where reading stands: records of the segment that were read, and bytes. */
  let cursor: { segment: Segment; afterId: number; at: number; records: number } | undefined
  recover()

  return {
    write,
    next,
    removeThrough,
    dropOldest,
    count,
    close,
    get bytes() {
      return segments.reduce((sum, { bytes }) => sum + bytes, 0)
    },
    get segments() {
      return segments.length
    },
    get lastId() {
      return segments.at(-1)?.lastId ?? 0
    },
    get lost() {
      return lost
    },
    get damagedBytes() {
      return damagedBytes
    }
  }

  function write(records: readonly Stored[]): void {
    const bytes = encode(records)
    const segment = handle === undefined ? begin(records[0].id) : segments[segments.length - 1]
    const file = handle as number
    try {
      for (let at = 0; at < bytes.length; ) {
        at += writeSync(file, bytes, at, bytes.length - at, segment.bytes + at)
      }
    } catch (cause) {
      // Half a record would hide what is written behind it later.
      if (fstatSync(file).size > segment.bytes) ftruncateSync(file, segment.bytes)
      if (segment.records === 0) remove(segment)
      throw cause
    }
    segment.bytes += bytes.length
    segment.records += records.length
    segment.lastId = records[records.length - 1].id
    // Against a power cut; nobody waits for it.
    fdatasync(file, () => {})
    if (segment.bytes >= segmentBytes) end()
  }

  function begin(firstId: number): Segment {
    const path = join(folder, `${String(firstId).padStart(17, '0')}.log`)
    handle = openSync(path, 'w')
    const segment: Segment = { path, lastId: firstId - 1, records: 0, bytes: 0 }
    segments.push(segment)
    return segment
  }

  function end(): void {
    if (handle !== undefined) closeSync(handle)
    handle = undefined
  }

  function next(afterId: number, most: number): Stored[] {
    for (const segment of segments.filter(({ lastId }) => lastId > afterId)) {
      if (cursor?.segment !== segment || cursor.afterId !== afterId) {
        cursor = { segment, afterId, at: 0, records: 0 }
      }
      const found = readOn(cursor, most)
      if (found.length > 0) return found
    }
    return []
  }

  /** Behind the cursor's id; none when the rest of its segment cannot be read, which then counts as lost. */
  function readOn(at: NonNullable<typeof cursor>, most: number): Stored[] {
    const { segment } = at
    for (;;) {
      const { records, used } = piece(segment, at.at, most)
      at.at += used
      at.records += records.length
      const found = records.filter(({ id }) => id > at.afterId)
      if (found.length > 0) {
        at.afterId = found[found.length - 1].id
        return found
      }
      if (used > 0) continue
      lost += Math.max(0, segment.records - at.records)
      damagedBytes += Math.max(0, segment.bytes - at.at)
      segment.records = at.records
      segment.bytes = at.at
      segment.lastId = Math.min(segment.lastId, at.afterId)
      return []
    }
  }

  function piece(segment: Segment, from: number, most: number): { records: Stored[]; used: number } {
    try {
      const file = openSync(segment.path, 'r')
      try {
        for (let size = PIECE; ; size *= 8) {
          const bytes = Buffer.allocUnsafe(Math.min(size, segment.bytes - from))
          const decoded = decode(bytes.subarray(0, readSync(file, bytes, 0, bytes.length, from)), most)
          // A record may be larger than the piece.
          if (decoded.used > 0 || decoded.isDamaged || from + size >= segment.bytes) return decoded
        }
      } finally {
        closeSync(file)
      }
    } catch {
      return { records: [], used: 0 }
    }
  }

  function removeThrough(id: number): void {
    while (segments.length > 0 && segments[0].lastId <= id) remove(segments[0])
  }

  function dropOldest(afterId: number): number {
    const [oldest] = segments
    if (oldest === undefined) return 0
    let [at, behind] = [0, 0]
    for (;;) {
      const { records, used } = piece(oldest, at, Number.POSITIVE_INFINITY)
      if (used === 0) break
      at += used
      for (const { id } of records) if (id > afterId) behind++
    }
    remove(oldest)
    return behind
  }

  function remove(segment: Segment): void {
    if (segment === segments.at(-1)) end()
    segments.splice(segments.indexOf(segment), 1)
    rmSync(segment.path, { force: true })
  }

  function recover(): void {
    for (const name of readdirSync(folder).sort()) {
      if (!/^\d{17}\.log$/.test(name)) continue
      const path = join(folder, name)
      const bytes = readFileSync(path)
      const { records, used } = decode(bytes)
      if (used < bytes.length) {
        // Torn by a kill or a full disk.
        damagedBytes += bytes.length - used
        truncateSync(path, used)
      }
      const lastId = records.at(-1)?.id
      if (lastId === undefined) rmSync(path, { force: true })
      else segments.push({ path, lastId, records: records.length, bytes: used })
    }
  }

  function count(afterId: number): number {
    let behind = 0
    for (const { path, records, lastId } of segments) {
      if (lastId <= afterId) continue
      const { records: all } = decode(readFileSync(path))
      behind += all[0].id > afterId ? records : all.filter(({ id }) => id > afterId).length
    }
    return behind
  }

  function close(): void {
    end()
  }
}

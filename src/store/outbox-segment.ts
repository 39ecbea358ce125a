/**
 * A segment of an outbox — records one behind the other in a file that is only appended to.
 *
 *   record = u32 bytes of the body, u32 CRC-32 of the body, body          body = f64 id, f64 atMs, u16 bytes of the topic, topic, payload
 *
 * Little-endian. What a killed process or a full disk left of a last record is too short or has another CRC: it is the end of the segment.
 */
import { crc32 } from 'node:zlib'

export interface Stored {
  readonly id: number
  readonly topic: string
  readonly payload: Uint8Array
  readonly atMs: number
}

const HEAD = 8
const FIXED = 18
/** No message of a sensor is larger; a length beyond it is damage. */
export const MOST_RECORD = 16 * 1024 * 1024
const MOST_TOPIC = 65_535

export function sizeOf({ topic, payload }: Stored): number {
  return HEAD + FIXED + Math.min(MOST_TOPIC, Buffer.byteLength(topic)) + payload.length
}

export function encode(records: readonly Stored[]): Buffer {
  let size = 0
  for (const record of records) size += sizeOf(record)
  const out = Buffer.allocUnsafe(size)
  let at = 0
  for (const { id, topic, payload, atMs } of records) {
    const body = at + HEAD
    out.writeDoubleLE(id, body)
    out.writeDoubleLE(atMs, body + 8)
    const topicBytes = Math.min(MOST_TOPIC, Buffer.byteLength(topic))
    out.writeUInt16LE(topicBytes, body + 16)
    out.write(topic, body + FIXED, topicBytes)
    out.set(payload, body + FIXED + topicBytes)
    const end = body + FIXED + topicBytes + payload.length
    out.writeUInt32LE(end - body, at)
    out.writeUInt32LE(crc32(out.subarray(body, end)), at + 4)
    at = end
  }
  return out
}

/** The records that are whole, and how many bytes they take. `isDamaged`: what comes behind can never be one. */
export function decode(
  bytes: Buffer,
  most = Number.POSITIVE_INFINITY
): { records: Stored[]; used: number; isDamaged: boolean } {
  const records: Stored[] = []
  let at = 0
  while (records.length < most && at + HEAD <= bytes.length) {
    const length = bytes.readUInt32LE(at)
    if (length < FIXED || length > MOST_RECORD) return { records, used: at, isDamaged: true }
    const body = at + HEAD
    const end = body + length
    if (end > bytes.length) break
    const topicEnd = body + FIXED + bytes.readUInt16LE(body + 16)
    if (topicEnd > end || crc32(bytes.subarray(body, end)) !== bytes.readUInt32LE(at + 4)) {
      return { records, used: at, isDamaged: true }
    }
    records.push({
      id: bytes.readDoubleLE(body),
      atMs: bytes.readDoubleLE(body + 8),
      topic: bytes.toString('utf8', body + FIXED, topicEnd),
      payload: bytes.subarray(topicEnd, end)
    })
    at = end
  }
  return { records, used: at, isDamaged: false }
}

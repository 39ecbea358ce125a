/**
 * A signal of a gateway at the door: bytes into an EdgeSignal, or why they are none.
 *
 *   { gateway, seq, sentMs, predictedLoad, burstAlarm, horizonMs, confidence, keyId?, sig? }     UTF-8 JSON, at most 1,024 bytes
 *
 * Strict, and cheap where it says no: size and ends are looked at before anything is parsed, other fields than these are refused, so
 * what was signed is exactly what is here. Whether it is true is for others to judge.
 */
import type { EdgeSignal } from '../roles.ts'

export type NoSignal = 'too long' | 'not JSON' | 'not a signal'

const MOST_BYTES = 1_024
/** Of the shortest names and numbers. */
const LEAST_BYTES = 90
const [OPEN, CLOSE] = [0x7b, 0x7d]
const NAME = /^[\w.:-]{1,64}$/
const DAY = 86_400_000

const isRate = (value: unknown) => typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER
const fields: Readonly<Record<string, (value: unknown) => boolean>> = {
  gateway: (value) => typeof value === 'string' && NAME.test(value),
  seq: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
  sentMs: (value) => isRate(value),
  predictedLoad: isRate,
  burstAlarm: (value) => typeof value === 'boolean',
  horizonMs: (value) => isRate(value) && Number(value) <= DAY,
  confidence: (value) => isRate(value) && Number(value) <= 1
}
const optional: typeof fields = {
  keyId: (value) => typeof value === 'string' && NAME.test(value),
  sig: (value) => typeof value === 'string' && value.length <= 128
}
const required = Object.keys(fields).length

export function readSignal(bytes: Uint8Array): EdgeSignal | NoSignal {
  if (bytes.length > MOST_BYTES) return 'too long'
  if (bytes[0] !== OPEN || bytes[bytes.length - 1] !== CLOSE) return 'not JSON'
  if (bytes.length < LEAST_BYTES) return 'not a signal'
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString())
  } catch {
    return 'not JSON'
  }
  return isSignal(value) ? value : 'not a signal'
}

function isSignal(value: unknown): value is EdgeSignal {
  if (typeof value !== 'object' || value === null) return false
  let found = 0
  for (const [name, field] of Object.entries(value)) {
    if (Object.hasOwn(fields, name)) {
      if (!fields[name](field)) return false
      found++
    } else if (!Object.hasOwn(optional, name) || !optional[name](field)) return false
  }
  return found === required
}

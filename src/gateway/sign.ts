/**
 * Signatures of edge signals — HMAC-SHA256 with a shared key, or Ed25519 with a pair.
 *
 *   sig = base64url( f(key, "prescale-signal-1\n" + canonical JSON of the signal on the wire, without sig) )
 *
 * Canonical JSON has sorted keys, so whoever re-orders fields on the way breaks nothing. `keyId` is signed with the rest. A signature says who
 * sent it, not when: the replay window and the sequence are checked by who receives it (`fuse.ts`). RFC 2104, RFC 8032.
 */
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  type KeyObject,
  sign,
  timingSafeEqual,
  verify
} from 'node:crypto'
import { canonicalJson, PrescaleError } from '../base/index.ts'
import type { EdgeSignal } from '../roles.ts'

export type SigningAlgorithm = 'hmac-sha256' | 'ed25519'

/** A key that signs, or one that proves. The material itself is in the key object, which no log prints. */
export interface SignalKey {
  readonly algorithm: SigningAlgorithm
  readonly keyId: string
  readonly key: KeyObject
}

/** Shorter secrets can be guessed. */
const LEAST_SECRET = 16
const SIGNATURE = { 'hmac-sha256': /^[\w-]{43}$/, ed25519: /^[\w-]{86}$/ }

/** `material`: of HMAC the secret, at least 16 bytes; of Ed25519 the private key as PEM. Errors: BAD_OPTION, without the material. */
export function signingKey(algorithm: SigningAlgorithm, keyId: string, material: string): SignalKey {
  if (algorithm === 'hmac-sha256') return { algorithm, keyId, key: secretOf(keyId, material) }
  return { algorithm, keyId, key: pem(keyId, 'private', () => createPrivateKey(material)) }
}

/** `material`: of HMAC the same secret, of Ed25519 the public key as PEM (or the private one, whose public half is taken). */
export function verifyingKey(algorithm: SigningAlgorithm, keyId: string, material: string): SignalKey {
  if (algorithm === 'hmac-sha256') return { algorithm, keyId, key: secretOf(keyId, material) }
  return { algorithm, keyId, key: pem(keyId, 'public', () => createPublicKey(material)) }
}

/** The signal as it goes on the wire, with `keyId` and `sig`. */
export function signSignal(signal: EdgeSignal, { algorithm, keyId, key }: SignalKey): EdgeSignal {
  const wire = wireOf({ ...signal, keyId })
  const bytes = bytesOf(wire)
  const sig = algorithm === 'hmac-sha256' ? mac(key, bytes) : sign(null, bytes, key)
  return { ...wire, sig: sig.toString('base64url') }
}

/** Whether this key signed this signal, in time that does not depend on how nearly right the signature is. */
export function isSignedBy(signal: EdgeSignal, { algorithm, keyId, key }: SignalKey): boolean {
  const { sig, ...rest } = signal
  if (sig === undefined || signal.keyId !== keyId || !SIGNATURE[algorithm].test(sig)) return false
  const given = Buffer.from(sig, 'base64url')
  const bytes = bytesOf(wireOf(rest))
  return algorithm === 'hmac-sha256'
    ? timingSafeEqual(mac(key, bytes), given)
    : verify(null, bytes, key, given)
}

/** What of a signal goes on the wire: all but what the receiver adds. */
export function wireOf({ receivedMs: _, trust: __, heard: ___, ...wire }: EdgeSignal): EdgeSignal {
  return wire
}

function bytesOf(wire: EdgeSignal): Buffer {
  return Buffer.from(`prescale-signal-1\n${canonicalJson(wire)}`)
}

function mac(key: KeyObject, bytes: Buffer): Buffer {
  return createHmac('sha256', key).update(bytes).digest()
}

function secretOf(keyId: string, material: string): KeyObject {
  const bytes = Buffer.from(material)
  if (bytes.length < LEAST_SECRET) {
    throw new PrescaleError(
      'BAD_OPTION',
      `the key '${keyId}' must have at least ${LEAST_SECRET} bytes, has ${bytes.length}`
    )
  }
  return createSecretKey(bytes)
}

function pem(keyId: string, half: string, read: () => KeyObject): KeyObject {
  let key: KeyObject | undefined
  try {
    key = read()
  } catch {
    // The reason may quote the material.
  }
  if (key?.asymmetricKeyType !== 'ed25519') {
    throw new PrescaleError('BAD_OPTION', `the key '${keyId}' must be a ${half} Ed25519 key as PEM`)
  }
  return key
}

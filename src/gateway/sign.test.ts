import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EdgeSignal } from '../roles.ts'
import { isSignedBy, type SignalKey, signingKey, signSignal, verifyingKey } from './sign.ts'

const pair = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return {
    secret: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    open: publicKey.export({ type: 'spki', format: 'pem' }).toString()
  }
}
const { secret, open } = pair()
const shared = '0123456789abcdef0123456789abcdef'
const signal: EdgeSignal = {
  gateway: 'g1',
  seq: 7,
  sentMs: 1_000,
  predictedLoad: 800.25,
  burstAlarm: true,
  horizonMs: 60_000,
  confidence: 0.9
}
const keys: readonly (readonly [string, SignalKey, SignalKey])[] = [
  ['hmac-sha256', signingKey('hmac-sha256', '1', shared), verifyingKey('hmac-sha256', '1', shared)],
  ['ed25519', signingKey('ed25519', '1', secret), verifyingKey('ed25519', '1', open)]
]

describe.each(keys)('a signal signed with %s', (_, signing, verifying) => {
  const signed = signSignal(signal, signing)

  it('is believed as it was sent, with its fields in any order, and with what the receiver adds', () => {
    expect(isSignedBy(signed, verifying)).toBe(true)
    const reordered: EdgeSignal = JSON.parse(
      JSON.stringify(Object.fromEntries(Object.entries(signed).reverse()))
    )
    expect(isSignedBy(reordered, verifying)).toBe(true)
    expect(isSignedBy({ ...signed, receivedMs: 5, trust: 0.4 }, verifying)).toBe(true)
    expect(isSignedBy(JSON.parse(JSON.stringify(signed)), verifying)).toBe(true)
  })

  it('is refused when anything in it was changed', () => {
    const changes: Partial<EdgeSignal>[] = [
      { gateway: 'g2' },
      { seq: 8 },
      { sentMs: 1_001 },
      { predictedLoad: 800.250001 },
      { burstAlarm: false },
      { horizonMs: 1 },
      { confidence: 0.91 },
      { keyId: '2' }
    ]
    for (const change of changes) expect(isSignedBy({ ...signed, ...change }, verifying)).toBe(false)
  })

  it('is refused with any other signature', () => {
    const sig = signed.sig as string
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: sig.length - 2 }),
        fc.constantFrom('A', 'b', '-', '_', '7'),
        (at, by) => {
          const other = sig.slice(0, at) + by + sig.slice(at + 1)
          expect(isSignedBy({ ...signed, sig: other }, verifying)).toBe(other === sig)
        }
      )
    )
    for (const bad of ['', `${sig}A`, sig.slice(1), 'ü'.repeat(sig.length), '='.repeat(sig.length)]) {
      expect(isSignedBy({ ...signed, sig: bad }, verifying)).toBe(false)
    }
    expect(isSignedBy(signal, verifying)).toBe(false)
  })
})

describe('keys', () => {
  it('of another gateway prove nothing', () => {
    const signed = signSignal(signal, signingKey('ed25519', '1', pair().secret))
    expect(isSignedBy(signed, verifyingKey('ed25519', '1', open))).toBe(false)
  })

  it.each([
    ['hmac-sha256', 'short', "the key 'k' must have at least 16 bytes, has 5"],
    ['ed25519', 'no pem at all', "the key 'k' must be a private Ed25519 key as PEM"],
    ['ed25519', open, "the key 'k' must be a private Ed25519 key as PEM"]
  ] as const)('of %s that cannot be are refused, without saying them', (algorithm, material, says) => {
    const error = (() => {
      try {
        signingKey(algorithm, 'k', material)
      } catch (e) {
        return e as Error
      }
    })()
    expect(error?.message).toBe(says)
    expect(JSON.stringify(error)).not.toContain(material.slice(0, 5))
  })

  it('do not show what they are when printed', () => {
    expect(JSON.stringify(signingKey('hmac-sha256', '1', shared))).not.toContain(shared)
  })
})

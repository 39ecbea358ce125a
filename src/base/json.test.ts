import { describe, expect, it } from 'vitest'
import { canonicalJson, hashOf } from './json.ts'

describe('canonical JSON', () => {
  it('does not depend on the order of keys, and writes not measured as null', () => {
    expect(canonicalJson({ b: NaN, a: Float64Array.of(1, NaN) })).toBe('{"a":[1,null],"b":null}')
    expect(hashOf({ a: 1, b: 2 })).toBe(hashOf({ b: 2, a: 1 }))
    expect(hashOf({ a: 1 })).not.toBe(hashOf({ a: 2 }))
  })
})

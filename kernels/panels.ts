/**
 * Weights in panels of 8 columns [panel][k][8], the last one filled up with zeros. `ld…` is the distance between two rows in bytes.
 */
import { take } from './simd'

export function bytesOfPacked(k: usize, n: usize): usize {
  return k * ((n + 7) & ~7) * 4
}

/** w (k, n) → panels. */
export function pack(w: usize, ldw: usize, k: usize, n: usize, to: usize): void {
  for (let j: usize = 0; j < n; j += 8) {
    const left = n - j
    let from = w + (j << 2)
    for (let i: usize = 0; i < k; i++) {
      v128.store(to, take(from, left))
      v128.store(to, left > 4 ? take(from + 16, left - 4) : f32x4.splat(0), 16)
      from += ldw
      to += 32
    }
  }
}

/** wᵀ of w (n, k) → panels of its n columns. */
export function packTransposed(w: usize, ldw: usize, k: usize, n: usize, to: usize): void {
  for (let j: usize = 0; j < n; j += 8) {
    const left = min(n - j, 8)
    if (left < 8) memory.fill(to, 0, k * 32)
    for (let column: usize = 0; column < left; column++) {
      let from = w + (j + column) * ldw
      let at = to + (column << 2)
      for (let i: usize = 0; i < k; i++) {
        store<f32>(at, load<f32>(from))
        from += 4
        at += 32
      }
    }
    to += k * 32
  }
}

/**
 * Matrix products on tiles (`tile.ts`), weights read in panels of 8 columns (`panels.ts`): straight from the row-major matrix, or
 * from a packed copy. `ld…` is the distance between two rows in bytes.
 */
import { pack } from './panels'
import { block } from './scratch'
import { madd, put, take } from './simd'
import { cut, panel, wide } from './tile'

/** c (rows, n) = max(low, [c +] [bias +] Σ_tap a[row + tap·shift]·w[tap]) with w (taps·k, n) in packed panels. */
export function multiplyPacked(
  a: usize,
  lda: usize,
  packed: usize,
  bias: usize,
  c: usize,
  ldc: usize,
  rows: usize,
  k: usize,
  n: usize,
  taps: usize,
  shift: usize,
  add: bool,
  low: f32
): void {
  const size = taps * k * 32
  for (let r: usize = 0; r < rows; r += block) {
    const some = min(block, rows - r)
    let w = packed
    for (let j: usize = 0; j < n; j += 8) {
      const at = c + r * ldc + (j << 2)
      const from = a + r * lda
      const biasAt = bias ? bias + (j << 2) : 0
      if (j + 8 <= n) panel(from, lda, w, 32, biasAt, at, ldc, some, k, taps, shift, add, low)
      else cut(from, lda, w, biasAt, at, ldc, some, k, n - j, taps, shift, add, low)
      w += size
    }
  }
}

/** The same with row-major weights: packs them at `spare` where that pays. */
export function multiply(
  a: usize,
  lda: usize,
  w: usize,
  ldw: usize,
  bias: usize,
  c: usize,
  ldc: usize,
  rows: usize,
  k: usize,
  n: usize,
  taps: usize,
  shift: usize,
  add: bool,
  low: f32,
  spare: usize
): void {
  if (rows < 4) {
    for (let r: usize = 0; r < rows; r++) {
      wide(a + r * lda, lda, w, ldw, bias, c + r * ldc, k, n, taps, shift, add, low)
    }
    return
  }
  if (rows >= 128) {
    pack(w, ldw, taps * k, n, spare)
    multiplyPacked(a, lda, spare, bias, c, ldc, rows, k, n, taps, shift, add, low)
    return
  }
  const whole = n & ~7
  for (let j: usize = 0; j < whole; j += 8) {
    const at = j << 2
    panel(a, lda, w + at, ldw, bias ? bias + at : 0, c + at, ldc, rows, k, taps, shift, add, low)
  }
  if (whole === n) return
  const at = whole << 2
  pack(w + at, ldw, taps * k, n - whole, spare)
  for (let r: usize = 0; r < rows; r += block) {
    const from = a + r * lda
    const to = c + r * ldc + at
    const some = min(block, rows - r)
    cut(from, lda, spare, bias ? bias + at : 0, to, ldc, some, k, n - whole, taps, shift, add, low)
  }
}

/** c (k, n) += aᵀ·b with a (rows, k), b (rows, n). `spare` has room for 512 + 8·k numbers. */
export function multiplyTransposed(
  a: usize,
  lda: usize,
  b: usize,
  ldb: usize,
  c: usize,
  ldc: usize,
  rows: usize,
  k: usize,
  n: usize,
  spare: usize
): void {
  for (let r: usize = 0; r < rows; r += block) {
    const some = min(block, rows - r)
    const from = a + r * lda
    const by = b + r * ldb
    let j: usize = 0
    for (; j + 8 <= n; j += 8) columnsOf(from, lda, by + (j << 2), ldb, c + (j << 2), ldc, some, k)
    if (j < n) {
      // The last columns of b, filled up with zeros, against all of a; then only the true ones are added.
      const left = n - j
      const sums = spare + block * 32
      pack(by + (j << 2), ldb, some, left, spare)
      memory.fill(sums, 0, k * 32)
      columnsOf(from, lda, spare, 32, sums, 32, some, k)
      for (let i: usize = 0; i < k; i++) {
        for (let column: usize = 0; column < left; column++) {
          const to = c + i * ldc + ((j + column) << 2)
          store<f32>(to, load<f32>(to) + load<f32>(sums + i * 32 + (column << 2)))
        }
      }
    }
  }
}

function columnsOf(
  a: usize,
  lda: usize,
  b: usize,
  ldb: usize,
  c: usize,
  ldc: usize,
  rows: usize,
  k: usize
): void {
  let i: usize = 0
  for (; i + 4 <= k; i += 4) {
    const c1 = c + ldc
    const c2 = c1 + ldc
    const c3 = c2 + ldc
    let s00 = v128.load(c)
    let s01 = v128.load(c, 16)
    let s10 = v128.load(c1)
    let s11 = v128.load(c1, 16)
    let s20 = v128.load(c2)
    let s21 = v128.load(c2, 16)
    let s30 = v128.load(c3)
    let s31 = v128.load(c3, 16)
    let from = a + (i << 2)
    let by = b
    const end = b + rows * ldb
    while (by < end) {
      const b0 = v128.load(by)
      const b1 = v128.load(by, 16)
      let x = v128.load32_splat(from)
      s00 = madd(x, b0, s00)
      s01 = madd(x, b1, s01)
      x = v128.load32_splat(from, 4)
      s10 = madd(x, b0, s10)
      s11 = madd(x, b1, s11)
      x = v128.load32_splat(from, 8)
      s20 = madd(x, b0, s20)
      s21 = madd(x, b1, s21)
      x = v128.load32_splat(from, 12)
      s30 = madd(x, b0, s30)
      s31 = madd(x, b1, s31)
      from += lda
      by += ldb
    }
    v128.store(c, s00)
    v128.store(c, s01, 16)
    v128.store(c1, s10)
    v128.store(c1, s11, 16)
    v128.store(c2, s20)
    v128.store(c2, s21, 16)
    v128.store(c3, s30)
    v128.store(c3, s31, 16)
    c = c3 + ldc
  }
  for (; i < k; i++) {
    let s0 = v128.load(c)
    let s1 = v128.load(c, 16)
    let from = a + (i << 2)
    let by = b
    const end = b + rows * ldb
    while (by < end) {
      const x = v128.load32_splat(from)
      s0 = madd(x, v128.load(by), s0)
      s1 = madd(x, v128.load(by, 16), s1)
      from += lda
      by += ldb
    }
    v128.store(c, s0)
    v128.store(c, s1, 16)
    c += ldc
  }
}

/** c (n) += the sum of all rows of b (rows, n). */
export function addRows(b: usize, ldb: usize, c: usize, rows: usize, n: usize): void {
  for (let j: usize = 0; j < n; j += 4) {
    const left = n - j
    let sum = take(c + (j << 2), left)
    let at = b + (j << 2)
    if (left >= 4) {
      for (let r: usize = 0; r < rows; r++) {
        sum = f32x4.add(sum, v128.load(at))
        at += ldb
      }
    } else {
      for (let r: usize = 0; r < rows; r++) {
        sum = f32x4.add(sum, take(at, left))
        at += ldb
      }
    }
    put(c + (j << 2), sum, left)
  }
}

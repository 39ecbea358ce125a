/**
 * A tile of 4 rows × 8 columns that stays in registers (8 of the 16; the loop over k is not unrolled: V8 then keeps everything
 * in registers and is fastest). `ld…` is the distance between two rows in bytes.
 */
import { cutSize, sideAt } from './scratch'
import { madd, put, take } from './simd'

/** 8 columns of c = max(low, [c +] [bias +] Σ_tap a[row + tap·shift]·w[tap]), all rows. */
export function panel(
  a: usize,
  lda: usize,
  w: usize,
  ldw: usize,
  bias: usize,
  c: usize,
  ldc: usize,
  rows: usize,
  k: usize,
  taps: usize,
  shift: usize,
  add: bool,
  low: f32
): void {
  let bias0 = f32x4.splat(0)
  let bias1 = bias0
  if (bias) {
    bias0 = v128.load(bias)
    bias1 = v128.load(bias, 16)
  }
  const least = f32x4.splat(low)
  const jump = shift * lda - (k << 2)
  let r: usize = 0
  for (; r + 4 <= rows; r += 4) {
    const c1 = c + ldc
    const c2 = c1 + ldc
    const c3 = c2 + ldc
    let s00 = bias0
    let s01 = bias1
    let s10 = bias0
    let s11 = bias1
    let s20 = bias0
    let s21 = bias1
    let s30 = bias0
    let s31 = bias1
    if (add) {
      s00 = f32x4.add(s00, v128.load(c))
      s01 = f32x4.add(s01, v128.load(c, 16))
      s10 = f32x4.add(s10, v128.load(c1))
      s11 = f32x4.add(s11, v128.load(c1, 16))
      s20 = f32x4.add(s20, v128.load(c2))
      s21 = f32x4.add(s21, v128.load(c2, 16))
      s30 = f32x4.add(s30, v128.load(c3))
      s31 = f32x4.add(s31, v128.load(c3, 16))
    }
    let a0 = a
    let a1 = a0 + lda
    let a2 = a1 + lda
    let a3 = a2 + lda
    let b = w
    for (let tap: usize = 0; tap < taps; tap++) {
      const end = a0 + (k << 2)
      while (a0 < end) {
        const b0 = v128.load(b)
        const b1 = v128.load(b, 16)
        let x = v128.load32_splat(a0)
        s00 = madd(x, b0, s00)
        s01 = madd(x, b1, s01)
        x = v128.load32_splat(a1)
        s10 = madd(x, b0, s10)
        s11 = madd(x, b1, s11)
        x = v128.load32_splat(a2)
        s20 = madd(x, b0, s20)
        s21 = madd(x, b1, s21)
        x = v128.load32_splat(a3)
        s30 = madd(x, b0, s30)
        s31 = madd(x, b1, s31)
        a0 += 4
        a1 += 4
        a2 += 4
        a3 += 4
        b += ldw
      }
      a0 += jump
      a1 += jump
      a2 += jump
      a3 += jump
    }
    v128.store(c, f32x4.max(s00, least))
    v128.store(c, f32x4.max(s01, least), 16)
    v128.store(c1, f32x4.max(s10, least))
    v128.store(c1, f32x4.max(s11, least), 16)
    v128.store(c2, f32x4.max(s20, least))
    v128.store(c2, f32x4.max(s21, least), 16)
    v128.store(c3, f32x4.max(s30, least))
    v128.store(c3, f32x4.max(s31, least), 16)
    a += lda << 2
    c = c3 + ldc
  }
  for (; r < rows; r++) {
    let s0 = bias0
    let s1 = bias1
    if (add) {
      s0 = f32x4.add(s0, v128.load(c))
      s1 = f32x4.add(s1, v128.load(c, 16))
    }
    let a0 = a
    let b = w
    for (let tap: usize = 0; tap < taps; tap++) {
      const end = a0 + (k << 2)
      while (a0 < end) {
        const x = v128.load32_splat(a0)
        s0 = madd(x, v128.load(b), s0)
        s1 = madd(x, v128.load(b, 16), s1)
        a0 += 4
        b += ldw
      }
      a0 += jump
    }
    v128.store(c, f32x4.max(s0, least))
    v128.store(c, f32x4.max(s1, least), 16)
    a += lda
    c += ldc
  }
}

/** The same for one row and all columns, straight from the row-major weights. */
export function wide(
  a: usize,
  lda: usize,
  w: usize,
  ldw: usize,
  bias: usize,
  c: usize,
  k: usize,
  n: usize,
  taps: usize,
  shift: usize,
  add: bool,
  low: f32
): void {
  const least = f32x4.splat(low)
  const jump = shift * lda - (k << 2)
  let j: usize = 0
  for (; j + 24 <= n; j += 24) {
    const at = j << 2
    let s0 = f32x4.splat(0)
    let s1 = s0
    let s2 = s0
    let s3 = s0
    let s4 = s0
    let s5 = s0
    if (bias) {
      s0 = v128.load(bias + at)
      s1 = v128.load(bias + at, 16)
      s2 = v128.load(bias + at, 32)
      s3 = v128.load(bias + at, 48)
      s4 = v128.load(bias + at, 64)
      s5 = v128.load(bias + at, 80)
    }
    if (add) {
      s0 = f32x4.add(s0, v128.load(c + at))
      s1 = f32x4.add(s1, v128.load(c + at, 16))
      s2 = f32x4.add(s2, v128.load(c + at, 32))
      s3 = f32x4.add(s3, v128.load(c + at, 48))
      s4 = f32x4.add(s4, v128.load(c + at, 64))
      s5 = f32x4.add(s5, v128.load(c + at, 80))
    }
    let a0 = a
    let b = w + at
    for (let tap: usize = 0; tap < taps; tap++) {
      const end = a0 + (k << 2)
      while (a0 < end) {
        const x = v128.load32_splat(a0)
        s0 = madd(x, v128.load(b), s0)
        s1 = madd(x, v128.load(b, 16), s1)
        s2 = madd(x, v128.load(b, 32), s2)
        s3 = madd(x, v128.load(b, 48), s3)
        s4 = madd(x, v128.load(b, 64), s4)
        s5 = madd(x, v128.load(b, 80), s5)
        a0 += 4
        b += ldw
      }
      a0 += jump
    }
    v128.store(c + at, f32x4.max(s0, least))
    v128.store(c + at, f32x4.max(s1, least), 16)
    v128.store(c + at, f32x4.max(s2, least), 32)
    v128.store(c + at, f32x4.max(s3, least), 48)
    v128.store(c + at, f32x4.max(s4, least), 64)
    v128.store(c + at, f32x4.max(s5, least), 80)
  }
  for (; j < n; j += 4) {
    const at = j << 2
    const left = n - j
    let s = bias ? take(bias + at, left) : f32x4.splat(0)
    if (add) s = f32x4.add(s, take(c + at, left))
    let a0 = a
    let b = w + at
    for (let tap: usize = 0; tap < taps; tap++) {
      const end = a0 + (k << 2)
      while (a0 < end) {
        s = madd(v128.load32_splat(a0), take(b, left), s)
        a0 += 4
        b += ldw
      }
      a0 += jump
    }
    put(c + at, f32x4.max(s, least), left)
  }
}

/** The last columns, fewer than 8, of some rows: reckoned on the side with a full packed panel, then cut off. */
export function cut(
  a: usize,
  lda: usize,
  packed: usize,
  bias: usize,
  c: usize,
  ldc: usize,
  rows: usize,
  k: usize,
  columns: usize,
  taps: usize,
  shift: usize,
  add: bool,
  low: f32
): void {
  const bytes = columns << 2
  const side = sideAt()
  const fullBias = side + cutSize
  memory.fill(fullBias, 0, 32)
  if (bias) memory.copy(fullBias, bias, bytes)
  if (add) for (let r: usize = 0; r < rows; r++) memory.copy(side + r * 32, c + r * ldc, bytes)
  panel(a, lda, packed, 32, fullBias, side, 32, rows, k, taps, shift, add, low)
  for (let r: usize = 0; r < rows; r++) memory.copy(c + r * ldc, side + r * 32, bytes)
}

/**
 * Four numbers at a time. `madd` is the one place where the variants differ: with relaxed SIMD the machine may multiply
 * and add in one rounding, without it there are two everywhere.
 */
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c)
  return f32x4.add(f32x4.mul(a, b), c)
}

/** The first `count` of four numbers at `at`; the others are 0. */
export function take(at: usize, count: usize): v128 {
  if (count >= 4) return v128.load(at)
  let x = v128.load32_zero(at)
  if (count > 1) x = f32x4.replace_lane(x, 1, load<f32>(at, 4))
  if (count > 2) x = f32x4.replace_lane(x, 2, load<f32>(at, 8))
  return x
}

/** Writes the first `count` of four numbers. */
export function put(at: usize, x: v128, count: usize): void {
  if (count >= 4) {
    v128.store(at, x)
    return
  }
  store<f32>(at, f32x4.extract_lane(x, 0))
  if (count > 1) store<f32>(at, f32x4.extract_lane(x, 1), 4)
  if (count > 2) store<f32>(at, f32x4.extract_lane(x, 2), 8)
}

export function sumOfLanes(x: v128): f32 {
  return (
    f32x4.extract_lane(x, 0) +
    f32x4.extract_lane(x, 1) +
    (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3))
  )
}

/**
 * tanh x ≈ x·P(x²) / Q(x²) on ±7.9, beyond which float32 knows ±1 only: within 3e-7 of tanh. Coefficients of the
 * rational minimax fit of degree 13/6 in Eigen (`generic_fast_tanh_float`).
 */
const coefficients: usize = memory.data<f32>([
  -2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-8,
  1.48572235717979e-5, 6.37261928875436e-4, 4.89352455891786e-3, 1.19825839466702e-6, 1.18534705686654e-4,
  2.268434632439e-3, 4.89352518554385e-3, 7.9053111
])

export function tanh4(unbounded: v128): v128 {
  const k = coefficients
  const limit = v128.load32_splat(k, 44)
  const x = f32x4.max(f32x4.min(unbounded, limit), f32x4.neg(limit))
  const x2 = f32x4.mul(x, x)
  let p = madd(v128.load32_splat(k), x2, v128.load32_splat(k, 4))
  p = madd(p, x2, v128.load32_splat(k, 8))
  p = madd(p, x2, v128.load32_splat(k, 12))
  p = madd(p, x2, v128.load32_splat(k, 16))
  p = madd(p, x2, v128.load32_splat(k, 20))
  p = madd(p, x2, v128.load32_splat(k, 24))
  let q = madd(v128.load32_splat(k, 28), x2, v128.load32_splat(k, 32))
  q = madd(q, x2, v128.load32_splat(k, 36))
  q = madd(q, x2, v128.load32_splat(k, 40))
  return f32x4.div(f32x4.mul(x, p), q)
}

/** σ(x) = ½ + ½·tanh(x/2). */
export function sigmoid4(x: v128): v128 {
  const half = f32x4.splat(0.5)
  return madd(half, tanh4(f32x4.mul(x, half)), half)
}

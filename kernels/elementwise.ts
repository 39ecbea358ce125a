/** What is done with every number alone. Activations: 0 none, 1 relu, 2 tanh, 3 sigmoid. */
import { madd, put, sigmoid4, sumOfLanes, take, tanh4 } from './simd'

export function activate(out: usize, length: usize, activation: i32): void {
  for (let i: usize = 0; i < length; i += 4) {
    const at = out + (i << 2)
    const left = length - i
    const x = take(at, left)
    put(at, activation === 2 ? tanh4(x) : sigmoid4(x), left)
  }
}

/** byOut ∘= f′, told from f's result. */
export function activationBack(out: usize, byOut: usize, length: usize, activation: i32): void {
  const one = f32x4.splat(1)
  const zero = f32x4.splat(0)
  for (let i: usize = 0; i < length; i += 4) {
    const at = byOut + (i << 2)
    const left = length - i
    const y = take(out + (i << 2), left)
    const by = take(at, left)
    if (activation === 1) put(at, v128.and(by, f32x4.gt(y, zero)), left)
    else if (activation === 2) put(at, f32x4.mul(by, f32x4.sub(one, f32x4.mul(y, y))), left)
    else put(at, f32x4.mul(by, f32x4.mul(y, f32x4.sub(one, y))), left)
  }
}

export function add(a: usize, b: usize, length: usize): void {
  for (let i: usize = 0; i < length; i += 4) {
    const at = a + (i << 2)
    put(at, f32x4.add(take(at, length - i), take(b + (i << 2), length - i)), length - i)
  }
}

export function addRelu(a: usize, b: usize, out: usize, length: usize): void {
  const zero = f32x4.splat(0)
  for (let i: usize = 0; i < length; i += 4) {
    const at = i << 2
    const left = length - i
    put(out + at, f32x4.max(f32x4.add(take(a + at, left), take(b + at, left)), zero), left)
  }
}

/** Drops the places at which the counter-based generator of src/nn/reference/dropout.ts is below `limit`. */
export function dropout(x: usize, out: usize, length: usize, limit: u32, scale: f32, seed: i32): void {
  const start = i32x4.splat(seed)
  const golden = i32x4.splat(0x9e3779b1)
  const first = i32x4.splat(0x21f0aaad)
  const second = i32x4.splat(0x735a2d97)
  const limits = i32x4.splat(limit)
  const larger = f32x4.splat(scale)
  const four = i32x4.splat(4)
  let index = i32x4(0, 1, 2, 3)
  for (let i: usize = 0; i < length; i += 4) {
    let h = v128.xor(start, i32x4.mul(index, golden))
    h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 16)), first)
    h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 15)), second)
    h = v128.xor(h, i32x4.shr_u(h, 15))
    const left = length - i
    const kept = f32x4.mul(take(x + (i << 2), left), larger)
    put(out + (i << 2), v128.andnot(kept, i32x4.lt_u(h, limits)), left)
    index = i32x4.add(index, four)
  }
}

export function maxPool(x: usize, out: usize, steps: usize, row: usize, size: usize): void {
  for (let t: usize = 0; t < steps; t++) {
    for (let i: usize = 0; i < row; i += 4) {
      const left = row - i
      const from = x + ((t * size * row + i) << 2)
      let best = take(from, left)
      for (let j: usize = 1; j < size; j++) best = f32x4.pmax(best, take(from + ((j * row) << 2), left))
      put(out + ((t * row + i) << 2), best, left)
    }
  }
}

export function maxPoolBack(x: usize, byOut: usize, byX: usize, steps: usize, row: usize, size: usize): void {
  for (let t: usize = 0; t < steps; t++) {
    for (let i: usize = 0; i < row; i += 4) {
      const left = row - i
      const at = (t * size * row + i) << 2
      let best = take(x + at, left)
      let which = i32x4.splat(0)
      for (let j: usize = 1; j < size; j++) {
        const value = take(x + at + ((j * row) << 2), left)
        const larger = f32x4.gt(value, best)
        best = v128.bitselect(value, best, larger)
        which = v128.bitselect(i32x4.splat(<i32>j), which, larger)
      }
      const by = take(byOut + ((t * row + i) << 2), left)
      for (let j: usize = 0; j < size; j++) {
        const mine = v128.and(by, i32x4.eq(which, i32x4.splat(<i32>j)))
        put(byX + at + ((j * row) << 2), mine, left)
      }
    }
  }
}

export function sumOfSquares(x: usize, length: usize): f32 {
  let even = f32x4.splat(0)
  let odd = even
  let i: usize = 0
  for (; i + 8 <= length; i += 8) {
    const a = v128.load(x + (i << 2))
    const b = v128.load(x + (i << 2), 16)
    even = madd(a, a, even)
    odd = madd(b, b, odd)
  }
  for (; i < length; i += 4) {
    const a = take(x + (i << 2), length - i)
    even = madd(a, a, even)
  }
  return sumOfLanes(f32x4.add(even, odd))
}

/** `rate` = rate / (1 − β₁ᵗ), `root` = 1 / √(1 − β₂ᵗ): see src/nn/reference/adam.ts. */
export function adam(
  value: usize,
  gradient: usize,
  m: usize,
  v: usize,
  length: usize,
  beta1: f32,
  beta2: f32,
  rest1: f32,
  rest2: f32,
  rate: f32,
  root: f32,
  epsilon: f32,
  scale: f32
): void {
  const keep1 = f32x4.splat(beta1)
  const keep2 = f32x4.splat(beta2)
  const new1 = f32x4.splat(rest1)
  const new2 = f32x4.splat(rest2)
  const step = f32x4.splat(rate)
  const unbias = f32x4.splat(root)
  const least = f32x4.splat(epsilon)
  const factor = f32x4.splat(scale)
  for (let i: usize = 0; i < length; i += 4) {
    const at = i << 2
    const left = length - i
    const g = f32x4.mul(take(gradient + at, left), factor)
    const mean = madd(take(m + at, left), keep1, f32x4.mul(new1, g))
    const square = madd(take(v + at, left), keep2, f32x4.mul(new2, f32x4.mul(g, g)))
    put(m + at, mean, left)
    put(v + at, square, left)
    const divisor = madd(f32x4.sqrt(square), unbias, least)
    const move = f32x4.div(f32x4.mul(step, mean), divisor)
    put(value + at, f32x4.sub(take(value + at, left), move), left)
  }
}

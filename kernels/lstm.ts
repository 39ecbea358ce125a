/** LSTM over a whole sequence: the formulas are in src/nn/reference/lstm.ts. Gates stand in the order i, f, g, o. */
import { bytesOfPacked, pack, packTransposed } from './panels'
import { multiply, multiplyPacked, multiplyTransposed } from './product'
import { scratchAt } from './scratch'
import { madd, put, sigmoid4, take, tanh4 } from './simd'

export function lstm(
  gates: usize,
  h: usize,
  c: usize,
  wh: usize,
  steps: usize,
  batch: usize,
  units: usize
): void {
  const ld = units << 2
  const ldg = ld * 4
  const size = batch * ld
  const packed = scratchAt(0)
  if (batch >= 4) pack(wh, ldg, units, 4 * units, packed)
  for (let t: usize = 0; t < steps; t++) {
    if (batch < 4) {
      multiply(h, ld, wh, ldg, 0, gates, ldg, batch, units, 4 * units, 1, 0, true, -Infinity, 0)
    } else {
      multiplyPacked(h, ld, packed, 0, gates, ldg, batch, units, 4 * units, 1, 0, true, -Infinity)
    }
    for (let row: usize = 0; row < batch; row++) {
      const at = row * ld
      renew(gates + row * ldg, c + at, c + size + at, h + size + at, units)
    }
    gates += batch * ldg
    h += size
    c += size
  }
}

function renew(gates: usize, c: usize, nextC: usize, nextH: usize, units: usize): void {
  const ld = units << 2
  for (let u: usize = 0; u < units; u += 4) {
    const at = gates + (u << 2)
    const left = units - u
    const i = sigmoid4(take(at, left))
    const f = sigmoid4(take(at + ld, left))
    const g = tanh4(take(at + 2 * ld, left))
    const o = sigmoid4(take(at + 3 * ld, left))
    put(at, i, left)
    put(at + ld, f, left)
    put(at + 2 * ld, g, left)
    put(at + 3 * ld, o, left)
    const cell = madd(f, take(c + (u << 2), left), f32x4.mul(i, g))
    put(nextC + (u << 2), cell, left)
    put(nextH + (u << 2), f32x4.mul(o, tanh4(cell)), left)
  }
}

export function lstmBack(
  gates: usize,
  h: usize,
  c: usize,
  wh: usize,
  byH: usize,
  byGates: usize,
  byWh: usize,
  steps: usize,
  batch: usize,
  units: usize
): void {
  const ld = units << 2
  const ldg = ld * 4
  const size = batch * ld
  const packed = scratchAt(0)
  const byC = packed + bytesOfPacked(4 * units, units)
  packTransposed(wh, ldg, 4 * units, units, packed)
  memory.fill(byC, 0, size)
  for (let t: usize = steps; t-- > 0; ) {
    const g = gates + t * batch * ldg
    const by = byGates + t * batch * ldg
    const byNow = byH + t * size
    for (let row: usize = 0; row < batch; row++) {
      const at = t * size + row * ld
      byCell(g + row * ldg, c + at, c + at + size, byNow + row * ld, byC + row * ld, by + row * ldg, units)
    }
    if (t === 0) break
    multiplyPacked(by, ldg, packed, 0, byNow - size, ld, batch, 4 * units, units, 1, 0, true, -Infinity)
  }
  multiplyTransposed(h, ld, byGates, ldg, byWh, ldg, steps * batch, units, 4 * units, packed)
}

function byCell(
  gates: usize,
  c: usize,
  nextC: usize,
  byH: usize,
  byC: usize,
  byGates: usize,
  units: usize
): void {
  const ld = units << 2
  const one = f32x4.splat(1)
  for (let u: usize = 0; u < units; u += 4) {
    const at = u << 2
    const left = units - u
    const i = take(gates + at, left)
    const f = take(gates + at + ld, left)
    const g = take(gates + at + 2 * ld, left)
    const o = take(gates + at + 3 * ld, left)
    const read = tanh4(take(nextC + at, left))
    const by = take(byH + at, left)
    const inside = f32x4.mul(f32x4.mul(by, o), f32x4.sub(one, f32x4.mul(read, read)))
    const cell = f32x4.add(take(byC + at, left), inside)
    const to = byGates + at
    put(to, f32x4.mul(f32x4.mul(cell, g), f32x4.mul(i, f32x4.sub(one, i))), left)
    put(to + ld, f32x4.mul(f32x4.mul(cell, take(c + at, left)), f32x4.mul(f, f32x4.sub(one, f))), left)
    put(to + 2 * ld, f32x4.mul(f32x4.mul(cell, i), f32x4.sub(one, f32x4.mul(g, g))), left)
    put(to + 3 * ld, f32x4.mul(f32x4.mul(by, read), f32x4.mul(o, f32x4.sub(one, o))), left)
    put(byC + at, f32x4.mul(cell, f), left)
  }
}

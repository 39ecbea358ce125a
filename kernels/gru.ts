/** GRU over a whole sequence: the formulas are in src/nn/reference/gru.ts. Gates stand in the order r, z, n. */
import { bytesOfPacked, pack, packTransposed } from './panels'
import { addRows, multiply, multiplyPacked, multiplyTransposed } from './product'
import { scratchAt } from './scratch'
import { madd, put, sigmoid4, take, tanh4 } from './simd'

export function gru(
  gates: usize,
  h: usize,
  inner: usize,
  wh: usize,
  bh: usize,
  steps: usize,
  batch: usize,
  units: usize,
  before: bool
): void {
  const ld = units << 2
  const ldg = ld * 3
  const size = batch * ld
  const biasN = bh + 2 * ld
  // Weights of r and z, and of n; packed once for all steps where rows are enough.
  const wide = batch < 4
  const gatesW = scratchAt(0)
  const innerW = gatesW + bytesOfPacked(units, 2 * units)
  if (!wide) {
    pack(wh, ldg, units, 2 * units, gatesW)
    pack(wh + 2 * ld, ldg, units, units, innerW)
  }
  for (let t: usize = 0; t < steps; t++) {
    const next = h + size
    times(h, ld, wh, ldg, gatesW, bh, gates, ldg, batch, units, 2 * units, true, wide)
    if (before) {
      for (let row: usize = 0; row < batch; row++) {
        resetState(gates + row * ldg, h + row * ld, inner + row * ld, units)
      }
      times(inner, ld, wh + 2 * ld, ldg, innerW, biasN, gates + 2 * ld, ldg, batch, units, units, true, wide)
    } else {
      times(h, ld, wh + 2 * ld, ldg, innerW, biasN, inner, ld, batch, units, units, false, wide)
    }
    for (let row: usize = 0; row < batch; row++) {
      renew(gates + row * ldg, h + row * ld, inner + row * ld, next + row * ld, units, before)
    }
    gates += batch * ldg
    inner += size
    h = next
  }
}

function times(
  a: usize,
  lda: usize,
  w: usize,
  ldw: usize,
  packed: usize,
  bias: usize,
  c: usize,
  ldc: usize,
  rows: usize,
  k: usize,
  n: usize,
  add: bool,
  wide: bool
): void {
  if (wide) multiply(a, lda, w, ldw, bias, c, ldc, rows, k, n, 1, 0, add, -Infinity, 0)
  else multiplyPacked(a, lda, packed, bias, c, ldc, rows, k, n, 1, 0, add, -Infinity)
}

/** r ← σ(r), inner = r∘h. */
function resetState(gates: usize, h: usize, inner: usize, units: usize): void {
  for (let u: usize = 0; u < units; u += 4) {
    const at = u << 2
    const left = units - u
    const r = sigmoid4(take(gates + at, left))
    put(gates + at, r, left)
    put(inner + at, f32x4.mul(r, take(h + at, left)), left)
  }
}

/** Gates are activated, and the state is renewed. */
function renew(gates: usize, h: usize, inner: usize, next: usize, units: usize, before: bool): void {
  const ld = units << 2
  for (let u: usize = 0; u < units; u += 4) {
    const at = gates + (u << 2)
    const left = units - u
    const z = sigmoid4(take(at + ld, left))
    let n = take(at + 2 * ld, left)
    if (!before) {
      const r = sigmoid4(take(at, left))
      put(at, r, left)
      n = madd(r, take(inner + (u << 2), left), n)
    }
    n = tanh4(n)
    put(at + ld, z, left)
    put(at + 2 * ld, n, left)
    // (1 − z)·n + z·h = n + z·(h − n)
    put(next + (u << 2), madd(z, f32x4.sub(take(h + (u << 2), left), n), n), left)
  }
}

export function gruBack(
  gates: usize,
  h: usize,
  inner: usize,
  wh: usize,
  byH: usize,
  byGates: usize,
  byWh: usize,
  byBh: usize,
  steps: usize,
  batch: usize,
  units: usize,
  before: bool
): void {
  const ld = units << 2
  const ldg = ld * 3
  const size = batch * ld
  const rows = steps * batch
  // Reset after: the loss by h·wh_n + bh_n of all steps. Reset before: that by r∘h of one.
  const side = scratchAt(0)
  const gatesW = side + (before ? size : rows * ld)
  const innerW = gatesW + bytesOfPacked(2 * units, units)
  packTransposed(wh, ldg, 2 * units, units, gatesW)
  packTransposed(wh + 2 * ld, ldg, units, units, innerW)
  for (let t: usize = steps; t-- > 0; ) {
    const g = gates + t * batch * ldg
    const by = byGates + t * batch * ldg
    const hNow = h + t * size
    const byNow = byH + t * size
    const innerNow = inner + t * size
    const sideNow = before ? side : side + t * size
    for (let row: usize = 0; row < batch; row++) {
      const at = row * ld
      byCandidate(
        g + row * ldg,
        hNow + at,
        innerNow + at,
        byNow + at,
        by + row * ldg,
        sideNow + at,
        units,
        before
      )
    }
    if (before) {
      multiplyPacked(by + 2 * ld, ldg, innerW, 0, side, ld, batch, units, units, 1, 0, false, -Infinity)
      for (let row: usize = 0; row < batch; row++) {
        byReset(g + row * ldg, hNow + row * ld, side + row * ld, by + row * ldg, units)
      }
    }
    if (t === 0) break
    const previous = byNow - size
    for (let row: usize = 0; row < batch; row++) {
      carry(g + row * ldg, byNow + row * ld, side + row * ld, previous + row * ld, units, before)
    }
    multiplyPacked(by, ldg, gatesW, 0, previous, ld, batch, 2 * units, units, 1, 0, true, -Infinity)
    if (!before) {
      multiplyPacked(sideNow, ld, innerW, 0, previous, ld, batch, units, units, 1, 0, true, -Infinity)
    }
  }
  addRows(byGates, ldg, byBh, rows, 2 * units)
  const byN = before ? byGates + 2 * ld : side
  addRows(byN, before ? ldg : ld, byBh + 2 * ld, rows, units)
  // From here the packed weights are no longer needed.
  const spare = gatesW
  multiplyTransposed(h, ld, byGates, ldg, byWh, ldg, rows, units, 2 * units, spare)
  multiplyTransposed(
    before ? inner : h,
    ld,
    byN,
    before ? ldg : ld,
    byWh + 2 * ld,
    ldg,
    rows,
    units,
    units,
    spare
  )
}

/** The loss by z and n before their activations, and with reset after by r and by h·wh_n + bh_n (`side`). */
function byCandidate(
  gates: usize,
  h: usize,
  inner: usize,
  byH: usize,
  byGates: usize,
  side: usize,
  units: usize,
  before: bool
): void {
  const ld = units << 2
  const one = f32x4.splat(1)
  for (let u: usize = 0; u < units; u += 4) {
    const at = u << 2
    const left = units - u
    const z = take(gates + at + ld, left)
    const n = take(gates + at + 2 * ld, left)
    const by = take(byH + at, left)
    const keep = f32x4.sub(one, z)
    const byN = f32x4.mul(f32x4.mul(by, keep), f32x4.sub(one, f32x4.mul(n, n)))
    const byZ = f32x4.mul(f32x4.mul(by, f32x4.sub(take(h + at, left), n)), f32x4.mul(z, keep))
    put(byGates + at + ld, byZ, left)
    put(byGates + at + 2 * ld, byN, left)
    if (before) continue
    const r = take(gates + at, left)
    const byR = f32x4.mul(f32x4.mul(byN, take(inner + at, left)), f32x4.mul(r, f32x4.sub(one, r)))
    put(byGates + at, byR, left)
    put(side + at, f32x4.mul(byN, r), left)
  }
}

/** The loss by r before its activation, from that by r∘h. */
function byReset(gates: usize, h: usize, side: usize, byGates: usize, units: usize): void {
  const one = f32x4.splat(1)
  for (let u: usize = 0; u < units; u += 4) {
    const at = u << 2
    const left = units - u
    const r = take(gates + at, left)
    const by = f32x4.mul(take(side + at, left), take(h + at, left))
    put(byGates + at, f32x4.mul(by, f32x4.mul(r, f32x4.sub(one, r))), left)
  }
}

/** What goes straight on to the state before: through z, and with reset before through r∘h. */
function carry(gates: usize, byH: usize, side: usize, previous: usize, units: usize, before: bool): void {
  const ld = units << 2
  for (let u: usize = 0; u < units; u += 4) {
    const at = u << 2
    const left = units - u
    let sum = madd(take(byH + at, left), take(gates + at + ld, left), take(previous + at, left))
    if (before) sum = madd(take(side + at, left), take(gates + at, left), sum)
    put(previous + at, sum, left)
  }
}

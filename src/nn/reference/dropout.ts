/**
 * Dropout — while it learns, each value is left out with a probability; the rest is made larger, so that the mean stays.
 *
 *   out = x / (1 − rate) with probability 1 − rate, else 0
 *
 * Srivastava et al. 2014 (inverted). Which place is left out depends on the seed and the index only: a counter-based
 * generator (multiply-xorshift finaliser, constants of splitmix32), so forward and backward need no mask in memory and
 * every set of kernels drops the same places.
 */
import type { Tensor } from '../architecture.ts'

export function dropout(x: Tensor, out: Tensor, length: number, rate: number, seed: number): void {
  const scale = 1 / (1 - rate)
  const limit = Math.floor(rate * 4294967296)
  for (let i = 0; i < length; i++) out[i] = uint32At(seed, i) < limit ? 0 : x[i] * scale
}

export function uint32At(seed: number, index: number): number {
  let h = seed ^ Math.imul(index, 0x9e3779b1)
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad)
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97)
  return (h ^ (h >>> 15)) >>> 0
}

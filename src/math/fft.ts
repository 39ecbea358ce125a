/**
 * Fast Fourier transform, in place, radix 2 — Cooley & Tukey 1965.
 *
 *   X[k] = Σ x[n] · e^(∓2πi·kn/N)
 *
 * `re`, `im` (N) with N a power of two; `inverse` takes e^(+…) and divides by N.
 */
import { requireOption } from '../base/index.ts'

export function fft(re: Float64Array, im: Float64Array, inverse = false): void {
  const n = re.length
  requireOption(n > 0 && (n & (n - 1)) === 0, 'length', n, 'a power of two')
  reverseBits(re, im)
  const turn = ((inverse ? 2 : -2) * Math.PI) / n
  const cos = Float64Array.from({ length: n >> 1 }, (_, k) => Math.cos(turn * k))
  const sin = Float64Array.from({ length: n >> 1 }, (_, k) => Math.sin(turn * k))
  for (let size = 2; size <= n; size *= 2) {
    const half = size / 2
    const stride = n / size
    for (let start = 0; start < n; start += size) {
      for (let i = start, j = start + half, w = 0; i < start + half; i++, j++, w += stride) {
        const tr = re[j] * cos[w] - im[j] * sin[w]
        const ti = re[j] * sin[w] + im[j] * cos[w]
        re[j] = re[i] - tr
        im[j] = im[i] - ti
        re[i] += tr
        im[i] += ti
      }
    }
  }
  if (!inverse) return
  for (let i = 0; i < n; i++) {
    re[i] /= n
    im[i] /= n
  }
}

function reverseBits(re: Float64Array, im: Float64Array): void {
  const n = re.length
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1
    for (; j & bit; bit >>= 1) j ^= bit
    j ^= bit
    if (i >= j) continue
    ;[re[i], re[j]] = [re[j], re[i]]
    ;[im[i], im[j]] = [im[j], im[i]]
  }
}

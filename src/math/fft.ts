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
  for (let size = 2; size <= n; size *= 2) {
    const half = size / 2
    const angle = ((inverse ? 2 : -2) * Math.PI) / size
    for (let k = 0; k < half; k++) {
      const c = Math.cos(angle * k)
      const s = Math.sin(angle * k)
      for (let i = k; i < n; i += size) {
        const j = i + half
        const tr = re[j] * c - im[j] * s
        const ti = re[j] * s + im[j] * c
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

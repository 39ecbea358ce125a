/**
 * The state of a stationary ARMA before anything was seen: P = T P Tᵀ + R Rᵀ.
 *
 *   γ[k] − Σ φ[i] γ[|k−i|] = Σ_{j ≥ k} θ[j] ψ[j−k],  k = 0 … p'                    autocovariances, σ² = 1
 *   P[0,j] = Σ_{k ≥ j} φ[k+1] γ[k−j+1] + θ[k] ψ[k−j]                               Cov(w[t], α[t,j])
 *   P[i,j] = φᵢ φⱼ P[0,0] + φᵢ P[0,j+1] + φⱼ P[0,i+1] + P[i+1,j+1] + θᵢ θⱼ         from the last row upwards
 *
 * Brockwell & Davis 1991 §3.3 for γ; the rest is the equation itself, written out for a companion T. O(p'³ + r²),
 * where solving it for all of P at once (Gardner 1980) takes O(r⁶) and doubling O(r³ log).
 */

/** phi (r) = φ₁ …, load (r) = 1, θ₁ …; P into the leading r × r of `out`, whose rows are `stride` apart. */
export function stationaryVariance(
  phi: Float64Array,
  load: Float64Array,
  out: Float64Array,
  stride: number
): void {
  const r = phi.length
  const psi = new Float64Array(r)
  for (let k = 0; k < r; k++) {
    psi[k] = load[k]
    for (let i = 1; i <= k; i++) psi[k] += phi[i - 1] * psi[k - i]
  }
  const gamma = autocovariances(phi, load, psi)
  for (let j = 1; j < r; j++) {
    let sum = 0
    for (let k = j; k < r; k++) sum += phi[k] * gamma[k - j + 1] + load[k] * psi[k - j]
    out[j] = sum
  }
  out[0] = gamma[0]
  const first = out.slice(0, r)
  const at = (j: number) => (j < r ? first[j] : 0)
  for (let i = r - 1; i >= 1; i--) {
    for (let j = r - 1; j >= i; j--) {
      const below = j + 1 < r ? out[(i + 1) * stride + j + 1] : 0
      const value =
        phi[i] * phi[j] * first[0] + phi[i] * at(j + 1) + phi[j] * at(i + 1) + below + load[i] * load[j]
      out[i * stride + j] = value
      out[j * stride + i] = value
    }
    out[i * stride] = first[i]
  }
}

/** γ[0..r]. */
function autocovariances(phi: Float64Array, load: Float64Array, psi: Float64Array): Float64Array {
  const r = phi.length
  let p = r
  while (p > 0 && phi[p - 1] === 0) p--
  const n = p + 1
  const a = new Float64Array(n * n)
  const gamma = new Float64Array(r + 1)
  const right = (k: number) => {
    let sum = 0
    for (let j = k; j < r; j++) sum += load[j] * psi[j - k]
    return sum
  }
  for (let k = 0; k < n; k++) {
    a[k * n + k] += 1
    for (let i = 1; i <= p; i++) a[k * n + Math.abs(k - i)] -= phi[i - 1]
    gamma[k] = right(k)
  }
  eliminate(a, gamma, n)
  for (let k = n; k <= r; k++) {
    gamma[k] = right(k)
    for (let i = 1; i <= p; i++) gamma[k] += phi[i - 1] * gamma[k - i]
  }
  return gamma
}

/** Gauss with the largest pivot: x (n) over b. */
function eliminate(a: Float64Array, b: Float64Array, n: number): void {
  for (let c = 0; c < n; c++) {
    let best = c
    for (let i = c + 1; i < n; i++) if (Math.abs(a[i * n + c]) > Math.abs(a[best * n + c])) best = i
    if (best !== c) {
      for (let j = c; j < n; j++) [a[c * n + j], a[best * n + j]] = [a[best * n + j], a[c * n + j]]
      const swap = b[c]
      b[c] = b[best]
      b[best] = swap
    }
    for (let i = c + 1; i < n; i++) {
      const f = a[i * n + c] / a[c * n + c]
      if (f === 0) continue
      for (let j = c; j < n; j++) a[i * n + j] -= f * a[c * n + j]
      b[i] -= f * b[c]
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let j = i + 1; j < n; j++) b[i] -= a[i * n + j] * b[j]
    b[i] /= a[i * n + i]
  }
}

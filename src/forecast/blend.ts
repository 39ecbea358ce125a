/**
 * Blend — now and this time last week, each trusted as far as it was right at that horizon.
 */
import { DAY, requireOption, type Series } from '../base/index.ts'
import type { FitOptions, Forecaster } from '../roles.ts'
import { fitOnline, type Method, type PointModel } from './online.ts'

export interface BlendOptions {
  readonly season?: number
}
export const P = {
  lam: 0.9995,
  ridge: 0.02,
  power: 6,
  lamH: 0.999,
  aProf: 0.3,
  rFast: 0.1,
  rSlow: 0.01,
  useCorr: true,
  spread: true
}

export function blend({ season = 0 }: BlendOptions = {}): Forecaster {
  requireOption(
    Number.isInteger(season) && season >= 0,
    'season',
    season,
    'a whole number of steps, 0 = day and week'
  )
  const method: Method = {
    name: 'blend',
    version: '1',
    needs: 1,
    start: (history, horizon) => ({ model: start(history, horizon, season), from: 0 })
  }
  return {
    name: 'blend',
    fit: (history: Series, options?: FitOptions) => fitOnline(method, history, options)
  }
}

interface Profile {
  readonly m: number
  mean: Float64Array
  last: Float64Array
  visits: Uint16Array
  fy: number
  fp: number
  sy: number
  sp: number
}

function start(history: Series, H: number, season: number): PointModel {
  const day = Math.round(DAY / history.stepMs)
  const lengths = season > 1 ? [season] : [day, 7 * day].filter((m) => m >= 2 && m <= 200_000)
  const profiles: Profile[] = lengths.map((m) => ({
    m,
    mean: new Float64Array(m).fill(NaN),
    last: new Float64Array(m).fill(NaN),
    visits: new Uint16Array(m),
    fy: 0,
    fp: 0,
    sy: 0,
    sp: 0
  }))
  const F = 4 + 3 * profiles.length
  const nodes: number[] = []
  for (let h = 1; h < H; h = Math.max(h + 1, Math.round(h * 1.4))) nodes.push(h)
  nodes.push(H)
  const K = nodes.length
  const ring = new Float64Array(H * K * F).fill(NaN)
  const ringBase = new Float64Array(H * K).fill(NaN)
  const ringCorr = new Float64Array(H * K).fill(0)
  const ringScale = new Float64Array(H).fill(NaN)
  const A = new Float64Array(K * F * F)
  const b = new Float64Array(K * F)
  const v = new Float64Array(K * F)
  const loss = new Float64Array(K * F)
  const lossW = new Float64Array(K * F)
  const w = new Float64Array(K * F)
  const gNum = new Float64Array(K)
  const gDen = new Float64Array(K).fill(1e-9)
  // spread regression
  const S = 3
  const SA = new Float64Array(K * S * S)
  const Sb = new Float64Array(K * S)
  const Sv = new Float64Array(K * S)
  const vol = new Float64Array(K)
  const ringMean = new Float64Array(H * K).fill(NaN)
  const ringVol = new Float64Array(H * K).fill(NaN)
  let t = 0
  let lastY = NaN
  let fast = NaN
  let slow = NaN
  let lvl = NaN
  let tr = 0
  const x = new Float64Array(F)
  const L = new Float64Array(F * F)

  function experts(h: number): void {
    x[0] = lastY
    x[1] = fast
    x[2] = slow
    let damp = 0
    for (let k = 1, d = 0.9; k <= h && k < 60; k++, d *= 0.9) damp += d
    x[3] = lvl + tr * damp
    let i = 4
    for (const p of profiles) {
      const phase = (t + h - 1) % p.m
      const s = p.mean[phase]
      x[i++] = p.fp > 0 ? (s * p.fy) / p.fp : s
      x[i++] = p.sp > 0 ? (s * p.sy) / p.sp : s
      x[i++] = p.last[phase]
    }
  }

  /** base + correction for node weights k (interpolated between k and k+1 by f) */
  let outBase = 0
  let outCorr = 0
  function combine(k: number, k2: number, f: number): void {
    let sum = 0
    let tot = 0
    for (let j = 0; j < F; j++) {
      if (Number.isNaN(x[j])) continue
      const wj = w[k * F + j] * (1 - f) + w[k2 * F + j] * f
      sum += wj * x[j]
      tot += wj
    }
    const base = tot > 0 ? sum / tot : lastY
    let corr = 0
    for (let j = 0; j < F; j++) {
      if (Number.isNaN(x[j])) continue
      corr += (v[k * F + j] * (1 - f) + v[k2 * F + j] * f) * (x[j] - base)
    }
    outBase = base
    outCorr = corr
  }

  function gain(k: number): number {
    return P.useCorr ? Math.max(0, Math.min(1, gNum[k] / gDen[k])) : 0
  }

  function learn(y: number): void {
    for (let k = 0; k < K; k++) {
      const h = nodes[k]
      if (t + 1 < h) continue
      const row = (t + 1 - h) % H
      const base = ringBase[row * K + k]
      if (Number.isNaN(base)) continue
      const s = ringScale[row]
      if (!(s > 0)) continue
      const o = (row * K + k) * F
      const e = (y - base) / s
      const c = ringCorr[row * K + k] / s
      gNum[k] = gNum[k] * P.lamH + e * c
      gDen[k] = gDen[k] * P.lamH + c * c
      const kf = k * F
      for (let j = 0; j < F; j++) {
        const xj = ring[o + j]
        if (Number.isNaN(xj)) continue
        const err = (y - xj) / s
        loss[kf + j] = loss[kf + j] * P.lamH + err * err
        lossW[kf + j] = lossW[kf + j] * P.lamH + 1
      }
      const kff = kf * F
      for (let j = 0; j < F; j++) {
        const dj = Number.isNaN(ring[o + j]) ? 0 : (ring[o + j] - base) / s
        b[kf + j] = b[kf + j] * P.lam + dj * e
        for (let i = 0; i <= j; i++) {
          const di = Number.isNaN(ring[o + i]) ? 0 : (ring[o + i] - base) / s
          A[kff + j * F + i] = A[kff + j * F + i] * P.lam + dj * di
        }
      }
      // weights
      let best = Infinity
      for (let j = 0; j < F; j++)
        if (lossW[kf + j] > 0) best = Math.min(best, (loss[kf + j] + 1e-12) / lossW[kf + j])
      for (let j = 0; j < F; j++)
        w[kf + j] = lossW[kf + j] > 0 ? (best / ((loss[kf + j] + 1e-12) / lossW[kf + j])) ** P.power : 0.01
      if ((t + k) % 4 === 0) solve(k)
      // spread
      const m = ringMean[row * K + k]
      const r = Math.log(Math.abs(y - m) + 1e-3 * s)
      const f0 = 1
      const f1 = Math.log(Math.abs(m) + 1e-2 * s)
      const f2 = Math.log(ringVol[row * K + k] + 1e-3 * s)
      const ff = [f0, f1, f2]
      for (let i = 0; i < S; i++) {
        Sb[k * S + i] = Sb[k * S + i] * P.lam + ff[i] * r
        for (let j = 0; j < S; j++) SA[(k * S + i) * S + j] = SA[(k * S + i) * S + j] * P.lam + ff[i] * ff[j]
      }
      vol[k] += 0.05 * (Math.abs(y - m) - vol[k])
    }
  }

  function solve(k: number): void {
    const kf = k * F
    const kff = kf * F
    let trace = 0
    for (let j = 0; j < F; j++) trace += A[kff + j * F + j]
    const rho = (P.ridge * trace) / F + 1e-9
    for (let j = 0; j < F; j++) {
      for (let i = 0; i <= j; i++) {
        let s = A[kff + j * F + i] + (i === j ? rho : 0)
        for (let q = 0; q < i; q++) s -= L[j * F + q] * L[i * F + q]
        L[j * F + i] = i === j ? Math.sqrt(Math.max(s, 1e-300)) : s / L[i * F + i]
      }
    }
    for (let j = 0; j < F; j++) {
      let s = b[kf + j]
      for (let q = 0; q < j; q++) s -= L[j * F + q] * v[kf + q]
      v[kf + j] = s / L[j * F + j]
    }
    for (let j = F - 1; j >= 0; j--) {
      let s = v[kf + j]
      for (let q = j + 1; q < F; q++) s -= L[q * F + j] * v[kf + q]
      v[kf + j] = s / L[j * F + j]
    }
    // spread regression 3x3 w/ ridge toward (p=.5, vol=0)
    solveSpread(k)
  }
  function solveSpread(k: number): void {
    const a = Array.from({ length: S }, (_, i) =>
      Array.from({ length: S + 1 }, (_, j) => (j < S ? SA[(k * S + i) * S + j] : Sb[k * S + i]))
    )
    const n = a[0][0]
    if (n < 20) return
    for (let i = 1; i < S; i++) {
      a[i][i] += 0.02 * n
    }
    a[1][S] += 0.02 * n * 0.5
    for (let i = 0; i < S; i++) {
      for (let r = i + 1; r < S; r++) {
        const m = a[r][i] / a[i][i]
        for (let c = i; c <= S; c++) a[r][c] -= m * a[i][c]
      }
    }
    for (let i = S - 1; i >= 0; i--) {
      let s = a[i][S]
      for (let c = i + 1; c < S; c++) s -= a[i][c] * Sv[k * S + c]
      Sv[k * S + i] = s / a[i][i]
    }
  }

  function remember(): void {
    const row = t % H
    const s = Number.isNaN(slow) ? NaN : Math.abs(slow) + 1e-9
    ringScale[row] = s
    for (let k = 0; k < K; k++) {
      experts(nodes[k])
      ring.set(x, (row * K + k) * F)
      combine(k, k, 0)
      ringBase[row * K + k] = outBase
      ringCorr[row * K + k] = outCorr
      ringMean[row * K + k] = outBase + gain(k) * outCorr
      ringVol[row * K + k] = vol[k]
    }
  }

  w.fill(0.01)
  for (let k = 0; k < K; k++) w[k * F] = 1

  return {
    observe(y) {
      if (!Number.isNaN(y)) {
        learn(y)
        for (const p of profiles) {
          const phase = t % p.m
          const s = p.mean[phase]
          if (!Number.isNaN(s)) {
            p.fy += P.rFast * (y - p.fy)
            p.fp += P.rFast * (s - p.fp)
            p.sy += P.rSlow * (y - p.sy)
            p.sp += P.rSlow * (s - p.sp)
          }
          p.visits[phase]++
          p.mean[phase] = Number.isNaN(s) ? y : s + Math.max(P.aProf, 1 / p.visits[phase]) * (y - s)
          p.last[phase] = y
        }
        const first = Number.isNaN(lastY)
        lastY = y
        fast = first ? y : fast + 0.3 * (y - fast)
        slow = first ? y : slow + 0.03 * (y - slow)
        const before = lvl
        lvl = first ? y : 0.5 * y + 0.5 * (lvl + 0.9 * tr)
        tr = first ? 0 : 0.1 * (lvl - before) + 0.9 * 0.9 * tr
      }
      t++
      remember()
    },
    ahead(out) {
      let k = 0
      for (let h = 1; h <= out.length; h++) {
        while (k + 1 < K && nodes[k + 1] <= h) k++
        const k2 = Math.min(K - 1, k + 1)
        const f = k2 === k || h >= nodes[k2] ? 0 : (h - nodes[k]) / (nodes[k2] - nodes[k])
        experts(h)
        combine(k, k2, f)
        out[h - 1] = outBase + (gain(k) * (1 - f) + gain(k2) * f) * outCorr
      }
    },
    spread(mean, out) {
      let k = 0
      for (let h = 1; h <= out.length; h++) {
        while (k + 1 < K && nodes[k + 1] <= h) k++
        const s = Math.abs(slow) + 1e-9
        out[h - 1] =
          !P.spread || Sv[k * S] === 0
            ? 1
            : Math.exp(
                Sv[k * S] +
                  Sv[k * S + 1] * Math.log(Math.abs(mean[h - 1]) + 1e-2 * s) +
                  Sv[k * S + 2] * Math.log(vol[k] + 1e-3 * s)
              )
        if (!(out[h - 1] > 0)) out[h - 1] = 1
      }
    },
    parameters: () => ({ seasons: lengths, weights: Array.from(w, (u) => Math.round(u * 1e4) / 1e4) })
  }
}

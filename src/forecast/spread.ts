/**
 * Spread — how far off a forecast of this size, after errors of that size, usually is.
 *
 *   log σ = a + p·log(|ŷ| + ε) + q·log(r + ε)      per horizon, discounted least squares on log(|y − ŷ| + u/5)
 *   σ within [u/5, 3u]
 *
 * ŷ the forecast, r the running mean error at that horizon when it was made, u the usual one: p is ½ for counts of
 * independent events and 1 for proportional noise (Taylor's law), q > 0 where quiet and loud spells alternate
 * (Engle 1982). The ridge pulls p to ½ and q to 0 until data say otherwise. Only ratios matter, conformal scores set
 * the size; u/5 in both places is for loads that idle at zero between bursts, where log |y − ŷ| says little.
 */
import type { Horizons } from './horizons.ts'

export interface Spread {
  /** σ of a forecast for horizon h. `floor` (> 0) is an error too small to matter, 1 % of the load's size. */
  sigma(h: number, forecast: number, floor: number): number
  /** The value that came at node k for `forecast`, made when the running error was `running`. */
  learn(k: number, y: number, forecast: number, running: number, floor: number): void
  /** r at node k; `NaN` when nothing was scored. */
  running(k: number): number
}

const memory = 4_000
const runningRate = 0.05
const usualRate = 0.001
const ridgeShare = 0.05
/** Before errors are known u is a quarter of the load's size (25 floors), worth five errors: the first may be tiny by luck. */
const [firstGuess, guessWeight] = [25, 5]
/** How far below and above the usual σ may be: a burst once in a day must not promise another of ten times its size. */
const [lower, upper] = [5, 3]

export function spreads({ nodes, below, above, share }: Horizons): Spread {
  const gamma = 1 - 1 / memory
  const count = new Float64Array(nodes.length)
  const sums = Array.from({ length: 8 }, () => new Float64Array(nodes.length))
  const [s1, s2, st, s11, s12, s22, s1t, s2t] = sums
  const a = new Float64Array(nodes.length).fill(NaN)
  const p = new Float64Array(nodes.length).fill(0.5)
  const q = new Float64Array(nodes.length)
  const recent = new Float64Array(nodes.length).fill(NaN)
  const usual = new Float64Array(nodes.length).fill(NaN)
  const times = new Uint32Array(nodes.length)

  function learn(k: number, y: number, forecast: number, running: number, floor: number): void {
    const miss = Math.abs(y - forecast)
    recent[k] = Number.isNaN(recent[k]) ? miss : recent[k] + runningRate * (miss - recent[k])
    if (times[k] === 0) usual[k] = firstGuess * floor
    usual[k] += Math.max(usualRate, 1 / (guessWeight + ++times[k])) * (miss - usual[k])
    if (Number.isNaN(running)) return
    const x1 = Math.log(Math.abs(forecast) + floor)
    const x2 = Math.log(running + floor)
    const target = Math.log(miss + floor + usual[k] / lower)
    count[k] = count[k] * gamma + 1
    s1[k] = s1[k] * gamma + x1
    s2[k] = s2[k] * gamma + x2
    st[k] = st[k] * gamma + target
    s11[k] = s11[k] * gamma + x1 * x1
    s12[k] = s12[k] * gamma + x1 * x2
    s22[k] = s22[k] * gamma + x2 * x2
    s1t[k] = s1t[k] * gamma + x1 * target
    s2t[k] = s2t[k] * gamma + x2 * target
    if (count[k] >= 30) solve(k)
  }

  /** Normal equations centred on the means, so that the ridge leaves the constant alone. */
  function solve(k: number): void {
    const n = count[k]
    const [m1, m2, mt] = [s1[k] / n, s2[k] / n, st[k] / n]
    const ridge = ridgeShare * n
    const c11 = s11[k] - n * m1 * m1 + ridge
    const c12 = s12[k] - n * m1 * m2
    const c22 = s22[k] - n * m2 * m2 + ridge
    const c1t = s1t[k] - n * m1 * mt + 0.5 * ridge
    const c2t = s2t[k] - n * m2 * mt
    p[k] = within(0, 1.5, (c1t * c22 - c2t * c12) / (c11 * c22 - c12 * c12))
    q[k] = within(0, 1.5, (c2t - c12 * p[k]) / c22)
    a[k] = mt - p[k] * m1 - q[k] * m2
  }

  function sigma(h: number, forecast: number, floor: number): number {
    const i = Math.min(h, below.length) - 1
    const [k, k2, f] = [below[i], above[i], share[i]]
    const mix = (of: Float64Array) => of[k] + f * (of[k2] - of[k])
    const r = mix(recent)
    const log = mix(a) + mix(p) * Math.log(Math.abs(forecast) + floor)
    const learned = Math.exp(log + (Number.isNaN(r) ? 0 : mix(q) * Math.log(r + floor)))
    const known = mix(usual)
    const u = (Number.isNaN(known) ? firstGuess * floor : known) + floor
    // Not learned yet: all forecasts alike.
    if (Number.isNaN(learned)) return u
    return Math.max(floor, within(u / lower, u * upper, learned))
  }

  return { sigma, learn, running: (k) => recent[k] }
}

const within = (low: number, high: number, value: number) => Math.min(high, Math.max(low, value))

/**
 * Erlang B and C — how often all servers of a waiting room are busy, and how long one then waits.
 *
 *   A = λ/μ erlangs offered to c servers, ρ = A/c
 *   1/B = Σ_{j=0..c} Π_{i<j} (c − i)/A          blocked, when nobody may wait   (M/M/c/c)
 *   C   = B / (1 − ρ(1 − B))                    waits, when everybody may wait  (M/M/c)
 *   E[W] = C/(cμ − λ)      P(W > t) = C·e^{−(cμ−λ)t}
 *
 * A. K. Erlang 1917; the forms are those of Gross & Harris, *Fundamentals of Queueing Theory*, ch. 2. The sum for 1/B is
 * the recurrence B ← A·B/(k + A·B) unrolled from the far end: its terms are positive, so nothing cancels, and it ends
 * as soon as what is left cannot be seen: after about √c terms near saturation, earlier elsewhere.
 */
import { requireOption } from '../base/index.ts'

/** Probabilities below this are returned as 0: one in 10^15 arrivals is none. */
const NEVER = 1e-15
/** Terms this small against the sum change it by less than a rounding, together with all that follow. */
const UNSEEN = 1e-18

/** Probability that `erlangs` offered to `servers` servers without a waiting room are blocked. Good to 1e-12, c ≤ 10^5. */
export function erlangB(servers: number, erlangs: number): number {
  check(servers, erlangs)
  return blocked(servers, erlangs)
}

/** Probability that an arrival has to wait. 1 when the offered load is not below the servers: then everybody waits. */
export function erlangC(servers: number, erlangs: number): number {
  check(servers, erlangs)
  return waits(servers, erlangs)
}

/** The same without looking at its arguments, for loops that made them: `servers` whole, `erlangs` ≥ 0. */
export function waits(servers: number, erlangs: number): number {
  if (erlangs >= servers) return 1
  const b = blocked(servers, erlangs)
  return b / (1 - (erlangs / servers) * (1 - b))
}

function blocked(servers: number, erlangs: number): number {
  let term = 1
  let sum = 1
  for (let left = servers; left > 0; left--) {
    term *= left / erlangs
    sum += term
    if (sum > 1 / NEVER) return 0
    if (term < sum * UNSEEN) break
  }
  return 1 / sum
}

/**
 * Mean wait of all arrivals, those that do not wait included. Rates in events/s give seconds, events/ms milliseconds.
 * `Infinity` when the arrivals are not fewer than what all servers together serve.
 */
export function meanWait(servers: number, serviceRate: number, arrivalRate: number): number {
  const spare = spareOf(servers, serviceRate, arrivalRate)
  return spare > 0 ? waits(servers, arrivalRate / serviceRate) / spare : Number.POSITIVE_INFINITY
}

/** P(W > t): share of arrivals that wait longer than `time`, in the time unit of the rates. 1 when overloaded. */
export function waitTail(servers: number, serviceRate: number, arrivalRate: number, time: number): number {
  const spare = spareOf(servers, serviceRate, arrivalRate)
  if (!(spare > 0) || time < 0) return 1
  return waits(servers, arrivalRate / serviceRate) * Math.exp(-spare * time)
}

/**
 * Asymptotic latency base/(1 − ρ) — the M/M/1 curve that is often drawn for any number of servers.
 *
 * An upper bound with one server's pessimism: at ρ = 0.8 it says 5·base, where M/M/5 has 1.55·base and M/M/20
 * 1.06·base. `Infinity` from ρ = 1 on.
 */
export function asymptoticLatency(base: number, rho: number): number {
  return rho < 1 ? base / (1 - rho) : Number.POSITIVE_INFINITY
}

function spareOf(servers: number, serviceRate: number, arrivalRate: number): number {
  requireOption(serviceRate > 0, 'serviceRate', serviceRate, 'a positive rate')
  check(servers, arrivalRate / serviceRate)
  return servers * serviceRate - arrivalRate
}

function check(servers: number, erlangs: number): void {
  requireOption(Number.isInteger(servers) && servers >= 0, 'servers', servers, 'a whole number, at least 0')
  requireOption(erlangs >= 0, 'erlangs', erlangs, 'a load of at least 0')
}

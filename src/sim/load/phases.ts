/**
 * Phases — a load written down as load generators take it: for so long, at this rate, rising or falling to that one.
 *
 *   rate(t) = arrivalRate + (rampTo − arrivalRate) · t/duration      within a phase
 *
 * The words are those of Artillery's `phases` (`duration`, `arrivalRate`, `rampTo`). A step's value is the mean of rate(t)
 * over the step, exactly, also where a phase ends inside it.
 */
import { parseDuration, requireOption, type Series, series } from '../../base/index.ts'

export interface Phase {
  /** `90s`, `10m`, `PT1H` or milliseconds. */
  readonly duration: string | number
  /** Events per second at the beginning of the phase. */
  readonly arrivalRate: number
  /** Events per second at its end; absent: the rate stays. */
  readonly rampTo?: number
}

/**
 * Expected rates in events/s, a value for every step that the phases touch; behind the last phase nothing comes. Hand it to
 * `poissonArrivals` for events. Throws `BAD_OPTION` for no phase, a negative rate or an empty duration.
 */
export function phaseRates(
  phases: readonly Phase[],
  { stepMs, startMs = 0 }: { readonly stepMs: number; readonly startMs?: number }
): Series {
  requireOption(phases.length > 0, 'phases', phases, 'a list of at least one phase')
  requireOption(stepMs > 0 && Number.isFinite(stepMs), 'stepMs', stepMs, 'a positive number of milliseconds')
  const read = phases.map(readPhase)
  const totalMs = read.reduce((sum, phase) => sum + phase.durationMs, 0)
  const values = new Float64Array(Math.ceil(totalMs / stepMs))
  let beganMs = 0
  for (const { durationMs, from, to } of read) {
    const endMs = beganMs + durationMs
    for (let step = Math.floor(beganMs / stepMs); step * stepMs < endMs; step++) {
      const a = Math.max(beganMs, step * stepMs)
      const b = Math.min(endMs, (step + 1) * stepMs)
      // A ramp's mean over a piece is its value in the middle.
      const middle = (a + b) / 2 - beganMs
      values[step] += ((b - a) / stepMs) * (from + ((to - from) * middle) / durationMs)
    }
    beganMs = endMs
  }
  return series(stepMs, values, { startMs })
}

function readPhase({ duration, arrivalRate, rampTo = arrivalRate }: Phase, i: number) {
  const name = `phases[${i}]`
  const durationMs = parseDuration(duration, `${name}.duration`)
  requireOption(durationMs > 0, `${name}.duration`, duration, 'longer than nothing')
  requireRate(`${name}.arrivalRate`, arrivalRate)
  requireRate(`${name}.rampTo`, rampTo)
  return { durationMs, from: arrivalRate, to: rampTo }
}

function requireRate(name: string, rate: number): void {
  requireOption(rate >= 0 && Number.isFinite(rate), name, rate, 'a rate of at least 0 events/s')
}

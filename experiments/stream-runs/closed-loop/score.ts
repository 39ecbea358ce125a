/**
 * Two ways to count late seconds, and the rest of a row.
 *
 *   published   share of the 10 s bins with a latency gauge whose mean is over 2 s; while the job is down there is no gauge
 *   strict      share of the seconds that are over 2 s or in which the job was down
 */
import type { StepOutcome } from '../../../src/roles.ts'
import { BIN_S, SLO_MS } from '../worlds.ts'

export interface Score {
  readonly published: number
  readonly strict: number
  readonly meanUnits: number
  readonly rescales: number
}

/** What happened in each second of one run. */
export interface Seconds {
  readonly latencyMs: Float32Array
  readonly down: Float32Array
  readonly units: Float32Array
  /** Seconds written so far. */
  count: number
  rescales: number
}

export function newSeconds(length: number): Seconds {
  const array = () => new Float32Array(length)
  return { latencyMs: array(), down: array(), units: array(), count: 0, rescales: 0 }
}

/** One more second. Every change of the size counts as one rescale. */
export function note(seconds: Seconds, { latencyMs, down = 0, ready, starting }: StepOutcome): void {
  const i = seconds.count++
  seconds.latencyMs[i] = latencyMs
  seconds.down[i] = down
  seconds.units[i] = ready + starting
  if (i > 0 && seconds.units[i] !== seconds.units[i - 1]) seconds.rescales++
}

export function score(seconds: Seconds): Score {
  const { latencyMs, down, units, count } = seconds
  let gauges = 0
  let lateGauges = 0
  let late = 0
  let sumUnits = 0
  for (let from = 0; from < count; from += BIN_S) {
    let sum = 0
    let up = 0
    for (let i = from; i < Math.min(from + BIN_S, count); i++) {
      sumUnits += units[i]
      if (down[i] > 0 || latencyMs[i] > SLO_MS) late++
      if (down[i] > 0) continue
      sum += latencyMs[i]
      up++
    }
    if (up === 0) continue
    gauges++
    if (sum / up > SLO_MS) lateGauges++
  }
  return {
    published: lateGauges / gauges,
    strict: late / count,
    meanUnits: sumUnits / count,
    rescales: seconds.rescales
  }
}

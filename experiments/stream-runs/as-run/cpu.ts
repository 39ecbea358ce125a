/**
 * CPU of a slot, by least squares on the reactive run, whose slots carry very different loads.
 *
 *   cpu = idle + load per slot / (at0 · e^(perHour · h))
 *
 * Quiet samples only: the size has not changed for 400 s and no failure was near, so that the spike of a restart is gone.
 */
import { SECOND } from '../../../src/base/index.ts'
import { nelderMead } from '../../../src/math/index.ts'
import { BIN_S, FAILURES_MS, type RecordedRun } from '../worlds.ts'
import type { Rescale } from './replay.ts'

export interface CpuFit {
  readonly idle: number
  readonly at0: number
  readonly perHour: number
  /** Root of the mean squared residual, as a share of CPU. */
  readonly residual: number
  readonly samples: number
}

export function fitCpu(run: RecordedRun, rescales: readonly Rescale[], load: Float64Array): CpuFit {
  const events = [...FAILURES_MS.map((ms) => ms / SECOND), ...rescales.map((rescale) => rescale.atS)]
  const samples: { hours: number; perSlot: number; cpu: number }[] = []
  for (let i = 0; i < run.cpu.length; i++) {
    const atS = i * BIN_S
    if (!(run.cpu[i] > 0 && run.slots[i] > 0)) continue
    if (events.some((event) => atS > event - 30 && atS < event + 400)) continue
    samples.push({ hours: atS / 3600, perSlot: load[atS] / run.slots[i], cpu: run.cpu[i] })
  }
  const loss = ([idle, logAt0, perHour]: readonly number[]) =>
    samples.reduce((sum, { hours, perSlot, cpu }) => {
      const error = idle + perSlot / Math.exp(logAt0 + perHour * hours) - cpu
      return sum + error * error
    }, 0) / samples.length
  const best = nelderMead(loss, [0.1, Math.log(25_000), -0.02], {
    step: [0.05, 0.2, 0.01],
    maxEvaluations: 600
  })
  const [idle, logAt0, perHour] = best.x
  return { idle, at0: Math.exp(logAt0), perHour, residual: Math.sqrt(best.value), samples: samples.length }
}

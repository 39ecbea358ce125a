/** A recorded run replayed in the stream world: its own rescales at its own times, its gauges beside ours. */
import { HOUR, SECOND } from '../../../src/base/index.ts'
import { rankCorrelation } from '../../../src/math/index.ts'
import { type OutageConfig, type OverTime, overTime, stream } from '../../../src/sim/index.ts'
import {
  BIN_S,
  CARS_METRICS,
  carsWorld,
  FAILURES_MS,
  JOB,
  type RecordedRun,
  RUN_S,
  SLO_MS
} from '../worlds.ts'

/** A rescale as the record shows it; `from` = `to` is a redeploy at the same size. */
export interface Rescale {
  readonly atS: number
  readonly from: number
  readonly to: number
  /** Seconds without slots between the old size and the new one: a full redeploy takes the old ones away first. */
  readonly absentS: number
}

/** TaskManagers dip for up to a minute at an injected failure: that is no rescale. */
const FAILURE_SHADOW_S = { before: 15, after: 50 }

/**
 * Rescales from slot counts that are means over 10 s: a new size counts when two bins in a row agree on it. The moment
 * is the first bin that differs: there the running job stops. A dip below half of both is a full redeploy: no slots until
 * the new size is there.
 */
export function rescalesOf(slots: Float64Array): Rescale[] {
  const found: Rescale[] = []
  const settled = (i: number) => Number.isInteger(slots[i]) && slots[i] > 0 && slots[i] === slots[i + 1]
  let size = slots[0]
  for (let i = 1; i < slots.length - 1; i++) {
    if (slots[i] === size) continue
    const begin = i
    let lowest = size
    for (; i < slots.length - 1 && !settled(i); i++)
      lowest = Math.min(lowest, Number.isNaN(slots[i]) ? 0 : slots[i])
    const to = i < slots.length - 1 ? slots[i] : size
    const redeploy = lowest < Math.min(size, to) / 2
    if (redeploy || (to !== size && !nearFailure(begin * BIN_S))) {
      found.push({ atS: begin * BIN_S, from: size, to, absentS: redeploy ? (i - begin) * BIN_S : 0 })
    }
    size = to
  }
  return found
}

export function nearFailure(atS: number): boolean {
  return FAILURES_MS.some((ms) => {
    const since = atS - ms / SECOND
    return since >= -FAILURE_SHADOW_S.before && since <= FAILURE_SHADOW_S.after
  })
}

/** What a run looks like in bins of 10 s: as recorded or as simulated. `NaN`: the gauge showed nothing. */
export interface Bins {
  readonly latencyMs: Float64Array
  readonly lag: Float64Array
}

/** Every rescale of the record at its time, in a world of our own. */
export function replay(
  run: RecordedRun,
  rescales: readonly Rescale[],
  load: Float64Array,
  rate: OverTime,
  outages: OutageConfig
): Bins {
  const failures = [
    ...(outages.failures ?? []),
    ...rescales.flatMap((rescale) => withoutSlots(rescale, outages))
  ]
  const config = carsWorld(rate, run.slots[0], { ...outages, failures })
  const world = stream({
    ...config,
    operators: [{ ...config.operators[0], maxParallelism: undefined }],
    // Gauges are read every second, so that a bin holds their mean as the recorded ones do.
    metrics: { ...CARS_METRICS, scrapeMs: SECOND, windowMs: SECOND, noise: 0 }
  })
  const bins = RUN_S / BIN_S
  const out = { latencyMs: new Float64Array(bins), lag: new Float64Array(bins) }
  let state = world.initial(1)
  let next = 0
  let units = run.slots[0]
  for (let bin = 0; bin < bins; bin++) {
    let sum = 0
    let up = 0
    for (let s = 0; s < BIN_S; s++) {
      const t = bin * BIN_S + s
      while (next < rescales.length && settledS(rescales[next]) <= t) units = rescales[next++].to
      state = world.transition(state, { [JOB]: units }, load[t])
      if ((state.outcome.down ?? 0) > 0) continue
      sum += state.gauges.latencyMs
      up++
    }
    out.latencyMs[bin] = up > 0 ? sum / up : NaN
    // The gauge keeps its last value while the job is down, as the recorded one does.
    out.lag[bin] = state.gauges.lag
  }
  return out
}

function settledS({ atS, absentS }: Rescale): number {
  return atS + absentS
}

/** The job is down while it has no slots; where the size comes back unchanged, its restart is part of that. */
function withoutSlots({ atS, from, to, absentS }: Rescale, { rescaleUpMs = 0 }: OutageConfig) {
  const pauseMs = from === to ? overTime(rescaleUpMs, 'rescaleUpMs')((atS * SECOND) / HOUR) : 0
  return absentS > 0 ? [{ atMs: atS * SECOND, outageMs: absentS * SECOND + pauseMs }] : []
}

export interface Agreement {
  readonly lateShare: number
  readonly meanLatencyS: number
}

/** Share of the bins with a gauge that stand over the SLO, and the mean of the gauge. */
export function lateness({ latencyMs }: Bins): Agreement {
  const measured = latencyMs.filter((ms) => !Number.isNaN(ms))
  return {
    lateShare: measured.filter((ms) => ms > SLO_MS).length / measured.length,
    meanLatencyS: measured.reduce((sum, ms) => sum + ms, 0) / measured.length / 1000
  }
}

/** Spearman's correlation of the lag gauges over all bins in which both showed something. */
export function lagCorrelation(a: Bins, b: Bins): number {
  return rankCorrelation(a.lag, b.lag)
}

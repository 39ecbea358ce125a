/**
 * The edge in a rehearsal: what a gateway over all streets sends at the end of every step, the same for every policy.
 *
 *   sent at the end of step k, seq k      seen by whoever is asked at that moment or later, until the next one is sent
 *
 * The predictors are led over the whole load from its beginning, so that they know what is usual when the rehearsal starts.
 */
import { requireOption, type Series, series } from '../base/index.ts'
import type { EdgeSignal } from '../roles.ts'
import type { Accident } from '../sim/index.ts'
import { type EdgeSaid, foreseen, watched } from './edge-said.ts'

/** What only the edge sees of a load: its streets, and for the oracle what really happened. */
export interface EdgeData {
  readonly streets: readonly Series[]
  readonly accidents: readonly Accident[]
}

/** Plain data, so that it can go to a worker. */
export interface EdgeTrack extends EdgeSaid {
  readonly startMs: number
  readonly stepMs: number
}

export const edgeKinds = ['predictor', 'oracle', 'none'] as const
export type EdgeKind = (typeof edgeKinds)[number]

const GATEWAY = 'city'
/** The oracle is ahead of an accident by what a start may take and one step: 60 s and 15 s. */
const ORACLE_LEAD_MS = 75_000

/**
 * In steps of the rehearsal, or of the gateway where those are finer. Undefined for `none`. Throws `BAD_OPTION` where one step is no part of
 * the other.
 */
export function edgeTrack(
  { streets, accidents }: EdgeData,
  stepMs: number,
  kind: EdgeKind
): EdgeTrack | undefined {
  if (kind === 'none' || streets.length === 0) return undefined
  const [first] = streets
  const own = Math.max(stepMs, first.stepMs)
  const parts = own / first.stepMs
  requireOption(
    Number.isInteger(parts),
    'the step of the rehearsal',
    stepMs,
    `whole steps of the gateway, ${first.stepMs} ms`
  )
  const steps = Math.floor(first.values.length / parts)
  if (kind === 'predictor') {
    const said = watched(streets, steps, own, { from: 'predictor' })
    return { startMs: first.startMs, stepMs: own, ...said }
  }
  const total = series(own, totals(streets, steps, parts), { startMs: first.startMs })
  const lead = Math.ceil(ORACLE_LEAD_MS / own)
  return { startMs: first.startMs, stepMs: own, ...foreseen(total, accidents, steps - lead, lead) }
}

/** The newest signal at a moment, as a list of one; undefined before the first and where there is no edge. */
export function signalsAt(track: EdgeTrack | undefined, nowMs: number): readonly EdgeSignal[] | undefined {
  if (track === undefined) return undefined
  const { startMs, stepMs, predicted, alarm, confidence, horizonMs } = track
  const seq = Math.min(predicted.length, Math.floor((nowMs - startMs) / stepMs)) - 1
  if (seq < 0) return undefined
  const sentMs = startMs + (seq + 1) * stepMs
  return [
    {
      gateway: GATEWAY,
      seq,
      sentMs,
      receivedMs: sentMs,
      predictedLoad: predicted[seq],
      burstAlarm: alarm[seq] === 1,
      horizonMs,
      confidence: confidence[seq]
    }
  ]
}

function totals(streets: readonly Series[], steps: number, parts: number): Float64Array {
  const total = new Float64Array(steps)
  for (const { values } of streets) {
    for (let i = 0; i < steps * parts; i++) total[Math.floor(i / parts)] += values[i] / parts
  }
  return total
}

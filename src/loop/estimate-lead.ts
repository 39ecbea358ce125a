/**
 * Lead time — from asking for a unit until it serves.
 *
 *   seen   first observation with the unit ready − last observation before it was starting       first in, first out
 *   told   by the engine's own history of rescales, where it has one: P50 and P90                goes before what was seen
 *
 * What comes and goes between two observations is not seen at all, and what is seen is up to one observation too long; an engine that
 * counts itself knows better. Units that come later than the rescale, because slots were short, are not in its history.
 */
import type { Metric, Observation, Quantiles } from '../roles.ts'
import { believed, push, quantilesOf } from './estimate-restart.ts'

/** What an engine told last of its rescales; `null`: nothing. */
export interface ToldMemory {
  leadTimeMs: Quantiles | null
  downMs: Quantiles | null
}

interface LeadMemory {
  readonly atMs: readonly number[]
  readonly ready: readonly number[]
  readonly starting: number
  readonly starts: { sinceMs: number; units: number }[]
  readonly leads: number[]
  leadTimeMs: Quantiles | null
}

/**
 * First in, first out: what began to start first is ready first. What is withdrawn began last. Only for observations with a size: what
 * becomes ready while nobody can see it is ready when it is seen.
 */
export function measureLeadTime(nowMs: number, ready: number, starting: number, memory: LeadMemory): void {
  const last = memory.atMs.length - 1
  const before = memory.ready.findLast(Number.isFinite)
  if (before === undefined) return
  const arrived = Math.max(0, ready - before)
  const begun = starting - memory.starting + Math.min(arrived, memory.starting)
  const { starts } = memory
  let left = Math.min(arrived, memory.starting)
  let learned = false
  while (left > 0 && starts.length > 0) {
    const units = Math.min(left, starts[0].units)
    left -= units
    starts[0].units -= units
    push(memory.leads, nowMs - starts[0].sinceMs)
    learned = true
    if (starts[0].units <= 0) starts.shift()
  }
  // Asked for at the observation before the one that shows it.
  if (begun > 0) starts.push({ sinceMs: memory.atMs[last], units: begun })
  for (let over = -begun; over > 0 && starts.length > 0; ) {
    const newest = starts[starts.length - 1]
    const units = Math.min(over, newest.units)
    over -= units
    newest.units -= units
    if (newest.units <= 0) starts.pop()
  }
  if (learned) memory.leadTimeMs = quantilesOf(memory.leads)
}

/** What the engine says of its rescales; what it does not say any more stays known. */
export function hear({ metrics }: Observation, told: ToldMemory): void {
  if (metrics === undefined) return
  told.leadTimeMs = heard(metrics['rescaleMs.p50'], metrics['rescaleMs.p90']) ?? told.leadTimeMs
  told.downMs = heard(metrics['rescaleDownMs.p50'], metrics['rescaleDownMs.p90']) ?? told.downMs
}

function heard(p50: Metric | undefined, p90: Metric | undefined): Quantiles | undefined {
  const told = p50 !== undefined && p90 !== undefined && believed(p50) && believed(p90)
  return told && p50.value >= 0 && p90.value >= p50.value ? { p50: p50.value, p90: p90.value } : undefined
}

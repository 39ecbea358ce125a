/**
 * Informed — whether a loop that has one turn only has something to decide from, or will not have it soon.
 *
 *   yes   a load or rates, and what serves it, 5 s later at the latest
 *   no    every source failed; or each that said anything failed, and the others have had 5 s since           in any case after 30 s
 *
 * Gateways that have nothing to warn of say nothing: nobody waits for them.
 */
import { SECOND, type Series } from '../base/index.ts'
import type { Reading, Source } from '../roles.ts'
import type { View } from './view.ts'

/** What became of the sources so far. */
export interface Hearing {
  /** Those that said anything, or ended in an error. */
  readonly spoke: Set<Source>
  /** Those of them of which nothing is to be had. */
  readonly failed: Set<Source>
  /** When the last of these did. */
  failedMs: number
}

export const nothingHeard = (): Hearing => ({ spoke: new Set(), failed: new Set(), failedMs: NaN })

/** What sources call it when there is nothing to be had. */
const FAILURES: ReadonlySet<string> = new Set(['source-unreachable', 'source-invalid', 'job-absent'])

/** A reading of a source, or its end by an error. */
export function hearOf(hearing: Hearing, source: Source, said: Reading | 'error', nowMs: number): void {
  const { spoke, failed } = hearing
  spoke.add(source)
  if (said !== 'error' && said.kind !== 'event') return
  if (said === 'error' || FAILURES.has(said.what)) {
    failed.add(source)
    hearing.failedMs = nowMs
  } else failed.delete(source)
}

const LONGEST_MS = 30 * SECOND
const OTHERS_MS = 5 * SECOND

/** `sinceMs`: since when there is a load or rates; `NaN`: not yet. */
export function isInformed(
  view: View,
  { spoke, failed, failedMs }: Hearing,
  sources: number,
  { beganMs, sinceMs, nowMs }: { readonly beganMs: number; readonly sinceMs: number; readonly nowMs: number }
): boolean {
  if (sinceMs >= 0 && (view.told() !== undefined || nowMs - sinceMs >= OTHERS_MS)) return true
  if (nowMs - beganMs >= LONGEST_MS) return true
  if (failed.size === 0 || failed.size < spoke.size) return false
  return failed.size === sources || nowMs - failedMs >= OTHERS_MS
}

/** There is a load, or rates, to decide from. */
export function isLoaded(view: View, nowMs: number): boolean {
  const { load, topology } = view.observation(nowMs)
  return lastOf(load) >= 0 || (topology?.operators.some((it) => it.trueProcessingRate >= 0) ?? false)
}

/** The newest step that is over. */
export const lastOf = (load: Series | undefined) => load?.values.at(-1) ?? NaN

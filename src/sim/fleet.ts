/**
 * Fleet — units that serve, and units that were asked for and do not serve yet.
 *
 * More: a batch that is ready after its lead time. Fewer: at once, first what is still starting, newest first, then what
 * serves. A fleet is never edited; its list of batches is shared while it stays the same.
 */

/** Units asked for together: all of them become ready at the same moment. */
export interface Batch {
  readonly units: number
  readonly askedMs: number
  readonly readyAtMs: number
}

export interface Fleet {
  readonly ready: number
  readonly starting: number
  /** In the order in which they were asked for. */
  readonly batches: readonly Batch[]
}

/** The fleet that wants `wanted` units from now on. `leadMs` is asked only when something starts. */
export function resized(fleet: Fleet, wanted: number, nowMs: number, leadMs: () => number): Fleet {
  const { ready, starting, batches } = fleet
  const more = wanted - ready - starting
  if (more === 0) return fleet
  if (more < 0) {
    const withdrawn = Math.min(starting, -more)
    return {
      ready: wanted - (starting - withdrawn),
      starting: starting - withdrawn,
      batches: withdrawn > 0 ? withoutNewest(batches, withdrawn) : batches
    }
  }
  const wait = leadMs()
  if (wait <= 0) return { ready: ready + more, starting, batches }
  const batch = { units: more, askedMs: nowMs, readyAtMs: nowMs + wait }
  return { ready, starting: starting + more, batches: [...batches, batch] }
}

/** The fleet at a moment: batches whose time has come serve. */
export function arrived(fleet: Fleet, nowMs: number): Fleet {
  if (fleet.starting === 0) return fleet
  let due = 0
  for (const batch of fleet.batches) if (batch.readyAtMs <= nowMs) due += batch.units
  if (due === 0) return fleet
  const batches = fleet.batches.filter((batch) => batch.readyAtMs > nowMs)
  return { ready: fleet.ready + due, starting: fleet.starting - due, batches }
}

function withoutNewest(batches: readonly Batch[], units: number): readonly Batch[] {
  const kept = [...batches]
  for (let left = units; left > 0; ) {
    const newest = kept[kept.length - 1]
    kept.pop()
    if (newest.units > left) kept.push({ ...newest, units: newest.units - left })
    left -= newest.units
  }
  return kept
}

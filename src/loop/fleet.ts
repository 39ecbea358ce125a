/**
 * Fleet — the loops of many targets beside each other, begun, changed and ended while the others go on.
 *
 * Each target has its own loop: what is wrong with one is told and tried again later, and nobody else waits for it. First turns are
 * spread over the interval, so that five thousand targets do not all ask at once. A target whose version is another is ended, to the end
 * of the command that is on its way, and begun again with what the record knows of it.
 */
import { hashOf, MINUTE } from '../base/index.ts'
import { runTarget } from './cycle.ts'
import type { LoopParts, LoopTarget } from './cycle-parts.ts'

export interface FleetTarget {
  readonly target: LoopTarget
  /** Changes when anything about the target does, such as a hash of its part of the configuration. */
  readonly version: string
}

export interface Fleet {
  /** From now on these and no others. Resolves when those that were ended have ended. */
  set(targets: readonly FleetTarget[]): Promise<void>
  names(): readonly string[]
  /** Ends all. */
  close(): Promise<void>
  /** Resolves when every target's loop has ended by itself: with `once`, after its turn. */
  done(): Promise<void>
}

/** A loop that broke is begun again after this. */
const AGAIN_MS = MINUTE

export function fleet(parts: LoopParts): Fleet {
  const running = new Map<string, { version: string; end: () => Promise<void>; ended: Promise<void> }>()

  function begin({ target, version }: FleetTarget): void {
    const stop = new AbortController()
    const ended = lead(target, parts, stop.signal)
    const end = () => {
      stop.abort()
      return ended
    }
    running.set(target.name, { version, end, ended })
  }

  return {
    async set(targets) {
      const wanted = new Map(targets.map((one) => [one.target.name, one]))
      const leaving: Promise<void>[] = []
      for (const [name, { version, end }] of running) {
        if (wanted.get(name)?.version === version) continue
        running.delete(name)
        leaving.push(end())
      }
      // A changed target begins when its old loop is over: never two loops for one target.
      await Promise.all(leaving)
      for (const one of targets) if (!running.has(one.target.name)) begin(one)
    },
    names: () => [...running.keys()],
    async close() {
      await Promise.all([...running.values()].map(({ end }) => end()))
      running.clear()
    },
    async done() {
      await Promise.all([...running.values()].map(({ ended }) => ended))
    }
  }
}

async function lead(target: LoopTarget, parts: LoopParts, abort: AbortSignal): Promise<void> {
  const { clock, once } = parts
  if (!once) await clock.sleepUntil(clock.now() + phaseOf(target), abort)
  while (!abort.aborted) {
    try {
      await runTarget(target, parts, abort)
      if (once) return
    } catch (error) {
      const what = `the loop of this target broke: ${error instanceof Error ? error.message : error}`
      parts.tell?.({ kind: 'error', target: target.name, atMs: clock.now(), what })
      if (once) return
      await clock.sleepUntil(clock.now() + AGAIN_MS, abort)
    }
  }
}

/** When in the interval a target has its turn: always the same for the same name, at most five seconds late at the start. */
function phaseOf({ name, intervalMs }: LoopTarget): number {
  return (Number.parseInt(hashOf(name).slice(0, 8), 16) / 2 ** 32) * Math.min(intervalMs, 5_000)
}

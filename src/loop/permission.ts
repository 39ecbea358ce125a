/**
 * Permission — whether the loop may command at this moment, asked before every command.
 *
 *   no  ← kill switch, pause of all or of this target, no lease, or one that could not be renewed      yes → the number of the command
 *
 * The lease lies where commands are recorded, so a number is only given to who holds it, and is higher than every number before. Between
 * the number and the engine there is still a moment; an actuator refuses numbers older than the newest it has seen, and reads before it
 * writes.
 */
import { formatDuration, SECOND } from '../base/index.ts'
import type { Clock } from './cycle-parts.ts'
import type { Permission } from './knowledge.ts'

/** What is asked of the record: see `store/loop-record.ts`. */
export interface WriteRecord {
  holdLease(holder: string, nowMs: number, untilMs: number): LeaseHeld
  dropLease(holder: string): void
  nextEpoch(target: string, holder: string, nowMs: number): number | undefined
  pauses(): Readonly<Record<string, PauseNote>>
}

export interface LeaseHeld {
  readonly mine: boolean
  readonly holder: string
  readonly epoch: number
  readonly untilMs: number
}

export interface PauseNote {
  readonly sinceMs: number
  readonly untilMs?: number
  readonly by: string
  readonly because?: string
}

export interface LeaseOptions {
  readonly record: WriteRecord
  /** Who asks: unique among all loops that share the record. */
  readonly holder: string
  readonly clock: Clock
  /** Kubernetes' leader election: 15 s, renewed every 2 s, given up when it could not be renewed for 10 s. */
  readonly leaseMs?: number
  readonly renewMs?: number
  readonly deadlineMs?: number
}

export interface LeaseKeeper {
  /** The lease as it was when it was last asked for. */
  readonly now: LeaseHeld | undefined
  /** Why its holder must not command any more although the lease has not run out: it could not be renewed for too long. */
  lapsed(): string | undefined
  /** Asks again and again until aborted, then gives it back. Never rejects. */
  keep(abort: AbortSignal, tell?: (what: string) => void): Promise<void>
}

export function leaseKeeper(options: LeaseOptions): LeaseKeeper {
  const { record, holder, clock, leaseMs = 15 * SECOND, renewMs = 2 * SECOND } = options
  const { deadlineMs = 10 * SECOND } = options
  let renewedMs: number | undefined
  let now: LeaseHeld | undefined
  let said = ''

  function ask(tell?: (what: string) => void): void {
    try {
      const atMs = clock.now()
      now = record.holdLease(holder, atMs, atMs + leaseMs)
      renewedMs = now.mine ? atMs : undefined
      say(
        now.mine ? `holds the lease, epoch ${now.epoch}` : `${now.holder} holds the lease: only watching`,
        tell
      )
    } catch (error) {
      // It runs out by itself.
      say(`the lease cannot be renewed: ${error instanceof Error ? error.message : error}`, tell)
    }
  }

  function say(what: string, tell?: (what: string) => void): void {
    if (what !== said) tell?.(what)
    said = what
  }

  return {
    get now() {
      return now
    },
    lapsed() {
      if (renewedMs === undefined) return undefined
      const sinceMs = clock.now() - renewedMs
      // Also after a clock that was set back nobody knows how long it was.
      if (sinceMs >= 0 && sinceMs < deadlineMs) return undefined
      return `the lease could not be renewed for ${formatDuration(Math.abs(sinceMs))}`
    },
    async keep(abort, tell) {
      while (!abort.aborted) {
        ask(tell)
        await clock.sleepUntil(clock.now() + renewMs, abort)
      }
      try {
        record.dropLease(holder)
      } catch {
        // It runs out by itself.
      }
    }
  }
}

export interface PermissionOptions extends Pick<LeaseOptions, 'record' | 'holder' | 'clock'> {
  /** Why nothing may be commanded at all, such as a file that is there; asked each time. */
  readonly killed?: () => string | undefined
  /** Ours, where we keep it. */
  readonly lease?: Pick<LeaseKeeper, 'lapsed'>
}

/** A record that cannot be read permits nothing. */
export function permission({ record, holder, clock, killed, lease }: PermissionOptions): Permission {
  function fromRecord(target: string): { epoch: number } | { refused: string } {
    const pauses = record.pauses()
    for (const name of ['*', target]) {
      const pause = pauses[name]
      if (pause && (pause.untilMs ?? Number.POSITIVE_INFINITY) > clock.now())
        return { refused: pausedWords(pause) }
    }
    const lapsed = lease?.lapsed()
    if (lapsed !== undefined) return { refused: lapsed }
    const epoch = record.nextEpoch(target, holder, clock.now())
    return epoch === undefined ? { refused: 'another loop holds the lease' } : { epoch }
  }

  return {
    ask(target) {
      const kill = killed?.()
      if (kill !== undefined) return { refused: `kill switch: ${kill}` }
      try {
        return fromRecord(target)
      } catch (error) {
        return { refused: `the record cannot be read: ${error instanceof Error ? error.message : error}` }
      }
    }
  }
}

export function pausedWords({ by, sinceMs, because }: PauseNote): string {
  return `paused by ${by} since ${new Date(sinceMs).toISOString()}${because === undefined ? '' : `: ${because}`}`
}

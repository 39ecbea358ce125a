/**
 * Loop record — what a running loop must not forget: what each target's loop carries, commands and what came of them, who may write, who
 * is paused.
 *
 *   epoch of a command = 1 + the largest ever given to its target, only to whoever holds the lease at that moment
 *
 * All of it stands in the file of the Turns, so that a Turn and the command that follows from it are kept together or not at all.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { Command, Json, Receipt, Turn } from '../roles.ts'
import { pack, unpack } from './pack.ts'

export interface LoopRecord {
  /** What was kept of a target last, and its newest command; without a receipt nobody knows what came of it. */
  recall<Kept extends object>(target: string): { readonly kept?: Kept; readonly given?: GivenCommand }
  /** All of it or nothing, on disk before it returns where there is a command. */
  keep(target: string, kept: object, turn?: Turn, command?: Command): void
  /** What came of the command with the receipt's epoch. */
  conclude(target: string, receipt: Receipt): void
  /** Commands of a target since a moment, oldest first. */
  commands(target: string, fromMs: number): readonly GivenCommand[]
  /** Takes or keeps the right to write until `untilMs`; says who has it otherwise. A new holder gets a new epoch. */
  holdLease(holder: string, nowMs: number, untilMs: number): LeaseState
  /** Gives it back, so that the next need not wait for its end. */
  dropLease(holder: string): void
  /** The next number of a target's commands, `undefined` unless `holder` has the lease. */
  nextEpoch(target: string, holder: string, nowMs: number): number | undefined
  /** Something happened to a target, such as a restart of its job. */
  putEvent(target: string, event: RecordedEvent): void
  /** Oldest first. */
  events(target: string, fromMs: number, toMs?: number): readonly RecordedEvent[]
  /** Holds a target back, or all of them (`*`), or lets go with `undefined`. */
  setPause(target: string, pause: Pause | undefined): void
  pauses(): Readonly<Record<string, Pause>>
}

/** `what` is a short name such as `job-restarted`, `text` one line for people. */
export interface RecordedEvent {
  readonly atMs: number
  readonly what: string
  readonly text: string
}

export interface GivenCommand {
  readonly command: Command
  readonly atMs: number
  readonly receipt?: Receipt
}

export interface LeaseState {
  readonly mine: boolean
  readonly holder: string
  readonly epoch: number
  readonly untilMs: number
}

export interface Pause {
  readonly sinceMs: number
  /** It ends by itself then. */
  readonly untilMs?: number
  readonly by: string
  readonly because?: string
}

/** Statements on an open store; whoever calls sees to transactions. */
export function loopRecord(db: DatabaseSync): Omit<LoopRecord, 'keep'> & {
  keep(target: string, kept: object, command?: Command, atMs?: number): void
} {
  const sql = {
    kept: db.prepare('SELECT body FROM kept WHERE target = ?'),
    keep: db.prepare(
      'INSERT INTO kept (target, body) VALUES (?, ?) ON CONFLICT (target) DO UPDATE SET body = excluded.body'
    ),
    give: db.prepare('INSERT INTO commands (target, epoch, at_ms, body) VALUES (?, ?, ?, ?)'),
    given: db.prepare(
      'SELECT at_ms, body, receipt FROM commands WHERE target = ? ORDER BY epoch DESC LIMIT 1'
    ),
    since: db.prepare(
      'SELECT at_ms, body, receipt FROM commands WHERE target = ? AND at_ms >= ? ORDER BY epoch'
    ),
    conclude: db.prepare(
      'UPDATE commands SET receipt = ? WHERE target = ? AND epoch = ? AND receipt IS NULL'
    ),
    lastEpoch: db.prepare('SELECT max(epoch) AS epoch FROM commands WHERE target = ?'),
    lease: db.prepare('SELECT holder, epoch, until_ms FROM lease'),
    takeLease: db.prepare(
      `INSERT INTO lease (id, holder, epoch, until_ms) VALUES (1, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET holder = excluded.holder, epoch = excluded.epoch, until_ms = excluded.until_ms`
    ),
    dropLease: db.prepare('UPDATE lease SET until_ms = 0 WHERE holder = ?'),
    putEvent: db.prepare('INSERT INTO events (target, at_ms, what, said) VALUES (?, ?, ?, ?)'),
    events: db.prepare(
      'SELECT at_ms, what, said FROM events WHERE target = ? AND at_ms >= ? AND at_ms < ? ORDER BY at_ms, id'
    ),
    pauses: db.prepare('SELECT target, body FROM pauses ORDER BY target'),
    pause: db.prepare(
      'INSERT INTO pauses (target, body) VALUES (?, ?) ON CONFLICT (target) DO UPDATE SET body = excluded.body'
    ),
    resume: db.prepare('DELETE FROM pauses WHERE target = ?')
  }

  function recall<Kept extends object>(target: string) {
    const kept = sql.kept.get(target)
    const given = sql.given.get(target)
    return {
      ...(kept && { kept: unpack(String(kept.body)) as Kept }),
      ...(given && { given: givenOf(given) })
    }
  }

  function leaseNow(): Omit<LeaseState, 'mine'> | undefined {
    const row = sql.lease.get()
    return row && { holder: String(row.holder), epoch: Number(row.epoch), untilMs: Number(row.until_ms) }
  }

  function holdLease(holder: string, nowMs: number, untilMs: number): LeaseState {
    const now = leaseNow()
    if (now && now.holder !== holder && now.untilMs > nowMs) return { mine: false, ...now }
    const epoch = now === undefined ? 1 : now.epoch + (now.holder === holder ? 0 : 1)
    sql.takeLease.run(holder, epoch, untilMs)
    return { mine: true, holder, epoch, untilMs }
  }

  function nextEpoch(target: string, holder: string, nowMs: number): number | undefined {
    const now = leaseNow()
    if (now === undefined || now.holder !== holder || now.untilMs <= nowMs) return undefined
    return Number(sql.lastEpoch.get(target)?.epoch ?? 0) + 1
  }

  return {
    recall,
    keep(target, kept, command, atMs = NaN) {
      sql.keep.run(target, pack(kept))
      if (command) sql.give.run(target, command.epoch, atMs, pack(command))
    },
    conclude: (target, receipt) => void sql.conclude.run(pack(receipt), target, receipt.epoch),
    commands: (target, fromMs) => sql.since.all(target, fromMs).map(givenOf),
    holdLease,
    dropLease: (holder) => void sql.dropLease.run(holder),
    nextEpoch,
    putEvent: (target, { atMs, what, text }) => void sql.putEvent.run(target, atMs, what, text),
    events: (target, fromMs, toMs = Number.POSITIVE_INFINITY) =>
      sql.events.all(target, fromMs, toMs).map(({ at_ms, what, said }) => ({
        atMs: Number(at_ms),
        what: String(what),
        text: String(said)
      })),
    setPause: (target, pause) => void (pause ? sql.pause.run(target, pack(pause)) : sql.resume.run(target)),
    pauses: () =>
      Object.fromEntries(
        sql.pauses.all().map(({ target, body }) => [String(target), unpack(String(body)) as object as Pause])
      )
  }
}

function givenOf(row: Readonly<Record<string, unknown>>): GivenCommand {
  const receipt =
    row.receipt === null ? undefined : (unpack(String(row.receipt)) as Json as object as Receipt)
  return {
    command: unpack(String(row.body)) as object as Command,
    atMs: Number(row.at_ms),
    ...(receipt && { receipt })
  }
}

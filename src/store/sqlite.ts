/**
 * SQLite — Turns in one file: append-only, read by others while one process writes, whole after a kill.
 *
 * Write-ahead log, one transaction an append. Loads are kept once as growing series and forecasts and models once by
 * hash; a Turn refers to them and is put together again when read, to the same bits. https://sqlite.org/wal.html
 */
import type { DatabaseSync } from 'node:sqlite'
import { DAY, PrescaleError, SECOND } from '../base/index.ts'
import type { Json, Observation, Turn } from '../roles.ts'
import { type LoopRecord, loopRecord } from './loop-record.ts'
import { pack, unpack } from './pack.ts'
import { explained, openDatabase } from './schema.ts'
import { seriesLog } from './series-log.ts'
import { keepThings } from './things.ts'
import type { NewRun, Run, RunHead, TurnRange, TurnStore } from './turn-store.ts'

export interface SqliteOptions {
  /** Path of the file; made, with its folder, when it is not there. `:memory:` keeps nothing. */
  readonly file: string
  readonly readOnly?: boolean
  /** How long Turns and runs are kept after they were stored, in milliseconds, and up to a tenth or a day longer; 30 days. */
  readonly keepMs?: number
  readonly clock?: () => number
}

/** Turns are read in pages, so that no reader holds the file for long. */
const page = 500

/**
 * Opens a store. Errors: BAD_INPUT (no store, damaged, truncated, newer schema), NOT_FOUND (read-only and not there),
 * IO (read-only, locked, disk full).
 */
export function sqlite(options: SqliteOptions): TurnStore & LoopRecord {
  const { file, readOnly = false, keepMs = 30 * DAY, clock = Date.now } = options
  const db = openDatabase(file, readOnly)
  const guarded = <T>(use: () => T) => explained(file, use)
  return guarded(() => {
    /** So often what is too old is removed, and what is shared is marked as used: a short memory is kept as exactly as a long one. */
    const everyMs = Math.min(DAY, Math.max(SECOND, keepMs / 10))
    const store = open(db, clock, everyMs)
    const writing = <T>(use: () => T): T =>
      guarded(() => {
        if (readOnly) throw new PrescaleError('IO', `store ${file} is open for reading only`)
        return store.transaction(use)
      })
    const lastRetained = { atMs: Number.NEGATIVE_INFINITY }
    const append = (turns: readonly Turn[]) => {
      writing(() => turns.forEach(store.put))
      if (clock() - lastRetained.atMs >= everyMs) retain(keepMs)
    }
    const record = loopRecord(db)
    /** A command must not be lost in a power cut: it is on disk before it is given. */
    const durably = <T>(use: () => T): T => {
      db.exec('PRAGMA synchronous = FULL')
      try {
        return use()
      } finally {
        db.exec('PRAGMA synchronous = NORMAL')
      }
    }
    const keep: LoopRecord['keep'] = (target, kept, turn, command) => {
      const all = () =>
        writing(() => {
          if (turn) store.put(turn)
          record.keep(target, kept, command, turn?.atMs ?? clock())
        })
      if (command) guarded(() => durably(all))
      else all()
      if (clock() - lastRetained.atMs >= everyMs) retain(keepMs)
    }
    const retain = (ms: number) => {
      lastRetained.atMs = clock()
      return writing(() => store.dropBefore(clock() - ms))
    }
    if (!readOnly) retain(keepMs)
    return {
      append: (turn) => append([turn]),
      appendAll: append,
      turns: (range) => store.turns(range, guarded),
      latest: (target, atMs) => guarded(() => store.latest(target, atMs)),
      targets: () => guarded(store.targets),
      putRun: (run) => writing(() => store.putRun(run)),
      run: (id) => guarded(() => store.run(id)),
      runs: (kind) => guarded(() => store.runs(kind)),
      retain,
      recall: (target) => guarded(() => record.recall(target)),
      keep,
      conclude: (target, receipt) => writing(() => record.conclude(target, receipt)),
      commands: (target, fromMs) => guarded(() => record.commands(target, fromMs)),
      holdLease: (holder, nowMs, untilMs) => writing(() => record.holdLease(holder, nowMs, untilMs)),
      dropLease: (holder) => writing(() => record.dropLease(holder)),
      nextEpoch: (target, holder, nowMs) => guarded(() => record.nextEpoch(target, holder, nowMs)),
      putEvent: (target, event) => writing(() => record.putEvent(target, event)),
      events: (target, fromMs, toMs) => guarded(() => record.events(target, fromMs, toMs)),
      setPause: (target, pause) => writing(() => record.setPause(target, pause)),
      pauses: () => guarded(record.pauses),
      close: () => db.close()
    }
  })
}

/** What stands for an observation's load in the text of a Turn. */
interface LoadRef {
  readonly startMs: number
  readonly stepMs: number
  readonly unit: string
  readonly steps: number
}

type StoredTurn = Omit<Turn, 'observation'> & {
  readonly observation: Omit<Observation, 'load'> & { readonly load?: LoadRef }
}

function open(db: DatabaseSync, clock: () => number, everyMs: number) {
  const log = seriesLog(db)
  const things = keepThings(db, clock, everyMs)
  const sql = {
    version: db.prepare('PRAGMA data_version'),
    turn: db.prepare(
      'INSERT INTO turns (target, at_ms, stored_ms, series, from_step, body) VALUES (?, ?, ?, ?, ?, ?)'
    ),
    ids: db.prepare('SELECT id FROM turns WHERE at_ms >= ? AND at_ms < ? ORDER BY at_ms, id'),
    idsOf: db.prepare(
      'SELECT id FROM turns WHERE target = ? AND at_ms >= ? AND at_ms < ? ORDER BY at_ms, id'
    ),
    get: db.prepare('SELECT series, from_step, body FROM turns WHERE id = ?'),
    latest: db.prepare(
      'SELECT id FROM turns WHERE target = ? AND at_ms <= ? ORDER BY at_ms DESC, id DESC LIMIT 1'
    ),
    targets: db.prepare('SELECT DISTINCT target FROM turns ORDER BY target'),
    putRun: db.prepare(
      'INSERT INTO runs (at_ms, stored_ms, kind, name, spec, result) VALUES (?, ?, ?, ?, ?, ?)'
    ),
    run: db.prepare('SELECT id, at_ms, kind, name, spec, result FROM runs WHERE id = ?'),
    runs: db.prepare('SELECT id, at_ms, kind, name FROM runs WHERE kind = ? OR ? IS NULL ORDER BY id DESC'),
    retain: db.prepare('UPDATE retention SET before_ms = ?')
  }
  let version = NaN

  function transaction<T>(use: () => T): T {
    db.exec('BEGIN IMMEDIATE')
    try {
      const now = Number(sql.version.get()?.data_version)
      if (now !== version) forget()
      version = now
      const result = use()
      db.exec('COMMIT')
      return result
    } catch (cause) {
      // A full disk has ended the transaction already.
      if (db.isTransaction) db.exec('ROLLBACK')
      forget()
      throw cause
    }
  }

  function forget(): void {
    log.forget()
    things.forget()
  }

  function put(turn: Turn): void {
    const { load } = turn.observation
    const range = load === undefined ? undefined : log.write(turn.target, load)
    const body = pack({
      ...turn,
      observation: { ...turn.observation, ...outlined(turn.observation) },
      policy: { ...turn.policy, options: things.outlineShared(turn.policy.options) },
      before: things.outline(turn.before),
      after: things.outline(turn.after)
    })
    sql.turn.run(turn.target, turn.atMs, clock(), range?.series ?? null, range?.from ?? null, body)
  }

  /** Load and forecast are stored apart. */
  function outlined({ load, forecast }: Observation) {
    const ref: LoadRef | undefined = load && {
      startMs: load.startMs,
      stepMs: load.stepMs,
      unit: load.unit,
      steps: load.values.length
    }
    return {
      ...(ref === undefined ? {} : { load: ref }),
      ...(forecast === undefined ? {} : { forecast: things.keepForecast(forecast) })
    }
  }

  function get(id: number): Turn | undefined {
    const row = sql.get.get(id)
    if (row === undefined) return undefined
    const turn = unpack(String(row.body), things.resolve) as StoredTurn
    const { load, ...observation } = turn.observation
    if (load === undefined) return { ...turn, observation }
    const { steps, ...series } = load
    const values = log.read({ series: Number(row.series), from: Number(row.from_step), steps })
    return { ...turn, observation: { ...observation, load: { ...series, values } } }
  }

  function* turns(range: TurnRange, guarded: <T>(use: () => T) => T): Iterable<Turn> {
    const { target, fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY } = range
    const ids = guarded(() =>
      target === undefined ? sql.ids.all(fromMs, toMs) : sql.idsOf.all(target, fromMs, toMs)
    )
    for (let at = 0; at < ids.length; at += page) {
      const rows = ids.slice(at, at + page)
      yield* guarded(() => snapshot(() => rows.flatMap(({ id }) => get(Number(id)) ?? [])))
    }
  }

  /** What is read belongs together, whatever other processes write or forget meanwhile. */
  function snapshot<T>(use: () => T): T {
    db.exec('BEGIN')
    try {
      return use()
    } finally {
      db.exec('COMMIT')
    }
  }

  function latest(target: string, atMs = Number.POSITIVE_INFINITY): Turn | undefined {
    return snapshot(() => {
      const row = sql.latest.get(target, atMs)
      return row === undefined ? undefined : get(Number(row.id))
    })
  }

  function putRun({ atMs, kind, name, spec, result }: NewRun): string {
    return String(sql.putRun.run(atMs, clock(), kind, name, pack(spec), pack(result)).lastInsertRowid)
  }

  function run(id: string): Run | undefined {
    const row = /^\d+$/.test(id) ? sql.run.get(Number(id)) : undefined
    if (row === undefined) return undefined
    const [spec, result] = [unpack(String(row.spec)), unpack(String(row.result))] as [Json, Json]
    return { ...head(row), spec, result }
  }

  function dropBefore(beforeMs: number): number {
    sql.retain.run(beforeMs)
    const { changes } = db.prepare('DELETE FROM turns WHERE stored_ms < ?').run(beforeMs)
    db.prepare('DELETE FROM runs WHERE stored_ms < ?').run(beforeMs)
    db.prepare('DELETE FROM events WHERE at_ms < ?').run(beforeMs)
    db.prepare(
      'DELETE FROM commands WHERE at_ms < ? AND epoch < (SELECT max(epoch) FROM commands AS c WHERE c.target = commands.target)'
    ).run(beforeMs)
    things.dropBefore(beforeMs)
    db.exec(forgetSeries)
    sql.retain.run(null)
    forget()
    return Number(changes)
  }

  return {
    transaction,
    put,
    turns,
    latest,
    targets: () => sql.targets.all().map(({ target }) => String(target)),
    putRun,
    run,
    runs: (kind?: string) => sql.runs.all(kind ?? null, kind ?? null).map(head),
    dropBefore
  }
}

const head = (row: Readonly<Record<string, unknown>>): RunHead => ({
  id: String(row.id),
  atMs: Number(row.at_ms),
  kind: String(row.kind),
  name: String(row.name)
})

/** Segments behind which no Turn looks any more, and then the series that have none left. */
const forgetSeries = `
CREATE TEMP TABLE looked (family INTEGER PRIMARY KEY, from_step INTEGER);
INSERT INTO looked
  SELECT coalesce(series.family, series.id) AS family, min(turns.from_step)
  FROM turns JOIN series ON series.id = turns.series GROUP BY 1;
DELETE FROM segments WHERE until_step <= coalesce(
  (SELECT from_step FROM looked WHERE family = (SELECT coalesce(family, id) FROM series WHERE id = segments.series)),
  1e300
);
DELETE FROM series WHERE id NOT IN (SELECT series FROM segments)
  AND id NOT IN (SELECT series FROM turns WHERE series IS NOT NULL);
DROP TABLE looked;
`

/**
 * The live loop put together: store, lease, targets, signals, metrics, socket; opened, given another config, closed.
 *
 * Everything that writes is made here and nowhere else. Without leave to apply no actuator is made.
 */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { MINUTE, PrescaleError } from '../../base/index.ts'
import type { Config } from '../../config/index.ts'
import {
  type Clock,
  fleet,
  type LeaseKeeper,
  type LoopEvent,
  leaseKeeper,
  permission,
  type StatusBook,
  statusBook
} from '../../loop/index.ts'
import { type LoopHttp, type LoopMeters, listenLocally, loopMeters, serveLoop } from '../../serve/index.ts'
import { sqlite } from '../../store/index.ts'
import { readModelFile } from '../../store/model-file.ts'
import { standing } from '../../work/index.ts'
import { moduleOf } from '../jobs.ts'
import { answerer } from './answers.ts'
import { openCopy } from './copy.ts'
import type { Log } from './log.ts'
import { openSignals } from './signals.ts'
import { fleetTargets } from './targets.ts'

export interface LiveOptions {
  readonly apply: boolean
  /** One turn for every target. */
  readonly once: boolean
  readonly log: Log
  readonly clock?: Clock
}

export interface LiveLoop {
  /** From now on this config. Errors: what a target cannot be made of; then the old one goes on. */
  set(config: Config): Promise<void>
  /** Resolves when all targets had their turn, with `once`. */
  done(): Promise<void>
  close(): Promise<void>
  readonly book: StatusBook
  readonly metricsUrl: string | undefined
}

export const systemClock: Clock = {
  now: Date.now,
  async sleepUntil(atMs, abort) {
    const wait = atMs - Date.now()
    if (wait <= 0 || abort.aborted) return
    await sleep(Math.min(wait, 2 ** 31 - 1), undefined, { signal: abort }).catch(() => {})
  }
}

/** Two loops of one process are two. */
let opens = 0

/** Errors: IO (store, port, socket), and as of `set`. */
export async function openLoop(config: Config, options: LiveOptions): Promise<LiveLoop> {
  const { once, log, clock = systemClock } = options
  const stop = new AbortController()
  /** What was opened, to be closed in the opposite order. */
  const opened: (() => unknown)[] = []
  const close = async () => {
    stop.abort()
    for (const end of opened.splice(0).reverse()) await end()
  }
  try {
    const { store, trouble } = openRecord(config)
    opened.push(() => store.close())
    if (trouble !== undefined) log.error(trouble)
    const apply = options.apply && trouble === undefined
    const thread = standing(moduleOf('./live/forecasts'))
    opened.push(() => thread.close())
    const holder = `${hostname()}:${process.pid}:${++opens}`
    const book = statusBook()
    const meters = loopMeters(versionOf())
    const { leaseDuration: leaseMs, retryPeriod: renewMs, renewDeadline: deadlineMs } = config.lease
    const lease = leaseKeeper({ record: store, holder, clock, leaseMs, renewMs, deadlineMs })
    const keeping = lease.keep(stop.signal, (what) => log.note('lease', what))
    opened.push(() => keeping)
    const copy = openCopy(config.store, log.note)
    opened.push(() => copy?.close())
    const tell = (event: LoopEvent) => {
      if (event.kind === 'turn') copy?.turn(event.turn)
      book.take(event)
      meters.take(event)
      log.event(event)
    }
    const parts = {
      knowledge: store,
      permission: permission({ record: store, holder, clock, lease }),
      clock,
      tell,
      once
    }
    const all = fleet(parts)
    opened.push(() => all.close())
    const beganMs = clock.now()
    let signals: Awaited<ReturnType<typeof openSignals>>

    const set = async (next: Config): Promise<void> => {
      const heard = await openSignals(next, clock, log, stop.signal, signals)
      const live = {
        ...{ clock, tell: log.note, readModel: readModelFile },
        ...{ apply, thread, copy, record: store, signals: heard }
      }
      const targets = await fleetTargets(next, live)
      signals = heard
      const before = all.names()
      await all.set(targets)
      const now = new Set(all.names())
      for (const name of before.filter((it) => !now.has(it))) {
        book.forget(name)
        meters.forget(name)
      }
    }

    await set(config)
    let http: LoopHttp | undefined
    if (!once) {
      const heard = () => signals?.memory
      const answers = answerer({ say: log.note, book, store, lease, apply, trouble, beganMs, heard })
      const socket = await listenLocally(config.listen.socket, answers)
      opened.push(() => socket.close())
      http = await openHttp(
        config,
        meters,
        () => stuck(book, beganMs, clock.now()),
        () => trouble ?? (apply ? withoutLease(lease) : undefined)
      )
      if (http) opened.push(http.close)
    }
    return { set, done: all.done, close, book, metricsUrl: http && `${http.url}/metrics` }
  } catch (error) {
    await close()
    throw error
  }
}

const withoutLease = ({ now, lapsed }: LeaseKeeper) =>
  now?.mine === true ? lapsed() : 'another loop holds the lease'

/**
 * The record of a config. Where it cannot be used the loop watches all the same, keeps what it knows in memory, and commands nothing: what
 * is not on record must not be done.
 */
function openRecord({ store: { path, retention } }: Config) {
  try {
    return { store: sqlite({ file: path, keepMs: retention }), trouble: undefined }
  } catch (error) {
    if (!(error instanceof PrescaleError)) throw error
    return {
      store: sqlite({ file: ':memory:' }),
      trouble: `${error.message}; the loop only recommends until it is begun again with a record that can be used`
    }
  }
}

async function openHttp(
  { listen: { host, metrics: port } }: Config,
  meters: LoopMeters,
  unhealthy: () => string | undefined,
  unready: () => string | undefined
): Promise<LoopHttp | undefined> {
  if (port === false) return undefined
  const metrics = async () => ({ text: await meters.text(), contentType: meters.contentType })
  return await serveLoop({ metrics, unhealthy, unready }, { host, port })
}

const STUCK_MS = 5 * MINUTE

/** A loop whose targets had no turn for five minutes, although some had one before. */
function stuck(book: StatusBook, beganMs: number, nowMs: number): string | undefined {
  const pages = book.all()
  if (pages.length === 0) return undefined
  const newest = Math.max(beganMs, ...pages.map(({ lastTurnMs }) => lastTurnMs ?? 0))
  return nowMs - newest > STUCK_MS
    ? `no turn for ${Math.round((nowMs - newest) / MINUTE)} minutes`
    : undefined
}

function versionOf(): string {
  return JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')).version
}

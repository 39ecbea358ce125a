/**
 * The process that is watched: the live loop as `prescale run` opens it, and a sample of what the process holds, to who forked it.
 *
 *   node --expose-gc watched.ts CONFIG SAMPLE_MS
 *
 * The heap is what is left after a collection, so that a sample is what is held and not what is not yet thrown away.
 */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { loadConfig } from '../../../src/cli/config/file.ts'
import { openLoop } from '../../../src/cli/live/loop.ts'
import type { LoopEvent } from '../../../src/loop/index.ts'

export interface Sample {
  readonly atMs: number
  readonly heapMiB: number
  /** Buffers outside of the heap. */
  readonly externalMiB: number
  readonly rssMiB: number
  /** Open files and sockets of the process; `NaN` (over the wire `null`) without /proc. */
  readonly descriptors: number
  readonly sockets: number
  readonly timers: number
  readonly delayP99Ms: number
  readonly delayMaxMs: number
  /** The record and its log. */
  readonly storeMiB: number
  /** Processor seconds since the process began. */
  readonly cpuS: number
  /** All of these since it began. */
  readonly turns: number
  /** Turns that came more than two intervals after the one before. */
  readonly missed: number
  readonly commands: number
  readonly refused: number
  readonly woken: number
  readonly complaints: number
}

export type Said =
  | { readonly metricsUrl: string | undefined }
  | { readonly sample: Sample }
  | { readonly trouble: string }

const MIB = 1024 * 1024
const [file, sampleMs] = process.argv.slice(2)
const say = (said: Said) => process.send?.(said)

const config = await loadConfig(file)
const intervalMs = Math.max(...config.targets.map(({ interval = 1_000 }) => interval))
const counts = { turns: 0, missed: 0, commands: 0, refused: 0, woken: 0, complaints: 0 }
const last = new Map<string, number>()
const log = {
  event(event: LoopEvent) {
    if (event.kind === 'turn') {
      const { target, atMs } = event.turn
      counts.turns++
      if (event.woken) counts.woken++
      if (atMs - (last.get(target) ?? atMs) > 2 * intervalMs) counts.missed++
      last.set(target, atMs)
    } else if (event.kind === 'command') counts.commands++
    else if (event.kind === 'receipt' && event.receipt.refused !== undefined) counts.refused++
    else if (event.kind === 'error') counts.complaints++
  },
  note: () => {},
  error: (trouble: string) => say({ trouble })
}
const loop = await openLoop(config, { apply: true, once: false, log })
say({ metricsUrl: loop.metricsUrl })
const delay = monitorEventLoopDelay({ resolution: 50 })
delay.enable()

function sample(): Sample {
  const [delayP99Ms, delayMaxMs] = [delay.percentile(99) / 1e6, delay.max / 1e6]
  globalThis.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  const open = process.getActiveResourcesInfo()
  const count = (what: string) => open.filter((it) => it === what).length
  const size = (name: string) => statSync(name, { throwIfNoEntry: false })?.size ?? 0
  const { path } = config.store
  // The collection itself is no delay of the loop's.
  setImmediate(() => delay.reset())
  return {
    atMs: Date.now(),
    heapMiB: heapUsed / MIB,
    externalMiB: external / MIB,
    rssMiB: rss / MIB,
    descriptors: existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : NaN,
    sockets: count('TCPSocketWrap'),
    timers: count('Timeout'),
    ...{ delayP99Ms, delayMaxMs },
    storeMiB: (size(path) + size(`${path}-wal`)) / MIB,
    cpuS: (user + system) / 1e6,
    ...counts
  }
}

setInterval(() => say({ sample: sample() }), Number(sampleMs))
process.on('disconnect', () => void loop.close().finally(() => process.exit()))

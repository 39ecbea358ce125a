/**
 * The live loop over 5,000 targets: processor seconds that one tick of all of them takes, and what each keeps in memory.
 *
 * A tick of a target is two range queries to Prometheus over HTTP (load and CPU), the view, the estimate, `mpc` in its guards, the record on
 * disk, status and metrics: `openLoop` as `prescale run` opens it. The server that answers is a process of its own and not counted. Processor
 * seconds are those of our whole process, so the value can be compared on a machine that others use too; the loop has one core's worth of 15 s.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openLoop } from '../src/cli/live/loop.ts'
import { type Config, readConfig } from '../src/config/index.ts'
import type { Bench } from './bench.ts'

const TARGETS = Number(process.env.BENCH_TARGETS ?? 5_000)
/** Answered in our own time: the first questions ask for an hour. */
const WARM_TURNS = 2

function configOf(url: string, folder: string): Config {
  const one = readConfig(
    `
version: 1
targets:
  t:
    source:
      type: prometheus
      url: '${url}'
      queries: { load: 'sum(rate(requests_total{app="t"}[1m]))', cpu: 'avg(cpu{app="t"})' }
      step: 15s
      settle: 0s
      timeout: 60s
    policy: mpc
    interval: 15s
    forecast: none
    resources: { web: {} }
    maxReplicas: 100
    unitRate: 50
    leadTime: { p50: 30s, p90: 1m }
    slo: { latency: 200ms }
store: { path: '${join(folder, 'live.sqlite')}' }
listen: { metrics: false, socket: '${join(folder, 'loop.sock')}' }
`,
    'prescale.yaml'
  )
  const targets = Array.from({ length: TARGETS }, (_, i) => ({ ...one.targets[0], name: `t${i}` }))
  return { ...one, targets }
}

interface Running {
  readonly turns: () => number
  readonly emptyBytes: number
}
let running: Promise<Running> | undefined

async function begin(): Promise<Running> {
  const server: ChildProcess = fork(fileURLToPath(import.meta.url), ['--serve'])
  const [url] = await once(server, 'message')
  const folder = mkdtempSync(join(tmpdir(), 'prescale-bench-'))
  let turns = 0
  const log = {
    event({ kind }: { kind: string }) {
      if (kind === 'turn') turns++
    },
    note: () => {},
    error: (text: string) => process.stderr.write(`${text}\n`)
  }
  globalThis.gc?.()
  const emptyBytes = process.memoryUsage().rss
  const loop = await openLoop(configOf(String(url), folder), { apply: false, once: false, log })
  process.on('disconnect', () => {
    server.kill()
    void loop.close()
    rmSync(folder, { recursive: true, force: true })
  })
  while (turns < WARM_TURNS * TARGETS) await sleep(500)
  return { turns: () => turns, emptyBytes }
}

/** Processor seconds of one tick of all targets. */
async function tick(): Promise<number> {
  running ??= begin()
  const { turns } = await running
  const [before, cpu] = [turns(), process.cpuUsage()]
  while (turns() < before + TARGETS) await sleep(250)
  const { user, system } = process.cpuUsage(cpu)
  return ((user + system) / 1e6) * (TARGETS / (turns() - before))
}

/** Resident memory beyond that of a process that has loaded everything and watches nobody. */
async function perTarget(): Promise<number> {
  running ??= begin()
  const { turns, emptyBytes } = await running
  const before = turns()
  while (turns() < before + TARGETS) await sleep(250)
  return (process.memoryUsage().rss - emptyBytes) / 1_024 / TARGETS
}

/** A Prometheus that has one series for every question: a wave, the same for all. */
function serve(): void {
  const server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = []
    for await (const chunk of request) chunks.push(chunk)
    const form = new URLSearchParams(Buffer.concat(chunks).toString())
    const params = form.has('start') ? form : new URL(request.url ?? '', 'http://here').searchParams
    const [start, end, step] = ['start', 'end', 'step'].map((name) => Number(params.get(name)))
    const isCpu = params.get('query')?.startsWith('avg')
    const values: [number, string][] = []
    for (let t = start; t <= end; t += step) {
      const wave = 1 + 0.5 * Math.sin(t / 1_000)
      values.push([t, String(isCpu ? 0.4 * wave : 200 * wave)])
    }
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify({ status: 'success', data: { resultType: 'matrix', result: [{ metric: {}, values }] } })
    )
  })
  server.keepAliveTimeout = 120_000
  server.listen(0, '127.0.0.1', () =>
    process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  )
  process.on('disconnect', () => process.exit())
}

if (process.argv[2] === '--serve') serve()

export default [
  {
    name: `loop, a tick of ${TARGETS.toLocaleString('en-US')} targets from Prometheus`,
    unit: 'CPU s',
    higherIsBetter: false,
    ours: tick
  },
  {
    name: 'loop, memory of a target',
    unit: 'KiB',
    higherIsBetter: false,
    ours: perTarget
  }
] satisfies Bench[]

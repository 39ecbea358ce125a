/**
 * A real Prometheus from Debian's package, without installing it: fetched once into a cache outside the repository,
 * unpacked, started on a free loopback port and stopped again.
 *
 *   apt-get download prometheus && dpkg-deb -x prometheus_*.deb DIR
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

const cache = join(
  process.env.PRESCALE_LIVE_CACHE ?? join(homedir(), '.cache', 'prescale-live'),
  'prometheus'
)

export interface LivePrometheus {
  readonly url: string
  stop(): Promise<void>
}

/** The folder with `prometheus` and `promtool`; undefined where Debian's packages cannot be had. */
export function prometheusBinaries(): string | undefined {
  const bin = join(cache, 'usr', 'bin')
  if (existsSync(join(bin, 'prometheus'))) return bin
  try {
    mkdirSync(cache, { recursive: true })
    download()
    const [deb] = globSync(join(cache, 'prometheus_*.deb'))
    execFileSync('dpkg-deb', ['-x', deb, cache])
    return existsSync(join(bin, 'prometheus')) ? bin : undefined
  } catch (error) {
    process.stderr.write(`no Prometheus: ${error instanceof Error ? error.message : error}\n`)
    return undefined
  }
}

function download(): void {
  const get = () => execFileSync('apt-get', ['download', '-q', 'prometheus'], { cwd: cache, stdio: 'pipe' })
  try {
    get()
  } catch {
    // Without package lists nothing is found; root may fetch them.
    execFileSync('apt-get', ['update', '-q'], { stdio: 'pipe' })
    get()
  }
}

/** Starts it, with `history` (OpenMetrics text) as if scraped before, and scraping `target` (`host:port`) every second. */
export async function startPrometheus(bin: string, history: string, target: string): Promise<LivePrometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'prescale-prometheus-'))
  const data = join(folder, 'data')
  writeFileSync(join(folder, 'history.txt'), history)
  execFileSync(
    join(bin, 'promtool'),
    ['tsdb', 'create-blocks-from', 'openmetrics', join(folder, 'history.txt'), data],
    {
      stdio: 'pipe'
    }
  )
  writeFileSync(
    join(folder, 'prometheus.yml'),
    `global: { scrape_interval: 1s }\nscrape_configs:\n- job_name: app\n  static_configs: [{ targets: ['${target}'] }]\n`
  )
  const port = await freePort()
  const child = spawn(
    join(bin, 'prometheus'),
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${data}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error'
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] }
  )
  const url = `http://127.0.0.1:${port}`
  await untilReady(child, url)
  return {
    url,
    stop: async () => {
      const ended = once(child, 'exit')
      child.kill()
      await ended
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (child.exitCode !== null) throw new Error(`prometheus ended with ${child.exitCode}`)
    const isReady = await fetch(`${url}/-/ready`).then(
      (response) => response.ok,
      () => false
    )
    if (isReady) return
    await new Promise((later) => setTimeout(later, 100))
  }
  child.kill()
  throw new Error('prometheus was not ready within 20 s')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

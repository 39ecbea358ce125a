/**
 * A real Mosquitto from Debian's packages, without installing it: fetched once into a cache outside the repository, unpacked, started on a
 * free loopback port and stopped again by its own id.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, liveCache } from './java.ts'

const cache = join(liveCache, 'mosquitto')
const packages = ['mosquitto', 'libcjson1', 'libmosquitto1', 'libdlt2', 'libwrap0']

export interface LiveMosquitto {
  readonly url: string
  readonly child: ChildProcess
  stop(): Promise<void>
}

/** The folder that its packages are unpacked in; undefined where Debian's packages cannot be had. */
export function mosquittoFolder(): string | undefined {
  if (existsSync(join(cache, 'usr/sbin/mosquitto'))) return cache
  try {
    mkdirSync(cache, { recursive: true })
    const get = () => execFileSync('apt-get', ['download', '-q', ...packages], { cwd: cache, stdio: 'pipe' })
    try {
      get()
    } catch {
      // Without package lists nothing is found; root may fetch them.
      execFileSync('apt-get', ['update', '-q'], { stdio: 'pipe' })
      get()
    }
    for (const deb of globSync(join(cache, '*.deb'))) execFileSync('dpkg-deb', ['-x', deb, cache])
    return existsSync(join(cache, 'usr/sbin/mosquitto')) ? cache : undefined
  } catch (error) {
    process.stderr.write(`no Mosquitto: ${error instanceof Error ? error.message.split('\n')[0] : error}\n`)
    return undefined
  }
}

export async function startMosquitto(unpacked: string): Promise<LiveMosquitto> {
  const folder = mkdtempSync(join(tmpdir(), 'prescale-mosquitto-'))
  const port = await freePort()
  const settings = join(folder, 'mosquitto.conf')
  writeFileSync(
    settings,
    [
      'persistence false',
      'log_dest none',
      'user root',
      `listener ${port} 127.0.0.1`,
      'allow_anonymous true'
    ].join('\n')
  )
  const [libs] = globSync(join(unpacked, 'usr/lib/*-linux-gnu'))
  const env = { ...process.env, LD_LIBRARY_PATH: libs }
  const child = spawn(join(unpacked, 'usr/sbin/mosquitto'), ['-c', settings], { stdio: 'ignore', env })
  for (let i = 0; !(await answers(port)); i++) {
    if (child.exitCode !== null || i > 100) throw new Error(`mosquitto ended with ${child.exitCode}`)
    await new Promise((later) => setTimeout(later, 50))
  }
  return {
    url: `mqtt://127.0.0.1:${port}`,
    child,
    stop: async () => {
      const ended = once(child, 'exit')
      child.kill()
      await ended
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

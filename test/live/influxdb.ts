/** A real InfluxDB 1.6 from Debian's package, on free loopback ports. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unpacked } from './debian.ts'
import { freePort, untilReady } from './java.ts'

export interface LiveInflux {
  readonly url: string
  stop(): Promise<void>
}

const program = 'usr/bin/influxd'

export const influxFolder = () => unpacked('influxdb', ['influxdb'], program)

export async function startInflux(from: string): Promise<LiveInflux> {
  const folder = mkdtempSync(join(tmpdir(), 'prescale-influxdb-'))
  const [port, backup] = [await freePort(), await freePort()]
  const config = join(folder, 'influxdb.conf')
  writeFileSync(
    config,
    `reporting-disabled = true
bind-address = "127.0.0.1:${backup}"
[meta]
  dir = "${folder}/meta"
[data]
  dir = "${folder}/data"
  wal-dir = "${folder}/wal"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:${port}"
  log-enabled = false
`
  )
  const log = join(folder, 'log')
  const file = openSync(log, 'a')
  const child = spawn(join(from, program), ['run', '-config', config], { stdio: ['ignore', file, file] })
  const stop = async () => {
    if (child.exitCode === null) {
      const ended = once(child, 'exit')
      child.kill()
      await ended
    }
    rmSync(folder, { recursive: true, force: true })
  }
  const url = `http://127.0.0.1:${port}`
  await untilReady(
    'influxdb',
    [{ child, log, stop, kill: stop }],
    async () => (await fetch(`${url}/ping`)).status === 204
  )
  return { url, stop }
}

/** Prescale as a user runs it: its own processes, started with a config, asked to end. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

export interface Running {
  /** Its command. */
  readonly name: string
  readonly pid: number | undefined
  /** All it said. */
  said(): string
  stop(): Promise<void>
}

export function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'prescale-live-'))
}

/** Starts a command with a config, and waits until it says `ready`. */
export async function startPrescale(
  args: readonly string[],
  config: object,
  {
    folder,
    ready,
    env = {},
    heard = () => {}
  }: {
    readonly folder: string
    readonly ready: RegExp
    readonly env?: Record<string, string>
    /** Told all that it says, as it comes. */
    readonly heard?: (text: string) => void
  }
): Promise<Running> {
  const file = join(folder, `${args[0]}.yaml`)
  writeFileSync(file, stringify(config))
  const child = spawn(process.execPath, [main, ...args, '-c', file], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env }
  })
  const kill = () => void child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part) => {
      text += part
      heard(String(part))
    })
  }
  await untilSaid(child, () => text, ready, args[0])
  return {
    name: args[0],
    pid: child.pid,
    said: () => text,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), 15_000)
      await ended
      clearTimeout(late)
    }
  }
}

async function untilSaid(
  child: ChildProcess,
  said: () => string,
  ready: RegExp,
  what: string
): Promise<void> {
  for (const untilMs = Date.now() + 60_000; Date.now() < untilMs; ) {
    if (ready.test(said())) return
    if (child.exitCode !== null) throw new Error(`prescale ${what} ended with ${child.exitCode}: ${said()}`)
    await new Promise((later) => setTimeout(later, 100))
  }
  child.kill('SIGKILL')
  throw new Error(`prescale ${what} was not ready within a minute: ${said().slice(-2_000)}`)
}

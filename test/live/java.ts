/**
 * JVM engines from Maven Central, without installing them: jars fetched once into a cache outside the repository, JVMs started on free
 * loopback ports with low priority, and stopped again by their own ids.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const liveCache = process.env.PRESCALE_LIVE_CACHE ?? join(homedir(), '.cache', 'prescale-live')
const engines = fileURLToPath(new URL('engines', import.meta.url))

/** The folder with an engine's jars, of the pom beside this file; undefined where Java or Maven are missing, or Central is. */
export function mavenLibs(engine: 'flink' | 'kafka'): string | undefined {
  const pom = join(engines, `${engine}.pom.xml`)
  const folder = join(liveCache, engine)
  const lib = join(folder, 'lib')
  const stamp = join(folder, 'stamp')
  const text = readFileSync(pom, 'utf8')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === text) return lib
  try {
    mkdirSync(lib, { recursive: true })
    const settings = [
      '-q',
      '-B',
      '-ntp',
      '-f',
      pom,
      `-Dmaven.repo.local=${join(liveCache, 'm2')}`,
      `-Dlib=${lib}`
    ]
    execFileSync('mvn', [...settings, 'dependency:copy-dependencies'], { stdio: 'pipe', cwd: folder })
    writeFileSync(stamp, text)
    return lib
  } catch (error) {
    process.stderr.write(`no ${engine}: ${error instanceof Error ? error.message.split('\n')[0] : error}\n`)
    return undefined
  }
}

/** The jar of the test job, compiled against Flink's own jars. */
export function jobJar(flinkLib: string): string {
  const folder = join(liveCache, 'job')
  const jar = join(folder, 'costly.jar')
  const source = join(engines, 'job', 'prescale', 'CostlyJob.java')
  const stamp = join(folder, 'stamp')
  const text = readFileSync(source, 'utf8')
  if (existsSync(jar) && existsSync(stamp) && readFileSync(stamp, 'utf8') === text) return jar
  const classes = join(folder, 'classes')
  mkdirSync(classes, { recursive: true })
  const settings = ['-proc:none', '--release', '17', '-nowarn', '-cp', `${flinkLib}/*`, '-d', classes]
  execFileSync('javac', [...settings, source], { stdio: 'pipe' })
  execFileSync('jar', ['cfe', jar, 'prescale.CostlyJob', '-C', classes, '.'], { stdio: 'pipe' })
  writeFileSync(stamp, text)
  return jar
}

export interface Jvm {
  readonly child: ChildProcess
  readonly log: string
  /** SIGTERM, and SIGKILL for one that does not listen within 10 s. */
  stop(): Promise<void>
  /** SIGKILL. */
  kill(): Promise<void>
}

/** Starts a JVM with small heaps, niced; what it says goes to a file. */
export function startJvm(
  args: readonly string[],
  log: string,
  env: Readonly<Record<string, string>> = {}
): Jvm {
  const file = openSync(log, 'a')
  const common = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto']
  const child = spawn('nice', ['-n', '10', 'java', ...common, ...args], {
    stdio: ['ignore', file, file],
    env: { ...process.env, ...env }
  })
  // Who is interrupted has no time to stop anything: nothing outlives the process that started it.
  const kill = () => void child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    const late = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await ended
    clearTimeout(late)
  }
  return { child, log, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') }
}

/** Waits until something is so; fails at once when one of the JVMs has ended. */
export async function untilReady(
  what: string,
  jvms: readonly Jvm[],
  isReady: () => Promise<boolean>,
  withinMs = 90_000
): Promise<void> {
  for (const untilMs = Date.now() + withinMs; Date.now() < untilMs; ) {
    for (const { child, log } of jvms) {
      if (child.exitCode !== null) {
        throw new Error(`${what} ended with ${child.exitCode}:\n${readFileSync(log, 'utf8').slice(-2_000)}`)
      }
    }
    if (await isReady().catch(() => false)) return
    await new Promise((later) => setTimeout(later, 100))
  }
  throw new Error(
    `${what} was not ready within ${withinMs} ms:\n${jvms.map(({ log }) => readFileSync(log, 'utf8').slice(-2_000)).join('\n')}`
  )
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

export const jarsOf = (lib: string) => globSync(join(lib, '*.jar'))

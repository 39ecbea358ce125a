/**
 * Peers written in Python: each in a virtual environment of its own in a cache outside the repository, made at the
 * first call.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PrescaleError } from '../../src/base/index.ts'

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'prescale-bench')

/** Runs `bench/peers/SCRIPT` with these packages, such as `river==0.26.1`, and reads the one number that it prints. */
export function python(script: string, packages: readonly string[], args: readonly string[] = []): number {
  const said = run(interpreter(packages), [fileURLToPath(new URL(script, import.meta.url)), ...args], script)
  const value = Number(said.trim())
  if (said.trim() === '' || Number.isNaN(value)) {
    throw new PrescaleError('BAD_ANSWER', `${script} must print one number, printed '${said.trim()}'`)
  }
  return value
}

function interpreter(packages: readonly string[]): string {
  const folder = join(cache, packages.join('+').replaceAll(/[^\w.+]/g, '-'))
  const inside = join(folder, 'bin', 'python')
  if (existsSync(inside)) return inside
  run('python3', ['-m', 'venv', folder], 'python3 -m venv')
  try {
    run(
      inside,
      ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages],
      'pip install'
    )
  } catch (cause) {
    // Half an environment would be taken for a whole one the next time.
    rmSync(folder, { recursive: true, force: true })
    throw cause
  }
  return inside
}

function run(program: string, args: readonly string[], what: string): string {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (cause) {
    const last = cause instanceof Error ? cause.message.trim().split('\n').at(-1) : String(cause)
    throw new PrescaleError('NOT_FOUND', `${what} did not work: ${last}`, { cause })
  }
}

/**
 * The fault matrix as claims: one a row, by the tests that are named after it. What each row promises stands in `docs/faults.md`.
 *
 * The long form runs every test, those with real engines included; the short form leaves out the slow ones, which the test run has anyway.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Claim, Experiment, ExperimentOptions, ExperimentResult } from '../../experiment.ts'

export const experiment: Experiment = {
  name: 'live/faults',
  says: 'what is promised when something fails, row by row of the fault matrix',
  run
}

const root = fileURLToPath(new URL('../../..', import.meta.url))
const vitest = join(root, 'node_modules/vitest/vitest.mjs')
/** Kills of child processes, and ten thousand targets. */
const SLOW = ['F12', 'F20']

interface Told {
  readonly row: string
  readonly test: string
  readonly engine: 'none' | 'real'
  readonly outcome: 'passed' | 'failed' | 'skipped'
  readonly seconds: number
}

async function run({ long, progress }: ExperimentOptions): Promise<ExperimentResult> {
  progress('tests without engines')
  const rest = SLOW.map((row) => `(?!.*${row} )`).join('')
  const told = await tests(['test/faults', ...(long ? [] : ['-t', `^${rest}`])], 'none')
  if (long) {
    progress('tests with a real Flink and Kafka')
    told.push(...(await tests(['--config', 'vitest.live.config.ts', 'test/live/loop.test.ts'], 'real')))
  }
  return {
    experiment: 'live/faults',
    settings: { form: long ? 'long' : 'short', leftOut: long ? [] : SLOW },
    rows: told.map((row) => ({ ...row })),
    claims: matrix()
      .filter(({ row }) => long || !SLOW.includes(row))
      .map(({ row, promise }) => claimOf(row, promise, told))
  }
}

/** A row holds when it has tests, all of them passed, and none was skipped for want of an engine that is there. */
function claimOf(row: string, promise: string, told: readonly Told[]): Claim {
  const own = told.filter((it) => it.row === row)
  const [passed, failed, skipped] = (['passed', 'failed', 'skipped'] as const).map(
    (outcome) => own.filter((it) => it.outcome === outcome).length
  )
  const measured = [`${passed} passed`, failed > 0 && `${failed} failed`, skipped > 0 && `${skipped} skipped`]
  return {
    id: row,
    text: promise,
    expected: 'every test of the row passes',
    measured: measured.filter(Boolean).join(', '),
    holds: passed > 0 && failed === 0
  }
}

/** The rows of the page that people read. */
function matrix(): { readonly row: string; readonly promise: string }[] {
  const page = readFileSync(join(root, 'docs/faults.md'), 'utf8')
  return Array.from(page.matchAll(/^\| (F\d+) \| ([^|]+) \| ([^|]+) \|/gm), ([, row, fault, does]) => ({
    row,
    promise: `${fault.replace(' ●', '').trim()}: ${does.trim()}`
  }))
}

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly title: string
      readonly status: string
      readonly duration?: number | null
    }[]
  }[]
}

async function tests(args: readonly string[], engine: Told['engine']): Promise<Told[]> {
  const folder = mkdtempSync(join(tmpdir(), 'prescale-faults-'))
  const file = join(folder, 'report.json')
  try {
    const child = spawn(
      process.execPath,
      [vitest, 'run', '--reporter=json', `--outputFile=${file}`, ...args],
      {
        cwd: root,
        stdio: 'ignore'
      }
    )
    await once(child, 'exit')
    const { testResults }: Report = JSON.parse(readFileSync(file, 'utf8'))
    return testResults.flatMap(({ assertionResults }) =>
      assertionResults.flatMap(({ title, status, duration }) => {
        const [row] = /^F\d+/.exec(title) ?? []
        const isLeftOut = status === 'skipped' && engine === 'none' && SLOW.includes(row ?? '')
        if (row === undefined || isLeftOut) return []
        const outcome = status === 'passed' || status === 'failed' ? status : 'skipped'
        return [{ row, test: title, engine, outcome, seconds: Math.round(duration ?? 0) / 1_000 }]
      })
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

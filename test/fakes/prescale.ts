/** The command line as its users meet it: a process of its own, in an empty folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

export interface Answer {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Folder {
  readonly path: string
  file(name: string, text: string): string
  /** Runs `prescale` there. */
  prescale(args: readonly string[], options?: { readonly stdin?: string }): Promise<Answer>
  start(args: readonly string[]): { readonly process: ChildProcess; readonly ended: Promise<Answer> }
  /** What is there, folders included. */
  list(): string[]
  remove(): void
}

export function folder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'prescale-'))
  const start = (args: readonly string[]) => {
    const child = spawn(process.execPath, [main, ...args], { cwd: path })
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text
    })
    const ended = new Promise<Answer>((done) => child.on('close', (code) => done({ code, stdout, stderr })))
    return { process: child, ended }
  }
  return {
    path,
    file(name, text) {
      writeFileSync(join(path, name), text)
      return name
    },
    start,
    prescale(args, { stdin = '' } = {}) {
      const { process: child, ended } = start(args)
      // Whoever refuses its arguments does not read on.
      child.stdin?.on('error', () => {})
      child.stdin?.end(stdin)
      return ended
    },
    list: () => readdirSync(path, { recursive: true, encoding: 'utf8' }).sort(),
    remove: () => rmSync(path, { recursive: true, force: true })
  }
}

/** Refused: one line that says what, nothing on stdout, no stack, nothing left behind but what was there. */
export function expectRefused({ code, stdout, stderr }: Answer, says: RegExp, exit = 2): void {
  expect({ stdout, lines: stderr.split('\n').length, code }, stderr).toEqual({
    stdout: '',
    lines: 2,
    code: exit
  })
  expect(stderr).toMatch(/^prescale: .+\n$/)
  expect(stderr).toMatch(says)
  expect(stderr).not.toMatch(/\bat .*:\d+:\d+|undefined|\[object|NaN NaN/)
}

const minute = (i: number) => new Date(Date.UTC(2026, 0, 5) + i * 60_000).toISOString().slice(0, 19)

/** A CSV of one minute a row; further columns are given by name. */
export function csv(
  loads: readonly (number | string)[],
  columns: Readonly<Record<string, readonly (number | string)[]>> = {}
): string {
  const names = Object.keys(columns)
  const rows = loads.map((load, i) => [minute(i), load, ...names.map((name) => columns[name][i])].join(','))
  return `${['time', 'load', ...names].join(',')}\n${rows.join('\n')}\n`
}

/** Three hours with a wave of an hour in them. */
export const waveLoads = Array.from({ length: 180 }, (_, i) =>
  Math.round(100 + 60 * Math.sin((2 * Math.PI * i) / 60))
)

import { writeSync } from 'node:fs'
import { stringify } from 'yaml'
import { PrescaleError, unknownName } from '../base/index.ts'

export type Format = 'table' | 'json' | 'yaml' | 'csv'
export type Cell = string | number | boolean | null | undefined
export type Row = Readonly<Record<string, Cell>>

/** One result in the shapes of `-o`: `value` for json and yaml, `rows` for csv, `text` (or the rows) for table. */
export interface Result {
  readonly value: unknown
  readonly rows: readonly Row[]
  readonly text?: string
}

const formats: Readonly<Record<Format, (result: Result) => string>> = {
  table: ({ text, rows }) => text ?? table(rows),
  json: ({ value }) => JSON.stringify(value, plainNumbers, 2),
  yaml: ({ value }) => stringify(JSON.parse(JSON.stringify(value, plainNumbers))).trimEnd(),
  csv: ({ rows }) => csv(rows)
}

/** Writes the result, and nothing else, to stdout. */
export function print(format: string, result: Result): void {
  writeAll(1, `${formats[readFormat(format)](result)}\n`)
}

/** Writes plain text to stdout, complete before it returns. */
export function writeOut(text: string): void {
  writeAll(1, text)
}

export function readFormat(format: string): Format {
  if (!Object.hasOwn(formats, format)) {
    throw new PrescaleError('BAD_OPTION', unknownName('an output format', format, Object.keys(formats)))
  }
  return format as Format
}

/** Notes and progress go to stderr, so that stdout can be piped. */
export function note(line: string, quiet = false): void {
  if (!quiet) writeAll(2, `${line}\n`)
}

/** A progress line that is rewritten in place; where stderr is no terminal, a line of its own now and then. */
export function progress(quiet = false): (line: string) => void {
  if (quiet) return () => {}
  return process.stderr.isTTY
    ? (line) => writeAll(2, `\r\x1b[2K${line}`)
    : nowAndThen((line) => writeAll(2, `${line}\n`))
}

/** Often enough to see that something happens, seldom enough for the log of a CI. */
const EVERY_MS = 10_000

/** The newest line every ten seconds, so that what is over sooner says nothing. An empty one, which clears the line of a terminal, is none. */
export function nowAndThen(
  write: (line: string) => void,
  now: () => number = Date.now
): (line: string) => void {
  let lastMs = now()
  return (line) => {
    if (line === '' || now() - lastMs < EVERY_MS) return
    lastMs = now()
    write(line)
  }
}

/** Columns padded to their widest cell, numbers right, one line a row. */
export function table(rows: readonly Row[]): string {
  if (rows.length === 0) return '(nothing)'
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const cells = rows.map((row) => names.map((name) => cell(row[name])))
  const widths = names.map((name, i) => Math.max(name.length, ...cells.map((line) => line[i].length)))
  const right = names.map((name) => rows.every((row) => typeof row[name] !== 'string'))
  const line = (texts: readonly string[]) =>
    texts
      .map((text, i) => (right[i] ? text.padStart(widths[i]) : text.padEnd(widths[i])))
      .join('  ')
      .trimEnd()
  return [line(names), line(widths.map((w) => '─'.repeat(w))), ...cells.map(line)].join('\n')
}

function cell(value: Cell): string {
  if (value === null || value === undefined) return '–'
  if (typeof value !== 'number') return String(value)
  if (Number.isNaN(value)) return '–'
  if (Number.isInteger(value)) return value.toLocaleString('en-US')
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 4
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

function csv(rows: readonly Row[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const quote = (value: Cell) => {
    const text = value === null || value === undefined || Number.isNaN(value) ? '' : String(value)
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  return [names.join(','), ...rows.map((row) => names.map((name) => quote(row[name])).join(','))].join('\n')
}

function plainNumbers(_key: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return null
  return ArrayBuffer.isView(value) ? Array.from(value as Float64Array) : value
}

const reasons: Readonly<Record<string, string>> = { ENOSPC: 'the disk is full' }

/** Synchronous and complete: a result must not be lost because the process ends. */
function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at)
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code
      if (code === 'EAGAIN') continue
      // Whoever reads has seen enough, as in `| head -1`; an endless input must not be answered for nobody.
      if (code === 'EPIPE' && fd === 1) process.exit(0)
      if (code === 'EPIPE') return
      const what = fd === 1 ? 'stdout' : 'stderr'
      throw new PrescaleError('IO', `${what} could not be written: ${reasons[code ?? ''] ?? code}`, { cause })
    }
  }
}

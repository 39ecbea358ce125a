/**
 * `npm run bench -- [NAME…] [-o table|json] [--runs N]`: how fast we are, beside somebody else, in one run.
 *
 * Ours and the peer live in two processes and are asked in turn (A B A B …), so that a slow minute of the machine
 * hits both; one call each is thrown away as warm-up. Value = median of the runs; peak memory = the largest resident
 * set of our process. NAME is a module (`service-world`) or the beginning of a bench's name.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { PrescaleError, requireOption, unknownName } from '../src/base/index.ts'
import { exitCodeOf, sayError } from '../src/cli/exit.ts'
import { note, print, readFormat } from '../src/cli/output.ts'
import { type Bench, type BenchRow, median } from './bench.ts'

const notBenches = ['run.ts', 'bench.ts', 'minutes.ts']

interface Place {
  readonly module: string
  readonly bench: Bench
}

/** What a child says: that it is there, a value, or why it cannot. */
interface Said {
  readonly value?: number
  readonly peakMiB?: number
  readonly failed?: string
  readonly absent?: boolean
}

async function discover(names: readonly string[]): Promise<readonly Place[]> {
  const modules = readdirSync(new URL('.', import.meta.url))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !notBenches.includes(file))
    .map((file) => file.slice(0, -3))
    .sort()
  const known: Place[] = []
  for (const module of modules) for (const bench of await benchesOf(module)) known.push({ module, bench })
  for (const name of names) {
    if (known.some((place) => isMeant(place, name))) continue
    const all = [...modules, ...known.map(({ bench }) => bench.name)]
    throw new PrescaleError('BAD_OPTION', unknownName('a bench', name, [...new Set(all)]))
  }
  return names.length === 0 ? known : known.filter((place) => names.some((name) => isMeant(place, name)))
}

function isMeant({ module, bench }: Place, name: string): boolean {
  return module === name || bench.name.startsWith(name)
}

async function benchesOf(module: string): Promise<readonly Bench[]> {
  return (await import(new URL(`./${module}.ts`, import.meta.url).href)).default
}

async function measure({ module, bench }: Place, runs: number): Promise<BenchRow> {
  const ours = start(module, bench.name, 'ours')
  const peer = bench.peer ? start(module, bench.name, 'peer') : undefined
  try {
    const first = await ask(ours)
    if (first.value === undefined) throw new PrescaleError('IO', `${bench.name}: ${first.failed}`)
    const peerFirst = peer ? await ask(peer) : undefined
    if (peerFirst?.failed !== undefined) {
      if (!peerFirst.absent) throw new PrescaleError('IO', `peer of ${bench.name}: ${peerFirst.failed}`)
      note(`${bench.name}: no peer, ${peerFirst.failed}`)
    }
    const values: number[] = []
    const peerValues: number[] = []
    let peakMiB = 0
    for (let run = 0; run < runs; run++) {
      const said = await ask(ours)
      values.push(said.value ?? NaN)
      peakMiB = Math.max(peakMiB, said.peakMiB ?? 0)
      if (peer && peerFirst?.value !== undefined) peerValues.push((await ask(peer)).value ?? NaN)
    }
    return row(bench, median(values), peakMiB, peerValues.length > 0 ? median(peerValues) : undefined)
  } finally {
    ours.kill()
    peer?.kill()
  }
}

function row(bench: Bench, value: number, peakMiB: number, peerValue: number | undefined): BenchRow {
  const ours = { value, unit: bench.unit, peakMiB: Math.round(peakMiB) }
  if (!bench.peer || peerValue === undefined) return { name: bench.name, ours, peer: null, ratio: null }
  const { name, version } = bench.peer
  const ratio = bench.higherIsBetter ? value / peerValue : peerValue / value
  return { name: bench.name, ours, peer: { name, version, value: peerValue }, ratio }
}

function start(module: string, name: string, side: 'ours' | 'peer'): ChildProcess {
  return fork(new URL(import.meta.url), ['--child', module, name, side], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc']
  })
}

async function ask(child: ChildProcess): Promise<Said> {
  child.send('run')
  const ended = new AbortController()
  try {
    const [said] = await Promise.race([
      once(child, 'message', { signal: ended.signal }),
      once(child, 'exit', { signal: ended.signal }).then(([code]) => [{ failed: `ended with code ${code}` }])
    ])
    return said
  } finally {
    ended.abort()
  }
}

/** The other end of `ask`. */
async function child(module: string, name: string, side: string): Promise<void> {
  const bench = (await benchesOf(module)).find((one) => one.name === name)
  process.on('message', async () => {
    try {
      const value = side === 'ours' ? await bench?.ours() : await bench?.peer?.run()
      process.send?.({ value, peakMiB: process.resourceUsage().maxRSS / 1024 } satisfies Said)
    } catch (error) {
      const absent = error instanceof PrescaleError && ['NOT_FOUND', 'UNREACHABLE'].includes(error.code)
      process.send?.({ failed: absent ? error.message : sayError(error), absent } satisfies Said)
    }
  })
  process.on('disconnect', () => process.exit())
}

async function main(argv: readonly string[]): Promise<void> {
  if (argv[0] === '--child') return child(argv[1], argv[2], argv[3])
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      output: { type: 'string', short: 'o', default: 'table' },
      runs: { type: 'string', default: '5' }
    }
  })
  readFormat(values.output)
  const runs = Number(values.runs)
  requireOption(Number.isInteger(runs) && runs >= 1, 'runs', values.runs, 'a whole number, at least 1')
  const rows: BenchRow[] = []
  for (const place of await discover(positionals)) {
    note(`${place.bench.name} …`)
    rows.push(await measure(place, runs))
  }
  print(values.output, {
    value: rows,
    rows: rows.map(({ name, ours, peer, ratio }) => ({
      name,
      ours: ours.value,
      unit: ours.unit,
      'peak MiB': ours.peakMiB,
      peer: peer ? `${peer.name} ${peer.version}` : '–',
      theirs: peer?.value ?? null,
      'times better': ratio
    }))
  })
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  const usage = error instanceof TypeError && 'code' in error
  process.stderr.write(usage ? `prescale: ${error.message}\n` : `${sayError(error)}\n`)
  process.exitCode = usage ? 2 : exitCodeOf(error)
}

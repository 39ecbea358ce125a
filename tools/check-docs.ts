/**
 * Runs what the docs show. In README.md, docs/ and examples/:
 *
 *   ```ts   is written to a file and run; `prescale/…` is this package, built
 *   ```sh   lines that begin with `prescale ` are run by the CLI of this checkout and must exit with 0
 *
 * A block behind `<!-- not run: reason -->` is counted and left. The fence's folder holds `load.csv`, a small series.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const all = mkdtempSync(join(tmpdir(), 'prescale-docs-'))
const counts = { run: 0, failed: 0, left: 0 }
let files = 0
const cli = `${process.execPath} ${join(root, 'src/cli/main.ts')}`

const pages = ['README.md', ...filesUnder('docs', '.md')]
const tasks = [
  ...pages.map((page) => () => checkPage(page)),
  ...filesUnder('examples', '.ts').map((it) => () => checkExample(it))
]
// A page is read from top to bottom; pages do not know each other.
await Promise.all(
  Array.from({ length: availableParallelism() }, async () => {
    for (let task = tasks.shift(); task; task = tasks.shift()) await task()
  })
)
rmSync(all, { recursive: true })
console.log(`docs: ${counts.run} run, ${counts.failed} failed, ${counts.left} not run`)
process.exitCode = counts.failed === 0 ? 0 : 1

async function checkPage(page: string): Promise<void> {
  const found = blocks(readFileSync(join(root, page), 'utf8'))
  counts.left += found.filter(({ skipped }) => skipped).length
  const work = folderFor(page)
  for (const { language, code, skipped } of found) {
    if (skipped) continue
    if (language === 'ts') await run(page, code, () => runTs(code, work))
    if (language !== 'sh') continue
    for (const line of joinLines(code)) {
      if (/^(prescale|npx prescale) /.test(line)) await run(page, line, () => runShell(line, work))
    }
  }
}

function checkExample(example: string): Promise<void> {
  return run(example, example, () => ended(process.execPath, [join(root, example)], root))
}

function folderFor(page: string): string {
  const work = join(all, page.replaceAll('/', '-'))
  mkdirSync(work)
  symlinkSync(join(root, 'node_modules'), join(work, 'node_modules'))
  writeFileSync(join(work, 'load.csv'), sampleCsv())
  return work
}

interface Ended {
  readonly status: number | null
  readonly output: string
}

async function run(page: string, code: string, how: () => Promise<Ended>): Promise<void> {
  const number = ++counts.run
  const { status, output } = await how()
  if (status === 0) return
  counts.failed++
  console.error(`${page}, block ${number}: exit ${status}\n${code}\n${output}\n`)
}

async function runTs(code: string, work: string): Promise<Ended> {
  // Inside the package, so that `prescale/…` resolves to itself.
  const file = join(root, 'dist', `docs-${files++}.ts`)
  writeFileSync(file, code)
  try {
    return await ended(process.execPath, [file], work)
  } finally {
    rmSync(file)
  }
}

function runShell(line: string, work: string): Promise<Ended> {
  const shell = line.replace(/(^|\| *)(npx )?prescale /g, `$1${cli} `)
  return ended('bash', ['-o', 'pipefail', '-c', shell], work)
}

async function ended(program: string, args: readonly string[], cwd: string): Promise<Ended> {
  const child = spawn(program, args, { cwd, timeout: 300_000, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part) => {
      output = (output + part).slice(-4_000)
    })
  }
  const [status] = (await once(child, 'close')) as [number | null]
  return { status, output }
}

function blocks(text: string) {
  const pattern = /(<!-- not run:[^>]*-->\s*)?^```(\w*)[^\n]*\n([\s\S]*?)^```/gm
  return Array.from(text.matchAll(pattern), ([, skipped, language, code]) => ({ language, code, skipped }))
}

/** Lines with their `\` continuations. */
function joinLines(code: string): string[] {
  return code.replace(/\\\n\s*/g, ' ').split('\n')
}

function filesUnder(folder: string, ending: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name))
    .sort()
}

/** Nine days of a daily wave, a value a minute. */
function sampleCsv(): string {
  const rows = ['time,requests']
  for (let minute = 0; minute < 9 * 1440; minute++) {
    const rate = 100 + 60 * Math.sin((2 * Math.PI * minute) / 1440) + 5 * Math.sin(minute * 1.7)
    rows.push(`${new Date(Date.UTC(2024, 0, 1) + minute * 60_000).toISOString()},${rate.toFixed(2)}`)
  }
  return `${rows.join('\n')}\n`
}

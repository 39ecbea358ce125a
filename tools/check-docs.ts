/**
 * Runs what the docs show. In README.md, docs/ and examples/:
 *
 *   ```ts   is written to a file and run; `prescale/…` is this package, built
 *   ```sh   lines that begin with `prescale ` are run by the CLI of this checkout and must exit with 0
 *
 * A block behind `<!-- not run: reason -->` is counted and left. The fence's folder holds `load.csv`, a small series.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const pages = ['README.md', ...filesUnder('docs', '.md')]
const work = mkdtempSync(join(tmpdir(), 'prescale-docs-'))
symlinkSync(join(root, 'node_modules'), join(work, 'node_modules'))
const counts = { run: 0, failed: 0, left: 0 }

writeFileSync(join(work, 'load.csv'), sampleCsv())
for (const page of pages) {
  for (const { language, code, skipped } of blocks(readFileSync(join(root, page), 'utf8'))) {
    if (skipped) counts.left++
    else if (language === 'ts') run(page, code, () => runTs(code))
    else if (language === 'sh') {
      for (const line of joinLines(code))
        if (/^(prescale|npx prescale) /.test(line)) run(page, line, () => runShell(line))
    }
  }
}
for (const example of filesUnder('examples', '.ts'))
  run(example, example, () => spawn([join(root, example)], root))
rmSync(work, { recursive: true })
console.log(`docs: ${counts.run} run, ${counts.failed} failed, ${counts.left} not run`)
process.exitCode = counts.failed === 0 ? 0 : 1

function run(page: string, code: string, how: () => { status: number | null; output: string }): void {
  counts.run++
  const { status, output } = how()
  if (status === 0) return
  counts.failed++
  console.error(`${page}: exit ${status}\n${code}\n${output}\n`)
}

function runTs(code: string) {
  // Inside the package, so that `prescale/…` resolves to itself.
  const file = join(root, 'dist', `docs-${counts.run}.ts`)
  writeFileSync(file, code)
  try {
    return spawn([file], work)
  } finally {
    rmSync(file)
  }
}

function runShell(line: string) {
  const cli = `${process.execPath} ${join(root, 'src/cli/main.ts')}`
  const shell = line.replace(/(^|\| *)(npx )?prescale /g, `$1${cli} `)
  const done = spawnSync('bash', ['-o', 'pipefail', '-c', shell], {
    cwd: work,
    encoding: 'utf8',
    timeout: 300_000
  })
  return { status: done.status, output: done.stdout.slice(-2_000) + done.stderr.slice(-2_000) }
}

function spawn(args: string[], cwd: string) {
  const done = spawnSync(process.execPath, args, { cwd, encoding: 'utf8', timeout: 300_000 })
  return { status: done.status, output: done.stdout.slice(-2_000) + done.stderr.slice(-2_000) }
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

/** What the package promises to whoever installs it: its subpaths, its files, its command on an old Node. */
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const {
  bin,
  exports: subpaths,
  files
}: {
  readonly bin: { readonly prescale: string }
  readonly exports: Readonly<Record<string, { readonly types: string; readonly default: string }>>
  readonly files: readonly string[]
} = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))

describe('the package', () => {
  it.each(Object.entries(subpaths))('has a module behind %s, and its types', async (_, entry) => {
    const source = entry.default.replace('./dist/', './src/').replace(/\.js$/, '.ts')
    expect(entry.types).toBe(entry.default.replace(/\.js$/, '.d.ts'))
    expect(existsSync(root + source), source).toBe(true)
    // `roles` is types only; every other one has something to call.
    const module = await import(new URL(`../${source}`, import.meta.url).href)
    if (!source.endsWith('roles.ts')) expect(Object.keys(module)).not.toEqual([])
  })

  it('has a subpath for every folder of the code but the command line', () => {
    const folders = readdirSync(`${root}src`, { withFileTypes: true }).filter((it) => it.isDirectory())
    const expected = folders.map(({ name }) => `./${name}`).filter((name) => name !== './cli')
    expect(Object.keys(subpaths).toSorted()).toEqual(['.', ...expected].toSorted())
  })

  it('packs what is there; dist is built on the way', () => {
    for (const file of files.filter((name) => name !== 'dist'))
      expect(existsSync(root + file), file).toBe(true)
    expect(files).toContain('dist')
  })
})

/** A Node that is older than ours, where the machine has one. */
const oldNode = ['/usr/bin/node', '/usr/local/bin/node'].find((node) => {
  const major = Number(/^v(\d+)/.exec(spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[1])
  return major > 0 && major < 24
})

describe('the command', () => {
  it.skipIf(oldNode === undefined)('says in one line what it lacks on an old Node, and exits with 2', () => {
    const { status, stdout, stderr } = spawnSync(oldNode!, [root + bin.prescale, 'rehearse'], {
      encoding: 'utf8'
    })
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(/^prescale: needs Node\.js 24 or newer, this is [\d.]+; .+\n$/)
  })

  /** The command alone in a folder, with what is built or not. */
  function alone(built: string | undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'prescale-package-'))
    try {
      for (const file of [bin.prescale, 'package.json']) cpSync(root + file, join(folder, file))
      if (built !== undefined) {
        mkdirSync(join(folder, 'dist/cli'), { recursive: true })
        writeFileSync(join(folder, 'dist/cli/main.js'), built)
      }
      return spawnSync(process.execPath, [join(folder, bin.prescale), 'rehearse'], { encoding: 'utf8' })
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  it.each([
    [
      'a clone that was not built',
      undefined,
      /^prescale: this clone is not built; run: npm ci && npm run build; or unbuilt: npm run -s prescale -- COMMAND\n$/
    ],
    ['packages that are not there', "import 'commander'", /^prescale: .*'commander'.*; run: npm ci\n$/]
  ])('says in one line what to run in %s, and exits with 2', (_, built, line) => {
    const { status, stdout, stderr } = alone(built)
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(line)
  })

  it('hides no other error', () => {
    const { status, stderr } = alone("throw new Error('of its own')")
    expect(status).toBe(1)
    expect(stderr).toContain('of its own')
  })

  it('can be executed as it is', () => {
    expect(readFileSync(root + bin.prescale, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
  })
})

import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const planted = `${root}src/forecast/planted-by-a-test.ts`

function layers() {
  const done = spawnSync('npm', ['run', '-s', 'check:layers'], { cwd: root, encoding: 'utf8' })
  return { status: done.status, output: done.stdout + done.stderr }
}

describe('the import rule', () => {
  afterEach(() => rmSync(planted, { force: true }))

  it('holds in the tree as it is', () => {
    expect(layers()).toMatchObject({ status: 0 })
  })

  it('turns the check red for a planted import from stage to stage, even of a type', () => {
    writeFileSync(
      planted,
      "import type { PolicyEntry } from '../decide/index.ts'\nexport type Planted = PolicyEntry\n"
    )
    const { status, output } = layers()
    expect(status).not.toBe(0)
    expect(output).toContain('forecast-imports')
  })

  it('turns the check red for I/O in a pure stage', () => {
    writeFileSync(planted, "import { readFileSync } from 'node:fs'\nexport const planted = readFileSync\n")
    const { status, output } = layers()
    expect(status).not.toBe(0)
    expect(output).toContain('io-at-the-ends')
  })
})

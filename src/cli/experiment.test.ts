import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { experimentText } from './experiment.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const main = join(root, 'src/cli/main.ts')

function prescale(args: readonly string[], env: NodeJS.ProcessEnv = {}, entry = main) {
  return spawnSync(process.execPath, [entry, 'experiment', ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env }
  })
}

describe('experiment', () => {
  it('lists every experiment with what it shows', () => {
    const listed = JSON.parse(
      execFileSync(process.execPath, [main, 'experiment', 'list', '-o', 'json'], { encoding: 'utf8' })
    )
    const byName = Object.fromEntries(
      listed.map((row: { name: string; says: string }) => [row.name, row.says])
    )
    expect(byName['stream-runs/as-run']).toMatch(/recorded Flink runs/)
    expect(byName['stream-runs/closed-loop']).toMatch(/three worlds/)
  })

  it('names the nearest experiment when there is none of that name', () => {
    const { status, stderr } = prescale(['run', 'stream-runs/asrun'])
    expect(status).toBe(2)
    expect(stderr).toMatch(
      /^prescale: 'stream-runs\/asrun' is not an experiment; did you mean 'stream-runs\/as-run'\?/
    )
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })

  it('refuses a setting that the experiment does not have, before anything runs', () => {
    const { status, stderr, stdout } = prescale(['run', 'stream-runs/as-run', '--set', 'speed=2'])
    expect(status).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^prescale: 'speed' is not an option of stream-runs\/as-run/)
  })

  it('says in one line which data are not there', () => {
    const { status, stderr, stdout } = prescale(['run', 'stream-runs/as-run', '--quiet'], {
      PRESCALE_DATA: '/nowhere'
    })
    expect(status).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/flink-runs\/phoebe_cars_25K_1s.csv is not there.*PRESCALE_DATA/)
  })

  const away = mkdtempSync(join(tmpdir(), 'prescale-installed-'))
  afterAll(() => rmSync(away, { recursive: true }))

  it('says in one line that an installed package has none', () => {
    cpSync(join(root, 'src'), join(away, 'src'), { recursive: true })
    cpSync(join(root, 'package.json'), join(away, 'package.json'))
    symlinkSync(join(root, 'node_modules'), join(away, 'node_modules'))
    const { status, stderr } = prescale(['list'], {}, join(away, 'src/cli/main.ts'))
    expect(status).toBe(2)
    expect(stderr.trim()).toBe(
      'prescale: experiments are not part of the installed package: run them in a clone of the repository'
    )
  })

  it('prints each claim with what was measured, held or not', () => {
    const text = experimentText({
      experiment: 'a/b',
      settings: { form: 'short' },
      rows: [{ run: 'x', late: 0.5 }],
      claims: [
        { id: 'one', text: 'it works', expected: 1, measured: 1, holds: true },
        { id: 'two', text: 'it flies', expected: '≤ 3', measured: null, holds: false }
      ]
    })
    expect(text).toContain('a/b (short form)')
    expect(text).toContain('Claims: 1 of 2 hold')
    expect(text).toMatch(/^holds +one: it works\n +expected 1, measured 1$/m)
    expect(text).toMatch(/^DOES NOT HOLD +two: it flies\n +expected ≤ 3, measured nothing$/m)
  })
})

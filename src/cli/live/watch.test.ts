import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { loadConfig } from '../config/file.ts'
import { watchConfig } from './watch.ts'

const pace = { settleMs: 10, pollMs: 60_000 }
const config = (policy: string) =>
  `version: 1\ntargets:\n  cars: { source: { type: replay, file: x }, policy: ${policy} }\n`

describe('a config that is watched', () => {
  let folder: string
  let file: string
  let stop: AbortController
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'prescale-watch-'))
    file = join(folder, 'prescale.yaml')
    writeFileSync(file, config('hpa'))
    stop = new AbortController()
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  /** What a loop would hold, and what it would have said. */
  function watched(path: string, how = pace) {
    const held: string[] = []
    const said: string[] = []
    const watching = watchConfig(
      path,
      stop.signal,
      async () => {
        held.push((await loadConfig(path)).targets[0].policy.name ?? '')
      },
      (error) => said.push(String(error instanceof Error ? error.message : error)),
      how
    )
    const end = async () => {
      stop.abort()
      await watching
    }
    return { held, said, end }
  }
  const begun = () => sleep(30)

  it('is read again when it is written in place', async () => {
    const { held, said, end } = watched(file)
    await begun()
    writeFileSync(file, config('ds2'))
    await vi.waitFor(() => expect(held).toEqual(['ds2']), 5_000)
    await end()
    expect(said).toEqual([])
  })

  it('is read again when an editor renames another file over it, every time', async () => {
    const { held, end } = watched(file)
    await begun()
    for (const [i, policy] of ['ds2', 'mpc', 'hpa'].entries()) {
      writeFileSync(join(folder, '.swp'), config(policy))
      renameSync(join(folder, '.swp'), file)
      await vi.waitFor(() => expect(held).toHaveLength(i + 1), 5_000)
    }
    await end()
    expect(held).toEqual(['ds2', 'mpc', 'hpa'])
  })

  it('that is wrong is told once, with its place, and the next good one is taken', async () => {
    const { held, said, end } = watched(file)
    await begun()
    writeFileSync(file, config('hpaa'))
    await vi.waitFor(() => expect(said).toHaveLength(1), 5_000)
    writeFileSync(file, config('hpaa'))
    await sleep(50)
    expect(held).toEqual([])
    expect(said).toEqual([
      expect.stringMatching(/prescale.yaml:3:\d+: targets.cars.policy must be a policy: 'hpaa'/)
    ])
    writeFileSync(file, config('mpc'))
    await vi.waitFor(() => expect(held).toEqual(['mpc']), 5_000)
    await end()
  })

  it('is not read again when the same is written', async () => {
    const { held, said, end } = watched(file)
    await begun()
    writeFileSync(file, config('hpa'))
    await sleep(80)
    await end()
    expect([held, said]).toEqual([[], []])
  })

  it('that vanishes is told, and taken again when it is back', async () => {
    const { held, said, end } = watched(file)
    await begun()
    rmSync(file)
    await vi.waitFor(() => expect(said).toEqual([`${file} is not there any more`]), 5_000)
    writeFileSync(file, config('hpa'))
    await vi.waitFor(() => expect(held).toEqual(['hpa']), 5_000)
    await end()
  })

  it('behind a link that is swapped, as in a ConfigMap, is read again', async () => {
    for (const [version, policy] of [
      ['one', 'hpa'],
      ['two', 'ds2']
    ]) {
      mkdirSync(join(folder, version))
      writeFileSync(join(folder, version, 'live.yaml'), config(policy))
    }
    symlinkSync('one', join(folder, '..data'))
    symlinkSync(join('..data', 'live.yaml'), join(folder, 'live.yaml'))
    const { held, end } = watched(join(folder, 'live.yaml'))
    await begun()
    symlinkSync('two', join(folder, '..next'))
    renameSync(join(folder, '..next'), join(folder, '..data'))
    await vi.waitFor(() => expect(held).toEqual(['ds2']), 5_000)
    await end()
  })

  it('is looked at without being told', async () => {
    const { held, end } = watched(file, { settleMs: 1, pollMs: 20 })
    await begun()
    writeFileSync(file, config('ds2'))
    await vi.waitFor(() => expect(held).toEqual(['ds2']), 5_000)
    await end()
  })
})

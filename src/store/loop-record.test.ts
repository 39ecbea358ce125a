import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import * as fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Command, Receipt } from '../roles.ts'
import { memory } from './memory.ts'
import { sqlite } from './sqlite.ts'
import { turnAt } from './turns.rows.ts'

const command = (epoch: number, web = 3): Command => ({ target: 'job', to: { web }, epoch })
const receipt = (epoch: number): Receipt => ({ epoch, reached: { web: 3 }, pending: {}, atMs: 9 })

describe('the record of a loop', () => {
  it('gives back what was kept last, and the newest command with what came of it', () => {
    const store = memory()
    expect(store.recall('job')).toEqual({})
    store.keep('job', { memory: 1 })
    store.keep('job', { memory: NaN }, turnAt(1), command(1))
    expect(store.recall('job')).toEqual({
      kept: { memory: NaN },
      given: { command: command(1), atMs: 60_000 }
    })
    store.conclude('job', receipt(1))
    expect(store.recall('job').given?.receipt).toEqual(receipt(1))
    expect(store.latest('job')?.atMs).toBe(60_000)
    expect(store.recall('other')).toEqual({})
  })

  it('keeps a Turn, its memory and its command together or not at all', () => {
    const store = memory()
    store.keep('job', { memory: 1 }, turnAt(1), command(1))
    expect(() => store.keep('job', { memory: 2 }, turnAt(2), command(1))).toThrow()
    expect(store.recall('job').kept).toEqual({ memory: 1 })
    expect([...store.turns({})]).toHaveLength(1)
  })

  it('does not change what a command was, nor a receipt', () => {
    const store = memory()
    store.keep('job', {}, turnAt(1), command(1))
    store.conclude('job', receipt(1))
    store.conclude('job', { ...receipt(1), refused: 'late' })
    expect(store.commands('job', 0)).toEqual([{ command: command(1), atMs: 60_000, receipt: receipt(1) }])
  })

  it('lets one hold the right to write, and gives each new holder a new epoch', () => {
    const store = memory()
    expect(store.holdLease('a', 0, 100)).toMatchObject({ mine: true, epoch: 1 })
    expect(store.holdLease('b', 50, 150)).toEqual({ mine: false, holder: 'a', epoch: 1, untilMs: 100 })
    expect(store.holdLease('a', 60, 160)).toMatchObject({ mine: true, epoch: 1 })
    expect(store.holdLease('b', 161, 261)).toMatchObject({ mine: true, epoch: 2 })
    store.dropLease('b')
    expect(store.holdLease('a', 170, 270)).toMatchObject({ mine: true, epoch: 3 })
  })

  it('numbers commands for the holder only, each higher than all before', () => {
    const store = memory()
    expect(store.nextEpoch('job', 'a', 0)).toBeUndefined()
    store.holdLease('a', 0, 100)
    expect(store.nextEpoch('job', 'a', 0)).toBe(1)
    store.keep('job', {}, turnAt(1), command(1))
    expect(store.nextEpoch('job', 'a', 50)).toBe(2)
    expect(store.nextEpoch('job', 'a', 100)).toBeUndefined()
    store.holdLease('b', 101, 200)
    expect(store.nextEpoch('job', 'a', 102)).toBeUndefined()
    expect(store.nextEpoch('job', 'b', 102)).toBe(2)
  })

  it('never lets two hold it at once, whatever they try', () => {
    const tries = fc.array(
      fc.record({ who: fc.constantFrom('a', 'b', 'c'), wait: fc.integer({ min: 0, max: 40 }) })
    )
    fc.assert(
      fc.property(tries, (all) => {
        const store = memory()
        let now = 0
        let held = { who: '', untilMs: 0 }
        for (const { who, wait } of all) {
          now += wait
          const { mine } = store.holdLease(who, now, now + 30)
          if (mine && held.who !== who) expect(now).toBeGreaterThanOrEqual(held.untilMs)
          if (mine) held = { who, untilMs: now + 30 }
        }
        store.close()
      }),
      { numRuns: 30 }
    )
  })

  it('remembers what happened, in order of time', () => {
    const store = memory()
    store.putEvent('job', { atMs: 2, what: 'job-restarted', text: 'twice' })
    store.putEvent('job', { atMs: 1, what: 'job-failed', text: 'no slots' })
    store.putEvent('other', { atMs: 1, what: 'x', text: '' })
    expect(store.events('job', 0)).toEqual([
      { atMs: 1, what: 'job-failed', text: 'no slots' },
      { atMs: 2, what: 'job-restarted', text: 'twice' }
    ])
    expect(store.events('job', 0, 2)).toHaveLength(1)
  })

  it('remembers who is paused, by whom and why', () => {
    const store = memory()
    store.setPause('job', { sinceMs: 1, by: 'ann', because: 'release' })
    store.setPause('*', { sinceMs: 2, by: 'bob' })
    store.setPause('job', { sinceMs: 3, by: 'ann' })
    expect(store.pauses()).toEqual({ '*': { sinceMs: 2, by: 'bob' }, job: { sinceMs: 3, by: 'ann' } })
    store.setPause('job', undefined)
    expect(Object.keys(store.pauses())).toEqual(['*'])
  })
})

describe('a store of an older version', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'prescale-'))
    return () => rmSync(folder, { recursive: true })
  })

  /** What version 1 wrote: no tables of a loop. */
  function oldStore(): string {
    const file = join(folder, 'old.db')
    const store = sqlite({ file })
    store.append(turnAt(1))
    store.close()
    const db = new DatabaseSync(file)
    for (const table of ['events', 'kept', 'commands', 'lease', 'pauses']) db.exec(`DROP TABLE ${table}`)
    db.exec('PRAGMA user_version = 1')
    db.close()
    return file
  }

  it('is read as it is, and gets the new tables from whoever writes', () => {
    const file = oldStore()
    const reader = sqlite({ file, readOnly: true })
    expect([...reader.turns({})]).toHaveLength(1)
    expect(reader.recall('job')).toEqual({})
    expect(reader.pauses()).toEqual({})
    reader.close()
    const writer = sqlite({ file })
    expect([...writer.turns({})]).toHaveLength(1)
    writer.keep('job', { memory: 1 }, turnAt(2), command(1))
    writer.close()
    const again = sqlite({ file, readOnly: true })
    expect(again.recall('job').given?.command).toEqual(command(1))
    again.close()
  })
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkStore, memory, sqlite, stores } from './index.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'prescale-check-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('a look at a store', () => {
  it('that is not there yet says whether it could be', () => {
    expect(checkStore(join(folder, 'deep', 'er', 'live.sqlite'))).toEqual({
      exists: false,
      writable: true,
      turns: 0,
      bytes: 0
    })
  })

  it('counts Turns and bytes, and changes nothing', () => {
    const file = join(folder, 'live.sqlite')
    sqlite({ file }).close()
    const seen = checkStore(file)
    expect(seen).toMatchObject({ exists: true, writable: true, turns: 0 })
    expect(seen.bytes).toBeGreaterThan(0)
    expect(checkStore(file)).toEqual(seen)
  })

  it('says of what is no store that it is none', () => {
    const file = join(folder, 'notes.txt')
    writeFileSync(file, 'not a database at all, whatever it is called\n'.repeat(50))
    expect(() => checkStore(file)).toThrow('notes.txt')
  })

  it('every store of the table opens', () => {
    const file = join(folder, 'a.sqlite')
    for (const open of [...Object.values(stores), memory]) {
      const store = open({ file })
      expect(store.targets()).toEqual([])
      store.close()
    }
  })
})

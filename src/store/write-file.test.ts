import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { smallDisk } from '../../test/fakes/small-disk.ts'
import { PrescaleError } from '../base/index.ts'
import { writeWhole } from './write-file.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'prescale-write-'))
  return () => rmSync(folder, { recursive: true })
})

function refusal(use: () => void): { code: string; message: string } {
  try {
    use()
  } catch (error) {
    if (error instanceof PrescaleError) {
      return { code: error.code, message: error.message.replaceAll(folder, '…') }
    }
  }
  throw new Error('not refused')
}

describe('a file is written whole', () => {
  it('with its folder', () => {
    const path = join(folder, 'a', 'b', 'report.html')
    writeWhole(path, 'Größe')
    expect(readFileSync(path, 'utf8')).toBe('Größe')
    expect(readdirSync(join(folder, 'a', 'b'))).toEqual(['report.html'])
  })

  it('over an old one, whose permissions stay', () => {
    const path = join(folder, 'report.html')
    writeFileSync(path, 'old and longer', { mode: 0o640 })
    writeWhole(path, 'new')
    expect(readFileSync(path, 'utf8')).toBe('new')
    expect(statSync(path).mode & 0o777).toBe(0o640)
  })

  it('through a link, which stays one', () => {
    writeFileSync(join(folder, 'real'), 'old')
    symlinkSync(join(folder, 'real'), join(folder, 'link'))
    writeWhole(join(folder, 'link'), 'new')
    expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true)
    expect(readFileSync(join(folder, 'real'), 'utf8')).toBe('new')
  })
})

describe('or not at all, in one line', () => {
  it('where a folder is', () => {
    expect(refusal(() => writeWhole(folder, 'text'))).toEqual({
      code: 'IO',
      message: '… could not be written: it is a folder'
    })
  })

  it('where a part of the path is a file', () => {
    writeFileSync(join(folder, 'file'), '')
    expect(refusal(() => writeWhole(join(folder, 'file', 'report.html'), 'text')).message).toMatch(
      /could not be written: a part of its path is a file$/
    )
  })

  it.skipIf(!existsSync('/dev/full'))('to a device that is full', () => {
    expect(refusal(() => writeWhole('/dev/full', 'text'))).toEqual({
      code: 'IO',
      message: '/dev/full could not be written: the disk is full'
    })
  })

  const tried = mkdtempSync(join(tmpdir(), 'prescale-disk-'))
  const disk = smallDisk(tried, 64)
  it.skipIf(disk === undefined)('on a full disk, where the old file stays and nothing else', () => {
    const said = disk?.run(`
      import { readdirSync, readFileSync } from 'node:fs'
      import { writeWhole } from '${new URL('./write-file.ts', import.meta.url).href}'
      writeWhole('${tried}/report.html', 'old')
      try { writeWhole('${tried}/report.html', 'x'.repeat(200_000)) } catch (error) { console.log(error.code, error.message) }
      console.log(readFileSync('${tried}/report.html', 'utf8'), readdirSync('${tried}').join())`)
    rmSync(tried, { recursive: true })
    expect(said?.replaceAll(tried, '…')).toBe(
      'IO …/report.html could not be written: the disk is full\nold report.html\n'
    )
  })
})

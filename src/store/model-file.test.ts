import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { PrescaleError } from '../base/index.ts'
import { readModelFile, writeModelFile } from './model-file.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'prescale-model-'))
  return () => rmSync(folder, { recursive: true })
})

const model = { format: 'prescale-model', options: { b: 2, a: NaN }, parameters: { weights: 'AACAPw==' } }

function refusal(use: () => void): { code: string; message: string } {
  try {
    use()
  } catch (error) {
    if (error instanceof PrescaleError)
      return { code: error.code, message: error.message.replaceAll(folder, '…') }
  }
  throw new Error('not refused')
}

describe('a model file on disk', () => {
  it('is one JSON object, a field a line, and comes back as it was', () => {
    const path = join(folder, 'models', 'm.json')
    writeModelFile(path, model)
    expect(readFileSync(path, 'utf8')).toBe(
      '{\n  "format": "prescale-model",\n  "options": {"a":null,"b":2},\n  "parameters": {"weights":"AACAPw=="}\n}\n'
    )
    expect(readModelFile(path)).toEqual({ ...model, options: { b: 2, a: null } })
  })

  it('stays what it was when it cannot be written', () => {
    const path = join(folder, 'm.json')
    writeModelFile(path, model)
    expect(refusal(() => writeModelFile(join(path, 'inside.json'), model))).toEqual({
      code: 'IO',
      message: '…/m.json/inside.json could not be written: a part of its path is a file'
    })
    expect(readdirSync(folder)).toEqual(['m.json'])
    expect(existsSync(path)).toBe(true)
  })

  it.each([
    [100, 'is cut off after 100 characters; copy it again, or train it again'],
    [1, 'is cut off after 1 characters; copy it again, or train it again'],
    [0, 'is not JSON after 0 characters; copy it again, or train it again']
  ])('of which only %d characters arrived is refused', (length, says) => {
    const path = join(folder, 'm.json')
    writeModelFile(path, model)
    writeFileSync(path, readFileSync(path, 'utf8').slice(0, length))
    expect(refusal(() => readModelFile(path))).toEqual({
      code: 'BAD_MODEL',
      message: `model file …/m.json ${says}`
    })
  })

  it('of something else is refused', () => {
    const path = join(folder, 'm.json')
    writeFileSync(path, 'time,load\n1,2\n')
    expect(refusal(() => readModelFile(path)).message).toMatch(/is not JSON/)
  })

  it('that is not there, or is a folder, is refused', () => {
    expect(refusal(() => readModelFile(join(folder, 'no.json')))).toEqual({
      code: 'NOT_FOUND',
      message: 'model file …/no.json cannot be read: there is no such file'
    })
    expect(refusal(() => readModelFile(folder)).message).toMatch(/cannot be read: it is a folder/)
  })
})

/**
 * Model files on disk: one JSON object each, written whole or not at all. What is in them is checked by whoever knows
 * models (`forecast/model.ts`).
 */
import { readFileSync } from 'node:fs'
import { canonicalJson, PrescaleError } from '../base/index.ts'
import { writeWhole } from './write-file.ts'

/** A field a line. Errors: IO, one line; then the file is as it was. */
export function writeModelFile(path: string, model: object): void {
  const lines = Object.entries(model).map(([name, value]) => `  "${name}": ${canonicalJson(value)}`)
  writeWhole(path, `{\n${lines.join(',\n')}\n}\n`)
}

/** The JSON value of a file. Errors: NOT_FOUND; BAD_MODEL where it is cut off or no JSON. */
export function readModelFile(path: string): unknown {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    const why = reasons[code] ?? String(cause)
    throw new PrescaleError('NOT_FOUND', `model file ${path} cannot be read: ${why}`, { cause })
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    // Ours end with a brace and a newline: without them the end is missing.
    const what =
      text.trimStart().startsWith('{') && !text.trimEnd().endsWith('}') ? 'is cut off' : 'is not JSON'
    throw new PrescaleError(
      'BAD_MODEL',
      `model file ${path} ${what} after ${text.length} characters; copy it again, or train it again`,
      { cause }
    )
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'no permission',
  ENOTDIR: 'a part of its path is a file'
}

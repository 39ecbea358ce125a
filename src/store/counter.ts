/**
 * Counter — numbers that are never used twice, also when the process was killed.
 *
 *   file: { "next": N }      every number below N may have been used; N is moved ahead by whole blocks, so that it is written rarely
 *
 * The first number is the larger of what the file says and what the caller says (its clock); so a lost file is covered by the clock and a wrong
 * clock by the file.
 */
import { readFileSync } from 'node:fs'
import { PrescaleError } from '../base/index.ts'
import { writeWhole } from './write-file.ts'

export interface Counter {
  /** The first number that was never used. */
  readonly first: number
  /** Numbers up to and with this one are used now. Gives what went wrong where the file could not be written; the number counts anyway. */
  used(number: number): PrescaleError | undefined
}

export function openCounter(path: string, atLeast: number, block = 1_000): Counter {
  const first = Math.max(atLeast, nextIn(path))
  let reserved = first
  return {
    first,
    used(number) {
      if (number + block / 2 < reserved) return undefined
      const next = number + block
      try {
        writeWhole(path, `${JSON.stringify({ next })}\n`)
        reserved = next
        return undefined
      } catch (error) {
        if (error instanceof PrescaleError) return error
        throw error
      }
    }
  }
}

/** 0 where there is no file, or one that cannot be read as one: then the caller's own number counts. */
function nextIn(path: string): number {
  try {
    const { next } = JSON.parse(readFileSync(path, 'utf8'))
    return Number.isSafeInteger(next) && next > 0 ? next : 0
  } catch {
    return 0
  }
}

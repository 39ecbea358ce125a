import { type ErrorCode, PrescaleError } from '../base/index.ts'

/** 0 done · 1 the work failed · 2 wrong usage or invalid input · 3 an outside system could not be reached · 130 interrupted. */
const exitCodes: Readonly<Record<ErrorCode, number>> = {
  BAD_OPTION: 2,
  BAD_INPUT: 2,
  BAD_MODEL: 2,
  TOO_SHORT: 2,
  NOT_FOUND: 2,
  UNREACHABLE: 3,
  BAD_ANSWER: 3,
  IO: 1,
  FAILED: 1,
  INTERRUPTED: 130
}

export function exitCodeOf(error: unknown): number {
  return error instanceof PrescaleError ? exitCodes[error.code] : 1
}

/** One line for people; the stack only for what is our own mistake. */
export function sayError(error: unknown): string {
  if (error instanceof PrescaleError) return `prescale: ${error.message}`
  // The system refused something: its own words say what and where.
  if (error instanceof Error && 'syscall' in error) return `prescale: ${error.message}`
  return `prescale: unexpected: ${error instanceof Error ? error.stack : String(error)}`
}

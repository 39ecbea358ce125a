/** What kind of thing went wrong. The CLI turns codes into exit codes: see `src/cli/exit.ts`. */
export type ErrorCode =
  | 'BAD_OPTION' // a setting of ours has a value it cannot have
  | 'BAD_INPUT' // data that cannot be read as what it should be
  | 'BAD_MODEL' // a model file, or what was learned, that does not fit here
  | 'TOO_SHORT' // not enough data for what was asked
  | 'NOT_FOUND' // a file, column, name or record that is not there
  | 'UNREACHABLE' // an outside system did not answer
  | 'BAD_ANSWER' // an outside system answered something else than it should
  | 'IO' // the local machine refused: disk full, read-only
  | 'FAILED' // the work was done, and nothing came of it
  | 'INTERRUPTED' // the user stopped it

/** The one error class. The message says what was wrong, where, and what would be right, in one line. */
export class PrescaleError extends Error {
  readonly code: ErrorCode
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'PrescaleError'
    this.code = code
  }
}

/** Throws `BAD_OPTION: name must be right, was value` unless the condition holds. */
export function requireOption(
  condition: boolean,
  name: string,
  value: unknown,
  right: string
): asserts condition {
  if (!condition) throw new PrescaleError('BAD_OPTION', `${name} must be ${right}, was ${show(value)}`)
}

function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

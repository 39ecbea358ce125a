/** Secrets by reference: `env:NAME` or `file:PATH`, so that none stands in a command line or a config file. */
import { readFileSync } from 'node:fs'
import { PrescaleError } from '../base/index.ts'

/** What the reference stands for. `what` names it in errors; the secret itself never appears in one. */
export function secret(reference: string, what: string): string {
  const [, kind, place] = /^(env|file):(.+)$/s.exec(reference) ?? []
  if (kind === undefined) {
    throw new PrescaleError('BAD_OPTION', `${what} must be a reference such as env:NAME or file:PATH`)
  }
  const value = kind === 'env' ? process.env[place] : contentOf(place, what)
  if (value === undefined || value.trim() === '') {
    throw new PrescaleError(
      'NOT_FOUND',
      `${what}: ${kind === 'env' ? `the variable ${place} is not set, or empty` : `${place} is empty`}`
    )
  }
  return value.trim()
}

function contentOf(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new PrescaleError('NOT_FOUND', `${what}: ${path} cannot be read`, { cause })
  }
}

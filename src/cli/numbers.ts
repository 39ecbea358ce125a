/** Numbers as people write them in a flag. */
import { requireOption } from '../base/index.ts'

export function wholeNumber(name: string, text: string | number, least: number): number {
  const n = String(text).trim() === '' ? NaN : Number(text)
  requireOption(Number.isInteger(n) && n >= least, name, text, `a whole number, at least ${least}`)
  return n
}

/** Who wrote a file: the name and version of this package. */
import { readFileSync } from 'node:fs'

export function library(): { readonly name: string; readonly version: string } {
  const { name, version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return { name, version }
}

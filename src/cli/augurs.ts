/** Hands the WebAssembly of augurs to the forecasters that need it. Nothing is resolved or read before one asks. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { useAugurs } from '../forecast/augurs.ts'

/** Once where a program or a worker begins. */
export function handInAugurs(): void {
  useAugurs((file) => {
    const { resolve } = createRequire(import.meta.url)
    const [scope, name, path] = file.split('/')
    // What a package exports is resolved, and the file beside it read: `.wasm` files are not among the exports.
    return new Uint8Array(readFileSync(join(dirname(resolve(`${scope}/${name}`)), path)))
  })
}

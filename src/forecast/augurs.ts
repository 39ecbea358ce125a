/**
 * The WebAssembly of augurs — bytes handed in by an edge, because nothing here reads files.
 *
 *   mstl   @bsull/augurs/mstl_bg.wasm                                        seasonal-trend decomposition, in Rust
 *   stan   @bsull/augurs-prophet-wasmstan/prophet-wasmstan.core.wasm         Prophet's Stan model, in C++
 *
 * `useAugurs` is called once where a program or a worker begins; `read` is asked for a file the first time that it is
 * needed, and compiled once. The command line and its workers do this themselves.
 */
import { PrescaleError } from '../base/index.ts'

/** The little of WebAssembly that is used here; Node's types have none of it. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => WasmModule
  Instance: new (
    module: WasmModule,
    imports: object
  ) => { readonly exports: Readonly<Record<string, unknown>> }
}
export type WasmModule = { readonly isModule: never }

export const augursFiles = {
  mstl: '@bsull/augurs/mstl_bg.wasm',
  stan: '@bsull/augurs-prophet-wasmstan/prophet-wasmstan.core.wasm'
} as const

export type AugursFile = (typeof augursFiles)[keyof typeof augursFiles]
export type ReadAugurs = (file: AugursFile) => Uint8Array<ArrayBuffer>

let read: ReadAugurs | undefined
const compiled = new Map<AugursFile, WasmModule>()

/** Hands in how the bytes of a file of these packages are read. */
export function useAugurs(handed: ReadAugurs): void {
  read = handed
  compiled.clear()
}

/** The compiled module. Throws `NOT_FOUND` where no bytes were handed in or the file is not there. */
export function augursModule(method: string, file: AugursFile): WasmModule {
  const known = compiled.get(file)
  if (known) return known
  if (!read) {
    throw new PrescaleError(
      'NOT_FOUND',
      `${method} needs the bytes of ${file}: call useAugurs(read) of prescale/forecast once before`
    )
  }
  try {
    const made = new WebAssembly.Module(read(file))
    compiled.set(file, made)
    return made
  } catch (cause) {
    throw new PrescaleError(
      'NOT_FOUND',
      `${method}: ${file} could not be read: ${(cause as Error).message}`,
      {
        cause
      }
    )
  }
}

/** An instance of its own, with what it may call. */
export const instanceOf = (module: WasmModule, imports: object) =>
  new WebAssembly.Instance(module, imports).exports

/**
 * The WASM of the kernels, by variant: from `wasm.generated.ts`, which `npm run prepare` makes of `kernels/` (git does not
 * know it). Where that file is missing there are none, and the reference stands in.
 */
export const binaries: Readonly<Record<string, string>> = await binariesIn('./wasm.generated.ts')

/** Those of a module; none where it is not there. Its name is an argument so that the types hold without it too. */
export async function binariesIn(name: string): Promise<Readonly<Record<string, string>>> {
  try {
    return (await import(/* @vite-ignore */ name)).binaries
  } catch {
    return {}
  }
}

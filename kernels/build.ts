/**
 * `npm run prepare`: AssemblyScript → WASM → `src/nn/wasm.generated.ts`, the binaries of both variants in base64.
 *
 * Does nothing where the sources are those of the file that is there. Without the compiler (an installation without
 * development packages) it writes a file without binaries, and the readable kernels stand in.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'

const here = new URL('.', import.meta.url)
const target = new URL('../src/nn/wasm.generated.ts', import.meta.url)
const flags = ['-O3', '--noAssert', '--runtime', 'stub', '--importMemory', '--disableWarning', '112']
const variants = { simd: ['--enable', 'simd'], fma: ['--enable', 'simd', '--enable', 'relaxed-simd'] }

/** The little of the compiler that is used here: its own types would declare globals of AssemblyScript everywhere. */
interface Asc {
  readonly version: string
  main(
    args: readonly string[],
    files: {
      readFile(name: string): string | null
      writeFile(name: string, contents: string | Uint8Array): void
      listFiles(): readonly string[]
    }
  ): Promise<{ readonly error: Error | null; readonly stderr: { toString(): string } }>
}

async function main(): Promise<void> {
  const files = readdirSync(here).filter((name) => name.endsWith('.ts'))
  const sources = new Map(files.sort().map((name) => [name, readFileSync(new URL(name, here), 'utf8')]))
  const asc = await compiler()
  const key = asc ? keyOf(sources, asc.version) : 'no compiler'
  if (existsSync(target) && readFileSync(target, 'utf8').includes(`// ${key}\n`)) return
  const binaries = asc
    ? await Promise.all(Object.values(variants).map((it) => compile(asc, sources, it)))
    : []
  writeFileSync(target, page(key, Object.keys(variants), binaries))
  const sizes = binaries.map((it, i) => `${Object.keys(variants)[i]} ${it.length} bytes`)
  console.log(
    asc ? `kernels: ${sizes.join(', ')}` : 'kernels: assemblyscript is not installed, the slow ones stand in'
  )
}

async function compiler(): Promise<Asc | undefined> {
  try {
    const name = 'assemblyscript/asc'
    return await import(name)
  } catch {
    return undefined
  }
}

function keyOf(sources: ReadonlyMap<string, string>, version: string): string {
  const hash = createHash('sha256').update(version)
  for (const [name, text] of sources) hash.update(`${name}\n${text}\n`)
  return hash.digest('hex').slice(0, 16)
}

async function compile(
  asc: Asc,
  sources: ReadonlyMap<string, string>,
  variant: readonly string[]
): Promise<Uint8Array> {
  let binary: Uint8Array | undefined
  const { error, stderr } = await asc.main(['index.ts', ...flags, ...variant, '-o', 'kernels.wasm'], {
    readFile: (name) => sources.get(name) ?? null,
    writeFile: (name, contents) => {
      if (name.endsWith('.wasm') && typeof contents !== 'string') binary = contents
    },
    listFiles: () => []
  })
  if (error || !binary) throw new Error(`kernels: ${error?.message ?? 'no binary'}\n${stderr.toString()}`)
  return binary
}

function page(key: string, names: readonly string[], binaries: readonly Uint8Array[]): string {
  const lines = binaries.map((it, i) => `  ${names[i]}: '${Buffer.from(it).toString('base64')}'`)
  return `// Made by kernels/build.ts from kernels/*.ts.\n// ${key}\n/** WASM of the kernels in base64, by variant. */\nexport const binaries: Readonly<Record<string, string>> = {\n${lines.join(',\n')}\n}\n`
}

await main()

/**
 * Prophet's Stan model in WebAssembly, called directly: maximum a posteriori by L-BFGS.
 *
 *   in    a record of 200 bytes: k, m, delta, beta, σ, the data as JSON, and the optimiser's settings as optionals
 *   out   ok: five logs, then k, m, delta, beta, σ, trend;   error: one text
 *
 * The package's own entry module opens its files itself, asynchronously, and asks a WASI shim for time and chance. This
 * takes the core module instead, laid out as the component model's canonical ABI says: no files, no clock, no chance, so
 * the same data give the same bytes. Each call has an instance of its own; a trap spoils nothing behind it.
 */
import { PrescaleError } from '../base/index.ts'
import { augursFiles, augursModule, instanceOf } from './augurs.ts'

/** Stan's data block; `X` row by row (T,K). */
export interface StanData {
  readonly T: number
  readonly y: readonly number[]
  readonly t: readonly number[]
  readonly cap: readonly number[]
  readonly S: number
  readonly t_change: readonly number[]
  /** 0 linear, 1 logistic, 2 flat. */
  readonly trend_indicator: number
  readonly K: number
  readonly s_a: readonly number[]
  readonly s_m: readonly number[]
  readonly X: readonly (readonly number[])[]
  readonly sigmas: readonly number[]
  readonly tau: number
}

export interface StanParameters {
  readonly k: number
  readonly m: number
  readonly delta: Float64Array
  readonly beta: Float64Array
}

/** Prophet's own; some are enough for any load, and a search that wanders must end. */
const iterations = 10_000
const seed = 1
const record = { size: 200, algorithm: 48, seed: 52, iterations: 176 } as const
const algorithms = { newton: 0, lbfgs: 2 } as const
const entry = 'augurs:prophet-wasmstan/optimizer#optimize'

interface Core {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly initialize: () => void
  readonly allocate: (old: number, oldSize: number, align: number, size: number) => number
  readonly optimize: (record: number) => number
}

type Begin = { readonly k: number; readonly m: number }

/** The likeliest parameters, searched from `begin`; where L-BFGS finds none, by Newton's method. Throws `FAILED` with Stan's words. */
export function optimizeStan(data: StanData, begin: Begin): StanParameters {
  try {
    return search(data, begin, algorithms.lbfgs)
  } catch (error) {
    if (!(error instanceof PrescaleError) || error.code !== 'FAILED') throw error
    return search(data, begin, algorithms.newton)
  }
}

function search(data: StanData, begin: Begin, algorithm: number): StanParameters {
  const core = instantiate()
  try {
    core.initialize()
    return readOutput(core, core.optimize(writeInput(core, data, begin, algorithm)))
  } catch (cause) {
    if (cause instanceof PrescaleError) throw cause
    throw new PrescaleError('FAILED', `prophet: Stan stopped: ${(cause as Error).message}`, { cause })
  }
}

function writeInput(core: Core, data: StanData, begin: Begin, algorithm: number): number {
  const at = core.allocate(0, 0, 8, record.size)
  const delta = writeNumbers(core, new Float64Array(data.S))
  const beta = writeNumbers(core, new Float64Array(data.K))
  const json = new TextEncoder().encode(JSON.stringify(data))
  const text = core.allocate(0, 0, 1, json.length)
  new Uint8Array(core.memory.buffer, text, json.length).set(json)
  new Uint8Array(core.memory.buffer, at, record.size).fill(0)
  const view = new DataView(core.memory.buffer, at, record.size)
  view.setFloat64(0, begin.k, true)
  view.setFloat64(8, begin.m, true)
  const pairs = [delta, data.S, beta, data.K]
  for (let i = 0; i < pairs.length; i++) view.setUint32(16 + 4 * i, pairs[i], true)
  view.setFloat64(32, 1, true)
  view.setUint32(40, text, true)
  view.setUint32(44, json.length, true)
  view.setUint8(record.algorithm, 1)
  view.setUint8(record.algorithm + 1, algorithm)
  optional(view, record.seed, seed)
  optional(view, record.iterations, iterations)
  return at
}

/** An optional whole number: one byte that says it is there, and four bytes on its value. */
function optional(view: DataView, at: number, value: number): void {
  view.setUint8(at, 1)
  view.setUint32(at + 4, value, true)
}

function writeNumbers(core: Core, numbers: Float64Array): number {
  const at = core.allocate(0, 0, 8, numbers.byteLength)
  new Float64Array(core.memory.buffer, at, numbers.length).set(numbers)
  return at
}

function readOutput({ memory }: Core, at: number): StanParameters {
  const view = new DataView(memory.buffer)
  const pair = (offset: number) => [view.getUint32(at + offset, true), view.getUint32(at + offset + 4, true)]
  if (view.getUint8(at) !== 0) {
    const words = new TextDecoder().decode(new Uint8Array(memory.buffer, ...pair(8)))
    throw new PrescaleError('FAILED', `prophet: Stan stopped: ${words.replaceAll(/\s+/g, ' ').trim()}`)
  }
  const numbers = (offset: number) => {
    const [from, length] = pair(offset)
    return new Float64Array(memory.buffer, from, length).slice()
  }
  return {
    k: view.getFloat64(at + 48, true),
    m: view.getFloat64(at + 56, true),
    delta: numbers(64),
    beta: numbers(72)
  }
}

/** A world with nothing in it: no environment, no files, time that stands still and chance that is always the same. */
function instantiate(): Core {
  const badFile = 8
  const none = () => badFile
  const buffer = () => core.memory.buffer
  const wasi = {
    environ_get: () => 0,
    environ_sizes_get(count: number, size: number) {
      new DataView(buffer()).setUint32(count, 0, true)
      new DataView(buffer()).setUint32(size, 0, true)
      return 0
    },
    clock_time_get(_clock: number, _precision: bigint, at: number) {
      new DataView(buffer()).setBigUint64(at, 0n, true)
      return 0
    },
    random_get(at: number, length: number) {
      new Uint8Array(buffer(), at, length).fill(1)
      return 0
    },
    fd_close: none,
    fd_fdstat_get: none,
    fd_prestat_get: none,
    fd_prestat_dir_name: none,
    fd_read: none,
    fd_seek: none,
    fd_write: none,
    sched_yield: () => 0,
    proc_exit(code: number) {
      throw new Error(`it exited with ${code}`)
    }
  }
  const exports = instanceOf(augursModule('prophet', augursFiles.stan), {
    wasi_snapshot_preview1: wasi
  })
  const core: Core = {
    memory: exports.memory as Core['memory'],
    initialize: exports._initialize as Core['initialize'],
    allocate: exports.cabi_realloc as Core['allocate'],
    optimize: exports[entry] as Core['optimize']
  }
  return core
}

/** The other side of `pool.ts`: one call of one function, then the end. */
import { enableCompileCache } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import { PrescaleError } from '../base/index.ts'
import type { Said } from './pool.ts'

interface Call {
  readonly module: string
  readonly name: string
  readonly input: unknown
}

// A thread begins twice as fast where its modules were compiled before; without a place for them nothing changes.
enableCompileCache()
const { module, name, input } = workerData as Call
const say = (said: Said) => parentPort?.postMessage(said)

try {
  const work = (await import(module))[name]
  say({
    kind: 'answer',
    output: await work(
      input,
      (done: number, of: number) => say({ kind: 'progress', done, of }),
      (value: unknown) => say({ kind: 'told', value })
    )
  })
} catch (error) {
  say({
    kind: 'error',
    message: error instanceof Error ? error.message : String(error),
    ...(error instanceof PrescaleError && { code: error.code }),
    ...(error instanceof Error && { stack: error.stack })
  })
}

/**
 * Work on other threads: a pure function of a module, called there with plain data, progress on the way, ended by the signal.
 *
 * `module` is loaded in the worker as it is here: TypeScript in the repository, JavaScript in the package.
 */
import { Worker } from 'node:worker_threads'
import { PrescaleError } from '../base/index.ts'

export interface PoolOptions {
  readonly threads: number
  readonly progress?: (input: number, done: number, of: number) => void
  /** What the work hands out before it is done, such as the best so far. */
  readonly told?: (input: number, value: unknown) => void
  readonly abort?: AbortSignal
}

/**
 * `await module[name](input, progress, tell)` for each input, on at most `threads` threads; answers in the order of the inputs.
 * The first error is the error of all: what still runs is ended.
 */
export async function inWorkers<Input, Output>(
  module: URL,
  name: string,
  inputs: readonly Input[],
  { threads, progress, told, abort }: PoolOptions
): Promise<Output[]> {
  const failed = new AbortController()
  const stop = abort ? AbortSignal.any([abort, failed.signal]) : failed.signal
  const outputs = new Array<Output>(inputs.length)
  try {
    await each(inputs, threads, async (input, i) => {
      outputs[i] = await one<Output>(module, name, input, heard(i, progress, told), stop)
    })
  } catch (error) {
    failed.abort()
    throw error
  }
  return outputs
}

/**
 * The same where one that fails must not stop the others: its answer is its error, even when its whole thread ended.
 * Rejects with `INTERRUPTED` only.
 */
export async function inWorkersSettled<Input, Output>(
  module: URL,
  name: string,
  inputs: readonly Input[],
  { threads, progress, told, abort }: PoolOptions
): Promise<PromiseSettledResult<Output>[]> {
  const stop = abort ?? new AbortController().signal
  const outputs = new Array<PromiseSettledResult<Output>>(inputs.length)
  await each(inputs, threads, async (input, i) => {
    const work = one<Output>(module, name, input, heard(i, progress, told), stop)
    outputs[i] = (await Promise.allSettled([work]))[0]
    if (stop.aborted) throw new PrescaleError('INTERRUPTED', 'stopped')
  })
  return outputs
}

/** As many at a time as there are hands, in order. */
async function each<Input>(
  inputs: readonly Input[],
  hands: number,
  work: (input: Input, i: number) => Promise<void>
): Promise<void> {
  let next = 0
  const hand = async () => {
    while (next < inputs.length) {
      const i = next++
      await work(inputs[i], i)
    }
  }
  await Promise.all(Array.from({ length: Math.min(hands, inputs.length) }, hand))
}

function heard(i: number, progress: PoolOptions['progress'], told: PoolOptions['told']) {
  return (said: Extract<Said, { kind: 'progress' | 'told' }>) =>
    said.kind === 'told' ? told?.(i, said.value) : progress?.(i, said.done, said.of)
}

/** What a worker says: progress, something on the way, its answer, or an error with its code. */
export type Said =
  | { readonly kind: 'progress'; readonly done: number; readonly of: number }
  | { readonly kind: 'told'; readonly value: unknown }
  | { readonly kind: 'answer'; readonly output: unknown }
  | {
      readonly kind: 'error'
      readonly message: string
      readonly code?: PrescaleError['code']
      readonly stack?: string
    }

const entry = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)

function one<Output>(
  module: URL,
  name: string,
  input: unknown,
  hear: (said: Extract<Said, { kind: 'progress' | 'told' }>) => void,
  abort: AbortSignal
): Promise<Output> {
  return new Promise((resolve, reject) => {
    if (abort.aborted) return reject(new PrescaleError('INTERRUPTED', 'stopped'))
    const worker = new Worker(entry, { workerData: { module: module.href, name, input } })
    const stop = () => settle(() => reject(new PrescaleError('INTERRUPTED', 'stopped')))
    const settle = (how: () => void) => {
      abort.removeEventListener('abort', stop)
      void worker.terminate()
      how()
    }
    abort.addEventListener('abort', stop, { once: true })
    worker.on('message', (said: Said) => {
      if (said.kind === 'progress' || said.kind === 'told') hear(said)
      else if (said.kind === 'answer') settle(() => resolve(said.output as Output))
      else settle(() => reject(errorOf(said)))
    })
    worker.on('error', (error) => settle(() => reject(error)))
    worker.on('exit', (code) => settle(() => reject(new Error(`the worker for ${name} ended with ${code}`))))
  })
}

function errorOf({ message, code, stack }: Extract<Said, { kind: 'error' }>): Error {
  const error = code === undefined ? new Error(message) : new PrescaleError(code, message)
  if (stack !== undefined) error.stack = stack
  return error
}

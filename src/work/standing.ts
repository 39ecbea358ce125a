/**
 * Standing — a thread that stays: functions of a module called again and again, which may keep state of their own there.
 *
 * Calls are answered in order. A thread that dies, or that is busy with one call for longer than it may be, takes the calls that wait down
 * with it; the next call begins a new one, with nothing in it.
 */
import { Worker } from 'node:worker_threads'
import { PrescaleError } from '../base/index.ts'

export interface Standing {
  /** `await module[name](input)` there. Rejects with what was thrown there; `FAILED` when the thread ended. */
  call<Output>(name: string, input: unknown): Promise<Output>
  /** Grows with every thread: state that was left in an older one is gone. */
  readonly generation: number
  close(): Promise<void>
}

/** What goes over, and what comes back. */
export interface StandingCall {
  readonly id: number
  readonly name: string
  readonly input: unknown
}
export type StandingAnswer =
  | { readonly id: number; readonly output: unknown }
  | { readonly id: number; readonly message: string; readonly code?: PrescaleError['code'] }

const entry = new URL(
  import.meta.url.endsWith('.ts') ? './standing-worker.ts' : './standing-worker.js',
  import.meta.url
)

/** `longestMs`: a call that takes longer is hung, and its thread is ended. */
export function standing(
  module: URL,
  { longestMs = 300_000 }: { readonly longestMs?: number } = {}
): Standing {
  const waiting = new Map<number, { resolve: (output: never) => void; reject: (error: Error) => void }>()
  let thread: Worker | undefined
  let generation = 0
  let calls = 0
  let watch: NodeJS.Timeout | undefined

  function begin(): Worker {
    generation++
    const made = new Worker(entry, { workerData: { module: module.href } })
    // What stands ready must not keep a program alive that has nothing else to do.
    made.unref()
    made.on('message', (answer: StandingAnswer) => {
      const call = waiting.get(answer.id)
      waiting.delete(answer.id)
      rewind()
      if ('output' in answer) call?.resolve(answer.output as never)
      else call?.reject(new PrescaleError(answer.code ?? 'FAILED', answer.message))
    })
    made.on('error', (error) => end(made, error.message))
    made.on('exit', () => end(made, 'it ended'))
    return made
  }

  function end(which: Worker, why: string): void {
    if (thread !== which) return
    thread = undefined
    clearTimeout(watch)
    const lost = [...waiting.values()]
    waiting.clear()
    for (const { reject } of lost) reject(new PrescaleError('FAILED', `a standing thread is gone: ${why}`))
  }

  /** The time of the call that is at work begins when the one before was answered. */
  function rewind(): void {
    clearTimeout(watch)
    const busy = thread
    if (busy === undefined) return
    if (waiting.size === 0) {
      busy.unref()
      return
    }
    busy.ref()
    watch = setTimeout(() => {
      void busy.terminate()
      end(busy, `a call took longer than ${longestMs / 1_000} s`)
    }, longestMs)
    watch.unref()
  }

  return {
    call<Output>(name: string, input: unknown): Promise<Output> {
      thread ??= begin()
      const id = calls++
      return new Promise<Output>((resolve, reject) => {
        waiting.set(id, { resolve, reject })
        if (waiting.size === 1) rewind()
        thread?.postMessage({ id, name, input } satisfies StandingCall)
      })
    },
    get generation() {
      return generation
    },
    async close() {
      const last = thread
      if (last === undefined) return
      end(last, 'it was closed')
      await last.terminate()
    }
  }
}

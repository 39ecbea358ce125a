/** The other side of `standing.ts`: one call after the other, for as long as somebody asks. */
import { enableCompileCache } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import { PrescaleError } from '../base/index.ts'
import type { StandingAnswer, StandingCall } from './standing.ts'

// As in worker.ts.
enableCompileCache()
const module = import((workerData as { readonly module: string }).module)
let last: Promise<unknown> = module.catch(() => {})

const answer = (said: StandingAnswer) => parentPort?.postMessage(said)

async function work({ id, name, input }: StandingCall): Promise<void> {
  try {
    answer({ id, output: await (await module)[name](input) })
  } catch (error) {
    answer({
      id,
      message: error instanceof Error ? error.message : String(error),
      ...(error instanceof PrescaleError && { code: error.code })
    })
  }
}

parentPort?.on('message', (call: StandingCall) => {
  last = last.then(() => work(call))
})

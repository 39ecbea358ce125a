/** Passes on worker threads, the long ones first, one line of progress for all of them. */
import { availableParallelism } from 'node:os'
import { forecasters } from '../../src/forecast/index.ts'
import { inWorkersSettled } from '../../src/work/index.ts'
import type { Pass, PassDone } from './pass.ts'

const names = Object.keys(forecasters)

/** The later in the table the longer it takes. */
const work = ({ model, series }: Pass) => (1 + names.indexOf(model)) * series.values.length

/** In the order of the passes. One whose whole thread breaks down is its reason, and stops no other. */
export async function runPasses(
  passes: readonly Pass[],
  progress: (line: string) => void,
  threads = Math.min(2, availableParallelism())
): Promise<PassDone[]> {
  const order = passes.map((_, i) => i).sort((a, b) => work(passes[b]) - work(passes[a]))
  let ended = 0
  const settled = await inWorkersSettled<Pass, PassDone>(
    new URL('./pass.ts', import.meta.url),
    'runPass',
    order.map((i) => passes[i]),
    {
      threads,
      progress: (input) => {
        const { model, set } = passes[order[input]]
        progress(`${++ended}/${passes.length} done, last ${model} on ${set}`)
      }
    }
  )
  const done = new Array<PassDone>(passes.length)
  for (const [k, result] of settled.entries()) {
    const { set, model } = passes[order[k]]
    done[order[k]] =
      result.status === 'fulfilled'
        ? result.value
        : { set, model, scores: [], fitMs: NaN, stepMs: NaN, reason: String(result.reason) }
  }
  return done
}

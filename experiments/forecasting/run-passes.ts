/**
 * Passes on worker threads, the long ones first, one line of progress for all of them.
 *
 * `$PRESCALE_PASSES` may name a folder outside the repository: what is done is kept there and not done again, so that
 * `forecasting/coverage` reads the passes of `forecasting/auto`. Its keys know the data and the options, not the code: use an
 * empty folder for every state of the code.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { canonicalJson } from '../../src/base/index.ts'
import { forecasters } from '../../src/forecast/index.ts'
import { inWorkersSettled } from '../../src/work/index.ts'
import type { Pass, PassDone } from './pass.ts'

const names = Object.keys(forecasters)

/** The later in the table the longer it takes. */
const work = ({ model, series }: Pass) => (1 + names.indexOf(model)) * series.values.length

const keptIn = process.env.PRESCALE_PASSES

function fileOf({ series, ...pass }: Pass): string {
  const hash = createHash('sha256').update(canonicalJson(pass)).update(canonicalJson(series)).digest('hex')
  return join(keptIn ?? '', `${hash.slice(0, 32)}.json`)
}

/** Those that were kept, at their places. */
function readKept(passes: readonly Pass[]): (PassDone | undefined)[] {
  if (keptIn === undefined) return passes.map(() => undefined)
  return passes.map((pass) => {
    const file = fileOf(pass)
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8'), nullIsNaN) as PassDone) : undefined
  })
}

/** JSON has no `NaN`: every `null` in a pass was one. */
const nullIsNaN = (_key: string, value: unknown) => (value === null ? NaN : value)

function keep(pass: Pass, done: PassDone): void {
  if (keptIn === undefined) return
  mkdirSync(keptIn, { recursive: true })
  writeFileSync(fileOf(pass), JSON.stringify(done))
}

/** In the order of the passes. One whose whole thread breaks down is its reason, and stops no other. */
export async function runPasses(
  passes: readonly Pass[],
  progress: (line: string) => void,
  threads = Math.min(2, availableParallelism())
): Promise<PassDone[]> {
  const done = readKept(passes)
  const order = passes
    .map((_, i) => i)
    .filter((i) => done[i] === undefined)
    .sort((a, b) => work(passes[b]) - work(passes[a]))
  let ended = 0
  const settled = await inWorkersSettled<Pass, PassDone>(
    new URL('./pass.ts', import.meta.url),
    'runPass',
    order.map((i) => passes[i]),
    {
      threads,
      progress: (input) => {
        const { model, set } = passes[order[input]]
        progress(`${++ended}/${order.length} done, last ${model} on ${set}`)
      }
    }
  )
  for (const [k, result] of settled.entries()) {
    const pass = passes[order[k]]
    const { set, model } = pass
    if (result.status === 'fulfilled') keep(pass, result.value)
    done[order[k]] =
      result.status === 'fulfilled'
        ? result.value
        : { set, model, scores: [], fitMs: NaN, stepMs: NaN, reason: String(result.reason) }
  }
  return done.filter((one) => one !== undefined)
}

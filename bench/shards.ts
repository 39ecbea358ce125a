/**
 * A training on two threads beside the same training on one: the same two shards, the same bytes, start of the threads
 * included. Both stay in the same process, so the ratio is what the second thread gives.
 */
import { inLockstep } from '../src/work/index.ts'
import type { Wave } from '../test/fakes/train-in-shards.ts'
import type { Bench } from './bench.ts'

const job = new URL('../test/fakes/train-in-shards.ts', import.meta.url)
const wave: Wave = { windows: 7_176, units: 64, epochs: 1, shards: 2 }

async function secondsOn(threads: number): Promise<number> {
  const start = performance.now()
  await inLockstep(job, 'trainPart', wave, { threads, shards: 2 })
  return (performance.now() - start) / 1_000
}

const benches: readonly Bench[] = [
  {
    name: 'gru epoch in two shards',
    unit: 's',
    higherIsBetter: false,
    ours: () => secondsOn(2),
    peer: { name: 'one thread', version: 'the same two shards', run: () => secondsOn(1) }
  }
]

export default benches

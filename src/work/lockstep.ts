/**
 * Lockstep — several threads that do the same work, each a part of every step, and meet behind each.
 *
 * A thread writes what it found out into its slots, waits until all have, and reads everybody's. Adding up in the order
 * of the slots gives every thread the same numbers, so all go on alike and the answer does not depend on how many they
 * were. The slots lie in shared memory; a meeting is a barrier on two integers in it.
 */
import { availableParallelism } from 'node:os'
import { PrescaleError, requireOption } from '../base/index.ts'
import { inWorkers, type PoolOptions } from './pool.ts'

/** What a thread gets beside its input, plain enough to be sent to it. `exchangeOf` makes an exchange of it. */
export interface Part {
  readonly thread: number
  readonly threads: number
  readonly shards: number
  /** [who is here, how many meetings there were] */
  readonly gate: SharedArrayBuffer
  readonly memory: SharedArrayBuffer
}

export interface LockstepOptions extends Partial<PoolOptions> {
  /** Parts of each step. More of them than threads are shared out; bytes depend on this number only. */
  readonly shards: number
}

/** Slots of a network of eight million numbers in 16 shards. Address space only until it is used. */
const mostBytes = 2 ** 30
/** Looks at the gate this often before it lies down to sleep: waking up costs more than a short wait. */
const patience = 2_000

/**
 * `await module[name]({ input, part }, progress, tell)` on every thread at once; gives the answer of the first. An error of one
 * ends all.
 */
export async function inLockstep<Input, Output>(
  module: URL,
  name: string,
  input: Input,
  { shards, threads = availableParallelism(), progress, told, abort }: LockstepOptions
): Promise<Output> {
  requireOption(Number.isInteger(shards) && shards >= 1, 'shards', shards, 'a whole number, at least 1')
  const used = Math.max(1, Math.min(threads, shards))
  const shared = {
    gate: new SharedArrayBuffer(8),
    memory: new SharedArrayBuffer(0, { maxByteLength: mostBytes })
  }
  const inputs = Array.from({ length: used }, (_, thread) => ({
    input,
    part: { thread, threads: used, shards, ...shared }
  }))
  const outputs = await inWorkers<(typeof inputs)[number], Output>(module, name, inputs, {
    threads: used,
    // All are equally far; one of them tells.
    progress: (i, done, of) => (i === 0 ? progress?.(0, done, of) : undefined),
    told: (i, value) => (i === 0 ? told?.(0, value) : undefined),
    abort
  })
  return outputs[0]
}

/** The exchange of a part: `train` of `src/nn` takes it as it is. */
export function exchangeOf({ thread, threads, shards, gate, memory }: Part) {
  const counters = new Int32Array(gate)
  const all = Array.from({ length: shards }, (_, s) => s)
  return {
    mine: all.filter((s) => s % threads === thread),
    slots: (size: number) => {
      makeRoom(memory, 8 * size * shards)
      return all.map((s) => new Float64Array(memory, 8 * size * s, size))
    },
    meet: () => meet(counters, threads)
  }
}

function makeRoom(memory: SharedArrayBuffer, bytes: number): void {
  if (bytes > mostBytes) {
    throw new PrescaleError(
      'BAD_OPTION',
      `slots of ${bytes} bytes are too large, at most ${mostBytes}; use fewer shards`
    )
  }
  if (memory.byteLength >= bytes) return
  try {
    memory.grow(bytes)
  } catch (error) {
    // Another thread was quicker.
    if (memory.byteLength < bytes) throw error
  }
}

function meet(counters: Int32Array, threads: number): void {
  if (threads === 1) return
  const before = Atomics.load(counters, 1)
  if (Atomics.add(counters, 0, 1) + 1 === threads) {
    Atomics.store(counters, 0, 0)
    Atomics.add(counters, 1, 1)
    Atomics.notify(counters, 1)
    return
  }
  for (let i = 0; i < patience; i++) if (Atomics.load(counters, 1) !== before) return
  while (Atomics.load(counters, 1) === before) Atomics.wait(counters, 1, before)
}

/**
 * Checkpoints of `train policy`: every seed's training as it stands, sealed, with what was asked for.
 *
 *   { format: 'prescale-checkpoint', formatVersion: 1, kind: 'training', model: 'ppo',  asked,  seeds: { "1": { ppo, best } },  checksum }
 */
import { hashOf, PrescaleError } from '../base/index.ts'
import type { SparkProgress } from '../compare/spark-training.ts'
import { requireSealed } from '../decide/model-head.ts'
import type { Json } from '../roles.ts'
import { readModelFile, writeModelFile } from '../store/model-file.ts'

const head = { format: 'prescale-checkpoint', kind: 'training', model: 'ppo' } as const

/** What must be the same for a training to go on, by name. */
export type Asked = Readonly<Record<string, Json>>

interface Checkpoint {
  readonly asked: Asked
  readonly seeds: Readonly<Record<string, SparkProgress>>
}

export function writeCheckpoint(path: string, asked: Asked, seeds: ReadonlyMap<number, SparkProgress>): void {
  const content = { ...head, formatVersion: 1, asked, seeds: Object.fromEntries(seeds) }
  writeModelFile(path, { ...content, checksum: hashOf(content) })
}

/** Trainings by seed. Errors, one line each: NOT_FOUND; BAD_MODEL for what is cut short, changed, or of another training. */
export function readCheckpoint(path: string, asked: Asked): Map<number, SparkProgress> {
  const read = readModelFile(path)
  requireSealed<Checkpoint>(read, path, head)
  for (const [name, now] of Object.entries(asked)) {
    const [then, here] = [JSON.stringify(read.asked[name]), JSON.stringify(now)]
    if (then === here) continue
    throw new PrescaleError(
      'BAD_MODEL',
      `${path} is of a training with ${name} ${then}, here it is ${here}: go on with the same, or begin anew without --resume`
    )
  }
  return new Map(Object.entries(read.seeds).map(([seed, progress]) => [Number(seed), progress]))
}

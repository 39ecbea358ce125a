/**
 * Checkpoints of `train policy`: every seed's training as it stands, sealed, with what was asked for.
 *
 *   { format: 'prescale-checkpoint', formatVersion: 1, kind: 'training', model: 'ppo',  asked,  seeds: { "1": { ppo, best } },  checksum }
 */
import { hashOf, PrescaleError } from '../../base/index.ts'
import type { SparkBest, SparkProgress } from '../../compare/spark-training.ts'
import { requireSealed } from '../../decide/model-head.ts'
import type { Json } from '../../roles.ts'
import { readModelFile, writeModelFile } from '../../store/model-file.ts'

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
  const entries = Object.entries(read.seeds)
  return new Map(entries.map(([seed, { ppo, best }]) => [Number(seed), { ppo, best: inOrder(best) }]))
}

/** Fields in the order in which a model is made, so that its file is the same as without a checkpoint in between. */
function inOrder({ model, ...best }: SparkBest): SparkBest {
  const {
    format,
    formatVersion,
    kind,
    model: method,
    environment,
    units,
    scaling,
    trained,
    ...weights
  } = model
  const { actor, critic, checksum } = weights
  const head = { format, formatVersion, kind, model: method }
  return { ...best, model: { ...head, environment, units, scaling, trained, actor, critic, checksum } }
}

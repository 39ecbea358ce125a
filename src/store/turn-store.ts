/** What a store of Turns offers beyond the role: batches, runs, and its life. */
import type { Json, Store, Turn } from '../roles.ts'

/** A rehearsal or another piece of work that came to an end: what was asked for and what came out. */
export interface Run {
  readonly id: string
  readonly atMs: number
  /** What kind of work, such as `rehearse`. */
  readonly kind: string
  readonly name: string
  /** All that is needed to do it again: policies with their options, world, seeds. */
  readonly spec: Json
  readonly result: Json
}

export type NewRun = Omit<Run, 'id'>
export type RunHead = Omit<Run, 'spec' | 'result'>

export interface TurnRange {
  readonly target?: string
  /** From this moment on. */
  readonly fromMs?: number
  /** Up to and without this moment. */
  readonly toMs?: number
}

export interface TurnStore extends Store {
  /** All of them or none. */
  appendAll(turns: readonly Turn[]): void
  /** In order of time; Turns of the same moment in the order in which they were appended. */
  turns(range: TurnRange): Iterable<Turn>
  /** The newest Turn of a target at or before a moment. */
  latest(target: string, atMs?: number): Turn | undefined
  targets(): readonly string[]
  /** Keeps a run and gives its id. */
  putRun(run: NewRun): string
  run(id: string): Run | undefined
  /** Newest first. */
  runs(kind?: string): readonly RunHead[]
  /** Forgets what was stored before `keepMs` ago, and gives the number of Turns forgotten. */
  retain(keepMs: number): number
  close(): void
}

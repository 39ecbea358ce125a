/** What a shadow remembers, plain JSON, and what it says of it. */
import type { Units } from '../roles.ts'
import { type FloorMemory, noFloor } from './with-reactive-floor.ts'
import { type Block, emptyBlock, type Verdict, verdictOf } from './with-shadow-verdict.ts'
import type { Wanted, Who } from './with-shadow-wanted.ts'

export type ShadowOwn = {
  readonly inCharge: Who
  /** Changes of charge so far, and how many of them were demotions. */
  readonly flips: number
  readonly demotions: number
  readonly flippedMs: number | null
  /** What each said when it was last asked. */
  readonly said: { readonly [who in Who]: { readonly ms: number; readonly to: Units } | null }
  readonly wanted: readonly Wanted[]
  readonly scoredMs: number | null
  /** Events that would wait if each had always been in charge. */
  readonly backlog: { readonly [who in Who]: number }
  /** How far the learned policy is behind, units · ms, never above 0. */
  readonly balance: number
  readonly blocks: readonly Block[]
  readonly open: Block
  /** Scored turns in all. */
  readonly turns: number
  readonly floor: FloorMemory
}

export type ShadowMemory<Learned, Reference> = {
  readonly learned: Learned
  readonly reference: Reference
  readonly own: ShadowOwn
}

export const noShadow: ShadowOwn = {
  inCharge: 'learned',
  flips: 0,
  demotions: 0,
  flippedMs: null,
  said: { learned: null, reference: null },
  wanted: [],
  scoredMs: null,
  backlog: { learned: 0, reference: 0 },
  balance: 0,
  blocks: [],
  open: emptyBlock,
  turns: 0,
  floor: noFloor
}

/** For `why.inputs`. Scores are of the blocks that the next verdict will look at; null before anything was scored. */
export function told({ inCharge, flips, turns, blocks, open }: ShadowOwn) {
  const verdict = verdictOf(open.turns === 0 ? blocks : [...blocks, open])
  const scores = { learned: verdict?.learned ?? null, reference: verdict?.reference ?? null }
  return { inCharge, scores, turns, flips }
}

export function flipped(
  to: Who,
  { learned, reference, turns, difference, error }: Verdict,
  own: ShadowOwn
): string {
  const costs = `it cost ${fixed(learned)} units, the reference ${fixed(reference)}, over ${turns} scored turns (difference ${fixed(difference)} ± ${fixed(error ?? 0)})`
  return to === 'reference'
    ? `the learned policy was worse and is demoted: ${costs}; demotion ${own.demotions}`
    : `the learned policy was better for a whole probation and is promoted: ${costs}`
}

export function standing({ flippedMs, turns }: ShadowOwn): string {
  const since = flippedMs === null ? '' : ` since ${new Date(flippedMs).toISOString()}`
  return `the reference is in charge${since}, ${turns} turns scored`
}

const fixed = (x: number) => String(Number(x.toPrecision(3)))

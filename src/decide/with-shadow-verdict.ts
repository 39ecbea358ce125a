/**
 * Is one of two policies worse, or was it luck? Costs of scored turns in blocks, compared pair by pair.
 *
 *   d_b = mean over block b of (cost of learned − cost of reference)       D = mean of d_b,  e = s(d_b) / √B
 *   worse   D − t·e > margin · (mean cost of the reference)                 better   D + t·e < 0
 *
 * Neighbouring turns are alike, so turns are no independent tries; blocks of a twelfth of the window nearly are. t is Student's for
 * 95 % (both sides) and B − 1. Only whole blocks are looked at, and each look is at new evidence: twelve looks a window, not hundreds.
 */

/** Sums over the scored turns of a block, weighed by how long they stand for. */
export type Block = {
  readonly turns: number
  readonly ms: number
  readonly learned: number
  readonly reference: number
}

export const emptyBlock: Block = { turns: 0, ms: 0, learned: 0, reference: 0 }
export const BLOCKS = 12
/** Before there are so many no verdict is given: one odd block is no evidence. */
export const LEAST_BLOCKS = 3

export interface Verdict {
  /** Mean cost of each, units. */
  readonly learned: number
  readonly reference: number
  readonly turns: number
  /** Mean difference, learned − reference, and t times its standard error; the error is null before three blocks. */
  readonly difference: number
  readonly error: number | null
}

/** Quantiles 0.975 of Student's t for 1 … 11 degrees of freedom. */
const student = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201]

export function added(
  block: Block,
  { ms, learned, reference }: { readonly ms: number; readonly learned: number; readonly reference: number }
): Block {
  return {
    turns: block.turns + 1,
    ms: block.ms + ms,
    learned: block.learned + learned * ms,
    reference: block.reference + reference * ms
  }
}

/** Null where nothing was scored. */
export function verdictOf(blocks: readonly Block[]): Verdict | null {
  let [learned, reference, turns, ms] = [0, 0, 0, 0]
  for (const block of blocks) {
    learned += block.learned
    reference += block.reference
    turns += block.turns
    ms += block.ms
  }
  if (ms === 0) return null
  const means = { learned: learned / ms, reference: reference / ms, turns }
  const differences = blocks.map((block) => (block.learned - block.reference) / block.ms)
  const count = differences.length
  const difference = differences.reduce((sum, d) => sum + d, 0) / count
  if (count < LEAST_BLOCKS) return { ...means, difference, error: null }
  const squares = differences.reduce((sum, d) => sum + (d - difference) ** 2, 0)
  const t = student[Math.min(count - 1, student.length) - 1]
  return { ...means, difference, error: t * Math.sqrt(squares / (count - 1) / count) }
}

export function isWorse({ difference, error, reference }: Verdict, margin: number): boolean {
  return error !== null && difference - error > margin * reference
}

export function isBetter({ difference, error }: Verdict): boolean {
  return error !== null && difference + error < 0
}

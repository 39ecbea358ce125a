/** What somebody expects to lose by doing otherwise, in words that are as loud as the number: the same for every learned policy. */
import { amount } from './words.ts'

export interface Loss {
  readonly margin: number
  /** With 95 % certainty at least this; null where it is a belief and nothing was measured. */
  readonly atLeast: number | null
  /** What one late step costs; absent: no words for how much it is. */
  readonly penalty?: number
}

/** Errors of a mean, in standard deviations, that 95 of 100 are above. */
export const SURELY = 1.64

/** A loss is named where it is sure of one: where it could be nothing the sentence says that it cannot tell, and names none. */
export const namesLoss = ({ atLeast }: Pick<Loss, 'atLeast'>): boolean => atLeast !== null && atLeast > 0

/** What it named holds where, by other means, at least half of the margin is lost: of the mean that the sentence says, not of its lower end. */
export const marginHolds = ({ margin }: Pick<Loss, 'margin'>, lost: number): boolean => lost >= margin / 2

/** A sentence without its full stop. `unless` is `if it doesn't scale up`. */
export function expectsToLose(unless: string, { margin, atLeast, penalty }: Loss): string {
  if (atLeast === 0)
    return `It cannot tell what it would lose ${unless}: ${amount(margin)}, within what was measured`
  const surely = atLeast === null ? '' : ` (at least ${amount(atLeast)}, measured)`
  const lost = `to lose ${amount(margin)}${surely} of its future reward`
  if (penalty === undefined) return `It expects ${lost} ${unless}`
  if (margin >= penalty)
    return `It expects severe penalties ${unless}: ${lost}, as much as ${amount(margin / penalty, 2)} late steps`
  if (margin >= penalty / 5) return `It expects a clear loss ${unless}: ${lost}`
  if (margin >= penalty / 50) return `It expects a small loss ${unless}: ${lost}`
  return `It hardly matters to it: it expects ${lost} ${unless}`
}

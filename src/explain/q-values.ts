/**
 * Q-values in words — which action, by what margin, what the agent expects to lose otherwise, and what moved it.
 *
 *   margin     Q(s, a*) − max_{a ≠ a*} Q(s, a)       the discounted reward it expects to lose by the next best action
 *   at least   margin − 1.64 · √(e*² + e²), not below 0: with 95 % certainty, from the standard errors e of measured values
 *   moved by   the same with one feature put into its other bins, weighted by how often those were visited:
 *              influence = mean over them of (margin − what a* would still be ahead by there)
 *   agreement  share of the visited neighbours, one bin away in one feature, in which the same action is best
 *
 * Everything is read from the table; nothing is told that is not in it. The action is the table's. The prices are those of
 * `measured` where every action was tried often enough in rollouts of the finished policy: a learner's own prices put actions in order, but
 * are too far apart (it follows the largest of noisy values). How far to believe them: the tries of both actions compared, and the
 * agreement. That the margins are real is tested against the world itself, by rollouts with common seeds.
 */
import { PrescaleError } from '../base/index.ts'
import { expectsToLose } from './loss-words.ts'
import { amount, percent } from './words.ts'

/** A learned table, as far as it must be known to be read. State s counts through the bins, the last feature fastest. */
export interface QTableView {
  readonly features: readonly { readonly name: string; readonly bins: readonly string[] }[]
  readonly actions: readonly string[]
  /** Q(s, a) at s·A + a, and how often it was tried. */
  readonly values: ArrayLike<number>
  readonly visits: ArrayLike<number>
  /** Values measured with the finished policy, with their standard errors and tries, as `evaluateTable` gives them. */
  readonly measured?: {
    readonly values: ArrayLike<number>
    readonly errors: ArrayLike<number>
    readonly counts: ArrayLike<number>
  }
}

export interface QExplanation {
  readonly state: Readonly<Record<string, string>>
  readonly action: string
  readonly margin: number
  /** With 95 % certainty the margin is at least this; null where only the table's belief is known. */
  readonly atLeast: number | null
  /** The other actions, dearest last: what the agent expects to lose by each, and how often it tried. */
  readonly instead: readonly { readonly action: string; readonly loses: number; readonly visits: number }[]
  readonly values: Readonly<Record<string, number>>
  readonly visits: number
  /** Features by influence, largest first. */
  readonly moved: readonly Moved[]
  readonly sure: { readonly words: string; readonly agreement: number | null; readonly leastVisits: number }
  readonly sentence: string
}

export interface Moved {
  readonly feature: string
  readonly bin: string
  /** How much of the margin this bin makes, against its usual others. */
  readonly influence: number
  /** The nearest visited bin in which another action is best. */
  readonly turns?: { readonly bin: string; readonly action: string }
}

export interface QWords {
  /** What one late step costs: a margin from there on is called severe. 5 in the report. */
  readonly penalty?: number
}

/** Fewer visits of one of the two actions compared than this, and the margin is a rumour. */
const RUMOUR = 10
const KNOWN = 100
/** Tries of each action from which a measured price is one. */
const TRIED = 20

/** Throws `BAD_INPUT` for a state that is not in the table, or was never visited: there is nothing to explain. */
export function explainQ(table: QTableView, state: number, { penalty = 5 }: QWords = {}): QExplanation {
  const { features, actions } = table
  const bins = binsOf(table, state)
  const total = visitsOf(table, state)
  const named = Object.fromEntries(features.map(({ name, bins: all }, i) => [name, all[bins[i]]]))
  if (total === 0) {
    throw new PrescaleError(
      'BAD_INPUT',
      `the state ${said(named)} was never visited: its values are no knowledge`
    )
  }
  const best = bestOf(table, state)
  const price = pricesOf(table, state)
  const q = (a: number) => price.values[state * actions.length + a]
  const tries = (a: number) => price.counts[state * actions.length + a]
  const instead = actions
    .map((action, a) => ({ action, loses: q(best) - q(a), visits: tries(a) }))
    .filter((_, a) => a !== best)
    .sort((a, b) => a.loses - b.loses)
  const margin = instead[0]?.loses ?? 0
  const atLeast = price.errors === undefined ? null : certain(price.errors, state, actions, best, instead)
  const moved = features
    .map((_, i) => movedBy(table, state, bins, i, best))
    .sort((a, b) => b.influence - a.influence)
  const leastVisits = Math.min(tries(best), instead[0]?.visits ?? tries(best))
  const sure = { words: sureWords(leastVisits), agreement: agreementOf(table, bins, best), leastVisits }
  const parts = {
    state: named,
    action: actions[best],
    margin,
    atLeast,
    instead,
    values: Object.fromEntries(actions.map((action, a) => [action, q(a)])),
    visits: total,
    moved,
    sure
  }
  return { ...parts, sentence: sentenceOf(parts, penalty) }
}

interface Prices {
  readonly values: ArrayLike<number>
  readonly counts: ArrayLike<number>
  readonly errors?: ArrayLike<number>
}

/** What was measured, where every action of the state was tried often enough; else what the table believes. */
function pricesOf({ measured, values, visits, actions }: QTableView, state: number): Prices {
  const all = actions.every((_, a) => (measured?.counts[state * actions.length + a] ?? 0) >= TRIED)
  return measured !== undefined && all ? measured : { values, counts: visits }
}

function certain(
  errors: ArrayLike<number>,
  state: number,
  actions: readonly string[],
  best: number,
  instead: readonly { readonly action: string; readonly loses: number }[]
): number {
  const error = (action: number) => errors[state * actions.length + action]
  const least = instead.map(
    ({ action, loses }) => loses - 1.64 * Math.hypot(error(best), error(actions.indexOf(action)))
  )
  return Math.max(0, Math.min(...least))
}

export function bestOf({ values, actions }: QTableView, state: number): number {
  let best = 0
  for (let a = 1; a < actions.length; a++) {
    if (values[state * actions.length + a] > values[state * actions.length + best]) best = a
  }
  return best
}

/** How far an action is ahead of the best other one; negative where it is behind. */
export function aheadBy({ values, actions }: QTableView, state: number, action: number): number {
  let other = -Infinity
  for (let a = 0; a < actions.length; a++) {
    if (a !== action) other = Math.max(other, values[state * actions.length + a])
  }
  return values[state * actions.length + action] - other
}

export function visitsOf({ visits, actions }: QTableView, state: number): number {
  let sum = 0
  for (let a = 0; a < actions.length; a++) sum += visits[state * actions.length + a]
  return sum
}

function binsOf({ features, values, actions }: QTableView, state: number): number[] {
  const states = values.length / actions.length
  if (!Number.isInteger(state) || state < 0 || state >= states) {
    throw new PrescaleError('BAD_INPUT', `a state must be a whole number below ${states}, was ${state}`)
  }
  const bins = new Array<number>(features.length)
  let rest = state
  for (let i = features.length - 1; i >= 0; i--) {
    bins[i] = rest % features[i].bins.length
    rest = Math.floor(rest / features[i].bins.length)
  }
  return bins
}

function stateOf({ features }: QTableView, bins: readonly number[]): number {
  return features.reduce((state, { bins: all }, i) => state * all.length + bins[i], 0)
}

function movedBy(
  table: QTableView,
  state: number,
  bins: readonly number[],
  feature: number,
  best: number
): Moved {
  const { name, bins: all } = table.features[feature]
  const margin = aheadBy(table, state, best)
  let [sum, weight] = [0, 0]
  let turns: { bin: string; action: string; far: number } | undefined
  for (let bin = 0; bin < all.length; bin++) {
    const other = stateOf(table, bins.with(feature, bin))
    const seen = visitsOf(table, other)
    if (other === state || seen === 0) continue
    sum += seen * (margin - aheadBy(table, other, best))
    weight += seen
    const then = bestOf(table, other)
    const far = Math.abs(bin - bins[feature])
    if (then !== best && (turns === undefined || far < turns.far)) {
      turns = { bin: all[bin], action: table.actions[then], far }
    }
  }
  return {
    feature: name,
    bin: all[bins[feature]],
    influence: weight === 0 ? 0 : sum / weight,
    ...(turns && { turns: { bin: turns.bin, action: turns.action } })
  }
}

/** Null where no neighbour was visited. */
function agreementOf(table: QTableView, bins: readonly number[], best: number): number | null {
  let [same, seen] = [0, 0]
  for (let i = 0; i < bins.length; i++) {
    for (const by of [-1, 1]) {
      const bin = bins[i] + by
      if (bin < 0 || bin >= table.features[i].bins.length) continue
      const other = stateOf(table, bins.with(i, bin))
      if (visitsOf(table, other) === 0) continue
      seen++
      if (bestOf(table, other) === best) same++
    }
  }
  return seen === 0 ? null : same / seen
}

function sureWords(leastVisits: number): string {
  if (leastVisits < RUMOUR) return 'hardly tried'
  return leastVisits < KNOWN ? 'tried a little' : 'well tried'
}

function sentenceOf(parts: Omit<QExplanation, 'sentence'>, penalty: number): string {
  const { action, margin, atLeast, instead, moved, sure, visits, values, state } = parts
  const others = instead.map(({ action: other }) => `${signed(values[other])} for ${other}`).join(' and ')
  // A table's own values put actions in order and are too far apart; these are others, and are called so.
  const worth = atLeast === null ? 'it values it' : 'measured with the finished table, that is worth'
  const main = moved[0]
  const because =
    main === undefined || main.influence <= 0
      ? ''
      : ` What moved it most is the ${main.feature}, ${main.bin} (${amount(main.influence)} of the margin)${main.turns ? `; were it ${main.turns.bin}, it would choose ${main.turns.action}` : ''}.`
  const agreement =
    sure.agreement === null ? '' : `; ${percent(sure.agreement)} of the neighbouring states agree`
  return [
    `With ${said(state)} the agent chooses ${action}: ${worth} ${signed(values[action])}, against ${others}.`,
    ` ${expects(action, margin, atLeast, penalty)}.`,
    because,
    ` Sure? ${sure.words[0].toUpperCase()}${sure.words.slice(1)}: the state was visited ${times(visits)}, the less tried of the two actions ${times(sure.leastVisits)}${agreement}.`
  ].join('')
}

const otherwise: Readonly<Record<string, string>> = {
  up: "if it doesn't scale up",
  down: "if it doesn't scale down",
  hold: 'if it changes the size now'
}

/** `Q(up) ≫ Q(hold)` in words, with the number. */
function expects(action: string, margin: number, atLeast: number | null, penalty: number): string {
  return expectsToLose(otherwise[action] ?? `if it doesn't choose ${action}`, { margin, atLeast, penalty })
}

function said(state: Readonly<Record<string, string>>): string {
  return Object.entries(state)
    .map(([name, bin]) => `${name} ${bin}`)
    .join(', ')
}

const times = (n: number) => (n === 1 ? 'once' : `${amount(n)} times`)
const signed = (x: number) => `${x < 0 ? '−' : ''}${amount(Math.abs(x))}`

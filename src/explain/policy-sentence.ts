/** An explanation of a network's answer as people say it. */
import { expectsToLose } from './loss-words.ts'
import type { HeadExplanation, Instead, MovedBy, PolicyExplanation, Would } from './policy-explanation.ts'
import type { PolicyView } from './policy-view.ts'
import { amount, percent } from './words.ts'

export function policySentence(
  view: PolicyView,
  parts: Omit<PolicyExplanation, 'sentence'>,
  penalty: number | undefined
): string {
  const [first, ...others] = parts.heads
  const rest = others.map(({ head, choice }) => `${head} ${choice}`).join(', ')
  return [
    `The network chooses ${first.choice} ${first.head}${rest === '' ? '' : ` (${rest})`}, ${sureOf(first)}.`,
    ...movedOf(view, first),
    ...wouldSay(view, first, parts.would),
    ...expectsOf(view, parts),
    ...losesOf(parts.instead, penalty)
  ].join(' ')
}

function sureOf({ probability, runnerUp, runnerUpProbability, logOdds, undecided }: HeadExplanation): string {
  const how = probability >= 0.9 ? 'and is sure' : probability >= 0.5 ? 'rather sure' : 'undecided'
  return `${how}: ${percent(probability)} against ${percent(runnerUpProbability)} for ${runnerUp} (log-odds ${amount(logOdds)}, ${percent(undecided)} of the most undecided it could be)`
}

/** No more than these are named, and none that makes less than a tenth of the largest. */
const MOST_NAMED = 3
const SMALL = 0.1

function movedOf(view: PolicyView, { moved, unit }: HeadExplanation): readonly string[] {
  if (moved.length === 0) return ['Nothing is other than usual.']
  const named = moved
    .slice(0, MOST_NAMED)
    .filter(({ influence }) => Math.abs(influence) >= SMALL * Math.abs(moved[0].influence))
  const told = named.map((one) => `${featureSay(view, one)} ${signed(one.influence)} ${unit}`)
  return [`Against a usual state it was moved by ${told.join(', ')}.`]
}

function featureSay({ features }: PolicyView, { feature, value, usual }: MovedBy): string {
  const one = features.find(({ name }) => name === feature)
  const says = one?.says ?? feature
  if (one?.binary) return value === 0 ? `no ${bare(says)}` : says
  return `${says} at ${inUnit(value, one?.unit)} (usually ${inUnit(usual, one?.unit)})`
}

/** The counterfactual of what moved it most, else the nearest. */
function wouldSay(
  { features }: PolicyView,
  { moved, head, choice }: HeadExplanation,
  would: readonly Would[]
): readonly string[] {
  const byInfluence = moved.map(({ feature }) => would.find((one) => one.feature === feature))
  const one = byInfluence.find((found) => found !== undefined) ?? would[0]
  if (one === undefined) return [`No single feature would make it choose other than ${choice} ${head}.`]
  const feature = features.find(({ name }) => name === one.feature)
  const other = `it would choose ${one.choice} ${head}`
  if (feature?.binary) return [`${one.at === 0 ? 'Without' : 'With'} ${one.says} ${other}.`]
  const side = one.at > one.now ? '≥' : '≤'
  return [`With ${one.says} ${side} ${inUnit(one.at, feature?.unit)} ${other}.`]
}

function expectsOf(
  { valueIn }: PolicyView,
  { value, usualValue }: Omit<PolicyExplanation, 'sentence'>
): readonly string[] {
  if (value === null) return []
  const usually = usualValue === null ? '' : `, usually ${signed(usualValue)}`
  return [
    `Its critic expects ${signed(value)} of future reward${valueIn === undefined ? '' : ` (${valueIn})`} from here${usually}.`
  ]
}

/** The first alternative is the one people ask about. */
function losesOf(instead: readonly Instead[], penalty: number | undefined): readonly string[] {
  if (instead.length === 0) return []
  const [{ says, loses, atLeast }] = instead
  if (loses <= 0 && atLeast === 0) {
    return [`Measured, it would lose nothing if it ${says}: ${signed(-loses)} of its future reward.`]
  }
  return [`${expectsToLose(`if it ${says}`, { margin: loses, atLeast, penalty })}.`]
}

const bare = (says: string) => says.replace(/^the /, '')
const signed = (x: number) => `${x < 0 ? '−' : '+'}${amount(Math.abs(x))}`

function inUnit(value: number, unit?: string): string {
  if (unit === 'ratio') return percent(value)
  return unit === undefined ? amount(value) : `${amount(value)} ${unit}`
}

/** An explanation as people say it: what was decided, by which rule, what held it back, what would have changed it. */
import type { Change, Decision, Turn, Units } from '../roles.ts'
import type { Counterfactual, Replay } from './explanation.ts'
import { learnedInWords, plainInputs, shadowInWords } from './learned-words.ts'
import { amount, changeInWords, moment, percent, unitsInWords, wordsOf } from './words.ts'

/** `asked for 12 units instead of 9 by rule "plan"` or `kept 9 units by rule "within tolerance"`. */
export function toldOf(from: Units, decision: Decision): string {
  const change = changeInWords(from, decision.to)
  const names = Object.keys(decision.to)
  const by = `by rule "${wordsOf(decision.why.rule)}"`
  if (decision.kind === 'hold' && change === '') return `kept ${unitsInWords(decision.to)} ${by}`
  if (names.length > 1) return `asked for ${change} ${by}`
  return `asked for ${unitsInWords(decision.to)} instead of ${amount(from[names[0]] ?? NaN)} ${by}`
}

/** `would have asked for 12 units`: only what differs from the answer that was given. */
export function toldIf(base: Units, to: Units): string {
  const names = Object.keys(to)
  if (names.length === 1) return `would have asked for ${unitsInWords(to)}`
  const differing = names.filter((name) => to[name] !== base[name])
  const few = Object.fromEntries(differing.slice(0, 4).map((name) => [name, to[name]]))
  const more = differing.length > 4 ? ` and ${differing.length - 4} more` : ''
  return differing.length === 1
    ? `would have asked for ${differing[0]} ${to[differing[0]]} rather than ${base[differing[0]]}`
    : `would have asked for ${unitsInWords(few)}${more}`
}

/** The change of an input: `19 % more`, `7 % less`. */
export function changeOf(relative: number): string {
  return relative < 0 ? `${percent(-relative)} less` : `${percent(relative)} more`
}

export function chainOf(decision: Decision): readonly string[] {
  const { why, to } = decision
  const learned = learnedInWords(why)
  const looked = learned === undefined ? plainInputs(why.inputs) : ''
  const shadow = shadowInWords(why.inputs)
  const bound = why.bound.length === 0 ? [] : [`held back by ${why.bound.join(', ')}`]
  return [
    `${ruleOf(decision)}${looked === '' ? '' : ` looked at ${looked}`}${learned === undefined ? '' : ` ${learned}`}`,
    ...(shadow === undefined ? [] : [shadow]),
    ...why.changed.map((change) => changedInWords(change)),
    ...bound,
    `asks for ${unitsInWords(to)}`
  ]
}

function ruleOf({ why }: Decision): string {
  return `rule "${wordsOf(why.rule)}"`
}

function changedInWords({ by, from, to, because }: Change): string {
  const change = changeInWords(from, to)
  return `${by} ${change === '' ? 'changed nothing' : `made it ${change}`}, because ${because}`
}

export function sentenceOf(parts: {
  readonly turn: Turn
  readonly from: Units
  readonly replay: Replay
  readonly counterfactuals: readonly Counterfactual[]
  readonly unmoved: readonly string[]
}): string {
  const { turn, from, replay } = parts
  const { decision } = turn
  // The rule was named a sentence ago.
  const chain = chainOf(decision)
    .slice(0, -1)
    .map((link) => link.replace(`${ruleOf(decision)} `, 'it '))
    .filter((link) => link !== ruleOf(decision))
  return [
    `At ${moment(turn.atMs)}, ${turn.target}: ${turn.policy.name} ${toldOf(from, decision)}.`,
    ...(chain.length === 0 ? [] : [`${capital(chain.join('; then '))}.`]),
    ...wouldHave(parts.counterfactuals, replay, parts.unmoved),
    replayInWords(replay, from)
  ].join(' ')
}

/** At most the nearest input with both its sides, what waiting would do, and what lifting a limit would do. */
function wouldHave(
  all: readonly Counterfactual[],
  replay: Replay,
  unmoved: readonly string[]
): readonly string[] {
  const inner = all.filter(({ kind }) => kind === 'data' || kind === 'estimate')
  const nearest = inner[0]
  const said = inner.filter(({ input }) => input === nearest?.input)
  const time = all.filter(({ kind }) => kind === 'time')
  const limits = all.filter(({ kind, input }) => kind === 'setting' && input === 'bounds')
  const rest = all.filter(({ kind }) => kind === 'setting')
  const chosen = [...said, ...time.slice(0, 1), ...limits]
  const it = replay.same ? 'It' : 'Asked now, it'
  if (chosen.length > 0) return [`${it} ${chosen.map(joined).join('')}.`]
  const settings = rest.slice(0, 2).map(joined).join('')
  if (settings !== '')
    return [`Nothing that was measured or predicted would have changed the answer; it ${settings}.`]
  const tried = unmoved.length === 0 ? 'no input could be turned' : `tried: ${unmoved.join(', ')}`
  return [`No single change within a sane range would have changed the answer (${tried}).`]
}

/** Both sides of one input are one thought: `…, and for 11 units if …`. */
function joined({ input, sentence }: Counterfactual, i: number, all: readonly Counterfactual[]): string {
  if (i === 0) return sentence
  return input === all[i - 1].input
    ? `, and ${sentence.replace('would have asked ', '')}`
    : `; it ${sentence}`
}

function replayInWords({ same, sameMemory, decision }: Replay, from: Units): string {
  if (same && sameMemory) return 'Decided again from the stored memory: same answer.'
  if (same) return 'Decided again from the stored memory: same answer, but it would remember something else.'
  const now = decision
    ? `: it now ${toldOf(from, decision)
        .replace(/^asked/, 'asks')
        .replace(/^kept/, 'keeps')}`
    : ''
  return `Decided again from the stored memory the answer DIFFERS${now}. The policy or its options have changed since.`
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/**
 * Explain — why it decided that, and what would have changed it.
 *
 *   same?           decide(observation, before) = stored decision, byte for byte
 *   counterfactual  the smallest change of one input x → x′ with decide(observation[x′], before).to ≠ decision.to
 *
 * Nothing comes from a template: every "would have" is an answer of the policy itself to an altered observation with
 * the stored memory. After Wachter, Mittelstadt & Russell, "Counterfactual explanations without opening the black
 * box" (2018).
 */
import { canonicalJson } from '../base/index.ts'
import type { Decision, Json, Observation, Policy, Turn, Units } from '../roles.ts'
import type { Counterfactual, Explanation, Replay } from './explanation.ts'
import type { Lever, LeverKind } from './lever.ts'
import { leversOf } from './levers.ts'
import { nearestChange } from './search.ts'
import { chainOf, changeOf, sentenceOf, toldIf, toldOf } from './sentence.ts'
import { amount, duration } from './words.ts'

export interface ExplainOptions {
  /** Makes the same policy with another option, for counterfactuals on the options named in `knobs`. */
  readonly remake?: (options: Readonly<Record<string, Json>>) => Policy
  readonly knobs?: readonly Knob[]
}

/** An option of the policy that may be turned, within its allowed range. */
export interface Knob {
  readonly option: string
  readonly now: number
  readonly lowest: number
  readonly highest: number
  /** Whole numbers only. */
  readonly whole?: boolean
}

/** Why the Turn's decision is what it is. `policy` must be the one that made it, with the same options. */
export function explain(turn: Turn, policy: Policy, options: ExplainOptions = {}): Explanation {
  const { observation, decision } = turn
  const again = policy.decide(observation, turn.before)
  const replay = replayOf(turn, again.decision, again.memory)
  // Where the policy has changed since, what it says now is what can be turned, and the sentence says so.
  const base = again.decision.to
  const ask = (seen: Observation) => policy.decide(seen, turn.before).decision
  const found: Counterfactual[] = []
  const unmoved: string[] = []
  const turned = (lever: Lever, answer: (value: number) => Decision) => {
    const near = counterfactualsOf(lever, base, answer)
    if (near.length === 0) unmoved.push(lever.name)
    found.push(...near)
  }
  const levers = leversOf(observation, policy.intervalMs, heardIn(again.decision))
  for (const lever of levers) turned(lever, (v) => ask(lever.set(v)))
  for (const knob of options.knobs ?? []) {
    const lever = knobLever(knob, turn)
    turned(lever, (value) => remade(turn, knob.option, value, options))
  }
  if (observation.bounds) found.push(...unbounded(observation, base, ask))
  const counterfactuals = found.sort(
    (a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || far(a) - far(b)
  )
  const parts = { turn, from: wanted(observation, decision.to), replay, counterfactuals, unmoved }
  return {
    target: turn.target,
    atMs: turn.atMs,
    policy: turn.policy,
    from: parts.from,
    decision,
    chain: chainOf(decision),
    replay,
    counterfactuals,
    unmoved,
    sentence: sentenceOf(parts)
  }
}

/** What was decided and by which rule, in one short line without counterfactual: for lists of many decisions. */
export function tell(seen: Observation, decision: Decision): string {
  return toldOf(wanted(seen, decision.to), decision)
}

const kinds: readonly LeverKind[] = ['data', 'estimate', 'time', 'setting']

function replayOf(turn: Turn, decision: Decision, memory: Json): Replay {
  const same = canonicalJson(decision) === canonicalJson(turn.decision)
  const sameMemory = canonicalJson(memory) === canonicalJson(turn.after)
  return same ? { same, sameMemory } : { same, sameMemory, decision }
}

function counterfactualsOf(
  lever: Lever,
  base: Units,
  ask: (value: number) => Decision
): readonly Counterfactual[] {
  return (['up', 'down'] as const).flatMap((way) => {
    const near = nearestChange(lever, way, (decision) => !sameUnits(decision.to, base), ask)
    if (!near) return []
    const { at, decision } = near
    const relative = lever.now > 0 && !lever.isSwitch ? at / lever.now - 1 : null
    const parts = { input: lever.name, kind: lever.kind, now: lever.now, at, relative }
    const sentence = `${toldIf(base, decision.to)} ${conditionOf(lever, at, relative)}`
    return [{ ...parts, to: decision.to, rule: decision.why.rule, sentence }]
  })
}

function conditionOf(lever: Lever, at: number, relative: number | null): string {
  if (lever.isSwitch) return `${at === 0 ? 'without' : 'with'} ${lever.what}`
  if (lever.kind === 'time') return `if ${lever.what} ${lever.say(at)}`
  const [before, after] = [lever.say(lever.now), lever.say(at)]
  // Percent of percent would be read wrongly, and whole numbers need no help.
  const plain = relative === null || relative >= 1 || lever.grain !== undefined || after.endsWith('%')
  const change = plain ? `it was ${before}` : `${changeOf(relative)} than ${before}`
  return `if ${lever.what} were ${at > lever.now ? '≥' : '≤'} ${after} (${change})`
}

/** Limits are not only moved but lifted: "without its bounds it would have asked for 14". */
function unbounded(
  seen: Observation,
  base: Units,
  ask: (seen: Observation) => Decision
): readonly Counterfactual[] {
  const { bounds: _lifted, ...free } = seen
  const decision = ask(free)
  if (sameUnits(decision.to, base)) return []
  return [
    {
      input: 'bounds',
      kind: 'setting',
      now: null,
      at: null,
      relative: null,
      to: decision.to,
      rule: decision.why.rule,
      sentence: `${toldIf(base, decision.to)} without its bounds`
    }
  ]
}

function knobLever({ option, now, lowest, highest, whole }: Knob, turn: Turn): Lever {
  return {
    name: `options.${option}`,
    kind: 'setting',
    now,
    lowest,
    highest,
    ...(whole && { grain: 1 }),
    set: () => turn.observation,
    what: `its option ${option}`,
    say: (value) => (duringMs(turn, option) ? duration(value) : amount(value, 4))
  }
}

function remade(turn: Turn, option: string, value: number, { remake }: ExplainOptions): Decision {
  if (!remake) return turn.decision
  return remake({ ...turn.policy.options, [option]: value }).decide(turn.observation, turn.before).decision
}

/** Options are stored in milliseconds or as people wrote them: a text such as `5m` is a duration. */
function duringMs(turn: Turn, option: string): boolean {
  return typeof turn.policy.options[option] === 'string'
}

/** What was wanted before; settings such as a storage tier are told as metrics of their name. */
function wanted({ capacity, metrics }: Observation, to: Units): Units {
  const from: Record<string, number> = { ...capacity.ready, ...capacity.wanted }
  for (const name in to) {
    const told = metrics?.[name]?.value
    if (from[name] === undefined && told !== undefined) from[name] = told
  }
  return from
}

function sameUnits(a: Units, b: Units): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...names].every((name) => a[name] === b[name])
}

/** Signals that are still in a policy's mind, where it says so. */
function heardIn({ why }: Decision): unknown {
  const { signals } = why.inputs
  return typeof signals === 'object' && signals !== null && 'used' in signals ? signals.used : undefined
}

/** How far a change goes, as a factor either way: ÷2 is as far as ×2. What is there or not is the plainest to say, and goes first. */
function far({ input, at, now, relative }: Counterfactual): number {
  if (/\.(burstAlarm|warning)$/.test(input)) return 0
  if (at === null) return Infinity
  return relative === null ? Math.abs(at - (now ?? 0)) : Math.abs(Math.log(Math.max(1e-9, 1 + relative)))
}

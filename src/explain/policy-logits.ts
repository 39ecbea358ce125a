/**
 * Policy logits in words — what a network chooses, how sure it is, what moved it, what would change it, and what it expects.
 *
 *   log-odds   z[a*] − z[a₂]  of the choice against the runner-up, each head by itself       p = softmax(z)
 *   sure       p(a*), entropy H = −Σ p ln p, and its share of ln K
 *   moved by   integrated gradients against the usual state (attribution.ts): of the mean amount Σ p·amount where a head's choices are
 *              amounts, else of the log-odds; they add up to what differs from usual, and the gap is told
 *   would      the nearest value of one feature, all others kept, at which the first head chooses otherwise: asked, not derived
 *   expects    the critic's value here and in the usual state; and, where rollouts measured it, what it loses by another action
 *
 * A network has probabilities and no prices: log-odds say how sure it is and nothing about what is lost. So a loss is named only
 * where it was measured, by rollouts in the world with the action overridden, in the words of explainQ, with the error of the mean.
 */
import { PrescaleError } from '../base/index.ts'
import { integratedGradients } from './attribution.ts'
import { SURELY } from './loss-words.ts'
import type {
  HeadExplanation,
  Instead,
  PolicyExplanation,
  PolicyOptions,
  Would
} from './policy-explanation.ts'
import { policySentence } from './policy-sentence.ts'
import { answerOf, type HeadAnswer, offsetsOf, type PolicyFeature, type PolicyView } from './policy-view.ts'

/** Throws `BAD_INPUT` for a state of another size, or one that the network gives no answer to. */
export function explainPolicy(
  view: PolicyView,
  state: ArrayLike<number>,
  options: PolicyOptions = {}
): PolicyExplanation {
  const { features, heads, usual } = view
  const logits = state.length === features.length ? view.logits(state) : undefined
  if (logits === undefined) {
    const needs = `${features.length} numbers that are known`
    throw new PrescaleError('BAD_INPUT', `a state to explain must be ${needs}, was [${Array.from(state)}]`)
  }
  const answers = answersOf(view, logits)
  const action = answers.map(({ best }) => best)
  const attributions = integratedGradients(influences(view, answers), heads.length, state, usual)
  const told = answers.map((answer, h) => headOf(view, state, h, answer, attributions[h]))
  const parts = {
    state: Object.fromEntries(features.map((feature, i) => [feature.name, inUnit(feature, state[i])])),
    action,
    heads: told,
    would: wouldOf(view, state, answers[0].best),
    value: view.value?.(state) ?? null,
    usualValue: view.value?.(usual) ?? null,
    instead: insteadOf(view, action, answers[0].second, options)
  }
  return { ...parts, sentence: policySentence(view, parts, options.penalty) }
}

function answersOf({ heads }: PolicyView, logits: ArrayLike<number>): readonly HeadAnswer[] {
  const offsets = offsetsOf(heads)
  return heads.map(({ labels }, h) => answerOf(logits, offsets[h], labels.length))
}

/** What is attributed, one number a head: the mean amount, or the log-odds of this choice against this runner-up. */
function influences(view: PolicyView, answers: readonly HeadAnswer[]) {
  const { heads } = view
  const offsets = offsetsOf(heads)
  return (state: Float64Array, out: Float64Array) => {
    const logits = view.logits(state)
    for (let h = 0; h < heads.length; h++) {
      const { amounts, labels } = heads[h]
      const { best, second } = answers[h]
      if (logits === undefined) out[h] = NaN
      else if (amounts === undefined) out[h] = logits[offsets[h] + best] - logits[offsets[h] + second]
      else {
        const { logs } = answerOf(logits, offsets[h], labels.length)
        out[h] = 0
        for (let a = 0; a < logs.length; a++) out[h] += Math.exp(logs[a]) * amounts[a]
      }
    }
  }
}

function headOf(
  { features, heads, usual }: PolicyView,
  state: ArrayLike<number>,
  h: number,
  { logs, best, second }: HeadAnswer,
  { parts, difference, gap }: { parts: Float64Array; difference: number; gap: number }
): HeadExplanation {
  const { name, labels, amounts, unit = name } = heads[h]
  const entropy = logs.reduce((sum, log) => sum - Math.exp(log) * log, 0)
  const moved = features
    .map((feature, i) => ({
      feature: feature.name,
      value: inUnit(feature, state[i]),
      usual: inUnit(feature, usual[i]),
      influence: parts[i]
    }))
    .filter(({ influence }) => influence !== 0)
    .sort((a, b) => Math.abs(b.influence) - Math.abs(a.influence))
  return {
    head: name,
    choice: labels[best],
    runnerUp: labels[second],
    logOdds: logs[best] - logs[second],
    probability: Math.exp(logs[best]),
    runnerUpProbability: Math.exp(logs[second]),
    entropy,
    undecided: labels.length > 1 ? entropy / Math.log(labels.length) : 0,
    unit: amounts === undefined ? 'log-odds' : unit,
    moved,
    differs: difference,
    gap
  }
}

/** So many values of a feature are tried on each side before one is halved in. */
const TRIES = 48

function wouldOf(view: PolicyView, state: ArrayLike<number>, best: number): readonly Would[] {
  const found: Would[] = []
  const point = Float64Array.from(state)
  const choiceAt = (i: number, value: number) => {
    point[i] = value
    const logits = view.logits(point)
    point[i] = state[i]
    return logits === undefined ? best : answerOf(logits, 0, view.heads[0].labels.length).best
  }
  for (const [i, feature] of view.features.entries()) {
    if (feature.setting) continue
    const near = feature.binary
      ? [state[i] === 0 ? 1 : 0].filter((value) => choiceAt(i, value) !== best)
      : [nearest(i, state[i], 1, best, choiceAt), nearest(i, state[i], 0, best, choiceAt)]
    for (const at of near) {
      if (at === undefined) continue
      found.push({
        feature: feature.name,
        now: inUnit(feature, state[i]),
        at: inUnit(feature, at),
        far: Math.abs(at - state[i]),
        choice: view.heads[0].labels[choiceAt(i, at)],
        says: feature.says ?? feature.name
      })
    }
  }
  return found.sort((a, b) => a.far - b.far)
}

/** The nearest value between now and the end of the range at which the choice is another, to a thousandth of the range. */
function nearest(
  i: number,
  now: number,
  end: number,
  best: number,
  choiceAt: (i: number, value: number) => number
): number | undefined {
  if (now === end) return undefined
  let same = now
  for (let n = 1; n <= TRIES; n++) {
    let other = now + ((end - now) * n) / TRIES
    if (choiceAt(i, other) === best) {
      same = other
      continue
    }
    while (Math.abs(other - same) > 1e-3) {
      const middle = (other + same) / 2
      if (choiceAt(i, middle) === best) same = middle
      else other = middle
    }
    return other
  }
  return undefined
}

function insteadOf(
  { heads }: PolicyView,
  action: readonly number[],
  second: number,
  { override, alternatives = [] }: PolicyOptions
): readonly Instead[] {
  if (override === undefined) return []
  const runnerUp = {
    says: `chooses ${heads[0].labels[second]} ${heads[0].name}`,
    action: action.with(0, second)
  }
  const seen = new Set([action.join()])
  return [...alternatives, runnerUp].flatMap(({ says, action: other }) => {
    if (seen.has(other.join())) return []
    seen.add(other.join())
    const measured = override(other)
    if (measured === undefined) return []
    const { mean, error } = measured
    return [{ says, action: other, loses: mean, error, atLeast: Math.max(0, mean - SURELY * error) }]
  })
}

function inUnit({ high = 1 }: PolicyFeature, value: number): number {
  return value * high
}

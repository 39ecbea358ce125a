/** A policy network as far as it must be known to be explained: names around a function. Nothing here knows how it was trained. */

export interface PolicyFeature {
  readonly name: string
  /** What the value times `high` is, such as `messages/s`; a `ratio` is said in percent. */
  readonly unit?: string
  /** The value that is 1 in the state, 1 unless given. */
  readonly high?: number
  /** 0 or 1 and nothing between: it is there or it is not. */
  readonly binary?: boolean
  /** A choice of people, such as a weight of the reward: not turned for a counterfactual. */
  readonly setting?: boolean
  /** In a sentence: `the load`, `the alarm`. The name unless given. */
  readonly says?: string
}

export interface PolicyHead {
  readonly name: string
  readonly labels: readonly string[]
  /** What each choice amounts to where they are amounts: then influence is told in them, not in log-odds. */
  readonly amounts?: readonly number[]
  /** Of the amounts, the name of the head unless given. */
  readonly unit?: string
}

export interface PolicyView {
  readonly features: readonly PolicyFeature[]
  readonly heads: readonly PolicyHead[]
  /** Logits of a state, heads behind each other; undefined where it gives no answer. */
  logits(state: ArrayLike<number>): ArrayLike<number> | undefined
  /** What the critic expects of a state. */
  value?(state: ArrayLike<number>): number | undefined
  /** In what rewards its value is, where they are not the world's: `scaled in training`. */
  readonly valueIn?: string
  /** The state it is compared with: what is usual. Binary features at 0 or 1. */
  readonly usual: ArrayLike<number>
}

/** One head of the answer to one state. */
export interface HeadAnswer {
  /** Natural logarithms of the probabilities. */
  readonly logs: Float64Array
  readonly best: number
  readonly second: number
}

export function answerOf(logits: ArrayLike<number>, from: number, size: number): HeadAnswer {
  let [best, second] = [0, size > 1 ? 1 : 0]
  if (size > 1 && logits[from + 1] > logits[from]) [best, second] = [1, 0]
  for (let i = 2; i < size; i++) {
    if (logits[from + i] > logits[from + best]) [best, second] = [i, best]
    else if (logits[from + i] > logits[from + second]) second = i
  }
  let sum = 0
  for (let i = 0; i < size; i++) sum += Math.exp(logits[from + i] - logits[from + best])
  const norm = logits[from + best] + Math.log(sum)
  const logs = new Float64Array(size)
  for (let i = 0; i < size; i++) logs[i] = logits[from + i] - norm
  return { logs, best, second }
}

/** Where each head begins among the logits. */
export function offsetsOf(heads: readonly PolicyHead[]): readonly number[] {
  let at = 0
  return heads.map(({ labels }) => {
    const from = at
    at += labels.length
    return from
  })
}

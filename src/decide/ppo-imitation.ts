/**
 * Imitation — a training of PPO that begins from what somebody showed it, instead of from nothing.
 *
 *   actor:  cross-entropy to the action that was shown, of which 1 − ε stays and ε goes to its neighbours and the other choices
 *   critic: squared error to the discounted sum of the rewards that followed, in the scale that the training will have
 *
 * An action that is drawn anew in every step hardly finds out what only pays when it is kept; whoever is shown it once only has to find
 * out what is done badly. Nothing of who showed it is left but weights. Behavioural cloning: Pomerleau 1991.
 */
import { type GivenOptions, random, readOptions } from '../base/index.ts'
import { ppo, ppoOptions } from './ppo.ts'
import { makeCheckpoint, type PpoCheckpoint, saveNetwork } from './ppo-checkpoint.ts'
import { logProbabilities } from './ppo-loss.ts'
import { actorAndCritic } from './ppo-model.ts'
import type { PpoEnvironment } from './ppo-rollout.ts'
import { addMoments, noMoments, saveMoments, scalingOf, varianceOf } from './ppo-scale.ts'

/** One step that was shown. */
export interface Shown {
  readonly state: ArrayLike<number>
  readonly action: readonly number[]
  readonly reward: number
  /** The episode ends here because somebody stopped looking. */
  readonly last: boolean
}

export interface ImitationOptions {
  /** Heads whose choices are in an order: most of ε goes to the nearest. */
  readonly ordered?: readonly boolean[]
  /** ε of each head: so that there is something left to try. */
  readonly others?: readonly number[]
  /** Minibatches of 256 steps, drawn from all that was shown: 3,000. */
  readonly batches?: number
}

const BATCH = 256
const RATE = 0.002
const OTHERS = 0.01
/** The end of an episode has too little future to learn a value from: as many steps as leave a twentieth of the first reward. */
const LEFT = 0.05

/** A checkpoint that `resumePpo` begins from, with these options of `ppo`. */
export function imitate(
  make: (index: number) => PpoEnvironment,
  given: GivenOptions,
  shown: readonly Shown[],
  { ordered = [], others = [], batches = 3_000 }: ImitationOptions = {}
): PpoCheckpoint {
  const options = readOptions('ppo', ppoOptions, given)
  const {
    format: _f,
    formatVersion: _v,
    kind: _k,
    model: _m,
    checksum: _c,
    ...begun
  } = ppo(make, given).checkpoint()
  const { observationSize: size, actionSizes } = begun.environment
  const states = Float64Array.from(shown.flatMap(({ state }) => Array.from(state)))
  const { sums, future } = returnsOf(shown, options.gamma)
  const moments = noMoments(size)
  addMoments(moments, states, shown.length)
  const grown = noMoments(1)
  addMoments(grown, sums, shown.length)
  const scaling = scalingOf(options.scaleStates ? moments : undefined, size)
  const deviation = options.scaleRewards ? Math.sqrt(varianceOf(grown, 0) + 1e-8) : 1
  const kernels = options.kernels === 'reference' ? 'reference' : undefined
  const rng = random(options.seed, 'weights')
  const { actor, critic } = actorAndCritic(begun.environment, {
    units: options.units,
    maxBatch: BATCH,
    kernels,
    rng
  })
  const choices = actionSizes.reduce((sum, count) => sum + count, 0)
  const [likely, logs] = [new Float64Array(choices), new Float64Array(choices)]
  const byLogits =
    actor.input instanceof Float32Array
      ? new Float32Array(BATCH * choices)
      : new Float64Array(BATCH * choices)
  const byValues = actor.input instanceof Float32Array ? new Float32Array(BATCH) : new Float64Array(BATCH)
  const wish = wishes(actionSizes, ordered, others)
  const drawn = random(options.seed, 'imitation')
  for (let batch = 0; batch < batches; batch++) {
    const rate = RATE * (1 - batch / batches)
    const chosen = Array.from({ length: BATCH }, () => drawn.integer(shown.length))
    for (const [row, i] of chosen.entries()) scaling(states, i * size, actor.input, row * size)
    critic.input.set(actor.input.subarray(0, BATCH * size))
    const [logits, values] = [actor.forward(BATCH), critic.forward(BATCH)]
    for (const [row, i] of chosen.entries()) {
      logProbabilities(logits, row * choices, actionSizes, logs, likely)
      const wished = wish(shown[i].action)
      for (let c = 0; c < choices; c++) byLogits[row * choices + c] = (likely[c] - wished[c]) / BATCH
      byValues[row] = Number.isNaN(future[i]) ? 0 : (values[row] - future[i] / deviation) / BATCH
    }
    for (const [network, slope] of [
      [actor, byLogits],
      [critic, byValues]
    ] as const) {
      network.zeroGradients()
      network.backward(slope)
      network.adam({ rate, epsilon: 1e-5, clip: 1 })
    }
  }
  const zeros = new Array<number>(options.environments).fill(0)
  return makeCheckpoint({
    ...begun,
    // Adam begins anew: what it remembers is of another loss.
    actor: { ...begun.actor, weights: saveNetwork(actor).weights },
    critic: { ...begun.critic, weights: saveNetwork(critic).weights },
    scaling: options.scaleStates ? saveMoments(moments) : null,
    rewardScaling: options.scaleRewards ? { moments: saveMoments(grown), sums: zeros } : null
  })
}

/** Discounted sums as they grow from the beginning of an episode, and of what was still to come; `NaN` where too little was. */
function returnsOf(shown: readonly Shown[], gamma: number) {
  const sums = new Float64Array(shown.length)
  const future = new Float64Array(shown.length).fill(NaN)
  const enough = gamma > 0 && gamma < 1 ? Math.ceil(Math.log(LEFT) / Math.log(gamma)) : 1
  let sum = 0
  for (const [i, { reward, last }] of shown.entries()) {
    sum = gamma * sum + reward
    sums[i] = sum
    if (last) sum = 0
  }
  let [ahead, left] = [0, 0]
  for (let i = shown.length - 1; i >= 0; i--) {
    if (shown[i].last) [ahead, left] = [0, 0]
    ahead = shown[i].reward + gamma * ahead
    if (++left > enough) future[i] = ahead
  }
  return { sums, future }
}

/** What each choice should be worth, heads behind each other. */
function wishes(sizes: readonly number[], ordered: readonly boolean[], others: readonly number[]) {
  const known = new Map<string, Float64Array>()
  return (action: readonly number[]): Float64Array => {
    const key = action.join()
    const had = known.get(key)
    if (had !== undefined) return had
    const wish = new Float64Array(sizes.reduce((sum, size) => sum + size, 0))
    for (let head = 0, at = 0; head < sizes.length; at += sizes[head++]) {
      const share = sizes[head] > 1 ? (others[head] ?? OTHERS) : 0
      const weight = (c: number) =>
        c === action[head] ? 0 : ordered[head] ? Math.exp(-Math.abs(c - action[head])) : 1
      let all = 0
      for (let c = 0; c < sizes[head]; c++) all += weight(c)
      for (let c = 0; c < sizes[head]; c++) {
        wish[at + c] = c === action[head] ? 1 - share : (share * weight(c)) / all
      }
    }
    known.set(key, wish)
    return wish
  }
}

/**
 * Where a training begins: a network that was shown what a simple rule does, before it has learned anything of its own.
 *
 *   actor:  cross-entropy to the rule's action, of which 1 − ε stays and ε goes to its neighbours and the other choices
 *   critic: squared error to the discounted sums of rewards that the rule came to
 *
 * From nothing PPO must first find out that executors come late and go at once; that takes it most of a training. From here it only has to
 * find out what the rule does badly. Nothing of the rule is left in the model but weights. Pomerleau 1991, behavioural cloning.
 */
import { random, readOptions } from '../../src/base/index.ts'
import { sparkEnvironment } from '../../src/compare/index.ts'
import { type PpoEnvironment, ppo, ppoOptions } from '../../src/decide/index.ts'
import { makeCheckpoint, type PpoCheckpoint, saveNetwork } from '../../src/decide/ppo-checkpoint.ts'
import { logProbabilities } from '../../src/decide/ppo-loss.ts'
import { actorAndCritic } from '../../src/decide/ppo-model.ts'
import { addMoments, noMoments, saveMoments, scalingOf, varianceOf } from '../../src/decide/ppo-scale.ts'
import type { RewardScenario } from '../../src/sim/index.ts'
import { type Kind, type Policy, seeds, trainingScene } from './scenes.ts'

const BATCH = 256
const EPOCHS = 30
const RATE = 0.002
/** What is not the rule's own action: so that there is something to try. */
const OTHERS = [0.04, 0.005, 0.01, 0.01]
/** Of executors and memory more goes to the nearest choices: e^(−distance). */
const ORDERED = [true, true, false, false]
/** The end of an episode has too little future to learn a value from. */
const FUTURE = 60

export function imitated(
  make: () => PpoEnvironment,
  {
    scenario,
    kind,
    rule,
    learning,
    seed
  }: {
    readonly scenario: RewardScenario
    readonly kind: Kind
    readonly rule: Policy
    readonly learning: Readonly<Record<string, number | boolean>>
    readonly seed: number
  }
): PpoCheckpoint {
  const environment = sparkEnvironment(trainingScene(scenario, kind))
  const { version, observationSize: size, actionSizes } = environment
  const space = { version, observationSize: size, actionSizes }
  const options = readOptions('ppo', ppoOptions, { ...learning, seed })
  const { states, actions, sums, future } = demonstrated(environment, rule, options.gamma)
  const rows = actions.length
  const moments = noMoments(size)
  addMoments(moments, states, rows)
  const scaling = scalingOf(moments, size)
  const grown = noMoments(1)
  addMoments(grown, sums, rows)
  const deviation = Math.sqrt(varianceOf(grown, 0) + 1e-8)
  const { actor, critic } = actorAndCritic(space, {
    units: options.units,
    maxBatch: BATCH,
    rng: random(seed, 'weights')
  })
  const choices = actionSizes.reduce((sum, count) => sum + count, 0)
  const [likely, logs] = [new Float64Array(choices), new Float64Array(choices)]
  const byLogits = new Float32Array(BATCH * choices)
  const byValues = new Float32Array(BATCH)
  const shuffled = random(seed, 'imitation')
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    const rate = RATE * (1 - epoch / EPOCHS)
    for (let from = 0; from + BATCH <= rows; from += BATCH) {
      const chosen = Array.from({ length: BATCH }, () => shuffled.integer(rows))
      for (const [row, i] of chosen.entries()) scaling(states, i * size, actor.input, row * size)
      critic.input.set(actor.input.subarray(0, BATCH * size))
      const logits = actor.forward(BATCH)
      const values = critic.forward(BATCH)
      for (const [row, i] of chosen.entries()) {
        logProbabilities(logits, row * choices, actionSizes, logs, likely)
        const wish = wished(actions[i], actionSizes)
        for (let c = 0; c < choices; c++) byLogits[row * choices + c] = (likely[c] - wish[c]) / BATCH
        // Where the future is cut off nothing is learned of its value.
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
  }
  const {
    format: _f,
    formatVersion: _v,
    kind: _k,
    model: _m,
    checksum: _c,
    ...begun
  } = ppo(make, {
    ...learning,
    seed
  }).checkpoint()
  return makeCheckpoint({
    ...begun,
    actor: saveNetwork(actor),
    critic: saveNetwork(critic),
    scaling: saveMoments(moments),
    rewardScaling: { moments: saveMoments(grown), sums: new Array(options.environments).fill(0) }
  })
}

/** What the rule saw, did and came to: `sums` grow from the beginning of an episode, `future` is what was still to come. */
function demonstrated(environment: ReturnType<typeof sparkEnvironment>, rule: Policy, gamma: number) {
  const states: number[] = []
  const actions: (readonly number[])[] = []
  const sums: number[] = []
  const future: number[] = []
  for (const seed of seeds.imitation) {
    const act = rule()
    const rewards: number[] = []
    let state = environment.reset(seed)
    let sum = 0
    for (let ended = false; !ended; ) {
      const action = act(state)
      states.push(...state)
      actions.push(action)
      const step = environment.step(action)
      sum = gamma * sum + step.reward
      sums.push(sum)
      rewards.push(step.reward)
      state = step.observation
      ended = step.truncated
    }
    let ahead = 0
    const own = rewards.map(() => NaN)
    for (let k = rewards.length - 1; k >= 0; k--) {
      ahead = rewards[k] + gamma * ahead
      if (k < rewards.length - FUTURE) own[k] = ahead
    }
    future.push(...own)
  }
  return { states: Float64Array.from(states), actions, sums: Float64Array.from(sums), future }
}

const known = new Map<string, Float64Array>()

function wished(action: readonly number[], sizes: readonly number[]): Float64Array {
  const key = action.join()
  const had = known.get(key)
  if (had !== undefined) return had
  const wish = new Float64Array(sizes.reduce((sum, size) => sum + size, 0))
  for (let head = 0, at = 0; head < sizes.length; at += sizes[head++]) {
    const weight = (c: number) =>
      c === action[head] ? 0 : ORDERED[head] ? Math.exp(-Math.abs(c - action[head])) : 1
    let all = 0
    for (let c = 0; c < sizes[head]; c++) all += weight(c)
    for (let c = 0; c < sizes[head]; c++) {
      wish[at + c] = c === action[head] ? 1 - OTHERS[head] : (OTHERS[head] * weight(c)) / all
    }
  }
  known.set(key, wish)
  return wish
}

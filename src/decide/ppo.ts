/**
 * PPO — proximal policy optimisation: play a while, then make what went better than expected a little likelier.
 *
 *   play T steps in each of N environments with π_old        (ppo-rollout.ts)
 *   A = GAE(r, V),  R = A + V                                (gae.ts)
 *   K times over all N·T steps, in shuffled minibatches, with A brought to mean 0 and deviation 1:
 *     step Adam on  mean max(−A·r, −A·clip(r, 1 ± ε)) + c_v (V − R)² − c_e H      (ppo-loss.ts)
 *
 * Actor and critic are perceptrons of their own, 64×64 with tanh, orthogonal at first. Gradients of both together are held to one
 * length; rate and ε fall to zero in a line where asked. Schulman et al. 2017; details as Huang et al. 2022, "The 37 implementation
 * details of PPO". Same seed, same bytes, also where it was stopped in between, and however many threads play.
 */
import {
  type GivenOptions,
  type OptionTable,
  PrescaleError,
  type ReadOptions,
  random,
  readOptions
} from '../base/index.ts'
import { type Exchange, type KernelName, usableKernels } from '../nn/index.ts'
import {
  checkCheckpoint,
  makeCheckpoint,
  type PpoCheckpoint,
  restoreNetwork,
  saveNetwork
} from './ppo-checkpoint.ts'
import { actorAndCritic, makePpoModel, type PpoModel } from './ppo-model.ts'
import { type Episode, type PpoEnvironment, type PpoSpace, type Rollouts, rollouts } from './ppo-rollout.ts'
import {
  addMoments,
  type Moments,
  noMoments,
  readMoments,
  saveMoments,
  scalingOf,
  varianceOf
} from './ppo-scale.ts'
import { type CurvePoint, learning } from './ppo-update.ts'

export const ppoOptions = {
  steps: {
    kind: 'integer',
    default: 100_000,
    min: 1,
    says: 'steps to play in all, rounded up to whole rollouts'
  },
  environments: { kind: 'integer', default: 8, min: 1, says: 'environments that are played side by side' },
  rollout: { kind: 'integer', default: 256, min: 1, says: 'steps in each of them between two updates' },
  minibatch: { kind: 'integer', default: 64, min: 1, says: 'steps behind one move of the weights' },
  epochs: { kind: 'integer', default: 10, min: 1, says: 'how often a rollout is gone through' },
  gamma: {
    kind: 'number',
    default: 0.99,
    min: 0,
    max: 1,
    says: 'what the reward of the next step is worth now'
  },
  lambda: {
    kind: 'number',
    default: 0.95,
    min: 0,
    max: 1,
    says: 'GAE: 0 trusts the critic, 1 only what was seen'
  },
  clip: {
    kind: 'number',
    default: 0.2,
    min: 0,
    says: 'how far the likelihood of an action may move in an update'
  },
  clipValue: {
    kind: 'number',
    min: 0,
    says: 'how far a value may move in an update; absent: as far as it likes'
  },
  valueWeight: { kind: 'number', default: 0.5, min: 0, says: 'weight of the critic’s squared error' },
  entropyWeight: { kind: 'number', default: 0, min: 0, says: 'weight of the bonus for staying undecided' },
  annealEntropy: { kind: 'boolean', default: false, says: 'that bonus falls to zero until the end' },
  maxGradient: {
    kind: 'number',
    default: 0.5,
    min: 0,
    says: 'longest gradient of actor and critic together'
  },
  rate: { kind: 'number', default: 3e-4, min: 0, says: 'how far Adam moves a weight in a step' },
  criticFirst: {
    kind: 'integer',
    default: 0,
    min: 0,
    says: 'updates in which only the critic learns: for an actor that knows something already'
  },
  annealRate: { kind: 'boolean', default: true, says: 'the rate falls to zero until the end' },
  annealClip: { kind: 'boolean', default: false, says: 'clip falls to zero until the end' },
  targetKl: {
    kind: 'number',
    min: 0,
    says: 'an update ends when the policy has moved 1.5 times this far; absent: never'
  },
  scaleStates: { kind: 'boolean', default: true, says: 'states are brought to mean 0 and deviation 1' },
  scaleRewards: {
    kind: 'boolean',
    default: false,
    says: 'rewards are divided by the deviation of their discounted sums'
  },
  units: { kind: 'integer', default: 64, min: 1, says: 'of each of the two hidden layers' },
  kernels: {
    kind: 'text',
    default: 'simd',
    oneOf: ['simd', 'fma', 'reference'],
    says: 'what the networks run on'
  },
  seed: { kind: 'integer', default: 0, says: 'of weights, episodes and actions' }
} satisfies OptionTable

/** A training under way. */
export interface Ppo {
  readonly done: boolean
  /** How many updates there will be in all. */
  readonly updates: number
  readonly curve: readonly CurvePoint[]
  /** Plays one rollout and learns from it. Errors: `FAILED` where weights ran away, `BAD_INPUT` for a state with NaN. */
  update(): CurvePoint
  model(): PpoModel
  checkpoint(): PpoCheckpoint
}

/** Begins to train. `exchange`: how threads share the environments, one slot each; absent: this thread plays all. */
export function ppo(
  make: (index: number) => PpoEnvironment,
  given: GivenOptions = {},
  exchange?: Exchange
): Ppo {
  return learner(make, spaceOf(make(0)), readOptions('ppo', ppoOptions, given), exchange)
}

/** Goes on where `checkpoint()` was taken, to the same bytes. Errors: `BAD_MODEL` in one line; `where` names the file. */
export function resumePpo(
  make: (index: number) => PpoEnvironment,
  checkpoint: unknown,
  { where = 'the checkpoint', exchange }: { readonly where?: string; readonly exchange?: Exchange } = {}
): Ppo {
  const space = spaceOf(make(0))
  const from = checkCheckpoint(checkpoint, where, space)
  return learner(make, space, readOptions('ppo', ppoOptions, from.options), exchange, from)
}

type Options = ReadOptions<typeof ppoOptions>

const spaceOf = ({ version, observationSize, actionSizes }: PpoSpace): PpoSpace => ({
  version,
  observationSize,
  actionSizes: [...actionSizes]
})

function learner(
  make: (index: number) => PpoEnvironment,
  space: PpoSpace,
  options: Options,
  exchange = alone(options.environments),
  from?: PpoCheckpoint
): Ppo {
  const { environments, rollout: steps, seed, gamma, minibatch, units } = options
  const samples = environments * steps
  const updates = Math.ceil(options.steps / samples)
  const kernels = usableKernels(options.kernels as KernelName)
  const maxBatch = Math.max(environments, Math.min(minibatch, samples))
  const players = actorAndCritic(space, { units, maxBatch, kernels, rng: random(seed, 'weights') })
  if (from) {
    restoreNetwork(players.actor, from.actor, 'actor of the checkpoint')
    restoreNetwork(players.critic, from.critic, 'critic of the checkpoint')
  }
  const rolled = rollouts(make, space, { environments, steps, seed, exchange, places: from?.places })
  const states = options.scaleStates ? momentsOf(from?.scaling, space.observationSize) : undefined
  const sums = Float64Array.from(from?.rewardScaling?.sums ?? new Float64Array(environments))
  const rewards = options.scaleRewards ? momentsOf(from?.rewardScaling?.moments, 1) : undefined
  const recent: Episode[] = [...(from?.recent ?? [])]
  const curve: CurvePoint[] = [...(from?.curve ?? [])]
  const learn = learning(players, rolled, space, options)
  let episodes = curve.at(-1)?.episodes ?? 0
  let scaling = scalingOf(states, space.observationSize)
  // Scales must be known before the first update; nobody learns from this rollout.
  if (!from && (states || rewards)) play(-1)

  function play(update: number): void {
    const ended = rolled.play(players, scaling, update)
    episodes += ended.length
    recent.push(...ended)
    recent.splice(0, recent.length - 100)
    if (rewards) followRewards(rolled, rewards, sums, gamma)
    if (update < 0) rescale()
  }

  function rescale(): void {
    if (!states) return
    for (const { observations } of rolled.tracks) addMoments(states, observations, steps)
    scaling = scalingOf(states, space.observationSize)
  }

  function update(): CurvePoint {
    const done = curve.length
    if (done >= updates) throw new PrescaleError('FAILED', `ppo has learned all of its ${updates} updates`)
    const left = 1 - done / updates
    const rate = options.annealRate ? options.rate * left : options.rate
    const actorRate = done < options.criticFirst ? 0 : rate
    const clip = options.annealClip ? options.clip * left : options.clip
    const entropyWeight = options.annealEntropy ? options.entropyWeight * left : options.entropyWeight
    play(done)
    const deviation = rewards ? Math.sqrt(varianceOf(rewards, 0) + 1e-8) : 1
    const learned = learn({ update: done, rate, actorRate, clip, entropyWeight, deviation, scaling })
    // The rollout was played with the scales of before, and learned from with the same.
    rescale()
    const meanOf = (key: keyof Episode) => recent.reduce((sum, it) => sum + it[key], 0) / recent.length
    const point: CurvePoint = {
      steps: (done + 1) * samples,
      episodes,
      meanReward: recent.length > 0 ? meanOf('reward') : null,
      meanLength: recent.length > 0 ? meanOf('length') : null,
      ...learned,
      rate,
      clip
    }
    curve.push(point)
    return point
  }

  return {
    get done() {
      return curve.length >= updates
    },
    updates,
    curve,
    update,
    model: () =>
      makePpoModel(players, {
        environment: space,
        units,
        scaling: states ? saveMoments(states) : null,
        trained: { steps: curve.length * samples, seed, options }
      }),
    checkpoint: () =>
      makeCheckpoint({
        environment: space,
        options,
        updates: curve.length,
        actor: saveNetwork(players.actor),
        critic: saveNetwork(players.critic),
        scaling: states ? saveMoments(states) : null,
        rewardScaling: rewards ? { moments: saveMoments(rewards), sums: [...sums] } : null,
        places: structuredClone(rolled.places),
        recent: [...recent],
        curve: [...curve]
      })
  }
}

/** Sums of rewards as they grow in an episode, discounted: how they spread is the size of what the critic must learn. */
function followRewards({ tracks }: Rollouts, moments: Moments, sums: Float64Array, gamma: number): void {
  for (const [e, { rewards, terminated, truncated }] of tracks.entries()) {
    const grown = new Float64Array(rewards.length)
    for (let t = 0; t < rewards.length; t++) {
      sums[e] = gamma * sums[e] + rewards[t]
      grown[t] = sums[e]
      if (terminated[t] || truncated[t]) sums[e] = 0
    }
    addMoments(moments, grown, grown.length)
  }
}

const momentsOf = (saved: Parameters<typeof readMoments>[0] | null | undefined, size: number): Moments =>
  saved ? readMoments(saved, size, 'the checkpoint') : noMoments(size)

/** Everything is played by this thread. */
function alone(environments: number): Exchange {
  const mine = Array.from({ length: environments }, (_, e) => e)
  return { mine, slots: (size) => mine.map(() => new Float64Array(size)), meet: () => {} }
}

/**
 * Rollouts — every environment is played for some steps by the actor, and what happened is written down.
 *
 * Environments are dealt out over threads by an `Exchange`: each plays its own and writes into slots that all can read. All chance is
 * a function of (seed, update, environment), so what is written does not depend on who played. An environment is where its episode's
 * seed and the actions since then have led it: that is what a checkpoint keeps of it.
 */
import { PrescaleError, type Random, random, uniformAt } from '../base/index.ts'
import type { Exchange, Network } from '../nn/index.ts'
import type { Environment } from '../roles.ts'
import { choose, logProbabilities } from './ppo-loss.ts'
import type { Scaling } from './ppo-scale.ts'

/** What a model must fit: it was trained for states of this size, this meaning (`version`) and these choices per head. */
export interface PpoSpace {
  readonly version: string
  readonly observationSize: number
  readonly actionSizes: readonly number[]
}

/** An environment to learn in. An action is one whole number per head; with one head, `oneHead` makes it of a plain number. */
export type PpoEnvironment = Environment<ArrayLike<number>, readonly number[]> & PpoSpace

/** An environment whose action is a single number below `actions`, as one with one head. */
export function oneHead(
  environment: Environment<ArrayLike<number>, number>,
  space: { readonly version: string; readonly observationSize: number; readonly actions: number }
): PpoEnvironment {
  const { version, observationSize, actions } = space
  return {
    version,
    observationSize,
    actionSizes: [actions],
    reset: (seed) => environment.reset(seed),
    step: ([action]) => environment.step(action)
  }
}

/** What happened in one environment, step by step. Views on its slot. */
export interface Track {
  /** (steps, observationSize), as the environment said it. */
  readonly observations: Float64Array
  /** (steps, heads). */
  readonly actions: Float64Array
  readonly logProbabilities: Float64Array
  readonly values: Float64Array
  /** V of the state that the step led to. */
  readonly nextValues: Float64Array
  readonly rewards: Float64Array
  readonly terminated: Float64Array
  readonly truncated: Float64Array
}

/** Where an environment is. */
export interface Whereabouts {
  /** In the how-manieth episode, from 0. */
  episode: number
  /** All actions since its beginning, heads behind each other. */
  actions: number[]
  /** Sum of the rewards since its beginning. */
  reward: number
}

/** An episode that came to its end. */
export interface Episode {
  readonly reward: number
  readonly length: number
}

export interface Players {
  readonly actor: Network
  readonly critic: Network
}

export interface Rollouts {
  readonly tracks: readonly Track[]
  readonly places: readonly Whereabouts[]
  /** Plays `steps` in every environment, all threads together; gives the episodes that ended. */
  play(players: Players, scaling: Scaling, update: number): readonly Episode[]
}

export interface RolloutOptions {
  readonly environments: number
  readonly steps: number
  readonly seed: number
  readonly exchange: Exchange
  /** Where the environments were left; absent: at the beginning of their first episodes. */
  readonly places?: readonly Whereabouts[]
}

/** One environment that is played here, in which episode, and its state. */
interface Seat {
  readonly e: number
  readonly env: PpoEnvironment
  readonly now: Float64Array
  readonly track: Track
  episode: number
}

/** Makes the environments that are played here and leads them to their places. */
export function rollouts(
  make: (index: number) => PpoEnvironment,
  space: PpoSpace,
  { environments, steps, seed, exchange, places }: RolloutOptions
): Rollouts {
  const { observationSize: size, actionSizes } = space
  const heads = actionSizes.length
  const tracks = exchange.slots(steps * (size + heads + 6)).map((slot) => trackOn(slot, steps, size, heads))
  const all = Array.from({ length: environments }, (_, e): Whereabouts => {
    const place = places?.[e] ?? { episode: 0, actions: [], reward: 0 }
    return { ...place, actions: [...place.actions] }
  })
  const seats = exchange.mine.map((e): Seat => {
    const env = make(e)
    requireSame(env, space, e)
    const seat = { e, env, now: new Float64Array(size), track: tracks[e], episode: all[e].episode }
    begin(seat, seed)
    comeTo(seat, all[e].actions, heads)
    return seat
  })
  const logs = new Float64Array(actionSizes.reduce((sum, n) => sum + n, 0))

  function play({ actor, critic }: Players, scaling: Scaling, update: number): void {
    const chances = seats.map(({ e }) => random(seed, 'actions', update, e))
    for (let t = 0; t <= steps; t++) {
      for (const [row, { now }] of seats.entries()) {
        scaling(now, 0, critic.input, row * size)
        scaling(now, 0, actor.input, row * size)
      }
      const values = critic.forward(seats.length)
      for (const [row, { track }] of seats.entries()) {
        if (t > 0 && !track.terminated[t - 1] && !track.truncated[t - 1])
          track.nextValues[t - 1] = values[row]
        if (t < steps) track.values[t] = values[row]
      }
      if (t === steps) return
      const logits = actor.forward(seats.length)
      for (const [row, seat] of seats.entries()) {
        logProbabilities(logits, row * logs.length, actionSizes, logs)
        act(seat, t, chances[row])
      }
      for (const seat of seats)
        if (seat.track.terminated[t] || seat.track.truncated[t]) end(seat, t, critic, scaling)
    }
  }

  function act({ e, env, now, track }: Seat, t: number, chance: Random): void {
    const action: number[] = []
    track.observations.set(now, t * size)
    track.logProbabilities[t] = 0
    for (let head = 0, at = 0; head < heads; at += actionSizes[head++]) {
      action[head] = choose(logs, at, actionSizes[head], chance.next())
      track.actions[t * heads + head] = action[head]
      track.logProbabilities[t] += logs[at + action[head]]
    }
    const { observation, reward, terminated, truncated } = env.step(action)
    if (!Number.isFinite(reward)) {
      throw new PrescaleError('BAD_INPUT', `the reward of environment ${e} must be a number, was ${reward}`)
    }
    see(now, observation, e)
    track.rewards[t] = reward
    track.terminated[t] = Number(terminated)
    track.truncated[t] = Number(truncated)
  }

  function end(seat: Seat, t: number, critic: Network, scaling: Scaling): void {
    if (!seat.track.terminated[t]) {
      // Truncated is not terminated: the state that was reached still has a future, and it is worth something.
      scaling(seat.now, 0, critic.input, 0)
      seat.track.nextValues[t] = critic.forward(1)[0]
    }
    seat.episode++
    begin(seat, seed)
  }

  /** What all threads know of where the environments are now, those of others too. */
  function follow(): readonly Episode[] {
    const ended: Episode[] = []
    for (const [e, { actions, rewards, terminated, truncated }] of tracks.entries()) {
      const place = all[e]
      for (let t = 0; t < steps; t++) {
        for (let head = 0; head < heads; head++) place.actions.push(actions[t * heads + head])
        place.reward += rewards[t]
        if (!terminated[t] && !truncated[t]) continue
        ended.push({ reward: place.reward, length: place.actions.length / heads })
        Object.assign(place, { episode: place.episode + 1, actions: [], reward: 0 })
      }
    }
    return ended
  }

  return {
    tracks,
    places: all,
    play(players, scaling, update) {
      // Nobody may write into a slot that another still reads.
      exchange.meet()
      play(players, scaling, update)
      exchange.meet()
      return follow()
    }
  }
}

/** The first state of the seat's episode. */
function begin({ e, env, now, episode }: Seat, seed: number): void {
  see(now, env.reset(Math.floor(uniformAt(seed, `episodes of environment ${e}`, episode) * 2 ** 32)), e)
}

/** Makes known actions again. */
function comeTo({ e, env, now }: Seat, actions: readonly number[], heads: number): void {
  for (let at = 0; at < actions.length; at += heads) {
    const { observation, terminated, truncated } = env.step(actions.slice(at, at + heads))
    if (terminated || truncated) {
      const [made, known] = [at / heads + 1, actions.length / heads]
      throw new PrescaleError(
        'BAD_MODEL',
        `environment ${e} is not the one of the checkpoint: its episode ends after ${made} of ${known} known actions`
      )
    }
    see(now, observation, e)
  }
}

/** A world that does not know its own state cannot be learned in. */
function see(now: Float64Array, observation: ArrayLike<number>, e: number): void {
  const wrong = (what: string) =>
    new PrescaleError(
      'BAD_INPUT',
      `a state of environment ${e} must be ${now.length} finite numbers, ${what}`
    )
  if (observation.length !== now.length) throw wrong(`had ${observation.length}`)
  for (let i = 0; i < now.length; i++) {
    now[i] = observation[i]
    if (!Number.isFinite(now[i])) throw wrong(`number ${i} was ${now[i]}`)
  }
}

function requireSame(env: PpoEnvironment, space: PpoSpace, e: number): void {
  const same =
    env.version === space.version &&
    env.observationSize === space.observationSize &&
    env.actionSizes.join() === space.actionSizes.join()
  if (same) return
  throw new PrescaleError('BAD_INPUT', `environment ${e} must have the states and actions of the first`)
}

function trackOn(slot: Float64Array, steps: number, size: number, heads: number): Track {
  let at = 0
  const take = (length: number) => {
    at += length
    return slot.subarray(at - length, at)
  }
  return {
    observations: take(steps * size),
    actions: take(steps * heads),
    logProbabilities: take(steps),
    values: take(steps),
    nextValues: take(steps),
    rewards: take(steps),
    terminated: take(steps),
    truncated: take(steps)
  }
}

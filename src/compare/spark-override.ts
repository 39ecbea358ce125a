/**
 * What does it really cost to override the network? Rollouts of the Spark world from Turns of its own way: once with another action,
 * once with its own, the network deciding again afterwards, under the same luck.
 *
 *   loss_j  = Σ γⁿ r (own action, future j) − Σ γⁿ r (other action, future j)          mean and standard error over futures j
 *   margin  = mean over the first futures
 *   named   where mean − 1.64 · error > 0, from these futures and one more: as far on the other side as the farthest of them
 *   kept    = mean over 30 others ≥ margin / 2
 *
 * A future is the same past with what has not begun by then drawn anew: accidents, jams, noise, what the predictors make of it, lead
 * times. So nobody knows more than the Turn did; the load that really came is one future of many. Shuffle and temperature, which last
 * ten minutes and can be seen, stay near what they are. Margins are named from futures that they are not checked in; the one future more is
 * there because losses have long tails: a jam that one future in a hundred brings is not in the error of sixty without it.
 */
import { PrescaleError, random, requireOption, uniformAt } from '../base/index.ts'
import { actor, type PpoModel, sparkActionSizes, sparkState, sparkUnits } from '../decide/index.ts'
import {
  explainPolicy,
  type MeasuredLoss,
  marginHolds,
  namesLoss,
  type PolicyExplanation,
  SURELY
} from '../explain/index.ts'
import {
  type AccidentOptions,
  type RewardScenario,
  type RewardWeights,
  rewardScenarios,
  type SparkOptions,
  type SparkState,
  spark
} from '../sim/index.ts'
import type { SparkSignal } from './edge-said.ts'
import { sparkPolicyView } from './learned-reason.ts'
import { type SparkEpisode, sparkEpisode } from './spark-environment-episode.ts'

export interface SparkOverrideOptions {
  readonly scenario?: RewardScenario
  readonly weights?: RewardWeights
  readonly signal?: SparkSignal
  readonly load?: Partial<AccidentOptions>
  readonly world?: SparkOptions
  /** Turns to explain, 200. */
  readonly turns?: number
  /** Turns of one episode, 4, from its first `walk` steps, 100. */
  readonly perEpisode?: number
  readonly walk?: number
  /** Futures a margin is named from, 120, and those it is checked in, 30. */
  readonly measured?: number
  readonly checked?: number
  /** Steps of a rollout, 24: six minutes. */
  readonly steps?: number
  /** As in training unless given. */
  readonly gamma?: number
  /** Only Turns at which it changes something: those are asked about. True unless given. */
  readonly onlyChanges?: boolean
  readonly seed?: number
  readonly progress?: (done: number, of: number) => void
}

export interface OverrideCheck {
  readonly episode: number
  readonly step: number
  readonly told: PolicyExplanation
  /** Of the alternative that the sentence speaks of: the margin that it says, and what was lost in other futures. */
  readonly says: string
  readonly margin: number
  readonly lost: MeasuredLoss
  /** It is sure that something is lost. */
  readonly named: boolean
  /** At least half of the margin was lost. */
  readonly kept: boolean
}

export interface SparkOverride {
  readonly checks: readonly OverrideCheck[]
  /** Turns whose explanation names a loss, and those of them in which it was kept. */
  readonly named: number
  readonly kept: number
  /** kept / named; `NaN` where nothing was named. */
  readonly share: number
}

/** A Turn of the network's own way. */
interface Snapshot {
  readonly episode: number
  /** Step of the episode that comes next. */
  readonly next: number
  readonly state: SparkState
  readonly seen: Float32Array
  readonly action: readonly number[]
}

/** Throws `BAD_MODEL`, and `BAD_OPTION` for what cannot be. */
export function sparkOverride(model: PpoModel, options: SparkOverrideOptions = {}): SparkOverride {
  const { turns = 200, measured = 120, checked = 30, seed = 0, progress } = options
  requireOption(measured >= 2 && checked >= 2, 'measured', measured, 'two futures or more, checked as well')
  const { penalty, snapshots, lossesOf } = player(model, options)
  const checks: OverrideCheck[] = []
  for (let episode = 0; checks.length < turns; episode++) {
    const found = snapshots(seed + episode)
    for (const turn of found.slice(0, turns - checks.length)) {
      const first = Array.from({ length: measured }, (_, j) => luckOf(turn, j))
      const others = Array.from({ length: checked }, (_, j) => luckOf(turn, measured + j))
      const before = lossesOf(turn, first)
      const now = actionNow(turn.state)
      const told = explainPolicy(sparkPolicyView(model, turn.seen), turn.seen, {
        alternatives: [{ says: 'does not change anything', action: now }],
        override: (action) => careful(before(action)),
        penalty
      })
      const [instead] = told.instead
      if (instead === undefined) continue
      const lost = meanOf(lossesOf(turn, others)(instead.action))
      const margin = instead.loses
      checks.push({
        episode: turn.episode,
        step: turn.next,
        told,
        says: instead.says,
        margin,
        lost,
        named: namesLoss(instead),
        kept: marginHolds({ margin }, lost.mean)
      })
      progress?.(checks.length, turns)
    }
    if (episode > 50 * turns) {
      throw new PrescaleError(
        'FAILED',
        'the network hardly ever changes anything: there are no Turns to explain'
      )
    }
  }
  const told = checks.filter(({ named }) => named)
  const kept = told.filter((one) => one.kept).length
  return { checks, named: told.length, kept, share: kept / told.length }
}

/** The network in the world: its own way, and rollouts from a Turn of it. */
function player(model: PpoModel, options: SparkOverrideOptions) {
  const { scenario = 'balanced', signal = { from: 'predictor' }, walk = 100, perEpisode = 4 } = options
  const { steps = 24, onlyChanges = true, load } = options
  const weights = options.weights ?? model.trained.world?.weights ?? rewardScenarios[scenario]
  const gamma = options.gamma ?? numberOf(model.trained.options.gamma, 0.99)
  const size = model.environment.observationSize
  const act = actor(model)
  const seen = new Float32Array(size)
  const stepMs = load?.stepMs ?? 15_000
  const world = spark({ ...options.world, stepMs, weights })

  function see(state: SparkState, { predicted, alarm }: SparkEpisode, at: number, out = seen): Float32Array {
    const edge = size > 11 ? { predictedLoad: predicted[at], burstAlarm: alarm[at] === 1 } : undefined
    return sparkState(world.observe(state), (state.arrivals * 1_000) / stepMs, weights, edge, out)
  }

  function choose(state: ArrayLike<number>): readonly number[] {
    const choice = act(state)
    if (choice === undefined) throw new PrescaleError('FAILED', 'the world showed a state with NaN')
    return choice.action
  }

  /** Turns of one episode, by chance. */
  function snapshots(episode: number): Snapshot[] {
    const happens = sparkEpisode({ steps: walk, load, signal }, episode)
    let state = world.initial(episode)
    const found: Snapshot[] = []
    for (let next = 0; next < happens.messages.length; next++) {
      const isWarm = next >= happens.warmUpSteps
      let action: readonly number[] | undefined
      if (isWarm) {
        action = choose(see(state, happens, next - 1))
        const isChange = action.some((choice, h) => choice !== actionNow(state)[h])
        if (isChange || !onlyChanges) {
          found.push({
            episode,
            next,
            state,
            seen: see(state, happens, next - 1, new Float32Array(size)),
            action
          })
        }
      }
      state = world.transition(state, action ? sparkUnits(action) : {}, happens.messages[next])
    }
    const rng = random(episode, 'turns')
    return found
      .map((turn) => ({ turn, order: rng.next() }))
      .sort((a, b) => a.order - b.order)
      .slice(0, perEpisode)
      .map(({ turn }) => turn)
  }

  /** The futures of a Turn, each with the return of the network's own action; then what another action loses in each. */
  function lossesOf(
    turn: Snapshot,
    lucks: readonly number[]
  ): (action: readonly number[]) => readonly number[] {
    const futures = lucks.map((luck) => {
      const redraw = { fromMs: turn.next * stepMs, seed: luck }
      const warm = Math.round(600_000 / stepMs)
      const happens = sparkEpisode(
        { steps: Math.max(1, turn.next - warm) + steps, load: { ...load, redraw }, signal },
        turn.episode
      )
      return { happens, state: { ...turn.state, seed: luck } }
    })
    const own = futures.map(({ happens, state }) => rollout(happens, state, turn.next, turn.action))
    return (action) =>
      futures.map(({ happens, state }, j) => own[j] - rollout(happens, state, turn.next, action))
  }

  function rollout(happens: SparkEpisode, from: SparkState, next: number, first: readonly number[]): number {
    let [state, action, sum, weight] = [from, first, 0, 1]
    const end = Math.min(next + steps, happens.messages.length)
    for (let at = next; at < end; at++) {
      state = world.transition(state, sparkUnits(action), happens.messages[at])
      sum += weight * world.reward(state)
      weight *= gamma
      if (at + 1 < end) action = choose(see(state, happens, at))
    }
    return sum
  }

  // A message that is a second late costs β.
  return { penalty: Math.max(weights.beta, 1e-3), snapshots, lossesOf }
}

/** As an action would ask for what is wanted now. */
function actionNow({ wantedExecutors, wantedMemory, storage, compression }: SparkState): readonly number[] {
  const within = (choice: number, head: number) => Math.min(sparkActionSizes[head] - 1, Math.max(0, choice))
  return [wantedExecutors - 1, wantedMemory - 1, storage, compression].map(within)
}

/** Moods last for ten minutes and can be seen. */
const MOOD_MS = 600_000
const ALIKE = 0.1
const HOT = 0.7
const MOST_DRAWS = 4_000

/** The luck of a future: a seed under which what can be seen to last is about as it is. */
function luckOf({ state, episode, next }: Snapshot, future: number): number {
  const from = 1_000_000 + Math.floor(1e9 * uniformAt(episode, `luck ${next}`, future))
  if (Number.isNaN(state.shuffle)) return from
  const stepMs = state.nowMs / Math.max(1, state.step)
  const mood = Math.floor((state.step - 1) / Math.max(1, Math.round(MOOD_MS / stepMs)))
  for (let seed = from; seed < from + MOST_DRAWS; seed++) {
    const shuffle = 0.1 + 0.4 * uniformAt(seed, 'shuffle', mood)
    const temperature = uniformAt(seed, 'temperature', mood)
    const isAlike =
      Math.abs(shuffle - state.shuffle) < ALIKE &&
      Math.abs(temperature - state.temperature) < ALIKE &&
      temperature > HOT === state.temperature > HOT
    if (isAlike) return seed
  }
  return from
}

/** The mean, and an error that allows for one future that was not drawn. */
function careful(losses: readonly number[]): MeasuredLoss {
  const { mean } = meanOf(losses)
  const farthest = losses.reduce((most, loss) => Math.max(most, Math.abs(loss)), 0)
  const more = meanOf([...losses, -farthest])
  return { mean, error: more.error + (mean - more.mean) / SURELY }
}

function meanOf(losses: readonly number[]): MeasuredLoss {
  const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length
  const squares = losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0)
  return { mean, error: Math.sqrt(squares / Math.max(1, losses.length - 1) / losses.length) }
}

function numberOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise
}

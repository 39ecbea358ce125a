/** One accident, 200 to 800 messages/s, at a moment that the seed moves within its step; what each policy did about it. */
import { MINUTE, SECOND, uniformAt } from '../../../src/base/index.ts'
import { type SparkEnvironment, sparkEnvironment } from '../../../src/compare/index.ts'
import { type RewardScenario, sparkLead, sparkLeadTime } from '../../../src/sim/index.ts'
import { type Policy, SLO_MS } from '../scenes.ts'

export const STEP_MS = 15 * SECOND
/** Ten quiet minutes in which predictors learn lie before the episode. */
const WARM_UP_MS = 10 * MINUTE
export const STEPS = 100
const ONSET_STEP = 40
const WITHOUT_PRECURSOR = 0.1
/** Steps before the first state with which the world shows its gauges: the luck of a start is that of the world's own step. */
const GAUGE_STEPS = 4

/** warned: the alarm reached the policy at least one start lag and one step before the onset; late: before it; unwarned: not. */
export type Kind = 'warned' | 'late-warned' | 'unwarned'

export interface Storm {
  readonly seed: number
  readonly kind: Kind
  /** Step of the episode in which the load rises, and the state that first shows the alarm. */
  readonly onset: number
  readonly alarm: number | undefined
  /** From the moment the alarm reaches the policy to the onset. */
  readonly leadMs: number
  readonly environment: SparkEnvironment
}

/** The state that is seen before step `k`, what was chosen, and how step `k` went. */
export interface Tick {
  readonly load: number
  readonly predicted: number
  readonly alarm: boolean
  readonly action: readonly number[]
  readonly wanted: number
  readonly ready: number
  readonly latencyMs: number
  readonly late: number
  readonly reward: number
  readonly cost: number
}

export function storm(scenario: RewardScenario, seed: number): Storm {
  const atMs = WARM_UP_MS + ONSET_STEP * STEP_MS + Math.floor(uniformAt(seed, 'onset', 0) * STEP_MS)
  const leadMs =
    uniformAt(seed, 'precursor', 0) < WITHOUT_PRECURSOR
      ? null
      : 45 * SECOND + Math.floor(uniformAt(seed, 'precursor', 1) * 75 * SECOND)
  const accident = {
    atMs,
    leadMs,
    street: Math.floor(uniformAt(seed, 'street', 0) * 16),
    lift: 1.6 + 1.4 * uniformAt(seed, 'lift', 0)
  }
  const environment = sparkEnvironment({
    scenario,
    steps: STEPS,
    load: { schedule: [accident] },
    keepEpisodes: true
  })
  environment.reset(seed)
  const { alarm: rings, warmUpSteps } = environment.episode
  const first = leadMs === null ? warmUpSteps : Math.floor((atMs - leadMs) / STEP_MS)
  const last = warmUpSteps + ONSET_STEP
  let alarm: number | undefined
  // What is said at the end of a step can be acted on in the next one.
  for (let k = first; k < last && alarm === undefined; k++) if (rings[k] === 1) alarm = k + 1 - warmUpSteps
  const reachedMs = alarm === undefined ? NaN : WARM_UP_MS + alarm * STEP_MS
  const lag = alarm === undefined ? NaN : sparkLead(sparkLeadTime)(seed, alarm + GAUGE_STEPS)
  return {
    seed,
    kind: alarm === undefined ? 'unwarned' : reachedMs + lag + STEP_MS <= atMs ? 'warned' : 'late-warned',
    onset: ONSET_STEP,
    alarm,
    leadMs: atMs - reachedMs,
    environment
  }
}

/** The whole episode. `ignores`: the alarm is answered, while it rings, with what was wanted before it. */
export function played({ seed, alarm, environment }: Storm, policy: Policy, ignores = false): Tick[] {
  const act = policy()
  const ticks: Tick[] = []
  let state = environment.reset(seed)
  for (let k = 0; k < STEPS; k++) {
    const seen = environment.last()
    let action = act(state)
    const first = ignores && alarm !== undefined && k >= alarm && seen.alarm
    if (first) action = ticks[alarm - 1].action
    const { observation, reward } = environment.step(action)
    const now = environment.last()
    ticks.push({
      load: now.load,
      predicted: seen.predictedLoad,
      alarm: seen.alarm,
      action,
      wanted: now.wanted,
      ready: now.ready,
      latencyMs: now.latencyMs,
      late: now.missed * now.load,
      reward,
      cost: now.costPerHour
    })
    state = observation
  }
  return ticks
}

const AFTER = 5
/** What an ignored alarm costs is added up over so many steps. */
const NEXT = 20

export interface Outcome {
  readonly kind: Kind
  readonly seed: number
  /** Of the five steps from the onset on, ms. */
  readonly after: readonly number[]
  /** Share of all messages over the SLO; share of steps. */
  readonly late: number
  readonly violations: number
  readonly cost: number
  readonly reward: number
  /** Executors wanted when the last state before the onset was answered, above those before the alarm. */
  readonly raised: number
  /** Executors ready in the step before the onset. */
  readonly ready: number
}

export function outcome({ kind, seed, onset, alarm }: Storm, ticks: readonly Tick[]): Outcome {
  const sum = (of: (tick: Tick) => number) => ticks.reduce((total, tick) => total + of(tick), 0)
  return {
    kind,
    seed,
    after: ticks.slice(onset, onset + AFTER).map(({ latencyMs }) => latencyMs),
    late: sum(({ late }) => late) / sum(({ load }) => load),
    violations: ticks.filter(({ latencyMs }) => latencyMs > SLO_MS).length / STEPS,
    cost: sum(({ cost }) => cost) / STEPS,
    reward: sum(({ reward }) => reward),
    raised: alarm === undefined ? NaN : ticks[onset].wanted - ticks[alarm - 1].wanted,
    ready: ticks[onset - 1].ready
  }
}

/** Reward of the next steps when the alarm is answered, minus that when it is not. `NaN` without an alarm. */
export function worthOfAnswering(one: Storm, policy: Policy): number {
  if (one.alarm === undefined) return NaN
  const [from, to] = [one.alarm, one.alarm + NEXT]
  const sum = (ticks: readonly Tick[]) =>
    ticks.slice(from, to).reduce((total, { reward }) => total + reward, 0)
  return sum(played(one, policy)) - sum(played(one, policy, true))
}

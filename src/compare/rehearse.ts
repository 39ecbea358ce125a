/**
 * Many minds, one fate: every policy meets the same demand, the same luck and the same forecasts, step by step.
 *
 * All runs of one seed go through time together. The load does not depend on what the policies do, so it is drawn
 * once, measured once (one step late, with 1 % noise) and forecast once a minute for all of them; each run has a
 * world, an estimator and a memory of its own. Pure: time is the step, chance is the seed.
 */
import type { Series } from '../base/index.ts'
import {
  type EstimateMemory,
  type EstimatePriors,
  type Estimator,
  estimator,
  expectedCapacity
} from '../loop/estimate.ts'
import type {
  Decision,
  Forecaster,
  Json,
  Observation,
  Policy,
  ScalingWorld,
  StepOutcome,
  Turn,
  Units
} from '../roles.ts'
import { type EdgeTrack, signalsAt } from './edge-track.ts'
import { forecastTrack } from './forecast-track.ts'
import { newTrack, type RunTrack, record } from './measure.ts'
import { measuredLoad, scrapesSeen, shownLoad } from './measured-load.ts'

/** One policy under one setting. `label` is unique within a rehearsal. */
export interface Mind {
  readonly label: string
  readonly policy: Policy
  /** What Turns call the policy, where that is not its own name: with the options it makes the policy again. */
  readonly name?: string
  readonly options: Readonly<Record<string, Json>>
  /** Which of the rehearsal's forecasters it is shown, if any. */
  readonly forecaster?: string
}

/** A world with its state inside, so that the loop need not know what the state is. */
export interface LiveWorld {
  observe(): Observation
  step(wanted: Units, arrivals: number): StepOutcome
}

export function live<State>(world: ScalingWorld<State>, seed: number): LiveWorld {
  let state = world.initial(seed)
  return {
    observe: () => world.observe(state),
    step(wanted, arrivals) {
      state = world.transition(state, wanted, arrivals)
      return world.outcome(state)
    }
  }
}

/** The fate of one seed: everything that is the same for every policy. */
export interface Fate {
  readonly seed: number
  readonly stepMs: number
  /** Start of `demand`; scoring begins `warmupSteps` later. */
  readonly startMs: number
  readonly warmupSteps: number
  /** Arrivals of each step, whole events; `NaN` where the trace does not know. */
  readonly demand: Float64Array
  /** What forecasters may be fitted on: measured load right up to `startMs`, on their own step. Empty: they begin with nothing. */
  readonly history: Series
  readonly horizon: number
  readonly initial: Units
  readonly bounds: NonNullable<Observation['bounds']>
  readonly slo: NonNullable<Observation['slo']>
  readonly price: NonNullable<Observation['price']>
  /** What the operator assumes before anything was measured. */
  readonly priors: EstimatePriors
  readonly target: string
  /** What gateways say, where the load has streets. */
  readonly edge?: EdgeTrack
  /** A world of its own for each run, beginning with `initial` units unless others are given. */
  open(units?: Units): LiveWorld
}

export interface Run {
  readonly label: string
  readonly track: RunTrack
  /** The first Turn and those at which the decision or its reason changed; empty unless they were asked for. */
  readonly turns: readonly Turn[]
}

/** Turns kept of one run, the newest: a policy that flaps for weeks must not fill the disk. */
const MOST_TURNS = 12_000

export function rehearse(
  fate: Fate,
  minds: readonly Mind[],
  forecasters: Readonly<Record<string, Forecaster>>,
  options: {
    readonly keepTurns?: (label: string) => boolean
    readonly progress?: (step: number, of: number) => void
  } = {}
): Run[] {
  const { stepMs, demand, startMs, warmupSteps } = fate
  const observed = measuredLoad(fate)
  const tracks = Object.entries(forecasters)
    .filter(([name]) => minds.some((mind) => mind.forecaster === name))
    .map(([name, forecaster]) => forecastTrack(name, forecaster, fate, observed))
  const estimates = estimator(fate.priors)
  const runs = minds.map((mind) => begin(mind, fate, estimates.initial()))
  let scrapes = -1
  let load = shownLoad(observed, 0)
  for (let step = 0; step < demand.length; step++) {
    const inNow = scrapesSeen(observed, step, stepMs)
    // Between two scrapes of a fine world nothing new is seen.
    if (inNow !== scrapes) {
      scrapes = inNow
      load = shownLoad(observed, scrapes)
      for (const track of tracks) track.advance(scrapes)
    }
    const nowMs = startMs + step * stepMs
    const signals = signalsAt(fate.edge, nowMs)
    for (const run of runs) {
      if (step % run.everySteps === 0) {
        const forecast = tracks.find((track) => track.name === run.mind.forecaster)?.latest()
        const seen = look(run, fate, estimates, { nowMs, load, forecast, ...(signals && { signals }) })
        decide(run, seen, step - warmupSteps, options.keepTurns?.(run.mind.label) ?? false)
      }
      const outcome = run.world.step(run.wanted, demand[step])
      if (step >= warmupSteps) record(run.track, step - warmupSteps, outcome)
    }
    if (step % 4096 === 0) options.progress?.(step, demand.length)
  }
  return runs.map(({ mind, track, turns }) => ({ label: mind.label, track, turns }))
}

/** What is shown to every policy at a step. */
type Shown = Pick<Observation, 'nowMs' | 'forecast' | 'signals'> & { readonly load: Series }

/** What one policy sees at a step: the world's metrics, the load, what was estimated from both, the forecast. */
function look(run: LiveRun, fate: Fate, estimates: Estimator, shown: Shown): Observation {
  const { target, bounds, slo, price } = fate
  const { nowMs, forecast, ...told } = shown
  const measured = { ...run.world.observe(), ...told, nowMs, target, bounds, slo, price }
  const service = estimates.update(measured, run.estimates)
  const capacity = expectedCapacity(measured.capacity, nowMs, service.leadTimeMs?.p50 ?? NaN)
  return { ...measured, capacity, service, forecast }
}

interface LiveRun {
  readonly mind: Mind
  readonly world: LiveWorld
  readonly track: RunTrack
  readonly turns: Turn[]
  readonly everySteps: number
  /** The resources that are sized; whatever else is asked for is a setting. */
  readonly sized: Units
  memory: Json
  estimates: EstimateMemory
  wanted: Units
  lastRule: string
}

function begin(mind: Mind, fate: Fate, estimates: EstimateMemory): LiveRun {
  const steps = fate.demand.length - fate.warmupSteps
  return {
    mind,
    world: fate.open(fate.initial),
    track: newTrack(fate.startMs + fate.warmupSteps * fate.stepMs, fate.stepMs, steps),
    turns: [],
    everySteps: Math.max(1, Math.round(mind.policy.intervalMs / fate.stepMs)),
    memory: mind.policy.initial(),
    estimates,
    sized: fate.initial,
    wanted: fate.initial,
    lastRule: ''
  }
}

function decide(run: LiveRun, seen: Observation, step: number, keep: boolean): void {
  const before = run.memory
  const { decision, memory } = run.mind.policy.decide(seen, before)
  run.memory = memory
  const { anew, by } = change(run.wanted, decision.to, run.sized)
  if (by !== undefined && step >= 0) run.track.rescales.push({ step, by })
  const news = anew || decision.why.rule !== run.lastRule || run.turns.length === 0
  if (keep && step >= 0 && news) {
    run.turns.push(turnOf(run.mind, seen, before, decision, memory))
    if (run.turns.length > MOST_TURNS) run.turns.shift()
  }
  run.lastRule = decision.why.rule
  if (anew) run.wanted = { ...run.wanted, ...decision.to }
}

function turnOf(mind: Mind, observation: Observation, before: Json, decision: Decision, after: Json): Turn {
  const policy = { name: mind.name ?? mind.policy.name, options: mind.options }
  const target = `${observation.target}/${mind.label}`
  return { target, atMs: observation.nowMs, policy, observation, before, decision, after }
}

/**
 * Whether something else is wanted than before, and by how many units more or fewer, summed over the resources that are sized:
 * undefined when only a setting such as a storage tier changes, which is no rescale.
 */
function change(from: Units, to: Units, sized: Units): { readonly anew: boolean; readonly by?: number } {
  let by = 0
  let same = true
  let anew = false
  for (const resource in to) {
    const difference = to[resource] - (from[resource] ?? 0)
    if (difference === 0) continue
    anew = true
    if (!Object.hasOwn(sized, resource)) continue
    same = false
    by += difference
  }
  return same ? { anew } : { anew, by }
}

/**
 * A whole rehearsal: every policy, every seed, the baselines and the bound, as one result.
 *
 * The first runs are always `fixed`, `hpa`, `oracle`. A policy with a knob that nobody set gets the knob that was best
 * on the training part; `fixed-best` is the cheapest constant that is late no more often than each policy.
 */
import type { GivenOptions } from '../base/index.ts'
import type { Json, Turn } from '../roles.ts'
import { fixedBest, RELATIVE_POLICIES, withBaselines } from './baselines.ts'
import { type FrontierPoint, frontierOf } from './frontier.ts'
import { chooseKnobs, openKnobs, tuningPlan } from './knobs.ts'
import type { Latency, RunMeasures, RunTrack } from './measure.ts'
import { type OraclePoint, oracleRun, oracleSweep } from './oracle-run.ts'
import { comparePair, type Pair } from './pairs.ts'
import { fateOf, needOf, type Plan } from './plan.ts'
import {
  knobOf,
  knobSettings,
  labelOf,
  labelWithoutKnob,
  type PolicySpec,
  policyEntry
} from './policy-spec.ts'
import {
  type DoJobs,
  doJob,
  forecasterOf,
  type JobRun,
  type LabelledSpec,
  type RehearsalJob,
  shareOut
} from './rehearsal-job.ts'

export interface RehearsalRequest {
  readonly policies: readonly PolicySpec[]
  /** The forecaster that predictive policies are shown. */
  readonly forecast: string
  readonly seeds: readonly number[]
  /** Sweep every knob on the held-back part too. */
  readonly frontier: boolean
  /** Choose unset knobs on the training part; otherwise the policy's default stands. */
  readonly chooseKnobs: boolean
  readonly keepTurns?: boolean
  /** How many jobs one seed is split into: as many as `doJobs` has hands. */
  readonly threads?: number
}

export interface RunRow extends Omit<RunMeasures, 'latencyMs'> {
  readonly policy: string
  readonly knob: Json
  readonly seed: number
  readonly latencyMs: Latency
}

/** One policy under one setting, with the track of each seed; `oracle` has no tracks. */
export interface Contender {
  readonly label: string
  readonly name: string
  readonly tracks: readonly RunTrack[]
  readonly turns: readonly Turn[]
}

export interface Rehearsed {
  readonly plan: Plan
  readonly seeds: readonly number[]
  readonly runs: readonly RunRow[]
  readonly pairs: readonly Pair[]
  /** Mean over seeds of every setting tried on the held-back part. */
  readonly points: readonly FrontierPoint[]
  readonly frontier: readonly FrontierPoint[]
  readonly contenders: readonly Contender[]
  /** Which knob was chosen on the training part, by policy. */
  readonly chosen: Readonly<Record<string, Json>>
}

/** One after the other, here. */
export const doJobsHere: DoJobs = async (jobs) => jobs.map((job) => doJob(job))

export async function rehearseAll(
  plan: Plan,
  request: RehearsalRequest,
  doJobs: DoJobs = doJobsHere
): Promise<Rehearsed> {
  for (const { name } of request.policies) {
    if (!RELATIVE_POLICIES.includes(name)) policyEntry(name, RELATIVE_POLICIES)
  }
  forecasterOf(request.forecast)
  const { forecast, seeds, threads = 1 } = request
  const asked = withBaselines(plan, request.policies)
  const tuning = request.chooseKnobs ? tuningPlan(plan) : undefined
  const chosen = tuning
    ? await chooseKnobs(tuning, openKnobs(asked), { forecast, seed: seeds[0], threads }, doJobs)
    : {}
  const specs = asked.map((spec) => ({
    ...spec,
    options: { ...spec.options, ...(chosen[spec.label] as GivenOptions) }
  }))
  const swept = request.frontier ? sweptSpecs(specs) : []
  const jobs = seeds.flatMap((seed) =>
    shareOut([...specs, ...swept], threads).map(
      (group): RehearsalJob => ({
        what: `seed ${seed}`,
        plan,
        seed,
        specs: group,
        forecast,
        keepTurns: request.keepTurns === true && seed === seeds[0]
      })
    )
  )
  const runs = new Runs((await doJobs(jobs)).flat(), seeds)
  const oracle = seeds.map((seed) => {
    const fate = fateOf(plan, seed)
    return oracleSweep(plan, fate, needOf(plan, fate))
  })
  const points = [...specs, ...swept].map((spec) => pointOf(spec, runs)).concat(boundPoints(oracle))
  const contenders = specs.map(({ name, label }) => ({
    label,
    name,
    tracks: seeds.map((seed) => runs.get(label, seed).track!),
    turns: runs.get(label, seeds[0]).turns
  }))
  const fixedBestWanted = request.policies.some(({ name }) => name === 'fixed-best')
  return {
    plan,
    seeds,
    runs: [
      ...specs.flatMap((spec) => [
        ...seeds.map((seed) => rowOf(spec, seed, runs.get(spec.label, seed).measures)),
        // The bound stands third: what perfect foresight reaches for at most 1.2 × what hpa costs.
        ...(spec.label === 'hpa' ? seeds.map((seed, i) => oracleRow(plan, seed, oracle[i], runs)) : [])
      ]),
      ...(fixedBestWanted ? fixedBestRows(plan, specs, seeds, runs) : [])
    ],
    pairs: pairsOf(contenders),
    points,
    frontier: [...new Set(points.map(({ policy }) => policy))].flatMap((policy) =>
      frontierOf(points, [policy])
    ),
    contenders,
    chosen
  }
}

/** Finished runs by label and seed. */
class Runs {
  readonly seeds: readonly number[]
  readonly #byKey = new Map<string, JobRun>()

  constructor(runs: readonly JobRun[], seeds: readonly number[]) {
    this.seeds = seeds
    for (const run of runs) this.#byKey.set(`${run.seed} ${run.label}`, run)
  }

  get(label: string, seed: number): JobRun {
    return this.#byKey.get(`${seed} ${label}`)!
  }

  mean(label: string, of: (measures: RunMeasures) => number): number {
    return this.seeds.reduce((sum, seed) => sum + of(this.get(label, seed).measures), 0) / this.seeds.length
  }
}

function sweptSpecs(specs: readonly LabelledSpec[]): LabelledSpec[] {
  const known = new Set(specs.map(({ label }) => label))
  return specs.flatMap(({ name, options }) =>
    knobSettings(name, options)
      .map((setting) => ({ name, options: setting, label: labelOf(name, setting), keepTrack: false }))
      .filter(({ label }) => !known.has(label) && known.add(label))
  )
}

/** `fixed` is sized by us, not by an option that was given. */
function shownName({ name, options, label }: LabelledSpec): string {
  return label === 'fixed' ? name : labelWithoutKnob(name, options)
}

function rowOf(spec: LabelledSpec, seed: number, measures: RunMeasures): RunRow {
  return { policy: shownName(spec), knob: knobOf(spec.name, spec.options), seed, ...measures }
}

function oracleRow(plan: Plan, seed: number, sweep: readonly OraclePoint[], runs: Runs): RunRow {
  return { policy: 'oracle', seed, ...oracleRun(plan, sweep, runs.get('hpa', seed).measures.unitHours) }
}

function fixedBestRows(
  plan: Plan,
  specs: readonly LabelledSpec[],
  seeds: readonly number[],
  runs: Runs
): RunRow[] {
  const bySeed = seeds.map((seed) => ({ seed, best: fixedBest(plan, seed) }))
  return specs
    .filter(({ name }) => name !== 'fixed')
    .flatMap((spec) =>
      bySeed.map(({ seed, best }) => {
        const { units, measures } = best(runs.get(spec.label, seed).measures.overloadedMinutes)
        return { policy: 'fixed-best', knob: { for: spec.label, units }, seed, ...measures }
      })
    )
}

function pointOf(spec: LabelledSpec, runs: Runs): FrontierPoint {
  return {
    policy: shownName(spec),
    knob: knobOf(spec.name, spec.options),
    unitHours: runs.mean(spec.label, ({ unitHours }) => unitHours),
    overloadedMinutes: runs.mean(spec.label, ({ overloadedMinutes }) => overloadedMinutes)
  }
}

function boundPoints(oracle: readonly (readonly OraclePoint[])[]): FrontierPoint[] {
  const mean = (i: number, of: (point: OraclePoint) => number) =>
    oracle.reduce((sum, sweep) => sum + of(sweep[i]), 0) / oracle.length
  return oracle[0].map(({ latePrice }, i) => ({
    policy: 'oracle',
    knob: { latePrice },
    unitHours: mean(i, ({ unitHours }) => unitHours),
    overloadedMinutes: mean(i, ({ overloadedMinutes }) => overloadedMinutes)
  }))
}

/** Everyone against hpa, and those that look ahead against each one that does not. */
function pairsOf(contenders: readonly Contender[]): Pair[] {
  const predictive = ({ name }: Contender) => policyEntry(name).needsForecast === true
  return contenders.flatMap((a) =>
    contenders
      .filter((b) => a !== b && (b.name === 'hpa' || (predictive(a) && !predictive(b))))
      .flatMap((b) => comparePair(a, b))
  )
}

/**
 * A whole rehearsal: every policy, every seed, the baselines and the bound, as one result.
 *
 * The first runs are always `fixed`, `hpa`, `oracle`. A policy with a knob that nobody set gets the knob that was best
 * on the training part; `fixed-best` is the cheapest constant that is late no more often than each policy.
 */
import { type GivenOptions, requireOption } from '../base/index.ts'
import type { Json, Turn } from '../roles.ts'
import { withBaselines } from './baselines.ts'
import { type ForecasterSpec, forecastersOf, specOf } from './forecaster-spec.ts'
import { type FrontierPoint, frontierOf } from './frontier.ts'
import { chooseKnobs, openKnobs, tuningPlan } from './knobs.ts'
import type { Latency, RunMeasures, RunTrack } from './measure.ts'
import { LATE_PRICES, oracleRun } from './oracle-run.ts'
import { comparePair, type Pair } from './pairs.ts'
import type { Plan } from './plan.ts'
import {
  isRelative,
  knobOf,
  knobSettings,
  type LabelledSpec,
  labelOf,
  labelWithoutKnob,
  type NamedPolicy,
  type PolicySpec,
  policyEntry,
  RELATIVE_POLICIES
} from './policy-spec.ts'
import { requireWorld } from './policy-world.ts'
import { type DoJobs, doJob, type JobRun, type RehearsalJob, shareOut } from './rehearsal-job.ts'

export interface RehearsalRequest {
  readonly policies: readonly PolicySpec[]
  /** The forecaster that predictive policies are shown. */
  readonly forecast: string | ForecasterSpec
  readonly seeds: readonly number[]
  /** Sweep every knob on the held-back part too, or those of the named policies only. */
  readonly frontier: boolean | readonly string[]
  /** Choose unset knobs on the training part; otherwise the policy's default stands. */
  readonly chooseKnobs: boolean
  readonly keepTurns?: boolean
  /** How many jobs one seed is split into: as many as `doJobs` has hands. */
  readonly threads?: number
}

export interface RunRow extends Omit<RunMeasures, 'latencyMs'> {
  /** Its name, with the options that were given but for the knob. */
  readonly policy: string
  readonly knob: Json
  readonly seed: number
  /** What `pairs` and Turns call it. */
  readonly label: string
  readonly latencyMs: Latency
}

/** One policy under one setting, with the track of each seed; `oracle` has no tracks. */
export interface Contender extends NamedPolicy {
  readonly label: string
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
  given: Plan,
  request: RehearsalRequest,
  doJobs: DoJobs = doJobsHere
): Promise<Rehearsed> {
  check(request, given)
  const plan = inStepsOf(request.forecast, given)
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
  const swept = sweptSpecs(specs.filter(({ name }) => isSwept(request.frontier, name)))
  const prices = LATE_PRICES.map(oracleSpec)
  const jobs = seeds.flatMap((seed) =>
    shareOut([...specs, ...swept, ...prices], threads).map(
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
  const limits = request.policies.some(({ name }) => name === 'fixed-best') ? specs : []
  const best = await fixedBestRows(plan, limits, runs, doJobs)
  const points = [...specs, ...swept, ...prices].map((spec) => pointOf(spec, runs))
  const contenders = specs.map(({ name, label, model }) => ({
    label,
    name,
    ...(model && { model }),
    tracks: seeds.map((seed) => runs.get(label, seed).track!),
    turns: runs.get(label, seeds[0]).turns
  }))
  return {
    plan,
    seeds,
    runs: seeds.flatMap((seed) => [
      ...specs.flatMap((spec) => [
        rowOf(spec, seed, runs.get(spec.label, seed).measures),
        // The bound stands third: what perfect foresight reaches for at most 1.2 × what hpa costs.
        ...(spec.label === 'hpa' ? [oracleRow(seed, runs)] : [])
      ]),
      ...best.filter((row) => row.seed === seed)
    ]),
    pairs: pairsOf(contenders),
    points,
    frontier: [...new Set(points.map(({ policy }) => policy))].flatMap((policy) =>
      frontierOf(points, [policy])
    ),
    contenders,
    chosen
  }
}

/** Everything that can be refused is refused before the first run. */
function check({ policies, forecast, seeds }: RehearsalRequest, plan: Plan): void {
  requireOption(seeds.length > 0, 'seeds', seeds, 'at least one')
  for (const spec of policies) {
    const { name, options } = spec
    if (!isRelative(name)) policyEntry(spec, RELATIVE_POLICIES).make(options)
    else requireOption(Object.keys(options).length === 0, name, labelOf(name, options), 'given no options')
    requireWorld(spec, plan)
  }
  forecastersOf(forecast)
}

/** A model that was trained before forecasts in the steps that it was trained on. */
function inStepsOf(forecast: RehearsalRequest['forecast'], plan: Plan): Plan {
  const { model } = specOf(forecast)
  return model === undefined ? plan : { ...plan, forecastStepMs: model.training.stepMs }
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

/** Every value of every knob that is not rehearsed already. */
function isSwept(frontier: RehearsalRequest['frontier'], name: string): boolean {
  return typeof frontier === 'boolean' ? frontier : frontier.includes(name)
}

function sweptSpecs(specs: readonly LabelledSpec[]): LabelledSpec[] {
  const settingOf = (of: LabelledSpec, options: GivenOptions) =>
    `${labelWithoutKnob(of, options)} ${JSON.stringify(knobOf(of, options))}`
  const known = new Set(specs.map((spec) => settingOf(spec, spec.options)))
  return specs.flatMap((spec) =>
    knobSettings(spec, spec.options)
      .filter((setting) => !known.has(settingOf(spec, setting)) && known.add(settingOf(spec, setting)))
      .map((setting) => ({ ...spec, options: setting, label: labelOf(spec.name, setting), keepTrack: false }))
  )
}

/** `fixed` is sized by us, not by an option that was given. */
function shownName(spec: LabelledSpec): string {
  return spec.label === 'fixed' ? spec.name : labelWithoutKnob(spec, spec.options)
}

function oracleSpec(latePrice: number): LabelledSpec {
  return { name: 'oracle', options: { latePrice }, label: `oracle:latePrice=${latePrice}`, keepTrack: false }
}

function rowOf(spec: LabelledSpec, seed: number, measures: RunMeasures): RunRow {
  return { policy: shownName(spec), knob: knobOf(spec, spec.options), seed, label: spec.label, ...measures }
}

function oracleRow(seed: number, runs: Runs): RunRow {
  const sweep = LATE_PRICES.map((latePrice) => ({
    latePrice,
    ...runs.get(oracleSpec(latePrice).label, seed).measures
  }))
  const { knob, ...measures } = oracleRun(sweep, runs.get('hpa', seed).measures.unitHours)
  return { policy: 'oracle', knob, seed, label: 'oracle', ...measures }
}

/** The cheapest constant for each policy and seed. */
async function fixedBestRows(
  plan: Plan,
  specs: readonly LabelledSpec[],
  runs: Runs,
  doJobs: DoJobs
): Promise<RunRow[]> {
  const compared = specs.filter(({ name }) => name !== 'fixed')
  if (compared.length === 0) return []
  const jobs = runs.seeds.map(
    (seed): RehearsalJob => ({
      what: `fixed-best, seed ${seed}`,
      plan,
      seed,
      specs: compared.map(({ label }) => ({
        name: 'fixed-best',
        options: { limit: runs.get(label, seed).measures.overloadedMinutes },
        label,
        keepTrack: false
      })),
      forecast: '',
      keepTurns: false
    })
  )
  return (await doJobs(jobs)).flat().map(({ label, seed, measures, units = null }) => ({
    policy: 'fixed-best',
    knob: { for: label, units },
    seed,
    label: `fixed-best for ${label}`,
    ...measures
  }))
}

function pointOf(spec: LabelledSpec, runs: Runs): FrontierPoint {
  const { name, options, label } = spec
  return {
    policy: name === 'oracle' ? name : shownName(spec),
    knob: name === 'oracle' ? (options as Json) : knobOf(spec, options),
    unitHours: runs.mean(label, ({ unitHours }) => unitHours),
    overloadedMinutes: runs.mean(label, ({ overloadedMinutes }) => overloadedMinutes)
  }
}

/** Everyone against hpa, and those that look ahead or learned against each one that does not. */
function pairsOf(contenders: readonly Contender[]): Pair[] {
  const predictive = (it: Contender) => it.model !== undefined || policyEntry(it).needsForecast === true
  return contenders.flatMap((a) =>
    contenders
      .filter((b) => a !== b && (b.name === 'hpa' || (predictive(a) && !predictive(b))))
      .flatMap((b) => comparePair(a, b))
  )
}

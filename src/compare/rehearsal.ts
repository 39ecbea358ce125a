/**
 * A whole rehearsal: every policy, every seed, the baselines and the bound, as one result.
 *
 * The first runs are always `fixed`, `hpa`, `oracle`. A policy with a knob that nobody set gets the knob that was best
 * on the training part; `fixed-best` is the cheapest constant that is late no more often than each policy.
 */
import { DAY, type GivenOptions, PrescaleError, peak, sliceSteps, unknownName } from '../base/index.ts'
import { forecasters } from '../forecast/index.ts'
import type { Forecaster, Json, Turn } from '../roles.ts'
import { chooseKnob, type FrontierPoint, frontierOf } from './frontier.ts'
import { type Latency, measure, type RunMeasures, type RunTrack } from './measure.ts'
import { oracleRun, oracleSweep } from './oracle-run.ts'
import { comparePair, type Pair } from './pairs.ts'
import { fateOf, needOf, type Plan } from './plan.ts'
import {
  knobOf,
  knobSettings,
  labelOf,
  labelWithoutKnob,
  mindOf,
  type PolicySpec,
  policyEntry
} from './policy-spec.ts'
import { falseStarts, leadMinutes } from './ramps.ts'
import { type Fate, type Mind, type Run, rehearse } from './rehearse.ts'

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
  readonly progress?: (what: string, done: number, of: number) => void
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

/** Names that only a rehearsal knows: they need the future, or all runs at once. */
export const RELATIVE_POLICIES = ['fixed-best', 'oracle']

export function rehearseAll(plan: Plan, request: RehearsalRequest): Rehearsed {
  for (const { name } of request.policies) {
    if (!RELATIVE_POLICIES.includes(name)) policyEntry(name, RELATIVE_POLICIES)
  }
  const makers = forecasterOf(request.forecast)
  const specs = withBaselines(plan, request.policies)
  const tuning = request.chooseKnobs ? tuningPlan(plan) : undefined
  const chosen = tuning ? chooseKnobs(tuning, openKnobs(specs), request) : {}
  const minds = specs.map(({ name, options, label }) =>
    mindOf(name, { ...options, ...optionsOf(chosen[name], options) }, request.forecast, label)
  )
  const swept = request.frontier ? sweptMinds(specs, minds, request.forecast) : []
  const bySeed = request.seeds.map((seed) => {
    const fate = fateOf(plan, seed)
    const need = needOf(plan, fate)
    const runs = rehearse(fate, [...minds, ...swept], makers, {
      keepTurns: (label) =>
        request.keepTurns === true && seed === request.seeds[0] && minds.some((m) => m.label === label),
      progress: (done, of) => request.progress?.(`seed ${seed}`, done, of)
    })
    const measures = runs.map((run) => measuresOf(plan, run.track, need))
    const oracle = oracleSweep(plan, fate, need)
    return { seed, fate, need, runs, measures, oracle }
  })
  return assemble(plan, request, specs, minds, swept, bySeed, chosen)
}

interface LabelledSpec {
  readonly name: string
  readonly options: GivenOptions
  readonly label: string
}

interface SeedRuns {
  readonly seed: number
  readonly fate: Fate
  readonly need: Int32Array
  readonly runs: readonly Run[]
  readonly measures: readonly RunMeasures[]
  readonly oracle: ReturnType<typeof oracleSweep>
}

function assemble(
  plan: Plan,
  request: RehearsalRequest,
  specs: readonly LabelledSpec[],
  minds: readonly Mind[],
  swept: readonly (Mind & { readonly name: string })[],
  bySeed: readonly SeedRuns[],
  chosen: Readonly<Record<string, Json>>
): Rehearsed {
  const rows: RunRow[] = []
  const name = (i: number) => specs[i].name
  const hpa = specs.findIndex((spec) => spec.name === 'hpa')
  for (const [i, mind] of minds.entries()) {
    for (const { seed, measures } of bySeed) {
      rows.push({
        policy: labelWithoutKnob(name(i), specs[i].label === 'fixed' ? {} : specs[i].options),
        knob: knobOf(name(i), mind.options),
        seed,
        ...measures[i]
      })
    }
    // The bound stands third: what perfect foresight reaches for at most 1.2 × what hpa costs.
    if (i === hpa && bySeed[0].oracle.length > 0)
      for (const s of bySeed)
        rows.push({ policy: 'oracle', seed: s.seed, ...oracleRun(plan, s.oracle, s.measures[hpa].unitHours) })
  }
  if (request.policies.some((spec) => spec.name === 'fixed-best')) {
    for (const [i, mind] of minds.entries()) {
      if (name(i) === 'fixed') continue
      for (const s of bySeed) rows.push(fixedBest(plan, s, mind.label, s.measures[i].overloadedMinutes))
    }
  }
  const contenders = minds.map((mind, i) => ({
    label: mind.label,
    name: name(i),
    tracks: bySeed.map(({ runs }) => runs[i].track),
    turns: bySeed[0].runs[i].turns
  }))
  const points = pointsOf(specs, minds, swept, bySeed)
  const policies = [...new Set(points.map((point) => point.policy))]
  return {
    plan,
    seeds: request.seeds,
    runs: rows,
    pairs: pairsOf(contenders),
    points,
    frontier: policies.flatMap((policy) => frontierOf(points, [policy])),
    contenders,
    chosen
  }
}

/** Everyone against hpa, and against each other where one of them is predictive. */
function pairsOf(contenders: readonly Contender[]): Pair[] {
  const pairs: Pair[] = []
  const predictive = (c: Contender) => policyEntry(c.name).needsForecast === true
  for (const a of contenders) {
    for (const b of contenders) {
      if (a !== b && (b.name === 'hpa' || (predictive(a) && !predictive(b)))) pairs.push(...comparePair(a, b))
    }
  }
  return pairs
}

function pointsOf(
  specs: readonly LabelledSpec[],
  minds: readonly Mind[],
  swept: readonly (Mind & { readonly name: string })[],
  bySeed: readonly SeedRuns[]
): FrontierPoint[] {
  const mean = (of: (s: SeedRuns) => number) => bySeed.reduce((sum, s) => sum + of(s), 0) / bySeed.length
  const point = (policy: string, options: GivenOptions, i: number) => ({
    policy: labelWithoutKnob(policy, policy === 'fixed' ? {} : options),
    knob: knobOf(policy, options),
    unitHours: mean((s) => s.measures[i].unitHours),
    overloadedMinutes: mean((s) => s.measures[i].overloadedMinutes)
  })
  const own = minds.map((mind, i) => point(specs[i].name, mind.options, i))
  const others = swept.map((mind, i) => point(mind.name, mind.options, minds.length + i))
  const bound = bySeed[0].oracle.map(({ latePrice }, i) => ({
    policy: 'oracle',
    knob: { latePrice },
    unitHours: mean((s) => s.oracle[i].unitHours),
    overloadedMinutes: mean((s) => s.oracle[i].overloadedMinutes)
  }))
  return [...own, ...others, ...bound]
}

export function measuresOf(plan: Plan, track: RunTrack, need: Int32Array): RunMeasures {
  const leadMs = plan.settings.leadTimeMs.p50 * plan.truth.leadTime
  return measure(track, {
    unitHour: plan.settings.unitHour,
    falseStarts: falseStarts(track, need, leadMs),
    leadMinutes: leadMinutes(track, need)
  })
}

/** `fixed` at 1.2 × the training peak, then hpa, then what was asked for; nothing twice. */
function withBaselines(plan: Plan, asked: readonly PolicySpec[]): LabelledSpec[] {
  const fixed = { name: 'fixed', options: { units: peakUnits(plan) } }
  const rest = asked.filter(
    ({ name, options }) =>
      !RELATIVE_POLICIES.includes(name) &&
      !((name === 'fixed' || name === 'hpa') && Object.keys(options).length === 0)
  )
  return [
    { ...fixed, label: 'fixed' },
    { name: 'hpa', options: {}, label: 'hpa' },
    ...rest.map((spec) => ({ ...spec, label: labelOf(spec.name, spec.options) }))
  ]
}

function peakUnits({ trace, span, settings }: Plan): number {
  const training = sliceSteps(trace, span.fitFrom, span.scoreFrom).values
  const most = peak(training)
  return Math.min(settings.maxUnits, Math.max(1, Math.ceil((1.2 * most) / settings.unitRate)))
}

function forecasterOf(name: string): Record<string, Forecaster> {
  if (!Object.hasOwn(forecasters, name)) {
    throw new PrescaleError('BAD_OPTION', unknownName('a forecaster', name, Object.keys(forecasters)))
  }
  return { [name]: forecasters[name as keyof typeof forecasters].make({}) }
}

function sweptMinds(
  specs: readonly LabelledSpec[],
  minds: readonly Mind[],
  forecast: string
): (Mind & { readonly name: string })[] {
  const known = new Set(minds.map((mind) => mind.label))
  const swept: (Mind & { readonly name: string })[] = []
  for (const { name, options } of specs) {
    for (const setting of knobSettings(name, options)) {
      const mind = mindOf(name, setting, forecast)
      if (known.has(mind.label)) continue
      known.add(mind.label)
      swept.push({ ...mind, name })
    }
  }
  return swept
}

/**
 * The plan that knobs are chosen on: inside the training part, fitted on its first half at least, scored on its end, on no
 * more than is held back later and no more than two weeks; undefined where the training part is too short for that.
 */
function tuningPlan(plan: Plan): Plan | undefined {
  const { fitFrom, scoreFrom, scoreTo } = plan.span
  const twoWeeks = Math.round((14 * DAY) / plan.trace.stepMs)
  const half = fitFrom + Math.ceil((scoreFrom - fitFrom) / 2)
  const middle = Math.max(half, scoreFrom - Math.min(scoreTo - scoreFrom, twoWeeks))
  if (middle >= scoreFrom || middle <= fitFrom) return undefined
  return { ...plan, span: { fitFrom, scoreFrom: middle, scoreTo: scoreFrom } }
}

/** The knob of each named policy that is best by `chooseKnob` on the scored part of this plan, which must not be the held-back one. */
export function chooseKnobs(
  plan: Plan,
  names: readonly string[],
  request: Pick<RehearsalRequest, 'forecast' | 'seeds' | 'progress'>,
  options: GivenOptions = {}
): Record<string, Json> {
  if (names.length === 0) return {}
  const fate = fateOf(plan, request.seeds[0])
  const candidates = names.flatMap((name) =>
    knobSettings(name, options).map((setting) => ({ ...mindOf(name, setting, request.forecast), name }))
  )
  const runs = rehearse(
    fate,
    [mindOf('hpa', {}, request.forecast), ...candidates],
    forecasterOf(request.forecast),
    {
      progress: (done, of) => request.progress?.('choosing knobs on the training part', done, of)
    }
  )
  const need = needOf(plan, fate)
  const [hpa, ...measured] = runs.map((run) => measuresOf(plan, run.track, need))
  const chosen: Record<string, Json> = {}
  for (const name of names) {
    const own = candidates
      .map((mind, i) => ({ name: mind.name, knob: knobOf(mind.name, mind.options), ...measured[i] }))
      .filter((candidate) => candidate.name === name)
    chosen[name] = chooseKnob(own, hpa.unitHours)?.knob ?? null
  }
  return chosen
}

/** Predictive policies whose knob nobody set: reactive baselines keep what they are published with. */
function openKnobs(specs: readonly LabelledSpec[]): string[] {
  const open = specs.filter(({ name, options }) => {
    const { knob, needsForecast } = policyEntry(name)
    return knob !== undefined && needsForecast === true && !(knob.option in options)
  })
  return [...new Set(open.map(({ name }) => name))]
}

/** A chosen knob as options, unless the options set it already. */
function optionsOf(knob: Json | undefined, given: GivenOptions): GivenOptions {
  const isObject = knob !== null && typeof knob === 'object' && !Array.isArray(knob)
  const options = isObject ? (knob as GivenOptions) : {}
  return Object.keys(options).some((name) => name in given) ? {} : options
}

/** The cheapest constant with no more overloaded minutes than `label` had: bisection, since more units never hurt. */
function fixedBest(plan: Plan, { seed, fate, need }: SeedRuns, label: string, limit: number): RunRow {
  const run = (units: number) => {
    const [{ track }] = rehearse({ ...fate, initial: { unit: units } }, [mindOf('fixed', { units }, '')], {})
    return measuresOf(plan, track, need)
  }
  let low = plan.settings.minUnits
  let high = plan.settings.maxUnits
  let best = run(high)
  while (low < high) {
    const middle = (low + high) >> 1
    const tried = run(middle)
    if (tried.overloadedMinutes <= limit) [high, best] = [middle, tried]
    else low = middle + 1
  }
  return { policy: 'fixed-best', knob: { for: label, units: high }, seed, ...best }
}

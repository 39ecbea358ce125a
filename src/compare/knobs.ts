/**
 * Choosing a knob without looking at what is held back.
 *
 * A predictive policy whose knob nobody set is rehearsed inside the training part at every value of it; the value with the
 * fewest overloaded minutes at no more than 1.2 × the cost of `hpa` there is taken. Reactive baselines keep what they
 * are published with.
 */
import { DAY, type GivenOptions } from '../base/index.ts'
import type { Json } from '../roles.ts'
import type { ForecasterSpec } from './forecaster-spec.ts'
import { chooseKnob } from './frontier.ts'
import { DEFAULTS, type Plan } from './plan.ts'
import {
  knobOf,
  knobSettings,
  type LabelledSpec,
  labelOf,
  type NamedPolicy,
  policyEntry
} from './policy-spec.ts'
import { type DoJobs, type JobRun, type RehearsalJob, shareOut } from './rehearsal-job.ts'

/** Every weekday once: enough to tell settings apart, short enough to wait for. */
const TUNING_MS = 7 * DAY

/**
 * The plan that knobs are chosen on: fitted on the first half of the training part at least, scored on its end, on no more
 * than is held back later and no more than a week; undefined where the training part is too short for that.
 */
export function tuningPlan(plan: Plan): Plan | undefined {
  const { fitFrom, scoreFrom, scoreTo } = plan.span
  const longest = Math.min(scoreTo - scoreFrom, Math.round(TUNING_MS / plan.trace.stepMs))
  const middle = Math.max(fitFrom + Math.ceil((scoreFrom - fitFrom) / 2), scoreFrom - longest)
  if (middle >= scoreFrom || middle <= fitFrom) return undefined
  // Finer steps are for policies that are asked more often; those have no knob to choose here.
  const stepMs = Math.max(plan.settings.stepMs, DEFAULTS.stepMs)
  const settings = { ...plan.settings, stepMs }
  return { ...plan, settings, span: { fitFrom, scoreFrom: middle, scoreTo: scoreFrom } }
}

/** The best knob of each spec, by label, on the scored part of `plan`, which must not be the held-back one. */
export async function chooseKnobs(
  plan: Plan,
  specs: readonly Pick<LabelledSpec, 'name' | 'options' | 'label' | 'model'>[],
  request: {
    readonly forecast: string | ForecasterSpec
    readonly seed: number
    readonly threads: number
  },
  doJobs: DoJobs
): Promise<Record<string, Json>> {
  if (specs.length === 0) return {}
  const candidates = specs.flatMap(({ name, options, label }) =>
    knobSettings(name, options).map((setting) => ({
      of: label,
      knob: knobOf(name, setting),
      spec: { name, options: setting, label: labelOf(name, setting), keepTrack: false }
    }))
  )
  const hpa = { name: 'hpa', options: {}, label: 'hpa', keepTrack: false }
  const jobs = shareOut([hpa, ...candidates.map(({ spec }) => spec)], request.threads).map(
    (group): RehearsalJob => ({
      what: 'choosing on the training part',
      plan,
      seed: request.seed,
      specs: group,
      forecast: request.forecast,
      keepTurns: false
    })
  )
  const runs = new Map<string, JobRun>()
  for (const group of await doJobs(jobs)) for (const run of group) runs.set(run.label, run)
  const measured = (label: string) => runs.get(label)!.measures
  return Object.fromEntries(
    specs.map(({ label }) => {
      const own = candidates
        .filter(({ of }) => of === label)
        .map(({ knob, spec }) => ({ knob, ...measured(spec.label) }))
      return [label, chooseKnob(own, measured('hpa').unitHours)?.knob ?? null]
    })
  )
}

/** Predictive policies whose knob nobody set. */
export function openKnobs<S extends NamedPolicy & { readonly options: GivenOptions }>(
  specs: readonly S[]
): S[] {
  return specs.filter((spec) => {
    const { options } = spec
    const { knob, needsForecast } = policyEntry(spec)
    return knob !== undefined && needsForecast === true && !(knob.option in options)
  })
}

/** What stands beside every rehearsed policy: a fixed size, the HPA, and the cheapest constant that is as good. */
import type { Json, Units } from '../roles.ts'
import type { RunMeasures } from './measure.ts'
import { measuresOf } from './measures-of.ts'
import { constantSizes, type Plan, peakUnits } from './plan.ts'
import { isRelative, type LabelledSpec, labelOf, mindOf, type PolicySpec } from './policy-spec.ts'
import { type Fate, rehearse } from './rehearse.ts'

/** `fixed` at 1.2 × the training peak, then hpa, then what was asked for; nothing twice. */
export function withBaselines(plan: Plan, asked: readonly PolicySpec[]): LabelledSpec[] {
  const specs = new Map<string, LabelledSpec>()
  const add = (spec: Omit<LabelledSpec, 'keepTrack'>) => {
    if (!specs.has(spec.label)) specs.set(spec.label, { ...spec, keepTrack: true })
  }
  add({ name: 'fixed', options: { units: asOption(peakUnits(plan)) }, label: 'fixed' })
  add({ name: 'hpa', options: {}, label: 'hpa' })
  for (const spec of asked) {
    if (!isRelative(spec.name)) add({ ...spec, label: labelOf(spec.name, spec.options) })
  }
  return [...specs.values()]
}

export interface FixedBest {
  /** A number where there is one resource, else units by resource. */
  readonly units: Json
  readonly measures: RunMeasures
}

/**
 * The cheapest constant with no more overloaded minutes than `limit`, found by halving, since more units never hurt; the
 * largest where none is so good.
 */
export function fixedBest(plan: Plan, fate: Fate, need: Int32Array): (limit: number) => FixedBest {
  const sizes = constantSizes(plan)
  const known = new Map<number, RunMeasures>()
  const run = (i: number) => {
    const before = known.get(i)
    if (before) return before
    const constant = mindOf('fixed', { units: asOption(sizes[i]) }, '')
    const [{ track }] = rehearse({ ...fate, initial: sizes[i] }, [constant], {})
    const measures = measuresOf(plan, track, need)
    known.set(i, measures)
    return measures
  }
  return (limit) => {
    let low = 0
    let high = sizes.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (run(middle).overloadedMinutes <= limit) high = middle
      else low = middle + 1
    }
    return { units: asNumber(sizes[high]), measures: run(high) }
  }
}

/** As the option of `fixed` is written: one number where there is one resource, else `map=3;sink=2`. */
function asOption(sizes: Units): number | string {
  const units = Object.entries(sizes)
  return units.length === 1 ? units[0][1] : units.map(([resource, n]) => `${resource}=${n}`).join(';')
}

function asNumber(sizes: Units): Json {
  const units = Object.values(sizes)
  return units.length === 1 ? units[0] : { ...sizes }
}

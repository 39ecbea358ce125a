/** What stands beside every rehearsed policy: a fixed size, the HPA, and the cheapest constant that is as good. */
import type { RunMeasures } from './measure.ts'
import { fateOf, needOf, type Plan, peakUnits, resourcesOf } from './plan.ts'
import { labelOf, mindOf, type PolicySpec } from './policy-spec.ts'
import { type LabelledSpec, measuresOf } from './rehearsal-job.ts'
import { rehearse } from './rehearse.ts'

/** Names that only a rehearsal knows: they need the future, or all runs at once. */
export const RELATIVE_POLICIES = ['fixed-best', 'oracle']

/** `fixed` at 1.2 × the training peak, then hpa, then what was asked for; nothing twice. */
export function withBaselines(plan: Plan, asked: readonly PolicySpec[]): LabelledSpec[] {
  const specs = new Map<string, LabelledSpec>()
  const add = (spec: Omit<LabelledSpec, 'keepTrack'>) => {
    if (!specs.has(spec.label)) specs.set(spec.label, { ...spec, keepTrack: true })
  }
  add({ name: 'fixed', options: { units: fixedUnits(plan) }, label: 'fixed' })
  add({ name: 'hpa', options: {}, label: 'hpa' })
  for (const { name, options } of asked) {
    if (!RELATIVE_POLICIES.includes(name)) add({ name, options, label: labelOf(name, options) })
  }
  return [...specs.values()]
}

/** One number where there is one resource, else `map=3;sink=2`. */
function fixedUnits(plan: Plan): number | string {
  const units = Object.entries(peakUnits(plan))
  return units.length === 1 ? units[0][1] : units.map(([resource, n]) => `${resource}=${n}`).join(';')
}

/** The cheapest constant with no more overloaded minutes than `limit`, found by halving, since more units never hurt. */
export function fixedBest(
  plan: Plan,
  seed: number
): (limit: number) => { units: number; measures: RunMeasures } {
  const fate = fateOf(plan, seed)
  const need = needOf(plan, fate)
  const known = new Map<number, RunMeasures>()
  const run = (units: number) => {
    const before = known.get(units)
    if (before) return before
    const initial = Object.fromEntries(resourcesOf(plan).map((resource) => [resource, units]))
    const [{ track }] = rehearse({ ...fate, initial }, [mindOf('fixed', { units }, '')], {})
    const measures = measuresOf(plan, track, need)
    known.set(units, measures)
    return measures
  }
  return (limit) => {
    let low = plan.settings.minUnits
    let high = plan.settings.maxUnits
    while (low < high) {
      const middle = (low + high) >> 1
      if (run(middle).overloadedMinutes <= limit) high = middle
      else low = middle + 1
    }
    return { units: high, measures: run(high) }
  }
}

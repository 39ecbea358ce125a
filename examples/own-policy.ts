/**
 * A policy of your own in a rehearsal, beside two that come with the package.
 *
 * `peak` sizes for the highest load of the last half hour, so that a spike does not find it empty-handed twice. It keeps
 * nothing in mind, says why, and holds where something is not known.
 */
import type { Policy } from 'prescale'
import { peak } from 'prescale/base'
import { fateOf, measuresOf, needOf, planService, rehearse } from 'prescale/compare'
import { policies } from 'prescale/decide'
import { dailyWave } from 'prescale/sim'

const TARGET = 0.8
const WINDOW_MS = 30 * 60_000

const peakPolicy: Policy = {
  name: 'peak',
  intervalMs: 15_000,
  initial: () => null,
  decide({ load, capacity, service }) {
    const now = capacity.wanted ?? capacity.ready
    const highest = load === undefined ? NaN : peak(load.values.slice(-WINDOW_MS / load.stepMs))
    const units = Math.ceil(highest / (TARGET * (service?.unitRate ?? NaN)))
    // NaN: the load or the unit rate is not known. Doubt holds.
    const to = Number.isFinite(units) ? { unit: Math.max(1, units) } : now
    const why = { rule: 'peak', inputs: { highest }, bound: [], changed: [] }
    return { decision: { kind: to.unit === now.unit ? 'hold' : 'scale', to, why }, memory: null }
  }
}

// Three days, one value a minute; the third is rehearsed.
const load = dailyWave({ days: 3, seed: 1 })
const span = { fitFrom: 0, scoreFrom: 2 * 1440, scoreTo: 3 * 1440 }
const plan = planService('wave', load, span, { leadTimeMs: { p50: 180_000, p90: 180_000 } })
const fate = fateOf(plan, 1)
const minds = [peakPolicy, policies.hpa.make(), policies.proportional.make()].map((policy) => ({
  label: policy.name,
  policy,
  options: {}
}))

const need = needOf(plan, fate)
for (const { label, track } of rehearse(fate, minds, {})) {
  const { overloadedMinutes, meanUnits, rescales } = measuresOf(plan, track, need)
  console.log(
    `${label.padEnd(14)} ${overloadedMinutes} late minutes at ${meanUnits.toFixed(2)} units, ${rescales} rescales`
  )
}

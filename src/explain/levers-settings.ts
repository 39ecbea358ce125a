/** What is believed about the target, and what people chose: lead time, price, objective, bounds. */
import type { Observation } from '../roles.ts'
import { type Lever, lever, rate, SANE_FACTOR } from './lever.ts'
import { amount, duration } from './words.ts'

export function serviceLevers(seen: Observation): readonly Lever[] {
  const { service } = seen
  const lead = service?.leadTimeMs
  return [
    ...lever({
      name: 'service.unitRate',
      kind: 'estimate',
      now: service?.unitRate ?? NaN,
      set: (unitRate) => ({ ...seen, service: { ...service, unitRate } }),
      what: 'what one unit serves',
      say: rate(seen)
    }),
    ...lever({
      name: 'service.leadTimeMs.p90',
      kind: 'estimate',
      now: lead && lead.p90 > 0 ? lead.p90 : NaN,
      set: (p90) => ({
        ...seen,
        service: { ...service, leadTimeMs: { p50: ((lead?.p50 ?? 0) / (lead?.p90 ?? 1)) * p90, p90 } }
      }),
      what: 'the lead time (P90)',
      say: duration
    })
  ]
}

export function settingLevers(seen: Observation): readonly Lever[] {
  return [
    ...lever({
      name: 'slo.latencyMs',
      kind: 'setting',
      now: seen.slo?.latencyMs ?? NaN,
      set: (latencyMs) => ({ ...seen, slo: { ...seen.slo, latencyMs } }),
      what: 'the latency objective',
      say: duration
    }),
    ...lever({
      name: 'price.unitHour',
      kind: 'setting',
      now: seen.price?.unitHour || NaN,
      set: (unitHour) => ({ ...seen, price: { ...seen.price, unitHour } }),
      what: 'the price of a unit',
      say: (value) => `${amount(value, 4)}${seen.price?.currency ? ` ${seen.price.currency}` : ''} an hour`
    })
  ]
}

export function boundLevers(seen: Observation): readonly Lever[] {
  return Object.entries(seen.bounds ?? {}).flatMap(([resource, bound]) =>
    (['min', 'max'] as const).flatMap((side) =>
      lever({
        name: `bounds.${resource}.${side}`,
        kind: 'setting',
        now: bound[side] ?? NaN,
        // Crossing the other bound would be an invalid setting, not a counterfactual.
        lowest: side === 'max' ? Math.max(0, bound.min ?? 0) : 0,
        highest: side === 'min' ? (bound.max ?? Infinity) : Math.max(1, bound.max ?? 1) * SANE_FACTOR,
        grain: 1,
        set: (value) => ({
          ...seen,
          bounds: { ...seen.bounds, [resource]: { ...bound, [side]: value } }
        }),
        what: `the ${side === 'max' ? 'upper' : 'lower'} bound of ${resource}`,
        say: amount
      })
    )
  )
}

/**
 * Correction — how far the load has lately been from what slow components say, followed step by step.
 *
 *   e[t] = y[t] − f(t),    ŷ[t+h] = f(t+h) + ê[t+h],    ê the smoothed level of e, with a damped trend where AICc wants one
 *
 * For models whose components (a trend, a season) are fitted now and then: they go on as they were, and what they miss
 * is smoothed by ETS(A,N,N) or ETS(A,Ad,N), weights fitted on the history. The next fit takes over what stays.
 */
import type { Series } from '../base/index.ts'
import type { Json } from '../roles.ts'
import { etsModel, etsPartsOf, fitEts } from './ets.ts'
import type { PointModel } from './online.ts'

/** `f(t)` at step t of the history (negative or beyond its end too); `learned` as `parameters()` gave it. */
export function corrected(
  owner: string,
  history: Series,
  f: (t: number) => number,
  horizon: number,
  learned?: Json
): PointModel {
  const errors = { ...history, values: history.values.map((y, t) => y - f(t)) }
  const parts =
    learned === undefined
      ? fitEts(errors, 'AZN', 1, ({ form, damped }) => damped || !form.trend)
      : etsPartsOf(`${owner}.correction`, learned)
  const level = etsModel(errors, parts)
  const near = remembered(f, horizon)
  let t = 0
  return {
    observe(y) {
      level.observe(y - near(t))
      t++
    },
    ahead(out) {
      level.ahead(out)
      for (let h = 0; h < out.length; h++) out[h] += near(t + h)
    },
    parameters: () => level.parameters()
  }
}

/** Every forecast asks again for all but one of the steps of the one before. */
function remembered(f: (t: number) => number, horizon: number): (t: number) => number {
  const values = new Float64Array(horizon + 1)
  const of = new Float64Array(horizon + 1).fill(NaN)
  return (t) => {
    const slot = t % of.length
    if (of[slot] !== t) {
      of[slot] = t
      values[slot] = f(t)
    }
    return values[slot]
  }
}

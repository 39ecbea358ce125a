/** A forecast a minute by ridge: `update` with one value and `predict(30)`, on a daily season of minutes. */
import { random, series } from '../src/base/index.ts'
import { ridge } from '../src/forecast/ridge.ts'
import type { Fitted } from '../src/roles.ts'
import { type Bench, perSecond } from './bench.ts'
import { python } from './peers/python.ts'

const season = 1440
const days = 7

/** One minute after the other; begins again with a new day when the last is used up. */
function minutes(): () => number {
  const rng = random(1, 'bench')
  const values = Float64Array.from(
    { length: (days + 1) * season },
    (_, i) => 100 + 50 * Math.sin((i * 2 * Math.PI) / season) + 5 * rng.normal()
  )
  const next = values.subarray(days * season)
  let fitted: Fitted = ridge().fit(series(60_000, values.subarray(0, days * season)), {
    horizon: 30,
    levels: [0.5, 0.9]
  })
  let at = days * season
  return () => {
    for (let i = 0; i < 100; i++) {
      const value = next.subarray(at % season, (at % season) + 1)
      fitted = fitted.update(series(60_000, value, { startMs: at * 60_000 }))
      if (Number.isNaN(fitted.predict(30).mean[29])) throw new Error('no forecast')
      at++
    }
    return 100
  }
}

let step: (() => number) | undefined

const benches: readonly Bench[] = [
  {
    name: 'ridge update + predict(30), with quantiles',
    unit: 'per second',
    higherIsBetter: true,
    ours() {
      step ??= minutes()
      return perSecond(step, 1_000)
    },
    peer: {
      name: 'river SNARIMAX, linear on 26 lags (means only)',
      version: '0.26.1',
      run: () => python('river-snarimax.py', ['river==0.26.1'])
    }
  }
]
export default benches

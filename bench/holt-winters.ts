/** A forecast a minute: `update` with one value and `predict(30)`, on a daily season of minutes. */
import { random, series } from '../src/base/index.ts'
import { holtWinters } from '../src/forecast/holt-winters.ts'
import type { Fitted } from '../src/roles.ts'
import { type Bench, perSecond } from './bench.ts'
import { python } from './peers/python.ts'

const season = 1440
const days = 7

function load(): Float64Array {
  const rng = random(1, 'bench')
  return Float64Array.from(
    { length: (days + 1) * season },
    (_, i) => 100 + 50 * Math.sin((i * 2 * Math.PI) / season) + 5 * rng.normal()
  )
}

/** One minute after the other; begins again with a new day when the last is used up. */
function minutes(): () => number {
  const values = load()
  const history = series(60_000, values.subarray(0, days * season))
  const next = values.subarray(days * season)
  const forecaster = holtWinters({ season, alpha: 0.3, beta: 0.05, gamma: 0.1, phi: 0.98 })
  let fitted: Fitted = forecaster.fit(history, { horizon: 30, levels: [0.5, 0.9] })
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
    name: 'holt-winters update + predict(30), with quantiles',
    unit: 'per second',
    higherIsBetter: true,
    ours() {
      step ??= minutes()
      return perSecond(step, 1_000)
    },
    peer: {
      name: 'river HoltWinters (means only)',
      version: '0.26.1',
      run: () => python('river-holt-winters.py', ['river==0.26.1'])
    }
  }
]
export default benches

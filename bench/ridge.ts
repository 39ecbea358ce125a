/** A forecast a minute by ridge: `update` with one value and `predict(30)`, on a daily season of minutes. */
import { ridge } from '../src/forecast/ridge.ts'
import { type Bench, perSecond } from './bench.ts'
import { minutes } from './minutes.ts'
import { python } from './peers/python.ts'

let step: (() => number) | undefined

const benches: readonly Bench[] = [
  {
    name: 'ridge update + predict(30), with quantiles',
    unit: 'per second',
    higherIsBetter: true,
    ours() {
      step ??= minutes(ridge())
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

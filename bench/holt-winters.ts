/** A forecast a minute: `update` with one value and `predict(30)`, on a daily season of minutes. */
import { holtWinters } from '../src/forecast/holt-winters.ts'
import { type Bench, perSecond } from './bench.ts'
import { minutes, season } from './minutes.ts'
import { python } from './peers/python.ts'

let step: (() => number) | undefined

const benches: readonly Bench[] = [
  {
    name: 'holt-winters update + predict(30), with quantiles',
    unit: 'per second',
    higherIsBetter: true,
    ours() {
      step ??= minutes(holtWinters({ season, alpha: 0.3, beta: 0.05, gamma: 0.1, phi: 0.98 }))
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

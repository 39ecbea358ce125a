/** A forecaster shown one minute after the other, on a noisy daily season of minutes: what two benches ask of their method. */
import { random, series } from '../src/base/index.ts'
import type { Fitted, Forecaster } from '../src/roles.ts'

export const season = 1440
const days = 7

/** Fits to seven days; each call is 100 times `update` with one value and `predict(30)`. Begins again with a new day when the last is used up. */
export function minutes(forecaster: Forecaster): () => number {
  const rng = random(1, 'bench')
  const values = Float64Array.from(
    { length: (days + 1) * season },
    (_, i) => 100 + 50 * Math.sin((i * 2 * Math.PI) / season) + 5 * rng.normal()
  )
  const next = values.subarray(days * season)
  const history = series(60_000, values.subarray(0, days * season))
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

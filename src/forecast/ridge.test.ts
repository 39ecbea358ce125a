import { describe, expect, it } from 'vitest'
import { canonicalJson, random, type Series, series, sliceSteps } from '../base/index.ts'
import type { Json } from '../roles.ts'
import { ridge } from './ridge.ts'

const HOUR_STEPS = 12

/** Days of five-minute steps: a daily wave, noise that lasts, and a level. */
function load(days: number, seed = 1): Series {
  const rng = random(seed, 'load')
  let noise = 0
  const values = Array.from({ length: days * 24 * HOUR_STEPS }, (_, t) => {
    noise = 0.9 * noise + 3 * rng.normal()
    return 300 + 100 * Math.sin((2 * Math.PI * t) / (24 * HOUR_STEPS)) + noise
  })
  return series(300_000, values, { startMs: Date.parse('2024-03-01T00:00:00Z') })
}
const parametersOf = (saved: Json) => (saved as { parameters: Json }).parameters

describe('ridge', () => {
  it('is known again from what it saved, also as it goes on learning', () => {
    const all = load(8)
    const [history, more] = [sliceSteps(all, 0, 2_000), sliceSteps(all, 2_000, 2_100)]
    const first = ridge().fit(history, { horizon: 12 })
    const learned: Json = JSON.parse(canonicalJson(parametersOf(first.save())))
    const second = ridge().fit(history, { horizon: 12, learned })
    expect([...second.predict(12).mean]).toEqual([...first.predict(12).mean])
    const [a, b] = [first.update(more).predict(12).mean, second.update(more).predict(12).mean]
    for (let h = 0; h < 12; h++) expect(b[h] / a[h]).toBeCloseTo(1, 4)
  })
})

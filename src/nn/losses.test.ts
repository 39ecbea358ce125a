import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { random } from '../base/index.ts'
import { type Loss, mae, mse, pinball, quantilesOf } from './losses.ts'

const levels = [0.1, 0.5, 0.9]
const losses: readonly Loss[] = [mse, mae, pinball(levels)]

describe('losses', () => {
  it.each(losses)('$name has the slope that its own differences have', (loss) => {
    const rng = random(1, loss.name)
    const count = 6
    const output = Float64Array.from({ length: count * loss.perTarget }, () => rng.normal())
    const target = Float64Array.from({ length: count }, (_, i) => (i === 2 ? NaN : rng.normal()))
    const slopes = new Float64Array(output.length)
    loss.evaluate(output, target, count, 0.25, slopes)
    for (let i = 0; i < output.length; i++) {
      const moved = (by: number) => {
        const other = output.slice()
        other[i] += by
        return loss.evaluate(other, target, count, 0.25)
      }
      expect(slopes[i]).toBeCloseTo((moved(1e-6) - moved(-1e-6)) / 2e-6, 6)
    }
  })

  it('are what the formulas say', () => {
    const [p, y] = [Float64Array.of(1, 4), Float64Array.of(3, 4)]
    expect(mse.evaluate(p, y, 2, 0.5)).toBe(2)
    expect(mae.evaluate(p, y, 2, 0.5)).toBe(1)
    // One level is its own output: 0.9 · (3 − 1) below, 0.1 · (4 − 3) above.
    expect(pinball([0.9]).evaluate(p, y, 1, 1)).toBeCloseTo(1.8, 12)
    expect(pinball([0.9]).evaluate(Float64Array.of(4), Float64Array.of(3), 1, 1)).toBeCloseTo(0.1, 12)
  })

  it('count nothing for what was not measured', () => {
    const y = Float64Array.of(NaN, 2)
    for (const loss of losses) {
      const output = new Float64Array(2 * loss.perTarget).fill(1)
      const both = loss.evaluate(output, y, 2, 1)
      const known = loss.evaluate(output.subarray(loss.perTarget), y.subarray(1), 1, 1)
      expect(both).toBe(known)
    }
  })

  it('give quantiles in order whatever the outputs are', () => {
    const out = new Float64Array(3)
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 3, maxLength: 3 }),
        (raw) => {
          quantilesOf(Float64Array.from(raw), 0, out)
          expect(out[0] <= out[1] && out[1] <= out[2]).toBe(true)
        }
      )
    )
  })

  it('refuse levels that do not rise', () => {
    expect(() => pinball([0.5, 0.5])).toThrow(/levels must be probabilities in ascending order/)
    expect(() => pinball([0.5, 1])).toThrow(/between 0 and 1/)
  })
})

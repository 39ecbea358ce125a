import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { random } from '../base/index.ts'
import {
  addRow,
  choosePenalties,
  type Products,
  penalties,
  ridgeCoefficients,
  squaredError,
  sumOf
} from './ridge-fit.ts'

interface Golden {
  readonly by: string
  readonly x: readonly (readonly number[])[]
  readonly u: readonly number[]
  readonly w: readonly number[]
  readonly rows: readonly {
    readonly penalty: readonly number[]
    readonly weighted: boolean
    readonly b: readonly number[]
  }[]
}

const golden: Golden = JSON.parse(
  readFileSync(new URL('../../test/golden/ridge.json', import.meta.url), 'utf8')
)

function productsOf(
  x: readonly (readonly number[])[],
  u: readonly number[],
  w: readonly number[] = u.map(() => 1)
): Products {
  const p = x[0].length
  const products = new Float64Array((p + 2) ** 2)
  for (let i = 0; i < u.length; i++) addRow(products, Float64Array.from(x[i]), 0, p, u[i], w[i])
  return products
}

describe('ridge coefficients', () => {
  for (const { penalty, weighted, b } of golden.rows) {
    it(`are those of ${golden.by} for ${penalty}${weighted ? ', weighted' : ''}`, () => {
      const found = ridgeCoefficients(
        productsOf(golden.x, golden.u, weighted ? golden.w : undefined),
        penalty
      )
      for (let j = 0; j < b.length; j++) expect(found[j]).toBeCloseTo(b[j], 6)
    })
  }

  it('are r / (1 + λ) of one standardised feature, by hand', () => {
    // x = −1, 1 and u = 1, 5: slope 2 through (0, 3).
    const [slope, b0] = ridgeCoefficients(productsOf([[-1], [1]], [1, 5]), [1])
    expect(slope).toBeCloseTo(1, 8)
    expect(b0).toBeCloseTo(3, 8)
  })

  it('leave out a feature that never moves, and give nothing for nothing', () => {
    const [, still] = ridgeCoefficients(
      productsOf(
        [
          [1, 7],
          [2, 7],
          [4, 7]
        ],
        [1, 2, 4]
      ),
      [0, 0]
    )
    expect(still).toBe(0)
    expect([...ridgeCoefficients(new Float64Array(16), [1, 1])]).toEqual([0, 0, 0])
  })
})

it('the error of coefficients from sums of products is that of going through the rows', () => {
  const b = Float64Array.from(golden.rows[3].b)
  let byRows = 0
  golden.x.forEach((row, i) => {
    const said = b[4] + row.reduce((sum, value, j) => sum + value * b[j], 0)
    byRows += golden.w[i] * (golden.u[i] - said) ** 2
  })
  expect(squaredError(productsOf(golden.x, golden.u, golden.w), b, 4)).toBeCloseTo(byRows, 6)
})

describe('penalties', () => {
  const rng = random(3, 'penalties')
  const rows = Array.from({ length: 600 }, () => Array.from({ length: 12 }, () => rng.normal()))
  // Two features matter, ten do not.
  const u = rows.map((x) => 2 * x[0] - x[1] + 0.5 * rng.normal())
  const parts = Array.from({ length: 10 }, (_, i) =>
    productsOf(rows.slice(60 * i, 60 * i + 60), u.slice(60 * i, 60 * i + 60))
  )
  const groupOf = rows[0].map((_, j) => (j < 2 ? 0 : 1))

  it('are small for a group that matters and large for one that does not', () => {
    const [matters, noise] = choosePenalties(parts, groupOf, 2)
    expect(penalties[matters]).toBeLessThanOrEqual(0.01)
    expect(penalties[noise]).toBeGreaterThanOrEqual(1)
  })

  it('forecast better than one for all would, on rows not seen', () => {
    const fresh = Array.from({ length: 2_000 }, () => rows[0].map(() => rng.normal()))
    const judged = productsOf(
      fresh,
      fresh.map((x) => 2 * x[0] - x[1] + 0.5 * rng.normal())
    )
    const errorOf = (indices: readonly number[]) =>
      squaredError(
        judged,
        ridgeCoefficients(
          sumOf(parts.slice(0, 2)),
          groupOf.map((g) => penalties[indices[g]])
        ),
        12
      )
    const chosen = errorOf(choosePenalties(parts, groupOf, 2))
    for (let i = 0; i < penalties.length; i++) expect(chosen).toBeLessThan(errorOf([i, i]))
  })
})

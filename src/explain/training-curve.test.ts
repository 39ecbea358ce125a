import { describe, expect, it } from 'vitest'
import { type TrainingPoint, trainingCurve } from './training-curve.ts'

const curve: TrainingPoint[] = Array.from({ length: 40 }, (_, i) => ({
  steps: 2_048 * (i + 1),
  meanReward: i < 2 ? null : -10_000 / (i + 1),
  entropy: 7.5 - i / 10,
  kl: 0.02,
  explainedVariance: i === 30 ? -8 : i / 40
}))
const panels = (svg: string) =>
  [...svg.matchAll(/<text[^>]*>([a-zA-Z ,]+): [^<]* at the end/g)].map(([, name]) => name)
const lines = (svg: string) =>
  [...svg.matchAll(/points="([^"]+)"/g)].map(([, points]) =>
    points.split(' ').map((point) => point.split(',').map(Number))
  )

describe('the picture of a training', () => {
  it('has a panel for each measure that is known, and none for the others', () => {
    expect(panels(trainingCurve(curve))).toEqual([
      'mean reward',
      'entropy, nats',
      'KL of an update',
      'explained variance'
    ])
    const table = curve.map(({ steps, meanReward }) => ({ steps, meanReward }))
    expect(panels(trainingCurve(table))).toEqual(['mean reward'])
  })

  it('leaves out what is not known, and draws what is within its panel', () => {
    const svg = trainingCurve(curve)
    expect(svg).not.toMatch(/NaN|undefined|Infinity/)
    const [reward, entropy, , variance] = lines(svg)
    expect(reward).toHaveLength(38)
    expect(entropy).toHaveLength(40)
    const [width, height] = (svg.match(/viewBox="0 0 (\d+) (\d+)"/) ?? []).slice(1).map(Number)
    for (const [x, y] of [...reward, ...entropy, ...variance]) {
      expect(x).toBeGreaterThanOrEqual(0)
      expect(x).toBeLessThanOrEqual(width)
      expect(y).toBeGreaterThanOrEqual(0)
      expect(y).toBeLessThanOrEqual(height)
    }
  })

  it('draws rewards that differ by decades by their logarithm, the better one higher', () => {
    const reward = lines(
      trainingCurve([-10_000, -1_000, -100].map((meanReward, i) => ({ steps: i + 1, meanReward })))
    )[0]
    const [first, second, third] = reward.map(([, y]) => y)
    expect(first).toBeGreaterThan(second)
    expect(second - third).toBeCloseTo(first - second, 0)
    const even = lines(trainingCurve([10, 20, 40].map((meanReward, i) => ({ steps: i + 1, meanReward }))))[0]
    expect(even[1][1] - even[2][1]).toBeCloseTo(2 * (even[0][1] - even[1][1]), 0)
  })

  it('cuts off what a critic knows less than nothing, and says so', () => {
    expect(trainingCurve(curve)).toContain('explained variance: 0.975 at the end, below -1 cut off')
  })

  it('marks the model that was kept, and has the colours of a page where it stands in one', () => {
    expect(trainingCurve(curve, { keptAt: 40_960 })).toContain('dashed: the model that was kept')
    const own = trainingCurve(curve, { title: 'a < b' })
    expect(own).toContain('a &lt; b')
    expect(own).toContain('fill="#fff"')
    const page = trainingCurve(curve, { page: true })
    expect(page).not.toMatch(/#[0-9a-f]{3,6}/)
    expect(page).toContain('var(--accent)')
  })

  it('of nothing, of one point, of a line that does not move', () => {
    expect(trainingCurve([])).toContain('nothing to draw')
    expect(trainingCurve([{ steps: 5, meanReward: 3 }])).toContain('<circle')
    const flat = trainingCurve([1, 2, 3].map((steps) => ({ steps, meanReward: 0 })))
    expect(flat).not.toMatch(/NaN|Infinity/)
  })
})

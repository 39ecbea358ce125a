import { describe, expect, it } from 'vitest'
import { atEqualCost, chooseKnob, type FrontierPoint, frontierOf, overloadedAt } from './frontier.ts'

const point = (policy: string, unitHours: number, overloadedMinutes: number): FrontierPoint => ({
  policy,
  knob: { target: unitHours },
  unitHours,
  overloadedMinutes
})

const points = [
  point('hpa', 100, 50),
  point('hpa', 120, 45), // above the line from 100 to 140: mixing the neighbours is better
  point('hpa', 140, 10),
  point('hpa', 160, 12), // dearer and worse
  point('proportional', 110, 20),
  point('mpc', 110, 8)
]

describe('frontier', () => {
  it('keeps only what no mixture undercuts', () => {
    expect(frontierOf(points, ['hpa']).map(({ unitHours }) => unitHours)).toEqual([100, 140])
    expect(frontierOf(points, ['hpa', 'proportional']).map(({ unitHours }) => unitHours)).toEqual([
      100, 110, 140
    ])
  })

  it('interpolates at equal cost', () => {
    const hpa = frontierOf(points, ['hpa'])
    expect(overloadedAt(hpa, 110)).toBeCloseTo(40)
    expect(atEqualCost(points[5], hpa)).toEqual({ ours: 8, theirs: 40, saved: 0.8 })
  })

  it('does not claim a saving where the others were never so cheap', () => {
    expect(atEqualCost(point('mpc', 90, 8), frontierOf(points, ['hpa'])).saved).toBeNaN()
  })

  it('calls it equal where nobody is late, and a loss where only we are', () => {
    const calm = frontierOf([point('hpa', 10, 0)], ['hpa'])
    expect(atEqualCost(point('mpc', 12, 0), calm).saved).toBe(0)
    expect(atEqualCost(point('mpc', 12, 3), calm).saved).toBe(-Infinity)
  })
})

describe('chooseKnob', () => {
  it('takes the fewest late minutes among the affordable', () => {
    const chosen = chooseKnob([point('mpc', 90, 30), point('mpc', 119, 5), point('mpc', 130, 0)], 100)
    expect(chosen?.unitHours).toBe(119)
  })

  it('takes the cheapest where none is affordable', () => {
    expect(chooseKnob([point('mpc', 150, 3), point('mpc', 130, 9)], 100)?.unitHours).toBe(130)
  })
})

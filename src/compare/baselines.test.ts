import { describe, expect, it } from 'vitest'
import { type Kind, planOf, wave } from '../../test/fakes/small-rehearsal.ts'
import type { Units } from '../roles.ts'
import { fixedBest, withBaselines } from './baselines.ts'
import { measuresOf } from './measures-of.ts'
import { constantSizes, fateOf, needOf, resourcesOf } from './plan.ts'
import { mindOf } from './policy-spec.ts'
import { rehearse } from './rehearse.ts'

describe('withBaselines', () => {
  const plan = planOf('service', wave(600), 120)
  const labels = (...names: string[]) =>
    withBaselines(
      plan,
      names.map((name) => ({ name, options: {} }))
    ).map(({ label }) => label)

  it('puts fixed and hpa first, whatever was asked for', () => {
    expect(labels()).toEqual(['fixed', 'hpa'])
    expect(labels('mpc', 'hpa')).toEqual(['fixed', 'hpa', 'mpc'])
    expect(labels('mpc', 'fixed', 'mpc')).toEqual(['fixed', 'hpa', 'mpc'])
  })

  it('leaves out what is no policy', () => {
    expect(labels('oracle', 'fixed-best', 'ds2')).toEqual(['fixed', 'hpa', 'ds2'])
  })

  it('keeps the same policy under two settings apart', () => {
    const specs = withBaselines(plan, [
      { name: 'hpa', options: { target: '.6' } },
      { name: 'fixed', options: { units: '3' } }
    ])
    expect(specs.map(({ label }) => label)).toEqual(['fixed', 'hpa', 'hpa:target=.6', 'fixed:units=3'])
  })

  it('sizes fixed for 1.2 × the training peak, each operator by what reaches it', () => {
    const stream = planOf('chain', wave(600), 120)
    const [{ options }] = withBaselines(stream, [])
    expect(options.units).toMatch(/^src=\d+;map=\d+;sink=\d+$/)
  })
})

describe.each<Kind>(['service', 'stream', 'chain', 'spark'])('fixed-best in the %s world', (kind) => {
  const plan = planOf(kind, wave(400), 120, { minUnits: 2, maxUnits: 30 })
  const fate = fateOf(plan, 1)
  const need = needOf(plan, fate)
  const sizes = constantSizes(plan)
  const late = sizes.map((initial) => {
    const units = Object.entries(initial).map(([name, n]) => `${name}=${n}`)
    const [{ track }] = rehearse({ ...fate, initial }, [mindOf('fixed', { units: units.join(';') }, '')], {})
    return measuresOf(plan, track, need)
  })
  const sum = (units: Units) => Object.values(units).reduce((total, n) => total + n, 0)

  it('knows constants from the least to the most units, each dearer than the one before', () => {
    const all = (n: number) => Object.fromEntries(resourcesOf(plan).map((name) => [name, n]))
    expect(sizes[0]).toEqual(all(2))
    expect(sizes.at(-1)).toEqual(all(30))
    for (let i = 1; i < sizes.length; i++) expect(sum(sizes[i])).toBeGreaterThan(sum(sizes[i - 1]))
  })

  it('finds what trying every constant finds: the cheapest with no more overloaded minutes', () => {
    const best = fixedBest(plan, fate, need)
    for (const limit of [0, 1, 5, 17, 40, 80, 119, 10_000]) {
      const wanted = late.findIndex(({ overloadedMinutes }) => overloadedMinutes <= limit)
      const { units, measures } = best(limit)
      expect(units).toEqual(typeof units === 'number' ? sum(sizes[wanted]) : sizes[wanted])
      expect(measures).toEqual(late[wanted])
    }
  })

  it('is the largest constant where none is so good', () => {
    const tight = planOf(kind, wave(400), 120, { maxUnits: 2 })
    const own = fateOf(tight, 1)
    const { measures, units } = fixedBest(tight, own, needOf(tight, own))(0)
    expect(measures.overloadedMinutes).toBeGreaterThan(0)
    expect(JSON.stringify(units)).toContain('2')
  })
})

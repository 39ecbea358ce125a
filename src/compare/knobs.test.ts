import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planOf, wave } from '../../test/fakes/small-rehearsal.ts'
import { DAY, MINUTE, type Series } from '../base/index.ts'
import { forecastersOf } from './forecaster-spec.ts'
import { chooseKnobs, openKnobs, tuningPlan } from './knobs.ts'
import { measuresOf } from './measures-of.ts'
import { fateOf, needOf, type Plan, planService } from './plan.ts'
import { knobSettings, mindOf } from './policy-spec.ts'
import { doJobsHere } from './rehearsal.ts'
import { rehearse } from './rehearse.ts'

const request = { forecast: 'naive', seed: 1, threads: 1 }
const mpc = { name: 'mpc', options: {}, label: 'mpc' }

describe('openKnobs', () => {
  it('are those of predictive policies that nobody set', () => {
    const specs = [
      mpc,
      { name: 'mpc', options: { price: '40' }, label: 'mpc:price=40' },
      { name: 'hpa', options: {}, label: 'hpa' },
      { name: 'fixed', options: {}, label: 'fixed' }
    ]
    expect(openKnobs(specs)).toEqual([mpc])
  })
})

describe('tuningPlan', () => {
  it('scores inside the training part: its end, no more than half of it', () => {
    const plan = planOf('service', wave(1_000), 300)
    expect(tuningPlan(plan)!.span).toEqual({ fitFrom: 0, scoreFrom: 400, scoreTo: 700 })
    expect(tuningPlan(planOf('service', wave(1_000), 500))!.span).toEqual({
      fitFrom: 0,
      scoreFrom: 250,
      scoreTo: 500
    })
  })

  it('scores no more than a week', () => {
    const plan = planOf('service', wave(100 * 1_440), 30 * 1_440)
    const { scoreFrom, scoreTo } = tuningPlan(plan)!.span
    expect((scoreTo - scoreFrom) * MINUTE).toBe(7 * DAY)
  })

  it('does not exist where there is nothing to divide', () => {
    expect(tuningPlan(planOf('service', wave(2), 1))).toBeUndefined()
  })
})

describe('chooseKnobs', () => {
  const trace = wave(700)
  const plan = planOf('service', trace, 200)

  it('takes the fewest overloaded minutes at no more than 1.2 × hpa, both on the training part', async () => {
    const tuning = tuningPlan(plan)!
    const fate = fateOf(tuning, 1)
    const need = needOf(tuning, fate)
    const run = (name: string, options: object) => {
      const mind = mindOf(name, { ...options }, 'naive')
      const [{ track }] = rehearse(fate, [mind], forecastersOf('naive'))
      return measuresOf(tuning, track, need)
    }
    const most = 1.2 * run('hpa', {}).unitHours
    const affordable = knobSettings('mpc')
      .map((options) => ({ options, ...run('mpc', options) }))
      .filter(({ unitHours }) => unitHours <= most)
      .toSorted((a, b) => a.overloadedMinutes - b.overloadedMinutes || a.unitHours - b.unitHours)
    const { mpc: chosen } = await chooseKnobs(tuning, [mpc], request, doJobsHere)
    expect(chosen).toEqual(affordable[0].options)
  })

  it('never looks at the held-back part', async () => {
    const choose = (held: Series) => {
      const altered = planService('service', held, plan.span)
      return chooseKnobs(tuningPlan(altered)!, [mpc], request, doJobsHere)
    }
    const known = await choose(trace)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.double({ min: 0, max: 1e4, noNaN: true }), fc.constant(NaN)), {
          minLength: 200,
          maxLength: 200
        }),
        async (held) => {
          const values = Float64Array.from([...trace.values.subarray(0, 500), ...held])
          expect(await choose({ ...trace, values })).toEqual(known)
        }
      ),
      { numRuns: 3 }
    )
  })

  it('gives the same however many hands do it', async () => {
    const tuning: Plan = tuningPlan(plan)!
    const one = await chooseKnobs(tuning, [mpc], request, doJobsHere)
    expect(await chooseKnobs(tuning, [mpc], { ...request, threads: 3 }, doJobsHere)).toEqual(one)
  })

  it('does nothing where no knob is open', async () => {
    expect(await chooseKnobs(plan, [], request, doJobsHere)).toEqual({})
  })
})

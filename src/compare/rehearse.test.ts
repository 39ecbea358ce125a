import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  everyMind,
  type Kind,
  mind,
  planOf,
  policyNames,
  watched,
  wave
} from '../../test/fakes/small-rehearsal.ts'
import { canonicalJson, endMs, HOUR, MINUTE, type Series, series } from '../base/index.ts'
import { type PolicyEntry, policies } from '../decide/index.ts'
import { makeForecaster } from '../forecast/index.ts'
import type { Forecaster } from '../roles.ts'
import { overloadedFlags } from './measure.ts'
import { measuresOf } from './measures-of.ts'
import { fateOf, needOf } from './plan.ts'
import { type Fate, type Mind, type Run, rehearse } from './rehearse.ts'

const kinds: Kind[] = ['service', 'stream', 'chain', 'spark']
const forecasters = { naive: makeForecaster('naive') }
const fates = new Map<string, Fate>()

/** Three hours scored after a day and a bit of training. */
function fate(kind: Kind, seed = 1): Fate {
  const key = `${kind} ${seed}`
  const known = fates.get(key) ?? fateOf(planOf(kind, wave(30 * 60), 180), seed)
  fates.set(key, known)
  return known
}

const run = (f: Fate, minds: readonly Mind[], keep = true) =>
  rehearse(f, minds, forecasters, { keepTurns: () => keep })

const bytesOf = ({ label, track, turns }: Run) => canonicalJson({ label, track, turns })

describe.each(kinds)('in the %s world', (kind) => {
  const all = run(fate(kind), everyMind())
  const byName = new Map(all.map((one, i) => [policyNames[i], one]))

  it('every policy meets bitwise the same demand', () => {
    const { demand, warmupSteps } = fate(kind)
    for (const { track } of all) expect(track.arrivals).toEqual(demand.subarray(warmupSteps))
  })

  it('no policy is moved by who runs beside it', () => {
    for (const name of ['hpa', 'mpc', 'ds2', 'flink', 'knative'] as const) {
      const [alone] = run(fate(kind), [mind(name)])
      expect(bytesOf(alone)).toBe(bytesOf(byName.get(name)!))
    }
    const backwards = run(fate(kind), everyMind().toReversed()).toReversed()
    expect(backwards.map(bytesOf)).toEqual(all.map(bytesOf))
  })

  it('the same again gives the same bytes, and another seed others', () => {
    expect(run(fate(kind), everyMind()).map(bytesOf)).toEqual(all.map(bytesOf))
    expect(bytesOf(run(fate(kind, 2), [mind('hpa')])[0])).not.toBe(bytesOf(byName.get('hpa')!))
  })

  it.each(policyNames)('every stored Turn of %s is decided again to the same bytes', (name) => {
    const { make } = (policies as Readonly<Record<string, PolicyEntry>>)[name]
    const { turns } = byName.get(name)!
    expect(turns.length).toBeGreaterThan(0)
    for (const turn of turns) {
      const policy = make(turn.policy.options)
      const { decision, memory } = policy.decide(turn.observation, turn.before)
      expect(canonicalJson(decision)).toBe(canonicalJson(turn.decision))
      expect(canonicalJson(memory)).toBe(canonicalJson(turn.after))
    }
  })

  it('memory is plain JSON: a Turn that was written and read goes on in the same way', () => {
    for (const name of policyNames) {
      const { make } = (policies as Readonly<Record<string, PolicyEntry>>)[name]
      for (const { before, observation, policy, after, decision } of byName.get(name)!.turns.slice(0, 40)) {
        const again = make(policy.options).decide(observation, JSON.parse(JSON.stringify(before)))
        expect(canonicalJson(again)).toBe(canonicalJson({ decision, memory: after }))
      }
    }
  })

  it('a Turn is kept where the decision or its reason changed, and rescales are counted', () => {
    for (const { track, turns } of all) {
      expect(turns.length).toBeGreaterThanOrEqual(track.rescales.length)
      const moments = new Set(turns.map(({ atMs }) => atMs))
      for (const { step } of track.rescales) {
        expect(moments).toContain(track.startMs + step * track.stepMs)
      }
    }
  })

  it('altering what comes later alters no decision before', () => {
    const { demand, stepMs, startMs } = fate(kind)
    const name = kind === 'service' ? 'blend' : 'naive'
    const minds = () => everyMind(name).map(watched)
    const both = { [name]: makeForecaster(name) }
    const decided = (watching: ReturnType<typeof minds>, untilMs: number) =>
      watching.map(({ seen }) => {
        const before = seen.filter(({ observation }) => observation.nowMs <= untilMs)
        // All that was said, and what was seen last, the forecast included.
        return before
          .map(({ decision }) => canonicalJson(decision))
          .concat(before.slice(-4).map(({ observation }) => canonicalJson(observation)))
      })
    const original = minds()
    rehearse(
      fate(kind),
      original.map((each) => each.mind),
      both
    )
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: demand.length - 1 }),
        fc.constantFrom(0, NaN, 3, 40),
        (step, factor) => {
          const other = demand.map((n, i) => (i < step ? n : Math.round(n * factor)))
          const changed = minds()
          rehearse(
            { ...fate(kind), demand: other },
            changed.map((each) => each.mind),
            both
          )
          const untilMs = startMs + step * stepMs
          expect(decided(changed, untilMs)).toEqual(decided(original, untilMs))
        }
      ),
      { numRuns: 4 }
    )
  })
})

describe('what a policy sees', () => {
  const seenBy = (
    f: Fate,
    given = mind('hpa'),
    known: Readonly<Record<string, Forecaster>> = forecasters
  ) => {
    const { mind: watching, seen } = watched(given)
    rehearse(f, [watching], known)
    return seen.map(({ observation }) => observation)
  }

  it('is the load one step late, an hour of it, with the jitter of a scrape', () => {
    const f = fate('service')
    let most = 0
    for (const { nowMs, load } of seenBy(f)) {
      const end = Math.max(f.startMs, nowMs - f.stepMs)
      expect(endMs(load!)).toBe(end)
      expect(load!.startMs).toBe(Math.max(f.startMs, end - HOUR))
      for (let i = 0; i < load!.values.length; i++) {
        const really = f.demand[(load!.startMs - f.startMs) / f.stepMs + i] / 15
        most = Math.max(most, Math.abs(load!.values[i] / really - 1))
      }
    }
    expect(most).toBeGreaterThan(0.01)
    expect(most).toBeLessThan(0.06)
  })

  it('is nothing of the world but what is measured or was said', () => {
    const said = { leadTimeMs: { p50: MINUTE, p90: MINUTE }, unitRate: 9.25, sloMs: 1234, unitHour: 0.75 }
    const plan = planOf('service', wave(30 * 60), 120, { ...said, truth: { unitRate: 0.8, leadTime: 3 } })
    const [first, ...later] = seenBy(fateOf(plan, 1), mind('proportional'))
    const known = [
      ...['nowMs', 'target', 'load', 'capacity', 'bounds', 'metrics', 'slo', 'price'],
      ...['service', 'forecast']
    ]
    expect(Object.keys(first).filter((key) => !known.includes(key))).toEqual([])
    expect(first.service).toEqual({
      unitRate: NaN,
      leadTimeMs: said.leadTimeMs,
      restartMs: undefined,
      assumed: ['unitRate', 'leadTimeMs', 'restartMs']
    })
    expect(canonicalJson(first)).not.toMatch(/9\.25|7\.4/)
    const last = later.at(-1)!
    expect(last.service!.assumed).toEqual([])
    // What is really there, estimated: 0.8 × 9.25 events/s and three minutes.
    expect(Math.abs(last.service!.unitRate! / 7.4 - 1)).toBeLessThan(0.05)
    expect(Math.abs(last.service!.leadTimeMs!.p50 / (3 * MINUTE) - 1)).toBeLessThan(0.15)
  })

  it.each(kinds)(
    'is a starting unit after the estimated lead time, not the one that was drawn: %s',
    (kind) => {
      const leadTimeMs = { p50: MINUTE, p90: 2 * MINUTE }
      const plan = planOf(kind, wave(30 * 60), 120, { leadTimeMs, truth: { leadTime: 4 } })
      const starts = seenBy(fateOf(plan, 1)).filter(({ capacity }) => (capacity.starting?.length ?? 0) > 0)
      expect(starts.length).toBeGreaterThan(20)
      expect(Object.keys(starts[0].capacity.starting![0]).sort()).toEqual(['readyAtMs', 'resource', 'units'])
      // Nothing was measured yet: a minute, as was said, though it will be four.
      const [first] = starts
      expect(first.service!.assumed).toContain('leadTimeMs')
      // It was asked for at the step before.
      expect(first.capacity.starting![0].readyAtMs).toBe(first.nowMs - 15_000 + MINUTE)
      const measured = starts.find(({ service }) => !service!.assumed!.includes('leadTimeMs'))!
      for (const { readyAtMs } of measured.capacity.starting!) {
        expect(readyAtMs).toBeGreaterThanOrEqual(measured.nowMs)
        expect(readyAtMs - measured.nowMs).toBeLessThanOrEqual(measured.service!.leadTimeMs!.p50)
      }
    }
  )

  it('is the forecast of a forecaster that was fitted on the history and told each minute once', () => {
    const f = fate('service')
    const told: Series[] = []
    const naive = makeForecaster('naive')
    const spy: Forecaster = {
      name: 'spy',
      fit(history, options) {
        const fitted = naive.fit(history, options)
        told.push(history)
        const update = (more: Series) => {
          told.push(more)
          fitted.update(more)
          return { ...fitted, update }
        }
        return { ...fitted, update }
      }
    }
    const seen = seenBy(f, { ...mind('mpc'), forecaster: 'spy' }, { spy })
    const lastMs = seen.at(-1)!.nowMs
    for (let i = 1; i < told.length; i++) expect(told[i].startMs).toBe(endMs(told[i - 1]))
    expect(told[0]).toEqual(f.history)
    expect(endMs(told.at(-1)!)).toBeLessThanOrEqual(lastMs - f.stepMs)
    for (const { forecast, nowMs } of seen) {
      expect(forecast!.mean).toHaveLength(f.horizon)
      // Made from what was measured a step ago at the latest, at most one of its steps old.
      expect(forecast!.startMs).toBeLessThanOrEqual(Math.max(f.startMs, nowMs - f.stepMs))
      expect(forecast!.startMs).toBeGreaterThan(nowMs - f.stepMs - f.history.stepMs)
    }
  })

  it('is the same forecast whether it is shared or its own', () => {
    const f = fate('service')
    const pair = [mind('mpc'), mind('mpc', { price: 40 })].map(watched)
    rehearse(
      f,
      pair.map((each) => each.mind),
      forecasters
    )
    const own = seenBy(f, mind('mpc', { price: 40 }))
    expect(pair[1].seen.map(({ observation }) => canonicalJson(observation.forecast))).toEqual(
      own.map(({ forecast }) => canonicalJson(forecast))
    )
  })

  it('is no forecast while there is nothing to fit one on', () => {
    const f = { ...fate('service'), history: series(MINUTE, [], { startMs: fate('service').startMs }) }
    const seen = seenBy(f, mind('mpc', {}, 'holt-winters'), {
      'holt-winters': makeForecaster('holt-winters')
    })
    expect(seen[0].forecast).toBeUndefined()
    expect(seen.at(-1)!.forecast).toBeDefined()
  })
})

describe('a load', () => {
  const long = wave(30 * 60)
  const altered = (change: (values: Float64Array) => void) => {
    const values = long.values.slice()
    change(values)
    return { ...long, values }
  }

  it.each(kinds)('with a gap crashes nobody, is not scored there and is paid for: %s', (kind) => {
    const gap = { from: 30 * 60 - 100, to: 30 * 60 - 60 }
    const plan = planOf(
      kind,
      altered((values) => values.fill(NaN, gap.from, gap.to)),
      180
    )
    const f = fateOf(plan, 1)
    const need = needOf(plan, f)
    for (const one of rehearse(f, everyMind('blend'), { blend: makeForecaster('blend') })) {
      const flags = overloadedFlags(one.track)
      expect(flags.subarray(80, 120).every((flag) => flag === 0)).toBe(true)
      const { unitHours, sloViolationRatio, ...rest } = measuresOf(plan, one.track, need)
      expect(unitHours).toBeGreaterThan(0)
      expect(sloViolationRatio).toBeLessThanOrEqual(1)
      expect(Number.isFinite(rest.overloadedMinutes + rest.rescales + rest.dropped)).toBe(true)
    }
  })

  it.each(kinds)('that ends in nothing crashes nobody: %s', (kind) => {
    const plan = planOf(
      kind,
      altered((values) => values.fill(0, 30 * 60 - 100)),
      180
    )
    const f = fateOf(plan, 1)
    for (const { track } of rehearse(f, everyMind('blend'), { blend: makeForecaster('blend') })) {
      expect(track.arrivals.subarray(-100).every((n) => n === 0)).toBe(true)
      // A backlog may be left; five minutes later nobody is late any more, as nobody comes.
      expect(
        overloadedFlags(track)
          .subarray(85)
          .every((flag) => flag === 0)
      ).toBe(true)
    }
  })

  it('that begins unknown is begun with the least units', () => {
    const plan = planOf(
      'service',
      altered((values) => values.fill(NaN, 30 * 60 - 240, 30 * 60 - 150)),
      180
    )
    const f = fateOf(plan, 1)
    expect(f.initial).toEqual({ unit: 1 })
    expect(() => rehearse(f, everyMind(), forecasters)).not.toThrow()
  })
})

it('policies are asked as often as they are published to be', () => {
  const f = fate('service')
  const asked = (name: string, options = {}) => {
    const { mind: watching, seen } = watched(mind(name, options))
    rehearse(f, [watching], forecasters)
    return new Set(seen.slice(1).map(({ observation }, i) => observation.nowMs - seen[i].observation.nowMs))
  }
  expect([...asked('hpa')]).toEqual([15_000])
  expect([...asked('flink', { reconcileInterval: '1m' })]).toEqual([60_000])
})

it('says how far it is, from nothing on', () => {
  const f = fate('service')
  const told: [number, number][] = []
  rehearse(f, [mind('fixed')], forecasters, { progress: (step, of) => told.push([step, of]) })
  expect(told[0]).toEqual([0, f.demand.length])
})

import { describe, expect, it } from 'vitest'
import { planOf, wave } from '../../test/fakes/small-rehearsal.ts'
import { canonicalJson } from '../base/index.ts'
import { parsePolicies } from './policy-spec.ts'
import { doJobsHere, type RehearsalRequest, rehearseAll } from './rehearsal.ts'
import { doJob, shareOut } from './rehearsal-job.ts'

const plan = planOf('service', wave(500), 150)
const request = (policies: string, more: Partial<RehearsalRequest> = {}): RehearsalRequest => ({
  policies: parsePolicies(policies),
  forecast: 'naive',
  seeds: [1],
  frontier: false,
  chooseKnobs: false,
  ...more
})

describe('a whole rehearsal', () => {
  it('begins with fixed, hpa and oracle, whatever was asked for and for however many seeds', async () => {
    const { runs } = await rehearseAll(plan, request('proportional,fixed-best,hpa', { seeds: [4, 5] }))
    expect(runs.map(({ policy, seed }) => `${policy} ${seed}`)).toEqual([
      ...['fixed 4', 'hpa 4', 'oracle 4', 'proportional 4', 'fixed-best 4', 'fixed-best 4'],
      ...['fixed 5', 'hpa 5', 'oracle 5', 'proportional 5', 'fixed-best 5', 'fixed-best 5']
    ])
    expect(runs[0].knob).toEqual({ units: expect.any(Number) })
    expect(runs[1].knob).toEqual({ target: 0.8 })
    expect(runs[2].knob).toEqual({ latePrice: expect.any(Number) })
  })

  it('has a fixed-best for each policy, no later and as cheap as a constant can be', async () => {
    const { runs } = await rehearseAll(plan, request('proportional,fixed-best'))
    const best = runs.filter(({ policy }) => policy === 'fixed-best')
    expect(best.map(({ knob }) => knob)).toEqual([
      { for: 'hpa', units: expect.any(Number) },
      { for: 'proportional', units: expect.any(Number) }
    ])
    for (const row of best) {
      const other = runs.find(({ label }) => row.label === `fixed-best for ${label}`)!
      expect(row.overloadedMinutes).toBeLessThanOrEqual(other.overloadedMinutes)
      expect(row.rescales).toBe(0)
    }
  })

  it('keeps one policy under two settings apart, and the options that are no knob in the name', async () => {
    const { runs, contenders } = await rehearseAll(
      plan,
      request('hpa:target=.5,upTolerance=.2,hpa:target=.6')
    )
    expect(runs.map(({ policy, knob, label }) => ({ policy, knob, label })).slice(3)).toEqual([
      { policy: 'hpa:upTolerance=.2', knob: { target: 0.5 }, label: 'hpa:target=.5,upTolerance=.2' },
      { policy: 'hpa', knob: { target: 0.6 }, label: 'hpa:target=.6' }
    ])
    expect(contenders.map(({ label }) => label)).toEqual([
      ...['fixed', 'hpa', 'hpa:target=.5,upTolerance=.2', 'hpa:target=.6']
    ])
  })

  it('compares everyone with hpa, and those that look ahead with those that do not', async () => {
    const { pairs } = await rehearseAll(plan, request('threshold,mpc:price=40'))
    const late = pairs.filter(({ metric }) => metric === 'overloadedMinutes')
    expect(late.map(({ a, b }) => `${a} - ${b}`)).toEqual([
      'fixed - hpa',
      'threshold - hpa',
      'mpc:price=40 - fixed',
      'mpc:price=40 - hpa',
      'mpc:price=40 - threshold'
    ])
    for (const { ci95, difference } of pairs) {
      expect(ci95[0]).toBeLessThanOrEqual(difference)
      expect(ci95[1]).toBeGreaterThanOrEqual(difference)
    }
  })

  it('sweeps every knob for the frontier and keeps only its hull', async () => {
    const { points, frontier, runs } = await rehearseAll(plan, request('proportional', { frontier: true }))
    const count = (policy: string) => points.filter((point) => point.policy === policy).length
    expect(count('hpa')).toBe(14)
    expect(count('proportional')).toBe(14)
    expect(count('fixed')).toBe(1)
    for (const policy of ['fixed', 'hpa', 'oracle', 'proportional']) {
      const hull = frontier.filter((point) => point.policy === policy)
      expect(hull.length).toBeGreaterThan(0)
      for (let i = 1; i < hull.length; i++) {
        expect(hull[i].unitHours).toBeGreaterThan(hull[i - 1].unitHours)
        expect(hull[i].overloadedMinutes).toBeLessThan(hull[i - 1].overloadedMinutes)
      }
    }
    expect(runs).toHaveLength(4)
  })

  it('chooses the open knob of a predictive policy on the training part, and says so', async () => {
    const { chosen, runs } = await rehearseAll(plan, request('mpc', { chooseKnobs: true }))
    expect(chosen).toEqual({ mpc: { price: expect.any(Number) } })
    expect(runs.at(-1)).toMatchObject({ policy: 'mpc', label: 'mpc', knob: chosen.mpc })
    const set = await rehearseAll(plan, request('mpc:price=77', { chooseKnobs: true }))
    expect(set.chosen).toEqual({})
  })

  it('gives the same bytes however it is shared out', async () => {
    const all = request('proportional,mpc,fixed-best', { frontier: true, seeds: [1, 2], keepTurns: true })
    const bytes = (rehearsed: object) => canonicalJson(rehearsed)
    const one = bytes(await rehearseAll(plan, all))
    expect(bytes(await rehearseAll(plan, { ...all, threads: 3 }))).toBe(one)
  })

  it('keeps Turns of the first seed only when they are asked for', async () => {
    const without = await rehearseAll(plan, request('proportional'))
    expect(without.contenders.every(({ turns }) => turns.length === 0)).toBe(true)
    const asked: boolean[] = []
    const kept = await rehearseAll(
      plan,
      request('proportional', { keepTurns: true, seeds: [1, 2], frontier: true }),
      async (jobs) => {
        asked.push(...jobs.map(({ keepTurns }) => keepTurns))
        return doJobsHere(jobs)
      }
    )
    expect(asked).toEqual([true, false])
    for (const { turns, label } of kept.contenders) {
      expect(turns.length).toBeGreaterThan(0)
      for (const { target, policy } of turns) {
        expect(target).toBe(`service/${label}`)
        expect(policy.name).toBe(label)
      }
    }
  })

  it.each([
    ['a policy nobody knows', request('hpaa'), /'hpaa'.*hpa/],
    ['an option nobody knows', request('hpa:taget=.6'), /taget.*target/],
    ['a value that cannot be', request('hpa:target=-1'), /hpa\.target/],
    ['an option of the oracle', request('oracle:latePrice=3'), /oracle/],
    ['a forecaster nobody knows', request('mpc', { forecast: 'naiv' }), /naiv.*naive/],
    ['no seed', request('mpc', { seeds: [] }), /seeds/]
  ])('refuses %s before the first run', async (_what, wrong, message) => {
    let jobs = 0
    const doJobs: typeof doJobsHere = async (given) => {
      jobs++
      return doJobsHere(given)
    }
    await expect(rehearseAll(plan, wrong, doJobs)).rejects.toThrow(message)
    expect(jobs).toBe(0)
  })
})

describe('a job', () => {
  const spec = (name: string, options = {}) => ({ name, options, label: name, keepTrack: false })
  const job = { what: 'test', plan, seed: 1, forecast: 'naive', keepTurns: false }

  it('answers in the order of its specs', () => {
    const specs = [
      spec('oracle', { latePrice: 5 }),
      spec('hpa'),
      spec('fixed-best', { limit: 3 }),
      { ...spec('threshold'), keepTrack: true }
    ]
    const runs = doJob({ ...job, specs })
    expect(runs.map(({ label }) => label)).toEqual(['oracle', 'hpa', 'fixed-best', 'threshold'])
    expect(runs.map(({ track }) => track !== undefined)).toEqual([false, false, false, true])
    expect(runs[2].units).toEqual(expect.any(Number))
    expect(runs[0].measures.unitHours).toBeLessThan(runs[1].measures.unitHours)
  })

  it('goes to another thread and back as plain data', () => {
    const specs = [spec('mpc'), { ...spec('hpa'), keepTrack: true }]
    const there = structuredClone({ ...job, specs, keepTurns: true })
    expect(canonicalJson(structuredClone(doJob(there)))).toBe(canonicalJson(doJob(there)))
  })

  it('is shared out whole, nothing twice, nobody idle', () => {
    const specs = ['mpc', 'hpa', 'fixed', 'threshold', 'proportional', 'oracle', 'fixed-best'].map((name) =>
      spec(name)
    )
    for (const parts of [1, 2, 3, 20]) {
      const groups = shareOut(specs, parts)
      const names = groups.flat().map(({ name }) => name)
      expect(names.toSorted()).toEqual(specs.map(({ name }) => name).toSorted())
      expect(groups.length).toBe(Math.min(parts, specs.length))
    }
    // The one that is shown forecasts costs more than everything else together.
    expect(shareOut(specs, 2)[0]).toEqual([specs[0]])
  })
})

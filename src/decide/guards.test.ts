import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HOUR, MINUTE } from '../base/index.ts'
import type { Decision, Json, Metric, Observation, Policy, Units } from '../roles.ts'
import { wantedNow } from './answer.ts'
import { doubtsOf } from './doubt.ts'
import { faults, serviceSeen, streamSeen } from './faults.case.ts'
import { type PolicyEntry, policies } from './index.ts'
import { withBounds } from './with-bounds.ts'
import { withCooldown } from './with-cooldown.ts'
import { withRateLimit } from './with-rate-limit.ts'
import { withRescaleBudget } from './with-rescale-budget.ts'
import { withShield } from './with-shield.ts'
import { withSpendLimit } from './with-spend-limit.ts'
import { withStabilization } from './with-stabilization.ts'

const start = 1_000_000_000
const table: Readonly<Record<string, PolicyEntry>> = policies

/** A policy without judgement: it wants what the list says, entry by entry. Guards are tried against the worst. */
function wishes(list: readonly Units[], intervalMs = 15_000): Policy<number> {
  return {
    name: 'wishes',
    intervalMs,
    initial: () => 0,
    decide: (seen, at) => {
      const to = list[at % list.length]
      const kind = to.web === wantedNow(seen).web ? 'hold' : 'scale'
      return {
        decision: { kind, to, why: { rule: 'wish', inputs: {}, bound: [], changed: [] } },
        memory: at + 1
      }
    }
  }
}

interface Moment {
  readonly nowMs: number
  readonly now: number
  readonly decision: Decision
}

/** Every decision is carried out at once, or refused where `applied` says so; memory goes through JSON on the way. */
function live<Memory>(
  policy: Policy<Memory>,
  gaps: readonly number[],
  applied: readonly boolean[] = [true],
  more: Partial<Observation> = {}
): Moment[] {
  const moments: Moment[] = []
  let memory: Memory = policy.initial()
  let web = 5
  let nowMs = start
  for (const [i, gap] of gaps.entries()) {
    nowMs += gap
    const seen: Observation = { nowMs, capacity: { ready: { web }, wanted: { web } }, ...more }
    const out = policy.decide(seen, memory)
    memory = JSON.parse(JSON.stringify(out.memory))
    moments.push({ nowMs, now: web, decision: out.decision })
    if (applied[i % applied.length]) web = out.decision.to.web
  }
  return moments
}

const units = fc.integer({ min: 0, max: 40 })
const wishList = fc.array(units, { minLength: 1, maxLength: 60 }).map((list) => list.map((web) => ({ web })))
const gapList = fc.array(fc.integer({ min: 1, max: 4 * MINUTE }), { minLength: 1, maxLength: 80 })
const appliedList = fc.array(fc.boolean(), { minLength: 1, maxLength: 7 })

describe('withBounds', () => {
  it('never lets anything out of its bounds, whatever is wanted, and names what held', () => {
    fc.assert(
      fc.property(wishList, gapList, units, units, (list, gaps, a, b) => {
        const [min, max] = [Math.min(a, b), Math.max(a, b)]
        for (const { decision } of live(withBounds(wishes(list), min, max), gaps)) {
          expect(decision.to.web).toBeGreaterThanOrEqual(min)
          expect(decision.to.web).toBeLessThanOrEqual(max)
          for (const change of decision.why.changed) {
            expect(decision.why.bound).toEqual([change.from.web > max ? 'maxReplicas' : 'minReplicas'])
          }
        }
      })
    )
  })

  it('holds to the bounds of the observation too, and lets the maximum win over a minimum', () => {
    const bounds = { web: { min: 30, max: 12 } }
    const [{ decision }] = live(withBounds(wishes([{ web: 20 }]), 1, 15), [1], [true], { bounds })
    expect(decision.to).toEqual({ web: 12 })
  })

  it('says nothing where it has nothing to say', () => {
    const [{ decision }] = live(withBounds(wishes([{ web: 7 }]), 1, 9), [1])
    expect(decision.why).toEqual({ rule: 'wish', inputs: {}, bound: [], changed: [] })
  })

  it.each([
    [-1, 3, /withBounds\.min must be a whole number, at least 0, was -1/],
    [2.5, 3, /withBounds\.min must be a whole number, at least 0, was 2\.5/],
    [0, 3.5, /withBounds\.max must be a whole number, at least min, 0, was 3\.5/],
    [0, NaN, /withBounds\.max must be a whole number, at least min, 0, was NaN/],
    [4, 3, /withBounds\.max must be a whole number, at least min, 4, was 3/]
  ])('refuses bounds of %d and %d', (min, max, message) => {
    expect(() => withBounds(wishes([{ web: 1 }]), min, max)).toThrow(message)
  })
})

describe('withCooldown', () => {
  it('leaves the quiet time between two changes, each way its own', () => {
    fc.assert(
      fc.property(wishList, gapList, appliedList, (list, gaps, applied) => {
        const quiet = { upMs: MINUTE, downMs: 5 * MINUTE }
        const changes = live(withCooldown(wishes(list), quiet), gaps, applied).filter(isChange)
        for (const [i, { nowMs, now, decision }] of changes.entries()) {
          if (i === 0) continue
          const since = nowMs - changes[i - 1].nowMs
          expect(since).toBeGreaterThanOrEqual(decision.to.web > now ? quiet.upMs : quiet.downMs)
        }
      })
    )
  })

  it('says how long ago the last change was', () => {
    const [, second] = live(withCooldown(wishes([{ web: 7 }, { web: 3 }]), MINUTE), [1, 20_000])
    expect(second.decision).toMatchObject({ kind: 'hold', to: { web: 7 }, why: { bound: ['cooldown'] } })
    expect(second.decision.why.changed).toEqual([
      { by: 'withCooldown', from: { web: 3 }, to: { web: 7 }, because: 'changed 20s ago, quiet for 1m' }
    ])
  })

  it('goes on pausing when the clock runs backwards', () => {
    const moments = live(withCooldown(wishes([{ web: 7 }, { web: 3 }]), MINUTE), [1, -2 * HOUR, 30_000])
    expect(moments.map(({ decision }) => decision.to.web)).toEqual([7, 7, 7])
  })
})

describe('withStabilization', () => {
  it('goes down only to the highest wish of its window and up only to the lowest', () => {
    fc.assert(
      fc.property(wishList, gapList, (list, gaps) => {
        const window = { upMs: 2 * MINUTE, downMs: 5 * MINUTE }
        const seen: { nowMs: number; web: number }[] = [{ nowMs: start + gaps[0], web: 5 }]
        for (const [i, { nowMs, now, decision }] of live(
          withStabilization(wishes(list), window),
          gaps
        ).entries()) {
          seen.push({ nowMs, web: list[i % list.length].web })
          const within = (ms: number) => seen.filter((one) => one.nowMs > nowMs - ms).map((one) => one.web)
          if (decision.to.web < now) expect(decision.to.web).toBe(Math.max(...within(window.downMs)))
          if (decision.to.web > now) expect(decision.to.web).toBe(Math.min(...within(window.upMs)))
        }
      })
    )
  })
})

describe('withRateLimit', () => {
  it('never moves further within a period than its rule, whatever is carried out', () => {
    fc.assert(
      fc.property(wishList, gapList, appliedList, (list, gaps, applied) => {
        const policy = withRateLimit(wishes(list), { up: 'Pods:3:5m', down: 'Pods:2:5m' })
        const moments = live(policy, gaps, applied)
        const done = moments.map(({ nowMs, now, decision }, i) => ({
          nowMs,
          change: applied[i % applied.length] ? decision.to.web - now : 0
        }))
        for (const [i, { nowMs, change }] of done.entries()) {
          const within = done.slice(0, i + 1).filter((one) => one.nowMs > nowMs - 5 * MINUTE)
          const net = within.reduce((sum, one) => sum + one.change, 0)
          // A move never makes the net change of its period larger than the rule; waiting can, as the other way is forgotten.
          if (change > 0) expect(net).toBeLessThanOrEqual(3)
          if (change < 0) expect(net).toBeGreaterThanOrEqual(-2)
        }
      })
    )
  })
})

describe('withRescaleBudget', () => {
  it('is never exceeded in any window, whatever is wanted and whatever is carried out', () => {
    const budgets = fc.record({
      most: fc.integer({ min: 0, max: 5 }),
      minutes: fc.integer({ min: 1, max: 60 })
    })
    fc.assert(
      fc.property(wishList, gapList, appliedList, budgets, (list, gaps, applied, { most, minutes }) => {
        const windowMs = minutes * MINUTE
        const times = live(withRescaleBudget(wishes(list), most, windowMs), gaps, applied)
          .filter(isChange)
          .map(({ nowMs }) => nowMs)
        for (const end of times) {
          expect(times.filter((ms) => ms > end - windowMs && ms <= end).length).toBeLessThanOrEqual(most)
        }
      })
    )
  })
})

it('gives a change back to the rescale budget exactly one window later', () => {
  const policy = withRescaleBudget(wishes([{ web: 1 }, { web: 2 }, { web: 3 }]), 1, 10 * MINUTE)
  const sizes = live(policy, [1, 10 * MINUTE - 1, 1]).map(({ decision }) => decision.to.web)
  expect(sizes).toEqual([1, 1, 3])
})

describe('withSpendLimit', () => {
  const price = 0.5
  const cases = fc.record({
    list: wishList,
    gaps: fc.array(fc.integer({ min: 1, max: 10 * MINUTE }), { minLength: 1, maxLength: 200 }),
    budget: fc.integer({ min: 1, max: 30 }),
    applied: appliedList
  })

  it('costs no more than its budget in any of its windows, as long as the minimum is affordable', () => {
    fc.assert(
      fc.property(cases, ({ list, gaps, budget }) => {
        const limit = { budget, windowMs: HOUR, unitHour: price, everyMs: 10 * MINUTE }
        const moments = live(withSpendLimit(wishes(list), limit), gaps)
        for (const cost of costs(moments, price)) expect(cost).toBeLessThanOrEqual(budget + 1e-9)
      }),
      { numRuns: 300 }
    )
  })

  it('does not spend at the end of a window what the next one would have to pay for', () => {
    const limit = { budget: 2, windowMs: HOUR, unitHour: 1, everyMs: 10 * MINUTE }
    const policy = withSpendLimit(wishes([{ web: 1 }, { web: 40 }]), limit)
    const [, { decision }] = live(policy, [1, 59 * MINUTE])
    // A minute of this window is left and money for 61 unit-minutes; nine minutes would be the next window's, which has
    // 120 for its hour and 60 of them for its minimum.
    expect(decision.to).toEqual({ web: 7 })
  })

  it('counts what was not carried out as well, so that a deaf engine cannot overspend unseen', () => {
    const limit = { budget: 6, windowMs: HOUR, unitHour: 1, everyMs: 10 * MINUTE }
    // Nothing is carried out: five units stay, and their cost is counted, not that of the one unit asked for.
    const policy = withSpendLimit(wishes([{ web: 1 }, { web: 40 }]), limit)
    const moments = live(policy, Array(6).fill(10 * MINUTE), [false])
    expect(moments.map(({ decision }) => decision.to.web)).toEqual([1, 27, 1, 1, 1, 1])
  })

  it('spends on a peak what the time before it left over', () => {
    const limit = { budget: 10, windowMs: HOUR, unitHour: 1, everyMs: 5 * MINUTE }
    const list = [...Array(6).fill({ web: 2 }), ...Array(6).fill({ web: 30 })]
    const sizes = live(withSpendLimit(wishes(list), limit), Array(12).fill(5 * MINUTE)).map(
      (m) => m.decision.to.web
    )
    expect(sizes.slice(0, 6)).toEqual(Array(6).fill(2))
    expect(sizes.slice(6)).toEqual([30, 30, 30, 16, 1, 1])
  })

  it('shares a cut out in proportion to what was asked above the minimum', () => {
    const policy = withSpendLimit(wishes([{ map: 20, sink: 10, web: 5 }]), {
      budget: 10,
      windowMs: HOUR,
      unitHour: 1,
      everyMs: HOUR
    })
    const seen = { nowMs: start, capacity: { ready: { map: 1, sink: 1, web: 1 } } }
    expect(policy.decide(seen, policy.initial()).decision.to).toEqual({ map: 5, sink: 2, web: 1 })
  })

  it('takes price and budget from the observation, and lets nothing grow whose price it does not know', () => {
    const policy = withSpendLimit(wishes([{ web: 9 }, { web: 2 }]))
    const at = (more: Partial<Observation>) =>
      live(policy, [1, 1], [false], more).map(({ decision }) => decision)
    expect(at({ price: { budgetPerMonth: 10 } })).toMatchObject([
      {
        kind: 'hold',
        to: { web: 5 },
        why: { bound: ['spendLimit'], changed: [{ because: 'price not known' }] }
      },
      { kind: 'scale', to: { web: 2 } }
    ])
    expect(at({ price: { unitHour: 1 } })[0].to).toEqual({ web: 9 })
    expect(at({ price: { unitHour: 1e6, budgetPerMonth: 10 } })[0].to).toEqual({ web: 1 })
  })

  /** Money by window of an hour, from the first decision on; what is wanted is paid for until the next decision. */
  function costs(moments: readonly Moment[], unitHour: number): number[] {
    const from = moments[0].nowMs
    const spent: number[] = []
    for (const [i, { nowMs, decision }] of moments.slice(0, -1).entries()) {
      for (let at = nowMs; at < moments[i + 1].nowMs; ) {
        const window = Math.floor((at - from) / HOUR)
        const until = Math.min(moments[i + 1].nowMs, from + (window + 1) * HOUR)
        spent[window] = (spent[window] ?? 0) + (decision.to.web * unitHour * (until - at)) / HOUR
        at = until
      }
    }
    return spent.filter((cost) => cost !== undefined)
  }
})

describe('withShield', () => {
  const settings: Readonly<Record<string, Record<string, Json>>> = {
    fixed: { units: 1 },
    scheduled: { schedule: '* * * * *=1' },
    hpa: { downStabilization: 0 }
  }
  const policyOf = (name: string): Policy => table[name].make(settings[name])

  const observed = fc.record({
    world: fc.constantFrom('service', 'stream'),
    load: fc.integer({ min: 0, max: 2_000 }),
    ready: fc.integer({ min: 0, max: 30 }),
    wanted: fc.integer({ min: 1, max: 30 }),
    fault: fc.option(fc.constantFrom(...faults), { freq: 2 })
  })

  it.each(Object.keys(table))('never reduces on anything unknown, around %s', (name) => {
    fc.assert(
      fc.property(fc.array(observed, { minLength: 1, maxLength: 8 }), (sequence) => {
        const policy = withShield(policyOf(name))
        let memory = policy.initial()
        for (const [i, { world, load, ready, wanted, fault }] of sequence.entries()) {
          const names = world === 'service' ? ['web'] : ['src', 'map', 'sink']
          const all = (count: number): Units => Object.fromEntries(names.map((one) => [one, count]))
          const make = world === 'service' ? serviceSeen : streamSeen
          const sound = make(start + i * 600_000, load, all(Math.min(ready, wanted)), all(wanted))
          const seen = fault === null ? sound : fault.inject(sound)
          const out = policy.decide(seen, memory)
          memory = JSON.parse(JSON.stringify(out.memory))
          for (const resource of names) {
            const to = out.decision.to[resource]
            expect(Number.isInteger(to)).toBe(true)
            if (fault !== null || i === 0) expect(to).toBeGreaterThanOrEqual(wanted)
          }
        }
      }),
      { numRuns: 60 }
    )
  })

  it('turns an answer that is no number, or that forgets a resource, into what is there', () => {
    const answers = [NaN, Infinity, -Infinity, -3, 1e300, 2 ** 31]
    for (const web of answers) {
      const [{ decision }] = live(withShield(wishes([{ web }])), [1])
      expect(decision).toMatchObject({ kind: 'hold', to: { web: 5 }, why: { bound: ['doubt'] } })
    }
    const [{ decision }] = live(withShield(wishes([{}])), [1])
    expect(decision).toMatchObject({ kind: 'hold', to: { web: 5 } })
  })

  it('lets a measured zero through once there is a history (F7), and names the maximum it met (F17)', () => {
    const policy = withShield(policyOf('hpa'))
    const quiet = (i: number) => serviceSeen(start + i * 15_000, 0, { web: 9 }, { web: 9 })
    const first = policy.decide(quiet(0), policy.initial())
    expect(first.decision).toMatchObject({
      kind: 'hold',
      to: { web: 9 },
      why: { bound: ['minReplicas', 'doubt'] }
    })
    expect(policy.decide(quiet(1), first.memory).decision).toMatchObject({ kind: 'scale', to: { web: 1 } })
    const full = policy.decide(serviceSeen(start + 30_000, 9_999, { web: 28 }, { web: 28 }), first.memory)
    expect(full.decision).toMatchObject({ to: { web: 30 }, why: { bound: ['maxReplicas'], changed: [] } })
  })

  it('lets what is wanted more grow in doubt', () => {
    const [{ decision }] = live(withShield(wishes([{ web: 8 }])), [1])
    expect(decision).toMatchObject({ kind: 'scale', to: { web: 8 }, why: { changed: [] } })
  })

  it('reduces where a latency is missing because nobody asked, and not where the load is unknown', () => {
    const policy = withShield(policyOf('hpa'))
    const asleep = (i: number): Observation => {
      const quiet = serviceSeen(start + i * 15_000, 0, { web: 9 }, { web: 9 })
      return { ...quiet, metrics: { ...quiet.metrics, latency: { value: NaN, quality: 'missing' } } }
    }
    const { memory } = policy.decide(asleep(0), policy.initial())
    expect(policy.decide(asleep(1), memory).decision.to).toEqual({ web: 1 })
    const values = asleep(1).load!.values.with(-1, NaN)
    const unknown = { ...asleep(1), load: { ...asleep(1).load!, values } }
    expect(policy.decide(unknown, memory).decision).toMatchObject({
      to: { web: 9 },
      why: { bound: expect.arrayContaining(['doubt']) }
    })
  })

  it('does not reduce when the clock runs backwards', () => {
    const metrics = { cpu: { value: 0, quality: 'ok' } } as const
    // An hour back, half an hour forward: still before what was seen already.
    const gaps = [1, -HOUR, HOUR / 2, HOUR]
    const moments = live(withShield(wishes([{ web: 2 }])), gaps, [true], { metrics })
    expect(moments.map(({ decision }) => decision.to.web)).toEqual([5, 5, 5, 2])
    expect(moments[1].decision.why.changed[0].because).toBe('clock ran backwards')
  })

  it('looks only at the metrics that matter, when it is told which', () => {
    const metrics = { cpu: { value: 0, quality: 'ok' }, latency: { value: NaN, quality: 'missing' } } as const
    const sizes = (trust: { metrics?: string[] }) =>
      live(withShield(wishes([{ web: 2 }]), trust), [1, 1], [true], { metrics }).map(
        ({ decision }) => decision.to.web
      )
    expect(sizes({})).toEqual([5, 5])
    expect(sizes({ metrics: ['cpu'] })).toEqual([5, 2])
    expect(sizes({ metrics: ['cpu', 'lag'] })).toEqual([5, 5])
  })
})

describe('doubt', () => {
  const service = serviceSeen(start, 100, { web: 3 }, { web: 3 })
  const stream = streamSeen(start, 100, { src: 1, map: 2, sink: 1 }, { src: 1, map: 2, sink: 1 })

  it('has none of a sound observation, with units or without', () => {
    expect(doubtsOf(service)).toEqual([])
    expect(doubtsOf(stream)).toEqual([])
    const unit = (id: string) =>
      ({ id, resource: 'web', ready: true, metrics: { cpu: { value: 1, quality: 'ok' } } }) as const
    expect(doubtsOf({ ...service, units: [unit('a'), unit('b'), unit('c')] })).toEqual([])
  })

  it.each([
    ['missing', NaN, undefined],
    ['missing', 1, undefined],
    ['stale', 1, undefined],
    ['stale', 1, 300_001],
    ['partial', 1, undefined],
    ['invalid', 1, undefined],
    ['invalid', -1, undefined],
    ['invalid', Infinity, undefined],
    ['invalid', 1e300, undefined],
    ['from the future', 1, -60_001]
  ])('doubts a metric that is %s (%d, aged %s ms)', (bad, value, ageMs) => {
    const quality = ['stale', 'partial', 'invalid', 'missing'].find(
      (one) => one === bad && value === 1 && ageMs === undefined
    )
    const metric = { value, quality: quality ?? 'ok', ageMs } as Metric
    expect(doubtsOf({ ...service, metrics: { cpu: metric } })).toEqual([`metrics.cpu ${bad}`])
    expect(doubtsOf({ ...service, metrics: { cpu: { value: 0, quality: 'late', ageMs: 300_000 } } })).toEqual(
      []
    )
  })

  it.each([
    ['nothing at all', { nowMs: 0, capacity: { ready: { web: 1 } } }, 'nothing observed'],
    ['an unknown size', { ...service, capacity: { ready: { web: NaN } } }, 'capacity.ready.web unknown'],
    [
      'two readings of three',
      { ...service, units: [{ id: 'a', resource: 'web', ready: true, metrics: {} }] },
      'units of web partial'
    ],
    [
      'a unit without metrics',
      { ...service, units: [{ id: 'a', resource: 'web', ready: true }] },
      'units without metrics'
    ],
    [
      'a forecast with a hole',
      { ...service, forecast: { ...service.forecast!, mean: Float64Array.of(1, NaN) } },
      'forecast invalid'
    ],
    ['a load that ended long ago', { ...service, nowMs: start + HOUR }, 'load stale'],
    ['a load of the future', { ...service, nowMs: start - HOUR }, 'load from the future'],
    [
      'an unknown lag',
      {
        ...stream,
        topology: { ...stream.topology!, operators: [{ ...stream.topology!.operators[0], lag: NaN }] }
      },
      'topology.src lag unknown'
    ]
  ])('doubts %s', (_what, seen, doubt) => {
    expect(doubtsOf(seen)).toContain(doubt)
  })
})

describe('guards together', () => {
  it('compose, and tell in order what each of them changed', () => {
    const policy = withBounds(withCooldown(withShield(wishes([{ web: 50 }, { web: 2 }])), MINUTE), 3, 9)
    const [first, second] = live(policy, [1, 1_000])
    expect(policy.name).toBe('withBounds(withCooldown(withShield(wishes)))')
    expect(first.decision.why.changed.map(({ by, to }) => [by, to.web])).toEqual([['withBounds', 9]])
    expect(second.decision.why.changed.map(({ by, from, to }) => [by, from.web, to.web])).toEqual([
      ['withShield', 2, 9]
    ])
    expect(second.decision).toMatchObject({ kind: 'hold', to: { web: 9 } })
  })

  it('keep every promise that no guard further out overrules', () => {
    fc.assert(
      fc.property(wishList, gapList, appliedList, (list, gaps, applied) => {
        const calm = withCooldown(withRateLimit(withStabilization(wishes(list)), { up: 'Pods:4:1m' }), MINUTE)
        const moments = live(withRescaleBudget(withBounds(calm, 2, 20), 3, 10 * MINUTE), gaps, applied)
        const times = moments.filter(isChange).map(({ nowMs }) => nowMs)
        for (const { decision } of moments) {
          expect(decision.to.web).toBeGreaterThanOrEqual(2)
          expect(decision.to.web).toBeLessThanOrEqual(20)
          let from = decision.why.changed[0]?.from
          for (const change of decision.why.changed) {
            expect(change.from).toEqual(from)
            from = change.to
          }
          if (from !== undefined) expect(from).toEqual(decision.to)
        }
        for (const end of times) {
          expect(times.filter((ms) => ms > end - 10 * MINUTE && ms <= end).length).toBeLessThanOrEqual(3)
        }
      })
    )
  })
})

function isChange({ now, decision }: Moment): boolean {
  return decision.to.web !== now
}

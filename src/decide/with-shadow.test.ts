import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, type GivenOptions, HOUR, MINUTE, random } from '../base/index.ts'
import type { Decision, Observation, Policy, Units } from '../roles.ts'
import { wantedNow } from './answer.ts'
import { faults } from './faults.case.ts'
import { policies } from './index.ts'
import { policyContract } from './policy.case.ts'
import { withShadow } from './with-shadow.ts'
import type { ShadowMemory } from './with-shadow-memory.ts'
import { type Block, isBetter, isWorse, verdictOf } from './with-shadow-verdict.ts'

const start = Date.parse('2026-03-02T00:00:00Z')
const STEP = 60_000
const UNIT_RATE = 50
const LEAD_STEPS = 2

/** Asks for what the rule says at that turn. */
function ruled(name: string, rule: (seen: Observation, turn: number) => number): Policy<number> {
  return {
    name,
    intervalMs: STEP,
    initial: () => 0,
    decide: (seen, turn) => {
      const to = { web: Math.max(1, rule(seen, turn)) }
      const kind = to.web === wantedNow(seen).web ? 'hold' : 'scale'
      const why = { rule: name, inputs: {}, bound: [], changed: [] }
      return { decision: { kind, to, why }, memory: turn + 1 }
    }
  }
}

const sized = (target: number) => (seen: Observation) => {
  const load = seen.load?.values.at(-1) ?? NaN
  const need = Math.ceil(load / (target * UNIT_RATE))
  return Number.isNaN(need) ? wantedNow(seen).web : need
}

interface Moment {
  readonly turn: number
  readonly seen: Observation
  readonly decision: Decision
  readonly memory: ShadowMemory<number, number>
  readonly load: number
  readonly ready: number
  readonly backlog: number
}

/** A small service: more units serve two steps after they were asked for, fewer at once, and what is not served waits. */
function live(
  policy: Policy<ShadowMemory<number, number>>,
  turns: number,
  {
    seed = 1,
    noise = 0.05,
    inject = (seen: Observation) => seen
  }: { seed?: number; noise?: number; inject?: (seen: Observation, turn: number) => Observation } = {}
): Moment[] {
  const rng = random(seed, 'shadow')
  const moments: Moment[] = []
  let memory = policy.initial()
  const asked: number[] = [10, 10]
  let backlog = 0
  const loads: number[] = []
  for (let turn = 0; turn < turns; turn++) {
    const wave = 400 * (1 + 0.4 * Math.sin(turn / 90)) * (1 + noise * rng.normal())
    const load = Math.max(0, wave)
    loads.push(load)
    const ready = Math.min(...asked.slice(-1 - LEAD_STEPS))
    backlog = Math.max(0, backlog + (load - ready * UNIT_RATE) * 60)
    const nowMs = start + (turn + 1) * STEP
    const seen = inject(
      {
        nowMs,
        load: {
          startMs: nowMs - Math.min(30, loads.length) * STEP,
          stepMs: STEP,
          unit: 'events/s',
          values: Float64Array.from(loads.slice(-30))
        },
        capacity: { ready: { web: ready }, wanted: { web: asked.at(-1) ?? 1 } },
        metrics: { queue: { value: backlog, quality: 'ok' } },
        service: { unitRate: UNIT_RATE, leadTimeMs: { p50: LEAD_STEPS * STEP, p90: LEAD_STEPS * STEP } }
      },
      turn
    )
    const out = policy.decide(seen, memory)
    memory = JSON.parse(JSON.stringify(out.memory))
    expect(memory).toEqual(out.memory)
    moments.push({ turn, seen, decision: out.decision, memory, load, ready, backlog })
    asked.push(out.decision.to.web)
  }
  return moments
}

const good = () => ruled('good', sized(0.8))
const shadowed = (learned: Policy<number>, options: GivenOptions = {}, reference = good()) =>
  withShadow(learned, reference, options)
const inCharge = ({ memory }: Moment) => memory.own.inCharge
const flipsOf = (moments: readonly Moment[]) => moments.at(-1)?.memory.own.flips ?? NaN
const chargeOf = (moments: readonly Moment[]) =>
  moments.filter((moment, i) => i > 0 && inCharge(moment) !== inCharge(moments[i - 1]))

describe('withShadow', () => {
  it.each([
    { bad: 'always wants one unit', rule: () => 1, within: 30 },
    { bad: 'goes one down each time', rule: (seen: Observation) => wantedNow(seen).web - 1, within: 45 },
    { bad: 'wants three times as much', rule: (seen: Observation) => 3 * sized(0.8)(seen), within: 45 },
    {
      bad: 'goes up when it should go down',
      rule: (seen: Observation) => 20 - sized(0.8)(seen),
      within: 120
    }
  ])('demotes a policy that $bad, within $within turns', ({ rule, within }) => {
    const moments = live(shadowed(ruled('bad', rule)), 400)
    const [first, ...more] = chargeOf(moments)
    expect(first.turn).toBeLessThanOrEqual(within)
    expect(inCharge(first)).toBe('reference')
    expect(more).toEqual([])
    expect(first.decision.why.changed[0]).toMatchObject({
      by: 'withShadow',
      because: expect.stringMatching(
        /^the learned policy was worse and is demoted: it cost [\d.]+ units, the reference [\d.]+, over \d+ scored turns \(difference [\d.]+ ± [\d.]+\); demotion 1$/
      )
    })
  })

  it('promotes it again only after it was better for a whole probation', () => {
    // Bad until turn 100, then cheaper than the reference and never late.
    const learned = ruled('recovers', (seen, turn) => (turn < 100 ? 1 : sized(0.8)(seen)))
    const wasteful = ruled('wasteful', (seen) => 2 * sized(0.8)(seen))
    const moments = live(shadowed(learned, { probation: '1h' }, wasteful), 400)
    const [down, up, ...more] = chargeOf(moments)
    expect([inCharge(down), inCharge(up)]).toEqual(['reference', 'learned'])
    expect(up.turn - 100).toBeGreaterThanOrEqual(60)
    expect(up.turn - 100).toBeLessThanOrEqual(2 * 60 + 5)
    expect(more).toEqual([])
    expect(up.decision.why.changed[0].because).toContain('better for a whole probation and is promoted')
    expect(moments.at(-1)?.memory.own.flips).toBe(2)
  })

  it('asks for twice the probation after each demotion', () => {
    // Whenever it is in charge it is bad, whenever it is not it is better: the worst that an open loop can be shown.
    const lengths: number[] = []
    const sly: Policy<number> = ruled('sly', (seen) =>
      seen.slo?.latencyMs === 1 ? 1 : Math.max(1, sized(0.8)(seen))
    )
    const wasteful = ruled('wasteful', (seen) => 2 * sized(0.8)(seen))
    const policy = withShadow(sly, wasteful, { window: '1h', probation: '1h' })
    const spied: Policy<ShadowMemory<number, number>> = {
      ...policy,
      decide: (seen, memory) =>
        policy.decide({ ...seen, slo: { latencyMs: memory.own.inCharge === 'learned' ? 1 : 2 } }, memory)
    }
    const changes = chargeOf(live(spied, 1_500))
    for (let i = 1; i < changes.length; i++) {
      if (inCharge(changes[i]) === 'learned') lengths.push(changes[i].turn - changes[i - 1].turn)
    }
    expect(lengths.length).toBeGreaterThanOrEqual(4)
    for (let i = 1; i < 4; i++) expect(lengths[i] / lengths[i - 1]).toBeGreaterThan(1.7)
  })

  it('never demotes one that is as good, under any noise', () => {
    fc.assert(
      fc.property(fc.integer(), fc.double({ min: 0, max: 0.3, noNaN: true }), (seed, noise) => {
        const rng = random(seed, 'jitter')
        // The same rule with luck of its own: one unit more now and then.
        const learned = ruled('as good', (seen) => sized(0.8)(seen) + (rng.next() < 0.3 ? 1 : 0))
        expect(flipsOf(live(shadowed(learned), 500, { seed, noise }))).toBe(0)
      }),
      { numRuns: 30 }
    )
  })

  it('does not demote what insures against bursts for an hour without one, but for too many', () => {
    // A third more than the reference, which is as good as anything while nothing happens.
    const insured = ruled('insured', (seen) => Math.ceil(1.33 * sized(0.8)(seen)))
    const [{ turn }] = chargeOf(live(shadowed(insured), 600, { noise: 0 }))
    expect(turn).toBeGreaterThan(2 * 60)
    expect(turn).toBeLessThan(6 * 60)
    expect(chargeOf(live(shadowed(insured, { credit: 0 }), 600, { noise: 0 }))[0].turn).toBeLessThan(60)
  })

  it('shows who is not in charge its own twin, so that small steps add up and a jam is its own', () => {
    const seenBy: Observation[] = []
    const stepper: Policy<number> = {
      ...ruled('stepper', (seen) => wantedNow(seen).web - 1),
      decide: (seen, turn) => {
        seenBy.push(seen)
        return ruled('', (one) => wantedNow(one).web - 1).decide(seen, turn)
      }
    }
    live(shadowed(good(), {}, stepper), 30)
    const sizes = seenBy.map(({ capacity }) => capacity.ready.web)
    expect(sizes.slice(-3)).toEqual([1, 1, 1])
    expect(seenBy.at(-1)?.metrics?.queue.value).toBeGreaterThan(50_000)
    expect(seenBy.at(-1)?.capacity.wanted).toEqual({ web: 1 })
  })

  it.each(faults)('scores nothing that is not known: $name', ({ inject }) => {
    const moments = live(shadowed(ruled('bad', () => 1)), 120, { inject })
    // All that these faults can leave sound is an observation without anything to doubt.
    expect(moments.at(-1)?.memory.own).toMatchObject({ turns: 0, flips: 0, inCharge: 'learned' })
  })

  it('does not count an answer that was given in doubt, nor the steps of a gap', () => {
    const gap = (from: number, until: number) => (seen: Observation, turn: number) => {
      if (seen.load === undefined) return seen
      const values = seen.load.values.map((y, i, { length }) => {
        const at = turn - (length - 1 - i)
        return at >= from && at < until ? NaN : y
      })
      return { ...seen, load: { ...seen.load, values } }
    }
    const turns = live(shadowed(good()), 60, { inject: gap(20, 30) }).map(({ memory }) => memory.own.turns)
    expect(turns[29]).toBe(turns[19])
    // Until the doubtful answers are a lead time past.
    expect(turns[31]).toBe(turns[19])
    expect(turns[59]).toBeGreaterThan(turns[29] + 20)
  })

  it('says who is in charge and what both scored, each turn', () => {
    const [, , , , , { decision }] = live(shadowed(good()), 6)
    expect(decision.why.inputs).toMatchObject({
      shadow: { inCharge: 'learned', turns: 3, flips: 0, scores: {} }
    })
    const { scores } = decision.why.inputs.shadow as { scores: { learned: number; reference: number } }
    expect(scores.learned).toBe(scores.reference)
    expect(scores.learned).toBeGreaterThan(8)
  })

  it('takes nothing away for a lead time after it has changed who decides', () => {
    const wasteful = ruled('wasteful', (seen) => 4 * sized(0.8)(seen))
    const moments = live(shadowed(wasteful, { credit: 0 }), 60)
    const [{ turn, seen }] = chargeOf(moments)
    const now = wantedNow(seen).web
    expect(moments.slice(turn, turn + LEAD_STEPS).map(({ decision }) => decision.to.web)).toEqual([now, now])
    expect(moments[turn].decision.why).toMatchObject({
      bound: ['handover'],
      changed: [{ by: 'withShadow' }, { because: 'handed over 0s ago: nothing shrinks for 2m' }]
    })
    expect(moments[turn + LEAD_STEPS].decision.to.web).toBeLessThan(now / 2)
  })

  it('does not fall below the reactive need while the queue grows after a handover', () => {
    // The reference is a miser as well, but one unit is worse.
    const miser = ruled('miser', sized(1.2))
    const moments = live(
      shadowed(
        ruled('bad', () => 1),
        { credit: 0 },
        miser
      ),
      80
    )
    const [{ turn }] = chargeOf(moments)
    for (const { decision, load, memory } of moments.slice(turn, turn + 30)) {
      if (memory.own.floor.queue?.grows)
        expect(decision.to.web * UNIT_RATE).toBeGreaterThanOrEqual(load - 1e-6)
    }
  })

  it('remembers no more after a week than after a day, and no more than it needs', () => {
    const size = (turns: number) => {
      const last = live(shadowed(ruled('drifts', (seen) => sized(0.8)(seen) + 1)), turns).at(-1)
      return canonicalJson(last?.memory ?? null).length
    }
    expect(size(2_000)).toBeLessThan(1.1 * size(1_000))
    expect(size(1_000)).toBeLessThan(5_000)
  })

  it('starts again when the clock runs backwards', () => {
    const inject = (seen: Observation, turn: number): Observation => {
      if (turn < 30 || seen.load === undefined) return seen
      const by = 3 * HOUR
      return { ...seen, nowMs: seen.nowMs - by, load: { ...seen.load, startMs: seen.load.startMs - by } }
    }
    const moments = live(shadowed(good()), 60, { inject })
    expect(moments[31].memory.own.turns).toBe(moments[29].memory.own.turns)
    expect(moments[59].memory.own.turns).toBeGreaterThan(moments[29].memory.own.turns + 20)
  })

  it('asks each in its own interval', () => {
    const asked = { fast: 0, slow: 0 }
    const counting = (name: 'fast' | 'slow', intervalMs: number): Policy<number> => ({
      ...ruled(name, (seen) => {
        asked[name]++
        return sized(0.8)(seen)
      }),
      intervalMs
    })
    const policy = withShadow(counting('slow', 5 * MINUTE), counting('fast', MINUTE))
    expect(policy.intervalMs).toBe(MINUTE)
    const moments = live(policy, 50)
    expect(asked).toEqual({ fast: 50, slow: 10 })
    expect(moments[1].decision).toMatchObject({ kind: 'hold', why: { rule: 'between-turns' } })
  })

  it('sets what the reference does not know to the usual while that is in charge', () => {
    const spark = (to: Units): Policy<number> => ({
      ...ruled('spark', () => 1),
      decide: (_seen, turn) => ({
        decision: { kind: 'scale', to, why: { rule: 'spark', inputs: {}, bound: [], changed: [] } },
        memory: turn + 1
      })
    })
    const bad = spark({ web: 1, storage: 3, memory: 1 })
    const policy = withShadow(bad, good(), { resource: 'web' }, { usual: { storage: 1 } })
    const last = live(policy, 100).at(-1)
    expect(last?.memory.own.inCharge).toBe('reference')
    // Memory has no usual and is not measured: what the learned policy says stays.
    expect(last?.decision.to).toMatchObject({ storage: 1, memory: 1 })
    expect(last?.decision.to.web).toBeGreaterThan(5)
  })

  it.each([
    [{ windw: '1h' }, "did you mean 'window'?"],
    [{ margin: -1 }, 'withShadow.margin must be a number, at least 0'],
    [{ target: 0 }, 'withShadow.target must be']
  ])('refuses %j', (options, message) => {
    expect(() => withShadow(good(), good(), options)).toThrow(message)
  })
})

describe('the verdict', () => {
  const block = (learned: number, reference: number): Block => ({
    turns: 5,
    ms: 1,
    learned,
    reference
  })
  const blocks = (differences: readonly number[]) => differences.map((d) => block(10 + d, 10))

  it('is Student’s: 1, 2, 3 differ from nothing by 2 ± 2.48', () => {
    // s = 1, √3, t(0.975; 2) = 4.303, from any table.
    const verdict = verdictOf(blocks([1, 2, 3]))
    expect(verdict).toMatchObject({ learned: 12, reference: 10, turns: 15, difference: 2 })
    expect(verdict?.error).toBeCloseTo(4.303 / Math.sqrt(3), 9)
  })

  it.each([
    { differences: [5, 5], worse: false, better: false },
    { differences: [5, 5, 5], worse: true, better: false },
    { differences: [1, 2, 3], worse: false, better: false },
    { differences: [0.5, 0.6, 0.5, 0.4], worse: false, better: false },
    { differences: [-1, -1.1, -0.9], worse: false, better: true },
    { differences: [0, 0, 0, 0], worse: false, better: false }
  ])('on differences of $differences: worse $worse, better $better', ({ differences, worse, better }) => {
    const verdict = verdictOf(blocks(differences))
    expect(verdict && isWorse(verdict, 0.1)).toBe(worse)
    expect(verdict && isBetter(verdict)).toBe(better)
  })

  it('is none where nothing was scored', () => {
    expect(verdictOf([])).toBeNull()
  })
})

policyContract({
  name: 'withShadow(proportional, hpa)',
  make: () => withShadow(policies.proportional.make(), policies.hpa.make()),
  // The first decision is the learned policy's, and this one needs no history.
  memoryless: true
})

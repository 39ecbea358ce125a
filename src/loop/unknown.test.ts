/**
 * A million observations in which something is unknown now and then: nothing is ever reduced because of it.
 *
 * Readings come as they like: not at all, late, twice, out of order, from the future, `NaN`, infinite, negative, absurd, in part; capacities and
 * topologies too. What must not happen is that a decision asks for less than is wanted while the view is in doubt, or that the
 * loop would command it.
 */
import { describe, expect, it } from 'vitest'
import { type Random, random } from '../base/index.ts'
import { policies, withShield } from '../decide/index.ts'
import type { Json, Observation, Policy, Quality, Reading } from '../roles.ts'
import { decideTurn, heldBack } from './turn.ts'
import { view } from './view.ts'

const STEP = 15_000
/** A short form for every run, the million once in the continuous integration. */
const observations = process.env.CI ? 1_000_000 : 100_000

const qualities: readonly Quality[] = ['late', 'stale', 'missing', 'partial', 'invalid']
const absurd = [NaN, Infinity, -Infinity, -1, 1e300, 2 ** 63]

const of = <T>(rng: Random, all: readonly T[]): T => all[Math.floor(rng.next() * all.length)]

/** A metric, bad in one of seven ways with probability `p`. Whether it is bad is told. */
function metric(rng: Random, p: number, good: number): { value: number; quality: Quality; bad: boolean } {
  if (rng.next() >= p) return { value: good, quality: 'ok', bad: false }
  if (rng.next() < 0.5) return { value: of(rng, absurd), quality: 'ok', bad: true }
  const quality = of(rng, qualities)
  return { value: quality === 'missing' ? NaN : good * rng.next(), quality, bad: quality !== 'late' }
}

/** What is unknown at this moment, of what the view was told last. */
interface Doubts {
  load: boolean
  cpu: boolean
  capacity: boolean
  toldMs: number
}

function run(
  name: string,
  policy: Policy,
  count: number
): { reduced: number; reducedInDoubt: number; commanded: number } {
  const rng = random(7, 'unknown', name)
  const counts = { reduced: 0, reducedInDoubt: 0, commanded: 0 }
  let nowMs = STEP * 66_666_667
  const v = view({
    target: 'web',
    stepMs: STEP,
    shownMs: 20 * STEP,
    fixed: { bounds: { web: { min: 1, max: 50 } }, slo: { latencyMs: 200 } }
  })
  const doubts: Doubts = { load: true, cpu: true, capacity: true, toldMs: nowMs }
  v.wanted({ web: 5 }, nowMs)
  let memory: Json = policy.initial()
  let units = 5
  let p = 0
  for (let i = 0; i < count; i++) {
    nowMs += STEP
    // Quiet times and storms take turns, so that policies get used to trusting.
    if (i % 40 === 0) p = of(rng, [0, 0, 0.05, 0.3, 0.9])
    const silent = rng.next() < p / 3
    // What was told stays known for five minutes.
    if (silent) doubts.load ||= nowMs - doubts.toldMs > 300_000
    else tell(v.take, rng, p, nowMs, units, doubts)
    const measured = v.observation(nowMs)
    const seen: Observation = {
      ...measured,
      service: { unitRate: 20, leadTimeMs: { p50: 30_000, p90: 60_000 }, restartMs: { p50: 0, p90: 0 } }
    }
    const turn = decideTurn({ policy, options: {}, target: 'web', seen, memory })
    memory = turn.after
    const to = turn.decision.to.web ?? units
    const inDoubt = doubts.load || doubts.cpu || doubts.capacity
    if (to < units) {
      counts.reduced++
      if (inDoubt) counts.reducedInDoubt++
      if (inDoubt && heldBack(turn, { runningMs: 1e9, outstanding: false }) === undefined) counts.commanded++
    }
    units = to
    v.wanted({ web: units }, nowMs)
  }
  return counts
}

function tell(
  take: (reading: Reading, receivedMs: number) => boolean,
  rng: Random,
  p: number,
  nowMs: number,
  units: number,
  doubts: Doubts
): void {
  doubts.toldMs = nowMs
  const load = 40 + 400 * Math.abs(Math.sin(nowMs / 4e6))
  const told = metric(rng, p, load)
  const future = rng.next() < p / 10
  const atMs = nowMs - STEP / 2 + (future ? 3_600_000 : 0)
  const name = 'load'
  take({ kind: 'metric', name, atMs, metric: told }, nowMs - STEP / 2)
  doubts.load = told.bad || future
  const cpu = metric(rng, p, Math.min(1, load / (20 * units)))
  take({ kind: 'metric', name: 'cpu', atMs: nowMs, metric: cpu }, nowMs)
  doubts.cpu = cpu.bad
  const bad = rng.next() < p
  const quality = bad ? of(rng, ['missing', 'partial', 'invalid', 'stale'] as const) : 'ok'
  const web = bad ? of(rng, [NaN, 0, units]) : units
  take(
    { kind: 'capacity', atMs: nowMs, capacity: { ready: { web }, wanted: { web: units } }, quality },
    nowMs
  )
  doubts.capacity = bad
  // Told twice, and something old behind it: neither may count.
  if (rng.next() < p) take({ kind: 'metric', name, atMs, metric: told }, nowMs - STEP / 2)
}

describe('over many observations', () => {
  const all = Object.entries(policies)
  for (const [name, entry] of all) {
    it(`${name} in its shield never reduces while something is unknown`, () => {
      const counts = run(name, withShield(entry.make()) as Policy, Math.ceil(observations / all.length))
      expect([counts.reducedInDoubt, counts.commanded]).toEqual([0, 0])
      // Otherwise nothing would have been tested.
      if (!['fixed', 'scheduled', 'ds2', 'flink', 'knative'].includes(name))
        expect(counts.reduced).toBeGreaterThan(10)
    })
  }
})

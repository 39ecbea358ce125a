/**
 * A million observations in which something is unknown now and then: nothing is ever reduced because of it.
 *
 * Readings come as they like: not at all, late, twice, out of order, from the future, `NaN`, infinite, negative, absurd, in part; capacities and
 * topologies too. What must not happen is that a decision asks for less than is wanted while the view is in doubt, or that the
 * loop would command it. Half of the observations are of a job with times in which nothing comes: a zero that was measured may be
 * answered with less, one that was not may not.
 */
import { describe, expect, it } from 'vitest'
import { type Random, random } from '../base/index.ts'
import { policies, withShield } from '../decide/index.ts'
import type { Json, Observation, Operator, Policy, Quality, Reading, Topology, Units } from '../roles.ts'
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

/** A job of two operators behind a source, and how many records each instance can do. */
const rates: Units = { src: 400, map: 60, sink: 90 }
const names = Object.keys(rates)

/** What a job tells of itself under this load; where nothing comes, no true rate can be measured. */
function topologyOf(load: number, units: Units): Topology {
  const operators = names.map((id): Operator => {
    const busy = Math.min(1, load / (units[id] * rates[id]))
    const rate = load > 0 ? units[id] * rates[id] : NaN
    return {
      ...{ id, parallelism: units[id], trueProcessingRate: rate, trueOutputRate: rate },
      ...{ observedProcessingRate: load, observedOutputRate: load, busy, backpressured: 0, idle: 1 - busy },
      ...(id === 'src' && { source: true, lag: 0 })
    }
  })
  return {
    operators,
    edges: [
      { from: 'src', to: 'map' },
      { from: 'map', to: 'sink' }
    ]
  }
}

/** One thing of it that is not known, or that leaves in doubt what is. */
function spoilt({ operators, edges }: Topology, rng: Random): Topology {
  const at = Math.floor(rng.next() * operators.length)
  const bad: Partial<Operator> = of(rng, [
    { observedProcessingRate: NaN, trueProcessingRate: NaN, trueOutputRate: NaN },
    { trueProcessingRate: NaN, trueOutputRate: NaN, idle: NaN },
    { trueProcessingRate: NaN, trueOutputRate: NaN, idle: undefined },
    { trueProcessingRate: NaN, trueOutputRate: NaN, idle: 0.2, busy: 0.8 },
    { trueProcessingRate: NaN, trueOutputRate: NaN, observedOutputRate: NaN },
    { lag: NaN }
  ])
  const unsure = of(rng, [
    { lag: NaN },
    { lag: undefined, trueOutputRate: NaN },
    { lag: 900, trueOutputRate: NaN }
  ])
  const bySource = rng.next() < 0.4
  return {
    operators: operators.map((it, i) =>
      it.source && bySource ? { ...it, ...unsure } : i === at && !bySource ? { ...it, ...bad } : it
    ),
    edges
  }
}

/** A job that has times without any traffic: they are known, and everything that is bad in them is not. */
function runJob(name: string, policy: Policy, count: number) {
  const rng = random(11, 'unknown-job', name)
  const counts = { reduced: 0, reducedAtZero: 0, reducedInDoubt: 0, commanded: 0, least: Infinity }
  let nowMs = STEP * 66_666_667
  const v = view({
    target: 'job',
    stepMs: STEP,
    shownMs: 20 * STEP,
    bounds: { min: 1, max: 50 },
    fixed: { slo: { latencyMs: 2_000 } }
  })
  let units: Units = { src: 2, map: 6, sink: 4 }
  v.wanted(units, nowMs)
  let memory: Json = policy.initial()
  let p = 0
  let doubt = true
  let toldMs = nowMs
  for (let i = 0; i < count; i++) {
    nowMs += STEP
    if (i % 40 === 0) p = of(rng, [0, 0, 0.05, 0.3, 0.9])
    const load = i % 24 < 12 ? 0 : 40 + 400 * Math.abs(Math.sin(nowMs / 4e6))
    if (rng.next() < p / 3) doubt ||= nowMs - toldMs > 300_000
    else {
      toldMs = nowMs
      const told = metric(rng, p, load)
      v.take({ kind: 'metric', name: 'load', atMs: nowMs - STEP / 2, metric: told }, nowMs - STEP / 2)
      const [badTopology, badPart, badCapacity] = [rng.next() < p / 2, rng.next() < p / 2, rng.next() < p / 2]
      const whole = topologyOf(load, units)
      const topology = badPart ? spoilt(whole, rng) : whole
      const worse = () => of(rng, ['missing', 'partial', 'invalid', 'stale'] as const)
      v.take({ kind: 'topology', atMs: nowMs, topology, quality: badTopology ? worse() : 'ok' }, nowMs)
      const quality = badCapacity ? worse() : 'ok'
      v.take({ kind: 'capacity', atMs: nowMs, capacity: { ready: units, wanted: units }, quality }, nowMs)
      doubt = told.bad || badTopology || badPart || badCapacity
    }
    const service = { leadTimeMs: { p50: 5_000, p90: 9_000 }, restartMs: { p50: 1_000, p90: 2_000 } }
    const seen: Observation = { ...v.observation(nowMs), service }
    const turn = decideTurn({ policy, options: {}, target: 'job', seen, memory })
    memory = turn.after
    const to = { ...units, ...turn.decision.to }
    if (names.some((id) => to[id] < units[id])) {
      counts.reduced++
      if (load === 0) counts.reducedAtZero++
      if (doubt) counts.reducedInDoubt++
      if (doubt && heldBack(turn, { runningMs: 1e9, outstanding: false }) === undefined) counts.commanded++
    }
    units = to
    counts.least = Math.min(counts.least, ...names.map((id) => units[id]))
    v.wanted(units, nowMs)
  }
  return counts
}

describe('over many observations', () => {
  const all = Object.entries(policies)
  const each = Math.ceil(observations / all.length / 2)
  for (const [name, entry] of all) {
    it(`${name} in its shield never reduces while something is unknown`, () => {
      const counts = run(name, withShield(entry.make()) as Policy, each)
      expect([counts.reducedInDoubt, counts.commanded]).toEqual([0, 0])
      // Otherwise nothing would have been tested.
      if (!['fixed', 'scheduled', 'ds2', 'flink', 'knative'].includes(name))
        expect(counts.reduced).toBeGreaterThan(10)
    })

    it(`${name} never does for a job that is idle or of which something is not known to be`, () => {
      const counts = runJob(name, withShield(entry.make()) as Policy, each)
      expect([counts.reducedInDoubt, counts.commanded]).toEqual([0, 0])
      if (['mpc', 'ds2'].includes(name)) expect(counts.reduced).toBeGreaterThan(10)
      // A measured zero is known: the job goes to its minimum.
      if (name === 'mpc') expect([counts.least, counts.reducedAtZero > 10]).toEqual([1, true])
    })
  }
})

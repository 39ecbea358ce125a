/** Fault matrix, F13–F17: others who write, and a target that does not do what it is told. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { flink } from '../../src/act/flink.ts'
import { random } from '../../src/base/index.ts'
import { leaseKeeper, permission, statusBook } from '../../src/loop/index.ts'
import type { Policy } from '../../src/roles.ts'
import { loopMeters } from '../../src/serve/index.ts'
import { sqlite } from '../../src/store/index.ts'
import { type Fault, faultyProxy } from '../fakes/faulty-proxy.ts'
import { type FakeFlink, fakeFlink } from '../fakes/flink.ts'
import { virtualClock } from '../fakes/virtual-clock.ts'
import { MINUTE, policyNamed, stage } from './stage.ts'

let folder: string
let cluster: FakeFlink

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'prescale-others-'))
  cluster = await fakeFlink()
})
afterEach(async () => {
  await cluster.close()
  rmSync(folder, { recursive: true })
})

const actuatorOf = (url: string, more = {}) =>
  flink({
    server: { url, timeoutMs: 300 },
    job: 'loadjob',
    clock: Date.now,
    sleepUntil: (atMs) => new Promise((later) => setTimeout(later, Math.min(20, atMs - Date.now()))),
    rng: random(1, 'test'),
    backoffMs: 5,
    pollMs: 10,
    reachWithinMs: 2_000,
    ...more
  })
const commandOf = (epoch: number, count: number) => ({ target: 'cars', to: { count }, epoch })
const never = new AbortController().signal
const counted = () => cluster.jobs[0].vertices[2].upper

describe('fault matrix: others who write', () => {
  it('F13 two loops over one record: one holds the lease, its numbers are higher, and the other gets none', async () => {
    const file = join(folder, 'live.sqlite')
    const clock = virtualClock(1e12)
    const records = ['a', 'b'].map(() => sqlite({ file }))
    const [a, b] = records.map((record, i) => ({
      record,
      keeper: leaseKeeper({ record, holder: 'ab'[i], clock }),
      may: permission({ record, holder: 'ab'[i], clock }),
      stop: new AbortController()
    }))
    const running = [a.keeper.keep(a.stop.signal), b.keeper.keep(b.stop.signal)]
    await clock.advance(1_000)
    expect(a.may.ask('cars')).toEqual({ epoch: 1 })
    expect(b.may.ask('cars')).toEqual({ refused: 'another loop holds the lease' })
    const kept = { atMs: clock.now(), memory: null }
    a.record.keep('cars', kept, undefined, commandOf(1, 2))
    // The first one hangs, and its lease runs out: what it asks for from then on it does not get.
    a.stop.abort()
    await clock.advance(20_000)
    expect(b.may.ask('cars')).toEqual({ epoch: 2 })
    expect(a.may.ask('cars')).toEqual({ refused: 'another loop holds the lease' })
    // The same number twice is not possible, whoever asks.
    expect(() => a.record.keep('cars', kept, undefined, commandOf(1, 9))).toThrow()
    b.stop.abort()
    await clock.advance(0)
    await Promise.all(running)
    for (const record of records) record.close()
  })

  it('F13 an older number than the newest seen is refused before anything is asked', async () => {
    const actuator = actuatorOf(cluster.url)
    expect((await actuator.apply(commandOf(8, 2), never)).refused).toBeUndefined()
    const calls = cluster.calls.length
    expect((await actuator.apply(commandOf(7, 1), never)).refused).toContain(
      'older-epoch: 7, the newest is 8'
    )
    expect(cluster.calls.length).toBe(calls)
    expect(counted()).toBe(2)
  })

  it.each([
    ['yield', 5],
    ['reassert', 3]
  ] as const)('F14 somebody else changes the size: %s', async (foreignChange, left) => {
    const told: string[] = []
    const actuator = actuatorOf(cluster.url, { foreignChange, tell: (what: string) => told.push(what) })
    await actuator.apply(commandOf(1, 2), never)
    cluster.jobs[0].vertices[2].upper = 5
    const receipt = await actuator.apply(commandOf(2, 3), never)
    expect(counted()).toBe(left)
    if (foreignChange === 'yield') expect(receipt.refused).toMatch(/^foreign-writer: .*5/)
    else expect(told).toEqual(['foreign-writer'])
  })

  const faults: readonly (readonly [string, Fault, boolean])[] = [
    ['409', { kind: 'status', status: 409 }, true],
    ['429', { kind: 'status', status: 429, headers: { 'retry-after': '0' } }, true],
    ['503', { kind: 'status', status: 503 }, true],
    ['a login page', { kind: 'html' }, true],
    ['half an answer', { kind: 'cut' }, true],
    ['silence', { kind: 'hang' }, true],
    ['silence after it was done', { kind: 'deaf' }, true]
  ]
  it.each(faults)('F15 the target answers a command with %s: once done, and no more', async (_, fault) => {
    const proxy = await faultyProxy(cluster.url)
    proxy.fault = ({ method, n }) => (method === 'PUT' && n === 1 ? fault : undefined)
    const receipt = await actuatorOf(proxy.url).apply(commandOf(1, 2), never)
    expect(receipt).toMatchObject({ reached: { count: 2 } })
    expect(receipt.refused).toBeUndefined()
    expect(cluster.jobs[0].rescales).toBeLessThanOrEqual(1)
    const bodies = cluster.writes().map(({ body }) => JSON.stringify(body))
    expect(new Set(bodies).size).toBe(1)
    await proxy.close()
  })

  it('F15 accepted and only partly reached: what is pending is counted, and nothing is asked for on top', async () => {
    cluster.slots = 3
    const receipt = await actuatorOf(cluster.url, { reachWithinMs: 200 }).apply(commandOf(1, 6), never)
    expect(receipt).toMatchObject({ reached: { count: 3 }, pending: { count: 3 } })
    expect(cluster.writes()).toHaveLength(1)
  })

  it('F15 accepts and then does nothing: no second command on top of what is pending, however long', async () => {
    const it = stage({ policy: 'proportional', leadMs: Number.POSITIVE_INFINITY })
    it.target.world.load = 80
    it.begin()
    await it.clock.advance(MINUTE)
    const wanted = it.target.world.wanted
    await it.clock.advance(60 * MINUTE)
    expect(it.target.world.ready).toBe(2)
    expect(it.target.commands.length).toBeLessThanOrEqual(2)
    expect(it.target.world.wanted).toBeLessThanOrEqual(wanted * 1.5)
    await it.end()
  })

  it('F15 a target that refuses for an hour is asked ever more seldom, and once it takes orders it is right at once', async () => {
    const it = stage()
    it.target.answers.push(...Array.from({ length: 100 }, () => 'error' as const))
    it.target.world.load = 80
    it.begin()
    await it.clock.advance(60 * MINUTE)
    // 15, 30, 60, 120, 240 s, then every five minutes.
    expect(it.target.commands.length).toBeLessThan(22)
    it.target.answers.length = 0
    await it.clock.advance(6 * MINUTE)
    expect(it.target.world.wanted).toBeGreaterThanOrEqual(8)
    await it.end()
  })

  it('F16 a target that turns about with every change is rescaled no more than its budget allows, and says so', async () => {
    const it = stage({ policy: 'proportional', more: '    guards: { rescaleBudget: 6/1h }' })
    it.begin()
    await it.settle(40)
    const before = it.target.commands.length
    for (let t = 0; t < 120; t++) {
      it.target.world.load = t % 2 === 0 ? 120 : 20
      await it.clock.advance(MINUTE)
    }
    expect(it.target.commands.length - before).toBeLessThanOrEqual(13)
    const damped = it.heard.turns().filter(({ decision }) => decision.why.bound.includes('rescaleBudget'))
    expect(damped.length).toBeGreaterThan(10)
    await it.end()
  })

  /** A job that takes in 40 records/s whatever its operator has, so that its source is held back: how much there is nobody can say. */
  function limited(made: Policy) {
    const it = stage({ made, units: 4 })
    const limit = { rate: 40 }
    it.spoil.by = () => {
      const { ready, wanted } = it.target.world
      const atMs = it.clock.now()
      const through = Math.min(limit.rate, 10 * ready)
      const of = { observedProcessingRate: through, observedOutputRate: through, parallelism: 1 }
      const src = { trueProcessingRate: 400, trueOutputRate: 400, backpressured: 0.6, source: true }
      const web = { trueProcessingRate: 10 * ready, trueOutputRate: 10 * ready, backpressured: 0, busy: 1 }
      const operators = [
        { id: 'src', ...of, ...src },
        { id: 'web', ...of, ...web, parallelism: ready }
      ]
      const capacity = { ready: { src: 1, web: ready }, wanted: { src: 1, web: wanted } }
      return [
        { kind: 'capacity', atMs, capacity, quality: 'ok' },
        {
          kind: 'topology',
          atMs,
          topology: { operators, edges: [{ from: 'src', to: 'web' }] },
          quality: 'ok'
        }
      ]
    }
    // It has what it wants from one reading to the next.
    const readings = it.target.readings
    const source = it.spoil.by
    it.spoil.by = () => {
      readings()
      return source([])
    }
    return { ...it, limit }
  }

  it('F16 more instances bring nothing: mpc alone takes all there are, in its guard it stops, says why, and tries again', async () => {
    const { policy } = policyNamed('mpc')
    const bare = limited(policy)
    bare.begin()
    await bare.clock.advance(20 * MINUTE)
    expect(bare.target.world.wanted).toBe(20)
    await bare.end()

    const it = limited(policyNamed('mpc', '    guards: { ineffective: 30m }').policy)
    it.begin()
    await it.clock.advance(20 * MINUTE)
    const sizes = it.target.commands.map(({ to }) => to.web)
    // Half as many more each time; the third one is asked for when the first has settled, and is not had.
    expect(sizes).toEqual([6, 9])
    const { why, kind } = it.last().decision
    expect([kind, why.rule, why.bound]).toEqual(['hold', 'held-back', ['ineffective']])
    expect(why.changed.at(-1)?.because).toBe(
      'web from 4 to 9 brought 0 % of throughput, not 125 %, held for 30m'
    )
    // Half an hour later one more is tried, and brings nothing again.
    await it.clock.advance(20 * MINUTE)
    expect(it.target.commands.map(({ to }) => to.web)).toEqual([6, 9, 14])
    // The limit is gone: what was added does bring something, and nobody waits for the end of the half hour.
    it.limit.rate = 1_000
    await it.clock.advance(2 * MINUTE)
    expect(it.target.world.wanted).toBe(20)
    await it.end()
  })

  it('F17 at the maximum: the bound stands in the explanation, the condition and the metric', async () => {
    const it = stage({ more: '' })
    const book = statusBook()
    const meters = loopMeters('test')
    it.target.world.load = 500
    it.begin()
    await it.clock.advance(30 * MINUTE)
    for (const event of it.heard.events) {
      book.take(event)
      meters.take(event)
    }
    expect(it.target.world.wanted).toBe(20)
    expect(it.last().decision.why.bound).toContain('maxReplicas')
    expect(book.of('web')?.conditions).toContainEqual(
      expect.objectContaining({ type: 'ScalingLimited', status: true, reason: 'TooManyReplicas' })
    )
    expect(await meters.text()).toMatch(/prescale_bound_total\{target="web",bound="maxReplicas"\} \d+/)
    await it.end()
  })
})

import { describe, expect, it } from 'vitest'
import { virtualClock } from '../../test/fakes/virtual-clock.ts'
import { PrescaleError, series } from '../base/index.ts'
import { policies } from '../decide/index.ts'
import type { EdgeSignal, Turn } from '../roles.ts'
import {
  edgeGateway,
  fuse,
  isSignedBy,
  localCapacity,
  type OutgoingRecord,
  type RawListener,
  type StationEvent,
  signingKey,
  station,
  withAlarm,
  withSignalCap
} from './index.ts'

const SECOND = 1_000
const MINUTE = 60_000
const key = signingKey('hmac-sha256', '1', '0123456789abcdef')
const down = () => Promise.reject(new PrescaleError('UNREACHABLE', 'the link is cut'))

/** An outbox in memory. */
function box() {
  let waiting: OutgoingRecord[] = []
  let next = 1
  return {
    append: (topic: string, payload: Uint8Array, atMs: number) => {
      waiting.push({ id: next++, topic, payload, atMs })
    },
    take: (most: number) => waiting.slice(0, most),
    ack: (id: number) => {
      waiting = waiting.filter((record) => record.id > id)
    },
    flush: () => true,
    size: () => waiting.length
  }
}

/** A gateway of eight streets on a virtual clock, with a link that can be cut. */
function edge(options: { local?: ReturnType<typeof localCapacity> } = {}) {
  const clock = virtualClock(0)
  const abort = new AbortController()
  const outbox = box()
  const [events, arrived, raw, turns]: [StationEvent[], EdgeSignal[], OutgoingRecord[], Turn[]] = [
    [],
    [],
    [],
    []
  ]
  const link = { isUp: true, rawUp: true }
  let listener: RawListener | undefined
  const works = station({
    gateway: edgeGateway({ gateway: 'g1', options: { streets: 8, step: '1s', heartbeat: '5s' } }),
    clock: clock.now,
    sleepUntil: clock.sleepUntil,
    sources: [
      (its, ended) => {
        listener = its
        its.state(true)
        return new Promise((done) => ended.addEventListener('abort', () => done(), { once: true }))
      }
    ],
    sinks: [
      async (signal) => {
        if (!link.isUp) return down()
        arrived.push({ ...signal, receivedMs: clock.now() })
      }
    ],
    sign: key,
    outbox,
    forward: async (records) => {
      if (!link.isUp || !link.rawUp) return down()
      raw.push(...records)
    },
    ...(options.local && { local: options.local }),
    acted: (turn) => turns.push(turn),
    tell: (event) => events.push(event)
  })
  const running = works.run(abort.signal)
  /** Messages at this rate over all streets, evenly, for so long; `extra` more in the first. */
  async function traffic(perSecond: number, ms: number, extra = 0): Promise<void> {
    const send = (street: string) => listener?.message(street, street, Buffer.from('x'))
    const due = (rate: number, t: number) =>
      Math.floor(((t + 100) * rate) / 1_000) - Math.floor((t * rate) / 1_000)
    for (let t = 0; t < ms; t += 100) {
      for (let i = due(perSecond, t); i > 0; i--) send(`street/${(t / 100 + i) % 8}`)
      for (let i = due(extra, t); i > 0; i--) send('street/0')
      await clock.advance(100)
    }
  }
  const end = async () => {
    abort.abort()
    await running
  }
  return { works, clock, link, arrived, raw, turns, events, outbox, traffic, end, state: () => works.state() }
}

describe('a gateway at work', () => {
  it('sends signed signals, forwards every message once, and ends with nothing left', async () => {
    const it = edge()
    await it.traffic(20, 20 * SECOND)
    await it.end()
    expect(it.arrived.length).toBeGreaterThan(2)
    for (const signal of it.arrived) expect(isSignedBy(signal, key)).toBe(true)
    expect(it.raw.map(({ id }) => id)).toEqual(Array.from({ length: 400 }, (_, i) => i + 1))
    expect(it.outbox.size()).toBe(0)
  })

  it('says nothing before it listens, and nothing while one of its sources is away', async () => {
    const it = edge()
    await it.clock.advance(500)
    const heard = it.arrived.length
    expect(heard).toBe(0)
    await it.end()
  })

  it('sends the burst at once', async () => {
    const it = edge()
    await it.traffic(80, 200 * SECOND)
    const beganMs = it.clock.now()
    await it.traffic(80, 6 * SECOND, 25)
    await it.end()
    const alarm = it.arrived.find(({ burstAlarm }) => burstAlarm)
    expect(alarm?.receivedMs).toBeLessThan(beganMs + 4 * SECOND)
    expect(alarm?.receivedMs).toBeLessThan((alarm?.sentMs ?? 0) + 100)
    expect(alarm?.predictedLoad).toBeGreaterThan(250)
  })

  it('is not held up by a sink that hangs', async () => {
    const clock = virtualClock(0)
    const abort = new AbortController()
    const seen: number[] = []
    const works = station({
      gateway: edgeGateway({ gateway: 'g', options: { step: '1s', publish: 'step' } }),
      clock: clock.now,
      sleepUntil: clock.sleepUntil,
      sources: [
        async (its, ended) => {
          its.state(true)
          while (!ended.aborted) {
            its.message('a', 'a', Buffer.from(''))
            await clock.sleepUntil(clock.now() + 100, ended)
          }
        }
      ],
      sinks: [
        (_, ended) => new Promise((_done, fail) => ended.addEventListener('abort', fail, { once: true })),
        async ({ seq }) => {
          seen.push(seq)
        }
      ]
    })
    const running = works.run(abort.signal)
    await clock.advance(10 * SECOND)
    expect(seen.length).toBeGreaterThan(7)
    expect(works.state().connected).toBe(true)
    abort.abort()
    await running
  })

  it('ends with the error of a source that can never work', async () => {
    const clock = virtualClock(0)
    const works = station({
      gateway: edgeGateway({ gateway: 'g' }),
      clock: clock.now,
      sleepUntil: clock.sleepUntil,
      sources: [() => Promise.reject(new PrescaleError('NOT_FOUND', 'tls.ca: ca.pem cannot be read'))],
      sinks: []
    })
    await expect(works.run(new AbortController().signal)).rejects.toThrow('ca.pem cannot be read')
  })
})

describe('F18: the uplink is cut for a long time and comes back', () => {
  const make = () =>
    edge({
      local: localCapacity({
        target: 'gateway/g1',
        policy: policies.proportional.make(),
        least: { filter: 1 },
        fixed: { service: { unitRate: 80 }, bounds: { filter: { min: 1, max: 10 } } }
      })
    })

  /** The cloud: what it decides at each signal that it accepts, and each half minute. */
  function cloud(arrived: readonly EdgeSignal[], untilMs: number) {
    const proof = fuse({ gateways: [{ id: 'g1', keys: [key], ttlMs: 2 * MINUTE }] })
    const memory = proof.initial()
    const accepted: EdgeSignal[] = []
    const wakes: number[] = []
    for (const signal of arrived) {
      const taken = proof.take(signal, signal.receivedMs ?? 0, memory)
      if (taken.accepted) accepted.push(signal)
      if (taken.accepted && taken.wake) wakes.push(signal.receivedMs ?? 0)
    }
    return { accepted, wakes, last: proof.signals('job', untilMs, memory) }
  }

  it('nothing of what was coming then is said now, raw data follows with its own times, and nobody scales twice', async () => {
    const it = make()
    await it.traffic(80, 3 * MINUTE)
    const beforeCut = it.arrived.length
    it.link.isUp = false
    // A burst comes and goes while nobody hears it.
    await it.traffic(80, 2 * MINUTE)
    await it.traffic(80, MINUTE, 25)
    await it.traffic(320, 3 * MINUTE)
    await it.traffic(80, 14 * MINUTE)
    expect(it.arrived.length).toBe(beforeCut)
    expect(it.state().connected).toBe(false)
    const backMs = it.clock.now()
    it.link.isUp = true
    await it.traffic(80, 3 * MINUTE)
    await it.end()

    // Of all those signals none is replayed: what comes is not older than a retry.
    const after = it.arrived.slice(beforeCut)
    for (const { sentMs, receivedMs = 0 } of after) expect(receivedMs - sentMs).toBeLessThan(6 * SECOND)
    expect(after[0].receivedMs).toBeLessThan(backMs + 2 * SECOND)
    expect(after.some(({ burstAlarm }) => burstAlarm)).toBe(false)
    const { wakes, accepted } = cloud(it.arrived, it.clock.now())
    expect(accepted.length).toBe(it.arrived.length)
    expect(wakes).toEqual([])

    // All raw data is there, each message once, with the time at which it came.
    expect(it.raw.length).toBe(23 * 60 * 80 + 60 * 25 + 3 * 60 * 320)
    expect(it.raw.every(({ atMs }, i) => i === 0 || atMs >= it.raw[i - 1].atMs)).toBe(true)

    // The edge sized itself meanwhile, and gave back when the cloud had taken over.
    const units = it.turns.map(({ decision }) => decision.to.filter)
    expect(Math.max(...units)).toBeGreaterThanOrEqual(5)
    const handed = it.turns.filter(({ policy }) => policy.name === 'handed-back')
    expect(handed).toHaveLength(1)
    expect(handed[0].atMs).toBeGreaterThanOrEqual(backMs + MINUTE)
    expect(handed[0].decision.to).toEqual({ filter: 1 })
    expect(it.turns.filter(({ atMs }) => atMs < 3 * MINUTE)).toEqual([])
    expect(it.turns.at(-1)).toBe(handed[0])
  })

  it('a burst that lasts through the return is one alarm, and one scaling of the cloud', async () => {
    const it = make()
    await it.traffic(80, 3 * MINUTE)
    it.link.isUp = false
    await it.traffic(80, 10 * MINUTE)
    await it.traffic(80, 10 * SECOND, 25)
    it.link.isUp = true
    await it.traffic(80, 20 * SECOND, 25)
    await it.traffic(320, 2 * MINUTE)
    await it.end()
    const { wakes } = cloud(it.arrived, it.clock.now())
    expect(wakes).toHaveLength(1)

    const policy = withSignalCap(withAlarm(policies.proportional.make()))
    let capacity = 5
    let memory = policy.initial()
    const ups: number[] = []
    for (const signal of it.arrived) {
      const nowMs = signal.receivedMs ?? 0
      const decided = policy.decide(
        {
          nowMs,
          capacity: { ready: { job: capacity } },
          service: { unitRate: 20 },
          load: series(1_000, [80], { startMs: nowMs - 1_000 }),
          signals: [{ ...signal, trust: 0.9 }]
        },
        memory
      )
      memory = decided.memory
      const { job } = decided.decision.to
      if (job > capacity) ups.push(job)
      capacity = Math.max(capacity, job)
    }
    expect(ups).toHaveLength(1)
    expect(ups[0]).toBeGreaterThan(12)
  })

  it('raw data that cannot be sent does not hold up signals', async () => {
    const it = edge()
    it.link.rawUp = false
    await it.traffic(20, 30 * SECOND)
    expect(it.arrived.length).toBeGreaterThan(4)
    expect(it.outbox.size()).toBe(600)
    it.link.rawUp = true
    await it.clock.advance(MINUTE)
    await it.end()
    expect(it.raw.length).toBe(600)
    expect(it.events.filter(({ what }) => what === 'cut')).toEqual([])
  })
})

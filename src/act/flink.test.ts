import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FaultyProxy, faultyProxy } from '../../test/fakes/faulty-proxy.ts'
import { type FakeFlink, fakeFlink, fakeJob, hex } from '../../test/fakes/flink.ts'
import { PrescaleError, random } from '../base/index.ts'
import { flinkRest } from '../net/index.ts'
import type { Units } from '../roles.ts'
import { type FlinkActuatorOptions, flink, outcomeOf } from './flink.ts'
import { newMemory } from './memory.ts'

let fake: FakeFlink
let proxy: FaultyProxy
beforeEach(async () => {
  fake = await fakeFlink()
  proxy = await faultyProxy(fake.url)
})
afterEach(async () => {
  await proxy.close()
  await fake.close()
})

const signal = new AbortController().signal
const sleepUntil = (atMs: number) =>
  new Promise<void>((later) => setTimeout(later, Math.max(0, atMs - Date.now())))

function actuator(options: Partial<FlinkActuatorOptions> = {}) {
  return flink({
    server: { url: proxy.url, timeoutMs: 5_000 },
    job: 'loadjob',
    clock: Date.now,
    sleepUntil,
    rng: random(7, 'jitter'),
    pollMs: 5,
    backoffMs: 5,
    reachWithinMs: 1_500,
    ...options
  })
}

/** For answers that never come. */
const impatient = () => ({ server: { url: proxy.url, timeoutMs: 300 } })
const command = (to: Units, epoch = 1) => ({ target: 'loadjob', to, epoch })
const vertex = (name: string) => fake.jobs[0].vertices.find((it) => it.name === name)!
const puts = () => fake.writes()

describe('a rescale in place', () => {
  it('puts the complete map with lower bound 1 and says what was reached', async () => {
    const receipt = await actuator().apply(command({ parse: 2, count: 4 }), signal)
    expect(receipt).toMatchObject({
      epoch: 1,
      reached: { 'Source: source': 1, parse: 2, count: 4 },
      pending: {}
    })
    expect(receipt.refused).toBeUndefined()
    expect(puts()).toHaveLength(1)
    expect(puts()[0].body).toEqual({
      [hex('Source: source')]: { parallelism: { lowerBound: 1, upperBound: 1 } },
      [hex('parse')]: { parallelism: { lowerBound: 1, upperBound: 2 } },
      [hex('count')]: { parallelism: { lowerBound: 1, upperBound: 4 } }
    })
  })

  it('gives the committer of a sink as many as its writer, named or not', async () => {
    fake.jobs.push(
      Object.assign(
        fakeJob(['map', 'sink: Writer', 'sink: Committer'].map((name) => ({ name, capacity: 100 }))),
        {
          name: 'sinking'
        }
      )
    )
    fake.deploy(fake.jobs[1])
    const sinking = actuator({ job: 'sinking' })
    const uppers = () => fake.jobs[1].vertices.map(({ upper }) => upper)
    await sinking.apply(command({ 'sink: Writer': 3 }), signal)
    expect(uppers()).toEqual([1, 3, 3])
    await sinking.apply(command({ 'sink: Writer': 1, 'sink: Committer': 2 }, 2), signal)
    expect(uppers()).toEqual([1, 1, 1])
  })

  it('takes vertex ids as well as names', async () => {
    await actuator().apply(command({ [hex('count')]: 3 }), signal)
    expect(vertex('count').parallelism).toBe(3)
  })

  it('writes nothing when it is there already', async () => {
    const act = actuator()
    await act.apply(command({ count: 3 }), signal)
    const again = await act.apply(command({ count: 3 }), signal)
    expect(again).toMatchObject({ reached: { count: 3 }, pending: {} })
    expect(puts()).toHaveLength(1)
  })

  it('counts what has no slot as pending, and the job keeps running', async () => {
    const receipt = await actuator({ reachWithinMs: 200 }).apply(command({ count: 12 }), signal)
    expect(receipt).toMatchObject({ reached: { count: 8 }, pending: { count: 4 } })
    expect(receipt.refused).toBeUndefined()
    expect(fake.jobs[0].state).toBe('RUNNING')
  })

  it('does not wait for slots that are not there until the deadline', async () => {
    let nowMs = 0
    const act = actuator({
      clock: () => nowMs,
      sleepUntil: async (atMs) => {
        nowMs = atMs
        await new Promise((later) => setTimeout(later, 5))
      },
      ...{ reachWithinMs: 600_000, pollMs: 250 }
    })
    const receipt = await act.apply(command({ count: 12 }), signal)
    expect(receipt).toMatchObject({ reached: { count: 8 }, pending: { count: 4 } })
    expect(receipt.atMs).toBeGreaterThanOrEqual(5_000)
    expect(receipt.atMs).toBeLessThan(60_000)
  })

  it('waits though no slot is free where an operator has more than was asked for, or could have more', async () => {
    Object.assign(vertex('count'), { upper: 8 })
    Object.assign(vertex('parse'), { upper: 3 })
    fake.deploy(fake.jobs[0])
    fake.rescaleMs = 400
    let nowMs = 0
    const act = actuator({
      clock: () => nowMs,
      sleepUntil: async (atMs) => {
        nowMs = atMs
        await new Promise((later) => setTimeout(later, 20))
      },
      ...{ reachWithinMs: 600_000, pollMs: 2_000 }
    })
    expect(await act.apply(command({ count: 12, parse: 2 }), signal)).toMatchObject({
      reached: { count: 8, parse: 2 },
      pending: { count: 4 }
    })
    expect(await act.apply(command({ count: 12, parse: 4 }), signal)).toMatchObject({ reached: { parse: 4 } })
  })

  it('brings back a job that waits for slots because somebody gave it a lower bound', async () => {
    Object.assign(vertex('count'), { lower: 12, upper: 12 })
    fake.deploy(fake.jobs[0])
    expect(fake.jobs[0].state).toBe('RESTARTING')
    const receipt = await actuator({ reachWithinMs: 300 }).apply(command({ count: 12 }), signal)
    expect(vertex('count').lower).toBe(1)
    expect(receipt).toMatchObject({ reached: { count: 8 }, pending: { count: 4 } })
  })

  it('says at the deadline what has not come', async () => {
    fake.rescaleMs = 5_000
    const receipt = await actuator({ reachWithinMs: 60 }).apply(command({ count: 5 }), signal)
    expect(receipt).toMatchObject({ reached: { count: 1 }, pending: { count: 4 } })
  })

  it('says that the job ended while it waited', async () => {
    fake.rescaleMs = 5_000
    setTimeout(() => Object.assign(fake.jobs[0], { state: 'FAILED' }), 40)
    const receipt = await actuator().apply(command({ count: 5 }), signal)
    expect(receipt.refused).toBe('job-ended: loadjob is FAILED')
    expect(receipt.reached).toEqual({})
  })

  it('says that the job is down at the deadline, not that it has 0 tasks', async () => {
    fake.rescaleMs = 400
    const receipt = await actuator({ reachWithinMs: 300 }).apply(command({ count: 5 }), signal)
    expect(receipt.refused).toBe('job-not-running: loadjob is RESTARTING')
    expect(receipt.reached).toEqual({})
    expect(receipt.pending).toMatchObject({ count: 5 })
  })
})

describe('is refused before anything is written', () => {
  it.each<[string, Units, string]>([
    ['zero', { count: 0 }, 'bad-units: count must be a whole number, at least 1, was 0'],
    ['a fraction', { count: 1.5 }, 'bad-units: count must be a whole number, at least 1, was 1.5'],
    ['not measured', { count: NaN }, 'bad-units: count must be a whole number, at least 1, was NaN'],
    [
      'more than its key groups',
      { count: 200 },
      'bad-units: count must be at most its maximum parallelism, 128, was 200'
    ],
    [
      'an operator that is not there',
      { cuont: 2 },
      'unknown-operator: cuont is not in loadjob, which has Source: source, parse, count'
    ]
  ])('%s', async (_, to, refused) => {
    const receipt = await actuator().apply(command(to), signal)
    expect(receipt).toMatchObject({ refused, reached: {}, pending: {} })
    expect(puts()).toEqual([])
  })

  it('an older epoch, without a question', async () => {
    const act = actuator()
    await act.apply(command({ count: 2 }, 7), signal)
    const asked = fake.calls.length
    expect((await act.apply(command({ count: 3 }, 6), signal)).refused).toBe(
      'older-epoch: 6, the newest is 7'
    )
    expect((await act.apply(command({ count: 3 }, NaN), signal)).refused).toMatch(/^bad-epoch/)
    expect(fake.calls.length).toBe(asked)
    expect(vertex('count').upper).toBe(2)
  })

  it.each([
    ['FINISHED', 'job-ended: loadjob is FINISHED'],
    ['FAILED', 'job-ended: loadjob is FAILED'],
    ['CANCELED', 'job-ended: loadjob is CANCELED']
  ])('a job that is %s', async (state, refused) => {
    fake.jobs[0].state = state
    expect((await actuator().apply(command({ count: 2 }), signal)).refused).toBe(refused)
    expect(puts()).toEqual([])
  })

  it('a job that is not there, or there twice', async () => {
    expect((await actuator({ job: 'other' }).apply(command({ count: 2 }), signal)).refused).toMatch(
      /^job-absent/
    )
    fake.jobs.push(fakeJob([{ name: 'count', capacity: 1 }]))
    expect((await actuator().apply(command({ count: 2 }), signal)).refused).toMatch(/^job-ambiguous/)
    expect(puts()).toEqual([])
  })

  it('a cluster without the adaptive scheduler, with what to do', async () => {
    fake.jobs[0].scheduler = 'Default'
    const { refused } = await actuator().apply(command({ count: 2 }), signal)
    expect(refused).toMatch(/^not-adaptive: .*jobmanager.scheduler: adaptive, or use method savepoint$/)
  })

  it('also where an older Flink does not say which scheduler it has', async () => {
    fake.jobs[0].scheduler = 'Default'
    fake.respond = (_, response, { path }) => {
      if (path !== `/jobs/${fake.jobs[0].id}`) return undefined
      const { id, name, state, startMs, vertices } = fake.jobs[0]
      const tasks = { RUNNING: 1 }
      const plan = { nodes: vertices.map((it) => ({ id: it.id })) }
      response.end(
        JSON.stringify({
          ...{ jid: id, name, state, 'start-time': startMs, plan },
          vertices: vertices.map((it) => ({ ...it, counters: undefined, tasks }))
        })
      )
      return true
    }
    expect((await actuator().apply(command({ count: 2 }), signal)).refused).toMatch(/^not-adaptive/)
  })
})

describe('somebody else who writes', () => {
  it('is noticed by the next command and left in peace', async () => {
    const act = actuator()
    await act.apply(command({ count: 3 }), signal)
    Object.assign(vertex('count'), { upper: 6 })
    const receipt = await act.apply(command({ count: 4 }), signal)
    expect(receipt.refused).toBe('foreign-writer: count is 6, we wrote 3 and want 4; left as it is')
    expect(receipt.reached).toMatchObject({ count: 3 })
    expect(vertex('count').upper).toBe(6)
    expect(puts()).toHaveLength(1)
  })

  it('is overruled where that is the policy', async () => {
    const told: string[] = []
    const act = actuator({ foreignChange: 'reassert', tell: (what) => told.push(what) })
    await act.apply(command({ count: 3 }), signal)
    Object.assign(vertex('count'), { upper: 6 })
    expect(await act.apply(command({ count: 4 }), signal)).toMatchObject({ reached: { count: 4 } })
    expect(told).toEqual(['foreign-writer'])
  })

  it('may size what we do not, and keeps it', async () => {
    const act = actuator()
    await act.apply(command({ count: 3 }), signal)
    Object.assign(vertex('parse'), { upper: 2 })
    expect(await act.apply(command({ count: 4 }), signal)).toMatchObject({ reached: { count: 4, parse: 2 } })
  })

  it('may want the same', async () => {
    const act = actuator()
    await act.apply(command({ count: 3 }), signal)
    Object.assign(vertex('count'), { upper: 4 })
    fake.deploy(fake.jobs[0])
    const receipt = await act.apply(command({ count: 4 }), signal)
    expect(receipt.refused).toBeUndefined()
    expect(receipt.reached.count).toBe(4)
  })

  it('is nobody when the job was submitted again', async () => {
    const act = actuator()
    await act.apply(command({ count: 3 }), signal)
    fake.jobs[0].state = 'CANCELED'
    const job = fakeJob(fake.jobs[0].vertices.map((it) => ({ ...it, upper: 6, parallelism: 6 })))
    fake.jobs.push(job)
    fake.deploy(job)
    expect(await act.apply(command({ count: 4 }), signal)).toMatchObject({ reached: { count: 4 } })
  })

  it('is noticed when it overwrites us while we wait', async () => {
    fake.respond = (_, __, { method }) => {
      if (method === 'PUT') setTimeout(() => Object.assign(vertex('count'), { upper: 2 }), 1)
      return undefined
    }
    const receipt = await actuator({ reachWithinMs: 100 }).apply(command({ count: 5 }), signal)
    expect(receipt.refused).toMatch(
      /^foreign-writer: the bounds are now .*"count":2.*somebody wrote after us$/
    )
  })

  // Flink's PUT has no precondition. Whoever writes between our read and our PUT is overwritten and cannot be told from nobody.
  it('within the window between our read and our PUT loses; the window is one round trip', async () => {
    const windows: number[] = []
    const act = actuator()
    let readAt = 0
    fake.respond = (_, response, { method, path }) => {
      if (!path.endsWith('/resource-requirements')) return undefined
      if (method === 'GET') response.on('finish', () => (readAt = performance.now()))
      else {
        windows.push(performance.now() - readAt)
        Object.assign(vertex('count'), { upper: 99 })
      }
      return undefined
    }
    for (let i = 0; i < 20; i++) await act.apply(command({ count: 2 + (i % 2) }), signal)
    expect(vertex('count').upper).toBe(3)
    expect(windows).toHaveLength(20)
    windows.sort((a, b) => a - b)
    process.stderr.write(
      `window between read and PUT, ${windows.length} commands over loopback: median ${windows[10].toFixed(1)} ms, largest ${windows[19].toFixed(1)} ms\n`
    )
    // Nothing but one request lies in it: no wait, no other question.
    expect(
      fake.calls
        .filter(({ path }) => path.endsWith('/resource-requirements'))
        .map(({ method }) => method)
        .join('')
    ).toMatch(/^(GETPUTGET)+$/)
  })
})

describe('an answer that leaves it open', () => {
  const isPut = ({ method }: { method: string }) => method === 'PUT'

  it.each([409, 429, 500, 502, 503])(
    '%d is tried again after a wait, with one change of the job',
    async (status) => {
      proxy.fault = (it) => (isPut(it) && it.n === 1 ? { kind: 'status', status } : undefined)
      const receipt = await actuator().apply(command({ count: 3 }), signal)
      expect(receipt).toMatchObject({ reached: { count: 3 }, pending: {} })
      expect(puts()).toHaveLength(1)
      expect(fake.jobs[0].rescales).toBe(1)
    }
  )

  it('waits at least as long as the server asks', async () => {
    const headers = { 'retry-after': '1' }
    proxy.fault = (it) => (isPut(it) && it.n === 1 ? { kind: 'status', status: 429, headers } : undefined)
    const began = Date.now()
    await actuator().apply(command({ count: 3 }), signal)
    expect(Date.now() - began).toBeGreaterThanOrEqual(1_000)
  })

  it.each(['hang', 'cut', 'html'] as const)(
    '%s: it is read whether it took effect before it is sent again',
    async (kind) => {
      proxy.fault = (it) => (isPut(it) && it.n === 1 ? { kind } : undefined)
      const receipt = await actuator(impatient()).apply(command({ count: 3 }), signal)
      expect(receipt).toMatchObject({ reached: { count: 3 } })
      expect(puts()).toHaveLength(1)
      const between = proxy.seen.slice(proxy.seen.findIndex(isPut) + 1)
      expect(between[between.findIndex(isPut) - 1].path).toMatch(/resource-requirements$/)
    }
  )

  it('that took effect without a word is not sent again', async () => {
    proxy.fault = (it) => (isPut(it) ? { kind: 'deaf' } : undefined)
    const receipt = await actuator(impatient()).apply(command({ count: 3 }), signal)
    expect(receipt).toMatchObject({ reached: { count: 3 }, pending: {} })
    expect(receipt.refused).toBeUndefined()
    expect(puts()).toHaveLength(1)
  })

  it('that took effect at the very last attempt counts as well', async () => {
    proxy.fault = (it) => (isPut(it) ? { kind: 'deaf' } : undefined)
    const receipt = await actuator({ ...impatient(), attempts: 1 }).apply(command({ count: 3 }), signal)
    expect(receipt.refused).toBeUndefined()
    expect(receipt.reached.count).toBe(3)
  })

  it('gives up after some attempts and says why; nothing has changed', async () => {
    proxy.fault = (it) => (isPut(it) ? { kind: 'status', status: 503 } : undefined)
    const told: string[] = []
    const receipt = await actuator({ ...impatient(), tell: (what) => told.push(what) }).apply(
      command({ count: 3 }),
      signal
    )
    expect(receipt.refused).toBe('not-accepted: 503 the proxy says 503')
    expect(proxy.seen.filter(isPut)).toHaveLength(3)
    expect(told).toEqual(['not-accepted', 'not-accepted', 'not-accepted'])
    expect(puts()).toEqual([])
    expect(vertex('count').upper).toBe(1)
  })

  it('is recognised as ours by a later command, not as a foreign writer', async () => {
    const memory = newMemory()
    const act = actuator({ ...impatient(), memory, attempts: 1 })
    proxy.fault = (it) =>
      isPut(it) || it.n > 4 ? { kind: it.method === 'PUT' ? 'deaf' : 'hang' } : undefined
    await act.apply(command({ count: 3 }), signal).catch(() => {})
    proxy.fault = undefined
    expect(await act.apply(command({ count: 4 }), signal)).toMatchObject({ reached: { count: 4 } })
  })

  it.each([400, 401, 403, 404])('%d is a refusal and is never repeated', async (status) => {
    proxy.fault = (it) => (isPut(it) ? { kind: 'status', status } : undefined)
    const { refused } = await actuator().apply(command({ count: 3 }), signal)
    expect(refused).toMatch(/^(bad-request|not-allowed|job-absent): /)
    expect(proxy.seen.filter(isPut)).toHaveLength(1)
  })
})

describe('a server in trouble while it is read', () => {
  it('is asked again, and then the command is carried out', async () => {
    proxy.fault = ({ path, n }) =>
      path === '/jobs/overview' && n <= 2 ? { kind: 'status', status: 503 } : undefined
    expect(await actuator().apply(command({ count: 3 }), signal)).toMatchObject({ reached: { count: 3 } })
  })

  it.each([
    ['hang', /^unreachable: .* did not answer within 300ms$/],
    ['html', /^bad-answer: .* answers 200 with HTML/],
    ['cut', /^unreachable: /]
  ] as const)('%s: refused in one line, nothing written', async (kind, says) => {
    proxy.fault = () => ({ kind })
    const { refused } = await actuator(impatient()).apply(command({ count: 3 }), signal)
    expect(refused).toMatch(says)
    expect(refused).not.toContain('\n')
    expect(puts()).toEqual([])
  })

  it('while the change comes is waited out', async () => {
    proxy.fault = ({ path, n }) =>
      path === `/jobs/${fake.jobs[0].id}` && n > 1 && n < 5 ? { kind: 'status', status: 500 } : undefined
    expect(await actuator().apply(command({ count: 3 }), signal)).toMatchObject({ reached: { count: 3 } })
  })

  it('until the deadline: the command is accepted, what it reached is not known', async () => {
    proxy.fault = ({ path, n }) =>
      path === `/jobs/${fake.jobs[0].id}` && n > 1 ? { kind: 'html' } : undefined
    const receipt = await actuator({ reachWithinMs: 50 }).apply(command({ count: 3 }), signal)
    expect(receipt.reached).toEqual({})
    expect(receipt.refused).toMatch(/^bad-answer/)
    expect(puts()).toHaveLength(1)
  })

  it('when only the last look at the bounds fails, the receipt stands', async () => {
    proxy.fault = ({ path, method, n }) =>
      method === 'GET' && path.endsWith('/resource-requirements') && n > 1 ? { kind: 'html' } : undefined
    expect((await actuator().apply(command({ count: 3 }), signal)).refused).toBeUndefined()
  })
})

it('stops at once when it is interrupted, wherever it waits', async () => {
  fake.rescaleMs = 10_000
  for (const wait of [0, 20, 60]) {
    const abort = new AbortController()
    setTimeout(() => abort.abort(), wait)
    const said: unknown = await actuator({ reachWithinMs: 60_000 })
      .apply(command({ count: 3 + wait }), abort.signal)
      .catch((error: unknown) => error)
    expect(said).toBeInstanceOf(PrescaleError)
    expect((said as PrescaleError).code).toBe('INTERRUPTED')
  }
})

it('refuses an address that is none', () => {
  expect(() => actuator({ server: { url: 'flink' } })).toThrow('flink url must be such as http://host:8081')
})

describe("Flink's own refusals of the PUT", () => {
  // Messages of Flink 2.3.0, provoked one by one against the real one.
  it.each<[string, unknown, string]>([
    ['{}', {}, 'Request body does not specify resource requirements.'],
    ['a part', { [hex('parse')]: [1, 2] }, 'The request is incomplete, missing job vertex'],
    ['0..0', { all: [0, 0] }, 'must be greater than zero'],
    ['3..2', { all: [3, 2] }, 'is higher than the upper bound [2].'],
    ['200 of 128', { all: [1, 200] }, 'exceeds its maximum parallelism 128.']
  ])('%s', async (_, body, says) => {
    const rest = flinkRest({ url: fake.url })
    const pairs = Object.entries(body as Record<string, [number, number]>).flatMap(([id, [lower, upper]]) =>
      id === 'all' ? fake.jobs[0].vertices.map((it) => [it.id, { lower, upper }]) : [[id, { lower, upper }]]
    )
    const reply = await rest.putRequirements(fake.jobs[0].id, Object.fromEntries(pairs))
    expect(reply.status).toBe(400)
    expect(reply.says).toContain(says)
    expect(outcomeOf(reply, 'loadjob')).toMatchObject({ kind: 'refused' })
  })

  it('a job it does not know is a 500 with the reason inside', async () => {
    const reply = await flinkRest({ url: fake.url }).putRequirements('f'.repeat(32), {})
    expect(outcomeOf(reply, 'loadjob')).toEqual({
      kind: 'refused',
      says: `job-absent: Could not find Flink job (${'f'.repeat(32)})`
    })
  })
})

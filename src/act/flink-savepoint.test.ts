import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FaultyProxy, faultyProxy } from '../../test/fakes/faulty-proxy.ts'
import { type FakeFlink, fakeFlink, hex } from '../../test/fakes/flink.ts'
import { random } from '../base/index.ts'
import type { Units } from '../roles.ts'
import { flinkAuto } from './flink-auto.ts'
import { type FlinkSavepointOptions, flinkSavepoint } from './flink-savepoint.ts'
import { newMemory } from './memory.ts'

let fake: FakeFlink
let proxy: FaultyProxy
beforeEach(async () => {
  fake = await fakeFlink({ scheduler: 'Default' })
  proxy = await faultyProxy(fake.url)
})
afterEach(async () => {
  await proxy.close()
  await fake.close()
})

const signal = new AbortController().signal

function actuator(options: Partial<FlinkSavepointOptions> = {}) {
  return flinkSavepoint({
    server: { url: proxy.url, timeoutMs: 500 },
    job: 'loadjob',
    clock: Date.now,
    sleepUntil: (atMs) => new Promise((later) => setTimeout(later, Math.max(0, atMs - Date.now()))),
    rng: random(7, 'jitter'),
    pollMs: 5,
    backoffMs: 5,
    reachWithinMs: 500,
    submit: {
      jar: 'abc_loadjob.jar',
      entryClass: 'live.LoadJob',
      programArgs: ['--parse-us', 'count={count}', 'parse={parse}']
    },
    ...options
  })
}

const command = (to: Units, epoch = 1) => ({ target: 'loadjob', to, epoch })
const running = () => fake.jobs.filter(({ state }) => state === 'RUNNING')
const runs = () => fake.writes().filter(({ path }) => path.endsWith('/run'))
const jobPath = () => `/jobs/${fake.jobs[0].id}`

describe('a rescale by a savepoint', () => {
  it('stops the job with one and submits it again from there with the wanted parallelisms', async () => {
    const receipt = await actuator({ savepointDir: 's3://savepoints' }).apply(command({ count: 3 }), signal)
    expect(receipt).toMatchObject({ reached: { 'Source: source': 1, parse: 1, count: 3 }, pending: {} })
    expect(receipt.refused).toBeUndefined()
    expect(fake.jobs.map(({ state }) => state)).toEqual(['FINISHED', 'RUNNING'])
    const [stop, run] = fake.writes()
    expect(stop.body).toMatchObject({ drain: false, targetDirectory: 's3://savepoints' })
    expect(run.path).toBe('/jars/abc_loadjob.jar/run')
    expect(run.body).toMatchObject({
      entryClass: 'live.LoadJob',
      programArgsList: ['--parse-us', 'count=3', 'parse=1'],
      savepointPath: [...fake.savepoints.values()][0].location
    })
    expect(JSON.stringify(run.body)).toContain(`${hex('count')}:3`)
    expect(fake.jobs[1].savepoint).toBeDefined()
  })

  it('does nothing when that is what runs', async () => {
    expect(await actuator().apply(command({ count: 1 }), signal)).toMatchObject({
      reached: { count: 1 },
      pending: {}
    })
    expect(fake.writes()).toEqual([])
  })

  it('follows the job by its name to its new id', async () => {
    const act = actuator()
    await act.apply(command({ count: 3 }), signal)
    expect(await act.apply(command({ count: 2 }, 2), signal)).toMatchObject({ reached: { count: 2 } })
    expect(running()).toHaveLength(1)
  })

  it('leaves the job as it is when the savepoint fails, and says why', async () => {
    fake.savepointFails = 'org.apache.flink.runtime.checkpoint.CheckpointException: disk full\n\tat …'
    const receipt = await actuator().apply(command({ count: 3 }), signal)
    expect(receipt.refused).toMatch(/^savepoint-failed: .*disk full; loadjob goes on as it was$/)
    expect(receipt).toMatchObject({ reached: { count: 1 }, pending: {} })
    expect(runs()).toEqual([])
    expect(running()).toHaveLength(1)
  })

  it('waits no longer than it may for a savepoint', async () => {
    fake.savepointMs = 5_000
    const { refused } = await actuator({ savepointWithinMs: 50 }).apply(command({ count: 3 }), signal)
    expect(refused).toMatch(/^savepoint-late: /)
    expect(runs()).toEqual([])
  })

  it('starts the job again as it was when the new one is refused', async () => {
    fake.submitFails = ['Not enough resources']
    const told: string[] = []
    const receipt = await actuator({ tell: (what) => told.push(what) }).apply(command({ count: 3 }), signal)
    expect(receipt.refused).toBe('not-submitted: 400 Not enough resources; runs as it was')
    expect(receipt).toMatchObject({ reached: { count: 1 }, pending: { count: 2 } })
    expect(told).toEqual(['savepoint', 'not-submitted'])
    expect(running()).toHaveLength(1)
  })

  it('says where the state is when nothing can be started', async () => {
    fake.submitFails = ['no', 'no']
    const { refused, reached } = await actuator().apply(command({ count: 3 }), signal)
    expect(refused).toMatch(/^job-down: 400 no; nor as it was: 400 no; its state is in file:\/savepoints\//)
    expect(reached).toEqual({})
  })
})

describe('a new job that does not come to run', () => {
  it('fails: the old one is started under an id of its own', async () => {
    fake.nextState = 'FAILED'
    const { refused } = await actuator({ pollMs: 20 }).apply(command({ count: 3 }), signal)
    expect(refused).toMatch(/^not-submitted: the new job \w+ is FAILED; runs as it was$/)
    expect(running()).toHaveLength(1)
    expect(new Set(fake.jobs.map(({ id }) => id)).size).toBe(fake.jobs.length)
  })

  it('and cannot be canceled: no second one is started', async () => {
    fake.nextState = 'CREATED'
    let nowMs = 0
    proxy.fault = ({ method }) => (method === 'PATCH' ? { kind: 'status', status: 400 } : undefined)
    const act = actuator({
      clock: () => nowMs,
      sleepUntil: async (atMs) => {
        await new Promise((later) => setTimeout(later, 1))
        nowMs = Math.max(nowMs, atMs)
      },
      ...{ reachWithinMs: 1_000, pollMs: 500, savepointWithinMs: 1e9 }
    })
    const { refused } = await act.apply(command({ count: 3 }), signal)
    expect(refused).toMatch(/^job-late: .* is CREATED, and could not be canceled; its state is in file:/)
    expect(runs()).toHaveLength(1)
  })

  it('waits for slots: it is canceled before the old one is started', async () => {
    fake.nextState = 'CREATED'
    const { refused } = await actuator({ reachWithinMs: 60 }).apply(command({ count: 3 }), signal)
    expect(refused).toMatch(/is CREATED; runs as it was$/)
    expect(fake.jobs.map(({ state }) => state)).toEqual(['FINISHED', 'CANCELED', 'RUNNING'])
  })
})

describe('whichever way works', () => {
  const auto = (submit?: FlinkSavepointOptions['submit']) =>
    flinkAuto({
      ...{ server: { url: proxy.url }, job: 'loadjob', clock: Date.now, rng: random(7), pollMs: 5 },
      sleepUntil: (atMs) => new Promise((later) => setTimeout(later, Math.max(0, atMs - Date.now()))),
      ...(submit && { submit })
    })

  it('is in place where the adaptive scheduler runs', async () => {
    fake.jobs[0].scheduler = 'Adaptive'
    expect(await auto({ jar: 'x.jar' }).apply(command({ count: 3 }), signal)).toMatchObject({
      reached: { count: 3 }
    })
    expect(runs()).toEqual([])
  })

  it('else by a savepoint', async () => {
    const submit = { jar: 'x.jar', programArgs: ['count={count}'] }
    expect(await auto(submit).apply(command({ count: 3 }), signal)).toMatchObject({ reached: { count: 3 } })
    expect(runs()).toHaveLength(1)
  })

  it('else none, where nobody said how the job is submitted', async () => {
    expect((await auto().apply(command({ count: 3 }), signal)).refused).toMatch(/^not-adaptive/)
    expect(fake.writes()).toEqual([])
  })
})

describe('an answer that leaves it open', () => {
  it.each(['deaf', 'hang', 'html', 'cut'] as const)(
    '%s to the stop is the same stop asked again',
    async (kind) => {
      proxy.fault = ({ method, path, n }) =>
        method === 'POST' && path.endsWith('/stop') && n === 1 ? { kind } : undefined
      expect(await actuator().apply(command({ count: 3 }), signal)).toMatchObject({ reached: { count: 3 } })
      expect(fake.savepoints.size).toBe(1)
    }
  )

  it.each(['deaf', 'hang', 'html'] as const)('%s to the submission never makes two jobs', async (kind) => {
    proxy.fault = ({ method, path, n }) =>
      method === 'POST' && path.endsWith('/run') && n === 1 ? { kind } : undefined
    expect(await actuator().apply(command({ count: 3 }), signal)).toMatchObject({ reached: { count: 3 } })
    expect(running()).toHaveLength(1)
    expect(new Set(runs().map(({ body }) => JSON.stringify(body))).size).toBe(1)
  })

  it('also when no answer to any submission is heard', async () => {
    proxy.fault = ({ method, path }) =>
      method === 'POST' && path.endsWith('/run') ? { kind: 'deaf' } : undefined
    const receipt = await actuator().apply(command({ count: 3 }), signal)
    expect(receipt.refused).toBeUndefined()
    expect(running()).toHaveLength(1)
  })

  it('to the stop for ever: nothing was submitted', async () => {
    proxy.fault = ({ path }) => (path.endsWith('/stop') ? { kind: 'status', status: 409 } : undefined)
    const { refused } = await actuator().apply(command({ count: 3 }), signal)
    expect(refused).toBe('savepoint-failed: 409 the proxy says 409')
    expect(running()).toHaveLength(1)
  })
})

describe('how the new job is told', () => {
  it('all operators alike: by one parallelism', async () => {
    const submit = { jar: 'x.jar' }
    const to = { 'Source: source': 2, parse: 2, count: 2 }
    expect(await actuator({ submit }).apply(command(to), signal)).toMatchObject({ reached: to, pending: {} })
    expect(runs()[0].body).toMatchObject({ parallelism: 2 })
  })

  it('else an argument must say it, and nothing is stopped before', async () => {
    const { refused, reached } = await actuator({ submit: { jar: 'x.jar' } }).apply(
      command({ count: 3 }),
      signal
    )
    expect(refused).toBe(
      'no-argument: Flink 2.3.0 takes no parallelism by operator; let an argument of the job say {count}'
    )
    expect(reached).toMatchObject({ count: 1 })
    expect(fake.writes()).toEqual([])
  })

  it('Flink 1 takes overrides', async () => {
    fake.respond = (_, response, { path }) => {
      if (path !== '/overview') return undefined
      response.end('{"taskmanagers":1,"slots-total":8,"slots-available":8,"flink-version":"1.20.1"}')
      return true
    }
    const act = actuator({ submit: { jar: 'x.jar' }, reachWithinMs: 30 })
    await act.apply(command({ count: 3 }), signal)
    expect(JSON.stringify(runs()[0].body)).toContain(`${hex('count')}:3`)
  })

  it('a version that cannot be read is none that takes them', async () => {
    proxy.fault = ({ path }) => (path === '/overview' ? { kind: 'html' } : undefined)
    const { refused } = await actuator({ submit: { jar: 'x.jar' } }).apply(command({ count: 3 }), signal)
    expect(refused).toMatch(/^no-argument: Flink of an unknown version/)
  })
})

describe('is refused before anything is written', () => {
  it.each<[string, () => Units, RegExp]>([
    ['bad units', () => ({ count: 0 }), /^bad-units/],
    ['an operator that is not there', () => ({ counted: 2 }), /^unknown-operator/],
    [
      'a job that restarts',
      () => {
        fake.jobs[0].state = 'RESTARTING'
        return { count: 2 }
      },
      /^job-not-running: loadjob is RESTARTING$/
    ],
    [
      'a job that is gone',
      () => {
        fake.jobs.pop()
        return { count: 2 }
      },
      /^job-absent/
    ]
  ])('%s', async (_, prepare, refused) => {
    const to = prepare()
    expect((await actuator().apply(command(to), signal)).refused).toMatch(refused)
    expect(fake.writes()).toEqual([])
  })

  it('an older epoch', async () => {
    const memory = { ...newMemory(), epoch: 9 }
    expect((await actuator({ memory }).apply(command({ count: 2 }, 8), signal)).refused).toMatch(
      /^older-epoch/
    )
    expect(fake.calls).toEqual([])
  })

  it('a job that somebody else rescaled', async () => {
    const memory = newMemory()
    const written = { id: fake.jobs[0].id, units: { count: 2 } }
    memory.written = written
    const { refused } = await actuator({ memory }).apply(command({ count: 3 }), signal)
    expect(refused).toBe('foreign-writer: count is 1, we wrote 2 and want 3; left as it is')
    const act = actuator({ memory, foreignChange: 'reassert' })
    expect(await act.apply(command({ count: 3 }), signal)).toMatchObject({ reached: { count: 3 } })
  })

  it('a server that cannot be read', async () => {
    proxy.fault = ({ path }) => (path === jobPath() ? { kind: 'html' } : undefined)
    expect((await actuator().apply(command({ count: 3 }), signal)).refused).toMatch(/^bad-answer/)
    expect(fake.writes()).toEqual([])
  })
})

it('stops waiting at once when it is interrupted', async () => {
  fake.savepointMs = 10_000
  const abort = new AbortController()
  setTimeout(() => abort.abort(), 60)
  await expect(actuator().apply(command({ count: 3 }), abort.signal)).rejects.toThrow(/interrupted/)
})

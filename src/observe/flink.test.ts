import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FaultyProxy, faultyProxy } from '../../test/fakes/faulty-proxy.ts'
import { type FakeFlink, fakeFlink, fakeJob, hex } from '../../test/fakes/flink.ts'
import type { Metric, Operator, Reading } from '../roles.ts'
import { type FlinkSourceOptions, flink } from './flink.ts'

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

/** Readings by look; `between` is called after each look, before 5 s of `rate` records a second go by. */
async function looks(
  count: number,
  between: (look: number) => void = () => {},
  { rate = 1_500, ...options }: Partial<FlinkSourceOptions> & { rate?: number } = {}
): Promise<Reading[][]> {
  const abort = new AbortController()
  let nowMs = 1_000_000
  const all: Reading[][] = [[]]
  const source = flink({
    server: { url: proxy.url, timeoutMs: 5_000 },
    job: 'loadjob',
    settleMs: 0,
    historyMs: 0,
    clock: () => nowMs,
    sleepUntil: async (atMs) => {
      between(all.length)
      fake.advance(atMs - nowMs, rate)
      nowMs = atMs
      if (all.length === count) abort.abort()
      else all.push([])
    },
    ...options
  })
  for await (const reading of source.read(abort.signal)) all[all.length - 1].push(reading)
  return all
}

const events = (readings: readonly Reading[]) =>
  readings.flatMap((it) => (it.kind === 'event' ? [`${it.what}: ${it.text}`] : []))
const metric = (readings: readonly Reading[], name: string): Metric | undefined =>
  readings.flatMap((it) => (it.kind === 'metric' && it.name === name ? [it.metric] : []))[0]
const topology = (readings: readonly Reading[]) => readings.find((it) => it.kind === 'topology')!
const capacity = (readings: readonly Reading[]) => readings.find((it) => it.kind === 'capacity')!
const operators = (readings: readonly Reading[]): Record<string, Operator> =>
  Object.fromEntries(topology(readings).topology.operators.map((it) => [it.id, it]))
const job = () => fake.jobs[0]

describe('a running job', () => {
  it('has rates with the third look, true ones as by design', async () => {
    const [first, second, third] = await looks(3)
    expect(events(first)).toEqual([`job-running: loadjob (${job().id}) runs`])
    expect([first, second].map((it) => topology(it).quality)).toEqual(['missing', 'missing'])
    expect(topology(third).quality).toBe('ok')
    const { 'Source: source': source, parse, count } = operators(third)
    expect(source).toMatchObject({ source: true, observedProcessingRate: 1_000, backpressured: 0.96 })
    expect(parse).toMatchObject({ trueProcessingRate: 2_000, busy: 0.5, backpressured: 0.5 })
    expect(count).toMatchObject({ trueProcessingRate: 1_000, busy: 1, keyed: true, maxParallelism: 128 })
    expect(metric(third, 'throughput')).toEqual({ value: 1_000, quality: 'ok' })
    expect(capacity(third)).toMatchObject({
      quality: 'ok',
      capacity: { ready: { count: 1 }, wanted: { count: 1 } }
    })
  })

  it('tells genuine zero traffic as zero', async () => {
    const third = (await looks(3, undefined, { rate: 0 }))[2]
    expect(topology(third).quality).toBe('ok')
    expect(operators(third).count).toMatchObject({
      observedProcessingRate: 0,
      busy: 0,
      trueProcessingRate: NaN
    })
  })

  it('tells checkpoints, restarts and slots', async () => {
    job().checkpoints = { completed: 18, failed: 2, restored: 1 }
    job().restarts = 4
    job().rescales = 3
    // Recorded (engine notes, rescales-history.json): 585 ms for one that was asked for, 585 ms for the first start.
    const [began, ended] = [1_795_352_580_553, 1_795_352_581_138]
    const recorded = {
      startTimestampInMillis: began,
      endTimestampInMillis: ended,
      terminalState: 'COMPLETED'
    }
    // rescales-details.json of the same one.
    const schedulerStates = [
      { state: 'Executing', enterTimestampInMillis: 1_795_352_574_699 },
      { state: 'Restarting', enterTimestampInMillis: 1_795_352_580_964 },
      { state: 'CreatingExecutionGraph', enterTimestampInMillis: 1_795_352_581_076 },
      { state: 'Executing', enterTimestampInMillis: 1_795_352_581_138 }
    ]
    job().rescaled = [
      { ...recorded, endTimestampInMillis: null, triggerCause: 'UPDATE_REQUIREMENT' },
      { ...recorded, endTimestampInMillis: ended + 9, triggerCause: 'INITIAL_SCHEDULE' },
      { ...recorded, rescaleUuid: 'a', triggerCause: 'UPDATE_REQUIREMENT', schedulerStates },
      // One of which Flink has no details any more.
      { ...recorded, endTimestampInMillis: ended + 100, triggerCause: 'UPDATE_REQUIREMENT' },
      { ...recorded, rescaleUuid: 'b', terminalState: 'FAILED', triggerCause: 'UPDATE_REQUIREMENT' }
    ]
    const [first] = await looks(1)
    expect(metric(first, 'rescaleMs')?.value).toBe(585)
    expect(metric(first, 'rescaleMs.p50')?.value).toBe(635)
    expect(metric(first, 'rescaleMs.p90')?.value).toBe(675)
    expect(metric(first, 'rescaleDownMs.p90')?.value).toBe(174)
    expect(metric(first, 'checkpointsFailed')?.value).toBe(2)
    expect(metric(first, 'checkpointMs')?.value).toBe(41)
    expect(metric(first, 'stateBytes')?.value).toBe(9_963)
    // A rescale counts as a restart in Flink.
    expect(metric(first, 'restarts')?.value).toBe(1)
    expect(metric(first, 'freeSlots')?.value).toBe(7)
  })

  it('asks Flink for time to fetch between the first question and the others', async () => {
    const waits: number[] = []
    const abort = new AbortController()
    const source = flink({
      ...{ server: { url: fake.url }, job: 'loadjob', clock: () => 0 },
      sleepUntil: async (atMs) => {
        waits.push(atMs)
        if (waits.length === 2) abort.abort()
      }
    })
    for await (const _ of source.read(abort.signal));
    expect(waits).toEqual([300, 5_000])
  })
})

it('asks for the details of a rescale once, and tells nothing of a job without history', async () => {
  const one = { startTimestampInMillis: 1, endTimestampInMillis: 9, rescaleUuid: 'a', schedulerStates: [] }
  job().rescaled = [{ ...one, terminalState: 'COMPLETED', triggerCause: 'UPDATE_REQUIREMENT' }]
  const all = await looks(3, undefined, { historyMs: 0 })
  expect(fake.calls.filter(({ path }) => path.endsWith('/details/a'))).toHaveLength(1)
  // No states: nobody knows for how long it was down.
  expect(metric(all[2], 'rescaleMs')?.value).toBe(8)
  expect(metric(all[2], 'rescaleDownMs')).toBeUndefined()
  job().rescaled = []
  expect(metric((await looks(1))[0], 'rescaleMs.p50')).toBeUndefined()
})

it('asks for what changes slowly less often', async () => {
  await looks(6, undefined, { historyMs: 15_000 })
  const count = (path: string) => fake.calls.filter((it) => it.path.endsWith(path)).length
  expect([count('/jobs/overview'), count('/exceptions'), count('/checkpoints')]).toEqual([6, 2, 2])
})

describe('a rescale', () => {
  it('throws two answers away, then has the new rates', async () => {
    const all = await looks(6, (look) => {
      if (look !== 3) return
      job().vertices[2].upper = 2
      fake.deploy(job())
    })
    expect(all.map((it) => topology(it).quality)).toEqual([
      'missing',
      'missing',
      'ok',
      'missing',
      'missing',
      'ok'
    ])
    expect(operators(all[5]).count).toMatchObject({ parallelism: 2, trueProcessingRate: 2_000, busy: 0.75 })
  })

  it('has what is asked for and does not run as starting for a while, then as short of slots', async () => {
    job().vertices[2].upper = 12
    fake.deploy(job())
    const all = await looks(15)
    expect(capacity(all[0]).capacity).toMatchObject({
      ready: { count: 8 },
      wanted: { count: 12 },
      starting: [{ resource: 'count', units: 4, askedMs: 1_000_000, readyAtMs: 1_010_000 }]
    })
    expect(capacity(all[14]).capacity.starting).toBeUndefined()
    expect(all.flatMap(events).filter((it) => it.startsWith('slots-short'))).toEqual([
      'slots-short: count runs with 8 of 12: there are no more free slots'
    ])
  })

  it('in which some tasks do not run yet has a partial capacity', async () => {
    job().vertices[2].upper = 3
    fake.deploy(job())
    job().vertices[2].running = 1
    expect(capacity((await looks(1))[0])).toMatchObject({
      quality: 'partial',
      capacity: { ready: { count: 1 } }
    })
  })

  it('is not known of where there is no adaptive scheduler', async () => {
    job().scheduler = 'Default'
    expect(capacity((await looks(1))[0]).capacity).toEqual({
      ready: { 'Source: source': 1, parse: 1, count: 1 }
    })
  })
})

it('does not tell of the committer of a sink, which is never sized apart from its writer', async () => {
  fake.jobs[0] = Object.assign(
    fakeJob(['Source: source', 'sink: Writer', 'sink: Committer'].map((name) => ({ name, capacity: 1_000 }))),
    { name: 'loadjob' }
  )
  fake.deploy(fake.jobs[0])
  const [first] = await looks(1)
  const names = ['Source: source', 'sink: Writer']
  expect(Object.keys(operators(first))).toEqual(names)
  const { ready, wanted } = capacity(first).capacity
  expect([Object.keys(ready), Object.keys(wanted ?? {})]).toEqual([names, names])
})

describe('lag', () => {
  const kafka = (ends: readonly number[][]) => {
    let n = 0
    return { ends: async () => new Map([['in', ends[Math.min(n++, ends.length - 1)]]]) }
  }

  it('is end offsets less positions where Kafka can be asked; arrivals are what the ends grew by', async () => {
    Object.assign(job().vertices[0], { offsets: [99, -1], committed: [50, 200], pendingRecords: 3 })
    const all = await looks(3, undefined, {
      kafka: kafka([
        [1_100, 200],
        [6_100, 200],
        [11_100, 200]
      ])
    })
    expect(metric(all[0], 'lag')).toEqual({ value: 1_000, quality: 'ok' })
    expect(metric(all[0], 'load')).toBeUndefined()
    expect(metric(all[1], 'load')).toEqual({ value: 1_000, quality: 'ok' })
    expect(operators(all[2])['Source: source']).toMatchObject({ lag: 11_000, partitions: 2 })
  })

  it('of which only a part is known is a lower bound and no lag of an operator', async () => {
    Object.assign(job().vertices[0], { offsets: [99, -1], committed: [50, -1] })
    const all = await looks(3, undefined, { kafka: kafka([[1_100, 200]]) })
    expect(metric(all[2], 'lag')).toEqual({ value: 1_000, quality: 'partial' })
    expect(operators(all[2])['Source: source'].lag).toBeNaN()
  })

  it('takes what the group committed for a partition that was not read of since the job began', async () => {
    Object.assign(job().vertices[0], { offsets: [99, -1], committed: [50, -1] })
    const committed = async () => new Map([['in', [50, 150]]])
    const options = { kafka: { ...kafka([[1_100, 200]]), committed }, group: 'g' }
    expect(metric((await looks(1, undefined, options))[0], 'lag')).toEqual({ value: 1_050, quality: 'ok' })
  })

  it('is not pendingRecords, which is told as what it is', async () => {
    job().vertices[0].pendingRecords = 428
    const [first] = await looks(1)
    expect(metric(first, 'pendingRecords')).toEqual({ value: 428, quality: 'ok' })
    expect(metric(first, 'lag')).toBeUndefined()
  })

  it('is missing while the job does not run, as is all that it had', async () => {
    Object.assign(job().vertices[0], { offsets: [99, 49], pendingRecords: 3 })
    const change = (look: number) => {
      if (look === 2) job().state = 'RESTARTING'
    }
    const all = await looks(4, change, { kafka: kafka([[1_100, 200]]) })
    for (const name of ['lag', 'pendingRecords']) {
      expect(metric(all[1], name)?.quality).toBe('ok')
      expect(metric(all[3], name)).toEqual({ value: NaN, quality: 'missing' })
    }
  })

  it('is missing while Kafka does not answer', async () => {
    Object.assign(job().vertices[0], { offsets: [1] })
    const { PrescaleError } = await import('../base/index.ts')
    const ends = () => Promise.reject(new PrescaleError('UNREACHABLE', 'Kafka at host:9092: no'))
    expect(metric((await looks(1, undefined, { kafka: { ends } }))[0], 'lag')).toEqual({
      value: NaN,
      quality: 'missing'
    })
  })

  it('is asked for apart, and again by its new name when a metric is gone: one name empties a whole answer', async () => {
    Object.assign(job().vertices[0], { offsets: [1, 2], pendingRecords: 5 })
    const all = await looks(3, (look) => {
      if (look === 1) job().vertices[0].offsets = [7]
    })
    expect(all.map((it) => metric(it, 'pendingRecords')?.value)).toEqual([5, 5, 5])
    const asked = fake.calls.filter(({ query }) => query.get('get')?.includes('pendingRecords'))
    expect(asked.every(({ query }) => !query.get('get')?.includes('numRecordsIn'))).toBe(true)
  })
})

describe('a job that does not run is a clear state, never zero', () => {
  it.each([
    ['FINISHED', 'job-finished'],
    ['FAILED', 'job-failed'],
    ['CANCELED', 'job-canceled'],
    ['SUSPENDED', 'job-suspended'],
    ['RESTARTING', 'job-restarting'],
    ['FAILING', 'job-restarting'],
    ['CREATED', 'job-starting']
  ])('%s', async (state, what) => {
    const all = await looks(5, (look) => {
      if (look === 3) job().state = state
    })
    expect(events(all[3])[0]).toMatch(new RegExp(`^${what}: loadjob`))
    for (const readings of all.slice(3)) {
      expect(topology(readings).quality).toBe('missing')
      expect(capacity(readings)).toMatchObject({ quality: 'missing', capacity: { ready: { count: NaN } } })
      expect(metric(readings, 'throughput')).toEqual({ value: NaN, quality: 'missing' })
      // It never had one: what nobody can tell again would be missing for ever.
      for (const name of ['lag', 'pendingRecords']) expect(metric(readings, name)).toBeUndefined()
    }
    // Told once, not at every look.
    expect(events(all[4])).toEqual([])
  })

  it('absent from the cluster', async () => {
    const [first] = await looks(1, undefined, { job: 'other' })
    expect(events(first)).toEqual([
      'job-absent: other is not known to this cluster: check its name, or start it'
    ])
    expect(first.some(({ kind }) => kind === 'capacity')).toBe(false)
  })

  it('running twice under one name', async () => {
    fake.jobs.push(fakeJob([{ name: 'count', capacity: 1 }]))
    expect(events((await looks(1))[0])[0]).toMatch(/^job-ambiguous/)
  })

  it('replaced by another of the same name: followed, and said', async () => {
    const all = await looks(6, (look) => {
      if (look !== 3) return
      job().state = 'CANCELED'
      const next = fakeJob([{ name: 'count', capacity: 500 }])
      fake.jobs.push(next)
      fake.deploy(next)
    })
    expect(events(all[3])[0]).toBe(
      `job-replaced-topology-changed: loadjob is now ${fake.jobs[1].id} with 1 vertices`
    )
    expect(operators(all[5]).count.trueProcessingRate).toBe(500)
    expect(Object.keys(capacity(all[5]).capacity.ready)).toEqual(['count'])
  })

  it('given by its id, it is not followed to another', async () => {
    const { id } = job()
    const all = await looks(
      4,
      (look) => {
        if (look !== 2) return
        job().state = 'FINISHED'
        fake.jobs.push(fakeJob([{ name: 'count', capacity: 500 }]))
      },
      { job: id }
    )
    expect(events(all[2])[0]).toMatch(/^job-finished/)
    expect(topology(all[3]).quality).toBe('missing')
  })
})

describe('what happened', () => {
  it('exceptions of the JobManager are told once, with class, task and first line', async () => {
    const stack = 'org.apache.flink.util.FlinkException: Disconnected\n\tat x'
    job().exceptions = [{ atMs: 5, name: 'org.apache.flink.util.FlinkException', stack }]
    const all = await looks(3, (look) => {
      if (look === 2)
        job().exceptions.unshift({ atMs: 9, name: 'a.b.OtherException', stack: 'a.b.OtherException' })
    })
    expect(all.map((it) => events(it).filter((line) => line.startsWith('job-exception')))).toEqual([
      ['job-exception: FlinkException in count (1/2) - execution #0: Disconnected'],
      [],
      ['job-exception: OtherException in count (1/2) - execution #0: OtherException']
    ])
  })

  it('a restart that was no rescale', async () => {
    const all = await looks(3, (look) => {
      if (look === 1) Object.assign(job(), { restarts: 1, rescales: 1 })
      if (look === 2) Object.assign(job(), { restarts: 2, rescales: 1 })
    })
    expect(all.map((it) => events(it).filter((line) => line.startsWith('job-restarted')))).toEqual([
      ...[[], []],
      ['job-restarted: loadjob was restarted: 1 times since it was submitted']
    ])
  })
})

describe('a server in trouble', () => {
  it.each([
    ['hang', 'missing', /^source-unreachable: http:\/\/\S+ did not answer within 500ms$/],
    ['cut', 'missing', /^source-unreachable: /],
    ['html', 'invalid', /^source-invalid: \S+ answers 200 with HTML/]
  ] as const)('%s: everything is %s, said once, and again when it is over', async (kind, quality, says) => {
    let faulty = false
    proxy.fault = () => (faulty ? { kind } : undefined)
    const server = { url: proxy.url, timeoutMs: kind === 'hang' ? 500 : 5_000 }
    const all = await looks(
      6,
      (look) => {
        faulty = look === 3 || look === 4
      },
      { server }
    )
    for (const readings of all.slice(3, 5)) {
      expect(topology(readings).quality).toBe(quality)
      expect(capacity(readings)).toMatchObject({ quality, capacity: { ready: { count: NaN } } })
      expect(metric(readings, 'throughput')).toEqual({ value: NaN, quality })
    }
    expect(events(all[3])).toEqual([expect.stringMatching(says)])
    expect(events(all[4])).toEqual([])
    expect(events(all[5])[0]).toMatch(/^source-back: /)
  })

  it.each([401, 404, 500, 503])('%d: in one line', async (status) => {
    proxy.fault = () => ({ kind: 'status', status })
    const [line] = events((await looks(1))[0])
    expect(line).toMatch(new RegExp(`answers ${status}`))
    expect(line).not.toContain('\n')
  })

  it('JSON of something else', async () => {
    proxy.fault = () => ({ kind: 'status', status: 200, body: '{"jobs":[{"jid":5}]}' })
    expect(events((await looks(1))[0])[0]).toMatch(
      /^source-invalid: \S+\/jobs\/overview answers JSON of another kind: jobs\[0\].jid is not a text$/
    )
  })

  it('one vertex that does not answer is missing, the others are measured', async () => {
    proxy.fault = ({ path }) => (path.endsWith(hex('parse')) ? { kind: 'status', status: 500 } : undefined)
    const third = (await looks(3))[2]
    expect(topology(third).quality).toBe('missing')
    expect(operators(third).parse.trueProcessingRate).toBeNaN()
    expect(operators(third).count.trueProcessingRate).toBe(1_000)
  })

  it('what is beside the job may be missing', async () => {
    proxy.fault = ({ path }) =>
      /checkpoints|exceptions|rescales|overview$|metrics$/.test(path) && path !== '/jobs/overview'
        ? { kind: 'html' }
        : undefined
    const third = (await looks(3))[2]
    expect(topology(third).quality).toBe('ok')
    expect(metric(third, 'checkpointMs')).toBeUndefined()
  })
})

describe('counters that cannot be', () => {
  it.each([['-5'], ['1e999'], ['"many"'], ['9007199254740993000']])('%s is invalid', async (value) => {
    fake.respond = (_, response, { path }) => {
      if (!path.endsWith(hex('count'))) return undefined
      const counters = job().vertices[2].counters[0]
      const metrics = `"read-records":${value},"write-records":1,"accumulated-busy-time":${counters.busyMs},"accumulated-idle-time":0,"accumulated-backpressured-time":0`
      response.end(
        `{"subtasks":[{"subtask":0,"status":"RUNNING","attempt":0,"start-time":1,"metrics":{${metrics}}}]}`
      )
      return true
    }
    const third = (await looks(3))[2]
    expect(topology(third).quality).toBe('invalid')
    expect(operators(third).count.observedProcessingRate).toBeNaN()
  })

  it('NaN written as text is not measured', async () => {
    fake.respond = (_, response, { path }) => {
      if (!path.endsWith(hex('count'))) return undefined
      const metrics = '"read-records":1,"accumulated-busy-time":"NaN","accumulated-idle-time":0'
      response.end(`{"subtasks":[{"subtask":0,"status":"RUNNING","start-time":1,"metrics":{${metrics}}}]}`)
      return true
    }
    expect(topology((await looks(3))[2]).quality).toBe('missing')
  })
})

it('never writes', async () => {
  await looks(4)
  expect(fake.writes()).toEqual([])
})

it('ends when it is interrupted while it asks', async () => {
  proxy.fault = () => ({ kind: 'hang' })
  const abort = new AbortController()
  setTimeout(() => abort.abort(), 30)
  const readings: Reading[] = []
  const source = flink({
    ...{ server: { url: proxy.url }, job: 'loadjob', clock: () => 0 },
    sleepUntil: async () => {}
  })
  for await (const reading of source.read(abort.signal)) readings.push(reading)
  expect(readings).toEqual([])
})

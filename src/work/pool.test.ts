import { availableParallelism } from 'node:os'
import { describe, expect, it } from 'vitest'
import { planOf, wave } from '../../test/fakes/small-rehearsal.ts'
import { canonicalJson } from '../base/index.ts'
import { doJob, type JobRun, type RehearsalJob } from '../compare/rehearsal-job.ts'
import { inWorkers, inWorkersSettled } from './pool.ts'

const errands = new URL('../../test/fakes/errands.ts', import.meta.url)
const jobs = new URL('../compare/rehearsal-job.ts', import.meta.url)

describe('work on other threads', () => {
  it('answers in the order of the inputs, whoever is ready first', async () => {
    const waits = [120, 10, 60, 0]
    expect(await inWorkers(errands, 'waitFor', waits, { threads: 4 })).toEqual(waits)
    expect(await inWorkers(errands, 'waitFor', [], { threads: 4 })).toEqual([])
  })

  it('gives the same bytes as here', async () => {
    const plan = planOf('service', wave(300), 60)
    const spec = (name: string) => ({ name, options: {}, label: name, keepTrack: true })
    const job: RehearsalJob = {
      what: 'test',
      plan,
      seed: 3,
      specs: [spec('hpa'), spec('mpc')],
      forecast: 'naive',
      keepTurns: true
    }
    const [there] = await inWorkers<RehearsalJob, JobRun[]>(jobs, 'doJob', [job], { threads: 1 })
    expect(canonicalJson(there)).toBe(canonicalJson(doJob(job)))
    expect(there[0].track?.ready).toBeInstanceOf(Float32Array)
  })

  it('never uses more threads than it may', async () => {
    const gauge = new Int32Array(new SharedArrayBuffer(8))
    const inputs = Array.from({ length: 7 }, () => gauge)
    await inWorkers(errands, 'countBusy', inputs, { threads: 2 })
    expect(gauge[0]).toBe(0)
    expect(gauge[1]).toBeLessThanOrEqual(2)
    expect(gauge[1]).toBeGreaterThan(0)
    expect(availableParallelism()).toBeGreaterThan(0)
  })

  it('tells how far each input is', async () => {
    const told: number[][] = []
    await inWorkers(errands, 'inThirds', ['a', 'b'], {
      threads: 1,
      progress: (input, done, of) => told.push([input, done, of])
    })
    expect(told).toEqual([...[1, 2, 3].map((done) => [0, done, 3]), ...[1, 2, 3].map((done) => [1, done, 3])])
  })

  it('hears what each hands out before it is done', async () => {
    const heard: unknown[] = []
    await inWorkers(errands, 'onTheWay', ['a', 'b'], {
      threads: 1,
      told: (input, value) => heard.push([input, value])
    })
    expect(heard).toEqual([
      [0, { best: 'a so far' }],
      [1, { best: 'b so far' }]
    ])
  })

  it('hands on an error with its code and its one line', async () => {
    await expect(inWorkers(errands, 'refuse', ['no such thing'], { threads: 1 })).rejects.toMatchObject({
      name: 'PrescaleError',
      code: 'NOT_FOUND',
      message: 'no such thing'
    })
    await expect(inWorkers(errands, 'breakDown', [1], { threads: 1 })).rejects.toMatchObject({
      name: 'Error',
      message: 'broken',
      stack: expect.stringContaining('errands')
    })
  })

  it('is an error where there is no such function, or a thread just ends', async () => {
    await expect(inWorkers(errands, 'nothing', [1], { threads: 1 })).rejects.toThrow(/not a function/)
    await expect(inWorkers(errands, 'endNow', [1], { threads: 1 })).rejects.toThrow('ended with 3')
  })

  it('stops at the first error: what runs is ended, what waits never begins', async () => {
    const work = new Int32Array(new SharedArrayBuffer(8))
    const inputs = [true, false, false, false].map((refuse) => ({ work, refuse }))
    await expect(inWorkers(errands, 'refuseOrToil', inputs, { threads: 2 })).rejects.toThrow('refused')
    await expectStill(work)
    expect(work[0]).toBe(1)
  })

  it('is interrupted by its signal, at once and for good', async () => {
    const work = new Int32Array(new SharedArrayBuffer(8))
    const abort = new AbortController()
    const inputs = [false, false, false].map((refuse) => ({ work, refuse }))
    const toil = inWorkers(errands, 'refuseOrToil', inputs, { threads: 2, abort: abort.signal })
    setTimeout(() => abort.abort(), 300)
    await expect(toil).rejects.toMatchObject({ code: 'INTERRUPTED', message: 'stopped' })
    await expectStill(work)
    expect(work[0]).toBeLessThanOrEqual(2)
  })

  it('lets the others go on where each failure is an answer, even the end of a thread', async () => {
    const inputs = ['endNow', 'fail', 'answer', 'fail', 'answer']
    const answers = await inWorkersSettled<string, string>(errands, 'doAs', inputs, { threads: 2 })
    expect(answers.map(({ status }) => status)).toEqual(
      inputs.map((input) => (input === 'answer' ? 'fulfilled' : 'rejected'))
    )
    expect(answers[0]).toMatchObject({ reason: { message: expect.stringContaining('ended with 3') } })
    expect(answers[1]).toMatchObject({ reason: { name: 'PrescaleError', code: 'TOO_SHORT' } })
    expect(answers[2]).toMatchObject({ value: 'answer' })
  })

  it('is interrupted as a whole, where each failure is an answer too', async () => {
    const work = new Int32Array(new SharedArrayBuffer(8))
    const abort = new AbortController()
    const inputs = [false, false, false].map((refuse) => ({ work, refuse }))
    const toil = inWorkersSettled(errands, 'refuseOrToil', inputs, { threads: 2, abort: abort.signal })
    setTimeout(() => abort.abort(), 300)
    await expect(toil).rejects.toMatchObject({ code: 'INTERRUPTED', message: 'stopped' })
    await expectStill(work)
    expect(work[0]).toBeLessThanOrEqual(2)
  })

  it('does not begin when it was interrupted before', async () => {
    const work = new Int32Array(new SharedArrayBuffer(8))
    const options = { threads: 1, abort: AbortSignal.abort() }
    const toil = inWorkers(errands, 'refuseOrToil', [{ work, refuse: false }], options)
    await expect(toil).rejects.toMatchObject({ code: 'INTERRUPTED' })
    expect(work[0]).toBe(0)
  })
})

/** Nobody works any more, a moment after. */
async function expectStill(work: Int32Array): Promise<void> {
  const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms))
  await sleep(100)
  const [, toil] = work
  await sleep(100)
  expect(work[1]).toBe(toil)
}

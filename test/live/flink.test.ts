/** A real Flink that reads a real Kafka: what is read of the job, what becomes of commands, and that the small Flink of the tests refuses alike. */
import { Admin } from '@platformatic/kafka'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { flink as flinkActuator, flinkSavepoint, newMemory } from '../../src/act/index.ts'
import { random } from '../../src/base/index.ts'
import { doubtsOf } from '../../src/decide/doubt.ts'
import { view } from '../../src/loop/index.ts'
import { flinkRest } from '../../src/net/index.ts'
import { flink as flinkSource, kafkaLag, kafkaOffsets, type OffsetReader } from '../../src/observe/index.ts'
import type { Metric, Operator, Reading, Units } from '../../src/roles.ts'
import { fakeFlink } from '../fakes/flink.ts'
import { type LiveFlink, startFlink } from './flink.ts'
import { jobJar, mavenLibs } from './java.ts'
import { type LiveKafka, sendRecords, startKafka } from './kafka.ts'

const libs = { flink: mavenLibs('flink'), kafka: mavenLibs('kafka') }
const RATE = 1_600
const say = (text: string) => process.stderr.write(`  ${text}\n`)
const sleepUntil = (atMs: number, abort: AbortSignal) =>
  new Promise<void>((later) => {
    const timer = setTimeout(later, Math.max(0, atMs - Date.now()))
    abort.addEventListener('abort', () => {
      clearTimeout(timer)
      later()
    })
  })

describe.skipIf(libs.flink === undefined || libs.kafka === undefined)(
  'a real Flink',
  { timeout: 240_000 },
  () => {
    let kafka: LiveKafka
    let cluster: LiveFlink
    let offsets: OffsetReader
    let job: string
    let jar: string
    const traffic = new AbortController()
    let sending: Promise<void>
    const memory = newMemory()
    const jobArgs = () => ['--brokers', kafka.server, '--parse-us', '500', '--count-us', '1000']

    beforeAll(async () => {
      kafka = await startKafka(libs.kafka as string)
      const admin = new Admin({ clientId: 'live', bootstrapBrokers: [kafka.server] })
      await admin.createTopics({ topics: ['in'], partitions: 8, replicas: 1 })
      await admin.createTopics({ topics: ['out'], partitions: 4, replicas: 1 })
      await admin.close()
      cluster = await startFlink(libs.flink as string, { taskManagers: 2 })
      jar = await cluster.upload(jobJar(libs.flink as string))
      sending = sendRecords(kafka.server, RATE, traffic.signal)
      job = await cluster.run(jar, jobArgs())
      offsets = await kafkaOffsets({ bootstrapServers: [kafka.server] })
    }, 240_000)
    afterAll(async () => {
      traffic.abort()
      await sending
      await offsets?.close()
      await cluster?.stop()
      await kafka?.stop()
    }, 60_000)

    /** Readings until enough topologies are sound, and what was told on the way. */
    async function watch(sound: number, withinMs = 90_000, of = 'costly'): Promise<Watched> {
      const abort = new AbortController()
      const late = setTimeout(() => abort.abort(), withinMs)
      const source = flinkSource({
        ...{ server: { url: cluster.url }, job: of, stepMs: 1_000, clock: Date.now, sleepUntil },
        kafka: offsets
      })
      const seen: Watched = { topologies: [], readings: [] }
      for await (const reading of source.read(abort.signal)) {
        seen.readings.push(reading)
        if (reading.kind === 'topology' && reading.quality === 'ok') {
          seen.topologies.push(Object.fromEntries(reading.topology.operators.map((it) => [it.id, it])))
        }
        if (reading.kind === 'capacity' && seen.topologies.length >= sound) break
      }
      clearTimeout(late)
      return seen
    }

    const act = (to: Units, options: { reachWithinMs?: number; foreignChange?: 'reassert' } = {}) =>
      flinkActuator({
        ...{
          server: { url: cluster.url },
          job: 'costly',
          clock: Date.now,
          sleepUntil,
          rng: random(1),
          memory
        },
        ...options
      }).apply({ target: 'costly', to, epoch: 1 }, new AbortController().signal)

    it('tells true rates as the job was made: 2,000 and 1,000 records a second and subtask', async () => {
      const { topologies, readings } = await watch(12)
      const { parse, count, 'Source: source': source } = topologies.at(-1) as Record<string, Operator>
      say(
        `parse true ${parse.trueProcessingRate.toFixed(0)}/s, count true ${count.trueProcessingRate.toFixed(0)}/s`
      )
      say(
        `source ${source.observedProcessingRate?.toFixed(0)}/s, backpressured ${source.backpressured?.toFixed(2)}, lag ${source.lag}`
      )
      expect(parse.trueProcessingRate).toBeGreaterThan(1_500)
      expect(parse.trueProcessingRate).toBeLessThan(2_300)
      expect(count.trueProcessingRate).toBeGreaterThan(750)
      expect(count.trueProcessingRate).toBeLessThan(1_150)
      expect(count).toMatchObject({ keyed: true, maxParallelism: 128, parallelism: 1 })
      expect(count.busy).toBeGreaterThan(0.8)
      expect(source.partitions).toBe(8)
      // More arrives than count can do: it piles up in Kafka.
      const lags = metrics(readings, 'lag')
      say(
        `lag ${lags.map(({ value }) => value).join(' ')}; pendingRecords ${metrics(readings, 'pendingRecords')
          .map(({ value }) => value)
          .join(' ')}`
      )
      expect(lags.at(-1)!.value).toBeGreaterThan(lags[0].value)
      expect(metrics(readings, 'load').at(-1)!.value).toBeGreaterThan(RATE * 0.7)
      expect(metrics(readings, 'freeSlots').at(-1)).toEqual({ value: 7, quality: 'ok' })
      expect(metrics(readings, 'checkpointMs').length).toBeGreaterThan(0)
    })

    it('is rescaled in place, and the receipt says what runs', async () => {
      const beganMs = Date.now()
      const receipt = await act({ parse: 2, count: 4 })
      say(`rescaled in place in ${Date.now() - beganMs} ms: ${JSON.stringify(receipt)}`)
      expect(receipt).toMatchObject({ reached: { parse: 2, count: 4, 'Source: source': 1 }, pending: {} })
      expect(receipt.refused).toBeUndefined()
      const found = await flinkRest({ url: cluster.url }).job(job)
      expect(found.vertices.find(({ name }) => name === 'count')?.parallelism).toBe(4)
      expect((await flinkRest({ url: cluster.url }).requirements(job))[found.vertices[0].id].lower).toBe(1)
    })

    it('has sound rates again after it', async () => {
      const { topologies, readings } = await watch(15)
      const { count } = topologies.at(-1) as Record<string, Operator>
      say(
        `count with 4: true ${count.trueProcessingRate.toFixed(0)}/s, observed ${count.observedProcessingRate?.toFixed(0)}/s`
      )
      expect(count.parallelism).toBe(4)
      expect(count.trueProcessingRate).toBeGreaterThan(2_600)
      // More than one subtask can do. Whether the lag falls is up to the machine as well; right after the restart it is a lower bound.
      expect(count.observedProcessingRate).toBeGreaterThan(1_100)
      say(
        `lag ${metrics(readings, 'lag')
          .map(({ value, quality }) => `${value} ${quality}`)
          .join(', ')}`
      )
      const [took, down] = ['rescaleMs', 'rescaleDownMs'].map((name) => metrics(readings, name).at(-1)?.value)
      say(`the rescale took ${took} ms by Flink's history, and stopped the job for ${down} ms of it`)
      expect(down).toBeGreaterThan(0)
      expect(took).toBeGreaterThanOrEqual(down as number)
    })

    it('does nothing for what is there', async () => {
      const before = await rescales(cluster.url, job)
      expect((await act({ parse: 2, count: 4 })).refused).toBeUndefined()
      expect(await rescales(cluster.url, job)).toBe(before)
    })

    it('runs with what there are slots for; the rest is pending', async () => {
      expect(await act({ count: 12 }, { reachWithinMs: 40_000 })).toMatchObject({
        reached: { count: 8 },
        pending: { count: 4 }
      })
    })

    it('notices somebody else', async () => {
      const rest = flinkRest({ url: cluster.url })
      const now = await rest.requirements(job)
      const other = Object.fromEntries(Object.entries(now).map(([id, it]) => [id, { ...it, upper: 2 }]))
      expect((await rest.putRequirements(job, other)).status).toBe(200)
      expect((await act({ count: 3 })).refused).toMatch(/^foreign-writer: count is 2, we wrote 12 and want 3/)
      expect(await act({ count: 3, parse: 1 }, { foreignChange: 'reassert' })).toMatchObject({
        reached: { count: 3, parse: 1 }
      })
    })

    it('refuses as the small Flink of the tests does', async () => {
      const fake = await fakeFlink()
      const fakeId = fake.jobs[0].id
      const [real, small] = [flinkRest({ url: cluster.url }), flinkRest({ url: fake.url })]
      const bounds = (lower: number, upper: number) => ({ lower, upper })
      for (const of of [bounds(0, 0), bounds(3, 2), bounds(1, 200)]) {
        const [said, ours] = await Promise.all(
          (
            [
              [real, job],
              [small, fakeId]
            ] as const
          ).map(async ([rest, id]) => {
            const now = await rest.requirements(id)
            const [first] = Object.keys(now)
            return rest.putRequirements(id, { ...now, [first]: of })
          })
        )
        expect([ours.status, plain(ours.says)]).toEqual([said.status, plain(said.says)])
      }
      for (const wanted of [{}, { ['0'.repeat(32)]: bounds(1, 1) }]) {
        const [said, ours] = [
          await real.putRequirements(job, wanted),
          await small.putRequirements(fakeId, wanted)
        ]
        expect([ours.status, plain(ours.says)]).toEqual([said.status, plain(said.says)])
      }
      const gone = 'f'.repeat(32)
      const [said, ours] = [
        await real.putRequirements(gone, { [gone]: bounds(1, 1) }),
        await small.putRequirements(gone, { [gone]: bounds(1, 1) })
      ]
      expect([ours.status, plain(ours.says)]).toEqual([said.status, plain(said.says)])
      expect(await real.job(gone).catch((e: Error) => e.message)).toMatch(
        /answers 404: Could not find Flink job/
      )
      await fake.close()
    })

    it('tells lag and rates of its consumer group from Kafka alone', async () => {
      const abort = AbortSignal.timeout(15_000)
      const access = { bootstrapServers: [kafka.server] }
      const source = kafkaLag({
        access,
        topics: ['in'],
        group: 'prescale-job',
        stepMs: 1_000,
        clock: Date.now,
        sleepUntil
      })
      const readings: Reading[] = []
      for await (const reading of source.read(abort)) {
        readings.push(reading)
        if (metrics(readings, 'load').length >= 4) break
      }
      const load = metrics(readings, 'load').at(-1)!
      say(
        `load by end offsets ${load.value.toFixed(0)}/s, lag by commits ${metrics(readings, 'lag').at(-1)?.value}`
      )
      expect(load.quality).toBe('ok')
      expect(load.value).toBeGreaterThan(RATE * 0.7)
      expect(load.value).toBeLessThan(RATE * 1.3)
    })

    it('survives the loss of a TaskManager: lower bounds are 1', async () => {
      await act({ count: 8 }, { foreignChange: 'reassert', reachWithinMs: 15_000 })
      await cluster.taskManagers[1].kill()
      const beganMs = Date.now()
      await expect
        .poll(
          async () =>
            (await flinkRest({ url: cluster.url }).job(job)).vertices.find(({ name }) => name === 'count'),
          {
            timeout: 40_000
          }
        )
        .toMatchObject({ parallelism: 4, running: 4 })
      say(`runs on the other TaskManager after ${Date.now() - beganMs} ms`)
      const { readings } = await watch(1)
      expect(readings.some((it) => it.kind === 'event' && it.what === 'job-exception')).toBe(true)
    })

    it('is stopped with a savepoint and submitted again with other parallelisms', async () => {
      // What nobody names is submitted as the jar has it.
      const ones = { 'Source: source': 1, 'sink: Writer': 1, count: 4 }
      expect(await act(ones, { foreignChange: 'reassert', reachWithinMs: 30_000 })).toMatchObject({
        reached: ones
      })
      const beganMs = Date.now()
      const receipt = await flinkSavepoint({
        ...{
          server: { url: cluster.url },
          job: 'costly',
          clock: Date.now,
          sleepUntil,
          rng: random(1),
          reachWithinMs: 30_000
        },
        submit: { jar, programArgs: [...jobArgs(), '--p-parse', '{parse}', '--p-count', '{count}'] }
      }).apply({ target: 'costly', to: { count: 3, parse: 1 }, epoch: 2 }, new AbortController().signal)
      say(`rescaled by a savepoint in ${Date.now() - beganMs} ms: ${JSON.stringify(receipt)}`)
      expect(receipt.refused).toBeUndefined()
      expect(receipt).toMatchObject({ reached: { count: 3, parse: 1 }, pending: {} })
      const rest = flinkRest({ url: cluster.url })
      expect((await rest.jobs()).map(({ state }) => state).sort()).toEqual(['FINISHED', 'RUNNING'])
    })

    it('is idle when nothing comes any more, and nothing of that is unknown', async () => {
      traffic.abort()
      await sending
      const known = view({ target: 'costly', stepMs: 5_000 })
      const abort = AbortSignal.timeout(120_000)
      const source = flinkSource({
        ...{ server: { url: cluster.url }, job: 'costly', stepMs: 1_000, clock: Date.now, sleepUntil },
        kafka: offsets,
        group: 'prescale-job'
      })
      // What it doubted at each look since it was at rest.
      const looks: string[] = []
      const idle: number[] = []
      for await (const reading of source.read(abort)) {
        known.take(reading, Date.now())
        if (reading.kind !== 'capacity') continue
        const observed = known.observation(Date.now())
        const operators = observed.topology?.operators ?? []
        const rests = operators.every(({ observedProcessingRate }) => observedProcessingRate === 0)
        if (!rests || operators.length === 0) continue
        looks.push(doubtsOf(observed).join(', '))
        idle.push(...operators.map((it) => it.idle ?? NaN))
        if (looks.length === 20) break
      }
      say(`at rest: idle ${Math.min(...idle).toFixed(2)} at least; doubts: ${looks.join(' | ')}`)
      // A look may be late, and the load of its step missing.
      expect(looks.length).toBe(20)
      expect(looks.filter((doubts) => doubts === '').length).toBeGreaterThanOrEqual(15)
    })
  }
)

interface Watched {
  readonly topologies: Record<string, Operator>[]
  readonly readings: Reading[]
}

const metrics = (readings: readonly Reading[], name: string): Metric[] =>
  readings.flatMap((it) =>
    it.kind === 'metric' && it.name === name && !Number.isNaN(it.metric.value) ? [it.metric] : []
  )

/** Without ids. */
const plain = (says: string) => says.replaceAll(/[0-9a-f]{32}/g, 'ID')

async function rescales(url: string, job: string): Promise<number | undefined> {
  return (await flinkRest({ url }).jobMetrics(job, ['numRescales'])).get('numRescales')
}

if (libs.flink === undefined)
  it.skip('a real Flink cannot be had here: Java 17 and Maven are needed', () => {})

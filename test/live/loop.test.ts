/** Fault matrix on real engines: the live loop with leave to act, while a TaskManager is lost, the broker is killed, and then the JobManager. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Admin } from '@platformatic/kafka'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type LiveLoop, openLoop } from '../../src/cli/live/loop.ts'
import { readConfig } from '../../src/config/index.ts'
import type { LoopEvent } from '../../src/loop/index.ts'
import { type LiveFlink, startFlink } from './flink.ts'
import { jobJar, mavenLibs } from './java.ts'
import { type LiveKafka, sendRecords, startKafka } from './kafka.ts'

const libs = { flink: mavenLibs('flink'), kafka: mavenLibs('kafka') }
const RATE = 1_600
const patience = { timeout: 90_000, interval: 250 }
const wait = (ms: number) => new Promise((later) => setTimeout(later, ms))

describe.skipIf(libs.flink === undefined || libs.kafka === undefined)(
  'the live loop on real engines',
  { timeout: 240_000 },
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'prescale-live-loop-'))
    const events: LoopEvent[] = []
    const traffic = new AbortController()
    let kafka: LiveKafka
    let cluster: LiveFlink
    let loop: LiveLoop
    let sending: Promise<void>

    beforeAll(async () => {
      kafka = await startKafka(libs.kafka as string)
      const admin = new Admin({ clientId: 'live', bootstrapBrokers: [kafka.server] })
      await admin.createTopics({ topics: ['in'], partitions: 8, replicas: 1 })
      await admin.createTopics({ topics: ['out'], partitions: 4, replicas: 1 })
      await admin.close()
      cluster = await startFlink(libs.flink as string, { taskManagers: 2 })
      const jar = await cluster.upload(jobJar(libs.flink as string))
      sending = sendRecords(kafka.server, RATE, traffic.signal).catch(() => {})
      await cluster.run(jar, ['--brokers', kafka.server, '--parse-us', '500', '--count-us', '1000'])
      const config = readConfig(
        `
version: 1
targets:
  costly:
    mode: apply
    sources:
      - { type: flink, url: '${cluster.url}', job: costly, timeout: 2s }
      - { type: kafka, bootstrapServers: ['${kafka.server}'], topics: [in], timeout: 2s }
    actuator: { type: flink, url: '${cluster.url}', job: costly, timeout: 2s, reachWithin: 15s }
    policy: mpc
    interval: 2s
    forecast: none
    maxReplicas: 8
    leadTime: { p50: 3s, p90: 6s }
    restart: { p50: 3s, p90: 6s }
    slo: { latency: 10s }
store: { path: '${join(folder, 'live.sqlite')}' }
listen: { metrics: false, socket: '${join(folder, 'loop.sock')}' }
`,
        'prescale.yaml'
      )
      const log = {
        event: (event: LoopEvent) => void events.push(event),
        note: () => {},
        error: (text: string) => void process.stderr.write(`  ${text}\n`)
      }
      loop = await openLoop(config, { apply: true, once: false, log })
    }, 240_000)
    afterAll(async () => {
      traffic.abort()
      await loop?.close()
      await cluster?.stop()
      await kafka?.stop()
      await sending
      rmSync(folder, { recursive: true, force: true })
    }, 60_000)

    const turns = () => events.flatMap((event) => (event.kind === 'turn' ? [event.turn] : []))
    const commands = () => events.flatMap((event) => (event.kind === 'command' ? [event.command] : []))
    const happened = (what: RegExp) => events.some((event) => event.kind === 'event' && what.test(event.what))
    const units = () => Object.values(commands().at(-1)?.to ?? {}).reduce((sum, n) => sum + n, 0)

    it('gives the job what it needs', async () => {
      await vi.waitFor(() => expect(commands().at(-1)?.to.count).toBeGreaterThanOrEqual(2), patience)
      await vi.waitFor(() => expect(events.some(({ kind }) => kind === 'receipt')).toBe(true), patience)
    })

    /** While something is broken: turns go on, nothing is taken away. */
    async function nothingIsTaken(ms: number): Promise<void> {
      const [before, from, count] = [units(), turns().length, commands().length]
      await wait(ms)
      expect(turns().length - from).toBeGreaterThanOrEqual(Math.floor(ms / 4_000))
      let last = before
      for (const { to } of commands().slice(count)) {
        const now = Object.values(to).reduce((sum, n) => sum + n, 0)
        expect(now).toBeGreaterThanOrEqual(last)
        last = now
      }
    }

    it('F15 a TaskManager is lost: it goes on, and takes nothing away', async () => {
      // The job runs on one of them, or on both: the one that is lost must be one of its own.
      for (const lost of [cluster.taskManagers[0], cluster.taskManagers[1]]) {
        if (happened(/exception|restart/)) break
        if (lost === cluster.taskManagers[1]) await cluster.addTaskManager()
        await lost.kill()
        await nothingIsTaken(20_000)
      }
      expect(happened(/exception|restart/)).toBe(true)
    })

    it('F2 the broker is killed: load and job are unknown, and nothing is taken away', async () => {
      await kafka.jvm.kill()
      await nothingIsTaken(25_000)
      const { observation, decision } = turns().at(-1) ?? expect.fail('no turn')
      const known = observation.load?.values.at(-1) ?? NaN
      process.stderr.write(`  last load ${known}, ${decision.why.rule} ${decision.why.bound}\n`)
      expect(known >= 0 && decision.kind === 'scale').toBe(false)
    })

    it('F2 the JobManager is killed: said in a word, held, and no command gets lost', async () => {
      await cluster.jobManager.kill()
      await vi.waitFor(() => expect(happened(/source-unreachable/)).toBe(true), patience)
      const count = commands().length
      await nothingIsTaken(15_000)
      expect(commands().length - count).toBeLessThanOrEqual(1)
      expect(Object.values(turns().at(-1)?.observation.capacity.ready ?? {}).every(Number.isNaN)).toBe(true)
    })
  }
)

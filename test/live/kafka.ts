/** One real Kafka broker, its own controller, on free loopback ports. Jars by engines/kafka.pom.xml. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Producer, stringSerializers } from '@platformatic/kafka'
import { freePort, type Jvm, startJvm, untilReady } from './java.ts'

export interface LiveKafka {
  /** `host:port` */
  readonly server: string
  readonly jvm: Jvm
  stop(): Promise<void>
}

export async function startKafka(lib: string): Promise<LiveKafka> {
  const folder = mkdtempSync(join(tmpdir(), 'prescale-kafka-'))
  const data = join(folder, 'data')
  mkdirSync(data)
  const [port, controller] = [await freePort(), await freePort()]
  const properties = join(folder, 'server.properties')
  writeFileSync(properties, settings(port, controller, data))
  const logging = join(folder, 'log4j2.properties')
  writeFileSync(logging, QUIET_LOG)
  const log = `-Dlog4j2.configurationFile=${logging}`
  const java = ['-Xms256m', '-Xmx512m', log, '-cp', `${lib}/*`]
  const id = 'AAAAAAAAAAAAAAAAAAAAAQ'
  execFileSync(
    'java',
    [...java, 'kafka.tools.StorageTool', 'format', '-t', id, '-c', properties, '--standalone'],
    { stdio: 'pipe' }
  )
  const jvm = startJvm([...java, 'kafka.Kafka', properties], join(folder, 'kafka.log'))
  await untilReady('kafka', [jvm], async () => readFileSync(jvm.log, 'utf8').includes('Kafka Server started'))
  return {
    server: `127.0.0.1:${port}`,
    jvm,
    stop: async () => {
      await jvm.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

const QUIET_LOG = `rootLogger.level = WARN
rootLogger.appenderRef.c.ref = C
appender.c.name = C
appender.c.type = Console
appender.c.layout.type = PatternLayout
appender.c.layout.pattern = %d{HH:mm:ss,SSS} %p %c - %m%n
logger.server.name = kafka.server
logger.server.level = INFO
`

function settings(port: number, controller: number, data: string): string {
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.bootstrap.servers': `127.0.0.1:${controller}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': data,
    'num.partitions': 4,
    'default.replication.factor': 1,
    'min.insync.replicas': 1,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'share.coordinator.state.topic.num.partitions': 1,
    // A test must not wait for other consumers.
    'group.initial.rebalance.delay.ms': 0,
    'log.cleaner.dedupe.buffer.size': 8_388_608,
    'log.segment.bytes': 67_108_864
  })
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')
}

/** `rate` records a second of 200 keys into `in`, as the costly job reads them, until aborted. */
export async function sendRecords(server: string, rate: number, abort: AbortSignal): Promise<void> {
  const producer = new Producer({
    clientId: 'load',
    bootstrapBrokers: [server],
    serializers: stringSerializers,
    // A broker that is killed ends the sending at once.
    retries: 0
  })
  const beganMs = Date.now()
  let sent = 0
  while (!abort.aborted) {
    const due = Math.floor(((Date.now() - beganMs) / 1_000) * rate)
    const messages = Array.from({ length: Math.min(1_000, due - sent) }, (_, i) => {
      const key = `k${(sent + i) % 200}`
      return { topic: 'in', key, value: `${key},${Date.now()}` }
    })
    if (messages.length > 0) await producer.send({ messages })
    sent += messages.length
    await new Promise((later) => setTimeout(later, 20))
  }
  await producer.close()
}

/**
 * A real Flink cluster: a JobManager and some TaskManagers of 4 slots, on free loopback ports. Jars by engines/flink.pom.xml.
 *
 * Started by hand, a TaskManager computes no memory: all sizes must be given. Waits that are minutes by default are seconds here.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, type Jvm, startJvm, untilReady } from './java.ts'

export interface LiveFlink {
  readonly url: string
  readonly jobManager: Jvm
  readonly taskManagers: Jvm[]
  addTaskManager(): Promise<Jvm>
  /** Uploads a jar; its id. */
  upload(jar: string): Promise<string>
  /** The id of the job. */
  run(jar: string, args: readonly string[], config?: Readonly<Record<string, string>>): Promise<string>
  stop(): Promise<void>
}

export interface LiveFlinkOptions {
  readonly taskManagers?: number
  readonly config?: Readonly<Record<string, string | number>>
}

export async function startFlink(lib: string, options: LiveFlinkOptions = {}): Promise<LiveFlink> {
  const folder = mkdtempSync(join(tmpdir(), 'prescale-flink-'))
  for (const name of ['conf', 'tmp', 'upload', 'checkpoints', 'savepoints']) mkdirSync(join(folder, name))
  const [rest, rpc, blob] = [await freePort(), await freePort(), await freePort()]
  const config = { ...settings(folder, rest, rpc, blob), ...options.config }
  const lines = Object.entries(config).map(([name, value]) => `${name}: '${value}'`)
  writeFileSync(join(folder, 'conf', 'config.yaml'), `${lines.join('\n')}\n`)
  const logging = join(folder, 'log4j2.properties')
  writeFileSync(logging, LOG)
  const common = [
    ...opened,
    `-Dlog4j2.configurationFile=${logging}`,
    `-Djava.io.tmpdir=${join(folder, 'tmp')}`,
    '-cp',
    `${lib}/*`
  ]
  const conf = ['--configDir', join(folder, 'conf')]
  const url = `http://127.0.0.1:${rest}`
  const jobManager = startJvm(
    ['-Xms256m', '-Xmx512m', '-XX:MaxMetaspaceSize=256m', ...common].concat(
      ['org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint', ...conf],
      ['--executionMode', 'cluster']
    ),
    join(folder, 'jm.log')
  )
  const taskManagers: Jvm[] = []
  const running = () =>
    taskManagers.filter(({ child }) => child.exitCode === null && child.signalCode === null)
  const launch = () => {
    const n = taskManagers.length + 1
    const memory = ['-Xms384m', '-Xmx384m', '-XX:MaxDirectMemorySize=128m', '-XX:MaxMetaspaceSize=256m']
    const main = [
      'org.apache.flink.runtime.taskexecutor.TaskManagerRunner',
      ...conf,
      '-D',
      `taskmanager.resource-id=tm${n}`
    ]
    const jvm = startJvm([...memory, ...common, ...main], join(folder, `tm${n}.log`))
    taskManagers.push(jvm)
    return jvm
  }
  const registered = () =>
    untilReady('flink', [jobManager, ...running()], async () => {
      const overview = (await (await fetch(`${url}/overview`)).json()) as { taskmanagers?: number }
      return overview.taskmanagers === running().length
    })
  for (let i = 0; i < (options.taskManagers ?? 1); i++) launch()
  await registered()

  const flink: LiveFlink = {
    url,
    jobManager,
    taskManagers,
    async addTaskManager() {
      const jvm = launch()
      await registered()
      return jvm
    },
    async upload(jar) {
      const form = new FormData()
      const file = new Blob([readFileSync(jar)], { type: 'application/x-java-archive' })
      form.append('jarfile', file, 'job.jar')
      const answer = (await (await fetch(`${url}/jars/upload`, { method: 'POST', body: form })).json()) as {
        filename?: string
      }
      return String(answer.filename).split('/').at(-1) as string
    },
    async run(jar, programArgsList, flinkConfiguration = {}) {
      const response = await fetch(`${url}/jars/${jar}/run`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ programArgsList, flinkConfiguration })
      })
      const answer = (await response.json()) as { jobid?: string; errors?: string[] }
      if (answer.jobid === undefined)
        throw new Error(`not submitted: ${answer.errors?.join('\n').slice(0, 2_000)}`)
      return answer.jobid
    },
    async stop() {
      await Promise.all(running().map((jvm) => jvm.stop()))
      await jobManager.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  }
  return flink
}

/** What Flink reaches into by reflection; without these a submission fails with InaccessibleObjectException. */
const opened = [
  ...['java.rmi/sun.rmi.registry', 'java.security.jgss/sun.security.krb5'].map(
    (it) => `--add-exports=${it}=ALL-UNNAMED`
  ),
  ...['api', 'file', 'parser', 'tree', 'util'].map(
    (it) => `--add-exports=jdk.compiler/com.sun.tools.javac.${it}=ALL-UNNAMED`
  ),
  ...[
    ...[
      'java.lang',
      'java.net',
      'java.io',
      'java.nio',
      'sun.nio.ch',
      'java.lang.reflect',
      'java.text',
      'java.time'
    ],
    ...['java.util', 'java.util.concurrent', 'java.util.concurrent.atomic', 'java.util.concurrent.locks']
  ].map((it) => `--add-opens=java.base/${it}=ALL-UNNAMED`)
]

function settings(folder: string, rest: number, rpc: number, blob: number): Record<string, string | number> {
  const ours = '127.0.0.1'
  return {
    ...{ 'jobmanager.rpc.address': ours, 'jobmanager.rpc.port': rpc, 'jobmanager.bind-host': ours },
    ...{ 'taskmanager.bind-host': ours, 'taskmanager.host': ours, 'blob.server.port': blob },
    ...{ 'rest.address': ours, 'rest.bind-address': ours, 'rest.port': rest, 'rest.bind-port': rest },
    // A TaskManager that is up before the JobManager would wait 10 s.
    ...{ 'cluster.registration.error-delay': '300 ms', 'cluster.registration.initial-timeout': '200 ms' },
    ...{ 'heartbeat.interval': '1000 ms', 'heartbeat.timeout': '8000 ms' },
    'jobmanager.scheduler': 'adaptive',
    'jobmanager.adaptive-scheduler.submission.resource-wait-timeout': '20 s',
    'jobmanager.adaptive-scheduler.submission.resource-stabilization-timeout': '0 ms',
    'jobmanager.adaptive-scheduler.executing.cooldown-after-rescaling': '0 ms',
    'jobmanager.adaptive-scheduler.executing.resource-stabilization-timeout': '0 ms',
    'jobmanager.adaptive-scheduler.rescale-trigger.max-delay': '3 s',
    'slot.idle.timeout': '1000 ms',
    'taskmanager.cpu.cores': '1.0',
    'taskmanager.numberOfTaskSlots': 4,
    'taskmanager.memory.task.heap.size': '256m',
    'taskmanager.memory.task.off-heap.size': '0m',
    'taskmanager.memory.managed.size': '32m',
    'taskmanager.memory.network.min': '64m',
    'taskmanager.memory.network.max': '64m',
    'taskmanager.memory.framework.heap.size': '128m',
    'taskmanager.memory.framework.off-heap.size': '64m',
    'taskmanager.memory.jvm-metaspace.size': '192m',
    'taskmanager.memory.jvm-overhead.min': '64m',
    'taskmanager.memory.jvm-overhead.max': '64m',
    'taskmanager.memory.segment-size': '8kb',
    'state.backend.type': 'hashmap',
    'execution.checkpointing.storage': 'filesystem',
    'execution.checkpointing.dir': `file://${folder}/checkpoints`,
    'execution.checkpointing.savepoint-dir': `file://${folder}/savepoints`,
    'execution.checkpointing.interval': '1 s',
    'restart-strategy.type': 'fixed-delay',
    'restart-strategy.fixed-delay.attempts': 2_147_483_647,
    'restart-strategy.fixed-delay.delay': '200 ms',
    'rest.cache.execution-graph.timeout': '200 ms',
    'rest.cache.checkpoint-statistics.timeout': '200 ms',
    'metrics.fetcher.update-interval': 1_000,
    'web.adaptive-scheduler.rescale-history.size': 50,
    'pipeline.operator-chaining.enabled': 'false',
    'web.upload.dir': `${folder}/upload`,
    'io.tmp.dirs': `${folder}/tmp`
  }
}

const LOG = `rootLogger.level = WARN
rootLogger.appenderRef.c.ref = C
appender.c.name = C
appender.c.type = Console
appender.c.layout.type = PatternLayout
appender.c.layout.pattern = %d{HH:mm:ss,SSS} %p %c - %m%n
logger.metrics.name = org.apache.flink.metrics.MetricGroup
logger.metrics.level = ERROR
logger.timeline.name = org.apache.flink.runtime.scheduler.adaptive.timeline
logger.timeline.level = ERROR
logger.clients.name = org.apache.kafka.clients
logger.clients.level = ERROR
`

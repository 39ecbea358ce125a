/** From what `prescale.yaml` says of outside systems to sources and actuators that speak to them. */
import { type ActuatorMemory, newMemory } from '../../act/memory.ts'
import { random, type Series } from '../../base/index.ts'
import type {
  ActuatorConfig,
  HttpAccess,
  KafkaAccess as KafkaSettings,
  MqttAccess as MqttSettings,
  ReplaySource,
  SignalTransport as SignalSettings,
  SourceConfig,
  TargetConfig
} from '../../config/index.ts'
import type { Clock } from '../../loop/index.ts'
import type { KafkaAccess, MqttAccess, Server } from '../../net/index.ts'
import { isReady, withReady } from '../../observe/ready.ts'
import { replay } from '../../observe/replay.ts'
import type { SignalTransport } from '../../observe/signals.ts'
import type { Actuator, Source } from '../../roles.ts'
import { readData } from '../data.ts'

export interface LiveParts {
  readonly clock: Clock
  /** What happens on the way, for the log. */
  readonly tell: (what: string, text: string) => void
}

/** What the loop wants to be told of: how fine, and how far back where a source knows the past. */
export interface Wanted {
  readonly stepMs: number
  readonly historyMs: number
}

/** A job is looked at no more seldom than this. */
const LOOK_MS = 5_000

/** All sources of a target. Clients are loaded when they are used. Errors: BAD_OPTION, NOT_FOUND (a client, a secret). */
export async function sourcesOf(target: TargetConfig, wanted: Wanted, parts: LiveParts): Promise<Source[]> {
  const { sources } = target
  return await Promise.all(
    sources.map(async (source) => {
      const made = await sourceOf(source, target, wanted, parts)
      return 'queries' in source && Object.keys(source.queries).some(isReady) ? withReady(made) : made
    })
  )
}

async function sourceOf(
  source: SourceConfig,
  target: TargetConfig,
  { stepMs, historyMs }: Wanted,
  { clock }: LiveParts
): Promise<Source> {
  const time = { clock: clock.now, sleepUntil: clock.sleepUntil }
  const lookMs = Math.min(stepMs, LOOK_MS)
  switch (source.type) {
    case 'flink': {
      const { flink } = await import('../../observe/flink.ts')
      const { kafkaOffsets } = await import('../../observe/kafka-lag.ts')
      // Where the topics are known the true lag is, too; who asks for them as a source does not ask twice.
      const topics = target.sources.find(({ type }) => type === 'kafka')
      const kafka = topics?.type === 'kafka' ? await kafkaOffsets(kafkaAccess(topics)) : undefined
      const group = topics?.type === 'kafka' ? topics.group : undefined
      return flink({ server: serverOf(source), job: source.job, stepMs: lookMs, kafka, group, ...time })
    }
    case 'prometheus': {
      const { prometheus } = await import('../../observe/prometheus-source.ts')
      const { queries, step, settle } = source
      return prometheus({
        server: serverOf(source),
        queries,
        stepMs: step,
        historyMs,
        settleMs: settle,
        ...time
      })
    }
    case 'influxdb': {
      const { influxdb } = await import('../../observe/influxdb.ts')
      const { version, database, retentionPolicy, org, token, queries, step } = source
      const server = { ...serverOf(source), version, database, retentionPolicy, org, token }
      return influxdb({ server, queries, stepMs: step, historyMs, ...time })
    }
    case 'kafka': {
      const { kafkaLag } = await import('../../observe/kafka-lag.ts')
      const { topics } = source
      // Two answers to how much waits would take turns; what Flink says of its own position is the nearer one.
      const group = target.sources.some(({ type }) => type === 'flink') ? undefined : source.group
      return kafkaLag({ access: kafkaAccess(source), topics, group, stepMs: lookMs, ...time })
    }
    case 'mqtt': {
      const { mqttRates } = await import('../../observe/mqtt-rates.ts')
      const { topics, reading, step } = source
      return mqttRates({ access: mqttAccess(source), topics, name: reading, stepMs: step, ...time })
    }
    case 'replay':
      return replay(await replayed(source, clock.now()), { name: 'load', ...time })
  }
}

/** A trace as if it began now, `speed` times as fast. Errors: as of any data argument. */
export async function replayed(source: ReplaySource, nowMs: number): Promise<Series> {
  const { file, time, value, perStep, scale, speed } = source
  const { series } = await readData(file, { time, value, perStep, scale })
  const stepMs = series.stepMs / speed
  return { ...series, stepMs, startMs: Math.ceil(nowMs / stepMs) * stepMs }
}

/** What must be known of what an actuator did, kept with the Turns. */
export interface ActuatorRecord {
  recall<Kept extends object>(name: string): { readonly kept?: Kept }
  keep(name: string, kept: object): void
}

/** The same, with a memory that outlives the process: what we wrote last is how a foreign hand is known. */
export async function rememberingActuator(
  actuator: ActuatorConfig,
  target: string,
  parts: LiveParts & { readonly record: ActuatorRecord }
): Promise<Actuator> {
  const { record } = parts
  // Of this target's actuator, not of the target: names of targets have no colon in front.
  const name = `:actuator:${target}`
  const memory = { ...newMemory(), ...record.recall<ActuatorMemory>(name).kept }
  const made = await actuatorOf(actuator, target, parts, memory)
  return {
    async apply(command, abort) {
      try {
        return await made.apply(command, abort)
      } finally {
        record.keep(name, memory)
      }
    }
  }
}

/** What carries commands out. Errors as of `sourcesOf`. */
export async function actuatorOf(
  actuator: ActuatorConfig,
  target: string,
  { clock, tell }: LiveParts,
  memory: ActuatorMemory = newMemory()
): Promise<Actuator> {
  const time = { clock: clock.now, sleepUntil: clock.sleepUntil }
  if (actuator.type === 'dry-run') {
    const { dryRun } = await import('../../act/dry-run.ts')
    return dryRun({ ...time, memory })
  }
  const { job, reachWithin, foreignChange, method, savepointDir, submit } = actuator
  const options = {
    ...time,
    server: serverOf(actuator),
    job,
    foreignChange,
    reachWithinMs: reachWithin,
    rng: random(0, 'backoff', target),
    memory,
    tell
  }
  if (method === 'adaptive' || submit === undefined) {
    const { flink } = await import('../../act/flink.ts')
    return flink(options)
  }
  const { args: programArgs, ...jar } = submit
  const whole = { ...options, savepointDir, submit: { ...jar, programArgs } }
  if (method === 'savepoint') {
    const { flinkSavepoint } = await import('../../act/flink-savepoint.ts')
    return flinkSavepoint(whole)
  }
  const { flinkAuto } = await import('../../act/flink-auto.ts')
  return flinkAuto(whole)
}

export function signalTransports(from: readonly SignalSettings[]): SignalTransport[] {
  return from.map((transport) =>
    transport.type === 'mqtt'
      ? { type: 'mqtt', access: mqttAccess(transport), topics: [transport.topic], qos: 1 }
      : { type: 'kafka', access: kafkaAccess(transport), topics: [transport.topic], group: transport.group }
  )
}

export function serverOf({ url, timeout, bearer, username, password, headers, tls }: HttpAccess): Server {
  return { url, timeoutMs: timeout, bearer, username, password, headers, tls }
}

export function kafkaAccess({ bootstrapServers, clientId, timeout, sasl, tls }: KafkaSettings): KafkaAccess {
  return { bootstrapServers, clientId, timeoutMs: timeout, sasl, tls }
}

export function mqttAccess({ url, clientId, timeout, username, password, tls }: MqttSettings): MqttAccess {
  return { url, clientId, timeoutMs: timeout, username, password, tls }
}

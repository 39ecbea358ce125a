/** What `doctor` asks of the other systems: is it there, does it let us in, does it answer what will be asked of it. */
import { createServer } from 'node:net'
import { MINUTE } from '../../base/index.ts'
import type { Config, InfluxSource, MqttAccess, PrometheusSource, ReplaySource } from '../../config/index.ts'
import { endMqtt, influxPing, mqttClient, mqttError, mqttOptions } from '../../net/index.ts'
import type { Quality } from '../../roles.ts'
import { askLoop } from '../../serve/socket.ts'
import { mqttAccess, serverOf } from '../live/systems.ts'
import { fail, type Looked, ok, warn } from './checks.ts'
import { clockCheck, reached, timed } from './common.ts'

/** So much of the past is asked for: a query that finds nothing in it gives a policy nothing either. */
const LOOK_BACK_MS = 10 * MINUTE

export async function* checkPrometheus(source: PrometheusSource): AsyncIterable<Looked> {
  const { ping, queryRange } = await import('../../observe/prometheus.ts')
  const server = serverOf(source)
  yield* answers('Prometheus', () => ping(server))
  for (const [name, query] of Object.entries(source.queries)) {
    const answer = await queryRange(server, { query, ...lately(source.step) })
    yield answered(name, answer.series.values, answer.quality)
  }
}

export async function* checkInflux(source: InfluxSource): AsyncIterable<Looked> {
  const { queryInflux } = await import('../../observe/influxdb.ts')
  const server = { ...serverOf(source), ...pick(source) }
  yield* answers('InfluxDB', () => influxPing(server))
  for (const [name, query] of Object.entries(source.queries)) {
    const answer = await queryInflux(server, { query, ...lately(source.step) })
    yield answered(name, answer.series.values, answer.quality)
  }
}

/** Where the loop keeps a copy: asked for an answer, nothing is written. */
export async function* checkCopy(copy: NonNullable<Config['store']['influxdb']>): AsyncIterable<Looked> {
  const { version, database, org, token } = copy
  yield* answers('InfluxDB', () => influxPing({ ...serverOf(copy), version, database, org, token }))
}

function pick({ version, database, retentionPolicy, org, token }: InfluxSource) {
  return { version, database, retentionPolicy, org, token }
}

/** That it answers, in which version, and what time it is there. */
async function* answers(
  what: string,
  ask: () => Promise<{ readonly nowMs: number; readonly version?: string }>
): AsyncIterable<Looked> {
  const { value, tookMs } = await timed(ask)
  yield reached(what, tookMs)
  if (value.version !== undefined) yield ok('version', value.version)
  yield clockCheck(value.nowMs)
}

function lately(stepMs: number) {
  const toMs = Date.now()
  return { fromMs: toMs - Math.max(LOOK_BACK_MS, 3 * stepMs), toMs, stepMs }
}

function answered(name: string, values: Float64Array, quality: Quality): Looked {
  const last = values.findLast((value) => !Number.isNaN(value))
  return last === undefined
    ? warn(
        `query ${name}`,
        `nothing in the last ${LOOK_BACK_MS / MINUTE} minutes`,
        'while it is empty nothing is taken away; look at its labels'
      )
    : ok(
        `query ${name}`,
        `${last.toLocaleString('en-US', { maximumSignificantDigits: 4 })} lately (${quality})`
      )
}

/** Connects as this config would, and leaves. */
export async function* checkMqtt(access: MqttAccess): AsyncIterable<Looked> {
  const { connectAsync } = await mqttClient()
  const options = { ...mqttOptions({ ...mqttAccess(access), clientId: undefined }), reconnectPeriod: 0 }
  const { tookMs } = await timed(async () => {
    try {
      await endMqtt(await connectAsync(access.url, options, false))
    } catch (error) {
      throw mqttError(error, access.url)
    }
  })
  yield reached('MQTT', tookMs)
  const isOpen = /^(mqtt|ws):/.test(access.url)
  if (isOpen && access.username !== undefined) {
    yield warn('tls', 'name and password travel in the clear', 'take mqtts:// or wss://')
  }
}

export async function* checkReplay({
  file,
  time,
  value,
  perStep,
  scale
}: ReplaySource): AsyncIterable<Looked> {
  const { readData } = await import('../data.ts')
  const { series } = await readData(file, { time, value, perStep, scale })
  yield ok('read', `${series.values.length} steps`)
}

/** The process itself: its port, and whether others may see it. */
export async function* checkListen({ listen }: Config): AsyncIterable<Looked> {
  const { host, metrics, socket } = listen
  if (metrics === false) return yield ok('port', 'no metrics are served')
  const why = await canListen(host, metrics)
  const isOurs = why === 'EADDRINUSE' && (await askLoop(socket, { ask: 'status' })) !== undefined
  if (isOurs) yield ok('port', `${host}:${metrics} is taken, and a loop of this config runs`)
  else
    yield why === undefined
      ? ok('port', `${host}:${metrics} is free`)
      : fail(
          'port',
          `${host}:${metrics} cannot be taken: ${why}`,
          why === 'EADDRINUSE'
            ? 'say another listen.metrics, or stop who has it (a loop that runs already?)'
            : 'say another listen.host'
        )
  if (host === '0.0.0.0' || host === '::') {
    yield warn(
      'open',
      '/metrics can be read by everybody who reaches this machine',
      'let a firewall or a proxy stand before it'
    )
  }
}

function canListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)))
  })
}

/**
 * MQTT — signals of a gateway, and its raw data, to a broker.
 *
 *   signal   PUBLISH  TOPIC/GATEWAY     QoS 1, retained: who comes later sees the last one, and judges its age
 *   raw      PUBLISH  TOPIC/its topic   QoS 1; with MQTT 5 user properties prescale-id = GATEWAY:ID, prescale-at = ms
 *
 * While there is no connection nothing is queued here: a signal that cannot go now is worth nothing later, and raw data is in the outbox. A
 * broker without MQTT 5 gets raw data without ids: then what is sent twice cannot be told from what was.
 */
import type { MqttClient } from 'mqtt'
import { requireOption } from '../base/index.ts'
import {
  endMqtt,
  type MqttAccess,
  type MqttVersion,
  mqttClient,
  mqttError,
  mqttOptions
} from '../net/index.ts'
import { type OpenSink, type RawRecord, type RawSink, wireBytes, within } from './signal-sinks.ts'

export interface MqttTarget {
  readonly access: MqttAccess
  readonly topic: string
}

/** Errors when opened: BAD_OPTION, NOT_FOUND; when published: UNREACHABLE, BAD_ANSWER, INTERRUPTED. */
export async function mqttSignals({ access, topic }: MqttTarget): Promise<OpenSink> {
  requireTopic(topic)
  const link = await open(access, 4)
  return {
    async publish(signal, abort) {
      await link.publish(`${topic}/${signal.gateway}`, wireBytes(signal), { qos: 1, retain: true }, abort)
    },
    close: link.close
  }
}

/** As `mqttSignals`; `gateway` is whose ids these are. */
export async function mqttRaw({ access, topic }: MqttTarget, gateway: string): Promise<RawSink> {
  requireTopic(topic)
  let link = await open(access, 5)
  return {
    async send(records, abort) {
      if (link.refusesVersion()) {
        await link.close()
        link = await open(access, 4)
      }
      await Promise.all(records.map((record) => link.publish(...rawPublish(record), abort)))
    },
    close: () => link.close()
  }

  function rawPublish({ id, topic: own, payload, atMs }: RawRecord) {
    const userProperties = { 'prescale-id': `${gateway}:${id}`, 'prescale-at': String(atMs) }
    const options = { qos: 1 as const, ...(link.version === 5 && { properties: { userProperties } }) }
    return [`${topic}/${own}`, payload, options] as const
  }
}

function requireTopic(topic: string): void {
  requireOption(!/^$|[+#]/.test(topic), 'topic', topic, 'one to publish to, without + and #')
}

type PublishOptions = NonNullable<Parameters<MqttClient['publish']>[2]>

interface Link {
  readonly version: MqttVersion
  publish(topic: string, payload: Uint8Array, options: PublishOptions, abort: AbortSignal): Promise<void>
  /** It was never connected, because the broker does not speak this version. */
  refusesVersion(): boolean
  close(): Promise<void>
}

async function open(access: MqttAccess, version: MqttVersion): Promise<Link> {
  const { connect } = await mqttClient()
  const { timeoutMs = 10_000, url } = access
  const client = connect(url, { ...mqttOptions(access, version), queueQoSZero: false })
  let last: unknown
  let was = false
  client.on('error', (error) => {
    last = error
  })
  client.on('connect', () => {
    was = true
    last = undefined
  })
  const connected = () =>
    client.connected
      ? Promise.resolve()
      : new Promise<void>((resolve, reject) => {
          const done = (how: () => void) => () => {
            client.removeListener('connect', yes)
            client.removeListener('close', no)
            how()
          }
          const yes = done(resolve)
          const no = done(() => reject(mqttError(last ?? 'not connected', url)))
          client.once('connect', yes)
          client.once('close', no)
        })
  /** Not acknowledged yet. The client would send them again when it is back, and nobody wants them then. */
  const unsure = new Set<number>()
  client.on('close', () => {
    for (const id of unsure) client.removeOutgoingMessage(id)
  })
  const send = (topic: string, payload: Uint8Array, options: PublishOptions) =>
    new Promise<void>((resolve, reject) => {
      let id = 0
      client.publish(topic, Buffer.from(payload), options, (error) => {
        unsure.delete(id)
        if (error) reject(error)
        else resolve()
      })
      id = client.getLastMessageId()
      unsure.add(id)
    })
  const link: Link = {
    version,
    async publish(topic, payload, options, abort) {
      // Not yet connected at the beginning is no reason to give up at once; having lost the connection is.
      if (!client.connected && was) throw mqttError(last ?? 'not connected', url)
      await within(`MQTT at ${url}`, connected(), timeoutMs, abort)
      await within(`MQTT at ${url}`, send(topic, payload, options), timeoutMs, abort).catch((error) => {
        throw mqttError(was && !client.connected ? 'connection lost' : error, url)
      })
    },
    refusesVersion: () => !was && last !== undefined && /version/.test(mqttError(last, url).message),
    close: () => endMqtt(client)
  }
  if (version === 5) await settled(client, timeoutMs)
  return link
}

/** Until it is known whether the broker speaks this version, or nobody answers. */
function settled(client: MqttClient, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      for (const event of ['connect', 'error', 'close'] as const) client.removeListener(event, done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    for (const event of ['connect', 'error', 'close'] as const) client.once(event, done)
  })
}

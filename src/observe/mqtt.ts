/**
 * MQTT — raw messages of topics, as they come.
 *
 *   SUBSCRIBE topic, or $share/GROUP/topic    each message to one subscriber of the group (MQTT 5 §4.8.2; Mosquitto also for 3.1.1)
 *   QoS 1, session kept by client id          what was published while we were away comes when we are back: at least once
 *
 * The client reconnects by itself, every second. A message is acknowledged when the listener has returned. Messages that the broker held back
 * arrive in a rush after a reconnection; the listener is told when it was away, so that it does not take them for a burst.
 */
import { PrescaleError } from '../base/index.ts'
import { endMqtt, type MqttAccess, mqttClient, mqttError, mqttOptions } from '../net/index.ts'

export interface MqttSubscription {
  readonly access: MqttAccess
  readonly topics: readonly string[]
  readonly qos: 0 | 1
  /** Name of a shared subscription. */
  readonly share?: string
}

export interface MessageListener {
  message(topic: string, payload: Uint8Array): void
  /** Whether everything that is sent arrives, and if not why not. Told when it changes. */
  state(isListening: boolean, because?: string): void
}

/** Listens until aborted. Errors: BAD_OPTION, NOT_FOUND (the client, a secret, a file); what may pass is told to `state` instead. */
export async function subscribeMqtt(
  subscription: MqttSubscription,
  listener: MessageListener,
  abort: AbortSignal
): Promise<void> {
  const { access, qos } = subscription
  const topics = topicsOf(subscription)
  const { connect } = await mqttClient()
  if (abort.aborted) return
  const client = connect(access.url, mqttOptions(access))
  const state = toldOnce(listener)
  client.on('message', (topic, payload) => listener.message(topic, payload))
  client.on('connect', () => {
    client.subscribe(topics, { qos }, (error) => {
      if (error === null) state(true)
      // A SUBACK that says no.
      else if (/^Subscribe error/.test(error.message)) {
        const hint =
          subscription.share === undefined
            ? ''
            : '; a broker without shared subscriptions needs share left out'
        state(false, `MQTT at ${access.url} does not permit to subscribe ${topics.join(', ')}${hint}`)
      } else state(false, mqttError(error, access.url).message)
    })
  })
  client.on('error', (error) => state(false, mqttError(error, access.url).message))
  const closed = () => state(false, `MQTT at ${access.url}: connection lost`)
  client.on('close', closed)
  await untilAborted(abort)
  // Only ours: by its own the client ends its timers, one of which would keep the process for ten seconds.
  client.off('close', closed)
  await endMqtt(client)
}

function topicsOf({ topics, share }: MqttSubscription): string[] {
  if (share !== undefined && !/^[^/+#]+$/.test(share)) {
    throw new PrescaleError('BAD_OPTION', `share must be a name without / + #, was '${share}'`)
  }
  return topics.map((topic) => (share === undefined ? topic : `$share/${share}/${topic}`))
}

/** A reason that stays the same is said once; that the connection is lost, only where there was one or nothing else is known. */
function toldOnce(listener: MessageListener): MessageListener['state'] {
  let said: string | undefined
  return (isListening, because = '') => {
    const says = isListening ? 'listening' : because
    if (says === said) return
    if (!isListening && because.endsWith('connection lost') && said !== undefined && said !== 'listening')
      return
    said = says
    listener.state(isListening, isListening ? undefined : because)
  }
}

async function untilAborted(abort: AbortSignal): Promise<void> {
  if (!abort.aborted) await new Promise((done) => abort.addEventListener('abort', done, { once: true }))
}

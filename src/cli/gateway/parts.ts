/** From the `gateway` section of `prescale.yaml` to the parts of a gateway at work. Everything that speaks to somebody is opened here. */
import { join } from 'node:path'
import type { OpenSink, RawSink } from '../../act/signal-sinks.ts'
import { PrescaleError } from '../../base/index.ts'
import type { Config, GatewayConfig, RawSubscription, TargetConfig } from '../../config/index.ts'
import {
  type EdgeGateway,
  edgeGateway,
  type LocalCapacity,
  localCapacity,
  type RawListener,
  type StationParts,
  signingKey
} from '../../gateway/index.ts'
import { secret } from '../../net/index.ts'
import type { Actuator, Turn } from '../../roles.ts'
import { openCounter } from '../../store/counter.ts'
import { sqlite } from '../../store/index.ts'
import { readModelFile } from '../../store/model-file.ts'
import { type Outbox, openOutbox } from '../../store/outbox.ts'
import { fixedOf, priorsOf } from '../config/assemble.ts'
import type { Log } from '../live/log.ts'
import { systemClock } from '../live/loop.ts'
import { actuatorOf, kafkaAccess, mqttAccess } from '../live/systems.ts'
import { policyFor } from '../live/targets.ts'

export interface GatewayParts extends StationParts {
  readonly box: Outbox
  close(): Promise<void>
}

/** Errors: BAD_OPTION, NOT_FOUND (a client, a key), IO (the outbox, the store). */
export async function gatewayParts(
  config: Config & { readonly gateway: GatewayConfig },
  log: Log,
  apply: boolean
): Promise<GatewayParts> {
  const { gateway: settings } = config
  const opened: (() => unknown)[] = []
  const close = async () => {
    for (const end of opened.splice(0).reverse()) await end()
  }
  try {
    const gateway = edgeGateway({
      gateway: settings.id,
      options: { ...settings.options, predictor: settings.predictor.method },
      predictor: settings.predictor.options,
      fusion: settings.fusion
    })
    const { sign, outbox, forward, local } = settings
    const key = sign && signingKey(sign.algorithm, sign.keyId, secret(sign.key, 'gateway.sign.key'))
    const nowMs = systemClock.now()
    const box = openOutbox({ folder: outbox.path, maxBytes: outbox.maxBytes, drop: outbox.drop, nowMs })
    opened.push(() => box.close())
    const sinks: StationParts['sinks'][number][] = []
    for (const target of settings.publish) {
      const sink = await sinkOf(target)
      opened.push(sink.close)
      sinks.push(sink.publish)
    }
    const raw = forward && (await rawSinkOf(forward, settings.id))
    if (raw) opened.push(() => raw.close())
    const here = local && (await localOf(config, local, log, apply, opened))
    return {
      ...systemClock,
      clock: systemClock.now,
      gateway,
      box,
      sources: settings.subscribe.map((subscription) => sourceOf(subscription, gateway, settings.id)),
      sinks,
      ...(key && { sign: key }),
      seq: openCounter(join(outbox.path, 'seq'), Math.floor(nowMs)),
      // Without somebody to forward to nothing is kept either.
      ...(raw && { outbox: box, forward: raw.send }),
      ...here,
      close
    }
  } catch (error) {
    await close()
    throw error
  }
}

type Source = StationParts['sources'][number]

function sourceOf(subscription: RawSubscription, gateway: EdgeGateway, id: string): Source {
  if (subscription.type === 'mqtt') {
    const { topics, qos, share } = subscription
    // Always the same id: so the broker keeps for us what comes while we are away.
    const access = {
      ...mqttAccess(subscription),
      clientId: subscription.clientId ?? `prescale-gateway-${id}`
    }
    return async (listener, abort) => {
      const { subscribeMqtt } = await import('../../observe/mqtt.ts')
      const message = (topic: string, payload: Uint8Array) =>
        listener.message(gateway.street(topic), topic, payload)
      await subscribeMqtt({ access, topics, qos, share }, { message, state: listener.state }, abort)
    }
  }
  const { topics, group } = subscription
  const access = kafkaAccess(subscription)
  return async (listener, abort) => {
    const { consumeKafka } = await import('../../observe/kafka.ts')
    await consumeKafka({ access, topics, group }, kafkaListener(listener, gateway), abort)
  }
}

/** A record's key names its street; without one its topic does. */
function kafkaListener(listener: RawListener, gateway: EdgeGateway) {
  return {
    batch(records: readonly { topic: string; key?: Uint8Array; value: Uint8Array; timestampMs: number }[]) {
      for (const { topic, key, value, timestampMs } of records) {
        const name =
          key === undefined || key.length === 0
            ? topic
            : Buffer.from(key.buffer, key.byteOffset, key.length).toString()
        listener.message(gateway.street(name), name, value, timestampMs)
      }
    },
    state: listener.state,
    stored: listener.stored
  }
}

async function sinkOf(target: GatewayConfig['publish'][number]): Promise<OpenSink> {
  if (target.type === 'mqtt') {
    const { mqttSignals } = await import('../../act/mqtt-signals.ts')
    return await mqttSignals({ access: mqttAccess(target), topic: target.topic })
  }
  const { kafkaSignals } = await import('../../act/kafka-signals.ts')
  return await kafkaSignals({ access: kafkaAccess(target), topic: target.topic })
}

async function rawSinkOf(target: NonNullable<GatewayConfig['forward']>, id: string): Promise<RawSink> {
  if (target.type === 'mqtt') {
    const { mqttRaw } = await import('../../act/mqtt-signals.ts')
    return await mqttRaw({ access: mqttAccess(target), topic: target.topic }, id)
  }
  const { kafkaRaw } = await import('../../act/kafka-signals.ts')
  return await kafkaRaw({ access: kafkaAccess(target), topic: target.topic }, id)
}

/** Local capacity: decisions go to the store, and with leave to the actuator. */
async function localOf(
  config: Config & { readonly gateway: GatewayConfig },
  local: TargetConfig,
  log: Log,
  apply: boolean,
  opened: (() => unknown)[]
): Promise<{ local: LocalCapacity; acted: (turn: Turn) => void }> {
  const { id } = config.gateway
  const resources = Object.keys(local.resources)
  if (resources.length === 0) {
    throw new PrescaleError(
      'BAD_OPTION',
      'gateway.local.resources must name what is sized, such as filter: {}'
    )
  }
  // To itself it need not prove anything; the cap on what an alarm may add holds here as well.
  const self = {
    id,
    algorithm: 'hmac-sha256',
    ttl: 120_000,
    trust: { hits: 1, misses: 1 },
    maxExtra: { ratio: 1 }
  } as const
  const { policy, options } = policyFor({ gateways: [self] }, local, { readModel: readModelFile })
  const store = sqlite({ file: config.store.path, keepMs: config.store.retention })
  opened.push(() => store.close())
  const { unitRate } = priorsOf(local)
  const parts = { clock: systemClock, tell: log.note }
  const actuator =
    apply && local.mode === 'apply' ? await actuatorOf(local.actuator, local.name, parts) : undefined
  const least = Object.fromEntries(
    resources.map((name) => [name, local.resources[name].minReplicas ?? local.minReplicas])
  )
  const capacity = localCapacity({
    target: local.name,
    policy,
    made: { name: policy.name, options },
    least,
    fixed: {
      ...fixedOf(local),
      ...(unitRate !== undefined && { service: { unitRate, assumed: ['unitRate'] } })
    }
  })
  return { local: capacity, acted: (turn) => record(turn, store, actuator, log) }
}

function record(
  turn: Turn,
  store: { append(turn: Turn): void },
  actuator: Actuator | undefined,
  log: Log
): void {
  try {
    store.append(turn)
  } catch (error) {
    log.error(
      `${turn.target}: the decision could not be stored: ${error instanceof Error ? error.message : error}`
    )
  }
  const { decision, target, atMs } = turn
  if (decision.kind === 'hold') return
  const words = Object.entries(decision.to).map(([name, units]) => `${name} ${units}`)
  log.note(target, `${words.join(', ')} (${decision.why.rule})${actuator ? '' : '; not applied'}`)
  actuator
    ?.apply({ target, to: decision.to, epoch: Math.floor(atMs) }, AbortSignal.timeout(60_000))
    .then(({ refused }) => refused && log.error(`${target}: ${refused}`))
    .catch((error: unknown) => log.error(`${target}: ${error instanceof Error ? error.message : error}`))
}

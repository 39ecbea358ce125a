/** Warnings from the edge: how they arrive, who is believed, and the gateway process that sends them. */
import { z } from 'zod'
import * as kind from './kinds.ts'
import { byType, kafka, mqtt, overTls, topics } from './schema-systems.ts'
import { target } from './schema-target.ts'
import { orOne, short } from './shorthand.ts'

const topic = (name: string) => kind.text('a topic').prefault(name)
const algorithm = () =>
  kind
    .word('an algorithm', ['hmac-sha256', 'ed25519'])
    .prefault('hmac-sha256')
    .describe('a shared key, or a pair of which this is the public one')

/** Kafka or MQTT, with one topic each. */
const toward = (kafkaTopic: string, mqttTopic: string) =>
  byType('kafka or mqtt', [
    kind.settings({ type: z.literal('kafka'), ...kafka, topic: topic(kafkaTopic) }),
    overTls(kind.settings({ type: z.literal('mqtt'), ...mqtt, topic: topic(mqttTopic) }))
  ])

export const SIGNAL_TOPIC = 'iot-metadata'
export const RAW_TOPIC = 'iot-smartcity-raw'

export const signals = kind.settings({
  from: short(
    kind.several(
      byType('kafka or mqtt', [
        kind.settings({
          type: z.literal('kafka'),
          ...kafka,
          topic: topic(SIGNAL_TOPIC),
          group: kind.text('a consumer group').optional().describe('else every loop reads all signals')
        }),
        overTls(kind.settings({ type: z.literal('mqtt'), ...mqtt, topic: topic('prescale/signals/#') }))
      ]),
      'where signals come from'
    ),
    orOne
  ).describe('where they come from, one or a list'),
  signed: kind.flag().prefault(true).describe('unsigned ones are refused'),
  replayWindow: kind
    .duration(1_000)
    .prefault('2m')
    .describe('a signal older than this by its own clock is a replay'),
  maxSkew: kind.duration().prefault('30s').describe("a gateway's clock may run ahead by this much"),
  maxPerSecond: kind.whole(1).prefault(100).describe('from one gateway; more are dropped and counted'),
  maxHorizon: kind
    .duration(1_000)
    .prefault('15m')
    .describe('an alarm that claims to look further ahead counts for so long')
})

export const gateways = z
  .array(
    kind.settings({
      id: kind.text('the id of a gateway').describe('as it calls itself in its signals'),
      keyId: kind.text('a name').optional().describe('which of its keys this is'),
      algorithm: algorithm(),
      key: kind.secretRef().optional().describe('needed where signals are signed'),
      ttl: kind.duration(1_000).prefault('2m').describe('older signals no longer count'),
      trust: kind
        .settings({
          hits: kind.amount('a number', { above: true }).prefault(1),
          misses: kind.amount('a number', { above: true }).prefault(1)
        })
        .prefault({})
        .describe('hits and misses it begins with: the Beta prior of its trust'),
      maxExtra: kind
        .share('a share such as 50%, or units')
        .prefault('50%')
        .describe('most it may add to what is wanted without it: a share, or units'),
      targets: z
        .array(kind.text('the name of a target'), {
          error: (issue) => kind.mustBe('a list of targets', issue)
        })
        .optional()
        .describe('whom it may warn, else all')
    }),
    { error: (issue) => kind.mustBe('a list of gateways', issue) }
  )
  .prefault([])
  .describe('the gateways that are believed, each as far as it was right')

const subscription = byType('kafka or mqtt', [
  overTls(
    kind.settings({
      type: z.literal('mqtt'),
      ...mqtt,
      topics: topics('sensors/+/raw'),
      qos: z
        .union([z.literal(0), z.literal(1)], { error: (issue) => kind.mustBe('0 or 1', issue) })
        .prefault(1),
      share: kind.text('a name').optional().describe('shared subscription: each message to one of this group')
    })
  ),
  kind.settings({
    type: z.literal('kafka'),
    ...kafka,
    topics: topics('sensors'),
    group: kind.text('a consumer group').prefault('prescale-gateway')
  })
])

export const gateway = kind.settings({
  id: kind.text('the id of this gateway').describe('what its signals call it'),
  subscribe: short(kind.several(subscription, 'what it listens to'), orOne).describe(
    'raw sensor topics, one broker or a list'
  ),
  options: kind
    .options()
    .prefault({})
    .describe('how messages are counted and when it speaks: `step`, `streets`, `heartbeat`, …'),
  fusion: kind.options().prefault({}).describe('how the streets become one answer'),
  predictor: short(
    kind.settings({
      method: kind.text('the name of a burst predictor').prefault('cusum'),
      options: kind.options().prefault({}).describe('of that predictor, see its page')
    }),
    {
      expand: (written) => (typeof written === 'string' ? { method: written } : undefined),
      json: { type: 'string' }
    }
  ).prefault({}),
  publish: short(kind.several(toward(SIGNAL_TOPIC, 'prescale/signals'), 'where signals go'), orOne).describe(
    'where signals go, one or a list'
  ),
  forward: toward(RAW_TOPIC, RAW_TOPIC)
    .optional()
    .describe('where raw data goes, kept on disk while the uplink is cut'),
  outbox: kind
    .settings({
      path: kind.text('a file').prefault('.prescale/outbox'),
      maxBytes: kind.bytes().prefault('256MiB'),
      drop: kind.word('what to drop', ['oldest', 'newest']).prefault('oldest').describe('when it is full')
    })
    .prefault({}),
  sign: kind
    .settings({
      algorithm: algorithm(),
      key: kind.secretRef().describe('of ed25519 the private one, PEM'),
      keyId: kind.text('a name').prefault('1')
    })
    .optional()
    .describe('signals are signed with this'),
  local: target
    .optional()
    .describe('a target as under `targets`: local capacity, sized here while the uplink is cut')
})

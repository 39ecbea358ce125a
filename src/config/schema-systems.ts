/** The systems that are read and written: how each is reached, what is asked of it. */
import { z } from 'zod'
import * as kind from './kinds.ts'
import { orText, short } from './shorthand.ts'

const tls = () =>
  short(
    kind.settings({
      ca: kind
        .text('a PEM file')
        .optional()
        .describe('PEM file with the authorities to trust, else those of the system'),
      cert: kind.text('a PEM file').optional().describe('PEM file with the certificate of this client'),
      key: kind.secretRef().optional().describe('its private key'),
      serverName: kind
        .text('a host name')
        .optional()
        .describe('name in the certificate, where it is not the host')
    }),
    { expand: (written) => (written === true ? {} : undefined), json: { const: true } }
  ).describe('TLS; `true` for the authorities of the system')

/** Certificates beside an address without TLS would not be used, and nobody would notice. */
export const overTls = <T extends z.ZodObject>(settings: T): T =>
  settings.check(({ value, issues }) => {
    const { url, tls } = value as { readonly url?: string; readonly tls?: object }
    if (tls === undefined || url === undefined || /^(https|mqtts|wss):/.test(url)) return
    const right = /^http:/.test(url) ? 'https://' : 'mqtts:// or wss://'
    issues.push({ ...kind.wrong(`needs an address with ${right}, was '${url}'`, value), path: ['tls'] })
  })

/** `such as`, in durations as written. */
const timeout = () => kind.duration(1).prefault('10s').describe('longest wait for an answer')

const login = {
  username: kind.text('a name').optional(),
  password: kind.secretRef().optional().describe('of that name')
}

export const http = (example: string) => ({
  url: kind.address(['http', 'https'], example).describe(`such as ${example}`),
  timeout: timeout(),
  bearer: kind.secretRef().optional().describe('a token'),
  ...login,
  headers: kind.headers().prefault({}).describe('further headers; secrets by reference'),
  tls: tls().optional()
})

export const kafka = {
  bootstrapServers: short(kind.several(kind.hostPort(), 'host:port, or a list of them'), orText).describe(
    'brokers, host:port'
  ),
  clientId: kind.text('a name').prefault('prescale'),
  timeout: timeout(),
  sasl: kind
    .settings({
      mechanism: kind.word('a mechanism', ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER']),
      ...login,
      token: kind.secretRef().optional().describe('of OAUTHBEARER')
    })
    .optional(),
  tls: tls().optional()
}

export const mqtt = {
  url: kind.address(['mqtt', 'mqtts', 'ws', 'wss'], 'mqtt://host:1883').describe('such as mqtts://host:8883'),
  clientId: kind.text('a name').optional().describe('else one by chance'),
  timeout: timeout(),
  ...login,
  tls: tls().optional()
}

export const topics = (example: string) =>
  short(kind.several(kind.text(`a topic such as ${example}`), `topics such as ${example}`), orText)

const query = (example: string, wrong: (query: string) => string | undefined) =>
  kind.text(`a query such as ${example}`).check(({ value, issues }) => {
    const says = wrong(value)
    if (says !== undefined) issues.push(kind.wrong(says, value))
  })

/** What `observe/influxdb.ts` cannot use: without a range it reads everything, and a gap that is filled looks measured. */
function notForInflux(query: string): string | undefined {
  if (!/\$time\b/.test(query)) return 'must have WHERE $time in it, for the range that is asked for'
  return /\bfill\s*\(\s*(-?\d|previous|linear)/i.test(query)
    ? 'must not fill gaps: what was not measured would look measured'
    : undefined
}

/** `wrong` says what a query must be that it is not. */
const queries = (example: string, wrong: (query: string) => string | undefined = () => undefined) =>
  short(
    z
      .record(z.string(), query(example, wrong), {
        error: (issue) => kind.mustBe('queries by the name of what they give', issue)
      })
      .refine((given) => Object.keys(given).length > 0, { error: 'must have at least one query' }),
    {
      expand: (written) => (typeof written === 'string' ? { load: written } : undefined),
      json: { type: 'string' }
    }
  ).describe(
    'by the name of the reading: `load` is the load, `ready.web` how many units of `web` serve, others are metrics such as `cpu`'
  )

const job = () => kind.text('the id or the name of a job').describe('id or name of the job')
const step = () => kind.duration(1_000).prefault('1m').describe('length of a step')

const flinkSource = overTls(
  kind.settings({ type: z.literal('flink'), ...http('http://host:8081'), job: job() })
).describe('Flink REST: operators, rates, backpressure, capacity, checkpoints, restarts')

const prometheusSource = overTls(
  kind.settings({
    type: z.literal('prometheus'),
    ...http('http://host:9090'),
    queries: queries('sum(rate(http_requests_total[1m]))'),
    step: step(),
    settle: kind.duration().prefault('0s').describe('steps younger than this are left for the next time')
  })
).describe('PromQL over a range; an empty answer is unknown, not zero')

const influxSource = overTls(
  kind.settings({
    type: z.literal('influxdb'),
    ...http('http://host:8086'),
    version: versions(),
    database: kind.text('a database'),
    retentionPolicy: kind.text('a retention policy').optional(),
    org: kind.text('an organisation').optional().describe('of version 2'),
    token: kind.secretRef().optional().describe('of version 2'),
    queries: queries('SELECT mean(rate) FROM load WHERE $time GROUP BY time($step)', notForInflux),
    step: step()
  })
).describe('InfluxQL; version 2 through its v1-compatible endpoints')

const kafkaSource = kind
  .settings({
    type: z.literal('kafka'),
    ...kafka,
    topics: topics('iot-smartcity-raw'),
    group: kind
      .text('a consumer group')
      .optional()
      .describe('consumer group whose lag is read; without it only the rates of the topics')
  })
  .describe('topic rates from end offsets, lag of a consumer group')

const mqttSource = overTls(
  kind.settings({
    type: z.literal('mqtt'),
    ...mqtt,
    topics: topics('sensors/+/raw'),
    reading: kind.text('a name').prefault('load').describe('name of the reading'),
    step: kind.duration(1_000).prefault('5s').describe('messages are counted over this long')
  })
).describe('messages counted into a rate')

const replaySource = kind
  .settings({
    type: z.literal('replay'),
    file: kind.text('a file, or builtin:…').describe('CSV, Parquet or builtin:daily-wave'),
    time: kind.text('a column').optional().describe('column of the time, else detected'),
    value: kind.text('a column').optional().describe('column of the load, else detected'),
    perStep: kind.flag().prefault(false).describe('values are events per step, not per second'),
    scale: kind.amount('a factor', { above: true }).prefault(1).describe('the load times this'),
    speed: kind.amount('a factor', { above: true }).prefault(1).describe('60: an hour in a minute')
  })
  .describe('a recorded load again')

export function versions() {
  return z
    .union([z.literal(1), z.literal(2)], { error: (issue) => kind.mustBe('1 or 2', issue) })
    .prefault(1)
    .describe('of InfluxDB')
}

/** One of several, told apart by `type`. */
export function byType<const T extends readonly [z.ZodObject, ...z.ZodObject[]]>(what: string, options: T) {
  const types = options.map(({ shape }) => String((shape.type as z.ZodLiteral<string>).value))
  return z.discriminatedUnion('type', options, {
    error: ({ input }) =>
      typeof input === 'object' && input !== null
        ? kind.unknownType(what, input, types)
        : kind.mustBe(`settings of its own, with a type: ${types.join(', ')}`, { code: '', input })
  })
}

export const source = byType('a source', [
  flinkSource,
  prometheusSource,
  influxSource,
  kafkaSource,
  mqttSource,
  replaySource
])

const dryRun = kind
  .settings({ type: z.literal('dry-run') })
  .describe('writes nothing, and says what it would have written')

const { url, ...httpRest } = http('http://host:8081')
const flinkActuator = overTls(
  kind.settings({
    type: z.literal('flink'),
    url: url.optional().describe('else that of the Flink source, with its credentials'),
    ...httpRest,
    job: job().optional().describe('else that of the Flink source'),
    method: kind
      .word('a method', ['auto', 'adaptive', 'savepoint'])
      .prefault('auto')
      .describe('`adaptive`: in place; `savepoint`: stop and submit again; `auto`: the first that works'),
    savepointDir: kind.text('a URI').optional().describe('where savepoints go; the cluster writes there'),
    submit: kind
      .settings({
        jar: kind.text('the id of a jar').describe('id of the uploaded jar, as `/jars` lists it'),
        entryClass: kind.text('a class').optional().describe('else that of the manifest'),
        args: z
          .array(kind.text('an argument'))
          .prefault([])
          .describe('arguments of the job; `{count}` stands for the parallelism of the operator `count`')
      })
      .optional()
      .describe('how the job is submitted again; needed for savepoints'),
    reachWithin: kind
      .duration(1_000)
      .prefault('2m')
      .describe('so long it may take until what was asked for is running'),
    foreignChange: kind
      .word('what to do', ['yield', 'reassert'])
      .prefault('yield')
      .describe('when somebody else changed the size: leave it and say so, or ask again')
  })
).describe('the REST API of Flink 1.18 or newer')

export const actuator = byType('an actuator', [dryRun, flinkActuator])

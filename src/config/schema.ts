/**
 * The schema of `prescale.yaml`: kinds, defaults and bounds of every setting, each in one place.
 *
 * What is read here is what `types.ts` describes but for settings that stand for others when left out; `across.ts` fills them in.
 */
import { z } from 'zod'
import * as kind from './kinds.ts'
import { gateway, gateways, signals } from './schema-edge.ts'
import { http, overTls, versions } from './schema-systems.ts'
import { target } from './schema-target.ts'
import { isSettings, type Settings, short } from './shorthand.ts'

const store = kind.settings({
  path: kind.text('a file').prefault('.prescale/live.sqlite').describe('SQLite; Turns and series'),
  retention: kind.duration(60_000).prefault('30d').describe('older Turns and series are removed'),
  influxdb: overTls(
    kind.settings({
      ...http('http://host:8086'),
      version: versions(),
      database: kind.text('a database').prefault('prescale').describe('of version 2 the bucket'),
      org: kind.text('an organisation').optional().describe('of version 2'),
      token: kind.secretRef().optional().describe('of version 2'),
      retention: kind.duration(3_600_000).prefault('7d').describe('of the copy')
    })
  )
    .optional()
    .describe('a copy for other tools to read')
})

const listen = kind.settings({
  host: kind.text('an address').prefault('127.0.0.1').describe('0.0.0.0 where others may read `/metrics`'),
  metrics: z
    .union([z.literal(false), z.int().min(0).max(65_535)], {
      error: (issue) => kind.mustBe('a port, or false', issue)
    })
    .prefault(8080)
    .describe('port of `/metrics`, `/healthz` and `/readyz`; false: none'),
  socket: kind
    .text('a path')
    .prefault('.prescale/loop.sock')
    .describe('where `status`, `explain` and `pause` find the running loop')
})

const log = kind.settings({
  level: kind.word('a level', ['debug', 'info', 'warn', 'error']).prefault('info'),
  format: kind.word('a format', ['text', 'json']).prefault('text')
})

const lease = kind.settings({
  leaseDuration: kind
    .duration(1_000)
    .prefault('15s')
    .describe('so long others wait for who stopped renewing it'),
  renewDeadline: kind
    .duration(500)
    .prefault('10s')
    .describe('who could not renew it for so long commands nothing until it is renewed'),
  retryPeriod: kind.duration(100).prefault('2s').describe('it is renewed, or asked for, this often')
})

/** Targets by name are a list with names. */
const targets = short(
  z.array(target, { error: (issue) => kind.mustBe('targets by name, or a list of them', issue) }),
  {
    expand: (written) =>
      isSettings(written)
        ? Object.entries(written).map(([name, rest]) => (isSettings(rest) ? { name, ...rest } : rest))
        : undefined,
    forms: (list) => [{ type: 'object', additionalProperties: nameless(list.items as Settings) }, list]
  }
)
  .prefault([])
  .describe('jobs and services, by name')

/** As JSON Schema: a target whose name stands before it. */
function nameless({ required, properties, ...rest }: Settings): Settings {
  const { name: _, ...others } = properties as Settings
  return { ...rest, properties: others, required: (required as string[]).filter((it) => it !== 'name') }
}

export const live = {
  version: z
    .literal(1, {
      error: ({ input }) =>
        input === undefined ? "is missing; say 'version: 1'" : kind.mustBe('1', { code: '', input })
    })
    .describe('of this format'),
  targets,
  signals: signals.optional().describe('warnings of gateways'),
  gateways,
  store: store.prefault({}).describe('what must not be forgotten'),
  listen: listen.prefault({}).describe('where others find the loop'),
  log: log.prefault({}).describe('what is told, to stderr'),
  lease: lease
    .prefault({})
    .describe('only who holds it writes, as Kubernetes elects a leader; it stands in the store'),
  gateway: gateway.optional().describe('the process at the edge, `prescale gateway`')
}

export const config = kind.settings(live)
/** As it was read, before `across.ts`. */
export type ReadConfig = z.output<typeof config>

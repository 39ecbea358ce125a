import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { PrescaleError } from '../base/index.ts'
import { badConfigs } from './bad-config.rows.ts'
import { checkConfig, configJsonSchema, readConfig, sayProblem, writtenForm } from './index.ts'
import { config as schema } from './schema.ts'

const least =
  'version: 1\ntargets:\n  cars: { source: { type: flink, url: http://localhost:8081, job: cars } }\n'

describe('a config that cannot be', () => {
  it.each(badConfigs)('$when', ({ text, says }) => {
    const { config, problems } = checkConfig(text)
    const lines = problems.map((problem) => sayProblem('x', problem).slice(2))
    expect(config).toBeUndefined()
    expect(lines.map((line, i) => line.slice(0, says[i]?.length))).toEqual(says)
    for (const line of lines) {
      expect(line).not.toContain('\n')
      expect(line, 'a secret in an error').not.toContain('hunter2')
      expect(line).not.toMatch(/undefined|\[object|Invalid input/)
    }
  })

  it('is refused with its first problem, how many there are, and who lists them', () => {
    const text = least.replace('cars: {', 'cars: { interval: 5, mode: x,')
    const refused = () => readConfig(text, 'prescale.yaml')
    expect(refused).toThrow(PrescaleError)
    expect(refused).toThrow(
      /^prescale.yaml:3:\d+: targets.cars.interval must be .* \(and 1 more: prescale validate prescale.yaml\)$/
    )
  })

  it('has a place inside of the text, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200, unit: 'grapheme' }), (text) => {
        const { config, problems } = checkConfig(text)
        expect(config === undefined).toBe(problems.length > 0)
        for (const { line, column, says } of problems) {
          expect(line).toBeGreaterThan(0)
          expect(line).toBeLessThanOrEqual(text.split('\n').length + 1)
          expect(column).toBeGreaterThan(0)
          expect(says).not.toBe('')
        }
      })
    )
  })
})

describe('a config', () => {
  it('needs little, and recommends unless told otherwise', () => {
    const [target] = readConfig(least, 'x').targets
    expect(target).toMatchObject({
      name: 'cars',
      mode: 'recommend',
      paused: false,
      actuator: { type: 'dry-run' }
    })
    expect(target).toMatchObject({
      policy: { name: 'mpc' },
      forecast: { method: 'blend' },
      guards: { shield: true }
    })
  })

  it.each([
    ['policy: hpa', { policy: { name: 'hpa', options: {} } }],
    ['policy: trained/ppo.json', { policy: { model: 'trained/ppo.json', options: {} } }],
    ['forecast: none', { forecast: undefined }],
    ['forecast:', { forecast: { method: 'blend' } }],
    ['forecast: holt-winters', { forecast: { method: 'holt-winters', step: 60_000 } }],
    ['leadTime: measured', { leadTime: { measured: true } }],
    ['leadTime: PT2M', { leadTime: { measured: false, p50: 120_000, p90: 120_000 } }],
    [
      'restart: { measured: true, p50: 5s, p90: 9s }',
      { restart: { measured: true, p50: 5_000, p90: 9_000 } }
    ],
    ['guards: { cooldown: 5m }', { guards: { cooldown: { up: 300_000, down: 300_000 } } }],
    ['guards: { cooldown: { down: 5m } }', { guards: { cooldown: { up: 0, down: 300_000 } } }],
    ['guards: { ineffective: 30m }', { guards: { ineffective: 1_800_000 } }],
    ['guards: { rescaleBudget: 6/1h }', { guards: { rescaleBudget: { most: 6, per: 3_600_000 } } }],
    ['guards: { shadow: proportional }', { guards: { shadow: { policy: { name: 'proportional' } } } }],
    ['price: 0.05\nbudget: 300', { price: { unitHour: 0.05, currency: 'USD' }, budget: { perMonth: 300 } }],
    ['paused: scale-in', { paused: 'scale-in' }],
    ['actuator: { type: flink }', { actuator: { url: 'http://localhost:8081', job: 'cars', method: 'auto' } }]
  ])('understands %s', (line, means) => {
    const text = `version: 1\ntargets:\n  cars:\n    source: { type: flink, url: http://localhost:8081, job: cars }\n${line.replace(/^/gm, '    ')}\n`
    expect({ forecast: undefined, ...readConfig(text, 'x').targets[0] }).toMatchObject(means)
  })

  it('takes one thing for a list of one, and under its singular', () => {
    const many = `version: 1
targets:
  - name: cars
    sources: [{ type: kafka, bootstrapServers: [a:1, b:2], topics: [x] }, { type: prometheus, url: http://a, queries: { load: q } }]
`
    const one = `version: 1
targets:
  cars:
    source: [{ type: kafka, bootstrapServers: 'a:1, b:2', topic: x }, { type: prometheus, url: http://a, query: q }]
`
    expect(readConfig(one, 'x')).toEqual(readConfig(many, 'x'))
  })

  it('may use anchors and merge keys', () => {
    const text = `version: 1
targets:
  a: &a { source: { type: replay, file: x }, policy: hpa }
  b: { <<: *a, policy: ds2 }
`
    const { targets } = readConfig(text, 'x')
    expect(targets.map(({ name, policy }) => [name, policy.name])).toEqual([
      ['a', 'hpa'],
      ['b', 'ds2']
    ])
    const bad = checkConfig(text.replace('file: x', 'fil: x')).problems
    expect(bad.map(({ line }) => line)).toContain(3)
  })

  it('takes credentials of the Flink source for its actuator only where that has no address of its own', () => {
    const text = (actuator: string) => `version: 1
targets:
  cars:
    source: { type: flink, url: https://a, job: cars, bearer: env:A }
    actuator: { type: flink${actuator} }
`
    expect(readConfig(text(''), 'x').targets[0].actuator).toMatchObject({ url: 'https://a', bearer: 'env:A' })
    const other = readConfig(text(', url: https://b'), 'x').targets[0].actuator
    expect(other).toMatchObject({ url: 'https://b', job: 'cars' })
    expect(other).not.toHaveProperty('bearer')
    const trusted = text('').replace('bearer: env:A', 'tls: { ca: ca.pem }')
    expect(readConfig(trusted, 'x').targets[0].actuator).toMatchObject({ tls: { ca: 'ca.pem' } })
  })

  it('passes over sections of commands, and a file of nothing else asks for nothing', () => {
    const text = 'rehearse: { seeds: 3 }\ndata: { file: a.csv }\n'
    expect(readConfig(text, 'x', ['rehearse', 'data']).targets).toEqual([])
    expect(checkConfig(text).problems.map(({ line }) => line)).toEqual([1, 1, 2])
  })

  it('with everything in it resolves to a text that is read as the same config', () => {
    const first = readConfig(everything, 'x')
    const text = stringify(writtenForm(first))
    expect(readConfig(text, 'y')).toEqual(first)
    expect(stringify(writtenForm(readConfig(text, 'y')))).toBe(text)
    // What nobody said is not in the list below.
    expect(Object.keys(first)).toEqual(Object.keys(schema.shape))
    const [target] = first.targets
    const settings = Object.keys(schema.shape.targets.def.innerType.element.shape)
    expect(Object.keys(target).sort()).toEqual(settings.sort())
  })
})

const everything = `version: 1
targets:
  cars:
    mode: apply
    paused: scale-out
    interval: 15s
    sources:
      - { type: flink, url: https://flink:8081, job: cars, bearer: env:FLINK, headers: { X-Team: cars }, tls: { ca: ca.pem, cert: me.pem, key: 'file:me.key', serverName: flink } }
      - { type: prometheus, url: http://prometheus:9090, query: 'sum(rate(x[1m]))', step: 15s, settle: 5s }
      - { type: influxdb, url: http://influx:8086, database: live, queries: { load: 'SELECT mean(v) FROM l WHERE $time GROUP BY time($step)' }, version: 2, org: o, token: env:T }
      - { type: kafka, bootstrapServers: 'a:9092,b:9092', topics: [x, y], group: g, tls: true, sasl: { mechanism: PLAIN, username: u, password: 'file:p' } }
      - { type: mqtt, url: mqtts://broker:8883, tls: { ca: ca.pem, cert: me.pem, key: 'file:me.key' }, topic: 'sensors/#' }
      - { type: replay, file: load.csv, scale: 2, speed: 60, perStep: true }
    actuator: { type: flink, method: adaptive, reachWithin: 1m, foreignChange: reassert }
    minReplicas: 2
    maxReplicas: 20
    resources: { map: { maxReplicas: 8 }, sink: { scale: false } }
    forecast: { method: holt-winters, options: { season: 1440 }, step: 30s, horizon: 5m, history: 7d, refit: 12h, deadline: 1s }
    policy: { name: mpc, options: { price: 20 } }
    behavior:
      scaleUp: { stabilizationWindowSeconds: 0, policies: [{ type: Pods, value: 4, periodSeconds: 60 }] }
      scaleDown: { selectPolicy: Min, tolerance: 0.1, policies: [{ type: Percent, value: 10, periodSeconds: 60 }] }
    guards: { cooldown: 1m, rescaleBudget: 6/1h, maxAge: 2m, maxSkew: 10s, shadow: hpa }
    fallback: { replicas: 8 }
    slo: { latency: 200ms, lag: 5s }
    leadTime: { p50: 40s, p90: 60s }
    restart: 3s
    unitRate: 53
    price: { unitHour: 0.05, currency: EUR }
    budget: 300
    site: cloud
signals:
  from: [{ type: kafka, bootstrapServers: 'a:9092' }, { type: mqtt, url: mqtt://broker }]
gateways: [{ id: street-7, keyId: '2', algorithm: ed25519, key: 'file:street-7.pem', ttl: 1m, trust: { hits: 3 }, maxExtra: 4, targets: [cars] }]
store: { path: a.sqlite, retention: 7d, influxdb: { url: http://influx:8086 } }
listen: { host: 0.0.0.0, metrics: false, socket: a.sock }
log: { level: debug, format: json }
lease: { leaseDuration: 30s }
gateway:
  id: street-7
  subscribe: [{ type: mqtt, url: mqtt://local, topics: [a], share: g }, { type: kafka, bootstrapServers: 'c:1', topic: d }]
  options: { step: 1s }
  predictor: threshold
  publish: { type: kafka, bootstrapServers: 'a:9092' }
  forward: { type: kafka, bootstrapServers: 'a:9092' }
  outbox: { maxBytes: 1GiB, drop: newest }
  sign: { key: env:KEY }
  local: { name: local, source: { type: replay, file: x }, forecast: none }
`

describe('the JSON Schema', () => {
  const made = JSON.stringify(configJsonSchema(['rehearse']))

  it('refers only to parts that it has', () => {
    const { $defs } = JSON.parse(made)
    const refs = Array.from(made.matchAll(/"\$ref":"#\/\$defs\/(\w+)"/g), ([, name]) => name)
    expect(new Set(refs)).toEqual(new Set(Object.keys($defs)))
  })

  it('has every default in the words of the file', () => {
    expect(made).not.toMatch(/"default":\d{5,}/)
    expect(made).toContain('"default":"30d"')
    expect(made).toContain('iot-metadata')
    expect(made).toContain('iot-smartcity-raw')
  })
})

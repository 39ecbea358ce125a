/** Configs that cannot be, each with what must be said of it: the bad input of the issue, and what users of YAML run into. */

/** A target that is fine but for what is put into it. */
const target = (more: string) => `version: 1
targets:
  cars:
    source: { type: flink, url: http://localhost:8081, job: cars }
${more.replace(/^/gm, '    ')}
`
const source = (flow: string) => `version: 1
targets:
  cars:
    source: ${flow}
`
const gateway = (more: string) => `version: 1
gateway:
  id: street-7
  subscribe: { type: mqtt, url: mqtt://localhost, topic: 'sensors/#' }
  publish: { type: kafka, bootstrapServers: localhost:9092 }
${more.replace(/^/gm, '  ')}
`

export interface BadConfig {
  readonly when: string
  readonly text: string
  /** Line and column, and the beginning of what is said. */
  readonly says: readonly string[]
}

export const badConfigs: readonly BadConfig[] = [
  // ── the file as a whole
  { when: 'nothing', text: '', says: ["1:1: is empty: it must begin with 'version: 1'"] },
  { when: 'comments only', text: '# soon\n', says: ['1:1: is empty'] },
  {
    when: 'a list',
    text: '- a\n',
    says: ["1:1: must be settings by name, such as 'version: 1' and 'targets:'"]
  },
  { when: 'a web page', text: '<!doctype html>\n<p>log in</p>\n', says: ['1:1: must be settings by name'] },
  {
    when: 'a bracket that is not closed',
    text: 'version: 1\ntargets: [a\n',
    says: ['3:1: Flow sequence in block collection must be']
  },
  {
    when: 'a query without quotes',
    text: 'version: 1\ntargets: { a: { source: { query: sum(rate(x[1m])) } } }\n',
    says: ['2:44: Unexpected flow-seq-start at node end; a text with [ ] { } , or : in it stands in quotes']
  },
  {
    when: 'a tab',
    text: 'version: 1\ntargets:\n\tcars: 1\n',
    says: ['3:1: Tabs are not allowed as indentation']
  },
  {
    when: 'a name twice',
    text: 'version: 1\nlog: { level: info }\nlog: { level: warn }\n',
    says: ['3:1: Map keys must be unique']
  },
  {
    when: 'two documents',
    text: 'version: 1\n---\nversion: 1\n',
    says: ['2:1: must be one document, without ---']
  },
  {
    when: 'a quote that is not closed',
    text: "version: 1\nlog: { level: 'info }\n",
    says: ["3:1: Missing closing 'quote"]
  },
  {
    when: 'an alias of nothing',
    text: 'version: 1\nlog: *missing\n',
    says: ["2:6: '*missing' must be an alias of something"]
  },
  {
    when: 'aliases inside of aliases',
    text: `a: &a [1,1,1,1,1,1,1,1,1]\nb: &b [${'*a,'.repeat(9)}*a]\nc: &c [${'*b,'.repeat(9)}*b]\nd: [${'*c,'.repeat(9)}*c]\n`,
    says: ['1:1: has aliases inside aliases']
  },
  { when: 'no version', text: 'targets: {}\n', says: ["1:1: version is missing; say 'version: 1'"] },
  { when: 'a version of tomorrow', text: 'version: 2\n', says: ['1:10: version must be 1, was 2'] },
  { when: 'a version as text', text: "version: '1'\n", says: ["1:10: version must be 1, was '1'"] },
  {
    when: 'a setting nobody knows',
    text: 'version: 1\ntarget: {}\n',
    says: ["2:1: 'target' is not a setting; did you mean 'targets'?"]
  },
  {
    when: 'a name that is no word',
    text: 'version: 1\n? [a]\n: 1\n',
    says: ['2:3: must be a name: settings stand behind words']
  },
  {
    when: 'targets as text',
    text: 'version: 1\ntargets: cars\n',
    says: ["2:10: targets must be targets by name, or a list of them, was 'cars'"]
  },
  // ── targets
  {
    when: 'a target without a source',
    text: 'version: 1\ntargets:\n  cars: {}\n',
    says: ['3:3: targets.cars.sources is missing']
  },
  {
    when: 'a target with nothing behind it',
    text: 'version: 1\ntargets:\n  cars:\n',
    says: ['3:3: targets.cars must be settings of its own, was empty']
  },
  {
    when: 'no sources in the list',
    text: 'version: 1\ntargets:\n  cars: { sources: [] }\n',
    says: ['3:11: targets.cars.sources must be a source or a list of them']
  },
  {
    when: 'a misspelt setting',
    text: target('polcy: hpa'),
    says: ["5:5: 'polcy' is not a setting of targets.cars; did you mean 'policy'?"]
  },
  {
    when: 'a target twice',
    text: 'version: 1\ntargets:\n  - { name: a, source: { type: replay, file: x } }\n  - { name: a, source: { type: replay, file: x } }\n',
    says: ["4:5: targets.a is there twice: 'a'"]
  },
  {
    when: 'a target in the list without a name',
    text: 'version: 1\ntargets:\n  - source: { type: replay, file: x }\n',
    says: ['3:5: targets[0].name is missing']
  },
  {
    when: 'a name with a slash',
    text: 'version: 1\ntargets:\n  a/b: { source: { type: replay, file: x } }\n',
    says: ['3:3: targets.a/b.name must be a name of letters, digits, dots and dashes']
  },
  {
    when: 'a mode of another autoscaler',
    text: target('mode: Auto'),
    says: ["5:11: targets.cars.mode must be a mode: 'Auto' is not one; known: recommend, apply"]
  },
  {
    when: 'paused in words',
    text: target('paused: sometimes'),
    says: ["5:13: targets.cars.paused must be true, false, scale-in or scale-out, was 'sometimes'"]
  },
  {
    when: 'yes for true',
    text: target('guards: { shield: yes }'),
    says: ["5:23: targets.cars.guards.shield must be true or false, was 'yes'"]
  },
  // ── units
  {
    when: 'a duration without a unit',
    text: target('interval: 30'),
    says: ['5:15: targets.cars.interval must be a duration with its unit, such as 30s, 5m or PT5M, was 30']
  },
  {
    when: 'a duration with a unit nobody knows',
    text: target('interval: 30 minutes'),
    says: [
      "5:15: targets.cars.interval must be a duration with its unit, such as 30s, 5m or PT5M, was '30 minutes'"
    ]
  },
  {
    when: 'half an ISO duration',
    text: target('interval: PT'),
    says: ['5:15: targets.cars.interval must be a duration']
  },
  {
    when: 'a duration below zero',
    text: target('guards: { maxSkew: -1s }'),
    says: [
      "5:24: targets.cars.guards.maxSkew must be a duration with its unit, such as 30s, 5m or PT5M, was '-1s'"
    ]
  },
  {
    when: 'too short an interval',
    text: target('interval: 10ms'),
    says: ["5:15: targets.cars.interval must be at least 1s, was '10ms'"]
  },
  {
    when: 'a unit where seconds are meant',
    text: target('behavior:\n  scaleDown:\n    stabilizationWindowSeconds: 5m'),
    says: [
      "7:37: targets.cars.behavior.scaleDown.stabilizationWindowSeconds must be a whole number of seconds, at least 0, at most 3600, was '5m'"
    ]
  },
  {
    when: 'a window longer than an hour',
    text: target('behavior:\n  scaleDown:\n    stabilizationWindowSeconds: 7200'),
    says: [
      '7:37: targets.cars.behavior.scaleDown.stabilizationWindowSeconds must be a whole number of seconds, at least 0, at most 3600, was 7200'
    ]
  },
  {
    when: 'memory without a unit',
    text: gateway('outbox: { maxBytes: 100 }'),
    says: ['6:23: gateway.outbox.maxBytes must be an amount of memory such as 512MiB or 2GiB, was 100']
  },
  {
    when: 'a share without its sign',
    text: 'version: 1\ngateways:\n  - { id: g, key: env:K, maxExtra: half }\n',
    says: ["3:36: gateways.g.maxExtra must be a share such as 50%, or units, was 'half'"]
  },
  // ── numbers and bounds
  {
    when: 'half a replica',
    text: target('minReplicas: 1.5'),
    says: ['5:18: targets.cars.minReplicas must be a whole number, at least 0, at most 1000000, was 1.5']
  },
  {
    when: 'a maximum of none',
    text: target('maxReplicas: 0'),
    says: ['5:18: targets.cars.maxReplicas must be a whole number, at least 1, at most 1000000, was 0']
  },
  {
    when: 'a minimum above the maximum',
    text: target('minReplicas: 9\nmaxReplicas: 3'),
    says: ['5:18: targets.cars.minReplicas must be at most maxReplicas, 3, was 9']
  },
  {
    when: 'a fallback above the maximum',
    text: target('maxReplicas: 4\nfallback: { replicas: 9 }'),
    says: ['6:27: targets.cars.fallback.replicas must be at most maxReplicas, 4, was 9']
  },
  {
    when: 'an operator whose minimum is above its maximum',
    text: target('resources: { map: { minReplicas: 9, maxReplicas: 3 } }'),
    says: ['5:18: targets.cars.resources.map must have minReplicas, 9, no larger than maxReplicas, 3']
  },
  {
    when: 'an operator that is squeezed by the target',
    text: target('maxReplicas: 4\nresources: { map: { minReplicas: 9 } }'),
    says: ['6:18: targets.cars.resources.map would have minReplicas 9 above maxReplicas 4']
  },
  {
    when: 'not a number',
    text: target('unitRate: .nan'),
    says: ['5:15: targets.cars.unitRate must be events per second, above 0, was NaN']
  },
  {
    when: 'infinity',
    text: target('price: .inf'),
    says: ['5:12: targets.cars.price must be a price, at least 0, was Infinity']
  },
  {
    when: 'an overflow',
    text: target('maxReplicas: 99999999999999999999'),
    says: ['5:18: targets.cars.maxReplicas must be a whole number']
  },
  {
    when: 'applying without a maximum',
    text: target('mode: apply\nactuator: { type: flink }'),
    says: ['5:11: targets.cars.mode apply needs maxReplicas']
  },
  {
    when: 'applying through a dry run',
    text: target('mode: apply\nmaxReplicas: 4\nactuator: { type: dry-run }'),
    says: ['7:5: targets.cars.actuator is dry-run, which never writes']
  },
  {
    when: 'a budget and no price',
    text: target('budget: 300'),
    says: ['5:13: targets.cars.budget needs price']
  },
  {
    when: 'a P90 below its P50',
    text: target('leadTime: { p50: 2m, p90: 1m }'),
    says: ['5:5: targets.cars.leadTime must have both p50 and p90, p90 no less than p50']
  },
  // ── policy, forecast, behavior
  {
    when: 'a policy by name and by model',
    text: target('policy: { name: hpa, model: a.json }'),
    says: ['5:5: targets.cars.policy must have a name or a model file, not both']
  },
  {
    when: 'a policy that is neither',
    text: target('policy: { options: { a: 1 } }'),
    says: ['5:5: targets.cars.policy must have a name, or a model file']
  },
  {
    when: 'options as a list',
    text: target('policy: { name: hpa, options: [a] }'),
    says: ['5:26: targets.cars.policy.options must be options by name, was a list']
  },
  {
    when: 'a policy of a behavior with its type in lower case',
    text: target('behavior:\n  scaleUp:\n    policies:\n      - { type: pods, value: 4, periodSeconds: 15 }'),
    says: [
      "8:21: targets.cars.behavior.scaleUp.policies[0].type must be a type: 'pods' is not one; did you mean 'Pods'?"
    ]
  },
  {
    when: 'the least of no policies',
    text: target('behavior: { scaleUp: { selectPolicy: Min } }'),
    says: ['5:17: targets.cars.behavior.scaleUp must have policies where selectPolicy is Min']
  },
  {
    when: 'a tolerance in percent',
    text: target('behavior: { scaleUp: { tolerance: 10 } }'),
    says: ['5:39: targets.cars.behavior.scaleUp.tolerance must be a share, at least 0, at most 1, was 10']
  },
  {
    when: 'a budget of rescales without its time',
    text: target('guards: { rescaleBudget: 6 }'),
    says: ['5:30: targets.cars.guards.rescaleBudget must be most changes in a time, such as 6/1h, was 6']
  },
  {
    when: 'a cooldown without its unit',
    text: target('guards: { cooldown: 5 }'),
    says: [
      '5:25: targets.cars.guards.cooldown must be a duration such as 1m, or up and down, each with its own, was 5'
    ]
  },
  {
    when: 'a lead time without its unit',
    text: target('leadTime: 3'),
    says: [
      '5:15: targets.cars.leadTime must be measured, a duration with its unit such as 2m, or p50 and p90, was 3'
    ]
  },
  // ── systems
  {
    when: 'a source of a kind nobody knows',
    text: source('{ type: flnk, url: http://a, job: x }'),
    says: ["4:21: targets.cars.source.type must be a source: 'flnk' is not one; did you mean 'flink'?"]
  },
  {
    when: 'the second of several sources',
    text: source('[{ type: replay, file: a.csv }, { type: prometheus, url: ftp://a, query: x }]'),
    says: ["4:70: targets.cars.source[1].url must begin with http:// or https://, was 'ftp://a'"]
  },
  {
    when: 'a source without a type',
    text: source('{ url: http://a, job: x }'),
    says: ['4:13: targets.cars.source.type is missing; it must be a source: flink, prometheus']
  },
  {
    when: 'an address of another protocol',
    text: source('{ type: flink, url: "ftp://a", job: x }'),
    says: ["4:33: targets.cars.source.url must begin with http:// or https://, was 'ftp://a'"]
  },
  {
    when: 'an address without a protocol',
    text: source('{ type: flink, url: "localhost:8081", job: x }'),
    says: ['4:33: targets.cars.source.url must be an address such as http://host:8081']
  },
  {
    when: 'credentials in an address',
    text: source('{ type: flink, url: "http://me:hunter2@a", job: x }'),
    says: ['4:33: targets.cars.source.url must not hold credentials']
  },
  {
    when: 'certificates beside an address without TLS',
    text: source("{ type: prometheus, url: 'http://a:1', query: x, tls: { ca: ca.pem } }"),
    says: ["4:62: targets.cars.source.tls needs an address with https://, was 'http://a:1'"]
  },
  {
    when: 'certificates of MQTT in the clear',
    text: gateway('').replace('mqtt://localhost,', 'mqtt://localhost, tls: true,'),
    says: ["4:56: gateway.subscribe.tls needs an address with mqtts:// or wss://, was 'mqtt://localhost'"]
  },
  {
    when: 'a private key written out',
    text: source("{ type: flink, url: 'https://a', job: x, tls: { cert: me.pem, key: me.key } }"),
    says: ['4:80: targets.cars.source.tls.key must be a reference, env:NAME or file:PATH; the secret itself']
  },
  {
    when: 'a secret written out',
    text: source('{ type: flink, url: http://a, job: x, bearer: hunter2 }'),
    says: [
      '4:59: targets.cars.source.bearer must be a reference, env:NAME or file:PATH; the secret itself does not belong in this file'
    ]
  },
  {
    when: 'a secret in a header',
    text: source('{ type: flink, url: http://a, job: x, headers: { X-Api-Key: hunter2 } }'),
    says: ['4:73: targets.cars.source.headers.X-Api-Key must be a reference']
  },
  {
    when: 'a broker without its port',
    text: source('{ type: kafka, bootstrapServers: "a:9092,b", topic: x }'),
    says: ["4:46: targets.cars.source.bootstrapServers[1] must be host:port, such as localhost:9092, was 'b'"]
  },
  {
    when: 'a port that is none',
    text: source('{ type: kafka, bootstrapServers: "a:99999", topic: x }'),
    says: ['4:46: targets.cars.source.bootstrapServers must be host:port']
  },
  {
    when: 'one thing under both names',
    text: source('{ type: kafka, bootstrapServers: "a:1", topic: x, topics: [y] }'),
    says: ['4:53: targets.cars.source.topic stands beside topics: say one of them']
  },
  {
    when: 'a query of nothing',
    text: source('{ type: prometheus, url: http://a, queries: {} }'),
    says: ['4:48: targets.cars.source.queries must have at least one query']
  },
  {
    when: 'InfluxQL without its range',
    text: source('{ type: influxdb, url: http://a, database: d, query: SELECT mean(v) FROM l }'),
    says: ['4:66: targets.cars.source.query must have WHERE $time in it']
  },
  {
    when: 'InfluxQL that fills gaps with zero',
    text: source(
      '{ type: influxdb, url: http://a, database: d, query: SELECT mean(v) FROM l WHERE $time fill(0) }'
    ),
    says: ['4:66: targets.cars.source.query must not fill gaps']
  },
  {
    when: 'an actuator without an address',
    text: 'version: 1\ntargets:\n  cars:\n    source: { type: replay, file: x }\n    actuator: { type: flink }\n',
    says: ['5:5: targets.cars.actuator needs a url, as there is no Flink source to take it from']
  },
  {
    when: 'savepoints that go nowhere',
    text: target('actuator: { type: flink, method: savepoint }'),
    says: [
      '5:38: targets.cars.actuator.method savepoint needs savepointDir',
      '5:38: targets.cars.actuator.method savepoint needs submit'
    ]
  },
  // ── edge
  {
    when: 'a gateway that nobody can believe',
    text: 'version: 1\ngateways:\n  - id: g\n',
    says: ["3:5: gateways.g needs a key by reference, or 'signed: false' in signals"]
  },
  {
    when: 'a gateway that warns somebody unknown',
    text: `${target('minReplicas: 1')}gateways:\n  - { id: g, key: env:K, targets: [car] }\n`,
    says: ["7:36: gateways.g.targets[0] must be a target: 'car' is not one; did you mean 'cars'?"]
  },
  {
    when: 'a quality of service of two',
    text: gateway('').replace("topic: 'sensors/#'", "topic: 'sensors/#', qos: 2"),
    says: ['4:76: gateway.subscribe.qos must be 0 or 1, was 2']
  },
  {
    when: 'a key of a pair that does not exist',
    text: gateway('sign: { algorithm: rsa, key: env:K }'),
    says: ["6:22: gateway.sign.algorithm must be an algorithm: 'rsa' is not one"]
  },
  {
    when: 'a lease that cannot be renewed in time',
    text: 'version: 1\nlease: { renewDeadline: 20s }\n',
    says: ['2:25: lease.renewDeadline must be shorter than leaseDuration']
  },
  {
    when: 'a port of words',
    text: 'version: 1\nlisten: { metrics: http }\n',
    says: ["2:20: listen.metrics must be a port, or false, was 'http'"]
  },
  // ── several at once
  {
    when: 'several at once, in the order of the file',
    text: target('interval: 30\nminReplicas: -1\nslo: { latncy: 1s }'),
    says: [
      '5:15: targets.cars.interval must be',
      '6:18: targets.cars.minReplicas must be',
      "7:12: 'latncy' is not a setting of targets.cars.slo; did you mean 'latency'?"
    ]
  }
]

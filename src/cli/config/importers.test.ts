import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { type Config, checkConfig, sayProblem } from '../../config/index.ts'
import { lived } from '../../decide/faults.case.ts'
import { fromAutoscalerKeys, policies } from '../../decide/index.ts'
import type { Policy } from '../../roles.ts'
import { policyOf } from './assemble.ts'
import type { Imported } from './import-config.ts'
import { importFlinkAutoscaler } from './import-flink.ts'
import { importHpa } from './import-hpa.ts'
import { importKeda } from './import-keda.ts'
import { problemsOf } from './problems.ts'

const noModels = {
  readModel: () => {
    throw new Error('no models here')
  }
}

/** What was imported, as the loop would have it. */
function configOf({ name, target }: Imported): Config {
  const { config, problems } = checkConfig(stringify({ version: 1, targets: { [name]: target } }))
  expect(problems.map((problem) => sayProblem('x', problem))).toEqual([])
  if (config === undefined) throw new Error('no config')
  expect([...problemsOf(config, noModels)]).toEqual([])
  return config
}

/** Keys of flink-autoscaler AutoScalerOptions, as its documentation and its tests set them. */
const blocks: readonly (readonly [string, Readonly<Record<string, string | number | boolean>>])[] = [
  ['a target', { 'job.autoscaler.utilization.target': 0.6 }],
  [
    'short windows',
    { 'job.autoscaler.metrics.window': '3 min', 'job.autoscaler.stabilization.interval': '1 min' }
  ],
  [
    'the older prefix',
    {
      'kubernetes.operator.job.autoscaler.target.utilization': '0.5',
      'kubernetes.operator.job.autoscaler.scale-down.interval': '0s'
    }
  ],
  ['bounds', { 'job.autoscaler.vertex.min-parallelism': 2, 'job.autoscaler.vertex.max-parallelism': 6 }],
  ['an operator left out', { 'job.autoscaler.vertex.exclude.ids': 'sink' }],
  [
    'all of a migration guide',
    {
      'job.autoscaler.enabled': true,
      'job.autoscaler.scaling.enabled': true,
      'job.autoscaler.metrics.window': 'PT2M',
      'job.autoscaler.stabilization.interval': '30 s',
      'job.autoscaler.utilization.target': 0.8,
      'job.autoscaler.utilization.max': 0.9,
      'job.autoscaler.utilization.min': 0.6,
      'job.autoscaler.scale-down.interval': '5 min',
      'job.autoscaler.scale-down.max-factor': 0.5,
      'job.autoscaler.scale-up.max-factor': 2,
      'job.autoscaler.catch-up.duration': '10 min',
      'job.autoscaler.restart.time': '2 min',
      'job.autoscaler.backlog-processing.lag-threshold': '1 min',
      'kubernetes.operator.reconcile.interval': '30 s'
    }
  ]
]

describe('job.autoscaler.*', () => {
  const forms: readonly (readonly [string, (keys: Readonly<Record<string, unknown>>) => string])[] = [
    ['flink-conf.yaml', (keys) => stringify(keys)],
    [
      'properties',
      (keys) =>
        `# autoscaler\n${Object.entries(keys)
          .map(([key, value]) => `${key}=${value}`)
          .join('\n')}\n`
    ],
    ['a nested block', (keys) => stringify(nested(keys))],
    [
      'a FlinkDeployment',
      (keys) =>
        stringify({ kind: 'FlinkDeployment', metadata: { name: 'cars' }, spec: { flinkConfiguration: keys } })
    ]
  ]

  it.each(
    forms.flatMap(([form, write]) => blocks.map(([what, keys]) => [form, what, write(keys), keys] as const))
  )('from %s, %s: the same answers as of our flink policy', (_form, _what, text, keys) => {
    const [target] = configOf(importFlinkAutoscaler(text, 'flink.yaml')).targets
    const ours: Policy = policies.flink.make(fromAutoscalerKeys(keys).options)
    const imported = policyOf(target, noModels)
    expect(imported.intervalMs).toBe(ours.intervalMs)
    const answers = (policy: Policy) =>
      lived(policy, 'stream', 400).map(({ decision: { kind, to } }) => ({ kind, to }))
    const expected = answers(ours)
    expect(answers(imported)).toEqual(expected)
    expect(new Set(expected.map(({ kind }) => kind)).size).toBeGreaterThan(0)
  })

  it('moves at all in most of these', () => {
    const moves = blocks.map(([, keys]) =>
      lived(policies.flink.make(fromAutoscalerKeys(keys).options), 'stream', 400).some(
        ({ decision }) => decision.kind === 'scale'
      )
    )
    expect(moves.filter(Boolean).length).toBeGreaterThanOrEqual(4)
  })

  it('takes name and address from where they stand, durations in words, and says what it left out', () => {
    const text = `rest.address: flink-rest
rest.port: 8082
kubernetes.cluster-id: cars
job.autoscaler.enabled: false
job.autoscaler.metrics.window: 900 s
job.autoscaler.quota.cpu: 20
`
    const imported = importFlinkAutoscaler(text, 'x')
    expect(imported).toMatchObject({
      name: 'cars',
      rehearse: 'flink:metricsWindow=15m',
      target: {
        source: { type: 'flink', url: 'http://flink-rest:8082', job: 'cars' },
        policy: { name: 'flink', options: { metricsWindow: '15m' } },
        paused: true
      }
    })
    expect(imported.notes).toEqual([
      'job.autoscaler.quota.cpu has no counterpart here',
      'job.autoscaler.enabled is false: the target is paused',
      expect.stringContaining('say maxReplicas too')
    ])
  })

  it.each([
    ['nothing of the autoscaler', 'taskmanager.numberOfTaskSlots: 2\n', /x has no keys job.autoscaler/],
    ['nothing at all', '', /x has no keys job.autoscaler/],
    [
      'a duration of words',
      'job.autoscaler.metrics.window: long\n',
      /metrics.window must be a duration such as 15 min/
    ],
    [
      'a share of words',
      'job.autoscaler.utilization.target: high\n',
      /utilizationTarget must be a number, was 'high'/
    ],
    [
      'bounds upside down',
      'job.autoscaler.vertex.min-parallelism: 9\njob.autoscaler.vertex.max-parallelism: 3\n',
      /vertexMinParallelism must be at most/
    ]
  ])('refuses %s', (_what, text, says) => {
    expect(() => importFlinkAutoscaler(text, 'x')).toThrow(says)
  })
})

/** The first two words of each key as maps; deeper, some keys are the beginning of others. */
function nested(keys: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const split = Object.entries(keys).map(([key, value]) => {
    const [first, second, ...rest] = key.split('.')
    return { first, second, rest: rest.join('.'), value }
  })
  return Object.fromEntries(
    [...Map.groupBy(split, ({ first }) => first)].map(([first, of]) => [
      first,
      Object.fromEntries(
        [...Map.groupBy(of, ({ second }) => second)].map(([second, own]) => [
          second,
          Object.fromEntries(own.map(({ rest, value }) => [rest, value]))
        ])
      )
    ])
  )
}

const hpa = `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: web-hpa }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }
  minReplicas: 2
  maxReplicas: 30
  metrics:
    - type: Resource
      resource: { name: cpu, target: { type: Utilization, averageUtilization: 60 } }
    - type: Pods
      pods: { metric: { name: requests }, target: { type: AverageValue, averageValue: 1k } }
  behavior:
    scaleUp: { tolerance: '0.05', policies: [{ type: Pods, value: 2, periodSeconds: 60 }] }
    scaleDown: { stabilizationWindowSeconds: 120, selectPolicy: Disabled }
`

describe('an HPA', () => {
  it('becomes a target with its behavior word for word', () => {
    const imported = importHpa(hpa, 'hpa.yaml')
    const [target] = configOf(imported).targets
    expect(target).toMatchObject({
      name: 'web',
      minReplicas: 2,
      maxReplicas: 30,
      policy: { name: 'hpa', options: { target: 0.6 } },
      behavior: {
        scaleUp: { tolerance: 0.05, policies: [{ type: 'Pods', value: 2, periodSeconds: 60 }] },
        scaleDown: { stabilizationWindowSeconds: 120, selectPolicy: 'Disabled' }
      }
    })
    expect(imported.rehearse).toBe('hpa:target=0.6')
    expect(imported.notes.join('\n')).toMatch(/metric requests is left out/)
    expect(imported.notes.join('\n')).toMatch(/Deployment\/web is recommended for, not scaled/)
  })

  it.each([
    [
      'type: Pods\n      pods: { metric: { name: rps }, target: { averageValue: 500m } }',
      { metric: 'rps', type: 'average', target: 0.5 }
    ],
    [
      'type: External\n      external: { metric: { name: lag }, target: { averageValue: 30 } }',
      { metric: 'lag', type: 'valuePerUnit', target: 30 }
    ],
    [
      'type: Object\n      object: { metric: { name: rps }, target: { value: 2k } }',
      { metric: 'rps', type: 'value', target: 2_000 }
    ],
    [
      'type: Resource\n      resource: { name: memory, target: { averageUtilization: 70 } }',
      { metric: 'memory', target: 0.7 }
    ]
  ])('reads %s', (metric, options) => {
    const text = `kind: HorizontalPodAutoscaler\nspec:\n  maxReplicas: 3\n  metrics:\n    - ${metric}\n`
    expect(configOf(importHpa(text, 'x')).targets[0].policy.options).toEqual(options)
  })

  it('of version 1, or without metrics, is one on CPU', () => {
    const one =
      'kind: HorizontalPodAutoscaler\nspec: { maxReplicas: 3, targetCPUUtilizationPercentage: 50 }\n'
    expect(importHpa(one, 'x').target.policy).toEqual({ name: 'hpa', options: { target: 0.5 } })
    expect(importHpa('kind: HorizontalPodAutoscaler\nspec: { maxReplicas: 3 }\n', 'x').rehearse).toBe(
      'hpa:target=0.8'
    )
  })

  it.each([
    ['another object', 'kind: Deployment\n', /x has no HorizontalPodAutoscaler, but Deployment/],
    ['nothing', '', /x has no HorizontalPodAutoscaler|is empty/],
    [
      'two of them',
      `${hpa}---\n${hpa}`,
      /x has 2 of kind HorizontalPodAutoscaler: web-hpa, web-hpa; give one at a time/
    ],
    ['broken YAML', 'kind: [\n', /x cannot be read as YAML/],
    [
      'a metric that says nothing',
      'kind: HorizontalPodAutoscaler\nspec: { metrics: [{ type: Odd }] }\n',
      /no metric that can be read/
    ]
  ])('refuses %s', (_what, text, says) => {
    expect(() => importHpa(text, 'x')).toThrow(says)
  })

  it('asks for its size, so that what is recommended begins from what there is', () => {
    const queries = (text: string) => (importHpa(text, 'x').target.source as { queries: object }).queries
    expect(queries(hpa)).toMatchObject({
      'ready.web': 'sum(kube_deployment_status_replicas_ready{deployment="web"})'
    })
    expect(queries(hpa.replace('kind: Deployment', 'kind: StatefulSet'))).toMatchObject({
      'ready.web': 'sum(kube_statefulset_status_replicas_ready{statefulset="web"})'
    })
  })

  it('is found among other documents and inside of a list', () => {
    expect(importHpa(`kind: Service\n---\n${hpa}`, 'x').name).toBe('web')
    const list = `kind: List\nitems:\n  - kind: Service\n  - kind: HorizontalPodAutoscaler\n    metadata: { name: a }\n    spec: { maxReplicas: 2 }\n`
    expect(importHpa(list, 'x').name).toBe('a')
  })
})

const keda = `apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: cars
  annotations: { autoscaling.keda.sh/paused-scale-in: 'true' }
spec:
  scaleTargetRef: { name: cars-consumer }
  pollingInterval: 15
  cooldownPeriod: 300
  minReplicaCount: 1
  maxReplicaCount: 12
  fallback: { failureThreshold: 3, replicas: 6 }
  advanced: { horizontalPodAutoscalerConfig: { behavior: { scaleDown: { stabilizationWindowSeconds: 60 } } } }
  triggers:
    - type: kafka
      metadata: { bootstrapServers: 'a:9092,b:9092', consumerGroup: g, topic: iot, lagThreshold: '50', sasl: scram_sha512, tls: enable }
      authenticationRef: { name: kafka-auth }
    - type: prometheus
      metadata: { serverAddress: 'http://prometheus:9090', query: 'sum(rate(x[2m]))', threshold: '100' }
    - type: cron
      metadata: { timezone: UTC, start: 0 6 * * *, end: 0 20 * * *, desiredReplicas: '10' }
`

describe('a ScaledObject', () => {
  it('becomes a target whose triggers are sources', () => {
    const imported = importKeda(keda, 'so.yaml')
    const [target] = configOf(imported).targets
    expect(target).toMatchObject({
      name: 'cars-consumer',
      interval: 15_000,
      minReplicas: 1,
      maxReplicas: 12,
      paused: 'scale-in',
      fallback: { failureThreshold: 3, replicas: 6 },
      policy: { name: 'hpa', options: { metric: 'lag', type: 'valuePerUnit', target: 50 } },
      behavior: { scaleDown: { stabilizationWindowSeconds: 60 } },
      sources: [
        {
          type: 'kafka',
          bootstrapServers: ['a:9092', 'b:9092'],
          group: 'g',
          topics: ['iot'],
          tls: {},
          sasl: { mechanism: 'SCRAM-SHA-512' }
        },
        {
          type: 'prometheus',
          url: 'http://prometheus:9090',
          queries: {
            load: 'sum(rate(x[2m]))',
            'ready.cars-consumer': 'sum(kube_deployment_status_replicas_ready{deployment="cars-consumer"})'
          }
        }
      ]
    })
    const notes = imported.notes.join('\n')
    for (const said of [
      /authenticationRef kafka-auth/,
      /trigger cron.*`scheduled`/,
      /fallback only adds here/,
      /cooldownPeriod/,
      /trigger on load is left out/
    ]) {
      expect(notes).toMatch(said)
    }
  })

  it.each([
    [
      'static, KEDA’s default',
      '{ failureThreshold: 3, replicas: 6 }',
      6,
      /in KEDA \(static\) it may also take/
    ],
    ['only what adds', '{ failureThreshold: 3, replicas: 6, behavior: currentReplicasIfHigher }', 6, /^$/],
    ['more than there may be', '{ failureThreshold: 3, replicas: 60 }', 12, /fallback.replicas is 12/],
    [
      'what is there',
      '{ failureThreshold: 3, replicas: 6, behavior: currentReplicas }',
      undefined,
      /left out/
    ],
    ['nothing', '{ failureThreshold: 3, replicas: 0 }', undefined, /left out/]
  ])('falls back to %s', (_what, fallback, replicas, says) => {
    const imported = importKeda(keda.replace(/fallback: .*/, `fallback: ${fallback}`), 'x')
    expect(configOf(imported).targets[0].fallback?.replicas).toBe(replicas)
    expect(imported.notes.filter((note) => note.startsWith('fallback')).join('\n')).toMatch(says)
  })

  it.each([
    [
      'triggers that nobody knows here',
      'kind: ScaledObject\nspec: { triggers: [{ type: aws-sqs-queue }] }\n',
      /x has no trigger that is read here/
    ],
    ['another object', 'kind: ScaledJob\n', /x has no ScaledObject, but ScaledJob/],
    [
      'a kafka trigger without its topic',
      'kind: ScaledObject\nspec: { triggers: [{ type: kafka, metadata: { bootstrapServers: "a:1" } }] }\n',
      /no trigger/
    ]
  ])('refuses %s', (_what, text, says) => {
    expect(() => importKeda(text, 'x')).toThrow(says)
  })
})

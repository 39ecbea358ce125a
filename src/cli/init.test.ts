import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { expectRefused, folder } from '../../test/fakes/prescale.ts'
import { fakePrometheus } from '../../test/fakes/prometheus.ts'
import { commands } from './commands.ts'
import { checkText } from './config/file.ts'
import { importHpa } from './config/import-hpa.ts'
import { answered } from './config/questions.ts'
import { handInCommands } from './config/sections.ts'
import { starter } from './config/starter.ts'
import { byFlags } from './init.ts'

handInCommands(commands)
const here = folder()
afterAll(() => here.remove())
const init = (...args: string[]) => here.prescale(['init', '--quiet', ...args])
const text = (name: string) => readFileSync(join(here.path, name), 'utf8')

const hpa = `kind: HorizontalPodAutoscaler
metadata: { name: web }
spec:
  scaleTargetRef: { kind: Deployment, name: web }
  maxReplicas: 7
  metrics: [{ type: Resource, resource: { name: cpu, target: { averageUtilization: 60 } } }]
`
const data = { file: 'builtin:daily-wave', found: ['14 days'] }
const problemsOf = async (written: string) => (await checkText(written)).problems

describe('the file that init writes', () => {
  it('is valid with and without a target', async () => {
    expect(await problemsOf(starter({ data }))).toEqual([])
    const live = byFlags({ flink: 'http://localhost:8081', job: 'cars', policy: 'hpa', maxReplicas: '9' })
    expect(await problemsOf(starter({ data, live }))).toEqual([])
  })

  it('stays valid when every setting in its comments is switched on', async () => {
    const on = (written: string) => written.replaceAll(/^( *)# ( *(?!yaml-)[a-z][\w-]*:(?: |$))/gm, '$1$2')
    const example = on(starter({ data }))
    expect(example).toMatch(/^ {4}policy: mpc/m)
    expect(await problemsOf(example)).toEqual([])
    const k8s = on(starter({ data, live: importHpa(hpa, 'x') }))
    expect(k8s).toMatch(/^ {4}mode: recommend/m)
    expect(k8s).not.toMatch(/type: flink/)
    expect(await problemsOf(k8s)).toEqual([])
    const live = byFlags({ flink: 'http://localhost:8081', job: 'cars', maxReplicas: '9' })
    const all = on(starter({ data, live }))
    expect(all).toMatch(/^ {6}rescaleBudget: 6\/1h$/m)
    expect(await problemsOf(all)).toEqual([])
  })
})

describe('questions', () => {
  const answers = async (given: Readonly<Record<string, string>>) => {
    const asked: string[] = []
    const out = await answered(async (question, otherwise) => {
      asked.push(question)
      const key = Object.keys(given).find((word) => question.includes(word))
      return key === undefined ? otherwise : given[key]
    })
    return { asked, out }
  }

  it('are few, and each has an answer for an empty line', async () => {
    const { asked, out } = await answers({ Flink: 'http://localhost:8081' })
    expect(asked).toHaveLength(5)
    const live = byFlags(out)
    expect(live?.target).toEqual({
      source: { type: 'flink', url: 'http://localhost:8081', job: 'job' },
      policy: 'mpc',
      maxReplicas: 20
    })
    expect(await problemsOf(starter({ data, live }))).toEqual([])
  })

  it('with nothing to watch end early, and no target is made', async () => {
    const { asked, out } = await answers({})
    expect([asked.length, byFlags(out)]).toEqual([2, undefined])
  })
})

describe('prescale init', { timeout: 60_000 }, () => {
  it('makes a target by flags', async () => {
    const { code, stdout } = await init(
      '--flink',
      'http://a:8081',
      '--job',
      'cars',
      '--prometheus',
      'http://p:9090',
      '--query',
      'rate',
      '--out',
      'flags.yaml'
    )
    expect([code, stdout]).toEqual([
      0,
      'flags.yaml written; next: prescale validate flags.yaml, prescale doctor -c flags.yaml\n'
    ])
    expect((await here.prescale(['validate', 'flags.yaml'])).stdout).toContain(
      'cars: reads flink, prometheus; blend; mpc'
    )
  })

  it.each([
    [
      'flink',
      'job.autoscaler.utilization.target: 0.6\njob.autoscaler.quota.cpu: 3\n',
      /policy:\n {6}name: flink/,
      /quota\.cpu has no counterpart/
    ],
    [
      'hpa',
      'kind: HorizontalPodAutoscaler\nmetadata: { name: web }\nspec: { maxReplicas: 7 }\n',
      /maxReplicas: 7/,
      /Deployment|object.*is recommended for, not scaled/
    ],
    [
      'keda',
      'kind: ScaledObject\nmetadata: { name: web }\nspec:\n  fallback: {}\n  triggers:\n    - type: kafka\n      metadata: { bootstrapServers: "a:1", topic: x, consumerGroup: g }\n',
      /bootstrapServers: a:1/,
      /fallback is left out/
    ]
  ])('takes over from %s, and says what it could not', async (kind, from, has, notes) => {
    here.file('from.yaml', from)
    const { code, stderr, stdout } = await here.prescale([
      'init',
      '--from',
      kind,
      'from.yaml',
      '--out',
      `${kind}.yaml`,
      '-o',
      'json'
    ])
    expect(code, stderr).toBe(0)
    expect(text(`${kind}.yaml`)).toMatch(has)
    expect(text(`${kind}.yaml`)).toMatch(/^# Taken over from from\.yaml\. To know:$/m)
    expect(text(`${kind}.yaml`)).toMatch(notes)
    expect(stderr).toMatch(notes)
    expect(JSON.parse(stdout).notes.join('\n')).toMatch(notes)
    expect((await here.prescale(['validate', `${kind}.yaml`])).code).toBe(0)
    // The same without writing anything.
    const dry = await here.prescale(['validate', '--from', kind, 'from.yaml'])
    expect(dry.code).toBe(0)
    expect(dry.stderr).toMatch(notes)
  })

  it.each([
    [
      'hpa',
      /^prescale: no\.yaml cannot be read: there is no such file; `kubectl get hpa NAME -o yaml` writes one\n$/
    ],
    ['keda', /no such file; `kubectl get scaledobject NAME -o yaml` writes one\n$/],
    ['flink', /no such file; the configuration of a job with its job\.autoscaler\.\* keys is wanted\n$/]
  ])('says where a config of %s comes from where there is none', async (kind, says) => {
    expectRefused(await here.prescale(['init', '--from', kind, 'no.yaml', '--out', 'none.yaml']), says)
  })

  it('an HPA that was taken over recommends from the size that Prometheus tells, and says that it does no more', async () => {
    const prometheus = await fakePrometheus([
      { at: (_ms, query) => (query.includes('replicas_ready') ? 4 : query.includes('cpu') ? 0.9 : 100) }
    ])
    here.file('hpa.manifest', hpa)
    const flags = ['--from', 'hpa', 'hpa.manifest', '--out', 'k8s.yaml']
    const { stdout, stderr } = await here.prescale(['init', ...flags])
    expect(stdout).toContain('recommends only: nothing here changes Kubernetes objects')
    expect(stderr).toContain('Deployment/web is recommended for, not scaled')
    const ours = text('k8s.yaml').replace('http://localhost:9090', prometheus.url)
    here.file(
      'k8s.yaml',
      `${ours}store: { path: k8s.sqlite }\nlisten: { metrics: false, socket: k8s.sock }\n`
    )
    const said = await here.prescale(['run', '--once', '-c', 'k8s.yaml', '-o', 'json'])
    await prometheus.close()
    const [web] = JSON.parse(said.stdout)
    // As an HPA: 4 · 0.9 / 0.6.
    expect(web).toMatchObject({ ready: { web: 4 }, decision: { kind: 'scale', to: { web: 6 } } })
    expect(web.counts.commands).toBe(0)
  })

  it.each([
    [
      'a config of nobody',
      ['--from', 'hap', 'x.yaml'],
      /--from 'hap' is not a config that is read; did you mean 'hpa'/
    ],
    ['no file to take over', ['--from', 'hpa'], /--from hpa needs the FILE/],
    ['a file and nobody to read it', ['x.yaml'], /x\.yaml is taken over with --from flink\|hpa\|keda/],
    ['a file that is not there', ['--from', 'hpa', 'none.yaml'], /none\.yaml cannot be read/],
    ['a job without its name', ['--flink', 'http://a'], /--flink needs --job/],
    ['a policy without a target', ['--policy', 'hpa'], /--policy needs a target/],
    ['a query that is missing', ['--prometheus', 'http://a'], /--prometheus needs --query/],
    [
      'an address that is none',
      ['--flink', 'localhost', '--job', 'x'],
      /this would not be a config: targets\.x\.source\.url must be an address/
    ],
    [
      'a policy nobody knows',
      ['--flink', 'http://a', '--job', 'x', '--policy', 'hpaa'],
      /policy must be a policy: 'hpaa'.*'hpa'/
    ],
    [
      'a maximum of words',
      ['--flink', 'http://a', '--job', 'x', '--max-replicas', 'many'],
      /maxReplicas must be a whole number/
    ]
  ])('refuses %s and writes nothing', async (_what, args, says) => {
    expectRefused(await init(...args, '--out', 'bad.yaml'), says)
    expect(here.list()).not.toContain('bad.yaml')
  })

  it('never asks where no terminal is, and never writes over a file', async () => {
    expect((await init('--out', 'plain.yaml')).code).toBe(0)
    const before = text('plain.yaml')
    expectRefused(
      await init('--out', 'plain.yaml', '--flink', 'http://a', '--job', 'x'),
      /plain\.yaml is there already; say --force/
    )
    expect(text('plain.yaml')).toBe(before)
    expect((await init('--out', 'plain.yaml', '--force', '--flink', 'http://a', '--job', 'x')).code).toBe(0)
    expect(text('plain.yaml')).not.toBe(before)
  })
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FakeFlink, fakeFlink } from '../../../test/fakes/flink.ts'
import { fakeInflux } from '../../../test/fakes/influxdb.ts'
import { folder as emptyFolder } from '../../../test/fakes/prescale.ts'
import { fakePrometheus } from '../../../test/fakes/prometheus.ts'
import type { Check } from './checks.ts'
import { clockCheck } from './common.ts'
import { checkConfigFile } from './config.ts'

describe('doctor of a config', { timeout: 30_000 }, () => {
  let folder: string
  let flink: FakeFlink
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'prescale-doctor-'))
    flink = await fakeFlink({ slots: 4 })
  })
  afterEach(async () => {
    await flink.close()
    rmSync(folder, { recursive: true })
  })

  async function doctor(text: string) {
    const file = join(folder, 'prescale.yaml')
    writeFileSync(file, text)
    const { checks, codes } = await checkConfigFile(file)
    const of = (word: string) => checks.filter(({ subject }) => subject.includes(word))
    const status = (word: string) => Object.fromEntries(of(word).map(({ check, status: s }) => [check, s]))
    return { checks, codes, of, status }
  }

  const target = (more = '', job = flink.jobs[0].name) => `version: 1
listen: { metrics: false }
targets:
  cars:
    source: { type: flink, url: ${flink.url}, job: '${job}' }
    actuator: { type: flink }
${more.replace(/^(?=.)/gm, '    ')}
`
  const mendOf = (checks: readonly Check[], name: string) =>
    checks.find(({ check }) => check === name)?.mend ?? ''

  it('finds a good one good, and asks without changing anything', async () => {
    const { checks, codes, status } = await doctor(target('maxReplicas: 4'))
    expect(checks.filter((check) => check.status === 'fail')).toEqual([])
    expect(status('flink')).toMatchObject({
      reach: 'ok',
      version: 'ok',
      job: 'ok',
      scheduler: 'ok',
      slots: 'ok',
      clock: 'ok',
      owner: 'ok'
    })
    expect(codes).toEqual([])
    expect(flink.writes()).toEqual([])
  })

  it('says of every line that is not fine how to mend it', async () => {
    flink.jobs[0].scheduler = 'Default'
    flink.jobs[0].state = 'RESTARTING'
    const { checks, status } = await doctor(target('maxReplicas: 500'))
    expect(status('flink')).toMatchObject({
      job: 'warn',
      scheduler: 'warn',
      slots: 'warn',
      'max parallelism': 'warn'
    })
    for (const check of checks) if (check.status !== 'ok') expect(check.mend, check.check).toBeTruthy()
    expect(mendOf(checks, 'scheduler')).toContain('jobmanager.scheduler: adaptive')
    expect(mendOf(checks, 'slots')).toMatch(/start TaskManagers with \d+ more slots/)
  })

  it('names the job that was probably meant', async () => {
    const { name } = flink.jobs[0]
    const { of } = await doctor(target('', `${name}x`))
    expect(of('flink').find(({ check }) => check === 'job')).toMatchObject({
      status: 'fail',
      mend: `did you mean '${name}'?`
    })
  })

  it.each([
    [
      'the operator',
      { 'kubernetes.operator.job.autoscaler.enabled': 'true' },
      'owner',
      /operator sizes this job as well/,
      /job\.autoscaler\.enabled: false/
    ],
    [
      'the reactive mode',
      { 'scheduler-mode': 'reactive' },
      'owner',
      /every slot there is/,
      /remove scheduler-mode/
    ],
    [
      'how long a rescale waits by default',
      { 'jobmanager.adaptive-scheduler.executing.cooldown-after-rescaling': '1 s' },
      'pace',
      /resource-stabilization-timeout is 60 s, its default/,
      /set them to 1 s/
    ]
  ])('sees %s in the configuration of the cluster', async (_what, config, check, found, mend) => {
    flink.respond = (_request, response, { path }) => {
      if (path !== '/jobmanager/config') return false
      const entries = Object.entries(config).map(([key, value]) => ({ key, value }))
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(entries))
      return true
    }
    const { of } = await doctor(target())
    const line = of('flink').find((it) => it.check === check)
    expect(line?.status).toBe('warn')
    expect(line?.found).toMatch(found)
    expect(line?.found).not.toContain('cooldown-after-rescaling')
    expect(line?.mend).toMatch(mend)
  })

  it('goes on with the others where one cannot be reached, or is somebody else', async () => {
    const prometheus = await fakePrometheus([{ at: () => 100 }])
    const web = await fakePrometheus()
    web.respond = (_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>log in</html>')
    const { codes, checks, status } = await doctor(`version: 1
listen: { metrics: false }
targets:
  gone: { source: { type: flink, url: 'http://127.0.0.1:9', job: x } }
  page: { source: { type: flink, url: '${web.url}', job: x } }
  here: { source: { type: prometheus, url: '${prometheus.url}', query: x } }
`)
    await Promise.all([prometheus.close(), web.close()])
    expect(status('gone')).toEqual({ reach: 'fail' })
    expect(status('page')).toEqual({ answer: 'fail' })
    expect(status('here')).toEqual({ reach: 'ok', version: 'ok', clock: 'ok', 'query load': 'ok' })
    expect([...codes].sort()).toEqual(['BAD_ANSWER', 'UNREACHABLE'])
    for (const check of checks) if (check.status === 'fail') expect(check.mend).toBeTruthy()
  })

  it('tells the version of every system that has one, and a clock that is off', async () => {
    const prometheus = await fakePrometheus([{ at: () => 100 }])
    const influx = await fakeInflux()
    influx.rows = [[Date.now(), 100]]
    const { of } = await doctor(`version: 1
listen: { metrics: false }
targets:
  a:
    sources:
      - { type: prometheus, url: '${prometheus.url}', query: x }
      - { type: influxdb, url: '${influx.url}', database: d, query: 'SELECT mean(v) FROM l WHERE $time GROUP BY time($step)' }
`)
    const versions = ['prometheus', 'influxdb'].map(
      (word) => of(word).find(({ check }) => check === 'version')?.found
    )
    expect(versions).toEqual(['3.5.0', '1.8.10'])
    prometheus.respond = (request, response) => {
      const body = { status: 'success', data: { resultType: 'matrix', result: [] } }
      response.setHeader('date', 'Mon, 05 Jan 2026 00:00:00 GMT')
      response.end(JSON.stringify(request.url?.includes('buildinfo') ? { status: 'error' } : body))
    }
    const late = (
      await doctor(`version: 1
listen: { metrics: false }
targets: { a: { source: { type: prometheus, url: '${prometheus.url}', query: x } } }
`)
    ).of('prometheus')
    await Promise.all([prometheus.close(), influx.close()])
    expect(late.find(({ check }) => check === 'version')).toBeUndefined()
    expect(late.find(({ check }) => check === 'clock')).toMatchObject({
      status: 'warn',
      found: expect.stringContaining('behind ours')
    })
  })

  it('asks for an answer where the loop keeps its copy', async () => {
    const influx = await fakeInflux()
    const copy = (url: string) => `${target()}store: { influxdb: { url: '${url}' } }\n`
    expect((await doctor(copy(influx.url))).status('copy')).toEqual({
      reach: 'ok',
      version: 'ok',
      clock: 'ok'
    })
    await influx.close()
    expect((await doctor(copy(influx.url))).status('copy')).toEqual({ reach: 'fail' })
    expect(influx.asked.map(({ path }) => path)).toEqual(['/ping'])
  })

  it('an empty answer is a warning, not a zero', async () => {
    const prometheus = await fakePrometheus([])
    const { of } = await doctor(
      `version: 1\ntargets:\n  a: { source: { type: prometheus, url: '${prometheus.url}', query: x } }\nlisten: { metrics: false }\n`
    )
    await prometheus.close()
    expect(of('prometheus').at(-1)).toMatchObject({
      status: 'warn',
      found: expect.stringContaining('nothing in the last 10 minutes')
    })
  })

  it('looks every secret up once, and shows none', async () => {
    process.env.PRESCALE_TEST_TOKEN = 'hunter2'
    const text = target().replace(
      "job: '",
      "bearer: env:PRESCALE_TEST_TOKEN, headers: { X-A: 'env:PRESCALE_TEST_NONE' }, job: '"
    )
    const { checks, of } = await doctor(text)
    delete process.env.PRESCALE_TEST_TOKEN
    expect(of('secrets').map(({ check, status }) => [check, status])).toEqual([
      ['PRESCALE_TEST_TOKEN', 'ok'],
      ['PRESCALE_TEST_NONE', 'fail']
    ])
    expect(mendOf(checks, 'PRESCALE_TEST_NONE')).toContain('export PRESCALE_TEST_NONE=')
    expect(JSON.stringify(checks)).not.toContain('hunter2')
  })

  it('tells a port that is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((done) => server.once('listening', done))
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    const { of } = await doctor(target().replace('metrics: false', `metrics: ${port}`))
    server.close()
    expect(of('this process')).toMatchObject([
      { check: 'port', status: 'fail', found: expect.stringContaining('EADDRINUSE') }
    ])
  })

  it('a config that cannot be read is its problems, a line each', async () => {
    const { checks, codes } = await doctor('version: 1\ntargets:\n  a: { sauce: 1, interval: 5 }\n')
    expect(checks.map(({ check, status }) => [check, status])).toEqual(Array(3).fill(['config', 'fail']))
    expect(codes).toEqual(['BAD_INPUT'])
  })
})

describe('a clock', () => {
  it.each([
    [0, 'ok', '0s ahead of ours'],
    [1_500, 'ok', '1s500ms ahead of ours'],
    [-90_000, 'warn', '1m30s behind ours'],
    [Number.NaN, 'ok', 'not told']
  ])('off by %d ms is %s', (offset, status, found) => {
    expect(clockCheck(1_000_000 + offset, 1_000_000)).toMatchObject({ status, found })
  })
})

describe('prescale doctor', { timeout: 60_000 }, () => {
  it('of a config ends with 3 where a system cannot be reached', async () => {
    const here = emptyFolder()
    here.file(
      'prescale.yaml',
      "version: 1\nlisten: { metrics: false }\ntargets:\n  a: { source: { type: flink, url: 'http://127.0.0.1:9', job: x } }\n"
    )
    const [asFile, asConfig] = [
      await here.prescale(['doctor', 'prescale.yaml']),
      await here.prescale(['doctor', '-c', 'prescale.yaml'])
    ]
    here.remove()
    expect([asFile.code, asConfig.code]).toEqual([3, 3])
    expect(asFile.stdout).toMatch(
      /fail {2}reach +http:\/\/127\.0\.0\.1:9 cannot be reached: .*\n.*→ is it started/
    )
    expect(asConfig.stdout).toBe(asFile.stdout)
    expect(asFile.stderr).toBe('prescale: 1 check failed, see above\n')
  })
})

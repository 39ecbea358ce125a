/** The command line as a whole: what stands on stdout and stderr, what is left on disk, and how it ends. */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { sqlite } from '../../src/store/index.ts'
import { type Answer, csv, expectRefused, folder, waveLoads } from '../fakes/prescale.ts'

const place = folder()
const load = place.file('load.csv', csv(waveLoads))
afterAll(() => place.remove())
const packageJson = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

describe.concurrent('help', { timeout: 60_000 }, () => {
  it('is on stdout, for all and for each', async () => {
    for (const [args, says] of [
      [[], /rehearse.*\n.*explain/s],
      [['--help'], /rehearse.*\n.*explain/s],
      [['help', 'rehearse'], /--policies.*--report/s],
      [['rehearse', '--help'], /--policies.*--report/s],
      [['help', 'decide'], /--set/]
    ] as const) {
      const { code, stdout, stderr } = await place.prescale(args)
      expect({ code, stderr }, args.join(' ')).toEqual({ code: 0, stderr: '' })
      expect(stdout).toMatch(says)
    }
  })

  it('knows its version', async () => {
    expect(await place.prescale(['--version'])).toEqual({
      code: 0,
      stdout: `${packageJson.version}\n`,
      stderr: ''
    })
  })
})

describe('rehearse', { timeout: 60_000 }, () => {
  const policies = 'proportional,fixed-best,hpa:target=.6'
  const args = ['rehearse', load, '--policies', policies, '--store', 'first.sqlite']
  let json: Answer
  // biome-ignore format: one shape, read at a glance
  const runShape = ['policy', 'knob', 'seed', 'sloViolationRatio', 'latencyMs', 'overloadedMinutes', 'meanUnits',
    'unitHours', 'cost', 'rescales', 'flips', 'falseStarts', 'dropped', 'leadMinutes']

  beforeAll(async () => {
    json = await place.prescale([...args, '--seeds', '2', '--frontier', '--quiet', '-o', 'json'])
  }, 60_000)

  it('is quiet on stderr when it is told to be', () => {
    expect({ code: json.code, stderr: json.stderr }).toEqual({ code: 0, stderr: '' })
  })

  it('has the shape that was agreed on', () => {
    const result = JSON.parse(json.stdout)
    expect(Object.keys(result)).toEqual(['trace', 'world', 'settings', 'runs', 'pairs', 'frontier'])
    expect(result.runs.slice(0, 3).map((run: { policy: string }) => run.policy)).toEqual([
      'fixed',
      'hpa',
      'oracle'
    ])
    for (const run of result.runs) {
      expect(Object.keys(run)).toEqual(expect.arrayContaining(runShape))
      expect(Object.keys(run.latencyMs)).toEqual(['p50', 'p95', 'p99'])
    }
    expect(new Set(result.runs.map((run: { seed: number }) => run.seed))).toEqual(new Set([1, 2]))
    for (const { a, b, metric, difference, relative, ci95 } of result.pairs) {
      expect([typeof a, typeof b, typeof metric, typeof difference]).toEqual([
        ...['string', 'string', 'string', 'number']
      ])
      expect(relative === null || typeof relative === 'number').toBe(true)
      expect(ci95).toEqual([expect.any(Number), expect.any(Number)])
    }
    for (const point of result.frontier) {
      expect(point).toMatchObject({
        policy: expect.any(String),
        unitHours: expect.any(Number),
        overloadedMinutes: expect.any(Number)
      })
      expect(Object.keys(point)).toContain('knob')
    }
    const swept = new Set(result.frontier.map(({ policy }: { policy: string }) => policy))
    expect(swept).toEqual(new Set(['fixed', 'hpa', 'oracle', 'proportional']))
  })

  it('marks what was assumed', async () => {
    expect(JSON.parse(json.stdout).settings.assumed).toEqual(
      expect.arrayContaining(['unitRate', 'leadTimeMs', 'sloMs'])
    )
    const given = ['--lead-time', '1m', '--unit-rate', '9', '--slo', '1s', '--no-store', '-o', 'json']
    const { stdout, stderr } = await place.prescale([
      ...['rehearse', load, '--policies', 'hpa', ...given, '--service-time', '10ms']
    ])
    const { settings } = JSON.parse(stdout)
    expect(stderr).toMatch(/^a service time of 10ms becomes 111 ms: /m)
    expect(settings).toMatchObject({ serversPerUnit: 1, serviceTimeMs: 1_000 / 9 })
    expect(settings).toMatchObject({ unitRate: 9, leadTimeMs: { p50: 60_000, p90: 60_000 }, sloMs: 1_000 })
    for (const name of ['unitRate', 'leadTimeMs', 'sloMs']) expect(settings.assumed).not.toContain(name)
  })

  it('says the same again, byte by byte', async () => {
    const again = await place.prescale([...args, '--seeds', '2', '--frontier', '-o', 'json'])
    expect(again.stdout).toBe(json.stdout)
  })

  it('prints a table for people and CSV for spreadsheets', async () => {
    const { stdout } = await place.prescale([...args, '--quiet'])
    expect(stdout).toMatch(/policy.*late min.*vs hpa.*lead min/)
    for (const row of ['fixed', 'hpa', 'oracle', 'proportional', 'fixed-best']) {
      expect(stdout).toMatch(new RegExp(`^${row} `, 'm'))
    }
    const table = await place.prescale([...args, '--quiet', '-o', 'csv'])
    const [head, ...rows] = table.stdout.trimEnd().split('\n')
    expect(head).toMatch(/^policy,knob,seed,label,sloViolationRatio,/)
    // fixed, hpa, oracle, proportional, hpa at .6, and a constant for each of three.
    expect(rows).toHaveLength(8)
  })

  it('keeps its Turns, and explain finds them', async () => {
    const asked = ['explain', 'load/proportional', '--store', 'first.sqlite', '-o']
    const [asJson, asYaml] = await Promise.all(
      ['json', 'yaml'].map((format) => place.prescale([...asked, format]))
    )
    expect(asJson.code).toBe(0)
    expect(JSON.parse(asJson.stdout).sentence).toMatch(/proportional|units/)
    expect(parse(asYaml.stdout)).toEqual(JSON.parse(asJson.stdout))
  })

  it('writes a report where it is told to', async () => {
    const { code, stderr } = await place.prescale([...args, '--report', 'deep/report.html'])
    expect(code).toBe(0)
    expect(stderr).toContain('report.html')
    expect(readFileSync(join(place.path, 'deep/report.html'), 'utf8')).toMatch(
      /^<!doctype html>.*<\/html>\s*$/s
    )
  })

  it('runs in the stream world, by itself and with a config', async () => {
    const world = { operators: ['src', 'map'].map((id) => ({ id, rate: 40 })) }
    place.file('world.json', JSON.stringify(world))
    for (const more of [[], ['--world-config', 'world.json']]) {
      const stream = ['--world', 'stream', '--policies', 'ds2,flink,fixed-best', '--no-store', '-o', 'json']
      const { code, stdout, stderr } = await place.prescale(['rehearse', load, ...stream, ...more])
      expect(code, stderr).toBe(0)
      const { runs } = JSON.parse(stdout)
      expect(runs.map(({ policy }: { policy: string }) => policy)).toEqual([
        ...['fixed', 'hpa', 'oracle', 'ds2', 'flink', 'fixed-best', 'fixed-best', 'fixed-best']
      ])
    }
  })

  it('replays what was recorded first', async () => {
    const units = waveLoads.map((rate) => Math.ceil(rate / 9))
    const latency = waveLoads.map((rate, i) => (rate > 150 && i % 3 === 0 ? 900 : 50))
    place.file('recorded.csv', csv(waveLoads, { units, latency }))
    const recorded = ['recorded.csv', '--value', 'load', '--as-run', 'units,latency', '--policies', 'hpa']
    const { code, stdout, stderr } = await place.prescale(['rehearse', ...recorded, '--no-store'])
    expect(code, stderr).toBe(0)
    expect(stdout).toMatch(/as run, 180 steps of recorded capacity.*simulated.*recorded/s)
  })

  it('asks faster policies more often: every second then', async () => {
    const { stdout } = await place.prescale([
      ...['rehearse', load, '--policies', 'knative', '--no-store', '-o', 'json', '--quiet']
    ])
    expect(JSON.parse(stdout).settings.stepMs).toBe(1_000)
  })
})

describe('ended from outside', { timeout: 60_000 }, () => {
  const long = ['rehearse', 'builtin:daily-wave', '--seeds', '40', '--policies', 'hpa,mpc']
  const report = ['--report', 'never.html', '--store', 'kept.sqlite']

  beforeAll(async () => {
    const { code } = await place.prescale(['rehearse', load, '--policies', 'hpa', '--store', 'kept.sqlite'])
    expect(code).toBe(0)
  }, 60_000)

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'by %s: one line, exit 130, nothing half-written',
    async (signal) => {
      const before = place.list()
      const { process: child, ended } = place.start([...long, ...report])
      setTimeout(() => child.kill(signal), 2_500)
      expect(await ended).toEqual({ code: 130, stdout: '', stderr: 'prescale: stopped\n' })
      expect(place.list()).toEqual(before)
      expect(existsSync(join(place.path, 'never.html'))).toBe(false)
      const store = sqlite({ file: join(place.path, 'kept.sqlite'), readOnly: true })
      expect(store.targets()).toContain('load/hpa')
      store.close()
    }
  )

  it('by Ctrl-C while it waits for input', async () => {
    const { process: child, ended } = place.start(['decide', 'hpa'])
    setTimeout(() => child.kill('SIGINT'), 1_000)
    expectRefused(await ended, /stopped/, 130)
  })

  it.skipIf(process.platform === 'win32')('by a reader who has seen enough', async () => {
    const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
    const line = JSON.stringify({ nowMs: 0, target: 'web', capacity: { ready: { web: 2 } } })
    const quiet = async (command: string) => {
      const shell = spawn('bash', ['-o', 'pipefail', '-c', command], { cwd: place.path })
      let stderr = ''
      shell.stderr.on('data', (text) => {
        stderr += text
      })
      shell.stdout.resume()
      await new Promise((done) => shell.on('close', done))
      return stderr
    }
    const prescale = `'${process.execPath}' '${main}'`
    expect(await quiet(`${prescale} help rehearse | head -1`)).toBe('')
    // Endless input: it ends, since nobody reads any more.
    expect(await quiet(`yes '${line}' | ${prescale} decide fixed | head -1`)).not.toMatch(/EPIPE|at /)
  })
})

describe.concurrent('decide', { timeout: 60_000 }, () => {
  it('answers line by line, and what came before a bad line', async () => {
    const seen = (ready: number) => JSON.stringify({ nowMs: 0, capacity: { ready: { web: ready } } })
    const { code, stdout, stderr } = await place.prescale(['decide', 'fixed', '--set', 'units=4'], {
      stdin: `${seen(2)}\n\n${seen(4)}\nnonsense\n`
    })
    const kinds = stdout.trimEnd().split('\n')
    expect(kinds.map((text) => JSON.parse(text).kind)).toEqual(['scale', 'hold'])
    expect({ code, lines: stderr.split('\n').length }).toEqual({ code: 2, lines: 2 })
    expect(stderr).toMatch(/^prescale: line 4 must be one JSON object/)
  })
})

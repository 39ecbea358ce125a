/** The live loop as its users meet it: `run`, `status`, `pause`, `resume`, `explain`, `diff`, each a process of its own, against a small Flink. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type FakeFlink, fakeFlink } from '../fakes/flink.ts'
import { expectRefused, type Folder, folder } from '../fakes/prescale.ts'

let place: Folder
let flink: FakeFlink
let pump: NodeJS.Timeout

beforeEach(async () => {
  place = folder()
  flink = await fakeFlink()
  pump = setInterval(() => flink.advance(50, 3_000), 50)
})
afterEach(async () => {
  clearInterval(pump)
  await flink.close()
  place.remove()
})

const patience = { timeout: 60_000, interval: 200 }

const config = (more = '', policy = 'mpc') => `
version: 1
targets:
  cars:
    mode: apply
    source: { type: flink, url: '${flink.url}', job: loadjob }
    actuator: { type: flink, url: '${flink.url}', job: loadjob }
    policy: ${policy}
    interval: 1s
    forecast: none
    maxReplicas: 8
    leadTime: { p50: 1s, p90: 2s }
    restart: { p50: 1s, p90: 2s }
    slo: { latency: 5s }
${more}
store: { path: live.sqlite }
listen: { metrics: false, socket: loop.sock }
`

describe('prescale run', { timeout: 180_000 }, () => {
  it('--once decides from what it could learn, says so as JSON, writes nothing, and is explained afterwards', async () => {
    place.file('prescale.yaml', config())
    const { code, stdout, stderr } = await place.prescale(['run', '--once', '-o', 'json'])
    expect(code, stderr).toBe(0)
    const [cars, ...others] = JSON.parse(stdout)
    expect(others).toEqual([])
    expect(cars).toMatchObject({ target: 'cars', counts: { turns: 1, commands: 0 } })
    expect(cars.decision.to.count).toBeGreaterThanOrEqual(2)
    expect(flink.writes()).toEqual([])
    const explained = await place.prescale(['explain', 'cars', '--store', 'live.sqlite'])
    expect(explained.stdout).toContain('cars')
    // Nothing runs any more: what its record says.
    const status = await place.prescale(['status', '-o', 'json'])
    expect(JSON.parse(status.stdout)).toMatchObject({ running: false, targets: [{ target: 'cars' }] })
  })

  it('--once holds, says so and ends with 3 where a source cannot be reached', async () => {
    place.file(
      'away.yaml',
      `version: 1
targets: { web: { source: { type: prometheus, url: 'http://127.0.0.1:1', query: up }, policy: hpa, forecast: none } }
store: { path: away.sqlite }
listen: { metrics: false, socket: away.sock }
`
    )
    const { code, stdout, stderr } = await place.prescale(['run', '--once', '-c', 'away.yaml', '-o', 'json'])
    expect(JSON.parse(stdout)).toMatchObject([{ target: 'web', decision: { kind: 'hold' } }])
    expect(stderr).toContain('prescale: web: http://127.0.0.1:1 cannot be reached')
    expect(code).toBe(3)
  })

  it('runs until it is told to end: status, pause for a time, resume, another config, a wrong one, SIGTERM', async () => {
    place.file('prescale.yaml', config())
    const { process: loop, ended } = place.start(['run', '--apply'])
    let said = ''
    loop.stderr?.on('data', (text) => {
      said += text
    })
    await vi.waitFor(() => expect(said).toContain('carries out decisions for cars'), patience)
    await vi.waitFor(() => expect(flink.jobs[0].vertices[2].running).toBeGreaterThanOrEqual(3), patience)
    await vi.waitFor(() => expect(said).toContain('carried out'), patience)

    const status = await place.prescale(['status'])
    expect(status.stdout).toMatch(/^running for .*, may write\n/)
    expect(status.stdout).toContain('last command')

    await place.prescale(['pause', 'cars', '--for', '2h', '--because', 'release'])
    const { stdout } = await place.prescale(['status', '-o', 'json'])
    const { running, mode, pauses } = JSON.parse(stdout)
    expect([running, mode, pauses.cars.because]).toEqual([true, 'apply', 'release'])
    expect(pauses.cars.untilMs - pauses.cars.sinceMs).toBe(7_200_000)
    expectRefused(await place.prescale(['pause', 'crs']), /a target: 'crs'|crs/)
    const resumed = await place.prescale(['resume', 'cars'])
    expect(resumed.stderr).toContain('resumed; now nothing is paused')

    place.file('prescale.yaml', config('', 'mpd'))
    await vi.waitFor(() => expect(said).toMatch(/mpd.*the config of before stays/), patience)
    place.file('prescale.yaml', config('', 'hpa'))
    await vi.waitFor(() => expect(said).toContain('was read again: cars'), patience)

    loop.kill('SIGTERM')
    const { code, stdout: out } = await ended
    expect([code, out]).toEqual([130, ''])
    expect(existsSync(join(place.path, 'loop.sock'))).toBe(false)
    const after = await place.prescale(['status'])
    expect(after.stdout).toContain('no loop runs; this is what live.sqlite says')
    // The lease was given back: the next one need not wait.
    const again = place.start(['run', '--apply'])
    let saidAgain = ''
    again.process.stderr?.on('data', (text) => {
      saidAgain += text
    })
    await vi.waitFor(() => expect(saidAgain).toContain('holds the lease, epoch'), patience)
    expect(saidAgain).not.toContain('only watching')
    again.process.kill('SIGTERM')
    await again.ended
  })

  it('pauses for a loop that does not run yet, and compares moments and targets of a record', async () => {
    place.file('prescale.yaml', config())
    expect((await place.prescale(['pause', '--because', 'not yet'])).stderr).toContain('paused: all targets')
    const once = await place.prescale(['run', '--once', '--apply'])
    expect(once.stdout).toContain('not commanded: paused by')
    expect(flink.writes()).toEqual([])
    await place.prescale(['resume'])
    await place.prescale(['run', '--once'])
    const moments = await place.prescale(['diff', 'cars@5s', 'cars', '--store', 'live.sqlite', '-o', 'json'])
    expect([0, 2]).toContain(moments.code)
    const same = await place.prescale(['diff', 'cars', 'cars', '-c', 'prescale.yaml'])
    expect(same.stdout).toContain('the same for 100 % of the time')
    expectRefused(await place.prescale(['diff', 'cars', 'bikes', '-c', 'prescale.yaml']), /bikes/)
  })

  it.each([
    ['no config', [], '', /prescale.yaml cannot be read: there is no such file/],
    [
      'a config with a mistake',
      [],
      'version: 1\ntargets: { a: { polcy: hpa } }\n',
      /targets\.a\.sources is missing/
    ],
    ['a place to listen that is none', ['--listen', 'nowhere'], undefined, /--listen must be such as/]
  ] as const)('refuses %s in one line', async (_, args, text, says) => {
    if (text !== '') place.file('prescale.yaml', text ?? config())
    expectRefused(await place.prescale(['run', ...args]), says)
  })
})

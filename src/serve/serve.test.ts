import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { LoopEvent } from '../loop/index.ts'
import type { Turn } from '../roles.ts'
import { serveLoop } from './http.ts'
import { loopMeters, loopMetrics } from './metrics.ts'
import { askLoop, listenLocally } from './socket.ts'

const turn = (change: Partial<Turn['observation']> = {}): Turn => ({
  target: 'web',
  atMs: 60_000,
  policy: { name: 'hpa', options: {} },
  observation: {
    nowMs: 60_000,
    capacity: { ready: { web: 2 }, wanted: { web: 3 } },
    load: { startMs: 0, stepMs: 60_000, unit: 'events/s', values: Float64Array.of(12) },
    metrics: { cpu: { value: 0.4, quality: 'ok' }, lag: { value: NaN, quality: 'missing' } },
    forecast: {
      startMs: 60_000,
      stepMs: 60_000,
      mean: Float64Array.of(1, 2),
      quantiles: { '0.9': Float64Array.of(3, 4) },
      by: { model: 'naive', version: '1', trainedUntilMs: 0 },
      record: { coverage: { '0.9': 0.88 }, mase: 1, steps: 9 }
    },
    service: { unitRate: 50, leadTimeMs: { p50: 30_000, p90: 60_000 } },
    signals: [
      {
        gateway: 'g1',
        seq: 1,
        sentMs: 0,
        predictedLoad: 1,
        burstAlarm: true,
        horizonMs: 1,
        confidence: 1,
        trust: 0.7
      }
    ],
    ...change
  },
  before: null,
  decision: {
    kind: 'scale',
    to: { web: 5 },
    why: { rule: 'r', inputs: {}, bound: ['maxReplicas'], changed: [] }
  },
  after: null
})
const event = (change?: Partial<Turn['observation']>): LoopEvent => ({
  kind: 'turn',
  turn: turn(change),
  tookMs: 20,
  woken: true
})

/** Values by name and labels. */
async function exposed(events: readonly LoopEvent[]): Promise<Record<string, number>> {
  const meters = loopMeters('1.2.3')
  for (const one of events) meters.take(one)
  const lines = (await meters.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return Object.fromEntries(
    lines.map((line) => [
      line.slice(0, line.lastIndexOf(' ')),
      Number(line.slice(line.lastIndexOf(' ') + 1).replace('Nan', 'NaN'))
    ])
  )
}

describe('metrics of the loop', () => {
  it('say what was seen, decided and done', async () => {
    const receipt = { epoch: 1, reached: { web: 2 }, pending: { web: 1 }, atMs: 0 }
    const values = await exposed([
      event(),
      { kind: 'receipt', target: 'web', receipt },
      { kind: 'receipt', target: 'web', receipt: { ...receipt, refused: 'HTTP 409' } },
      { kind: 'error', target: 'web', atMs: 0, what: 'x' }
    ])
    expect(values).toMatchObject({
      'prescale_build_info{version="1.2.3"}': 1,
      'prescale_turns_total{target="web"}': 1,
      'prescale_wakes_total{target="web"}': 1,
      'prescale_ready_units{target="web",resource="web"}': 2,
      'prescale_wanted_units{target="web",resource="web"}': 3,
      'prescale_decided_units{target="web",resource="web"}': 5,
      'prescale_decisions_total{target="web",direction="up"}': 1,
      'prescale_bound_total{target="web",bound="maxReplicas"}': 1,
      'prescale_load{target="web"}': 12,
      'prescale_forecast{target="web",quantile="mean"}': 2,
      'prescale_forecast{target="web",quantile="0.9"}': 4,
      'prescale_forecast_coverage_ratio{target="web",quantile="0.9"}': 0.88,
      'prescale_lead_time_seconds{target="web",quantile="0.9"}': 60,
      'prescale_restart_seconds{target="web",quantile="0.9"}': NaN,
      'prescale_estimate_measured{target="web",estimate="leadTimeMs"}': 1,
      'prescale_estimate_measured{target="web",estimate="restartMs"}': 0,
      'prescale_unit_rate{target="web"}': 50,
      'prescale_metrics{target="web",quality="ok"}': 1,
      'prescale_metrics{target="web",quality="missing"}': 1,
      'prescale_signals{target="web"}': 1,
      'prescale_signal_trust_ratio{target="web",gateway="g1"}': 0.7,
      'prescale_commands_total{target="web",outcome="pending"}': 1,
      'prescale_commands_total{target="web",outcome="failed"}': 1,
      'prescale_errors_total{target="web"}': 1,
      prescale_turn_duration_seconds_count: 1
    })
  })

  it('say NaN for what was not measured, not zero', async () => {
    const values = await exposed([
      event({ load: undefined, service: undefined, capacity: { ready: { web: NaN } } })
    ])
    expect(values['prescale_ready_units{target="web",resource="web"}']).toBeNaN()
    expect(values['prescale_unit_rate{target="web"}']).toBeNaN()
    expect(values).not.toHaveProperty('prescale_load{target="web"}')
  })

  it('forget a target that is gone', async () => {
    const meters = loopMeters('1')
    meters.take(event())
    meters.forget('web')
    await new Promise((resolve) => setImmediate(resolve))
    expect(await meters.text()).not.toContain('target="web"')
  })

  it('have names and help as Prometheus wants them', () => {
    for (const [name, { type, help }] of Object.entries(loopMetrics)) {
      expect(name).toMatch(/^prescale_[a-z_]+$/)
      expect(name.endsWith('_total')).toBe(type === 'counter')
      expect(help).toMatch(/\.$/)
    }
  })
})

describe('the pages of a loop', () => {
  it('say how it is, and take no orders', async () => {
    let unwell: string | undefined
    const http = await serveLoop(
      {
        metrics: async () => ({ text: 'a 1\n', contentType: 'text/plain; version=0.0.4' }),
        unhealthy: () => unwell,
        unready: () => 'no lease yet'
      },
      { host: '127.0.0.1', port: 0 }
    )
    try {
      const get = async (path: string, init?: RequestInit) => {
        const response = await fetch(`${http.url}${path}`, init)
        return [response.status, await response.text()]
      }
      expect(await get('/metrics')).toEqual([200, 'a 1\n'])
      expect(await get('/healthz')).toEqual([200, 'ok\n'])
      unwell = 'no turn for 5 minutes'
      expect(await get('/healthz?verbose')).toEqual([503, 'no turn for 5 minutes\n'])
      expect(await get('/readyz')).toEqual([503, 'no lease yet\n'])
      expect((await get('/x'))[0]).toBe(404)
      expect((await get('/metrics', { method: 'POST', body: '{}' }))[0]).toBe(405)
      const port = Number(new URL(http.url).port)
      const again = serveLoop(
        {
          metrics: async () => ({ text: '', contentType: '' }),
          unhealthy: () => undefined,
          unready: () => undefined
        },
        { host: '127.0.0.1', port }
      )
      await expect(again).rejects.toThrow('somebody else uses it')
    } finally {
      await http.close()
    }
  })
})

describe('the local socket', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'prescale-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('answers what is asked, and says what it refuses', async () => {
    const path = join(folder, 'new', 'loop.sock')
    expect(await askLoop(path, { ask: 'status' })).toBeUndefined()
    const socket = await listenLocally(path, ({ ask, ...rest }) => {
      if (ask === 'bad') throw new Error('no such thing')
      return { ask, rest }
    })
    try {
      expect(await askLoop(path, { ask: 'status', target: 'web' })).toEqual({
        ask: 'status',
        rest: { target: 'web' }
      })
      await expect(askLoop(path, { ask: 'bad' })).rejects.toThrow('no such thing')
      expect(statSync(path).mode & 0o777).toBe(0o600)
      await expect(listenLocally(path, () => 1)).rejects.toThrow('another loop listens')
    } finally {
      await socket.close()
    }
    expect(await askLoop(path, { ask: 'status' })).toBeUndefined()
  })

  it('replaces what a killed loop left, and survives who talks nonsense or too much', async () => {
    const path = join(folder, 'loop.sock')
    const first = await listenLocally(path, () => 1)
    await first.close()
    expect(existsSync(path)).toBe(false)
    const socket = await listenLocally(path, () => 'fine')
    try {
      const speak = (text: string) =>
        new Promise<string>((resolve) => {
          let heard = ''
          const one = createConnection(path, () => one.write(text))
          one.on('data', (part) => {
            heard += part
          })
          one.on('error', () => {})
          one.on('close', () => resolve(heard))
        })
      expect(await speak('nonsense\n')).toContain('"error"')
      expect(await speak('{"ask":7}\n')).toContain('must be')
      expect(await speak('x'.repeat(200_000))).toBe('')
      expect(await askLoop(path, { ask: 'status' })).toBe('fine')
    } finally {
      await socket.close()
    }
  })
})

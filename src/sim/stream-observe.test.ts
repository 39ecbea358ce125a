import { describe, expect, it } from 'vitest'
import type { Observation } from '../roles.ts'
import { type StreamConfig, stream } from './stream.ts'

const FAILURE_S = 300
const config: StreamConfig = {
  operators: [{ id: 'job', rate: 100, parallelism: 10 }],
  baseLatencyMs: 900,
  outages: { failures: [FAILURE_S * 1000], failureMs: 35_000, warmUp: { ms: 0 } },
  metrics: { noise: 0 }
}

function watch(given: StreamConfig, seconds: number): Observation[] {
  const world = stream(given)
  let state = world.initial(3)
  const seen = [world.observe(state)]
  for (let t = 0; t < seconds; t++) {
    state = world.transition(state, { job: 10 }, 400)
    seen.push(world.observe(state))
  }
  return seen
}

describe('metrics of the stream world', () => {
  const seen = watch(config, 800)
  const metric = (t: number, name: string) => seen[t].metrics![name]

  it('know nothing before the first scrape', () => {
    for (const { value, quality } of Object.values(seen[5].metrics!)) {
      expect(value).toBeNaN()
      expect(quality).toBe('missing')
    }
    expect(seen[5].topology!.operators[0].busy).toBeNaN()
  })

  it('are as old as their last scrape says', () => {
    expect(metric(200, 'throughput')).toEqual({ value: expect.closeTo(400, 6), quality: 'ok', ageMs: 0 })
    expect(metric(209, 'throughput').ageMs).toBe(9_000)
  })

  it('vanish while the job is down, and never read as zero', () => {
    for (let t = FAILURE_S + 1; t < FAILURE_S + 35; t++) {
      for (const { value, quality } of Object.values(seen[t].metrics!)) {
        expect(value).toBeNaN()
        expect(quality).toBe('missing')
      }
      expect(seen[t].topology!.operators[0].trueProcessingRate).toBeNaN()
      expect(seen[t].capacity.ready).toEqual({ job: 10 })
    }
  })

  it('hold their last value, as stale, when told to', () => {
    const held = watch({ ...config, metrics: { noise: 0, inDowntime: 'holds' } }, FAILURE_S + 30)
    const { value, quality, ageMs } = held[FAILURE_S + 25].metrics!.latency
    expect([value, quality, ageMs]).toEqual([900, 'stale', 25_000])
  })

  it('let throughput climb for a minute after a restart, as meters do that begin anew', () => {
    const climb = [340, 350, 360, 370, 380].map((t) => metric(t, 'throughput').value)
    for (let i = 1; i < climb.length; i++) expect(climb[i]).toBeGreaterThan(climb[i - 1])
    expect(climb[0]).toBeLessThan(200)
    expect(metric(500, 'throughput').value).toBeCloseTo(400, 6)
  })

  it('do not bend the true rate on that climb', () => {
    expect(seen[350].topology!.operators[0].trueProcessingRate).toBeCloseTo(1_000, 6)
  })

  it('renew the lag after a restart and then every 30 s', () => {
    const first = metric(340, 'lag').value
    expect(first).toBeGreaterThan(10_000)
    expect(metric(369, 'lag').value).toBe(first)
    expect(metric(370, 'lag').value).toBeLessThan(first)
  })

  it('show the age of what is read: long after a restart, back at the base when caught up', () => {
    expect(metric(340, 'latency').value).toBeGreaterThan(25_000)
    expect(metric(600, 'latency').value).toBe(900)
  })

  it('show CPU with the spike of a restart that fades in 150 s', () => {
    const quiet = metric(290, 'cpu').value
    expect(quiet).toBeCloseTo(0.4, 6)
    expect(metric(440, 'cpu').value - quiet).toBeGreaterThan(0.07)
    expect(metric(440, 'cpu').value - quiet).toBeLessThan(0.2)
    expect(metric(490, 'cpu').value).toBeCloseTo(quiet, 6)
  })

  it('let CPU per record rise as capacity falls', () => {
    const fading = { kind: 'exponential', at0: 100, perHour: -2 } as const
    const seenFading = watch({ ...config, operators: [{ ...config.operators[0], rate: fading }] }, 290)
    expect(seenFading[290].metrics!.cpu.value).toBeGreaterThan(0.45)
  })

  it('read CPU on a scale of its own when an operator has one', () => {
    const operators = [{ ...config.operators[0], cpuRate: 200 }]
    const own = watch({ ...config, operators, metrics: { noise: 0, cpu: { idle: 0.1 } } }, 290)
    expect(own[290].metrics!.cpu.value).toBeCloseTo(0.1 + 0.2, 6)
  })

  it('count what is on its way as lag when told to', () => {
    const more = watch({ ...config, metrics: { unfetchedMs: 500, noise: 0 } }, 100)
    expect(more[100].metrics!.lag.value).toBeCloseTo(200, 6)
  })

  it('stand in the words of the roles: capacity, bounds, topology and the SLO', () => {
    expect(seen[100]).toMatchObject({
      nowMs: 100_000,
      target: 'job',
      capacity: { ready: { job: 10 }, starting: [], wanted: { job: 10 } },
      bounds: { job: { min: 1 } },
      slo: { latencyMs: 2_000 }
    })
    expect(seen[100].topology!.operators[0]).toMatchObject({
      id: 'job',
      source: true,
      parallelism: 10,
      lag: 0
    })
    expect(seen[100].load).toBeUndefined()
  })
})

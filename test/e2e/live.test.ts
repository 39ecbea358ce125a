import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, type TestContext, vi } from 'vitest'
import { explainTurn } from '../../src/cli/explain.ts'
import { type LiveLoop, openLoop } from '../../src/cli/live/loop.ts'
import { type Config, readConfig } from '../../src/config/index.ts'
import type { LoopEvent } from '../../src/loop/index.ts'
import { askLoop } from '../../src/serve/index.ts'
import { sqlite } from '../../src/store/index.ts'
import { faultyProxy } from '../fakes/faulty-proxy.ts'
import { fakeFlink } from '../fakes/flink.ts'
import { liveConfig } from '../fakes/live-config.ts'

/** A Flink with records that flow, loops to watch it, and an end of all of it. */
async function stage({ onTestFinished }: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'prescale-live-'))
  const flink = await fakeFlink()
  const flow = { rate: 500 }
  const pump = setInterval(() => flink.advance(50, flow.rate), 50)
  const loops: LiveLoop[] = []
  const begin = async (config = configFor(folder, flink.url), apply = true) => {
    const events: LoopEvent[] = []
    const log = { event: (event: LoopEvent) => void events.push(event), note: () => {}, error: () => {} }
    const loop = await openLoop(config, { apply, once: false, log })
    loops.push(loop)
    return { loop, events }
  }
  onTestFinished(async () => {
    clearInterval(pump)
    await Promise.all(loops.map((loop) => loop.close()))
    await flink.close()
    rmSync(folder, { recursive: true })
  })
  const counts = () => flink.jobs[0].vertices.map(({ upper }) => upper)
  return { folder, flink, flow, begin, counts }
}

const configFor = (folder: string, url: string): Config =>
  readConfig(liveConfig({ folder, url }), 'prescale.yaml')

const turnsOf = (events: readonly LoopEvent[]) =>
  events.flatMap((event) => (event.kind === 'turn' ? [event.turn] : []))
const patience = { timeout: 20_000, interval: 100 }

describe.concurrent('the live loop against a Flink', { timeout: 60_000 }, () => {
  it('watches in recommend mode and writes nothing, whatever happens', async (test) => {
    const { folder, flink, flow, begin } = await stage(test)
    const { loop, events } = await begin(configFor(folder, flink.url), false)
    flow.rate = 3_000
    const wants = () => events.some((event) => event.kind === 'turn' && event.turn.decision.kind === 'scale')
    await vi.waitFor(() => expect(wants()).toBe(true), patience)
    expect(flink.writes()).toEqual([])
    expect(loop.book.of('cars')?.counts.commands).toBe(0)
    expect(await (await fetch(loop.metricsUrl ?? '')).text()).toContain('prescale_turns_total{target="cars"}')
  })

  it('rescales all operators at once when more comes, and every Turn can be explained', async (test) => {
    const { folder, flink, flow, begin, counts } = await stage(test)
    const { events } = await begin()
    await vi.waitFor(() => expect(events.some(({ kind }) => kind === 'turn')).toBe(true), patience)
    flow.rate = 3_000
    await vi.waitFor(() => expect(counts()[2]).toBeGreaterThanOrEqual(3), patience)
    expect(counts()[1]).toBeGreaterThanOrEqual(2)
    await vi.waitFor(() => expect(events.some(({ kind }) => kind === 'receipt')).toBe(true), patience)
    const [put] = flink.writes()
    expect(Object.keys(put.body as object)).toHaveLength(3)
    const store = sqlite({ file: join(folder, 'live.sqlite'), readOnly: true })
    const turns = [...store.turns({ target: 'cars' })]
    for (const turn of turns) expect(explainTurn(turn).sentence).toContain('cars')
    expect(store.recall('cars').given?.command.to).toMatchObject({ count: counts()[2] })
    store.close()
  })

  it('pauses, says so, and goes on', async (test) => {
    const { folder, flink, flow, begin } = await stage(test)
    const { loop, events } = await begin()
    const socket = join(folder, 'loop.sock')
    await vi.waitFor(() => expect(loop.book.all()).toHaveLength(1), patience)
    await askLoop(socket, { ask: 'pause', target: 'cars', by: 'ann', because: 'release' })
    flow.rate = 3_000
    const refused = () => loop.book.of('cars')?.refused ?? ''
    await vi.waitFor(() => expect(refused()).toContain('paused by ann'), patience)
    expect(flink.writes()).toEqual([])
    expect(await askLoop(socket, { ask: 'status' })).toMatchObject({
      running: true,
      pauses: { cars: { by: 'ann' } }
    })
    await expect(askLoop(socket, { ask: 'pause', target: 'crs' })).rejects.toThrow('cars')
    await askLoop(socket, { ask: 'resume', target: 'cars' })
    await vi.waitFor(() => expect(events.some(({ kind }) => kind === 'receipt')).toBe(true), patience)
  })

  it('goes on after a kill with what it knew, and asks for nothing twice', async (test) => {
    const { flink, flow, begin } = await stage(test)
    const first = await begin()
    flow.rate = 3_000
    const page = () => first.loop.book.of('cars')
    await vi.waitFor(() => expect(page()?.ready.count).toBeGreaterThanOrEqual(4), patience)
    await vi.waitFor(() => expect(page()?.lastScale?.outcome).toBe('reached'), patience)
    // Nothing is on its way any more, and what it asks for is there.
    await vi.waitFor(() => expect(page()?.decision?.kind).toBe('hold'), patience)
    await first.loop.close()
    const writes = flink.writes().length
    const second = await begin()
    await vi.waitFor(() => expect(turnsOf(second.events).length).toBeGreaterThan(4), patience)
    expect(flink.writes().length).toBe(writes)
    const last = turnsOf(first.events).at(-1)
    expect(turnsOf(second.events)[0].before).toEqual(JSON.parse(JSON.stringify(last?.after)))
  })

  it('knows after a restart what it wrote, and leaves what somebody else wrote since', async (test) => {
    const { flink, flow, begin } = await stage(test)
    const first = await begin()
    flow.rate = 3_000
    await vi.waitFor(() => expect(first.events.some(({ kind }) => kind === 'receipt')).toBe(true), patience)
    await first.loop.close()
    const [count] = flink.jobs[0].vertices.filter(({ name }) => name === 'count')
    count.upper = 1
    flink.deploy(flink.jobs[0])
    const writes = flink.writes().length
    const second = await begin()
    flow.rate = 7_900
    const refusals = () =>
      second.events.flatMap((event) => (event.kind === 'receipt' ? [event.receipt.refused ?? ''] : []))
    await vi.waitFor(() => expect(refusals().join()).toContain('foreign-writer'), patience)
    expect(flink.writes().length).toBe(writes)
  })

  it('holds while Flink does not answer, says so, and goes on when it does', async (test) => {
    const { folder, flink, flow, begin } = await stage(test)
    const proxy = await faultyProxy(flink.url)
    const { loop, events } = await begin(configFor(folder, proxy.url))
    await vi.waitFor(() => expect(loop.book.of('cars')?.ready).toMatchObject({ count: 1 }), patience)
    proxy.fault = () => ({ kind: 'status', status: 503 })
    flow.rate = 0
    await vi.waitFor(() => expect(loop.book.of('cars')?.lastEvent?.what).toBe('source-unreachable'), patience)
    const before = events.length
    await vi.waitFor(() => expect(events.length).toBeGreaterThan(before + 3), patience)
    expect(flink.writes()).toEqual([])
    proxy.fault = undefined
    flow.rate = 3_000
    await vi.waitFor(() => expect(events.some(({ kind }) => kind === 'receipt')).toBe(true), patience)
    await proxy.close()
  })

  it('only one of two loops over one record writes', async (test) => {
    const { folder, flink, flow, begin } = await stage(test)
    const one = await begin()
    const two = await begin({
      ...configFor(folder, flink.url),
      listen: { host: '127.0.0.1', metrics: false, socket: join(folder, 'two.sock') }
    })
    flow.rate = 3_000
    await vi.waitFor(
      () => expect([...one.events, ...two.events].some(({ kind }) => kind === 'receipt')).toBe(true),
      patience
    )
    const commands = [one, two].map(({ events }) => events.filter(({ kind }) => kind === 'command').length)
    expect(Math.min(...commands)).toBe(0)
  })
})

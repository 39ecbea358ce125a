/** Fault matrix, F12: the loop is killed by `kill -9` at each point of its turn, and begun again over the same record. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { sqlite } from '../../src/store/index.ts'
import { type FakeFlink, fakeFlink } from '../fakes/flink.ts'
import { liveConfig } from '../fakes/live-config.ts'
import { stage } from './stage.ts'

const program = fileURLToPath(new URL('../fakes/killed-loop.ts', import.meta.url))

let folder: string
let flink: FakeFlink
let pump: NodeJS.Timeout
let rate: number
let children: ChildProcess[]

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'prescale-kill-'))
  flink = await fakeFlink()
  rate = 3_000
  children = []
  pump = setInterval(() => flink.advance(50, rate), 50)
  const more = 'lease: { leaseDuration: 3s, renewDeadline: 2s, retryPeriod: 500ms }'
  const config = liveConfig({ folder, url: flink.url, metrics: 'false', more })
  writeFileSync(join(folder, 'prescale.yaml'), config)
})

afterEach(async () => {
  clearInterval(pump)
  for (const child of children) child.kill('SIGKILL')
  await flink.close()
  rmSync(folder, { recursive: true })
})

function begin(point: string) {
  const child = spawn(process.execPath, [program, join(folder, 'prescale.yaml'), point])
  children.push(child)
  let [said, errors] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text) => {
    said += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors += text
  })
  const ended = once(child, 'close')
  return { child, ended, said: () => said, errors: () => errors }
}

/** What was asked of the job so far: the parallelism of its counting vertex, each change once. */
function asked(): number[] {
  return flink.writes().map(({ body }) => {
    const id = flink.jobs[0].vertices[2].id
    return (body as Record<string, { parallelism: { upperBound: number } }>)[id].parallelism.upperBound
  })
}

function recorded() {
  const store = sqlite({ file: join(folder, 'live.sqlite'), readOnly: true })
  try {
    return store.commands('cars', 0)
  } finally {
    store.close()
  }
}

/** The point in the code is enough. */
const unarmed = () => {}
const patience = { timeout: 40_000, interval: 100 }

describe('fault matrix: kill -9', { timeout: 120_000 }, () => {
  const points: readonly (readonly [string, string, (child: ChildProcess) => void])[] = [
    ['before the decision is on record', 'before-keep', unarmed],
    ['between record and command', 'kept', unarmed],
    [
      'while the command arrives, before it takes effect',
      'never',
      (child) => {
        flink.respond = (_request, response, { method }) => {
          if (method !== 'PUT') return false
          child.kill('SIGKILL')
          flink.respond = undefined
          response.destroy()
          return true
        }
      }
    ],
    [
      'after the command took effect, before anybody was told',
      'never',
      (child) => {
        flink.respond = (_request, _response, { method, path }) => {
          // The look that follows the PUT.
          if (flink.writes().length === 0 || method !== 'GET' || !path.startsWith('/jobs/')) return false
          child.kill('SIGKILL')
          flink.respond = undefined
          return false
        }
      }
    ],
    ['between the answer and its record', 'receipt', unarmed]
  ]

  it.each(points)(
    'F12 %s: begun again, each decision is carried out once at most, and nothing is taken away',
    async (_, point, arm) => {
      const first = begin(point)
      arm(first.child)
      const [, signal] = await first.ended
      expect(signal, first.errors()).toBe('SIGKILL')
      const writesBefore = asked().length
      const second = begin('never')
      await vi.waitFor(() => expect(flink.jobs[0].vertices[2].running).toBeGreaterThanOrEqual(3), patience)
      await vi.waitFor(
        () => expect(recorded().every(({ receipt }) => receipt !== undefined)).toBe(true),
        patience
      )
      second.child.kill('SIGTERM')
      await second.ended
      const writes = asked()
      const commands = recorded()
      // No number twice, no write without a command on record, no command carried out twice.
      expect(new Set(commands.map(({ command }) => command.epoch)).size).toBe(commands.length)
      expect(writes.length).toBeLessThanOrEqual(commands.length)
      for (let i = 1; i < writes.length; i++) expect(writes[i]).toBeGreaterThanOrEqual(writes[i - 1])
      // Which points are before, and which behind the write.
      if (point === 'before-keep' || point === 'kept') expect(writesBefore).toBe(0)
      if (point === 'receipt') expect(writesBefore).toBe(1)
    }
  )

  it('F12 begun with an empty history and nothing to do: nothing is taken away in the first minute', async () => {
    const it = stage({ policy: 'proportional', units: 12 })
    it.target.world.load = 10
    it.begin()
    await it.clock.advance(59_000)
    expect(it.target.commands).toEqual([])
    const fewer = it.heard.turns().filter(({ decision }) => decision.to.web < 12)
    for (const { receipt } of fewer) expect(receipt?.refused).toContain('first minute')
    await it.end()
  })

  it('F12 killed and begun again a hundred times while it would shrink: the window of before stays', async () => {
    const it = stage({ policy: 'hpa' })
    it.begin()
    await it.settle(80)
    const before = it.target.world.wanted
    it.target.world.load = 10
    for (let i = 0; i < 100; i++) {
      await it.end()
      it.begin()
      await it.clock.advance(45_000)
      expect(it.target.world.wanted).toBe(before)
    }
    await it.end()
  })
})

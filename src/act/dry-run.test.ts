import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fakeFlink } from '../../test/fakes/flink.ts'
import { random } from '../base/index.ts'
import { flink as flinkSource } from '../observe/flink.ts'
import type { Command } from '../roles.ts'
import { backoff } from './backoff.ts'
import { dryRun } from './dry-run.ts'
import { actuators } from './index.ts'

const signal = new AbortController().signal

it('says what it would have done, and that it did not', async () => {
  const recorded: Command[] = []
  const act = dryRun({ clock: () => 5, record: (it) => recorded.push(it), now: () => ({ count: 2 }) })
  const command = { target: 'job', to: { count: 3 }, epoch: 1 }
  expect(await act.apply(command, signal)).toEqual({
    epoch: 1,
    reached: { count: 2 },
    pending: {},
    atMs: 5,
    refused: 'dry-run: nothing was written; run with --apply to act'
  })
  expect(recorded).toEqual([command])
})

it('refuses an older epoch as any actuator does', async () => {
  const act = actuators['dry-run']({ clock: () => 0 })
  await act.apply({ target: 'job', to: {}, epoch: 4 }, signal)
  expect((await act.apply({ target: 'job', to: {}, epoch: 3 }, signal)).refused).toMatch(/^older-epoch/)
})

it('writes nothing to a server that records everything, while a job is watched and decided on', async () => {
  const fake = await fakeFlink()
  const abort = new AbortController()
  const act = dryRun({ clock: () => nowMs })
  let nowMs = 0
  let looks = 0
  const source = flinkSource({
    server: { url: fake.url },
    job: 'loadjob',
    clock: () => nowMs,
    sleepUntil: async (atMs) => {
      fake.advance(atMs - nowMs, 1_500)
      nowMs = atMs
      if (++looks > 10) abort.abort()
    }
  })
  let decisions = 0
  for await (const reading of source.read(abort.signal)) {
    if (reading.kind !== 'topology' || reading.quality !== 'ok') continue
    const to = Object.fromEntries(reading.topology.operators.map(({ id }) => [id, 4]))
    await act.apply({ target: 'loadjob', to, epoch: ++decisions }, abort.signal)
  }
  expect(decisions).toBeGreaterThan(2)
  expect(fake.calls.length).toBeGreaterThan(20)
  expect(fake.writes()).toEqual([])
  await fake.close()
})

it('backoff lies between half and all of a wait that doubles, and never below what was asked', () => {
  fc.assert(
    fc.property(fc.nat(30), fc.nat(1e6), fc.nat(60_000), (attempt, seed, asked) => {
      const wait = backoff(attempt, { baseMs: 100, mostMs: 5_000 }, random(seed), asked)
      const whole = Math.min(5_000, 100 * 2 ** attempt)
      expect(wait).toBeGreaterThanOrEqual(Math.max(whole / 2, Math.min(asked, 5_000)))
      expect(wait).toBeLessThanOrEqual(5_000)
    })
  )
})

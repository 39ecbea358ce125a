import { describe, expect, it } from 'vitest'
import { series } from '../base/index.ts'
import { replay } from './replay.ts'

const load = series(60_000, [1, NaN, 3], { startMs: 1_000_000 })

async function play(speed: number, stopAfter = Number.POSITIVE_INFINITY) {
  const abort = new AbortController()
  let nowMs = 0
  const seen: [number, string, number, number][] = []
  const source = replay(load, {
    name: 'load',
    speed,
    clock: () => nowMs,
    sleepUntil: async (atMs) => {
      nowMs = atMs
    }
  })
  for await (const reading of source.read(abort.signal)) {
    if (reading.kind !== 'series') continue
    seen.push([nowMs, reading.quality, reading.series.startMs, reading.series.values[0]])
    if (seen.length >= stopAfter) abort.abort()
  }
  return seen
}

describe('replay', () => {
  it('gives each step when it is over', async () => {
    expect(await play(1)).toEqual([
      [60_000, 'ok', 1_000_000, 1],
      [120_000, 'missing', 1_060_000, NaN],
      [180_000, 'ok', 1_120_000, 3]
    ])
  })

  it('at any speed', async () => {
    expect((await play(60)).map(([at]) => at)).toEqual([1_000, 2_000, 3_000])
    expect((await play(Number.POSITIVE_INFINITY)).map(([at]) => at)).toEqual([0, 0, 0])
  })

  it('until it is told to stop', async () => {
    expect(await play(1, 2)).toHaveLength(2)
  })

  it('refuses a speed that never arrives', () => {
    expect(() =>
      replay(load, { name: 'load', speed: 0, clock: () => 0, sleepUntil: async () => {} })
    ).toThrow('speed must be above 0')
  })
})

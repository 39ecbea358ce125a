import { describe, expect, it } from 'vitest'
import { trainWave, type Wave } from '../../test/fakes/train-in-shards.ts'
import { canonicalJson, series } from '../base/index.ts'
import { makeForecaster } from '../forecast/index.ts'
import type { Json } from '../roles.ts'
import { exchangeOf, inLockstep } from './index.ts'

const job = new URL('../../test/fakes/train-in-shards.ts', import.meta.url)
const wave: Wave = { windows: 200, units: 8, epochs: 2, shards: 2 }

describe('threads in lockstep', () => {
  it('train a network to the same bytes as one thread does, with the same shards', async () => {
    const here = canonicalJson(trainWave(wave))
    for (const threads of [1, 2]) {
      const there = await inLockstep(job, 'trainPart', wave, { threads, shards: 2 })
      expect(canonicalJson(there)).toBe(here)
    }
  })

  it('share out more shards than they are', async () => {
    const three = { ...wave, shards: 3, epochs: 1 }
    const there = await inLockstep(job, 'trainPart', three, { threads: 2, shards: 3 })
    expect(canonicalJson(there)).toBe(canonicalJson(trainWave(three)))
  })

  it('teach a forecaster that another thread goes on with', async () => {
    const values = Float64Array.from({ length: 300 }, (_, t) => 100 + 30 * Math.sin(t / 4) + (t % 7))
    const history = series(60_000, values)
    const learned = await inLockstep<object, Json>(
      job,
      'learnPart',
      { history, shards: 2 },
      { threads: 2, shards: 2 }
    )
    const options = { units: 4, window: 8, epochs: 2, shards: 2 }
    const [there, here] = [{ learned }, {}].map((given) =>
      makeForecaster('gru', options)
        .fit(history, { horizon: 2, ...given })
        .predict(2)
    )
    expect(canonicalJson(there)).toBe(canonicalJson(here))
  })

  it('come to other bytes with another number of shards, and nearly the same numbers', () => {
    const [one, two] = [1, 2].map((shards) => trainWave({ ...wave, shards, epochs: 1 }))
    expect(canonicalJson(two)).not.toBe(canonicalJson(one))
    expect(two.validation[0]).toBeCloseTo(one.validation[0], 1)
  })

  it('do not wait for ever for one that failed', async () => {
    await expect(inLockstep(job, 'failPart', wave, { threads: 2, shards: 2 })).rejects.toThrow(
      'one is missing'
    )
  })

  it('refuse no shards, and slots larger than shared memory', async () => {
    await expect(inLockstep(job, 'trainPart', wave, { shards: 0 })).rejects.toThrow(
      /shards must be a whole number/
    )
    const part = {
      ...{ thread: 0, threads: 1, shards: 2 },
      ...{ gate: new SharedArrayBuffer(8), memory: new SharedArrayBuffer(0, { maxByteLength: 8 }) }
    }
    expect(() => exchangeOf(part).slots(2 ** 28)).toThrow(/too large/)
  })
})

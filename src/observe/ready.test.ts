import { describe, expect, it } from 'vitest'
import { series } from '../base/index.ts'
import type { Quality, Reading, Source } from '../roles.ts'
import { withReady } from './ready.ts'

const MINUTE = 60_000
const told = (name: string, values: readonly number[], quality: Quality = 'ok'): Reading => ({
  kind: 'series',
  name,
  series: series(MINUTE, Float64Array.from(values), { startMs: 0 }),
  quality
})

async function through(...readings: readonly Reading[]): Promise<Reading[]> {
  const source: Source = {
    async *read() {
      yield* readings
    }
  }
  const out: Reading[] = []
  for await (const reading of withReady(source).read(new AbortController().signal)) out.push(reading)
  return out
}

describe('a size that is told by a query', () => {
  it.each([
    { when: 'all is measured', values: [3, 4], quality: 'ok', ready: 4, as: 'ok' },
    { when: 'the past has gaps', values: [NaN, 4], quality: 'partial', ready: 4, as: 'ok' },
    {
      when: 'the server warns that parts of it did not answer',
      values: [4],
      quality: 'partial',
      ready: 4,
      as: 'partial'
    },
    { when: 'the newest step is missing', values: [4, NaN], quality: 'partial', ready: NaN, as: 'partial' },
    { when: 'nothing was answered', values: [NaN], quality: 'missing', ready: NaN, as: 'missing' },
    { when: 'it is an average', values: [2.6], quality: 'ok', ready: 2, as: 'ok' },
    { when: 'it cannot be', values: [-1], quality: 'ok', ready: NaN, as: 'ok' },
    { when: 'it is a measured zero', values: [0], quality: 'ok', ready: 0, as: 'ok' }
  ] as const)('$when', async ({ values, quality, ready, as }) => {
    expect(await through(told('ready.web', values, quality))).toEqual([
      { kind: 'capacity', atMs: values.length * MINUTE, capacity: { ready: { web: ready } }, quality: as }
    ])
  })

  it('of several resources is told together, and what is something else passes', async () => {
    const load = told('load', [1])
    const metric: Reading = { kind: 'metric', name: 'ready.db', atMs: 5, metric: { value: 2, quality: 'ok' } }
    const out = await through(told('ready.web', [3]), load, metric)
    expect(out[1]).toBe(load)
    expect(out[2]).toEqual({
      kind: 'capacity',
      atMs: 5,
      capacity: { ready: { web: 3, db: 2 } },
      quality: 'ok'
    })
  })
})

import { describe, expect, it } from 'vitest'
import type { FlinkRescale } from '../net/index.ts'
import { type RescaleMemory, rescaleMetrics } from './flink-rescales.ts'

const none: RescaleMemory = { downMs: new Map() }

/** So many that somebody asked for, newest first; each took its number in ms. */
const asked = (count: number): FlinkRescale[] =>
  Array.from({ length: count }, (_, i) => ({
    ...{ id: `r${count - i}`, startMs: 0, endMs: count - i },
    ...{ state: 'COMPLETED', cause: 'UPDATE_REQUIREMENT' }
  }))

describe('what rescales took', () => {
  it('is told of the newest and of all that somebody asked for and that were completed', async () => {
    const others = [
      { ...asked(1)[0], id: 'failed', endMs: 900, state: 'FAILED' },
      { ...asked(1)[0], id: 'first', endMs: 900, cause: 'INITIAL_SCHEDULE' }
    ]
    const { told } = await rescaleMetrics([...others, ...asked(3)], none, async () => NaN)
    expect(told).toEqual({ rescaleMs: 3, 'rescaleMs.p50': 2, 'rescaleMs.p90': expect.closeTo(2.8, 9) })
    expect((await rescaleMetrics(others, none, async () => 1)).told).toEqual({})
  })

  it('asks for the details of each once, some with every look', async () => {
    const questions: string[] = []
    const downOf = async (id: string) => questions.push(id)
    let memory = none
    for (let look = 0; look < 4; look++) ({ memory } = await rescaleMetrics(asked(20), memory, downOf))
    expect(questions).toEqual(asked(20).map(({ id }) => id))
    expect(memory.downMs.size).toBe(20)
  })

  it('asks no more in a look after one that cannot be had, and for that one again with the next', async () => {
    const questions: string[] = []
    const silent = async (id: string) => {
      questions.push(id)
      return undefined
    }
    const known: RescaleMemory = { downMs: new Map([['r2', 174]]) }
    const first = await rescaleMetrics(asked(5), known, silent)
    expect(questions).toEqual(['r5'])
    // What was known before still counts.
    expect(first.told.rescaleDownMs).toBe(174)
    await rescaleMetrics(asked(5), first.memory, silent)
    expect(questions).toEqual(['r5', 'r5'])
  })
})

import { afterEach, describe, expect, it } from 'vitest'
import { type Standing, standing } from './standing.ts'

const errands = new URL('../../test/fakes/errands.ts', import.meta.url)

describe('a standing thread', () => {
  const all: Standing[] = []
  const open = (options?: { longestMs: number }) => {
    const made = standing(errands, options)
    all.push(made)
    return made
  }
  afterEach(async () => {
    for (const one of all.splice(0)) await one.close()
  })

  it('keeps its state between calls, and answers in order', async () => {
    const thread = open()
    expect(
      await Promise.all([thread.call('count', 0), thread.call('count', 0), thread.call('count', 0)])
    ).toEqual([1, 2, 3])
    expect(thread.generation).toBe(1)
  })

  it('says what went wrong there, with its code, and goes on', async () => {
    const thread = open()
    await expect(thread.call('refuse', 'no such thing')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'no such thing'
    })
    await expect(thread.call('breakDown', 0)).rejects.toThrow('broken')
    expect(await thread.call('count', 0)).toBe(1)
  })

  it('is begun anew after it ended, with nothing in it', async () => {
    const thread = open()
    await thread.call('count', 0)
    const calls = [thread.call('endNow', 0), thread.call('count', 0)]
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'FAILED' })
    expect(await thread.call('count', 0)).toBe(1)
    expect(thread.generation).toBe(2)
  })

  it('is ended when one call takes for ever, and the next gets another', async () => {
    const thread = open({ longestMs: 2_000 })
    const hung = thread.call('toil', 3_600_000)
    await expect(hung).rejects.toThrow('a call took longer than 2 s')
    expect(await thread.call('waitFor', 1)).toBe(1)
    expect(thread.generation).toBe(2)
  })

  it('refuses what cannot be loaded, again and again', async () => {
    const thread = standing(new URL('file:///nowhere/nothing.ts'))
    all.push(thread)
    for (let i = 0; i < 2; i++) await expect(thread.call('x', 0)).rejects.toThrow('nothing.ts')
  })
})

import { describe, expect, it } from 'vitest'
import type { Reading, Source } from '../roles.ts'
import { broadcast } from './broadcast.ts'

const tick = () => new Promise((resolve) => setImmediate(resolve))
const signal = (seq: number): Reading => ({
  kind: 'signal',
  signal: { gateway: 'g', seq, sentMs: 0, predictedLoad: 1, burstAlarm: false, horizonMs: 1, confidence: 1 }
})

/** A source that says what is pushed. */
function pushed() {
  const queue: Reading[] = []
  let reads = 0
  const source: Source = {
    async *read(abort) {
      reads++
      while (!abort.aborted) {
        while (queue.length > 0) yield queue.shift() as Reading
        await tick()
      }
    }
  }
  return { source, say: (...readings: Reading[]) => queue.push(...readings), reads: () => reads }
}

function hear(source: Source, abort: AbortSignal): number[] {
  const heard: number[] = []
  void (async () => {
    for await (const reading of source.read(abort))
      if (reading.kind === 'signal') heard.push(reading.signal.seq)
  })()
  return heard
}

const settle = async () => {
  for (let i = 0; i < 10; i++) await tick()
}

describe('a broadcast', () => {
  it('is read once and heard by all who listen', async () => {
    const { source, say, reads } = pushed()
    const radio = broadcast(source)
    const stop = new AbortController()
    const running = radio.run(stop.signal)
    const [a, b] = [hear(radio.listener(), stop.signal), hear(radio.listener(), stop.signal)]
    say(signal(1), signal(2))
    await settle()
    const late = hear(radio.listener(), stop.signal)
    say(signal(3))
    await settle()
    expect([a, b, late, reads()]).toEqual([[1, 2, 3], [1, 2, 3], [3], 1])
    stop.abort()
    await running
  })

  it('loses the oldest for who does not listen, and nothing for the others', async () => {
    const { source, say } = pushed()
    const radio = broadcast(source, 10)
    const stop = new AbortController()
    const running = radio.run(stop.signal)
    const slow = radio.listener().read(stop.signal)[Symbol.asyncIterator]()
    const first = slow.next()
    const quick = hear(radio.listener(), stop.signal)
    for (let i = 0; i < 50; i++) say(signal(i))
    await settle()
    expect((await first).value).toEqual(signal(0))
    expect(quick).toHaveLength(50)
    const rest: number[] = []
    for (let i = 0; i < 10; i++) {
      const { value } = await slow.next()
      if (value?.kind === 'signal') rest.push(value.signal.seq)
    }
    expect(rest.length).toBe(10)
    expect(rest[0]).toBeGreaterThan(1)
    stop.abort()
    await running
  })

  it('ends for a listener who leaves, while the others go on', async () => {
    const { source, say } = pushed()
    const radio = broadcast(source)
    const [stop, leave] = [new AbortController(), new AbortController()]
    const running = radio.run(stop.signal)
    const [a, b] = [hear(radio.listener(), leave.signal), hear(radio.listener(), stop.signal)]
    say(signal(1))
    await settle()
    leave.abort()
    await settle()
    say(signal(2))
    await settle()
    expect([a, b]).toEqual([[1], [1, 2]])
    stop.abort()
    await running
  })
})

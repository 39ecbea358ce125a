import { connectAsync, type MqttClient } from 'mqtt'
import { afterEach, describe, expect, it } from 'vitest'
import type { Reading } from '../roles.ts'
import { type EmbeddedBroker, embeddedBroker } from './embedded-broker.ts'
import { mqttRates } from './mqtt-rates.ts'

const STEP = 1_000
let brokers: EmbeddedBroker[] = []
afterEach(async () => {
  await Promise.all(brokers.map((broker) => broker.close()))
  brokers = []
})

/** A clock whose steps end when the test says so. */
function handClock() {
  let now = 0
  let wake = () => {}
  return {
    clock: () => now,
    sleepUntil: (atMs: number, abort: AbortSignal) =>
      new Promise<void>((resolve) => {
        wake = () => {
          now = atMs
          resolve()
        }
        abort.addEventListener('abort', () => resolve(), { once: true })
      }),
    step: (more = 0) => {
      wake()
      now += more
    }
  }
}

async function begin(): Promise<{ broker: EmbeddedBroker; client: MqttClient }> {
  const broker = await embeddedBroker()
  brokers.push(broker)
  return { broker, client: await connectAsync(broker.url) }
}

/** The next reading; a step ends when all that was said before has been told. */
async function next(readings: AsyncIterator<Reading>, end: () => void): Promise<Reading> {
  const told = readings.next()
  await new Promise((later) => setTimeout(later, 150))
  end()
  return (await told).value
}

const rateOf = (reading: Reading) =>
  reading.kind === 'series' ? [reading.series.values[0], reading.quality] : [reading.kind, reading]

describe('messages as a rate', () => {
  it('count from the first whole step on; what came before is not measured', async () => {
    const { broker, client } = await begin()
    const { step, ...time } = handClock()
    const stop = new AbortController()
    const source = mqttRates({
      access: { url: broker.url, timeoutMs: 5_000 },
      ...{ topics: ['cars/#'], name: 'load', stepMs: STEP },
      ...time
    })
    const readings = source.read(stop.signal)[Symbol.asyncIterator]()
    const first = await next(readings, step)
    expect(first).toMatchObject({ kind: 'event', what: 'source-back' })
    // The step in which we began to listen.
    expect(rateOf((await readings.next()).value)).toEqual([NaN, 'missing'])
    for (let i = 0; i < 7; i++) await client.publishAsync('cars/a', 'x', { qos: 1 })
    expect(rateOf(await next(readings, step))).toEqual([7, 'ok'])
    // Really nothing: a zero, and measured.
    expect(rateOf(await next(readings, step))).toEqual([0, 'ok'])
    // This process slept for three steps: what came then belongs to no step.
    await client.publishAsync('cars/a', 'x', { qos: 1 })
    expect(rateOf(await next(readings, () => step(3 * STEP)))).toEqual([1, 'ok'])
    expect(rateOf(await next(readings, step))).toEqual([NaN, 'missing'])
    const last = readings.next()
    stop.abort()
    expect((await last).done).toBe(true)
    await client.endAsync()
  })

  it('of a broker that refuses us are unknown, and it is said why', async () => {
    const broker = await embeddedBroker({ users: { ann: 'secret' } })
    brokers.push(broker)
    const { step, ...time } = handClock()
    const stop = new AbortController()
    const source = mqttRates({
      access: { url: broker.url, timeoutMs: 2_000 },
      ...{ topics: ['cars/#'], name: 'load', stepMs: STEP },
      ...time
    })
    const readings = source.read(stop.signal)[Symbol.asyncIterator]()
    let reading = await next(readings, step)
    if (reading.kind === 'series') reading = await next(readings, step)
    expect(reading).toMatchObject({
      kind: 'event',
      what: 'source-unreachable',
      text: expect.stringMatching(/./)
    })
    expect(rateOf(await next(readings, step))).toEqual([NaN, 'missing'])
    const last = readings.next()
    stop.abort()
    await last
  })
})

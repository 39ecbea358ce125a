/**
 * MQTT rates — messages of topics counted into a rate.
 *
 *   rate of a step = messages that came in it / its length          a step in which we did not listen all the time: NaN
 *
 * What the broker kept for us while we were away comes in a rush and is no burst: the step of a reconnection is not measured.
 */
import { series } from '../base/index.ts'
import type { MqttAccess } from '../net/index.ts'
import type { Reading, Source } from '../roles.ts'
import { subscribeMqtt } from './mqtt.ts'

export interface MqttRates {
  readonly access: MqttAccess
  readonly topics: readonly string[]
  /** Name of the series that is told. */
  readonly name: string
  readonly stepMs: number
  readonly clock: () => number
  /** Waits until a moment, or less when aborted. */
  readonly sleepUntil: (atMs: number, abort: AbortSignal) => Promise<void>
}

export function mqttRates(options: MqttRates): Source {
  return { read: (abort) => read(options, abort) }
}

async function* read(options: MqttRates, abort: AbortSignal): AsyncIterable<Reading> {
  const { access, topics, name, stepMs, clock, sleepUntil } = options
  const stop = new AbortController()
  const ended = AbortSignal.any([abort, stop.signal])
  const heard = { count: 0, whole: false, listening: false, told: [] as Reading[] }
  const listener = {
    message: () => {
      heard.count++
    },
    state: (isListening: boolean, because = '') => {
      heard.listening = isListening
      heard.whole = false
      const [what, text] = isListening ? ['source-back', 'messages come in'] : ['source-unreachable', because]
      heard.told.push({ kind: 'event', atMs: clock(), what, text })
    }
  }
  const failed = subscribeMqtt({ access, topics, qos: 0 }, listener, ended).then(
    () => undefined,
    (error: unknown) => {
      stop.abort()
      return error
    }
  )
  try {
    let untilMs = Math.floor(clock() / stepMs + 1) * stepMs
    while (!ended.aborted) {
      await sleepUntil(untilMs, ended)
      if (ended.aborted) break
      const { count, whole } = heard
      const startMs = untilMs - stepMs
      // What comes while the step is told belongs to the next one.
      heard.count = 0
      heard.whole = heard.listening
      // A step in which this process slept was not counted where it belongs.
      const nowUntilMs = Math.floor(clock() / stepMs + 1) * stepMs
      if (nowUntilMs > untilMs + stepMs) heard.whole = false
      untilMs = nowUntilMs
      yield* heard.told.splice(0)
      const step = series(stepMs, [whole ? (1_000 * count) / stepMs : NaN], { startMs })
      yield { kind: 'series', name, series: step, quality: whole ? 'ok' : 'missing' }
    }
    if (!abort.aborted) throw await failed
  } finally {
    stop.abort()
    await failed
  }
}

/**
 * Ready — a size that is told by a query: what is called `ready.web` is how many units of `web` serve.
 *
 *   series or metric `ready.NAME`  →  capacity { ready: { NAME: newest value } }
 *
 * For targets whose size no source of ours reads by itself, such as a Kubernetes Deployment by kube-state-metrics. What was not measured is
 * `NaN`, so nothing is taken away; other readings pass as they are.
 */
import type { Quality, Reading, Source } from '../roles.ts'

const PREFIX = 'ready.'

export const isReady = (name: string) => name.startsWith(PREFIX) && name.length > PREFIX.length

/** The same source with its sizes read as such. */
export function withReady(source: Source): Source {
  return { read: (abort) => read(source, abort) }
}

async function* read(source: Source, abort: AbortSignal): AsyncIterable<Reading> {
  const ready: Record<string, number> = {}
  for await (const reading of source.read(abort)) {
    const told = toldBy(reading)
    if (told === undefined) yield reading
    else {
      ready[told.name] = told.value
      yield { kind: 'capacity', atMs: told.atMs, capacity: { ready: { ...ready } }, quality: told.quality }
    }
  }
}

interface Told {
  readonly name: string
  readonly value: number
  readonly atMs: number
  readonly quality: Quality
}

function toldBy(reading: Reading): Told | undefined {
  if ((reading.kind !== 'series' && reading.kind !== 'metric') || !isReady(reading.name)) return undefined
  const name = reading.name.slice(PREFIX.length)
  if (reading.kind === 'metric') {
    const { value, quality } = reading.metric
    return { name, value: units(value), atMs: reading.atMs, quality }
  }
  const { values, startMs, stepMs } = reading.series
  const value = units(values.at(-1) ?? NaN)
  // Gaps in the past say nothing of how many there are now. What is partial without a gap is a sum of which some part did not answer.
  const hasGap = reading.series.values.some(Number.isNaN)
  const quality = reading.quality === 'partial' && hasGap && !Number.isNaN(value) ? 'ok' : reading.quality
  return { name, value, atMs: startMs + values.length * stepMs, quality }
}

/** An average over a step is as many whole units as surely serve. */
const units = (value: number) => (value >= 0 && value <= Number.MAX_SAFE_INTEGER ? Math.floor(value) : NaN)

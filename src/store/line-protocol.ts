/**
 * Line protocol — readings and Turns as InfluxDB writes them down. Pure.
 *
 *   measurement,tag=value field=1.5,field2="text",field3=true 1795352592842
 *
 * All numbers are floats, so that a field never changes its type. What was not measured has no field; a line without fields is not
 * written. https://docs.influxdata.com/influxdb/v1/write_protocols/line_protocol_reference/
 */
import type { Reading, Turn, Units } from '../roles.ts'

export type Fields = Readonly<Record<string, number | string | boolean | undefined>>

/** One line; undefined where no field has a value. */
export function lineOf(
  measurement: string,
  tags: Readonly<Record<string, string | undefined>>,
  fields: Fields,
  atMs: number
): string | undefined {
  const written = Object.entries(fields).flatMap(([name, value]) => {
    const text = fieldOf(value)
    return text === undefined ? [] : [`${key(name)}=${text}`]
  })
  if (written.length === 0 || !Number.isFinite(atMs)) return undefined
  // An empty tag is refused, and sorted ones are read fastest.
  const tagged = Object.entries(tags)
    .filter(([, value]) => value !== undefined && value !== '')
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `,${key(name)}=${key(value as string)}`)
  return `${key(measurement)}${tagged.join('')} ${written.join(',')} ${Math.round(atMs)}`
}

function fieldOf(value: Fields[string]): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined
  if (typeof value === 'boolean') return value ? 't' : 'f'
  if (value === undefined) return undefined
  return `"${value.replaceAll(/[\\"]/g, '\\$&').replaceAll(/[\r\n]+/g, ' ')}"`
}

/** Names and tags: spaces, commas and equals signs escaped; a backslash at the end would escape what follows. */
const key = (text: string) =>
  text
    .replaceAll(/[\r\n\t]+/g, ' ')
    .replace(/\\+$/, '')
    .replaceAll(/[ ,=]/g, '\\$&')

/** Lines of one reading of a target. */
export function linesOfReading(target: string, reading: Reading): string[] {
  switch (reading.kind) {
    case 'metric': {
      const { name, atMs, metric } = reading
      const { value, quality, ageMs } = metric
      return lines(
        lineOf('prescale_metric', { target, name, quality }, { value, known: known(value), ageMs }, atMs)
      )
    }
    case 'series': {
      const { name, series, quality } = reading
      return lines(
        ...Array.from(series.values, (value, i) =>
          lineOf('prescale_series', { target, name, quality }, { value }, series.startMs + i * series.stepMs)
        )
      )
    }
    case 'topology': {
      const { atMs, topology, quality } = reading
      return lines(
        ...topology.operators.map(({ id, source: _, keyed: __, ...measured }) =>
          lineOf('prescale_operator', { target, operator: id, quality }, measured, atMs)
        )
      )
    }
    case 'capacity': {
      const { atMs, capacity, quality } = reading
      const { ready, wanted = {}, starting = [] } = capacity
      const names = new Set([...Object.keys(ready), ...Object.keys(wanted)])
      return lines(
        ...[...names].map((resource) => {
          const coming = starting.filter((it) => it.resource === resource)
          const fields = {
            ready: ready[resource],
            wanted: wanted[resource],
            starting: coming.reduce((sum, { units }) => sum + units, 0)
          }
          return lineOf('prescale_capacity', { target, resource, quality }, fields, atMs)
        })
      )
    }
    case 'signal': {
      const { gateway, sentMs, seq, predictedLoad, burstAlarm, horizonMs, confidence, trust } = reading.signal
      const fields = { seq, predictedLoad, burstAlarm, horizonMs, confidence, trust }
      return lines(lineOf('prescale_signal', { target, gateway }, fields, sentMs))
    }
    case 'event': {
      const { atMs, what, text } = reading
      return lines(lineOf('prescale_event', { target, what }, { text }, atMs))
    }
  }
}

/** One line for the decision, one for each resource. */
export function linesOfTurn({ target, atMs, policy, decision, receipt, observation }: Turn): string[] {
  const { kind, to, why } = decision
  const values = observation.load?.values ?? []
  const load = values.length === 0 ? undefined : values[values.length - 1]
  const at = (units: Units | undefined, resource: string) => units?.[resource]
  const { ready, wanted } = observation.capacity
  return lines(
    lineOf(
      'prescale_turn',
      { target, policy: policy.name, kind },
      {
        rule: why.rule,
        load,
        bound: why.bound.join(' ') || undefined,
        refused: receipt?.refused,
        epoch: receipt?.epoch
      },
      atMs
    ),
    ...Object.keys(to).map((resource) =>
      lineOf(
        'prescale_units',
        { target, resource },
        {
          to: to[resource],
          ready: at(ready, resource),
          wanted: at(wanted, resource),
          reached: at(receipt?.reached, resource),
          pending: at(receipt?.pending, resource)
        },
        atMs
      )
    )
  )
}

const known = (value: number) => !Number.isNaN(value)
const lines = (...all: (string | undefined)[]) => all.filter((line) => line !== undefined)

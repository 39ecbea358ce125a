/**
 * Threshold — a step up above one line, a step down below another, then a pause.
 *
 *   metric > up   →  to = now + max(step, ⌈share · now⌉)
 *   metric < down →  to = now − max(step, ⌊share · now⌋)
 *
 * The alarm rule of the cloud consoles (EC2 Auto Scaling "simple scaling": alarm, adjustment, cooldown of 300 s; step 1).
 * Between the lines, during a cooldown and while the metric is unknown nothing changes. `down` is half of `up` unless
 * set: at two units, taking one away doubles the utilisation, which must not raise the alarm again.
 */
import type { GivenOptions, OptionTable, ReadOptions } from '../base/index.ts'
import { readOptions, requireOption } from '../base/index.ts'
import type { Decided, Observation, Policy } from '../roles.ts'
import { hold, leastUnits, metricOf, note, scale, trusted, wantedNow, withinBounds } from './answer.ts'

export const thresholdOptions = {
  metric: { kind: 'text', default: 'cpu', says: 'name of the metric that is compared' },
  up: { kind: 'number', default: 0.8, min: 0, says: 'above this a step up, in the unit of the metric' },
  down: { kind: 'number', min: 0, says: 'below this a step down; half of `up` unless set' },
  step: { kind: 'integer', default: 1, min: 1, says: 'units in a step' },
  share: { kind: 'number', default: 0, min: 0, says: 'share of the units now in a step, when that is more' },
  upCooldown: { kind: 'duration', default: 60_000, min: 0, says: 'pause before a step up after any step' },
  downCooldown: {
    kind: 'duration',
    default: 300_000,
    min: 0,
    says: 'pause before a step down after any step'
  },
  interval: { kind: 'duration', default: 60_000, min: 1, says: 'how often it is asked' }
} satisfies OptionTable

type Options = ReadOptions<typeof thresholdOptions>

/** Of each resource: when it was first seen, which counts as a step before a step down, and when it last took one. */
type ThresholdMemory = {
  readonly [resource: string]: { readonly seenMs: number; readonly steppedMs: number | null }
}

/** The policy; options (lines, steps and pauses) as in `thresholdOptions`. Throws `BAD_OPTION` for one that cannot be. */
export function threshold(given: GivenOptions = {}): Policy<ThresholdMemory> {
  const read = readOptions('threshold', thresholdOptions, given)
  const options = { ...read, down: read.down ?? read.up / 2 }
  requireOption(
    options.down < options.up || options.up === 0,
    'threshold.down',
    options.down,
    `below up, ${options.up}`
  )
  return {
    name: 'threshold',
    intervalMs: options.interval,
    initial: () => ({}),
    decide: (seen, memory) => decide(options, seen, memory)
  }
}

function decide(options: Options, seen: Observation, memory: ThresholdMemory): Decided<ThresholdMemory> {
  const from = wantedNow(seen)
  const several = Object.keys(from).length > 1
  const to: Record<string, number> = {}
  const bound: string[] = []
  const values: Record<string, number> = {}
  let rule = 'metric-unknown'
  let after = memory
  for (const resource in from) {
    const now = from[resource]
    const value = trusted(metricOf(seen, options.metric, resource, several))
    values[resource] = value
    to[resource] = now
    if (after[resource] === undefined) {
      after = { ...after, [resource]: { seenMs: seen.nowMs, steppedMs: null } }
    }
    if (Number.isNaN(value)) continue
    const wish = Math.max(stepFrom(options, now, value), leastUnits(seen, resource))
    const held = value > options.up || value < options.down ? withinBounds(seen, resource, wish, bound) : now
    const isUp = held > now
    if (held === now) {
      if (rule === 'metric-unknown') rule = 'within-thresholds'
    } else if (
      sinceStep(after[resource], seen.nowMs, isUp) < (isUp ? options.upCooldown : options.downCooldown)
    ) {
      rule = 'cooldown'
      note(bound, isUp ? 'upCooldown' : 'downCooldown')
    } else {
      rule = isUp ? 'above-threshold' : 'below-threshold'
      to[resource] = held
      after = { ...after, [resource]: { ...after[resource], steppedMs: seen.nowMs } }
    }
  }
  const inputs = { values, up: options.up, down: options.down }
  return {
    decision: rule === 'metric-unknown' ? hold(from, rule, inputs) : scale(from, to, rule, inputs, bound),
    memory: after
  }
}

/** Before a step down, being seen for the first time counts as a step: the pause of before is not known. */
function sinceStep({ seenMs, steppedMs }: ThresholdMemory[string], nowMs: number, isUp: boolean): number {
  return nowMs - (steppedMs ?? (isUp ? -Infinity : seenMs))
}

function stepFrom({ up, down, step, share }: Options, now: number, value: number): number {
  if (value > up) return now + Math.max(step, Math.ceil(share * now))
  if (value < down) return now - Math.max(step, Math.floor(share * now))
  return now
}

/**
 * What a rehearsal predicts for the same traffic: the stream world with the operators' costs, in the time of the trace, and the same policies.
 *
 * Durations that were measured in real time are as many times longer as the trace is played faster. Keys fall evenly in this world.
 */

import { stringify } from 'yaml'
import { SECOND, series } from '../../../src/base/index.ts'
import { policyOf } from '../../../src/cli/config/assemble.ts'
import { edgeTrack } from '../../../src/compare/index.ts'
import { type Fate, live, type Mind, rehearse } from '../../../src/compare/rehearse.ts'
import { readConfig } from '../../../src/config/index.ts'
import { forecasters } from '../../../src/forecast/index.ts'
import type { Observation, Policy, StepOutcome, Units } from '../../../src/roles.ts'
import { type AccidentLoad, stream } from '../../../src/sim/index.ts'
import { readModelFile } from '../../../src/store/model-file.ts'

export interface Rehearsed {
  readonly lateShare: number
  readonly meanSlots: number
  readonly rescales: number
}

export interface Scene {
  readonly load: AccidentLoad
  readonly speed: number
  readonly parseUs: number
  readonly countUs: number
  readonly lateMs: number
  readonly maxSlots: number
  readonly initial: { readonly parse: number; readonly count: number }
  /** From asking Flink to its tasks running, ms of real time. */
  readonly rescaleMs: number
}

/** `config`: as given to `prescale run` for this controller with a speed of 1; undefined: a size that never changes. */
export function rehearsed(config: object | undefined, scene: Scene): Rehearsed {
  const { load, speed, lateMs, initial, maxSlots, rescaleMs } = scene
  const { values, stepMs } = load.total
  const seconds = (values.length * stepMs) / SECOND
  const demand = Float64Array.from({ length: seconds }, (_, t) =>
    Math.round(values[Math.floor((t * SECOND) / stepMs)])
  )
  const sloMs = lateMs * speed
  const outageMs = rescaleMs * speed
  const sums = { late: 0, slots: 0, rescales: 0 }
  let before: Units = initial
  const fate: Fate = {
    ...{ seed: 1, stepMs: SECOND, startMs: 0, warmupSteps: 0, demand, horizon: 15, target: 'job' },
    history: series(15 * SECOND, []),
    initial,
    bounds: { parse: { min: 1, max: maxSlots }, count: { min: 1, max: maxSlots } },
    slo: { latencyMs: sloMs },
    price: { unitHour: 1 },
    priors: { leadTimeMs: { p50: SECOND * speed, p90: 3 * SECOND * speed } },
    edge: config === undefined ? undefined : edgeTrack(load, SECOND, 'predictor'),
    open() {
      const world = live(stream(worldOf(scene, sloMs, outageMs)), 1)
      return {
        observe: world.observe,
        step(wanted, arrivals) {
          const outcome: StepOutcome = world.step(wanted, arrivals)
          const { latencyMs } = outcome
          if (latencyMs > sloMs) sums.late++
          sums.slots += Math.max(...Object.values(wanted))
          if (Object.keys(wanted).some((id) => wanted[id] !== before[id])) sums.rescales++
          before = wanted
          return outcome
        }
      }
    }
  }
  rehearse(fate, [mindOf(config, initial)], { blend: forecasters.blend.make() })
  return { lateShare: sums.late / seconds, meanSlots: sums.slots / seconds, rescales: sums.rescales }
}

function worldOf({ parseUs, countUs, initial, maxSlots }: Scene, sloMs: number, outageMs: number) {
  const each = { minParallelism: 1, maxParallelism: maxSlots }
  return {
    name: 'job',
    stepMs: SECOND,
    sloMs,
    operators: [
      { id: 'source', rate: 20_000, scalable: false },
      { id: 'parse', rate: 1e6 / parseUs, parallelism: initial.parse, ...each },
      { id: 'count', rate: 1e6 / countUs, parallelism: initial.count, ...each },
      { id: 'sink', rate: 20_000, scalable: false }
    ],
    outages: {
      ...{ rescaleUpMs: outageMs, rescaleDownMs: outageMs },
      replay: { kind: 'fixed', ms: 5 * SECOND },
      warmUp: { ms: 0 }
    }
  } as const
}

function mindOf(config: object | undefined, initial: Units): Mind {
  if (config === undefined) {
    const size: Policy = {
      ...{ name: 'fixed', intervalMs: 60_000, initial: () => null },
      decide: (_, memory) => ({
        decision: { kind: 'hold', to: initial, why: { rule: 'fixed', inputs: {}, bound: [], changed: [] } },
        memory
      })
    }
    return { label: 'fixed', policy: size, options: {} }
  }
  const { targets, gateways } = readConfig(stringify(config), 'controllers.ts')
  const policy = policyOf(targets[0], { readModel: readModelFile, gateways })
  const trusted = gateways[0]?.trust ?? { hits: 8, misses: 1 }
  return {
    ...{ label: policy.name, options: {}, forecaster: gateways.length > 0 ? 'blend' : undefined },
    policy: {
      ...policy,
      decide: (seen, memory) => policy.decide(believed(seen, gateways[0]?.id, trusted), memory)
    }
  }
}

/** As the loop fuses them: under the name it knows, with the trust it begins with. Who has no gateway hears nothing. */
function believed(
  seen: Observation,
  id: string | undefined,
  { hits, misses }: { readonly hits: number; readonly misses: number }
): Observation {
  const trust = hits / (hits + misses + 1)
  const signals =
    id === undefined ? undefined : seen.signals?.map((signal) => ({ ...signal, gateway: id, trust }))
  const busy = (seen.topology?.operators ?? []).map(
    ({ id, busy: value = NaN }) => [`busy.${id}`, { value, quality: 'ok' }] as const
  )
  return { ...seen, signals, metrics: { ...seen.metrics, ...Object.fromEntries(busy) } }
}

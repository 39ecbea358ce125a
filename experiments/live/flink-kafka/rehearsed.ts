/**
 * What a rehearsal predicts for the same traffic: the stream world with the operators' costs, in the time in which it is played, under the
 * configs that the live loop is given: the same policies in the same guards, the same gateway with its options, the same fusion and trust.
 *
 *   turn     every interval, and at once when an alarm wakes the loop, no sooner than 1 s after the last
 *   command  none while the last is carried out; nothing is reduced in the first minute; a rescale costs what it took in these runs
 *
 * Keys fall unevenly on the n instances of `count`: the fullest has about 1 + 0.015·(n − 1) times its share, and when it is full the others are
 * not. The world does less by that, as contention; meters tell what Flink's would: the true rate of an instance, and a mean busy time below 1.
 */

import { stringify } from 'yaml'
import { SECOND, type Series, series } from '../../../src/base/index.ts'
import { fixedOf, policyOf, priorsOf } from '../../../src/cli/config/assemble.ts'
import { watched } from '../../../src/compare/edge-said.ts'
import {
  type EdgeTrack,
  type Fate,
  live,
  type Mind,
  rehearse,
  signalsAt
} from '../../../src/compare/index.ts'
import { type Config, readConfig } from '../../../src/config/index.ts'
import { forecasters } from '../../../src/forecast/index.ts'
import { fuse } from '../../../src/gateway/index.ts'
import { SETTLE_MS } from '../../../src/loop/turn.ts'
import type {
  Decision,
  Json,
  Metric,
  Observation,
  Operator,
  Policy,
  StepOutcome,
  Turn,
  Units
} from '../../../src/roles.ts'
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
  /** From asking Flink to its tasks running, ms. */
  readonly rescaleMs: number
}

const STEP_MS = 500
/** Of seven instances whose fullest is full the real job's are busy for 92 % in the mean. */
const UNEVEN = 0.015
/** Flink's source tells rates again with the third answer of tasks that began anew. */
const UNMETERED_MS = 7.5 * SECOND
/** A position is committed with the checkpoint behind it, one a second. */
const COMMIT_MS = SECOND
/** Alarms wake the loop no more often. */
const WAKE_MS = SECOND

/** As given to `prescale run` and `prescale gateway` for a controller; no `loop`: a size that never changes. */
export interface Configs {
  readonly loop?: object
  readonly gateway?: object
}

/** `seen` is shown every turn, for who wants to know why. */
export function rehearsed(configs: Configs, scene: Scene, seen?: (turn: Turn) => void): Rehearsed {
  const { lateMs, initial, maxSlots } = scene
  const config = configs.loop && readConfig(stringify(configs.loop), 'controllers.ts')
  const demand = demandOf(playedAt(scene.load.total, scene.speed))
  const sums = { late: 0, slots: 0, rescales: 0 }
  let before: Units = initial
  const [target] = config?.targets ?? []
  const stepMs = target?.forecast?.step ?? 3 * SECOND
  const fate: Fate = {
    ...{ seed: 1, stepMs: STEP_MS, startMs: 0, warmupSteps: 0, demand, target: 'job' },
    horizon: Math.ceil((target?.forecast?.horizon ?? stepMs) / stepMs),
    history: series(stepMs, []),
    initial,
    bounds: { parse: { min: 1, max: maxSlots }, count: { min: 1, max: maxSlots } },
    slo: (target && fixedOf(target).slo) ?? {},
    price: { unitHour: 1 },
    priors: target ? priorsOf(target) : {},
    open() {
      const world = live(stream(worldOf(scene)), 1)
      return {
        observe: world.observe,
        step(wanted, arrivals) {
          const outcome: StepOutcome = world.step(wanted, arrivals)
          if (outcome.latencyMs > lateMs) sums.late++
          sums.slots += Math.max(...Object.values(wanted))
          if (Object.keys(wanted).some((id) => wanted[id] !== before[id])) sums.rescales++
          before = wanted
          return outcome
        }
      }
    }
  }
  const track = configs.gateway && edgeOf(configs.gateway, scene)
  const mind = config ? mindOf(config, track, scene.rescaleMs, seen) : fixedAt(initial)
  rehearse(fate, [mind], { blend: forecasters.blend.make() })
  const steps = demand.length
  return { lateShare: sums.late / steps, meanSlots: sums.slots / steps, rescales: sums.rescales }
}

/** The same in as many times less time. */
const playedAt = ({ values, stepMs }: Series, speed: number): Series => series(stepMs / speed, values)

/** Whole records of each step. */
function demandOf({ values, stepMs }: Series): Float64Array {
  const steps = Math.floor((values.length * stepMs) / STEP_MS)
  let owed = 0
  return Float64Array.from({ length: steps }, (_, k) => {
    owed += (values[Math.floor((k * STEP_MS) / stepMs)] * STEP_MS) / SECOND
    const records = Math.floor(owed)
    owed -= records
    return records
  })
}

/** What the gateway of this config says of the streets. */
function edgeOf(config: object, { load, speed }: Scene): EdgeTrack {
  const { gateway } = readConfig(stringify(config), 'controllers.ts')
  const streets = load.streets.map((street) => playedAt(street, speed))
  const [{ stepMs, values }] = streets
  const said = watched(streets, values.length, stepMs, {
    ...{ from: 'predictor', predictor: 'cusum' },
    options: gateway?.predictor.options,
    fusion: gateway?.fusion
  })
  return { startMs: 0, stepMs, ...said }
}

function worldOf({ parseUs, countUs, initial, maxSlots, lateMs, rescaleMs }: Scene) {
  const each = { minParallelism: 1, maxParallelism: maxSlots }
  return {
    name: 'job',
    stepMs: STEP_MS,
    sloMs: lateMs,
    baseLatencyMs: COMMIT_MS,
    operators: [
      { id: 'source', rate: 20_000, scalable: false },
      { id: 'parse', rate: 1e6 / parseUs, parallelism: initial.parse, ...each },
      { id: 'count', rate: 1e6 / countUs, parallelism: initial.count, contention: UNEVEN, ...each },
      { id: 'sink', rate: 20_000, scalable: false }
    ],
    metrics: { scrapeMs: 3 * SECOND, windowMs: 10 * SECOND, lagMs: SECOND },
    outages: {
      ...{ rescaleUpMs: rescaleMs, rescaleDownMs: rescaleMs },
      replay: { kind: 'fixed', ms: SECOND },
      warmUp: { ms: 0 }
    }
  } as const
}

function fixedAt(to: Units): Mind {
  const decision: Decision = { kind: 'hold', to, why: { rule: 'fixed', inputs: {}, bound: [], changed: [] } }
  const policy = {
    name: 'fixed',
    intervalMs: 60_000,
    initial: () => null,
    decide: () => ({ decision, memory: null })
  }
  return { label: 'fixed', policy, options: {} }
}

type LoopMemory = {
  readonly inner: Json
  readonly nextMs: number
  readonly to: Units
  readonly busyMs: number
}

/** The loop around the policy of a config: when it looks, what it hears, and what it may command. */
function mindOf(
  { targets: [target], gateways }: Config,
  track: EdgeTrack | undefined,
  rescaleMs: number,
  tell?: (turn: Turn) => void
): Mind {
  const inner = policyOf(target, { readModel: readModelFile, gateways })
  const fused = fuse({
    gateways: gateways.map(({ id, ttl, trust }) => ({ id, ttlMs: ttl, prior: trust })),
    signed: false
  })
  const heard = fused.initial()
  const initial = (): LoopMemory => ({ inner: inner.initial(), nextMs: 0, to: {}, busyMs: 0 })
  const policy: Policy<LoopMemory> = {
    name: inner.name,
    intervalMs: WAKE_MS,
    initial,
    decide(shown, { inner: before, nextMs, to, busyMs }) {
      const { nowMs } = shown
      let isWoken = false
      for (const signal of signalsAt(track, nowMs) ?? []) {
        for (const { id } of gateways) {
          const taken = fused.take({ ...signal, gateway: id }, nowMs, heard)
          isWoken ||= taken.accepted && taken.wake
        }
      }
      const standing = { ...shown.capacity.wanted, ...to }
      if (nowMs < nextMs && !isWoken) {
        return { decision: held(standing, 'waits'), memory: { inner: before, nextMs, to, busyMs } }
      }
      fused.learn('job', nowMs, shown.load?.values.at(-1) ?? NaN, heard)
      const seen = asShown(
        shown,
        gateways.length > 0 ? fused.signals('job', nowMs, heard) : undefined,
        nowMs < busyMs + UNMETERED_MS
      )
      const { decision, memory } = inner.decide(seen, before)
      tell?.({
        target: 'job',
        atMs: nowMs,
        policy: { name: inner.name, options: {} },
        observation: seen,
        before,
        decision,
        after: memory
      })
      const fewer = Object.keys(standing).some((id) => decision.to[id] < standing[id])
      const more = Object.keys(standing).some((id) => decision.to[id] !== standing[id])
      const isHeld = nowMs < busyMs || (fewer && nowMs < SETTLE_MS)
      const next = { inner: memory, nextMs: nowMs + inner.intervalMs }
      if (isHeld || !more)
        return { decision: held(standing, decision.why.rule), memory: { ...next, to, busyMs } }
      return { decision, memory: { ...next, to: decision.to, busyMs: nowMs + rescaleMs } }
    }
  }
  const forecaster = target.forecast === undefined ? undefined : 'blend'
  return { label: inner.name, policy: policy as Policy, options: {}, forecaster }
}

const held = (to: Units, rule: string): Decision => ({
  kind: 'hold',
  to,
  why: { rule, inputs: {}, bound: [], changed: [] }
})

/** With the gauges that Flink's source tells by operator, without latency, which it does not, and without any while its meters begin anew. */
function asShown(seen: Observation, signals: Observation['signals'], isUnmetered: boolean): Observation {
  const { operators = [], edges = [] } = seen.topology ?? {}
  const shown = operators.map(isUnmetered ? unmetered : unevenly)
  const busy = shown.map(({ id, busy: value = NaN }) => [`busy.${id}`, told(value)] as const)
  const { latency: _, ...metrics } = seen.metrics ?? {}
  return {
    ...seen,
    signals,
    topology: { operators: shown, edges },
    metrics: { ...metrics, ...Object.fromEntries(busy) }
  }
}

const told = (value: number): Metric => ({ value, quality: Number.isNaN(value) ? 'missing' : 'ok' })

/** How busy its instances are in the mean, where the world says how busy the fullest is. */
function unevenly(operator: Operator): Operator {
  if (operator.id !== 'count') return operator
  const fuller = 1 + UNEVEN * (operator.parallelism - 1)
  const { busy = NaN, trueProcessingRate, trueOutputRate } = operator
  return {
    ...operator,
    keyed: true,
    busy: busy / fuller,
    trueProcessingRate: trueProcessingRate * fuller,
    trueOutputRate: trueOutputRate * fuller
  }
}

const unmetered = ({ id, parallelism, source }: Operator): Operator => ({
  ...{ id, parallelism, trueProcessingRate: NaN, trueOutputRate: NaN },
  ...(source && { source })
})

import { describe, expect, it } from 'vitest'
import type { GivenOptions } from '../base/index.ts'
import { type Evaluated, targetCapacity, thresholds } from './flink-evaluate.ts'
import { type FlinkSettings, readFlinkOptions } from './flink-options.ts'
import {
  type Pending,
  type Scaling,
  scaledParallelism,
  scaleVertex,
  scalingCoefficient,
  type VertexChange,
  type VertexShape
} from './flink-scaler.ts'

// All rows: apache/flink-kubernetes-operator, flink-autoscaler, JobVertexScalerTest and ScalingExecutorTest. Their setup:
// no catch-up, no limit on a step, the older EVENLY_SPREAD alignment, 720 key groups.
const restartSeconds = 300
const setup = {
  scaleDownMaxFactor: 1,
  scaleUpMaxFactor: 2_147_483_647,
  catchUpDuration: 0,
  scalingKeyGroupPartitionsAdjustMode: 'EVENLY_SPREAD',
  scaleDownInterval: 0
}

function metricsOf(
  [targetDataRate, trueProcessingRate, catchUpDataRate = 0]: readonly number[],
  settings: FlinkSettings
): Evaluated {
  const demand = { targetDataRate, catchUpDataRate }
  return {
    ...demand,
    trueProcessingRate,
    load: NaN,
    ...thresholds(demand, settings, restartSeconds, false)
  }
}

function vertex(parallelism: number, more: Partial<VertexShape> = {}): VertexShape {
  return { parallelism, partitions: 0, maxParallelism: 720, keyed: false, ...more }
}

function change(
  shape: VertexShape,
  rates: readonly number[],
  options: GivenOptions = {},
  context: { nowMs?: number; history?: readonly Scaling[]; pending?: Pending } = {}
): VertexChange {
  const settings = readFlinkOptions({ ...setup, ...options })
  return scaleVertex(shape, metricsOf(rates, settings), settings, {
    nowMs: 0,
    restartSeconds,
    least: settings.vertexMinParallelism,
    most: settings.vertexMaxParallelism,
    history: [],
    ...context
  })
}

describe('scaleVertex', () => {
  // testParallelismScaling: [parallelism, target rate, true rate] → parallelism, outside of the utilisation range
  const rows = [
    { p: 10, rates: [50, 100], u: 1, to: 5, outside: true },
    { p: 10, rates: [50, 100], u: 0.8, to: 8, outside: false },
    { p: 10, rates: [80, 100], u: 0.8, to: 10 },
    { p: 10, rates: [60, 100], u: 0.8, to: 8, outside: false },
    { p: 10, rates: [59, 100], u: 0.8, to: 8, outside: false },
    { p: 2, rates: [100, 40], u: 0.5, to: 10, outside: true },
    { p: 2, rates: [100, 100], u: 0.6, to: 4, outside: true },
    { p: 10, rates: [10, 100], u: 1, down: 0.5, to: 5, outside: true },
    { p: 10, rates: [10, 100], u: 1, down: 0.6, to: 4, outside: true },
    { p: 10, rates: [200, 10], u: 1, up: 0.5, to: 15, outside: true },
    { p: 10, rates: [200, 10], u: 1, up: 0.6, to: 16, outside: true }
  ]
  it.each(rows)('utilisation $u: $p at $rates → $to', ({ p, rates, u, down, up, to, outside = false }) => {
    const options = {
      utilizationTarget: u,
      ...(down === undefined ? {} : { scaleDownMaxFactor: down }),
      ...(up === undefined ? {} : { scaleUpMaxFactor: up })
    }
    expect(change(vertex(p, { keyed: true }), rates, options)).toMatchObject({ to, outside })
  })

  // testMinParallelismLimitIsUsed, testMaxParallelismLimitIsUsed
  const limits = [
    { p: 10, rates: [100, 500], options: { vertexMinParallelism: 5 }, to: 5 },
    { p: 4, rates: [100, 500], options: { vertexMinParallelism: 5 }, to: 4 },
    { p: 10, rates: [500, 100], options: { vertexMaxParallelism: 10, utilizationTarget: 1 }, to: 10 },
    { p: 12, rates: [500, 100], options: { vertexMaxParallelism: 10, utilizationTarget: 1 }, to: 12 }
  ]
  it.each(limits)('with $options: $p at $rates → $to', ({ p, rates, options, to }) => {
    expect(change(vertex(p), rates, options).to).toBe(to)
  })

  it('holds when a rate is unknown, and says so', () => {
    for (const rates of [
      [NaN, 100],
      [100, NaN],
      [100, 50, NaN]
    ]) {
      expect(change(vertex(10), rates)).toMatchObject({ to: 10, because: 'rate-unknown' })
    }
  })

  it('goes down to the limit when nothing comes in, which counts as infinitely fast', () => {
    expect(change(vertex(10), [0, Infinity])).toMatchObject({ to: 1, because: 'scale-down' })
    expect(change(vertex(10), [0, Infinity], { scaleDownMaxFactor: 0.6 }).to).toBe(4)
  })
})

describe('scaledParallelism', () => {
  const legacy = { alignment: 'LEGACY_EVENLY_SPREAD' } as const
  const maximise = { alignment: 'LEGACY_MAXIMIZE_UTILISATION' } as const
  const rows: {
    p: number
    max: number
    factor: number
    to: number
    keyed?: boolean
    partitions?: number
    limits?: readonly [number, number]
    mode?: Pick<FlinkSettings, 'alignment'>
  }[] = [
    // testParallelismComputation
    { p: 1, max: 720, factor: 0.0001, to: 1 },
    { p: 2, max: 720, factor: 0.1, to: 1 },
    { p: 6, max: 720, factor: 0.8, to: 5 },
    { p: 16, max: 128, factor: 1.5, to: 24 },
    { p: 200, max: 720, factor: 2, to: 400 },
    { p: 200, max: 720, factor: 2_147_483_647, to: 720 },
    // testParallelismComputationWithAdjustment
    { p: 6, max: 36, factor: 0.8, keyed: true, to: 6 },
    { p: 16, max: 128, factor: 1.5, keyed: true, to: 32 },
    { p: 200, max: 720, factor: 1.3, keyed: true, to: 360 },
    { p: 200, max: 720, factor: 2_147_483_647, keyed: true, to: 720 },
    { p: 10, max: 128, factor: 2.5, keyed: true, to: 32 },
    { p: 10, max: 128, factor: 2.5, keyed: true, limits: [1, 128], mode: maximise, to: 26 },
    // testParallelismComputationWithLimit
    { p: 6, max: 720, factor: 0.8, keyed: true, limits: [1, 700], to: 5 },
    { p: 8, max: 720, factor: 0.8, keyed: true, limits: [8, 700], to: 8 },
    { p: 16, max: 128, factor: 1.5, keyed: true, limits: [60, Infinity], to: 64 },
    { p: 200, max: 720, factor: 2, keyed: true, limits: [1, 300], to: 240 },
    { p: 200, max: 720, factor: 2_147_483_647, keyed: true, limits: [1, 600], to: 360 },
    // testNumPartitionsAdjustment
    { p: 6, partitions: 15, max: 128, factor: 0.4, to: 3 },
    { p: 7, partitions: 15, max: 128, factor: 1.2, to: 15 },
    { p: 20, partitions: 35, max: 30, factor: 0.9, to: 18 },
    { p: 22, partitions: 35, max: 30, factor: 1.1, limits: [20, Infinity], to: 22 },
    { p: 80, partitions: 200, max: 128, factor: 1.4, to: 100 },
    { p: 24, partitions: 199, max: 2_147_483_647, factor: 4, to: 199 },
    { p: 24, partitions: 199, max: 2_147_483_647, factor: 4, mode: maximise, to: 100 }
  ]
  it.each(rows)(
    '$p × $factor, key groups $max, partitions $partitions, limits $limits → $to',
    ({ p, max, factor, to, keyed = false, partitions = 0, limits = [1, Infinity], mode = legacy }) => {
      const shape = { parallelism: p, partitions, maxParallelism: max, keyed }
      expect(scaledParallelism(shape, factor, limits[0], limits[1], mode)).toBe(to)
    }
  )

  it('may give a source more instances than partitions in the newer modes, which is a fault of the original', () => {
    const shape = vertex(10, { partitions: 15 })
    expect(scaledParallelism(shape, 2, 1, 200, { alignment: 'BALANCED' })).toBe(20)
    expect(scaledParallelism(shape, 2, 1, 200, legacy)).toBe(15)
  })
})

describe('a scale-down', () => {
  // testScaleDownAfterInterval and the tests behind it: 100 instances, 1,000 records/s each target at a second.
  function story(steps: readonly (readonly [second: number, target: number])[], interval = 60_000) {
    let pending: Pending | undefined
    return steps.map(([second, target]) => {
      const options = { utilizationTarget: 1, scaleDownInterval: interval }
      const context = { nowMs: 1_000_000 + second * 1000, pending }
      const answer = change(vertex(100), [target, 1000], options, context)
      pending = answer.pending
      return { to: answer.to, outside: answer.outside, waits: pending !== undefined }
    })
  }

  it('waits for its interval and then takes the highest wish of it', () => {
    const days = story([
      [0, 800],
      [10, 900],
      [40, 720],
      [59, 640],
      [60, 700]
    ])
    expect(days.slice(0, 4).map(({ to }) => to)).toEqual([100, 100, 100, 100])
    expect(days[4]).toMatchObject({ to: 90, outside: false })
  })

  it('is forgotten on a scale-up, which does not wait', () => {
    const days = story([
      [0, 800],
      [10, 900],
      [12, 1700]
    ])
    expect(days).toMatchObject([
      { to: 100, waits: true },
      { to: 100, waits: true },
      { to: 170, outside: true, waits: false }
    ])
  })

  it('is forgotten when the present parallelism is right again', () => {
    const days = story([
      [0, 800],
      [12, 1000]
    ])
    expect(days).toMatchObject([{ waits: true }, { to: 100, waits: false }])
  })

  it('replaces lower wishes by a higher one', () => {
    const days = story([
      [0, 500],
      [30, 600],
      [65, 600]
    ])
    expect(days).toMatchObject([{ to: 100 }, { to: 100 }, { to: 60, outside: true }])
  })

  it('does not wait with an interval of 0', () => {
    expect(story([[0, 500]], 0)).toMatchObject([{ to: 50, outside: true }])
  })

  it('is no change when the highest wish of the interval is the present parallelism', () => {
    const pending = { firstMs: 5_000, wishes: [{ atMs: 5_000, to: 100, outside: true }] }
    const options = { utilizationTarget: 1, scaleDownInterval: 60_000 }
    expect(change(vertex(100), [800, 1000], options, { nowMs: 65_000, pending }).to).toBe(100)
  })

  it('leaves the memory it was given as it was', () => {
    const pending = Object.freeze({ firstMs: 0, wishes: Object.freeze([{ atMs: 0, to: 60, outside: true }]) })
    const options = { utilizationTarget: 1, scaleDownInterval: 60_000 }
    const { pending: after } = change(vertex(100), [900, 1000], options, { nowMs: 10_000, pending })
    expect(after).toEqual({ firstMs: 0, wishes: [{ atMs: 10_000, to: 90, outside: false }] })
  })
})

describe('ineffective scaling', () => {
  // testIneffectiveScalingDetection
  const detecting = { scalingEffectivenessDetectionEnabled: true, utilizationTarget: 1 }
  const first: Scaling = { atMs: 1, from: 5, to: 10, trueProcessingRate: 50, expectedRate: 100 }
  const second: Scaling = { atMs: 2, from: 10, to: 20, trueProcessingRate: 90, expectedRate: 180 }
  const rows = [
    { p: 5, rates: [100, 50], history: [], to: 10 },
    { p: 10, rates: [180, 90], history: [first], to: 20 },
    { p: 20, rates: [180, 94], history: [first, second], to: 20 },
    { p: 20, rates: [180, 98], history: [first, second], to: 20 },
    { p: 10, rates: [180, 90], history: [first, second], to: 20 },
    { p: 20, rates: [180, 100], history: [first, second], to: 36 },
    { p: 20, rates: [45, 90], history: [first, second], to: 10 }
  ]
  it.each(rows)('$p at $rates → $to', ({ p, rates, history, to }) => {
    expect(change(vertex(p), rates, detecting, { history }).to).toBe(to)
  })

  it('blocks nothing while it is switched off', () => {
    const options = { ...detecting, scalingEffectivenessDetectionEnabled: false }
    expect(change(vertex(20), [180, 90], options, { history: [first, second] }).to).toBe(40)
  })
})

describe('scalingCoefficient', () => {
  // testCalculateScalingCoefficient, testParallelismScalingWithObservedScalingCoefficient
  const past = (...rows: readonly (readonly [from: number, rate: number])[]): Scaling[] =>
    rows.map(([from, trueProcessingRate], atMs) => ({
      atMs,
      from,
      to: 2 * from,
      trueProcessingRate,
      expectedRate: 0
    }))
  const linear = past([4, 200], [2, 100], [8, 400])
  const slight = past([4, 196], [2, 99], [8, 390])
  const sharp = past([4, 160], [2, 96], [8, 240])
  const single = { observedScalabilityMinObservations: 1 }
  const rows = [
    { history: linear, range: [1, 1] },
    { history: slight, range: [0.9, 0.9999] },
    { history: sharp, range: [0.4, 0.9] },
    { history: past([1, 50], [2, 80], [4, 100]), range: [0.4, 0.9] },
    { history: past([4, 100]), options: single, range: [1, 1] },
    { history: past([2, 80], [4, 100]), options: single, range: [0.4, 0.9] },
    { history: past([2, 80], [4, 160]), options: single, range: [1, 1] },
    { history: past([2, 80], [4, 100]), range: [1, 1] },
    { history: [], range: [1, 1] }
  ]
  it.each(rows)('of $history lies in $range', ({ history, options = {}, range }) => {
    const coefficient = scalingCoefficient(history, readFlinkOptions(options))
    expect(coefficient).toBeGreaterThanOrEqual(range[0])
    expect(coefficient).toBeLessThanOrEqual(range[1])
  })

  it('rounds up to two decimals', () => {
    // α = (2·80 + 4·100)/(40·20) = 0.7; and with 101 instead of 100, 0.705 → 0.71.
    const of = (rate: number) => scalingCoefficient(past([2, 80], [4, rate]), readFlinkOptions(single))
    expect(of(100)).toBe(0.7)
    expect(of(101)).toBe(0.71)
  })

  it('asks for more where another instance brought less than linear', () => {
    const options = { utilizationTarget: 0.5, observedScalabilityEnabled: true }
    const shape = vertex(2, { keyed: true })
    expect(change(shape, [100, 40], options, { history: linear })).toMatchObject({ to: 10, outside: true })
    expect(change(shape, [100, 40], options, { history: sharp })).toMatchObject({ to: 15, outside: true })
  })
})

describe('targetCapacity', () => {
  // ScalingExecutorTest: a target utilisation of 0 wants infinitely much, one above 1 counts as 1.
  it('is whole records per second, infinite for a utilisation of 0', () => {
    const settings = readFlinkOptions({ catchUpDuration: '30m' })
    const demand = { targetDataRate: 700, catchUpDataRate: 10 }
    expect(targetCapacity(demand, 0.7, 300, settings)).toBe(Math.round(10 + (700 * 300) / 1800 + 1000))
    expect(targetCapacity(demand, 0, 300, settings)).toBe(Infinity)
    expect(targetCapacity(demand, 1.2, 0, settings)).toBe(710)
  })
})

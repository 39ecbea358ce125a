/**
 * Vertex scaler of the Flink autoscaler — from what a vertex needs to the parallelism to ask for.
 *
 *   factor = capacity(target utilization, with restart) / trueRate / coefficient
 *   factor ∈ [1 − scaleDownMaxFactor, 1 + scaleUpMaxFactor]
 *   to     = align(clamp(⌈factor · current⌉))
 *
 * A scale-up is asked for at once and cancels a pending scale-down, unless the last one brought too little; a
 * scale-down waits for its interval and then goes to the highest wish of it. Flink: flink-autoscaler JobVertexScaler,
 * DelayedScaleDown, AutoScalerUtils.
 */
import { align } from './flink-align.ts'
import { type Evaluated, targetCapacity } from './flink-evaluate.ts'
import type { FlinkSettings } from './flink-options.ts'

/** A wish for less that waits. `wishes` fall: an earlier one that is not higher can never be the highest again. */
export type Pending = {
  readonly firstMs: number
  readonly wishes: readonly { readonly atMs: number; readonly to: number; readonly outside: boolean }[]
}

/** A past scaling of one vertex: what it could process before and what it should have been able to after. */
export type Scaling = {
  readonly atMs: number
  readonly from: number
  readonly to: number
  /** `null`: infinite. */
  readonly trueProcessingRate: number | null
  readonly expectedRate: number | null
}

export interface VertexShape {
  readonly parallelism: number
  /** 0: not a source with partitions. */
  readonly partitions: number
  readonly maxParallelism: number
  readonly keyed: boolean
}

export interface VertexChange {
  readonly to: number
  /** True when the vertex is outside its utilisation range; only then a job is rescaled. */
  readonly outside: boolean
  readonly because: string
  readonly pending?: Pending
}

/** What a vertex wants, with the limits `least` and `most` that hold unless it is beyond them already. */
export function scaleVertex(
  shape: VertexShape,
  metrics: Evaluated,
  settings: FlinkSettings,
  context: {
    readonly nowMs: number
    readonly restartSeconds: number
    readonly least: number
    readonly most: number
    readonly history: readonly Scaling[]
    readonly pending?: Pending
  }
): VertexChange {
  const { parallelism } = shape
  const { pending, history, nowMs } = context
  const { trueProcessingRate } = metrics
  const capacity = targetCapacity(metrics, settings.utilizationTarget, context.restartSeconds, settings)
  const factor = scaleFactor(capacity, trueProcessingRate, history, settings)
  if (Number.isNaN(factor)) return keep(parallelism, 'rate-unknown', pending)
  const least = Math.min(parallelism, context.least)
  const to = scaledParallelism(shape, factor, least, Math.max(parallelism, context.most), settings)
  if (to === parallelism) return keep(parallelism, 'at-target')
  const outside =
    trueProcessingRate < metrics.scaleUpThreshold || trueProcessingRate > metrics.scaleDownThreshold
  if (to < parallelism) return scaleDown(parallelism, to, outside, settings, nowMs, pending)
  if (
    settings.scalingEffectivenessDetectionEnabled &&
    isIneffective(parallelism, metrics, history, settings)
  ) {
    return keep(parallelism, 'ineffective-scaling')
  }
  return { to, outside, because: 'scale-up' }
}

function keep(parallelism: number, because: string, pending?: Pending): VertexChange {
  return { to: parallelism, outside: false, because, pending }
}

function scaleFactor(
  capacity: number,
  trueProcessingRate: number,
  history: readonly Scaling[],
  settings: FlinkSettings
): number {
  const coefficient = settings.observedScalabilityEnabled ? scalingCoefficient(history, settings) : 1
  const factor = capacity / trueProcessingRate / coefficient
  return Math.min(1 + settings.scaleUpMaxFactor, Math.max(1 - settings.scaleDownMaxFactor, factor))
}

/** The parallelism for a factor: rounded up, within [lower, min(upper, maxParallelism)], aligned where it matters. */
export function scaledParallelism(
  { parallelism, partitions, maxParallelism, keyed }: VertexShape,
  factor: number,
  lower: number,
  upper: number,
  settings: Pick<FlinkSettings, 'alignment'>
): number {
  const raw = Math.ceil(factor * parallelism)
  const target = Math.min(Math.max(lower, raw), Math.min(maxParallelism, upper))
  if (target === parallelism || !(partitions > 0 || keyed)) return target
  return align(settings.alignment, { current: parallelism, partitions, maxParallelism, lower, upper }, target)
}

function scaleDown(
  parallelism: number,
  to: number,
  outside: boolean,
  settings: FlinkSettings,
  nowMs: number,
  before: Pending | undefined
): VertexChange {
  if (settings.scaleDownInterval <= 0) return { to, outside, because: 'scale-down', pending: before }
  const windowStartMs = nowMs - settings.scaleDownInterval
  const pending = withWish(before, { atMs: nowMs, to, outside })
  if (windowStartMs < pending.firstMs) return keep(parallelism, 'scale-down-delayed', pending)
  const wishes = pending.wishes.filter(({ atMs }) => atMs >= windowStartMs)
  const highest = wishes[0]
  return {
    to: highest.to,
    outside: highest.outside,
    because: 'scale-down',
    pending: { firstMs: pending.firstMs, wishes }
  }
}

function withWish(before: Pending | undefined, wish: Pending['wishes'][number]): Pending {
  const wishes = before?.wishes ?? []
  let kept = wishes.length
  while (kept > 0 && wishes[kept - 1].to <= wish.to) kept--
  return { firstMs: before?.firstMs ?? wish.atMs, wishes: [...wishes.slice(0, kept), wish] }
}

/** Whether the last scale-up to this parallelism brought less than the threshold's share of what was expected. */
export function isIneffective(
  parallelism: number,
  { trueProcessingRate }: Pick<Evaluated, 'trueProcessingRate'>,
  history: readonly Scaling[],
  settings: FlinkSettings
): boolean {
  const last = history.at(-1)
  if (last === undefined || last.to !== parallelism || last.to <= last.from) return false
  const before = last.trueProcessingRate ?? Infinity
  const expected = (last.expectedRate ?? Infinity) - before
  const actual = trueProcessingRate - before
  return !(actual / expected >= settings.scalingEffectivenessThreshold)
}

/**
 * How much of linear the past scalings reached: α = Σ p·r / (β · Σ p²) with β the rate of one instance at the latest
 * smallest parallelism, within [min, 1], up to two decimals.
 */
export function scalingCoefficient(history: readonly Scaling[], settings: FlinkSettings): number {
  if (history.length === 0 || history.length < settings.observedScalabilityMinObservations) return 1
  let smallest = history[history.length - 1]
  for (const past of history.toReversed()) if (past.from < smallest.from) smallest = past
  const perInstance = (smallest.trueProcessingRate ?? Infinity) / smallest.from
  let sum = 0
  let squares = 0
  for (const { from, trueProcessingRate } of history) {
    sum += from * (trueProcessingRate ?? Infinity)
    squares += from * from
  }
  const alpha = sum / (squares * perInstance)
  if (Number.isNaN(alpha)) return 1
  const clamped = Math.max(settings.observedScalabilityCoefficientMin, Math.min(1, alpha))
  const nearest = Math.round(clamped * 100) / 100
  return nearest >= clamped ? nearest : Math.round(clamped * 100 + 1) / 100
}

/**
 * The cars job: what arrived, when failures were injected, and the three worlds that the runs cannot tell apart.
 *
 * All runs read one 6-hour trace three times over. The offered load is that trace, stretched:
 *
 *   load(t) = a · trace((t + 50 s) mod 21,600 s) + b      records/s;  a, b: `as-run` finds them again by regression
 *
 * Source of trace, runs and failures: dos-group/phoebe and dos-group/demeter (Geldenhuys et al.), Apache-2.0.
 */
import { readFileSync } from 'node:fs'
import { MINUTE, PrescaleError, SECOND, type Series, series } from '../../src/base/index.ts'
import type { OutageConfig, OverTime, StreamConfig, StreamMetrics } from '../../src/sim/index.ts'
import { requireData } from '../experiment.ts'

/** Length of a run, and of one turn of the trace, in seconds. */
export const RUN_S = 64_800
export const TURN_S = 21_600

/** Offered load = SLOPE · trace(t + SHIFT) + OFFSET, records/s. */
export const SLOPE = 2.2207
export const OFFSET = -12_150
export const SHIFT_S = 50

/** 23 failures, one every 45 minutes, at the same moments in every run. */
export const FAILURES_MS: readonly number[] = Array.from(
  { length: 23 },
  (_, k) => 2_725 * SECOND + k * 45 * MINUTE
)

/** The one resource of the single-operator job: its task slots. */
export const JOB = 'job'
export const SLO_MS = 2_000

/** Capacity per slot, records/s. All three fit the recorded runs equally well: it cannot be identified from them. */
export const WORLDS: Readonly<Record<'first' | 'second' | 'third', OverTime>> = {
  first: { kind: 'exponential', at0: 12_000, perHour: -0.0145 },
  second: { kind: 'linear', at0: 11_000, perHour: -0.02 },
  third: { kind: 'exponential', at0: 10_500, perHour: -0.03 }
}
export type WorldName = keyof typeof WORLDS

/** Stops as in the reactive run, the failures included. */
export const REACTIVE_LIKE: OutageConfig = {
  rescaleUpMs: 15 * SECOND,
  rescaleDownMs: 8 * SECOND,
  failureMs: 33 * SECOND,
  failures: FAILURES_MS,
  replay: { kind: 'fixed', ms: 6 * SECOND },
  warmUp: { ms: 27 * SECOND }
}

/** Stops as the operator's full redeploys cost them: longer by the hour as state grows. */
export const OPERATOR_LIKE: OutageConfig = {
  ...REACTIVE_LIKE,
  rescaleUpMs: { kind: 'linear', at0: 106 * SECOND, perHour: 0.04 },
  rescaleDownMs: { kind: 'linear', at0: 106 * SECOND, perHour: 0.04 }
}

/** CPU of a slot = idle + rate / what it does at 100 %, which falls as state grows: `as-run` fits it on the reactive run. */
export const CPU = { idle: 0.155, rate: { kind: 'exponential', at0: 33_600, perHour: -0.041 } } as const

/**
 * The lag gauge of the runs: renewed a minute after each restart and then every minute (with 30 s the rank correlation
 * of the reactive run falls from 0.85 to 0.66), never zero, because 0.4 s of load is always on its way. The CPU spike is what
 * the reactive run shows above idle, load and catching up; with them it looks like the +0.3 of the facts.
 */
export const CARS_METRICS: StreamMetrics = {
  lagMs: MINUTE,
  unfetchedMs: 400,
  cpu: { idle: CPU.idle, spike: { from: 0.2, to: 0.02, ms: 80 * SECOND } }
}

/** The cars job as a world of one operator whose units are slots. */
export function carsWorld(
  rate: OverTime,
  units: number,
  outages: OutageConfig = REACTIVE_LIKE
): StreamConfig {
  return {
    name: 'cars',
    stepMs: SECOND,
    operators: [
      { id: JOB, rate, cpuRate: CPU.rate, parallelism: units, minParallelism: 1, maxParallelism: 24 }
    ],
    sloMs: SLO_MS,
    // The median of the gauge in quiet minutes of the baseline run.
    baseLatencyMs: 950,
    outages,
    metrics: CARS_METRICS
  }
}

/** 18 hours of offered load, one value a second. */
export function carsLoad(): Series {
  const trace = readTrace()
  const values = Float64Array.from(
    { length: RUN_S },
    (_, t) => SLOPE * trace[(t + SHIFT_S) % TURN_S] + OFFSET
  )
  return series(SECOND, values, { unit: 'events/s' })
}

/** The 6-hour trace, one value a second. */
export function readTrace(): Float64Array {
  return column(requireData('flink-runs', 'phoebe_cars_25K_1s.csv'), 'value')
}

export const RUNS = ['baseline', 'reactive', 'operator', 'demeter'] as const
export type RunName = (typeof RUNS)[number]

/** One recorded run, a value every 10 s; `NaN` where the file says nothing. */
export interface RecordedRun {
  readonly name: RunName
  readonly throughput: Float64Array
  readonly lag: Float64Array
  readonly latencyMs: Float64Array
  readonly cpu: Float64Array
  readonly slots: Float64Array
}

export const BIN_S = 10

export function readRun(name: RunName): RecordedRun {
  const file = requireData('flink-runs', `demeter_cars_${name}_10s.csv`)
  const of = (what: string) => column(file, what).subarray(0, RUN_S / BIN_S)
  return {
    name,
    throughput: of('throughput'),
    lag: of('consumer_lag'),
    latencyMs: of('latency'),
    cpu: of('cpu_load'),
    slots: of('task_slots')
  }
}

function column(file: string, name: string): Float64Array {
  const [head, ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n')
  const at = head.trim().split(',').indexOf(name)
  if (at < 0) throw new PrescaleError('BAD_INPUT', `${file} has no column ${name}, only ${head.trim()}`)
  return Float64Array.from(lines, (line) => {
    const cell = line.split(',')[at]?.trim()
    return cell === undefined || cell === '' ? NaN : Number(cell)
  })
}

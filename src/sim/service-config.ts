/**
 * Settings of the service world and what follows from a load when nothing is said.
 *
 *   unitRate = P99.9 of the training rates / 20      k = max(1, round(unitRate × 50 ms))      SLO = 4·k/unitRate
 *
 * A choice of ours, explained in docs/worlds/service.md: the largest load needs 20 units, whatever the trace.
 */
import { PrescaleError, requireOption } from '../base/index.ts'
import type { LeadTime } from './lead-time.ts'
import type { Facility } from './queue.ts'
import type { Outage } from './service-outages.ts'

export interface ServiceConfig {
  readonly startMs: number
  /** One step, 15 s unless given. */
  readonly stepMs: number
  /** Events per second that one ready unit serves at 100 %. */
  readonly unitRate: number
  /** Servers in a unit, k: max(1, round(unitRate × 50 ms)) unless given. */
  readonly serversPerUnit: number
  /** Latency an arrival may have: 4·k/unitRate unless given. */
  readonly sloMs: number
  /** Time from asking for a unit until it serves: 2 min unless given. Equal quantiles are a fixed time. */
  readonly leadTime: LeadTime
  /** Events that may wait for each unit: 10,000 unless given. */
  readonly queueLimit: number
  readonly initialUnits: number
  readonly minUnits: number
  readonly maxUnits: number
  /** Standard deviation of the CPU gauge as a share of its value: 0.02 unless given. */
  readonly cpuNoise: number
  /** Age of the newest CPU and throughput that can be seen: 30 s unless given. */
  readonly cpuDelayMs: number
  /** Times in which a share of the ready units does not serve; the units stay and are paid for. */
  readonly outages: readonly Outage[]
}

/** What must be said: the capacity of a unit. Everything else has a default. */
export type ServiceOptions = Pick<ServiceConfig, 'unitRate'> & Partial<ServiceConfig>

/** P99.9 of the training rates is served by 20 units at 100 %. */
const PEAK_UNITS = 20
const PEAK_SHARE = 0.999
const SERVICE_TIME_S = 0.05
const SLO_SERVICE_TIMES = 4
/** The size to begin with serves the last training rate at this utilisation. */
const INITIAL_UTILISATION = 0.8

/** All settings, defaults filled in. Throws `BAD_OPTION` for one that cannot be. */
export function serviceConfig(given: ServiceOptions): ServiceConfig {
  const { unitRate } = given
  requireOption(
    unitRate > 0 && Number.isFinite(unitRate),
    'unitRate',
    unitRate,
    'a positive rate in events/s'
  )
  const serversPerUnit = given.serversPerUnit ?? Math.max(1, Math.round(unitRate * SERVICE_TIME_S))
  const minUnits = given.minUnits ?? 1
  const maxUnits = given.maxUnits ?? Math.max(10 * PEAK_UNITS, minUnits)
  const config: ServiceConfig = {
    startMs: 0,
    stepMs: 15_000,
    sloMs: (SLO_SERVICE_TIMES * serversPerUnit * 1_000) / unitRate,
    leadTime: { p50Ms: 120_000, p90Ms: 120_000 },
    queueLimit: 10_000,
    initialUnits: Math.min(maxUnits, Math.max(minUnits, 1)),
    cpuNoise: 0.02,
    cpuDelayMs: 30_000,
    outages: [],
    ...given,
    serversPerUnit,
    minUnits,
    maxUnits
  }
  check(config)
  return config
}

/**
 * The settings that follow from a load: unitRate = P99.9 of the training rates / 20, everything else from it.
 * Throws `TOO_SHORT` when no rate above zero was measured and none is given.
 */
export function serviceDefaults(
  trainingRates: ArrayLike<number>,
  overrides: Partial<ServiceConfig> = {}
): ServiceConfig {
  const measured = Array.from(trainingRates).filter((rate) => !Number.isNaN(rate))
  const unitRate = overrides.unitRate ?? peakOf(measured) / PEAK_UNITS
  if (!(unitRate > 0)) {
    throw new PrescaleError(
      'TOO_SHORT',
      'unitRate needs a training rate above 0 events/s; give it, or more data'
    )
  }
  const config = serviceConfig({ ...overrides, unitRate })
  const last = measured.at(-1) ?? 0
  const fitting = Math.ceil(last / (INITIAL_UTILISATION * unitRate))
  const initialUnits = Math.min(config.maxUnits, Math.max(config.minUnits, fitting))
  return { ...config, initialUnits: overrides.initialUnits ?? initialUnits }
}

function peakOf(measured: readonly number[]): number {
  return Float64Array.from(measured).sort()[Math.ceil(PEAK_SHARE * measured.length) - 1] ?? 0
}

/** The same in the words of the queue. */
export function facilityOf({ unitRate, serversPerUnit, sloMs, queueLimit }: ServiceConfig): Facility {
  const patience = sloMs / 1_000 - serversPerUnit / unitRate
  return { unitRate, serversPerUnit, patience, room: queueLimit }
}

function check(config: ServiceConfig): void {
  const { stepMs, serversPerUnit, sloMs, queueLimit, minUnits, maxUnits, initialUnits } = config
  const serviceMs = (serversPerUnit * 1_000) / config.unitRate
  requireOption(Number.isFinite(config.startMs), 'startMs', config.startMs, 'a time in milliseconds')
  requireOption(stepMs > 0 && Number.isFinite(stepMs), 'stepMs', stepMs, 'a positive number of milliseconds')
  requireOption(isCount(serversPerUnit, 1), 'serversPerUnit', serversPerUnit, 'a whole number, at least 1')
  requireOption(sloMs > serviceMs, 'sloMs', sloMs, `above the mean service time, ${serviceMs} ms`)
  requireOption(queueLimit >= 0, 'queueLimit', queueLimit, 'a number of events, at least 0')
  requireOption(isCount(minUnits, 0), 'minUnits', minUnits, 'a whole number, at least 0')
  requireOption(
    isCount(maxUnits, minUnits),
    'maxUnits',
    maxUnits,
    `a whole number, at least minUnits, ${minUnits}`
  )
  const inBounds = isCount(initialUnits, minUnits) && initialUnits <= maxUnits
  requireOption(inBounds, 'initialUnits', initialUnits, `a whole number from ${minUnits} to ${maxUnits}`)
  requireOption(config.cpuNoise >= 0, 'cpuNoise', config.cpuNoise, 'a share of the value, at least 0')
  requireOption(config.cpuDelayMs >= 0, 'cpuDelayMs', config.cpuDelayMs, 'a duration of at least 0 ms')
}

function isCount(value: number, least: number): boolean {
  return Number.isInteger(value) && value >= least
}

/** The service world of a rehearsal: M/M/c, set up from the training part by `serviceDefaults`. */
import { formatDuration, type Series } from '../base/index.ts'
import { needSeries, type ServiceOptions, service, serviceDefaults, UNIT } from '../sim/index.ts'
import {
  assumedOf,
  type GivenSettings,
  type Plan,
  type Span,
  settingsOf,
  trainingRates,
  trueLeadTime,
  truthOf,
  type WorldPlan
} from './plan-data.ts'
import { type LiveWorld, live } from './rehearse.ts'

export interface ServiceSettings extends GivenSettings {
  readonly serviceTimeMs?: number
}

export type ServicePlan = Plan & { readonly world: Extract<WorldPlan, { kind: 'service' }> }

export function planService(
  name: string,
  trace: Series,
  span: Span,
  given: ServiceSettings = {}
): ServicePlan {
  const training = trainingRates(name, trace, span)
  const unitRate = given.unitRate ?? serviceDefaults(training).unitRate
  const { serversPerUnit, sloMs } = serviceDefaults(training, overridesOf(given, unitRate))
  const settings = settingsOf(given, { unitRate, sloMs })
  const serviceTimeMs = (1_000 * serversPerUnit) / unitRate
  const assumed = [
    ...assumedOf(settings, given),
    ...(given.serviceTimeMs === undefined ? ['serviceTimeMs'] : [])
  ]
  return {
    name,
    trace,
    span,
    settings,
    world: { kind: 'service', serversPerUnit, serviceTimeMs },
    truth: truthOf(given),
    assumed
  }
}

function overridesOf({ serviceTimeMs, sloMs }: ServiceSettings, unitRate: number): ServiceOptions {
  const servers = serviceTimeMs === undefined ? {} : { serversPerUnit: serversIn(unitRate, serviceTimeMs) }
  return { unitRate, ...servers, ...(sloMs === undefined ? {} : { sloMs }) }
}

/** As many servers as make one event take this long. */
function serversIn(unitRate: number, serviceTimeMs: number): number {
  return Math.max(1, Math.round((unitRate * serviceTimeMs) / 1_000))
}

/** Nearer than this it is the service time that was asked for. */
const SAME_TIME = 0.01

/** One line where a service time that was asked for is not the one of the plan, or means nothing there; else undefined. */
export function serviceTimeRemark(
  askedMs: number | undefined,
  { settings, world }: Plan
): string | undefined {
  if (askedMs === undefined) return undefined
  if (world.kind !== 'service') {
    return `a service time means nothing in the ${world.kind} world: it is taken for none`
  }
  const { serversPerUnit, serviceTimeMs } = world
  if (Math.abs(serviceTimeMs / askedMs - 1) <= SAME_TIME) return undefined
  const servers = serversPerUnit === 1 ? '1 server' : `${serversPerUnit} servers`
  return (
    `a service time of ${formatDuration(askedMs)} becomes ${short(serviceTimeMs)} ms: a unit that serves ${short(settings.unitRate)} events/s ` +
    `is a whole number of servers, ${servers} of ${short(serviceTimeMs)} ms an event` +
    (serversPerUnit === 1 ? '; events that are served faster need a larger unit rate' : '')
  )
}

const short = (x: number) => x.toLocaleString('en-US', { maximumSignificantDigits: 3, useGrouping: false })

/** The world as it really is. */
export function serviceWorld(plan: ServicePlan, startMs: number): ServiceOptions {
  const { settings, truth, world } = plan
  return {
    startMs,
    stepMs: settings.stepMs,
    unitRate: settings.unitRate * truth.unitRate,
    serversPerUnit: world.serversPerUnit,
    sloMs: settings.sloMs,
    leadTime: trueLeadTime(plan),
    minUnits: 0,
    maxUnits: settings.maxUnits
  }
}

export const serviceResources: readonly string[] = [UNIT]

export function openService(config: ServiceOptions, units: number, seed: number): LiveWorld {
  return live(service({ ...config, initialUnits: units }), seed)
}

export { needSeries as serviceNeed }

/**
 * From `prescale.yaml` to the loops of its targets.
 *
 * Without leave to apply there is no actuator at all, so nothing could be written. A Turn holds the settings its policy was made of, and the
 * content of a model file: it can be decided again when both files have changed.
 */
import { HOUR, hashOf, MINUTE, SECOND } from '../../base/index.ts'
import type { Config, TargetConfig } from '../../config/index.ts'
import { type FleetTarget, type ForecastDesk, forecastDesk, type SignalDesk } from '../../loop/index.ts'
import type { Json, Policy, Source } from '../../roles.ts'
import type { Standing } from '../../work/index.ts'
import { fixedOf, type PolicySettings, policyOf, priorsOf } from '../config/assemble.ts'
import type { LiveCopy } from './copy.ts'
import type { LiveForecast } from './forecasts.ts'
import { type ActuatorRecord, type LiveParts, rememberingActuator, replayed, sourcesOf } from './systems.ts'

export interface TargetParts extends LiveParts {
  readonly readModel: (path: string) => unknown
  /** Leave to command those targets whose mode is apply. */
  readonly apply: boolean
  /** Where actuators remember what they wrote. */
  readonly record: ActuatorRecord
  /** Where forecasts are made. */
  readonly thread: Standing
  /** Where readings are copied to. */
  readonly copy?: Pick<LiveCopy, 'tapped'>
  /** Warnings for a target, and where they come from. */
  readonly signals?: { readonly source: () => Source; readonly desk: (target: string) => SignalDesk }
}

/** Errors: BAD_OPTION, BAD_MODEL, NOT_FOUND. */
export async function fleetTargets(config: Config, parts: TargetParts): Promise<FleetTarget[]> {
  return await Promise.all(config.targets.map((target) => fleetTarget(config, target, parts)))
}

async function fleetTarget(config: Config, target: TargetConfig, parts: TargetParts): Promise<FleetTarget> {
  const { apply, signals, copy } = parts
  const { name, mode, guards } = target
  const made = policyFor(config, target, parts)
  const intervalMs = made.policy.intervalMs
  const stepMs = await loadStep(target, intervalMs)
  const historyMs = target.forecast?.history ?? HOUR
  const told = await sourcesOf(target, { stepMs, historyMs }, parts)
  const sources = target.sources.every(({ type }) => type === 'replay')
    ? [...told, pretended(target, parts)]
    : told
  const copied = (all: readonly Source[]) =>
    copy === undefined ? all : all.map((source) => copy.tapped(name, source))
  const loop = {
    name,
    ...made,
    intervalMs,
    sources: copied(signals === undefined ? sources : [...sources, signals.source()]),
    view: {
      stepMs,
      keepMs: historyMs,
      staleMs: guards.maxAge,
      maxSkewMs: guards.maxSkew,
      bounds: { min: target.minReplicas, max: target.maxReplicas },
      fixed: fixedOf(target),
      ...(signals && { signals: signals.desk(name) })
    },
    priors: priorsOf(target),
    forecast: forecastFor(target, parts),
    ...(apply && mode === 'apply' && { actuator: await rememberingActuator(target.actuator, name, parts) })
  }
  const { gateways, signals: transports } = config
  return { target: loop, version: hashOf({ target, gateways, transports, options: made.options }) }
}

/** Nobody serves a load that is only replayed: a policy is shown as many units as there are at least. */
function pretended({ resources, minReplicas }: TargetConfig, { clock }: LiveParts): Source {
  const names = Object.keys(resources)
  const ready = Object.fromEntries((names.length > 0 ? names : ['units']).map((name) => [name, minReplicas]))
  return {
    async *read(abort) {
      while (!abort.aborted) {
        yield { kind: 'capacity', atMs: clock.now(), capacity: { ready }, quality: 'ok' }
        await clock.sleepUntil(clock.now() + MINUTE, abort)
      }
    }
  }
}

/** The policy, and all that is needed to make it again. */
export function policyFor(
  { gateways }: Pick<Config, 'gateways'>,
  target: TargetConfig,
  { readModel }: Pick<TargetParts, 'readModel'>
): { policy: Policy; options: Readonly<Record<string, Json>> } {
  const { policy, interval, behavior, guards, minReplicas, maxReplicas, resources, paused, price, budget } =
    target
  const { fallback } = target
  const settings: PolicySettings = {
    ...{ policy, interval, behavior, guards, minReplicas, maxReplicas, resources, paused, price, budget },
    ...(fallback && { fallback })
  }
  const models: Record<string, Json> = {}
  const reading = (path: string) => {
    models[path] = readModel(path) as Json
    return models[path]
  }
  const made = policyOf(settings, { readModel: reading, gateways })
  const caps = gateways.map(({ id, maxExtra }) => ({ id, maxExtra }))
  const options = JSON.parse(JSON.stringify({ settings, ...(caps.length > 0 && { gateways: caps }) }))
  return { policy: made, options: Object.keys(models).length > 0 ? { ...options, models } : options }
}

/** The step in which a source tells the load; what is sampled is gathered into steps that fit those of the forecast. */
async function loadStep({ sources, forecast }: TargetConfig, intervalMs: number): Promise<number> {
  for (const source of sources) {
    if ((source.type === 'prometheus' || source.type === 'influxdb') && 'load' in source.queries)
      return source.step
    if (source.type === 'mqtt' && source.reading === 'load') return source.step
    if (source.type === 'replay') return (await replayed(source, 0)).stepMs
  }
  const whole = forecast?.step ?? intervalMs
  const most = Math.min(15 * SECOND, whole, intervalMs)
  // The fewest equal parts that are no longer than a scrape, and than the time between two decisions.
  for (let parts = Math.ceil(whole / most); ; parts++) if (whole % parts === 0) return whole / parts
}

function forecastFor(
  target: TargetConfig,
  { readModel, thread, tell }: TargetParts
): ForecastDesk | undefined {
  const { forecast, name } = target
  if (forecast === undefined) return undefined
  const { method = '', options, model, step, history, refit } = forecast
  const spec: LiveForecast = {
    method,
    options: options as Readonly<Record<string, Json>>,
    ...(model !== undefined && { model: readModel(model) as Json }),
    stepMs: step,
    horizon: horizonOf(target),
    historyMs: history,
    refitMs: refit
  }
  return forecastDesk({
    target: name,
    spec: spec as object as Json,
    send: (order) => thread.call('forecast', order),
    complain: (what) => tell('forecast', `${name} has no forecast: ${what}`)
  })
}

/** As in a rehearsal: twice the lead time and two steps, and no fewer than fifteen: behind a peak it must be seen whether the next one comes. */
function horizonOf({ forecast, leadTime, restart }: TargetConfig): number {
  if (forecast === undefined) return 0
  const { step, horizon } = forecast
  if (horizon !== undefined) return Math.max(1, Math.ceil(horizon / step))
  const reach = (leadTime.p90 ?? 2 * MINUTE) + (restart.p90 ?? 0)
  return Math.ceil(Math.max(15 * step, 2 * reach + 2 * step) / step)
}

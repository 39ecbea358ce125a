/** A target with mpc in all its guards, as a `prescale.yaml` makes it, in a loop on a virtual clock: what is read can be spoiled, and the loop killed. */
import { policyFor } from '../../src/cli/live/targets.ts'
import { type Config, readConfig } from '../../src/config/index.ts'
import {
  type ForecastDesk,
  type Knowledge,
  type LoopTarget,
  runTarget,
  type SignalDesk
} from '../../src/loop/index.ts'
import type { Json, Policy, Reading, Source, Turn } from '../../src/roles.ts'
import { ears, memoryKnowledge, permitAll, scripted, smallTarget } from '../fakes/loop.ts'
import { virtualClock } from '../fakes/virtual-clock.ts'

export const START = Date.UTC(2026, 0, 1)
export const MINUTE = 60_000
/** Readings come, and turns are made, this often. */
export const TICK = 15_000

/** A target of this policy; `more` are further lines of its settings. */
export function configOf(policy: string, more = ''): Config {
  return readConfig(
    `
version: 1
targets:
  web:
    source: { type: replay, file: nothing.csv }
    policy: ${policy}
    interval: 15s
    forecast: none
    maxReplicas: 20
    unitRate: 10
    leadTime: { p50: 30s, p90: 1m }
    slo: { latency: 2s }
${more}
`,
    'prescale.yaml'
  )
}

export function policyNamed(
  policy: string,
  more = ''
): { policy: Policy; options: Readonly<Record<string, Json>> } {
  const config = configOf(policy, more)
  return policyFor(config, config.targets[0], {
    readModel: () => {
      throw new Error('no model')
    }
  })
}

export interface StageOptions {
  readonly policy?: string
  readonly more?: string
  readonly made?: Policy
  readonly units?: number
  readonly leadMs?: number
  readonly forecast?: ForecastDesk
  readonly signals?: SignalDesk
  /** Beside the target itself. */
  readonly sources?: (clock: ReturnType<typeof virtualClock>) => readonly Source[]
  readonly change?: Partial<LoopTarget>
  /** Where it is kept what was decided; in memory unless given. */
  readonly record?: Knowledge
}

export function stage(options: StageOptions = {}) {
  const clock = virtualClock(START)
  const target = smallTarget(clock, { units: options.units ?? 2, leadMs: options.leadMs })
  const knowledge = memoryKnowledge()
  const permission = permitAll()
  const heard = ears()
  /** What becomes of readings on their way; may throw. */
  const spoil = { by: (readings: readonly Reading[]): readonly Reading[] => readings }
  const made =
    options.made === undefined
      ? policyNamed(options.policy ?? 'mpc', options.more)
      : { policy: options.made, options: {} }
  const loop: LoopTarget = {
    name: 'web',
    ...made,
    sources: [scripted(clock, TICK, () => spoil.by(target.readings())), ...(options.sources?.(clock) ?? [])],
    view: {
      stepMs: TICK,
      fixed: { bounds: { web: { min: 1, max: 20 } }, slo: { latencyMs: 2_000 } },
      ...(options.signals && { signals: options.signals })
    },
    intervalMs: TICK,
    actuator: target.actuator,
    priors: { unitRate: 10, leadTimeMs: { p50: 30_000, p90: 60_000 }, restartMs: { p50: 0, p90: 0 } },
    forecast: options.forecast,
    ...options.change
  }
  let kill = new AbortController()
  let running = Promise.resolve()
  return {
    ...{ clock, target, knowledge, heard, spoil },
    begin() {
      kill = new AbortController()
      const parts = { knowledge: options.record ?? knowledge, permission, clock, tell: heard.tell }
      running = runTarget(loop, parts, kill.signal)
    },
    async end() {
      kill.abort()
      await clock.advance(0)
      await running
    },
    /** Until it has its size for a load, and everything is quiet. */
    async settle(load: number) {
      target.world.load = load
      await clock.advance(20 * MINUTE)
    },
    last: (): Turn => heard.turns().at(-1) as Turn
  }
}

/** What a target is told to have is never less than before. */
export function decreases(commands: readonly { readonly to: Readonly<Record<string, number>> }[]): number {
  return commands.filter(({ to }, i) => i > 0 && to.web < commands[i - 1].to.web).length
}

/** Only the readings of other names. */
export const without =
  (...names: readonly string[]) =>
  (readings: readonly Reading[]): readonly Reading[] =>
    readings.filter((it) => !(it.kind === 'metric' && names.includes(it.name)))

/** The load with another value, and perhaps another quality. */
export const loadAs =
  (value: number, more: object = {}) =>
  (readings: readonly Reading[]): readonly Reading[] =>
    readings.map((it) =>
      it.kind === 'metric' && it.name === 'load' ? { ...it, metric: { value, quality: 'ok', ...more } } : it
    )

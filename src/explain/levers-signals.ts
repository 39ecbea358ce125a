/** What gateways announced: the load they predict together, and each alarm, which is there or is not. */
import type { EdgeSignal, Observation } from '../roles.ts'
import { type Lever, lever, rate } from './lever.ts'

/**
 * Signals of an observation, newest of each gateway, and those that a policy still had in mind from before, as it says in `why`: `heard` is
 * `why.inputs.signals.used`, where there is one.
 */
export function signalsOf(seen: Observation, heard: unknown): readonly EdgeSignal[] {
  const newest = new Map<string, EdgeSignal>()
  for (const signal of [...remembered(heard), ...(seen.signals ?? [])]) {
    const known = newest.get(signal.gateway)
    if (known === undefined || signal.seq >= known.seq) newest.set(signal.gateway, signal)
  }
  return [...newest.values()]
}

export function signalLevers(seen: Observation, heard: unknown): readonly Lever[] {
  const signals = signalsOf(seen, heard)
  const now = signals.reduce((sum, { predictedLoad }) => sum + predictedLoad, 0)
  const load = seen.load?.values.findLast((y) => !Number.isNaN(y)) ?? NaN
  const news = (changed: readonly EdgeSignal[]): Observation => ({
    ...seen,
    // A policy that has heard them already takes only what is newer.
    signals: [...(seen.signals ?? []), ...changed.map((signal) => ({ ...signal, seq: signal.seq + 1 }))]
  })
  return [
    ...lever({
      name: 'signals.predictedLoad',
      kind: 'data',
      now: signals.length > 0 && now > 0 ? now : NaN,
      set: (value) =>
        news(signals.map((signal) => ({ ...signal, predictedLoad: (signal.predictedLoad / now) * value }))),
      what: "the gateways' predicted load",
      say: rate(seen)
    }),
    ...signals.flatMap((signal) => [
      ...switched(`signals.${signal.gateway}.burstAlarm`, signal.burstAlarm, alarmOf(signal), (isOn) =>
        news([{ ...signal, burstAlarm: isOn }])
      ),
      // The alarm and what it says will come are one warning.
      ...(signal.burstAlarm && load < now
        ? switched(`signals.${signal.gateway}.warning`, true, `the warning of ${signal.gateway}`, () =>
            news([
              {
                ...signal,
                burstAlarm: false,
                predictedLoad: (signal.predictedLoad / now) * Math.max(0, load)
              }
            ])
          )
        : [])
    ])
  ]
}

const alarmOf = ({ burstAlarm, gateway }: EdgeSignal) => `${burstAlarm ? 'the' : 'an'} alarm of ${gateway}`

function switched(
  name: string,
  isOn: boolean,
  what: string,
  set: (isOn: boolean) => Observation
): readonly Lever[] {
  return lever({
    name,
    kind: 'data',
    now: isOn ? 1 : 0,
    lowest: 0,
    highest: 1,
    grain: 1,
    isSwitch: true,
    set: (value) => set(value === 1),
    what,
    say: (value) => (value === 1 ? 'on' : 'off')
  })
}

function remembered(heard: unknown): readonly EdgeSignal[] {
  if (!Array.isArray(heard)) return []
  return heard.flatMap((one: unknown) => {
    if (typeof one !== 'object' || one === null) return []
    const { gateway, seq, sentMs, untilMs, predictedLoad, burstAlarm }: Partial<Remembered> = one
    if (gateway === undefined || seq === undefined || sentMs === undefined) return []
    if (predictedLoad === undefined || burstAlarm === undefined) return []
    const horizonMs = untilMs === undefined ? 0 : (untilMs - sentMs) / 2
    return [{ gateway, seq, sentMs, predictedLoad, burstAlarm, horizonMs, confidence: 1 }]
  })
}

interface Remembered {
  readonly gateway: string
  readonly seq: number
  readonly sentMs: number
  readonly untilMs: number
  readonly predictedLoad: number
  readonly burstAlarm: boolean
}

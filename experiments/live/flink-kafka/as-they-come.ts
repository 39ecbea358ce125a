/**
 * Days as they come — each controller rehearsed on consecutive days, whatever happens on them: without an accident, with one that nobody
 * announces, with a jam that looks like one. What is measured on a real engine are days that were chosen for a warned accident.
 */
import { cityDay, isWarned } from '../traffic.ts'
import { type Configs, type Rehearsed, rehearsed, type Scene } from './rehearsed.ts'

export type AsTheyCome = {
  readonly how: 'rehearsed, days as they come'
  readonly controller: string
  readonly firstSeed: number
  readonly days: number
  readonly warnedDays: number
  readonly lateShare: number
  readonly meanSlots: number
  readonly rescales: number
  /** Days on which it was late for longer than the reactive controller. */
  readonly laterDays: number
}

export interface Contender {
  readonly controller: string
  readonly configs: Configs
  readonly initial: Scene['initial']
}

/** Means over the days. Whoever is compared stands beside `reactive` on the same days. */
export function asTheyCome(
  contenders: readonly Contender[],
  scene: Omit<Scene, 'load' | 'initial'>,
  { firstSeed, days, durationMs }: { firstSeed: number; days: number; durationMs: number }
): AsTheyCome[] {
  const loads = Array.from({ length: days }, (_, i) => cityDay(durationMs, firstSeed + i))
  const warnedDays = loads.filter((load) => isWarned(load, durationMs)).length
  const runs = contenders.map(({ configs, initial }) =>
    loads.map((load) => rehearsed(configs, { ...scene, load, initial }))
  )
  const rule = runs[contenders.findIndex(({ controller }) => controller === 'reactive')]
  return contenders.map(({ controller }, c) => {
    const mean = (of: (run: Rehearsed) => number) => runs[c].reduce((sum, run) => sum + of(run), 0) / days
    return {
      ...{ how: 'rehearsed, days as they come', controller, firstSeed, days, warnedDays },
      lateShare: mean(({ lateShare }) => lateShare),
      meanSlots: mean(({ meanSlots }) => meanSlots),
      rescales: mean(({ rescales }) => rescales),
      laterDays:
        rule === undefined ? NaN : runs[c].filter((run, d) => run.lateShare > rule[d].lateShare).length
    } as const
  })
}

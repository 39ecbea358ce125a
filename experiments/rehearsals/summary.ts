/** What the rehearsal experiments share: the reactive rivals, one row a policy, claims worded the same way. */

import type { Row } from '../../src/cli/output.ts'
import type { FrontierPoint } from '../../src/compare/frontier.ts'
import type { ServiceSettings } from '../../src/compare/plan.ts'
import type { Rehearsed, RunRow } from '../../src/compare/rehearsal.ts'
import type { Claim } from '../experiment.ts'

/** Reactive policies whose knobs are swept; the best mixture of all of them is the frontier to beat. */
export const REACTIVE = ['hpa', 'proportional', 'proportional:downStabilization=5m', 'threshold']

/** The names to sweep. */
export const REACTIVE_NAMES = ['hpa', 'proportional', 'threshold']

/** Headlines are printed again where the unit is not as strong, or the lead time not as short, as was said. */
export const otherTruths: readonly (readonly [string, NonNullable<ServiceSettings['truth']>])[] = [
  ['unit rate +20 %', { unitRate: 1.2 }],
  ['unit rate −20 %', { unitRate: 0.8 }],
  ['lead time × 2', { leadTime: 2 }]
]

/** Mean over seeds of a policy's headline run. */
export function headline(rehearsed: Rehearsed, policy: string): Headline {
  return meanOf(rehearsed.runs.filter((run) => run.policy === policy))
}

type Headline = Omit<RunRow, 'latencyMs' | 'seed' | 'label'> & { readonly p95: number; readonly p99: number }

function meanOf(own: readonly RunRow[]): Headline {
  const mean = (of: (run: RunRow) => number) => own.reduce((sum, run) => sum + of(run), 0) / own.length
  return {
    policy: own[0].policy,
    knob: own[0].knob,
    sloViolationRatio: mean((run) => run.sloViolationRatio),
    overloadedMinutes: mean((run) => run.overloadedMinutes),
    meanUnits: mean((run) => run.meanUnits),
    unitHours: mean((run) => run.unitHours),
    cost: mean((run) => run.cost),
    rescales: mean((run) => run.rescales),
    flips: mean((run) => run.flips),
    falseStarts: mean((run) => run.falseStarts),
    dropped: mean((run) => run.dropped),
    leadMinutes: mean((run) => run.leadMinutes),
    p95: mean((run) => run.latencyMs.p95),
    p99: mean((run) => run.latencyMs.p99)
  }
}

export function headlineRows(part: string, rehearsed: Rehearsed): Row[] {
  const labels = [...new Set(rehearsed.runs.map((run) => run.label))]
  return labels.map((label) => {
    const { knob, ...measures } = meanOf(rehearsed.runs.filter((run) => run.label === label))
    return { part, ...measures, knob: JSON.stringify(knob) }
  })
}

export function frontierRows(part: string, frontier: readonly FrontierPoint[]): Row[] {
  return frontier.map(({ policy, knob, unitHours, overloadedMinutes }) => ({
    part: `${part}, frontier`,
    policy,
    overloadedMinutes,
    unitHours,
    knob: JSON.stringify(knob)
  }))
}

/** `saved` is 1 − ours/theirs; not measured (the others were never so cheap) does not hold. */
export function savedClaim(id: string, text: string, wanted: number, saved: number): Claim {
  return {
    id,
    text,
    expected: `≥ ${wanted}`,
    measured: Number.isNaN(saved) ? null : saved,
    holds: saved >= wanted
  }
}

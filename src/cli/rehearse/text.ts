/** What a rehearsal prints on a terminal: one line a policy, best read from left to right. */
import { formatDuration, HOUR } from '../../base/index.ts'
import type { AsRun, Lateness } from '../../compare/as-run.ts'
import type { Pair } from '../../compare/pairs.ts'
import type { Rehearsed, RunRow } from '../../compare/rehearsal.ts'
import { type Row, table } from '../output.ts'

export function rehearsalRows({ runs }: Rehearsed): Row[] {
  return runs.map(({ policy, knob, seed, label, latencyMs, ...run }) => ({
    policy,
    knob: JSON.stringify(knob),
    seed,
    label,
    ...run,
    latencyP50Ms: latencyMs.p50,
    latencyP95Ms: latencyMs.p95,
    latencyP99Ms: latencyMs.p99
  }))
}

export function rehearsalText(rehearsed: Rehearsed): string {
  const { plan, seeds, runs, pairs, chosen } = rehearsed
  const { trace, span, settings } = plan
  const day = (step: number) =>
    new Date(trace.startMs + step * trace.stepMs).toISOString().slice(0, 16).replace('T', ' ')
  const labels = [...new Set(runs.map(({ label }) => label))]
  const hours = ((span.scoreTo - span.scoreFrom) * trace.stepMs) / HOUR
  const costs = (label: string) => meanOf(runs, label, (run) => run.cost)
  const against = (label: string) =>
    pairs.find(({ a, b, metric }) => a === label && b === 'hpa' && metric === 'overloadedMinutes')
  const rows = labels.map((label): Row => {
    const own = runs.filter((run) => run.label === label)
    const mean = (of: (run: RunRow) => number) => meanOf(runs, label, of)
    const pair = against(label)
    return {
      policy: own[0].policy,
      knob: knobText(own[0].knob),
      'late min': Math.round(mean((run) => run.overloadedMinutes)),
      'vs hpa': pair ? comparedWith(pair) : '',
      'late %': round(100 * mean((run) => run.sloViolationRatio), 2),
      'p95 ms': round(
        mean((run) => run.latencyMs.p95),
        0
      ),
      'p99 ms': round(
        mean((run) => run.latencyMs.p99),
        0
      ),
      'mean units': round(
        mean((run) => run.meanUnits),
        2
      ),
      cost: round(costs(label), 2),
      'saved %': label === 'fixed' ? null : Math.round(100 * (1 - costs(label) / costs('fixed'))),
      rescales: Math.round(mean((run) => run.rescales)),
      'flips/h': round(mean((run) => run.flips) / hours, 2),
      'false starts': Math.round(mean((run) => run.falseStarts)),
      'lead min': round(
        mean((run) => run.leadMinutes),
        1
      )
    }
  })
  const { leadTimeMs, unitRate, sloMs, unitHour, currency } = settings
  const mark = (key: string) => (plan.assumed.includes(key) ? ' (assumed)' : '')
  const lines = [
    `${plan.name}: trained ${day(span.fitFrom)} – ${day(span.scoreFrom)}, rehearsed ${day(span.scoreFrom)} – ${day(span.scoreTo)}, ${seeds.length} seed${seeds.length > 1 ? 's' : ''}`,
    `one unit serves ${round(unitRate, 1)} events/s${mark('unitRate')}, ready after ${leadText(leadTimeMs)}${mark('leadTimeMs')}; late = over ${round(sloMs, 0)} ms${mark('sloMs')}; ${unitHour} ${currency} per unit-hour${mark('unitHour')}`,
    ...Object.entries(chosen).map(
      ([name, knob]) => `${name}: ${knobText(knob)}, chosen on the training part`
    ),
    '',
    table(rows),
    '',
    'late min: minutes in which over 5 % of the events were late or any was dropped. vs hpa: with 95 % interval.',
    'saved: of the cost of fixed, 1.2 × the training peak. flips/h: rescales back within 10 minutes, an hour.',
    'oracle: perfect foresight, a bound and not a policy. lead min: how long before a ramp its units were ready (median).'
  ]
  return lines.join('\n')
}

function meanOf(runs: readonly RunRow[], label: string, of: (run: RunRow) => number): number {
  const own = runs.filter((run) => run.label === label)
  return own.reduce((sum, run) => sum + of(run), 0) / own.length
}

/** Simulated beside recorded: whether the world may be believed at all. */
export function asRunText({ how, unitRate, steps, simulated, recorded, rankCorrelation }: AsRun): string {
  const rate = `${round(unitRate, 2)} events/s per unit`
  const rates = {
    fitted: `${rate}, fitted so that as many steps are late as were`,
    'lower bound': `at least ${rate}: the record was never late, so the rate cannot be told from it`,
    'upper bound': `at most ${rate}: the record was always late, so the rate cannot be told from it`,
    given: `${rate}, as given: there is no recorded latency to fit it on`
  }
  const row = (what: string, { lateShare, meanMs, p95Ms }: Lateness): Row => ({
    'as run': what,
    'late steps %': round(100 * lateShare, 2),
    'mean ms': round(meanMs, 1),
    'p95 ms': round(p95Ms, 1)
  })
  return [
    `as run, ${steps.toLocaleString('en-US')} steps of recorded capacity: ${rates[how]}`,
    table([row('simulated', simulated), ...(recorded ? [row('recorded', recorded)] : [])]),
    ...(Number.isNaN(rankCorrelation)
      ? []
      : [`rank correlation of simulated and recorded latency: ${round(rankCorrelation, 2)}`])
  ].join('\n')
}

function knobText(knob: unknown): string {
  if (knob === null || typeof knob !== 'object') return ''
  return Object.entries(knob)
    .map(([name, value]) => `${name} ${typeof value === 'number' ? round(value, 3) : value}`)
    .join(', ')
}

function leadText({ p50, p90 }: { p50: number; p90: number }): string {
  return p50 === p90 ? formatDuration(p50) : `${formatDuration(p50)} (P90 ${formatDuration(p90)})`
}

/** A share of nothing is no number. */
function comparedWith({ relative, relativeCi95, difference }: Pair): string {
  if (!Number.isFinite(relative)) return difference > 0 ? 'hpa has none' : 'both have none'
  return `${percent(relative)} [${percent(relativeCi95[0])}, ${percent(relativeCi95[1])}]`
}

function percent(ratio: number): string {
  return Number.isFinite(ratio) ? `${ratio > 0 ? '+' : ''}${(100 * ratio).toFixed(0)} %` : '–'
}

function round(x: number, digits: number): number {
  return Math.round(x * 10 ** digits) / 10 ** digits
}

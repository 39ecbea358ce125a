/** From a rehearsal to what its report shows: the tracks of the first seed at the resolution of a screen. */
import { formatDuration } from '../base/index.ts'
import { inputsInWords, wordsOf } from '../explain/index.ts'
import type { Decision, Turn, Units } from '../roles.ts'
import { overloadedFlags } from './measure.ts'
import type { Plan } from './plan.ts'
import type { Contender, Rehearsed } from './rehearsal.ts'
import {
  downsample,
  type ReportData,
  type ReportDecision,
  type ReportRun,
  type ReportSetting,
  spansOf,
  stepLine
} from './report-data.ts'
import { learnedOf } from './report-learned.ts'
import { knobInWords } from './report-text.ts'

export interface ReportExtras {
  readonly world: string
  readonly forecast: string
  readonly timeNote?: string
  readonly notes?: readonly string[]
  readonly madeBy?: string
}

/** Finer than the screen, so that a day of eight weeks still has its minutes when it is looked at closely. */
const LOAD_POINTS = 60_000
const LATENCY_POINTS = 30_000

export function reportOf(rehearsed: Rehearsed, extras: ReportExtras): ReportData {
  const { plan, contenders, runs, pairs, points, seeds, chosen } = rehearsed
  const { trace, span, settings } = plan
  const track = contenders[0].tracks[0]
  const perSecond = 1_000 / track.stepMs
  const day = (step: number) => new Date(trace.startMs + step * trace.stepMs).toISOString().slice(0, 10)
  return {
    trace: plan.name,
    world: extras.world,
    startMs: track.startMs,
    endMs: track.startMs + track.arrivals.length * track.stepMs,
    subtitle: `trained on ${day(span.fitFrom)} – ${day(span.scoreFrom)}, rehearsed on ${day(span.scoreFrom)} – ${day(span.scoreTo)} in the ${extras.world} world`,
    ...(extras.timeNote && { timeNote: extras.timeNote }),
    loadUnit: trace.unit,
    load: downsample(
      track.arrivals.map((n) => n * perSecond),
      track.stepMs,
      LOAD_POINTS
    ),
    unitRate: settings.unitRate * plan.truth.unitRate,
    sloMs: settings.sloMs,
    currency: settings.currency,
    runs: contenders.map((contender) => runOf(plan, contender)),
    learned: contenders.flatMap(({ label, model }) => (model === undefined ? [] : [learnedOf(label, model)])),
    // The same policy under two settings is two rows.
    rows: runs.map((row) => (row.policy === 'fixed-best' ? row : { ...row, policy: row.label })),
    pairs,
    points,
    settings: settingsOf(plan, extras.forecast, seeds, chosen),
    notes: extras.notes ?? [],
    ...(extras.madeBy && { madeBy: extras.madeBy })
  }
}

function runOf(plan: Plan, { label, tracks, turns }: Contender): ReportRun {
  const [track] = tracks
  return {
    label,
    target: `${plan.name}/${label}`,
    ready: stepLine(track.ready, track.stepMs),
    paid: stepLine(
      track.ready.map((ready, i) => ready + track.starting[i]),
      track.stepMs
    ),
    latencyMs: downsample(track.latencyMs, track.stepMs, LATENCY_POINTS),
    late: spansOf(overloadedFlags(track)),
    decisions: turns.map(decisionOf),
    decisionsLeftOut: 0
  }
}

/** One Turn in a line; the whole of it is what `explain` is for. */
export function decisionOf({ atMs, observation, decision }: Turn): ReportDecision {
  const from = sum({ ...observation.capacity.ready, ...observation.capacity.wanted })
  return { atMs, from, to: sum(decision.to), rule: wordsOf(decision.why.rule), because: because(decision) }
}

function because({ to, why }: Decision): string {
  const several = Object.keys(to).length > 1 ? [`asks for ${inputsInWords(to, 5)}`] : []
  const changed = why.changed.map(({ by, because }) => `${by}: ${because}`)
  const bound = why.bound.length === 0 ? [] : [`held back by ${why.bound.join(', ')}`]
  const line = [...several, inputsInWords(why.inputs, 9), ...changed, ...bound].filter(Boolean).join('; ')
  return line.length > 240 ? `${line.slice(0, 239)}…` : line
}

function sum(units: Units): number {
  return Object.values(units).reduce((total, n) => total + n, 0)
}

function settingsOf(
  plan: Plan,
  forecast: string,
  seeds: readonly number[],
  chosen: Rehearsed['chosen']
): ReportSetting[] {
  const { settings, truth } = plan
  const { leadTimeMs, unitRate } = settings
  const assumed = (key: string) => ({ assumed: plan.assumed.includes(key) })
  const round = (x: number) => Number(x.toPrecision(4)).toLocaleString('en-US', { maximumFractionDigits: 4 })
  const times = (factor: number) => (factor === 1 ? '' : `, really ${factor} times that`)
  return [
    {
      name: 'one unit serves',
      value: `${round(unitRate)} events/s${times(truth.unitRate)}`,
      ...assumed('unitRate'),
      note: 'policies do not see it: they estimate it from noisy, late metrics'
    },
    ...(plan.world.kind === 'service'
      ? [
          {
            name: 'as servers',
            value: `${plan.world.serversPerUnit} in a unit, ${round(plan.world.serviceTimeMs)} ms each event`,
            ...assumed('serviceTimeMs')
          }
        ]
      : []),
    {
      name: 'lead time',
      value: `${formatDuration(leadTimeMs.p50)} (P50), ${formatDuration(leadTimeMs.p90)} (P90)${times(truth.leadTime)}`,
      ...assumed('leadTimeMs')
    },
    { name: 'an event is late over', value: `${round(settings.sloMs)} ms`, ...assumed('sloMs') },
    {
      name: 'price of a unit',
      value: `${settings.unitHour} ${settings.currency} an hour`,
      ...assumed('unitHour')
    },
    { name: 'units allowed', value: `${settings.minUnits} – ${settings.maxUnits}`, ...assumed('maxUnits') },
    { name: 'step of the world', value: formatDuration(settings.stepMs), ...assumed('stepMs') },
    { name: 'forecaster shown', value: forecast },
    { name: 'seeds', value: seeds.join(', '), note: 'the time axis shows the first' },
    ...Object.entries(chosen).map(([name, knob]) => ({
      name: `setting of ${name}`,
      value: knobInWords(knob),
      note: 'chosen on the training part only'
    }))
  ]
}

/**
 * Closed loop — 18 hours of the cars job with its 23 failures, in each of the three worlds the recorded runs allow: every
 * static size, perfect foresight, and policies that begin with no history and learn as they run.
 */

import { MINUTE, type Series, sliceSteps } from '../../../src/base/index.ts'
import { stream } from '../../../src/sim/index.ts'
import type { Claim, Experiment, ExperimentOptions, ExperimentResult } from '../../experiment.ts'
import {
  carsLoad,
  carsWorld,
  FAILURES_MS,
  JOB,
  OPERATOR_LIKE,
  REACTIVE_LIKE,
  WORLDS,
  type WorldName
} from '../worlds.ts'
import expected from './expected.json' with { type: 'json' }
import { foresight } from './foresight.ts'
import { runPolicies } from './policies.ts'
import { newSeconds, note, type Score, score } from './score.ts'

export const experiment: Experiment = {
  name: 'stream-runs/closed-loop',
  says: '18 h of a real stream job with 23 failures in three worlds: static sizes, foresight, hpa, flink, ds2, mpc',
  run
}

/** By the name in the table: hpa as in the record, flink and ds2 as they come and as somebody would set them, ours. */
const POLICIES: Readonly<Record<string, string>> = {
  'hpa 35 % CPU': 'hpa:target=.35',
  flink: 'flink',
  'flink as recorded':
    'flink:utilizationTarget=.35,targetUtilizationBoundary=.15,metricsWindow=1m,stabilizationInterval=2m',
  ds2: 'ds2',
  'ds2 +30 %, every minute': 'ds2:policyInterval=1m,scalingFactor=.3'
}
/** What a late minute may cost mpc, in unit-minutes: printed for all, and one of them is chosen. */
const PRICES = [40, 45, 50, 55, 60, 70, 80, 120]
const SHORT_PRICE = 60
/** What the issue asks of mpc. */
const ASKED = { meanUnits: 15, rescales: 20, published: 0.049, strict: 0.06 }
const FORECAST = 'blend'
const SIZES = Array.from({ length: 15 }, (_, i) => 10 + i)
const FORESIGHT_SIZES = Array.from({ length: 19 }, (_, i) => 6 + i)
const FORESIGHT_UNITS = [10.1, 12, 14, 16, 18, 20]
const SHORT_S = 3 * 3600

interface Line extends Score {
  readonly world: string
  readonly policy: string
}

async function run({ long, progress }: ExperimentOptions): Promise<ExperimentResult> {
  const whole = carsLoad()
  const load = long ? whole : sliceSteps(whole, 0, SHORT_S)
  const worlds = (long ? Object.keys(WORLDS) : ['first']) as WorldName[]
  const lines: Line[] = []
  const price = long ? choosePrice(load, worlds, progress) : SHORT_PRICE
  const prices = long ? PRICES : [price]
  const policies = {
    ...POLICIES,
    mpc: `mpc:price=${price}`,
    ...mpcAt(prices.filter((other) => other !== price))
  }
  for (const world of worlds) {
    const add = (policy: string, { published, strict, meanUnits, rescales }: Score) =>
      lines.push({ world, policy, published, strict, meanUnits, rescales })
    for (const units of long ? SIZES : [10, 14, 18]) add(`static ${units}`, runStatic(load, world, units))
    progress(`${world}: foresight`)
    const sees = foresight(load, WORLDS[world], REACTIVE_LIKE, { epochS: 60, sizes: FORESIGHT_SIZES })
    for (const units of long ? FORESIGHT_UNITS : [12]) add(`oracle ${units}`, sees.reach(units))
    for (const { label, ...reached } of runPolicies(
      policies,
      FORECAST,
      load,
      WORLDS[world],
      REACTIVE_LIKE,
      (line) => progress(`${world}: ${line}`)
    )) {
      add(label, reached)
    }
  }
  if (long) {
    // A stop of up to three minutes needs longer epochs.
    const sees = foresight(load, WORLDS.first, OPERATOR_LIKE, { epochS: 300, sizes: FORESIGHT_SIZES })
    for (const units of FORESIGHT_UNITS.slice(1)) {
      lines.push({
        world: 'first, operator-like stops',
        policy: `oracle ${units}`,
        ...only(sees.reach(units))
      })
    }
  }
  return {
    experiment: experiment.name,
    settings: {
      hours: load.values.length / 3600,
      failures: FAILURES_MS.length,
      worlds: WORLDS,
      stops:
        'reactive-like: 15 s up, 8 s down, 33 s at a failure, 6 s read again, 27 s warm-up; slots at hand',
      begins: '24 slots, no history',
      forecast: FORECAST,
      mpcPrice: price,
      mpcPriceChosen: long
        ? 'on the same load with every failure 20 minutes later, which is not scored'
        : 'fixed'
    },
    rows: lines.map((line) => ({
      world: line.world,
      policy: line.policy,
      'mean units': round(line.meanUnits, 2),
      'published %': percent(line.published),
      'strict %': percent(line.strict),
      rescales: line.rescales
    })),
    claims: long
      ? [...mpcClaims(lines, worlds), ...boundClaims(lines)]
      : mpcClaims(lines, worlds).map(ofShortForm)
  }
}

/** Three hours with one failure each 45 minutes say little about eighteen: the claim must not pass for the real one. */
function ofShortForm(claim: Claim): Claim {
  return { ...claim, id: `${claim.id}-short`, text: `${claim.text} (the first 3 of 18 hours only)` }
}

function only({ published, strict, meanUnits, rescales }: Score): Score {
  return { published, strict, meanUnits, rescales }
}

function runStatic(load: Series, world: WorldName, units: number): Score {
  const model = stream(carsWorld(WORLDS[world], units))
  const seconds = newSeconds(load.values.length)
  let state = model.initial(1)
  for (const arrivals of load.values) {
    state = model.transition(state, { [JOB]: units }, arrivals)
    note(seconds, state.outcome)
  }
  return score(seconds)
}

/**
 * Nobody may tune on what is scored: the price is the one that keeps closest to what is asked in all worlds when the failures
 * come 20 minutes later than they did.
 */
function choosePrice(load: Series, worlds: readonly WorldName[], progress: (line: string) => void): number {
  const failures = FAILURES_MS.map((ms) => ms + 20 * MINUTE)
  const worst = new Map(PRICES.map((price) => [priceLabel(price), 0]))
  for (const world of worlds) {
    const outages = { ...REACTIVE_LIKE, failures }
    for (const { label, ...reached } of runPolicies(
      mpcAt(PRICES),
      FORECAST,
      load,
      WORLDS[world],
      outages,
      (line) => progress(`choosing a price, ${world}: ${line}`)
    )) {
      worst.set(label, Math.max(worst.get(label)!, worstRatio(reached)))
    }
  }
  return PRICES.reduce((best, price) =>
    worst.get(priceLabel(price))! < worst.get(priceLabel(best))! ? price : best
  )
}

/** The largest of its numbers, each as a share of what is asked. */
function worstRatio(reached: Score): number {
  return Math.max(
    reached.meanUnits / ASKED.meanUnits,
    reached.rescales / ASKED.rescales,
    reached.published / ASKED.published,
    reached.strict / ASKED.strict
  )
}

function mpcAt(prices: readonly number[]): Record<string, string> {
  return Object.fromEntries(prices.map((price) => [priceLabel(price), `mpc:price=${price}`]))
}

function priceLabel(price: number): string {
  return `mpc at price ${price}`
}

function mpcClaims(lines: readonly Line[], worlds: readonly WorldName[]): Claim[] {
  const limits = worlds.map((world) => {
    const mpc = find(lines, world, 'mpc')
    return {
      id: `mpc-${world}`,
      text: `mpc in the ${world} world: mean units, rescales, late % published and strict`,
      expected: '≤ 15 units, ≤ 20 rescales, ≤ 4.9 %, ≤ 6 %',
      measured: said(mpc),
      holds: worstRatio(mpc) <= 1
    }
  })
  const first = find(lines, 'first', 'mpc')
  const aim = {
    id: 'mpc-first-aim',
    text: 'the aim beyond, in the first world',
    expected: '≤ 11 units at ≤ 5 % strict',
    measured: said(first),
    holds: first.meanUnits <= 11 && first.strict <= 0.05
  }
  return [...limits, aim]
}

/** The world against what was measured in the same worlds before: static sizes and foresight. */
function boundClaims(lines: readonly Line[]): Claim[] {
  const statics = Object.entries(expected.static).flatMap(([world, sizes]) =>
    Object.entries(sizes).map(([units, [published, strict]]): Claim => {
      const ours = find(lines, world, `static ${units}`)
      return {
        id: `static-${world}-${units}`,
        text: `${units} units that never change in the ${world} world, late % within 0.3 points of the earlier measurement`,
        expected: `${published} / ${strict}`,
        measured: pair(ours),
        holds:
          Math.abs(100 * ours.published - published) <= 0.3 && Math.abs(100 * ours.strict - strict) <= 0.3
      }
    })
  )
  const known = [
    ['first', expected.foresight.first],
    ['third', expected.foresight.third],
    ['first, operator-like stops', expected.operatorLikeForesight]
  ] as const
  const plans = known.flatMap(([world, sizes]) =>
    Object.entries(sizes).map(([units, [published, strict]]): Claim => {
      const ours = find(lines, world, `oracle ${units}`)
      return {
        id: `foresight-${world.replace(/[, ]+/g, '-')}-${units}`,
        text: `foresight at ${units} mean units in the ${world} world is no later than the earlier plan (0.1 points)`,
        expected: `≤ ${published} / ${strict}`,
        measured: pair(ours),
        holds: 100 * ours.published <= published + 0.1 && 100 * ours.strict <= strict + 0.1
      }
    })
  )
  const hpa = find(lines, 'first', 'hpa 35 % CPU')
  return [
    ...statics,
    ...plans,
    {
      id: 'hpa-as-recorded',
      text: 'hpa at 35 % CPU goes as the recorded reactive run: units within 15 %, rescales within 30 %, late within 4 points',
      expected: `${expected.hpa.meanUnits} units, ${expected.hpa.rescales} rescales, ${expected.hpa.published} %`,
      measured: said(hpa),
      holds:
        Math.abs(hpa.meanUnits / expected.hpa.meanUnits - 1) <= 0.15 &&
        Math.abs(hpa.rescales / expected.hpa.rescales - 1) <= 0.3 &&
        Math.abs(100 * hpa.published - expected.hpa.published) <= 4
    }
  ]
}

function find(lines: readonly Line[], world: string, policy: string): Line {
  return lines.find((line) => line.world === world && line.policy === policy)!
}

function said(line: Line): string {
  return `${line.meanUnits.toFixed(1)} units, ${line.rescales} rescales, ${percent(line.published)} %, ${percent(line.strict)} %`
}

function pair(line: Line): string {
  return `${percent(line.published)} / ${percent(line.strict)} (${line.meanUnits.toFixed(1)} units)`
}

function percent(share: number): number {
  return round(100 * share, 2)
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}

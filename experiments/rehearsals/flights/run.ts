/**
 * Three million flights under every policy: does looking ahead help, and is it more than a lower target would buy?
 *
 * Developed on weeks 1–12 (fitted on 1–4, scored on 5–12). Weeks 13–26 are opened by `--long` only, with the settings
 * that were best on the development part; both are printed.
 */
import { DAY, MINUTE } from '../../../src/base/index.ts'
import { readData } from '../../../src/cli/data.ts'
import { doJobsInWorkers, threads } from '../../../src/cli/jobs.ts'
import { atEqualCost, chooseKnob, type FrontierPoint, frontierOf } from '../../../src/compare/frontier.ts'
import { planService, type ServiceSettings, type Span } from '../../../src/compare/plan.ts'
import { parsePolicies } from '../../../src/compare/policy-spec.ts'
import { type Rehearsed, rehearseAll } from '../../../src/compare/rehearsal.ts'
import type { Claim, Experiment, ExperimentOptions, ExperimentResult } from '../../experiment.ts'
import {
  frontierRows,
  headline,
  headlineRows,
  otherTruths,
  REACTIVE,
  REACTIVE_NAMES,
  savedClaim
} from '../summary.ts'

const WEEK = 7 * DAY
const LEAD = { p50: 3 * MINUTE, p90: 3 * MINUTE }

export const experiment: Experiment = {
  name: 'rehearsals/flights',
  says: 'three million flights, scale 1,000, lead time 3 min: every policy, its frontier, and the bound',
  run
}

async function run(options: ExperimentOptions): Promise<ExperimentResult> {
  const { series } = await readData('builtin:flights', { scale: 1000 })
  const weeks = (n: number) => Math.round((n * WEEK) / series.stepMs)
  const rehearse = (
    part: string,
    span: Span,
    ours: string,
    frontier: readonly string[],
    truth?: ServiceSettings['truth']
  ) =>
    rehearseAll(
      planService('flights', series, span, { leadTimeMs: LEAD, truth }),
      {
        policies: parsePolicies(`${REACTIVE.join(',')},fixed-best,${ours}`),
        forecast: 'blend',
        seeds: [1],
        frontier,
        chooseKnobs: false,
        threads
      },
      doJobsInWorkers((line) => options.progress(`${part}, ${line}`))
    )
  const swept = [...REACTIVE_NAMES, 'mpc']
  const development = { fitFrom: 0, scoreFrom: weeks(4), scoreTo: options.long ? weeks(12) : weeks(30 / 7) }
  const tried = await rehearse('development', development, 'mpc:price=50', swept)
  const price = bestPrice(tried)
  const ours = `mpc:price=${price}`
  const parts = [{ part: 'development', rehearsed: tried, price }]
  if (options.long) {
    const held = { fitFrom: 0, scoreFrom: weeks(12), scoreTo: series.values.length }
    parts.push({
      part: 'held back',
      rehearsed: await rehearse('held back', held, ours, REACTIVE_NAMES),
      price
    })
    // Four weeks are enough to see what a wrong belief costs.
    const last = { ...held, scoreFrom: weeks(22) }
    for (const [name, truth] of otherTruths) {
      const part = `weeks 23–26, ${name}`
      parts.push({ part, rehearsed: await rehearse(part, last, ours, REACTIVE_NAMES, truth), price })
    }
  }
  return {
    experiment: experiment.name,
    settings: {
      scale: 1000,
      leadTimeMs: LEAD.p50,
      seeds: 1,
      forecast: 'blend',
      mpc: { price },
      priceChosenOn: options.long ? 'weeks 5–12' : 'two days of week 5',
      times: 'local to each airport'
    },
    rows: [
      ...parts.flatMap(({ part, rehearsed }) => headlineRows(part, rehearsed)),
      ...parts.slice(0, 2).flatMap(({ part, rehearsed }) => frontierRows(part, rehearsed.frontier))
    ],
    claims: parts.flatMap(({ part, rehearsed }) => claimsOf(part, rehearsed, price))
  }
}

/** Fewest overloaded minutes at no more than 1.2 × the cost of hpa, on the development part. */
function bestPrice(tried: Rehearsed): number {
  const hpa = headline(tried, 'hpa')
  const knob = chooseKnob(
    tried.points.filter(({ policy }) => policy === 'mpc'),
    hpa.unitHours
  )?.knob
  return (knob as { price: number }).price
}

function claimsOf(part: string, rehearsed: Rehearsed, price: number): Claim[] {
  const hpa = headline(rehearsed, 'hpa')
  const isOurs = ({ policy, knob }: FrontierPoint) =>
    policy === 'mpc' && (knob as { price: number }).price === price
  const mpc = rehearsed.points.find(isOurs)
  if (!mpc) throw new Error(`mpc was not rehearsed at price ${price}`)
  const equal = atEqualCost(mpc, frontierOf(rehearsed.points, REACTIVE))
  const bound = atEqualCost(mpc, frontierOf(rehearsed.points, ['oracle']))
  const id = part
    .replace('+', 'plus ')
    .replace('−', 'minus ')
    .replaceAll(/[^a-z0-9]+/g, '-')
  const fewer = 1 - mpc.overloadedMinutes / hpa.overloadedMinutes
  return [
    savedClaim(
      `${id}-fewer-than-hpa`,
      `${part}: share of hpa's overloaded minutes that mpc saves`,
      0.66,
      fewer
    ),
    {
      id: `${id}-cost`,
      text: `${part}: cost of mpc as a multiple of hpa's`,
      expected: '≤ 1.2',
      measured: mpc.unitHours / hpa.unitHours,
      holds: mpc.unitHours <= 1.2 * hpa.unitHours
    },
    savedClaim(
      `${id}-equal-cost`,
      `${part}: share of overloaded minutes saved against the best-tuned reactive frontier at equal cost`,
      0.5,
      equal.saved
    ),
    {
      id: `${id}-gap-to-oracle`,
      text: `${part}: overloaded minutes above perfect foresight at equal cost (${Math.round(mpc.overloadedMinutes)} of mpc)`,
      expected: 'printed',
      measured: Number.isNaN(bound.theirs) ? null : mpc.overloadedMinutes - bound.theirs,
      holds: true
    }
  ]
}

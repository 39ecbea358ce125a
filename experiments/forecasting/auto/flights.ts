/** `mpc` on flights, shown the forecasts of `auto` and of `blend`: late minutes at equal cost. */
import { DAY, MINUTE } from '../../../src/base/index.ts'
import { readData } from '../../../src/cli/data.ts'
import { doJobsInWorkers, threads } from '../../../src/cli/jobs.ts'
import type { Row } from '../../../src/cli/output.ts'
import { atEqualCost, type FrontierPoint, frontierOf } from '../../../src/compare/frontier.ts'
import { planService } from '../../../src/compare/plan.ts'
import { parsePolicies } from '../../../src/compare/policy-spec.ts'
import { rehearseAll } from '../../../src/compare/rehearsal.ts'
import type { Claim } from '../../experiment.ts'
import type { Part } from '../sets.ts'

const LEAD = { p50: 3 * MINUTE, p90: 3 * MINUTE }
/** Of `rehearsals/flights`, chosen there on weeks 5–12. */
const PRICE = 50

export interface FlightsRun {
  readonly forecast: string
  readonly span: string
  /** Every price of `mpc`. */
  readonly points: readonly FrontierPoint[]
}

/** Weeks 23–26 fitted on all before when the held-back part is opened, else weeks 9–12 fitted on 1–8. */
export async function rehearseFlights(part: Part, progress: (line: string) => void): Promise<FlightsRun[]> {
  const { series } = await readData('builtin:flights', { scale: 1000 })
  const day = Math.round(DAY / series.stepMs)
  const held = part === 'held-back'
  const scoreFrom = (held ? 22 : 8) * 7 * day
  const scoreTo = held ? series.values.length : scoreFrom + 28 * day
  const plan = planService('flights', series, { fitFrom: 0, scoreFrom, scoreTo }, { leadTimeMs: LEAD })
  const runs: FlightsRun[] = []
  for (const forecast of ['blend', 'auto']) {
    const { points } = await rehearseAll(
      plan,
      {
        policies: parsePolicies(`mpc:price=${PRICE}`),
        forecast,
        seeds: [1],
        // Theirs is swept, ours has the one price.
        frontier: forecast === 'blend' ? ['mpc'] : false,
        chooseKnobs: false,
        threads
      },
      doJobsInWorkers((line) => progress(`flights with ${forecast}, ${line}`))
    )
    const span = held ? 'weeks 23–26' : 'weeks 9–12'
    runs.push({ forecast, span, points: points.filter(({ policy }) => policy === 'mpc') })
  }
  return runs
}

export function flightsRows(runs: readonly FlightsRun[]): Row[] {
  return runs.flatMap(({ forecast, span, points }) =>
    points.map(({ knob, unitHours, overloadedMinutes }) => ({
      set: `flights, ${span}`,
      model: forecast,
      knob: JSON.stringify(knob),
      unitHours,
      overloadedMinutes
    }))
  )
}

export function flightsClaims(runs: readonly FlightsRun[]): Claim[] {
  const [blend, auto] = ['blend', 'auto'].map((name) => runs.find(({ forecast }) => forecast === name))
  if (!blend || !auto) return []
  const own = auto.points.find(({ knob }) => (knob as { price: number }).price === PRICE)
  if (!own) return []
  const { theirs } = atEqualCost(own, frontierOf(blend.points, ['mpc']))
  return [
    {
      id: 'flights-mpc',
      text: `flights, ${auto.span}: late minutes of mpc with auto at its price of rehearsals/flights; with blend at equal cost: ${theirs.toFixed(1)}`,
      expected: `≤ ${theirs.toFixed(1)}`,
      measured: own.overloadedMinutes,
      holds: own.overloadedMinutes <= theirs
    }
  ]
}

/** From runs to rows and claims: means over seeds, differences paired by seed. */
import type { Claim } from '../../experiment.ts'
import { estimate, interval, rounded } from '../estimate.ts'
import type { Load, Scores } from '../worlds.ts'

export interface Run {
  readonly load: Load
  readonly forecast: string
  readonly policy: string
  readonly seed: number
  readonly knob: string
  readonly scores: Scores
  /** States with low utilisation and a rising forecast in which `up` is best. */
  readonly early?: number
}

const MEASURES = [
  'reward',
  'meanUnits',
  'lateMinutes',
  'sloViolationRatio',
  'changesPerHour',
  'flipsPerHour',
  'leadMinutes',
  'zoneLeadMinutes'
] as const

/** Policies that look at a forecast. */
const INFORMED = [
  'q-learning',
  'sarsa',
  'q-learning, 500 days',
  'q-learning as published',
  'proportional, tuned'
]

export function rowsOf(runs: readonly Run[]) {
  const groups = Map.groupBy(runs, ({ load, forecast, policy }) => `${load}|${forecast}|${policy}`)
  return [...groups.values()].map((group) => {
    const [{ load, forecast, policy, knob }] = group
    const same = group.every((one) => one.knob === knob)
    const means = MEASURES.map((name) => [name, estimate(group.map(({ scores }) => scores[name]))] as const)
    return {
      load,
      forecast: INFORMED.includes(policy) ? forecast : '–',
      policy,
      knob: same ? knob : 'each seed its own',
      seeds: group.length,
      ...Object.fromEntries(means.map(([name, { mean }]) => [name, rounded(mean)])),
      rewardInterval: interval(means[0][1])
    }
  })
}

export function claimsOf(runs: readonly Run[], load: Load): Claim[] {
  const of = (policy: string, forecast = 'blend') =>
    runs.filter((one) => one.load === load && one.policy === policy && one.forecast === forecast)
  const learned = of('q-learning')
  const paired = (policy: string, difference: (a: Scores, b: Scores) => number) => {
    const beside = of(policy)
    return estimate(learned.map(({ scores }, i) => difference(scores, beside[i].scores)))
  }
  const own = (name: (typeof MEASURES)[number], forecast = 'blend') =>
    estimate(of('q-learning', forecast).map(({ scores }) => scores[name]))
  const claim = (id: string, text: string, expected: string, measured: number, holds: boolean): Claim => ({
    id: `${load.replaceAll(' ', '-')}-${id}`,
    text: `${load}: ${text}`,
    expected,
    measured: rounded(measured),
    holds
  })

  const saving = (policy: string) => paired(policy, (a, b) => 1 - a.meanUnits / b.meanUnits)
  const fixed = saving('fixed')
  const best = saving('fixed-best')
  const violations = paired('fixed', (a, b) => a.sloViolationRatio - b.sloViolationRatio)
  const late = paired('fixed', (a, b) => a.lateMinutes - b.lateMinutes)
  const rule = paired('threshold, tuned', (a, b) => a.reward - b.reward)
  const informed = paired('proportional, tuned', (a, b) => a.reward - b.reward)
  const early = Math.min(...learned.map((one) => one.early ?? 0))
  const lead = own('leadMinutes')
  const zone = own('zoneLeadMinutes')
  const flips = own('flipsPerHour')
  const others = [...new Set(runs.filter((one) => one.load === load).map(({ forecast }) => forecast))]
  const inTime = estimate(learned.map(({ scores }) => 1 - scores.sloViolationRatio))
  const before = paired('q-learning, 500 days', (a, b) => a.reward - b.reward)
  const leads = others.map((forecast) => `${forecast} ${rounded(own('zoneLeadMinutes', forecast).mean)}`)
  const compliance = claim(
    'compliance',
    load === 'easy'
      ? `share of arrivals within the SLO where demand never exceeds what one unit serves, ${interval(inTime)}; the report claims 99.9 %`
      : `share of arrivals within the SLO, ${interval(inTime)}`,
    load === 'easy' ? '≥ 0.999' : 'printed',
    inTime.mean,
    load !== 'easy' || inTime.mean >= 0.999
  )
  if (load === 'easy') {
    const text = `units saved there against a static size of the training peak × 1.2, ${interval(fixed)}`
    return [compliance, claim('saving-fixed', text, 'printed', fixed.mean, true)]
  }
  return [
    compliance,
    claim(
      'saving-fixed',
      `units saved against a static size of the training peak × 1.2, ${interval(fixed)}; the source says about 40 %`,
      '≥ 0.3',
      fixed.mean,
      fixed.mean >= 0.3
    ),
    claim(
      'saving-fixed-best',
      `units saved against the cheapest constant that is as rarely late, ${interval(best)}`,
      '> 0',
      best.mean,
      best.ci95[0] > 0
    ),
    claim(
      'violations',
      `share of arrivals over the SLO, above that of the static size, ${interval(violations)}`,
      '≤ 0.005',
      violations.mean,
      violations.mean <= 0.005
    ),
    claim(
      'late-minutes',
      `share of late minutes, above that of the static size, ${interval(late)}`,
      '≤ 0.005',
      late.mean,
      late.mean <= 0.005
    ),
    claim(
      'threshold',
      `reward a minute above that of the threshold rule tuned on the same days, ${interval(rule)}`,
      '≥ 0',
      rule.mean,
      rule.mean >= 0
    ),
    claim(
      'proportional',
      `reward a minute above that of a proportional rule tuned on the same days and given the same forecast, ${interval(informed)}`,
      '≥ 0',
      informed.mean,
      informed.mean >= 0
    ),
    claim(
      'training',
      `reward a minute above that of a table trained on 500 whole days, as in the first edition, ${interval(before)}`,
      'printed',
      before.mean,
      true
    ),
    claim(
      'early',
      'states below 60 % utilisation with a rising forecast in which up is best, fewest of any seed',
      '≥ 1',
      early,
      early >= 1
    ),
    claim(
      'lead',
      `mean lead before the ramps that can be foreseen, minutes, 60 at most; request to need is two minutes of boot more; ${interval(lead)}`,
      '≥ 0',
      lead.mean,
      lead.mean >= 0
    ),
    claim(
      'zone-lead',
      `the same before the zone would be left, ${interval(zone)}; by forecast: ${leads.join(', ')}`,
      '≥ 0',
      zone.mean,
      zone.mean >= 0
    ),
    claim('flips', `flips an hour, ${interval(flips)}`, '≤ 6', flips.mean, flips.mean <= 6)
  ]
}

/** What does a policy cost that was sabotaged, and an honest one, in charge for as long as the shadow lets them? */
import type { RunMeasures } from '../../../src/compare/measure.ts'
import {
  inShadow,
  livedBy,
  reference,
  SCORED_HOURS,
  sabotage,
  sabotageDay,
  sabotaged
} from '../../../src/compare/spark-sabotage.case.ts'
import { learnedPolicies } from '../../../src/decide/index.ts'
import type { Policy } from '../../../src/roles.ts'
import { type Estimated, estimate, interval, rounded } from '../../elastic-q-learning/estimate.ts'
import type { Claim, Experiment, ExperimentOptions, ExperimentResult } from '../../experiment.ts'
import { savedModel } from '../models.ts'

/** Days that nothing was tuned on: the shadow was, on the day of seed 5. */
const FIRST_DAY = 54_001
const DAYS = 20
const HONEST = 'an honest network'
/** More than the reference costs, in charge for twelve hours, and more of the messages late. */
const [DEARER, LATER] = [0.3, 0.08]

export const experiment: Experiment = {
  name: 'edge-burst-ppo/shadow',
  says: 'sabotaged policies and an honest one in a shadow of hpa, on days that the shadow was not tuned on',
  run
}

interface Lived extends RunMeasures {
  /** Share of its turns in which it was in charge itself; NaN without a shadow. */
  readonly inCharge: number
}
type Day = Readonly<Record<string, Lived>>

async function run({ long, progress }: ExperimentOptions): Promise<ExperimentResult> {
  const seeds = Array.from({ length: long ? DAYS : 2 }, (_, i) => FIRST_DAY + i)
  const days = seeds.map((seed, i) => {
    progress(`day ${i + 1} of ${seeds.length}`)
    return lived(seed)
  })
  const names = Object.keys(rulesOf(0))
  return {
    experiment: experiment.name,
    settings: {
      form: long ? 'long' : 'short',
      days: seeds.length,
      firstDay: FIRST_DAY,
      hoursScored: SCORED_HOURS,
      reference: 'hpa:target=.7'
    },
    rows: names.map((policy) => rowOf(days, policy)),
    claims: [...Object.keys(sabotage), HONEST].flatMap((name) => claimsOf(days, name))
  }
}

function lived(seed: number): Day {
  const day = sabotageDay(seed)
  const watched = Object.entries(rulesOf(day.fromMs)).map(([name, rule]) => ({ name, ...watch(rule) }))
  const measured = livedBy(day, seed, Object.fromEntries(watched.map(({ name, policy }) => [name, policy])))
  return Object.fromEntries(
    watched.map(({ name, inCharge }) => [name, { ...measured[name], inCharge: inCharge() }])
  )
}

/** Counts who was in charge: each decision says it. */
function watch(rule: Policy): { readonly policy: Policy; readonly inCharge: () => number } {
  let [turns, own] = [0, 0]
  const decide: Policy['decide'] = (seen, memory) => {
    const decided = rule.decide(seen, memory)
    const { shadow } = decided.decision.why.inputs
    if (typeof shadow === 'object' && shadow !== null && 'inCharge' in shadow) {
      turns++
      if (shadow.inCharge === 'learned') own++
    }
    return decided
  }
  return { policy: { ...rule, decide }, inCharge: () => own / turns }
}

function rulesOf(fromMs: number): Readonly<Record<string, Policy>> {
  const honest = () => learnedPolicies.ppo.make(savedModel('balanced', 'reactive'), { shield: false })
  const rules: Record<string, Policy> = { reference: reference() }
  for (const [name, rule] of Object.entries(sabotage)) {
    rules[name] = sabotaged(rule, fromMs)
    rules[shadowed(name)] = inShadow(sabotaged(rule, fromMs))
  }
  return { ...rules, [HONEST]: honest(), [shadowed(HONEST)]: inShadow(honest()) }
}

const shadowed = (name: string) => `${name}, in a shadow`

/** Above the reference of the same day. */
const dearer = (days: readonly Day[], policy: string) =>
  estimate(days.map((day) => day[policy].cost / day.reference.cost - 1))
const later = (days: readonly Day[], policy: string) =>
  estimate(days.map((day) => day[policy].sloViolationRatio - day.reference.sloViolationRatio))

function rowOf(days: readonly Day[], policy: string) {
  const cost = estimate(days.map((day) => day[policy].cost))
  const late = estimate(days.map((day) => day[policy].sloViolationRatio))
  const [more, worse] = [dearer(days, policy), later(days, policy)]
  const charge = estimate(days.map((day) => day[policy].inCharge))
  const isShadowed = !Number.isNaN(charge.mean)
  return {
    policy,
    inCharge: isShadowed ? rounded(charge.mean) : null,
    inChargeInterval: isShadowed ? interval(charge) : null,
    cost: rounded(cost.mean),
    dearer: rounded(more.mean),
    dearerInterval: interval(more),
    late: rounded(late.mean),
    later: rounded(worse.mean),
    laterInterval: interval(worse)
  }
}

function claimsOf(days: readonly Day[], name: string): Claim[] {
  const claim = (what: string, text: string, most: number, value: Estimated, bare: Estimated): Claim => ({
    id: `${name.replaceAll(' ', '-')}-${what}`,
    text: `${name}, in a shadow: ${text} than with the reference, ${interval(value)}; bare ${rounded(bare.mean)}, ${interval(bare)}`,
    expected: `≤ ${most}`,
    measured: rounded(value.mean),
    holds: value.mean <= most
  })
  return [
    claim('cost', 'share that it costs more', DEARER, dearer(days, shadowed(name)), dearer(days, name)),
    claim(
      'late',
      'share of messages more that are late',
      LATER,
      later(days, shadowed(name)),
      later(days, name)
    )
  ]
}

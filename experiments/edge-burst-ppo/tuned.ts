/** The simple rules with the knobs that the search found, for each scenario of its own. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { RewardScenario } from '../../src/sim/index.ts'
import { families, type Knobs, proportional, tuned } from './rules.ts'
import { BAD_ALARM, type Policy, scenarios, scene, seeds } from './scenes.ts'

export const rulesFile = fileURLToPath(new URL('models/rules.json', import.meta.url))

/** Knobs by scenario, then by rule. */
export type Rules = Readonly<Record<string, Readonly<Record<string, Knobs>>>>

export interface Rule {
  readonly name: string
  readonly knobs: Knobs
  readonly policy: Policy
}

/** The same rule, tuned where the alarm is bad. */
const BAD = 'proportional, given a bad alarm'
const informed = proportional(true)

export function searchedRules(told: (line: string) => void): Rules {
  return Object.fromEntries(
    scenarios.map((scenario) => {
      const environment = scene({ scenario })
      const found = families.map((family) => {
        told(`${scenario}: ${family.name}`)
        return [family.name, tuned(family, environment, seeds.development)] as const
      })
      told(`${scenario}: ${BAD}`)
      const bad = tuned(informed, scene({ scenario, signal: BAD_ALARM }), seeds.development)
      return [scenario, Object.fromEntries([...found, [BAD, bad]])]
    })
  )
}

export const savedRules = () => JSON.parse(readFileSync(rulesFile, 'utf8')) as Rules

export function rulesOf(scenario: RewardScenario, rules: Rules): Rule[] {
  return families.map((family) => {
    const knobs = rules[scenario][family.name]
    return { name: family.name, knobs, policy: family.make(knobs) }
  })
}

/** One of them with its committed knobs. */
export function ruleOf(scenario: RewardScenario, name: string): Policy {
  const family = name === BAD ? informed : families.find((one) => one.name === name)
  if (family === undefined) throw new Error(`${name} is not a rule`)
  return family.make(savedRules()[scenario][name])
}

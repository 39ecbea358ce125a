/** 200 to 800 messages/s: who is ready, who is late, and what does it cost? */
import type { RewardScenario } from '../../../src/sim/index.ts'
import type { Experiment, ExperimentOptions, ExperimentResult } from '../../experiment.ts'
import { savedModel } from '../models.ts'
import { type Policy, scenarios, seeds } from '../scenes.ts'
import { network } from '../training.ts'
import { rulesOf, savedRules } from '../tuned.ts'
import { claimsOf, type Run, rowsOf } from './claims.ts'
import { pictureOf, traceOf } from './pictures.ts'
import { outcome, played, type Storm, storm, worthOfAnswering } from './storm.ts'

export const experiment: Experiment = {
  name: 'edge-burst-ppo/tsunami',
  says: 'one accident, 200 to 800 messages/s: PPO with the edge’s alarm and without, beside simple rules',
  run
}

/** Trace and picture are of the environment's default scenario. */
const SHOWN: RewardScenario = 'balanced'

async function run({ long, progress }: ExperimentOptions): Promise<ExperimentResult> {
  const own = long ? seeds.tsunami : seeds.shortTsunami
  const rules = savedRules()
  const runs: Run[] = []
  const worth: { scenario: RewardScenario; kind: string; value: number }[] = []
  let shown: { storm: Storm; proactive: Policy; reactive: Policy } | undefined
  for (const scenario of scenarios) {
    progress(scenario)
    const proactive = network(savedModel(scenario, 'proactive'))
    const reactive = network(savedModel(scenario, 'reactive'))
    const policies: readonly (readonly [string, Policy])[] = [
      ['ppo, 13 numbers', proactive],
      ['ppo, 11 numbers', reactive],
      ...rulesOf(scenario, rules).map(({ name, policy }) => [name, policy] as const)
    ]
    for (const seed of own) {
      const one = storm(scenario, seed)
      for (const [policy, act] of policies) runs.push({ scenario, policy, ...outcome(one, played(one, act)) })
      if (one.alarm !== undefined) {
        worth.push({ scenario, kind: one.kind, value: worthOfAnswering(one, proactive) })
      }
      if (scenario === SHOWN && one.kind === 'warned') shown ??= { storm: one, proactive, reactive }
    }
  }
  return {
    experiment: experiment.name,
    settings: {
      form: long ? 'long' : 'short',
      seeds: own.length,
      firstSeed: own[0],
      startLagMs: '30000 to 60000',
      signal: 'cusum over 16 streets'
    },
    rows: rowsOf(runs),
    claims: scenarios.flatMap((scenario) => claimsOf(runs, worth, scenario)),
    pictures:
      shown === undefined
        ? undefined
        : {
            'tsunami.svg': pictureOf(
              played(shown.storm, shown.proactive),
              played(shown.storm, shown.reactive),
              shown.storm
            ),
            'trace.md': traceOf(played(shown.storm, shown.proactive), shown.storm)
          }
  }
}

/** The trained networks that are committed: `models/<scenario>-<proactive|reactive|wary>.json`. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { checkPpoModel, type PpoModel } from '../../src/decide/index.ts'
import type { RewardScenario } from '../../src/sim/index.ts'
import type { Kind } from './scenes.ts'

export const modelFile = (scenario: RewardScenario, kind: Kind) =>
  fileURLToPath(new URL(`models/${scenario}-${kind}.json`, import.meta.url))

export function savedModel(scenario: RewardScenario, kind: Kind): PpoModel {
  const file = modelFile(scenario, kind)
  return checkPpoModel(JSON.parse(readFileSync(file, 'utf8')), file.slice(file.lastIndexOf('/') + 1))
}

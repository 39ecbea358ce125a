/** Searches the knobs of the simple rules on development seeds and writes `models/rules.json`: `node experiments/edge-burst-ppo/tune.ts`. */
import { writeWhole } from '../../src/store/write-file.ts'
import { rulesFile, searchedRules } from './tuned.ts'

writeWhole(
  rulesFile,
  `${JSON.stringify(
    searchedRules((line) => process.stderr.write(`${line}\n`)),
    null,
    2
  )}\n`
)

/** What does a learned table save against static sizes, rules, and perfect foresight, on a load that nobody trained on? */
import { threads } from '../../../src/cli/jobs.ts'
import { inWorkers } from '../../../src/work/index.ts'
import type { Experiment, ExperimentOptions, ExperimentResult } from '../../experiment.ts'
import { LEARNING, type Load } from '../worlds.ts'
import { claimsOf, rowsOf } from './claims.ts'
import type { SavingsDone, SavingsJob } from './job.ts'
import { picturesOf } from './pictures.ts'

/** Seeds 1 to 10 were looked at while the settings were chosen. */
const FIRST_SEED = 101
const loads: readonly Load[] = ['wave', 'wave with spikes', 'morning', 'easy']
/** Networks are trained anew for each seed: half a minute and more. */
const NETWORK_SEEDS = 2

export const experiment: Experiment = {
  name: 'elastic-q-learning/savings',
  says: 'Q-learning and SARSA against static sizes, tuned rules and foresight, on days that nobody trained on',
  run
}

async function run({ long, progress }: ExperimentOptions): Promise<ExperimentResult> {
  const seeds = Array.from({ length: long ? 20 : 1 }, (_, i) => FIRST_SEED + i)
  const testDays = long ? 4 : 2
  const share = long ? 1 : 0.25
  const jobs = loads.flatMap((load) =>
    seeds.map((seed): SavingsJob => {
      const networks = long && load === 'morning' && seed < FIRST_SEED + NETWORK_SEEDS
      return { load, seed, testDays, share, networks }
    })
  )
  const module = new URL('./job.ts', import.meta.url)
  let begun = 0
  const done = await inWorkers<SavingsJob, SavingsDone>(module, 'savingsJob', jobs, {
    threads,
    progress: (i) => progress(`${++begun} of ${jobs.length} done: ${jobs[i].load}, seed ${jobs[i].seed}`)
  })
  const runs = done.flatMap((one) => one.runs)
  return {
    experiment: experiment.name,
    settings: {
      form: long ? 'long' : 'short',
      seeds: seeds.length,
      firstSeed: FIRST_SEED,
      testDays,
      shareOfTraining: share,
      ...LEARNING
    },
    rows: rowsOf(runs),
    claims: loads.flatMap((load) => claimsOf(runs, load)),
    pictures: picturesOf(done[0].table)
  }
}

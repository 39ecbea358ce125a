/**
 * Trains the networks anew and writes them into `models/`: `node experiments/edge-burst-ppo/train.ts [SCENARIO|KIND...]`.
 * Half a minute of one processor for each of the twelve trainings; the same bytes on every machine.
 */
import { writeWhole } from '../../src/store/write-file.ts'
import { modelFile } from './models.ts'
import { type Kind, scenarios } from './scenes.ts'
import { TRAININGS, type Training, trained } from './training.ts'

const asked = process.argv.slice(2)
const all: readonly Kind[] = ['proactive', 'reactive', 'wary']
const given = <T extends string>(names: readonly T[]) => {
  const some = names.filter((name) => asked.includes(name))
  return some.length > 0 ? some : names
}
const kinds = given(all)
const best = new Map<string, Training>()
for (let seed = 1; seed <= TRAININGS; seed++) {
  for (const scenario of given(scenarios)) {
    for (const kind of kinds) {
      const file = modelFile(scenario, kind)
      const one = trained(scenario, kind, seed, (line) => process.stderr.write(`${line}\n`))
      const kept = best.get(file)
      const stays = kept === undefined || one.validation > kept.validation
      process.stdout.write(
        `${scenario} ${kind} seed ${seed}: ${one.validation.toFixed(2)} in ${one.seconds.toFixed(0)} s${stays ? ', stays' : ''}\n`
      )
      if (!stays) continue
      best.set(file, one)
      writeWhole(file, `${JSON.stringify(one.model)}\n`)
    }
  }
}

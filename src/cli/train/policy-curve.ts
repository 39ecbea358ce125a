/** `--curve FILE`: the training of the model that was kept, as a picture or as data. */
import { trainingCurve } from '../../explain/training-curve.ts'
import { writeWhole } from '../../store/write-file.ts'
import { curveKind } from './policy-flags.ts'
import type { TrainedPolicy } from './policy-result.ts'

export function writeCurve(path: string, { kept, method }: TrainedPolicy): void {
  const { seed, steps, curve } = kept
  const asData = () => `${JSON.stringify({ model: method, seed, keptAt: steps, curve }, null, 1)}\n`
  const asPicture = () =>
    trainingCurve(curve, { title: `${method}, seed ${seed}`, ...(method === 'ppo' && { keptAt: steps }) })
  writeWhole(path, curveKind(path) === 'json' ? asData() : asPicture())
}

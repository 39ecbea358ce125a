/**
 * A trained PPO network as ONNX — for other runtimes, from a state as it is to what the network thinks of it.
 *
 *   state          [batch, size]      the numbers of a state, in the order of its `version`; none may be missing
 *   logits_<head>  [batch, choices]   one output per head; the policy takes the choice with the largest
 *   value          [batch, 1]         what the critic expects: the discounted rewards to come, scaled as in training
 *
 * How states are brought to one size (`ppo-scale.ts`) is inside. Outside stay holding where something was not measured, and
 * every guard. float32 throughout; verified against onnxruntime by tools/onnx-check.py.
 */
import { float32Of } from '../base/index.ts'
import type { Network } from '../nn/index.ts'
import { type Builder, builder, networkOperations, slice } from '../nn/onnx-layers.ts'
import { modelBytes, type OnnxModel, type Port } from '../nn/onnx-proto.ts'
import { actorAndCritic, checkPpoModel, type PpoModel, requireWeights, setWeights } from './ppo-model.ts'
import { LIMIT, readMoments, scaleOf } from './ppo-scale.ts'
import { sparkFeatures, sparkHeads, sparkStateVersion } from './spark-state.ts'

/** The model as the bytes of an .onnx file. Errors: `BAD_MODEL`. */
export function ppoToOnnx(model: PpoModel, producer: OnnxModel['producer']): Uint8Array {
  const { environment, units } = checkPpoModel(model)
  const { observationSize, actionSizes } = environment
  const players = actorAndCritic(environment, { units, maxBatch: 1, kernels: 'reference' })
  for (const which of ['actor', 'critic'] as const) {
    const network = players[which]
    setWeights(network, requireWeights(float32Of(model[which]), network, `the model: ${which}`))
  }
  const onto = builder()
  const x = onto.apply('Unsqueeze', [scaledOn(onto, model), onto.whole(0)])
  const logits = networkOn(onto, players.actor, x)
  const outputs: Port[] = []
  headsOf(model).forEach((head, i) => {
    const name = `logits_${head}`
    const from = actionSizes.slice(0, i).reduce((sum, size) => sum + size, 0)
    const part = slice(onto, logits, 1, from, from + actionSizes[i])
    onto.add({ type: 'Identity', inputs: [part], outputs: [name] })
    outputs.push({ name, shape: ['batch', actionSizes[i]] })
  })
  onto.add({ type: 'Identity', inputs: [networkOn(onto, players.critic, x)], outputs: ['value'] })
  outputs.push({ name: 'value', shape: ['batch', 1] })
  return modelBytes({
    graph: {
      name: 'ppo',
      says: 'a state as it is, the logits of each head, and what the critic expects',
      inputs: [{ name: 'state', shape: ['batch', observationSize] }],
      outputs,
      constants: onto.constants,
      operations: onto.operations
    },
    producer,
    metadata: metadataOf(model)
  })
}

/** (x − mean) · factor, held at ± the limit, [batch, size]; the state itself where training did not scale it. */
function scaledOn(onto: Builder, { scaling, environment }: PpoModel): string {
  if (scaling === null) return 'state'
  const size = environment.observationSize
  const { mean, factor } = scaleOf(readMoments(scaling, size, 'the model'))
  const away = onto.apply('Sub', ['state', onto.floats(mean, [1, size])])
  const scaled = onto.apply('Mul', [away, onto.floats(factor, [1, size])])
  return onto.apply('Clip', [scaled, onto.floats([-LIMIT], []), onto.floats([LIMIT], [])])
}

function networkOn(onto: Builder, { architecture, parameters }: Network, x: string): string {
  return networkOperations(
    onto,
    architecture,
    Object.fromEntries(parameters.map(({ name, value }) => [name, value])),
    x
  )
}

const isSpark = ({ environment }: PpoModel) => environment.version === sparkStateVersion

/** Names of the heads where they are known, else their numbers. */
function headsOf(model: PpoModel): readonly string[] {
  return isSpark(model) ? sparkHeads : model.environment.actionSizes.map((_, i) => String(i))
}

function metadataOf(model: PpoModel): Record<string, string> {
  const { version, observationSize } = model.environment
  return {
    state: version,
    heads: headsOf(model).join(','),
    // Each is value / high, held in 0..1: `spark-state.ts`.
    ...(isSpark(model) && {
      features: sparkFeatures
        .slice(0, observationSize)
        .map(({ name, high }) => `${name}/${high}`)
        .join(',')
    }),
    checksum: model.checksum
  }
}

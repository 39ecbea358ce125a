/**
 * Policy networks with weights that nobody trained: the same bytes on every machine. Each with states, and what our own
 * actor and critic say of them. For the test of the ONNX export and for tools/onnx-check.py.
 */
import { random } from '../../src/base/index.ts'
import {
  actor,
  critic,
  type PpoModel,
  type PpoSpace,
  PROACTIVE_SIZE,
  sparkActionSizes,
  sparkHeads,
  sparkStateVersion
} from '../../src/decide/index.ts'
import { actorAndCritic, makePpoModel, setWeights, weightsOf } from '../../src/decide/ppo-model.ts'
import { ppoToOnnx } from '../../src/decide/ppo-onnx.ts'
import { saveMoments } from '../../src/decide/ppo-scale.ts'

export interface OnnxPolicy {
  readonly name: string
  readonly bytes: Uint8Array
  /** [batch, size]. */
  readonly states: readonly (readonly number[])[]
  /** By output, [batch, choices]. */
  readonly ours: Readonly<Record<string, readonly (readonly number[])[]>>
}

const spark: PpoSpace = {
  version: sparkStateVersion,
  observationSize: PROACTIVE_SIZE,
  actionSizes: sparkActionSizes
}
const other: PpoSpace = { version: 'corridor/1', observationSize: 2, actionSizes: [3] }

export function onnxPolicies(): OnnxPolicy[] {
  return [
    policyOf('ppo', policyModel('ppo', spark, { units: 64, isScaled: true }), sparkHeads),
    policyOf('ppo-unscaled', policyModel('ppo-unscaled', other, { units: 5, isScaled: false }), ['0'])
  ]
}

export function policyModel(
  name: string,
  environment: PpoSpace,
  { units, isScaled }: { readonly units: number; readonly isScaled: boolean }
): PpoModel {
  const size = environment.observationSize
  const players = actorAndCritic(environment, { units, maxBatch: 1, kernels: 'reference' })
  for (const which of ['actor', 'critic'] as const) {
    setWeights(players[which], drawn(weightsOf(players[which]).length, name, which))
  }
  // The second number never moved in training: 1e4 times what it is away from its mean, held at 10.
  const squares = drawn(size, name, 'squares').map((x, i) => (i === 1 ? 0 : 64 * x ** 2 + 1))
  const moments = {
    count: 100,
    mean: Float64Array.from(drawn(size, name, 'mean')),
    squares: Float64Array.from(squares)
  }
  const trained = { steps: 0, seed: 0, options: {} }
  return makePpoModel(players, {
    ...{ environment, units, trained },
    scaling: isScaled ? saveMoments(moments) : null
  })
}

function policyOf(name: string, model: PpoModel, heads: readonly string[]): OnnxPolicy {
  const { observationSize, actionSizes } = model.environment
  const states = Array.from({ length: 5 }, (_, b) => drawn(observationSize, name, 'state', String(b)))
  const [think, expect] = [actor(model, { kernels: 'reference' }), critic(model, { kernels: 'reference' })]
  const logits = states.map((state) => think(state)?.logits ?? [])
  const from = (i: number) => actionSizes.slice(0, i).reduce((sum, choices) => sum + choices, 0)
  return {
    name,
    bytes: ppoToOnnx(model, { name: 'prescale', version: '0.0.0' }),
    states,
    ours: {
      ...Object.fromEntries(
        heads.map((head, i) => [
          `logits_${head}`,
          logits.map((all) => all.slice(from(i), from(i) + actionSizes[i]))
        ])
      ),
      value: states.map((state) => [expect(state) ?? NaN])
    }
  }
}

/** Between ±1/2 in steps of 1/1024, exact in float32. */
function drawn(length: number, ...path: readonly string[]): number[] {
  const rng = random(11, 'onnx-policy', ...path)
  return Array.from({ length }, () => (rng.integer(1_025) - 512) / 1_024)
}

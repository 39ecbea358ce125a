/** A model that PPO trained in the Spark world, as `explainPolicy` reads it: features in words, heads in amounts, the usual state. */
import {
  actor,
  compressionNames,
  critic,
  type PpoModel,
  sparkActionSizes,
  sparkFeatures,
  sparkHeads,
  storageNames
} from '../decide/index.ts'
import { readMoments } from '../decide/ppo-scale.ts'
import type { PolicyFeature, PolicyHead, PolicyView } from '../explain/index.ts'
import type { RewardWeights } from '../sim/index.ts'

/** Units and words of the sentences; those of the table are for its page. */
const words: Readonly<Record<string, Partial<PolicyFeature>>> = {
  Current_Load: { says: 'the load', unit: 'messages/s' },
  Volume: { says: 'the volume', unit: 'MB' },
  CPU: { says: 'the CPU', unit: 'ratio' },
  Mem: { says: 'the memory in use', unit: 'ratio' },
  Latency: { says: 'the latency', unit: 'ms' },
  Cost: { says: 'the cost', unit: 'dollars an hour' },
  Alpha: { says: 'the weight of cost', setting: true, unit: undefined },
  Beta: { says: 'the weight of latency', setting: true, unit: undefined },
  Gamma: { says: 'the weight of throughput', setting: true, unit: undefined },
  Shuffle: { says: 'the shuffle', unit: 'MB' },
  Temp: { says: 'the temperature of the data', unit: undefined },
  Edge_Predicted_Workload: { says: 'the load that the edge predicts', unit: 'messages/s' },
  Edge_Burst_Signal: { says: 'the alarm of the edge', binary: true, unit: undefined }
}

const amountsTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1)

const heads: readonly PolicyHead[] = sparkHeads.map((name, h) => {
  const amounts = amountsTo(sparkActionSizes[h])
  if (name === 'executors') return { name, labels: amounts.map(String), amounts }
  if (name === 'memory') return { name, unit: 'GB', labels: amounts.map((gb) => `${gb} GB`), amounts }
  return { name, labels: name === 'storage' ? storageNames : compressionNames }
})

/** The weights of the heads' cost, latency and throughput where the model decides; the rest of the usual state is the training's mean. */
const [ALPHA, BETA, GAMMA] = ['Alpha', 'Beta', 'Gamma'].map((name) =>
  sparkFeatures.findIndex((feature) => feature.name === name)
)

/** Throws `BAD_MODEL` for a model that cannot be read. `usual`: where it was trained without scaling of states, which knows the mean. */
export function sparkView(
  model: PpoModel,
  weights: RewardWeights,
  { where = 'the model', usual }: { readonly where?: string; readonly usual?: ArrayLike<number> } = {}
): PolicyView {
  const size = model.environment.observationSize
  const act = actor(model, { where })
  const value = critic(model, { where })
  const features = sparkFeatures.slice(0, size).map((feature) => ({ ...feature, ...words[feature.name] }))
  const mean = model.scaling
    ? readMoments(model.scaling, size, where).mean
    : (usual ?? new Float64Array(size))
  const middle = Float64Array.from(mean, (x, i) => (features[i].binary ? Math.round(x) : x))
  middle[ALPHA] = weights.alpha
  middle[BETA] = weights.beta
  middle[GAMMA] = weights.gamma
  return {
    features,
    heads,
    usual: middle,
    logits: (state) => act(state)?.logits,
    value,
    ...(model.trained.options.scaleRewards === true && { valueIn: 'scaled as in training' })
  }
}

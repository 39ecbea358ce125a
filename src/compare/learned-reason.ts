/**
 * Why a trained policy decided so, out of a Turn: the network's or the table's own reason, asked of the model that the Turn holds.
 *
 * A network is asked again in the state that `why` names, against the state that was usual in its training; a table in the state of the
 * numbers in `why`, at the prices that were measured when it was trained, where they were.
 */
import {
  actor,
  checkPpoModel,
  checkTable,
  compressionNames,
  critic,
  elasticStates,
  learnedMethod,
  measuredOf,
  type PpoModel,
  type SealedTable,
  sparkActionSizes,
  sparkFeatures,
  sparkHeads,
  storageNames,
  usualState
} from '../decide/index.ts'
import {
  explainPolicy,
  explainQ,
  type PolicyExplanation,
  type PolicyFeature,
  type PolicyHead,
  type PolicyView,
  type QExplanation
} from '../explain/index.ts'
import type { Turn } from '../roles.ts'

export type LearnedReason = PolicyExplanation | QExplanation

/** Undefined where it was no trained policy, or where it did not get as far as asking its model: then `why` says what was missing. */
export function learnedReason({
  policy,
  decision
}: Pick<Turn, 'policy' | 'decision'>): LearnedReason | undefined {
  const { model } = policy.options
  if (model === undefined) return undefined
  const where = `the model of ${policy.name}`
  const inputs = decision.why.inputs
  if (learnedMethod(model, where) === 'ppo') {
    return decision.why.rule === 'network' ? networkReason(checkPpoModel(model, where), inputs) : undefined
  }
  return decision.why.rule.startsWith('table-') ? tableReason(checkTable(model, where), inputs) : undefined
}

function networkReason(model: PpoModel, inputs: Inputs): PolicyExplanation {
  const said = inputs.state as Readonly<Record<string, number>>
  const features = sparkFeatures.slice(0, model.environment.observationSize)
  const state = Float32Array.from(features, ({ name, high }) => said[name] / high)
  return explainPolicy(sparkPolicyView(model, state), state)
}

type Inputs = Readonly<Record<string, unknown>>

const says: Readonly<Record<string, string>> = {
  Current_Load: 'the load',
  Volume: 'the volume',
  CPU: 'the CPU',
  Mem: 'the memory in use',
  Latency: 'the latency',
  Cost: 'the cost',
  Shuffle: 'the shuffled data',
  Temp: 'the temperature of the data',
  Edge_Predicted_Workload: 'the load that gateways predict',
  Edge_Burst_Signal: 'the alarm'
}
const units: Readonly<Record<string, string>> = {
  Current_Load: 'messages/s',
  Volume: 'MB',
  CPU: 'ratio',
  Mem: 'ratio',
  Latency: 'ms',
  Cost: 'dollars an hour',
  Shuffle: 'MB',
  Edge_Predicted_Workload: 'messages/s'
}
const settings = ['Alpha', 'Beta', 'Gamma']

/**
 * A model of the Spark world as forensics see it. `state` is the one that is explained: the weights of the reward are its own, and where the
 * model did not scale its states, nothing but the edge is other than usual.
 */
export function sparkPolicyView(model: PpoModel, state: ArrayLike<number>): PolicyView {
  const [act, expects] = [actor(model), critic(model)]
  return {
    features: sparkFeatures.slice(0, model.environment.observationSize).map(
      ({ name, high }): PolicyFeature => ({
        name,
        unit: units[name],
        high,
        says: says[name],
        ...(name === 'Edge_Burst_Signal' && { binary: true }),
        ...(settings.includes(name) && { setting: true })
      })
    ),
    heads,
    logits: (asked) => act(asked)?.logits,
    value: expects,
    ...(model.trained.options.scaleRewards === true && { valueIn: 'scaled as in training' }),
    usual: usualOf(model, state)
  }
}

const heads: readonly PolicyHead[] = sparkHeads.map((name, h) => {
  const named = { storage: storageNames, compression: compressionNames }
  if (name === 'storage' || name === 'compression') return { name, labels: named[name] }
  const amounts = Array.from({ length: sparkActionSizes[h] }, (_, i) => i + 1)
  if (name === 'memory') return { name, unit: 'GB', labels: amounts.map((gb) => `${gb} GB`), amounts }
  return { name, labels: amounts.map(String), amounts }
})

function usualOf(model: PpoModel, state: ArrayLike<number>): Float32Array {
  const usual = Float32Array.from(usualState(model) ?? state)
  sparkFeatures.slice(0, usual.length).forEach(({ name }, i) => {
    if (settings.includes(name)) usual[i] = state[i]
    if (name === 'Edge_Burst_Signal') usual[i] = 0
  })
  return usual
}

function tableReason(table: SealedTable, inputs: Inputs): QExplanation | undefined {
  const number = (name: string) => Number(inputs[name] ?? NaN)
  const state = elasticStates(table.bins).index({
    load: number('load'),
    previous: number('previous'),
    predicted: number('predicted'),
    waiting: number('waiting'),
    units: number('units'),
    unitRate: number('unitRate')
  })
  if (state < 0) return undefined
  const measured = measuredOf(table)
  const { features, actions, values, visits } = table
  return explainQ({ features, actions, values, visits, ...(measured && { measured }) }, state)
}

/**
 * Resource allocator — the trained network decides: executors, memory, storage and compression out of what cloud and edge say.
 *
 *   state   sparkState(Observation, load, weights, edge)      11 numbers, or 13 with what the gateways say (spark-state.ts)
 *   action  argmax of each head of the actor's logits         executors, memory and the indices of storage and compression
 *
 * No rule of ours stands in for the network: its answer is asked for, within the bounds, and nothing else. Doubt holds: a number of the
 * state that is not known changes nothing (`state-unknown`). Where a network of 13 numbers hears no gateway, or misses one, `withoutEdge`
 * says what happens: `grow` asks it as if nothing were announced and takes nothing away; `cloud` asks the same and believes all of it;
 * `hold` changes nothing. A target that only has executors, or one resource of another name, gets that one; `why` names what is left out.
 *
 * After the report "Edge-Cloud State Awareness: Proactive Resource Optimization in Serverless Spark" (2023), which called it so.
 */
import {
  checkedWeights,
  type GivenOptions,
  HOUR,
  type OptionTable,
  PrescaleError,
  type ReadOptions,
  type RewardWeights,
  readOptions,
  rewardScenarios,
  SECOND
} from '../base/index.ts'
import type { Decided, Observation, Policy, Units } from '../roles.ts'
import { hold, scale, trusted, usable, wantedNow, withinBounds } from './answer.ts'
import { loadDoubt } from './doubt.ts'
import { type EdgeHeard, type EdgeMemory, hear } from './edge-view.ts'
import { actor, type Choice, checkPpoModel, type PpoModel, requireSpace } from './ppo-model.ts'
import {
  compressionNames,
  type EdgeView,
  PROACTIVE_SIZE,
  REACTIVE_SIZE,
  sparkActionSizes,
  sparkFeatures,
  sparkHeads,
  sparkState,
  sparkStateVersion,
  sparkUnits,
  storageNames
} from './spark-state.ts'

export const resourceAllocatorOptions = {
  scenario: {
    kind: 'text',
    oneOf: Object.keys(rewardScenarios),
    says: 'whose weights; else those it was trained with, else `balanced`'
  },
  alpha: { kind: 'number', min: 0, says: 'weight of cost, instead of a scenario; the three sum to 1' },
  beta: { kind: 'number', min: 0, says: 'weight of latency' },
  gamma: { kind: 'number', min: 0, says: 'weight of throughput' },
  unitRate: {
    kind: 'number',
    min: 0.001,
    says: 'messages/s that an executor serves where it has all it needs; else as in training, else 50'
  },
  withoutEdge: {
    kind: 'text',
    default: 'grow',
    oneOf: ['grow', 'cloud', 'hold'],
    says: 'when gateways are silent: `grow` but not shrink, trust the `cloud` alone, or `hold`'
  },
  ttl: { kind: 'duration', min: 1, says: 'how long a signal counts; else twice its own horizon' },
  skew: {
    kind: 'duration',
    default: 5 * SECOND,
    min: 0,
    says: 'how far the clock of a gateway may run ahead'
  },
  forget: { kind: 'duration', default: HOUR, min: 0, says: 'a gateway silent for this long is gone' },
  interval: {
    kind: 'duration',
    default: 15 * SECOND,
    min: 1 * SECOND,
    says: 'how often it is asked: the step it was trained with'
  }
} satisfies OptionTable

/** Messages/s that an executor serves in the world that the ranges of the state are made for. */
const TRAINED_RATE = 50

/** What was heard of each gateway, and what was last asked for that no capacity tells. */
export type AllocatorMemory = { readonly edge: EdgeMemory; readonly settings: Units }

type Settings = { readonly [name in (typeof sparkHeads)[number]]?: number }

/** Executors have a capacity; these are found in it, among the metrics, or nowhere. */
const settingNames = ['memory', 'storage', 'compression'] as const

/**
 * The policy of a trained model. `where` names the model in errors. Throws `BAD_MODEL` for one of another state size, world version or
 * action space, `BAD_OPTION` for weights that are negative or do not sum to 1.
 */
export function resourceAllocator(
  given: unknown,
  options: GivenOptions = {},
  where = 'the model'
): Policy<AllocatorMemory> {
  const read = readOptions('ppo', resourceAllocatorOptions, options)
  const model = checkPpoModel(given, where)
  const size = stateSize(model, where)
  const weights = weightsOf(options, read, model)
  const act = actor(model, { where })
  const state = new Float32Array(size)
  const scaled = TRAINED_RATE / (read.unitRate ?? model.trained.world?.unitRate ?? TRAINED_RATE)
  const edgeOptions = { ttlMs: read.ttl, skewMs: read.skew, forgetMs: read.forget }

  function decide(seen: Observation, memory: AllocatorMemory): Decided<AllocatorMemory> {
    const wanted = wantedNow(seen)
    const resource = sizedResource(wanted)
    const edge =
      size === PROACTIVE_SIZE ? hear(seen.signals ?? [], memory.edge, seen.nowMs, edgeOptions) : undefined
    if (resource === undefined) {
      return remembering(memory, edge, memory.settings, hold(wanted, 'not-one-resource'))
    }
    const settings = settingsNow(seen, wanted, resource, memory.settings)
    const from: Units = { [resource]: wanted[resource], ...settings }
    const load =
      loadDoubt(seen) === undefined && seen.load !== undefined ? (seen.load.values.at(-1) ?? NaN) : NaN
    const isBlind = edge !== undefined && (edge.view === undefined || edge.dead.length > 0)
    const heard = edgeInputs(edge, isBlind, read.withoutEdge)
    if (isBlind && read.withoutEdge === 'hold') {
      return remembering(memory, edge, settings, hold(from, 'edge-unknown', heard))
    }
    sparkState(seen, load * scaled, weights, edge && inScale(saidBy(edge, isBlind, load), scaled), state)
    const inputs = { state: inUnits(state), ...heard }
    const unknown = unknownIn(state)
    if (!usable(wanted[resource])) unknown.push(`capacity of ${resource}`)
    const choice = unknown.length > 0 ? undefined : act(state)
    if (choice === undefined) {
      return remembering(memory, edge, settings, hold(from, 'state-unknown', { unknown, ...inputs }))
    }
    const bound: string[] = []
    const to = answer(seen, resource, from, choice.action, isBlind && read.withoutEdge === 'grow', bound)
    const left = sparkHeads.filter((head, i) =>
      i === 0 ? head !== resource : !Object.hasOwn(settings, head)
    )
    const told = { ...said(choice), ...inputs, ...(left.length > 0 && { sizes: resource, left }) }
    const { [resource]: _, ...asked } = to
    return remembering(memory, edge, asked, scale(from, to, 'network', told, bound))
  }

  return {
    name: 'ppo',
    intervalMs: read.interval,
    initial: () => ({ edge: [], settings: {} }),
    decide
  }
}

/** 11 or 13; what else it is for must be what is here. */
function stateSize({ environment }: PpoModel, where: string): number {
  const { observationSize, version } = environment
  const known = observationSize === REACTIVE_SIZE || observationSize === PROACTIVE_SIZE
  if (known || version !== sparkStateVersion) {
    const size = known ? observationSize : PROACTIVE_SIZE
    requireSpace(environment, where, {
      version: sparkStateVersion,
      observationSize: size,
      actionSizes: sparkActionSizes
    })
    return size
  }
  throw new PrescaleError(
    'BAD_MODEL',
    `${where} was trained for states of size ${observationSize}, here it is ${REACTIVE_SIZE} or ${PROACTIVE_SIZE}: train it again`
  )
}

function weightsOf(
  given: GivenOptions,
  { scenario, alpha, beta, gamma }: ReadOptions<typeof resourceAllocatorOptions>,
  { trained }: PpoModel
): RewardWeights {
  const own = ['alpha', 'beta', 'gamma'].filter((name) => given[name] !== undefined)
  if (own.length > 0) {
    if (own.length === 3 && given.scenario === undefined) return checkedWeights({ alpha, beta, gamma })
    throw new PrescaleError(
      'BAD_OPTION',
      `ppo needs alpha, beta and gamma together, or a scenario; had ${[...own, ...(given.scenario === undefined ? [] : ['scenario'])].join(', ')}`
    )
  }
  const { world } = trained
  const scenarios: Readonly<Record<string, RewardWeights>> = rewardScenarios
  if (scenario !== undefined) return scenarios[scenario]
  if (world?.weights !== undefined) return checkedWeights(world.weights)
  return scenarios[world?.scenario ?? ''] ?? rewardScenarios.balanced
}

/** The one that is called executors, or the only one there is. */
function sizedResource(wanted: Units): string | undefined {
  if (Object.hasOwn(wanted, 'executors')) return 'executors'
  const names = Object.keys(wanted)
  return names.length === 1 ? names[0] : undefined
}

/**
 * Memory, storage and compression as they are wanted, where anybody says so; else as they were last asked for. Only what has executors
 * tells them among its metrics: elsewhere a metric called memory is one of many things.
 */
function settingsNow({ metrics }: Observation, wanted: Units, resource: string, asked: Units): Settings {
  const settings: Record<string, number> = {}
  for (const name of settingNames) {
    const value = wanted[name] ?? (resource === 'executors' ? trusted(metrics?.[name]) : NaN)
    if (Number.isInteger(value)) settings[name] = value
    else if (asked[name] !== undefined) settings[name] = asked[name]
  }
  return settings
}

/** What the state is told of the edge. Without a gateway, or with one missing: what the cloud sees, and what is still heard. */
function saidBy({ view }: EdgeHeard, isBlind: boolean, load: number): EdgeView {
  if (!isBlind && view !== undefined) return view
  return { predictedLoad: Math.max(load, view?.predictedLoad ?? load), burstAlarm: view?.burstAlarm ?? false }
}

/** Loads as they would be for executors of the rate that the state was made for. */
function inScale({ predictedLoad, burstAlarm }: EdgeView, scaled: number): EdgeView {
  return { predictedLoad: predictedLoad * scaled, burstAlarm }
}

/** The network's choice within the bounds; while blind nothing becomes less, and nothing that has no less and more changes. */
function answer(
  seen: Observation,
  resource: string,
  from: Units,
  action: readonly number[],
  isUpOnly: boolean,
  bound: string[]
): Units {
  const wish = sparkUnits(action)
  const to: Record<string, number> = {}
  for (const name of Object.keys(from)) {
    const asked = name === resource ? wish.executors : wish[name as keyof typeof wish]
    const ordered = name === resource || name === 'memory'
    const kept = !isUpOnly ? asked : ordered ? Math.max(asked, from[name]) : from[name]
    if (kept !== asked && !bound.includes('withoutEdge')) bound.push('withoutEdge')
    to[name] = withinBounds(seen, name, kept, bound)
  }
  return to
}

/** The state as people read it. Divided by `high` again it is the same to the last bit. */
function inUnits(state: Float32Array): Record<string, number> {
  const out: Record<string, number> = {}
  for (let i = 0; i < state.length; i++) out[sparkFeatures[i].name] = state[i] * sparkFeatures[i].high
  return out
}

function unknownIn(state: Float32Array): string[] {
  const names: string[] = []
  for (let i = 0; i < state.length; i++) if (!Number.isFinite(state[i])) names.push(sparkFeatures[i].name)
  return names
}

/** What the network said: logits by head, how likely the chosen one is, and settings by their names. */
function said({ action, logits }: Choice) {
  const heads: Record<string, readonly number[]> = {}
  const probability: Record<string, number> = {}
  let at = 0
  for (let head = 0; head < sparkHeads.length; head++) {
    const own = logits.slice(at, at + sparkActionSizes[head])
    at += sparkActionSizes[head]
    heads[sparkHeads[head]] = own
    let sum = 0
    for (const logit of own) sum += Math.exp(logit - own[action[head]])
    probability[sparkHeads[head]] = 1 / sum
  }
  const { executors, memory, storage, compression } = sparkUnits(action)
  const asked = {
    executors,
    memory,
    storage: storageNames[storage],
    compression: compressionNames[compression]
  }
  return { asked, probability, logits: heads }
}

function edgeInputs(edge: EdgeHeard | undefined, isBlind: boolean, withoutEdge: string) {
  if (edge === undefined) return {}
  const { used, refused, dead } = edge
  const signals = { used, refused, dead }
  if (!isBlind || withoutEdge === 'hold') return { signals }
  return { signals, assumed: ['Edge_Predicted_Workload', 'Edge_Burst_Signal'] }
}

function remembering(
  before: AllocatorMemory,
  edge: EdgeHeard | undefined,
  settings: Units,
  decision: Decided['decision']
): Decided<AllocatorMemory> {
  return { decision, memory: { edge: edge?.memory ?? before.edge, settings } }
}

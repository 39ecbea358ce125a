/** What only those find who know policies, forecasters and model files: every option of a config against its table. */
import {
  type GivenOptions,
  type OptionTable,
  PrescaleError,
  readOptions,
  unknownName
} from '../../base/index.ts'
import type { Config, GatewayConfig, PolicyConfig, Said, TargetConfig } from '../../config/index.ts'
import { learnedMethod, learnedPolicies, shadowOptions } from '../../decide/index.ts'
import { checkModel, forecasters } from '../../forecast/index.ts'
import { burstPredictors, fusionOptions, gatewayOptions } from '../../gateway/index.ts'
import { barePolicy, forecasterFor, type Parts, policyEntry, policyOf } from './assemble.ts'

type Path = Said['path']

/** Every problem that keeps a config from being put together, with its path. */
export function* problemsOf({ targets, gateways, gateway }: Config, parts: Parts): Iterable<Said> {
  const warned = { ...parts, gateways }
  for (const [i, target] of targets.entries()) yield* ofTarget(target, ['targets', i], warned)
  if (gateway !== undefined) yield* ofGateway(gateway, warned)
}

function* ofTarget(target: TargetConfig, path: Path, parts: Parts): Iterable<Said> {
  const shadow = target.guards.shadow
  const found = [
    ...ofPolicy(target.policy, [...path, 'policy'], parts),
    ...ofForecast(target, [...path, 'forecast'], parts),
    ...(shadow === undefined
      ? []
      : [
          ...ofPolicy(shadow.policy, [...path, 'guards', 'shadow', 'policy'], parts),
          ...ofOptions('withShadow', shadowOptions, shadow.options, [...path, 'guards', 'shadow', 'options'])
        ])
  ]
  yield* found
  // What the guards say together, once each part is fine by itself.
  if (found.length === 0) yield* attempt([...path, 'policy'], () => policyOf(target, parts))
}

function* ofPolicy(policy: PolicyConfig, path: Path, parts: Parts): Iterable<Said> {
  const { name, model, options } = policy
  if (model !== undefined) {
    const read = [...attempt([...path, 'model'], () => learnedMethod(parts.readModel(model), model))]
    if (read.length > 0) return yield* read
    const method = learnedMethod(parts.readModel(model), model)
    const wrong = [...ofOptions(method, learnedPolicies[method].options, options, [...path, 'options'])]
    return yield* wrong.length > 0 ? wrong : attempt([...path, 'model'], () => barePolicy(policy, parts))
  }
  const unknown = [...attempt([...path, 'name'], () => policyEntry(name ?? ''))]
  if (unknown.length > 0) return yield* unknown
  const wrong = [...ofOptions(name ?? '', policyEntry(name ?? '').options, options, [...path, 'options'])]
  yield* wrong.length > 0 ? wrong : attempt([...path, 'options'], () => barePolicy(policy, parts))
}

function* ofForecast(target: TargetConfig, path: Path, parts: Parts): Iterable<Said> {
  const { forecast } = target
  if (forecast === undefined) return
  const { method = '', model: file, options, step } = forecast
  if (file !== undefined) {
    let stepMs: number
    try {
      stepMs = checkModel(parts.readModel(file), file).training.stepMs
    } catch (error) {
      return yield said([...path, 'model'], error)
    }
    if (stepMs !== step) {
      yield {
        path: [...path, 'step'],
        says: `must be that of the model, ${stepMs / 1_000}s, was ${step / 1_000}s`
      }
    }
    return
  }
  if (!Object.hasOwn(forecasters, method)) {
    const says = `must be a forecaster: ${unknownName('one', method, Object.keys(forecasters))}`
    return yield { path: [...path, 'method'], says }
  }
  const table = forecasters[method as keyof typeof forecasters].options
  const wrong = [...ofOptions(method, table, options, [...path, 'options'])]
  yield* wrong.length > 0 ? wrong : attempt([...path, 'options'], () => forecasterFor(target, parts))
}

function* ofGateway({ options, predictor, fusion, local }: GatewayConfig, parts: Parts): Iterable<Said> {
  const path = ['gateway']
  const { predictor: _, ...own } = gatewayOptions
  yield* ofOptions('gateway', own, options, [...path, 'options'])
  // One step for all of them: that of the gateway.
  const { step: __, ...ofFusion } = fusionOptions
  yield* ofOptions('fusion', ofFusion, fusion, [...path, 'fusion'])
  const { method } = predictor
  if (!Object.hasOwn(burstPredictors, method)) {
    const says = `must be a burst predictor: ${unknownName('one', method, Object.keys(burstPredictors))}`
    yield { path: [...path, 'predictor', 'method'], says }
  } else {
    const table: OptionTable = burstPredictors[method as keyof typeof burstPredictors].options
    const { step: ___, ...ofPredictor } = table
    yield* ofOptions(method, ofPredictor, predictor.options, [...path, 'predictor', 'options'])
  }
  if (local !== undefined) yield* ofTarget(local, [...path, 'local'], parts)
}

/** Each option by itself, so that each is reported. */
function* ofOptions(owner: string, table: OptionTable, given: GivenOptions, path: Path): Iterable<Said> {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(table, name)) {
      yield { path: [...path, name], says: 'is no setting', known: Object.keys(table), key: true }
    } else
      yield* attempt([...path, name], () => readOptions(owner, { [name]: table[name] }, { [name]: value }))
  }
}

function* attempt(path: Path, work: () => unknown): Iterable<Said> {
  try {
    work()
  } catch (error) {
    yield said(path, error)
  }
}

function said(path: Path, error: unknown): Said {
  if (!(error instanceof PrescaleError)) throw error
  // `hpa.target must be …` behind the path that ends with it says it twice.
  const [, rest = error.message] = /^[\w-]+\.\w+ (must .*)$/s.exec(error.message) ?? []
  return { path, says: rest.startsWith('must') ? rest : `does not fit: ${rest}` }
}

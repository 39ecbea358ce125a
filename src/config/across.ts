/** What takes several settings to see: names that must be known, settings that stand for others when left out. */
import { unknownName } from '../base/index.ts'
import type { ReadConfig } from './schema.ts'
import type { ActuatorConfig, Config, HttpAccess, TargetConfig } from './types.ts'

/** What is wrong somewhere in a config. */
export interface Said {
  readonly path: readonly PropertyKey[]
  readonly says: string
  /** The place is that of the name. */
  readonly key?: boolean
  /** The name is none of these. */
  readonly known?: readonly string[]
}

type ReadTarget = ReadConfig['targets'][number]

/** The whole config, or what is wrong with it. */
export function complete(read: ReadConfig): { readonly config: Config; readonly problems: readonly Said[] } {
  const problems: Said[] = [...names(read), ...trusted(read)]
  const say = (path: readonly PropertyKey[]) => (more: readonly PropertyKey[], says: string) =>
    problems.push({ path: [...path, ...more], says })
  const targets = read.targets.map((target, i) => completed(target, say(['targets', i])))
  const local = read.gateway?.local && completed(read.gateway.local, say(['gateway', 'local']))
  const { gateway, ...rest } = read
  const config: Config = {
    ...rest,
    targets,
    ...(gateway === undefined ? {} : { gateway: { ...gateway, local } })
  }
  return { config, problems }
}

type Say = (more: readonly PropertyKey[], says: string) => void

function completed(target: ReadTarget, say: Say): TargetConfig {
  const { mode, maxReplicas, minReplicas, budget, price } = target
  if (maxReplicas === undefined && mode === 'apply') {
    say(['mode'], 'apply needs maxReplicas: nothing else would stop it')
  }
  if (maxReplicas !== undefined && minReplicas > maxReplicas) {
    say(['minReplicas'], `must be at most maxReplicas, ${maxReplicas}, was ${minReplicas}`)
  }
  if (maxReplicas !== undefined && target.fallback !== undefined && target.fallback.replicas > maxReplicas) {
    const says = `must be at most maxReplicas, ${maxReplicas}, was ${target.fallback.replicas}`
    say(['fallback', 'replicas'], says)
  }
  for (const [name, own] of Object.entries(target.resources)) {
    const [min, max] = [own.minReplicas ?? minReplicas, own.maxReplicas ?? maxReplicas ?? Infinity]
    if (min > max) say(['resources', name], `would have minReplicas ${min} above maxReplicas ${max}`)
  }
  if (budget !== undefined && price === undefined && target.guards.spendLimit) {
    say(['budget'], 'needs price: without it nothing is known of what units cost')
  }
  return { ...target, actuator: actuatorOf(target, say) }
}

/** Where the actuator says no address, that of the Flink source with its credentials. */
function actuatorOf({ actuator, sources, mode }: ReadTarget, say: Say): ActuatorConfig {
  if (actuator.type === 'dry-run') {
    if (mode === 'apply')
      say(['actuator'], 'is dry-run, which never writes: say mode: recommend, or type: flink')
    return actuator
  }
  if (actuator.method === 'savepoint' && actuator.savepointDir === undefined) {
    say(['actuator', 'method'], 'savepoint needs savepointDir, a URI that the cluster writes to')
  }
  if (actuator.method === 'savepoint' && actuator.submit === undefined) {
    say(['actuator', 'method'], 'savepoint needs submit, which says how the job is submitted again')
  }
  const source = sources.find((it) => it.type === 'flink')
  const { url, job, ...rest } = actuator
  if (url === undefined && source === undefined) {
    say(['actuator'], 'needs a url, as there is no Flink source to take it from')
    return { type: 'dry-run' }
  }
  if (job === undefined && source === undefined) {
    say(['actuator'], 'needs a job, as there is no Flink source to take it from')
    return { type: 'dry-run' }
  }
  const access: Partial<HttpAccess> =
    url === undefined && source !== undefined ? { ...accessOf(source), tls: rest.tls ?? source.tls } : {}
  return { ...rest, ...access, url: url ?? source?.url ?? '', job: job ?? source?.job ?? '' }
}

function accessOf({ url, timeout, bearer, username, password, headers, tls }: HttpAccess): HttpAccess {
  return { url, timeout, bearer, username, password, headers, tls }
}

function* names({ targets, gateways }: ReadConfig): Iterable<Said> {
  const twice = (list: readonly string[], i: number) => list.indexOf(list[i]) !== i
  const named = targets.map(({ name }) => name)
  for (const i of named.keys()) {
    if (twice(named, i)) yield { path: ['targets', i], says: `is there twice: '${named[i]}'` }
  }
  const ids = gateways.map(({ id, keyId }) => `${id} ${keyId ?? ''}`)
  for (const [i, { targets: warned = [] }] of gateways.entries()) {
    if (twice(ids, i)) yield { path: ['gateways', i, 'id'], says: `is there twice: '${gateways[i].id}'` }
    for (const [j, name] of warned.entries()) {
      if (named.includes(name)) continue
      yield {
        path: ['gateways', i, 'targets', j],
        says: `must be a target: ${unknownName('one', name, named)}`
      }
    }
  }
}

function* trusted({ gateways, signals, lease }: ReadConfig): Iterable<Said> {
  for (const [i, { key, id }] of gateways.entries()) {
    if (key === undefined && signals?.signed !== false) {
      yield {
        path: ['gateways', i],
        says: `needs a key by reference, or 'signed: false' in signals to believe '${id}' without`
      }
    }
  }
  if (lease.renewDeadline >= lease.leaseDuration) {
    yield { path: ['lease', 'renewDeadline'], says: 'must be shorter than leaseDuration' }
  }
  if (lease.retryPeriod >= lease.renewDeadline) {
    yield { path: ['lease', 'retryPeriod'], says: 'must be shorter than renewDeadline' }
  }
}

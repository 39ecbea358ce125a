/**
 * ScaledObject — a KEDA manifest as a target: its triggers are sources, and what they ask for is what KEDA's HPA would ask for.
 *
 *   kafka lagThreshold 50 → lag shared out, 50 a unit      prometheus threshold 100 → the answer shared out, 100 a unit
 */
import { PrescaleError } from '../../base/index.ts'
import {
  behaviorOf,
  given,
  type Imported,
  isParts,
  listOf,
  manifestOf,
  numberOf,
  type Parts,
  partsOf,
  targetName,
  textOf
} from './import-config.ts'
import { type HpaMetric, optionsOf, readyQuery, rehearseOf, scaledNote } from './import-hpa.ts'

interface Trigger {
  readonly source?: Parts
  readonly metric?: HpaMetric
}

/** Errors: BAD_INPUT where there is no such object, or none of its triggers is known here. */
export function importKeda(text: string, where: string): Imported {
  const manifest = manifestOf(text, where, 'ScaledObject')
  const spec = partsOf(manifest.spec)
  const notes: string[] = []
  const triggers = listOf(spec.triggers).map((trigger) => triggerOf(trigger, notes))
  const sources = triggers.flatMap(({ source }) => (source === undefined ? [] : [source]))
  const [metric, ...others] = triggers.flatMap(({ metric }) => (metric === undefined ? [] : [metric]))
  if (metric === undefined || sources.length === 0) {
    throw new PrescaleError(
      'BAD_INPUT',
      `${where} has no trigger that is read here: kafka, prometheus, cpu or memory`
    )
  }
  for (const other of others)
    notes.push(
      `trigger on ${other.metric} is left out: KEDA takes the largest of several, \`hpa\` here knows one`
    )
  const reference = partsOf(spec.scaleTargetRef)
  const name = targetName(reference.name ?? partsOf(manifest.metadata).name, 'service')
  notes.push(scaledNote(`${textOf(reference.kind) ?? 'Deployment'}/${textOf(reference.name) ?? '?'}`))
  const advanced = partsOf(partsOf(spec.advanced).horizontalPodAutoscalerConfig)
  if (spec.idleReplicaCount !== undefined)
    notes.push('idleReplicaCount is left out: say minReplicas: 0 to go to nothing')
  if (spec.cooldownPeriod !== undefined)
    notes.push('cooldownPeriod is left out: in KEDA it is only for the last step to nothing')
  const formula = partsOf(partsOf(spec.advanced).scalingModifiers).formula
  if (formula !== undefined) notes.push(`scalingModifiers.formula is left out: ${textOf(formula) ?? ''}`)
  const seconds = numberOf(spec.pollingInterval)
  const maxReplicas = numberOf(spec.maxReplicaCount) ?? 100
  const seen = withReady(sources, readyQuery(reference, name), notes)
  const target = given({
    source: seen.length === 1 ? seen[0] : seen,
    interval: seconds === undefined ? undefined : `${seconds}s`,
    // KEDA's own defaults.
    minReplicas: numberOf(spec.minReplicaCount) ?? 0,
    maxReplicas,
    paused: pausedOf(partsOf(partsOf(manifest.metadata).annotations), notes),
    forecast: 'none',
    policy: { name: 'hpa', options: optionsOf(metric) },
    behavior: behaviorOf(advanced.behavior, notes),
    fallback: fallbackOf(spec.fallback, maxReplicas, notes)
  })
  return { name, target, rehearse: rehearseOf(metric), notes, recommendOnly: true }
}

/** The first Prometheus is asked for the size as well; without one there is one to be named. */
function withReady(sources: readonly Parts[], ready: Parts, notes: string[]): readonly Parts[] {
  const at = sources.findIndex(({ type }) => type === 'prometheus')
  notes.push('the query of the size (ready.…) is that of kube-state-metrics: put in one that you trust')
  if (at < 0) return [...sources, { type: 'prometheus', url: 'http://localhost:9090', queries: ready }]
  const own = sources[at]
  return sources.with(at, { ...own, queries: { ...partsOf(own.queries), ...ready } })
}

/** KEDA's `fallback`, of which only what adds is taken over. */
function fallbackOf(written: unknown, maxReplicas: number, notes: string[]): Parts | undefined {
  if (!isParts(written)) return undefined
  const [failureThreshold, replicas] = [numberOf(written.failureThreshold), numberOf(written.replicas)]
  const behavior = textOf(written.behavior) ?? 'static'
  if (replicas === undefined || replicas < 1 || behavior === 'currentReplicas') {
    notes.push('fallback is left out: what is unknown never takes capacity away here (guards.shield)')
    return undefined
  }
  if (behavior !== 'currentReplicasIfHigher')
    notes.push(`fallback only adds here, in KEDA (${behavior}) it may also take away`)
  if (replicas > maxReplicas) notes.push(`fallback.replicas is ${maxReplicas}, as maxReplicaCount`)
  return given({ failureThreshold, replicas: Math.min(replicas, maxReplicas) })
}

const mechanisms: Readonly<Record<string, string>> = {
  plaintext: 'PLAIN',
  scram_sha256: 'SCRAM-SHA-256',
  scram_sha512: 'SCRAM-SHA-512'
}

function triggerOf(trigger: Parts, notes: string[]): Trigger {
  const type = textOf(trigger.type) ?? '?'
  const metadata = partsOf(trigger.metadata)
  const reference = textOf(partsOf(trigger.authenticationRef).name)
  if (reference !== undefined)
    notes.push(
      `authenticationRef ${reference} is left out: say username, and password as env:NAME or file:PATH`
    )
  switch (type) {
    case 'kafka':
    case 'apache-kafka':
      return kafka(metadata, notes)
    case 'prometheus': {
      const query = textOf(metadata.query)
      const threshold = numberOf(metadata.threshold)
      if (query === undefined || threshold === undefined)
        return left(type, 'its query or threshold cannot be read', notes)
      const metric = targetName(trigger.name ?? metadata.metricName, 'load')
      return {
        source: {
          type: 'prometheus',
          url: textOf(metadata.serverAddress) ?? 'http://localhost:9090',
          queries: { [metric]: query }
        },
        metric: { metric, type: trigger.metricType === 'Value' ? 'value' : 'valuePerUnit', target: threshold }
      }
    }
    case 'cpu':
    case 'memory':
      return resource(type, trigger, metadata, notes)
    case 'cron':
      return left(type, 'a size for a part of the week is the policy `scheduled`', notes)
    default:
      return left(type, 'there is no such source here', notes)
  }
}

function left(type: string, because: string, notes: string[]): Trigger {
  notes.push(`trigger ${type} is left out: ${because}`)
  return {}
}

function kafka(metadata: Parts, notes: string[]): Trigger {
  const servers = textOf(metadata.bootstrapServers)
  const topic = textOf(metadata.topic)
  if (servers === undefined || topic === undefined)
    return left('kafka', 'it says no bootstrapServers or no topic', notes)
  const mechanism = mechanisms[textOf(metadata.sasl) ?? 'none']
  if (mechanism === undefined && metadata.sasl !== undefined && metadata.sasl !== 'none') {
    notes.push(`sasl ${textOf(metadata.sasl)} is left out: known are ${Object.keys(mechanisms).join(', ')}`)
  }
  for (const name of [
    'activationLagThreshold',
    'offsetResetPolicy',
    'allowIdleConsumers',
    'limitToPartitionsWithLag',
    'partitionLimitation',
    'excludePersistentLag'
  ]) {
    if (metadata[name] !== undefined) notes.push(`${name} of kafka is left out`)
  }
  return {
    source: given({
      type: 'kafka',
      bootstrapServers: servers,
      topic,
      group: textOf(metadata.consumerGroup),
      sasl:
        mechanism === undefined
          ? undefined
          : { mechanism, username: 'prescale', password: 'env:KAFKA_PASSWORD' },
      tls: metadata.tls === 'enable' ? true : undefined
    }),
    // KEDA's default threshold.
    metric: { metric: 'lag', type: 'valuePerUnit', target: numberOf(metadata.lagThreshold) ?? 10 }
  }
}

function resource(type: string, trigger: Parts, metadata: Parts, notes: string[]): Trigger {
  const value = numberOf(metadata.value)
  if (value === undefined) return left(type, 'its value cannot be read', notes)
  const isShare = (textOf(trigger.metricType) ?? textOf(metadata.type) ?? 'Utilization') === 'Utilization'
  notes.push(`the query for ${type} is a guess: put in one that you trust`)
  return {
    source: {
      type: 'prometheus',
      url: 'http://localhost:9090',
      queries: { [type]: `avg(container_${type}_usage)` }
    },
    metric: { metric: type, type: isShare ? 'utilization' : 'average', target: isShare ? value / 100 : value }
  }
}

const prefix = 'autoscaling.keda.sh/'

function pausedOf(annotations: Parts, notes: string[]): boolean | string | undefined {
  const is = (name: string) => textOf(annotations[`${prefix}${name}`]) === 'true'
  const replicas = textOf(annotations[`${prefix}paused-replicas`])
  if (replicas !== undefined)
    notes.push(`paused-replicas is left out: paused here means where it is, not at ${replicas}`)
  if (is('paused') || replicas !== undefined || (is('paused-scale-in') && is('paused-scale-out'))) return true
  return is('paused-scale-in') ? 'scale-in' : is('paused-scale-out') ? 'scale-out' : undefined
}

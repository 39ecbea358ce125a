/**
 * HorizontalPodAutoscaler — an autoscaling/v2 (or v1) manifest as a target with the policy `hpa` and its behavior word for word.
 *
 *   Utilization → utilization     AverageValue of pods → average     Value → value     AverageValue of anything else → valuePerUnit
 */
import { PrescaleError } from '../../base/index.ts'
import {
  behaviorOf,
  given,
  type Imported,
  listOf,
  manifestOf,
  numberOf,
  type Parts,
  partsOf,
  quantityOf,
  targetName,
  textOf
} from './import-config.ts'

export interface HpaMetric {
  readonly metric: string
  readonly type: 'utilization' | 'average' | 'value' | 'valuePerUnit'
  readonly target: number
}

/** Errors: BAD_INPUT where there is no such object, or it says nothing that can be scaled by. */
export function importHpa(text: string, where: string): Imported {
  const manifest = manifestOf(text, where, 'HorizontalPodAutoscaler')
  const spec = partsOf(manifest.spec)
  const notes: string[] = []
  const metrics = metricsOf(spec, notes)
  const [metric, ...others] = metrics
  if (metric === undefined) {
    throw new PrescaleError(
      'BAD_INPUT',
      `${where} has no metric that can be read: it must be Resource, Pods, Object or External`
    )
  }
  for (const other of others) {
    notes.push(
      `metric ${other.metric} is left out: the HPA takes the largest of several, \`hpa\` here knows one`
    )
  }
  const reference = partsOf(spec.scaleTargetRef)
  notes.push(scaledNote(`${textOf(reference.kind) ?? 'object'}/${textOf(reference.name) ?? '?'}`))
  const name = targetName(reference.name ?? partsOf(manifest.metadata).name, 'service')
  const target = given({
    source: {
      type: 'prometheus',
      url: 'http://localhost:9090',
      queries: {
        load: `sum(rate(http_requests_total{app="${name}"}[1m]))`,
        [metric.metric]: queryFor(metric, name),
        ...readyQuery(reference, name)
      }
    },
    minReplicas: numberOf(spec.minReplicas),
    maxReplicas: numberOf(spec.maxReplicas),
    forecast: 'none',
    policy: { name: 'hpa', options: optionsOf(metric) },
    behavior: behaviorOf(spec.behavior, notes)
  })
  notes.push('the queries are guesses: put in those that you trust')
  return { name, target, rehearse: rehearseOf(metric), notes, recommendOnly: true }
}

/** What works of an object in Kubernetes, and what does not. */
export const scaledNote = (what: string) =>
  `${what} is recommended for, not scaled: no actuator of this version changes Kubernetes objects. prescale run says what it would do and why (see status, explain); rehearse shows the policy on a recorded load`

/** How many there are, by kube-state-metrics. */
export function readyQuery(reference: Parts, name: string): Parts {
  const object = textOf(reference.name) ?? name
  const isSet = textOf(reference.kind) === 'StatefulSet'
  const query = isSet
    ? `sum(kube_statefulset_status_replicas_ready{statefulset="${object}"})`
    : `sum(kube_deployment_status_replicas_ready{deployment="${object}"})`
  return { [`ready.${name}`]: query }
}

function metricsOf(spec: Parts, notes: string[]): HpaMetric[] {
  const percent = numberOf(spec.targetCPUUtilizationPercentage)
  if (percent !== undefined) return [{ metric: 'cpu', type: 'utilization', target: percent / 100 }]
  const metrics = listOf(spec.metrics)
  // As Kubernetes defaults it.
  if (metrics.length === 0) return [{ metric: 'cpu', type: 'utilization', target: 0.8 }]
  return metrics.flatMap((given) => {
    const read = metricOf(given)
    if (read === undefined)
      notes.push(`metric of type ${textOf(given.type) ?? '?'} is left out: its target cannot be read`)
    return read === undefined ? [] : [read]
  })
}

function metricOf(metric: Parts): HpaMetric | undefined {
  const type = textOf(metric.type) ?? ''
  const own = partsOf(metric[type.charAt(0).toLowerCase() + type.slice(1)])
  const target = partsOf(own.target)
  const name = targetName(own.name ?? partsOf(own.metric).name, type.toLowerCase())
  const percent = numberOf(target.averageUtilization)
  if (percent !== undefined) return { metric: name, type: 'utilization', target: percent / 100 }
  const average = quantityOf(target.averageValue)
  const value = quantityOf(target.value)
  const isPods = type === 'Pods' || type === 'Resource' || type === 'ContainerResource'
  if (average !== undefined)
    return { metric: name, type: isPods ? 'average' : 'valuePerUnit', target: average }
  return value === undefined ? undefined : { metric: name, type: 'value', target: value }
}

/** Only what is not the default of `hpa`. */
export function optionsOf({ metric, type, target }: HpaMetric): Parts {
  return given({
    target,
    metric: metric === 'cpu' ? undefined : metric,
    type: type === 'utilization' ? undefined : type
  })
}

export function rehearseOf({ type, target, metric }: HpaMetric): string {
  return type === 'utilization' && metric === 'cpu' ? `hpa:target=${target}` : 'hpa'
}

function queryFor({ metric, type }: HpaMetric, name: string): string {
  if (metric === 'cpu' && type === 'utilization') {
    return `sum(rate(container_cpu_usage_seconds_total{pod=~"${name}-.*"}[1m])) / sum(kube_pod_container_resource_requests{resource="cpu",pod=~"${name}-.*"})`
  }
  return type === 'average' ? `avg(${metric}{pod=~"${name}-.*"})` : `sum(${metric}{app="${name}"})`
}

/**
 * Metrics — what the loop did and saw, for Prometheus: https://prometheus.io/docs/practices/naming/
 *
 * Everything is made of what the loops tell, in base units. `NaN` is exposed as `NaN`: not measured is not zero.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { estimatesOf, type LoopEvent } from '../loop/index.ts'
import type { Forecast, Receipt, ServiceEstimate, Turn } from '../roles.ts'

interface MetricSpec {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
  readonly buckets?: readonly number[]
}

/** Every metric by its name; the reference page is made of this. */
export const loopMetrics = {
  prescale_build_info: { type: 'gauge', help: 'Always 1; the version is a label.', labels: ['version'] },
  prescale_turns_total: { type: 'counter', help: 'Turns taken.', labels: ['target'] },
  prescale_wakes_total: {
    type: 'counter',
    help: 'Turns taken early because of an alarm.',
    labels: ['target']
  },
  prescale_turn_duration_seconds: {
    type: 'histogram',
    help: 'From the begin of a turn to its decision on record, the wait for a forecast included.',
    labels: [],
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5]
  },
  prescale_last_turn_timestamp_seconds: {
    type: 'gauge',
    help: 'When the last turn was; its age is that of the decision.',
    labels: ['target']
  },
  prescale_ready_units: {
    type: 'gauge',
    help: 'Units that serve; NaN: not known.',
    labels: ['target', 'resource']
  },
  prescale_wanted_units: { type: 'gauge', help: 'Units asked for last.', labels: ['target', 'resource'] },
  prescale_decided_units: {
    type: 'gauge',
    help: 'Units that the last decision asks for, commanded or not.',
    labels: ['target', 'resource']
  },
  prescale_decisions_total: {
    type: 'counter',
    help: 'Decisions by what they ask for.',
    labels: ['target', 'direction']
  },
  prescale_bound_total: {
    type: 'counter',
    help: 'Decisions that a limit held back, by its name; doubt is one.',
    labels: ['target', 'bound']
  },
  prescale_commands_total: {
    type: 'counter',
    help: 'Commands by how they ended.',
    labels: ['target', 'outcome']
  },
  prescale_held_back_total: {
    type: 'counter',
    help: 'Decisions that were not commanded although they ask for a change.',
    labels: ['target']
  },
  prescale_load: {
    type: 'gauge',
    help: 'Load of the last whole step, events per second; NaN: not measured.',
    labels: ['target']
  },
  prescale_forecast: {
    type: 'gauge',
    help: 'Forecast at its farthest step, events per second; quantile "mean" is the mean.',
    labels: ['target', 'quantile']
  },
  prescale_forecast_coverage_ratio: {
    type: 'gauge',
    help: 'Share of values lately below the quantile.',
    labels: ['target', 'quantile']
  },
  prescale_lead_time_seconds: {
    type: 'gauge',
    help: 'From asking for a unit until it serves, as measured or given; NaN: neither.',
    labels: ['target', 'quantile']
  },
  prescale_restart_seconds: {
    type: 'gauge',
    help: 'Work that a rescale loses, as time at full capacity, as measured or given; NaN: neither.',
    labels: ['target', 'quantile']
  },
  prescale_estimate_measured: {
    type: 'gauge',
    help: '1: this estimate is measured; 0: it is still the value that was given, or unknown.',
    labels: ['target', 'estimate']
  },
  prescale_unit_rate: {
    type: 'gauge',
    help: 'Events per second that one unit serves, as measured or assumed.',
    labels: ['target']
  },
  prescale_metrics: {
    type: 'gauge',
    help: 'How many measured values the target has, by quality.',
    labels: ['target', 'quality']
  },
  prescale_signals: { type: 'gauge', help: 'Signals of gateways that count now.', labels: ['target'] },
  prescale_signal_trust_ratio: {
    type: 'gauge',
    help: 'How far a gateway is believed.',
    labels: ['target', 'gateway']
  },
  prescale_errors_total: {
    type: 'counter',
    help: 'What failed and was told: sources, actuators, the store.',
    labels: ['target']
  }
} satisfies Record<string, MetricSpec>

type Name = keyof typeof loopMetrics

export interface LoopMeters {
  take(event: LoopEvent): void
  forget(target: string): void
  /** The exposition format and its content type. */
  text(): Promise<string>
  readonly contentType: string
}

export function loopMeters(version: string): LoopMeters {
  const registry = new Registry()
  const made = new Map<string, Counter | Gauge | Histogram>()
  const specs: [string, MetricSpec][] = Object.entries(loopMetrics)
  for (const [name, { type, help, labels, buckets }] of specs) {
    const config = { name, help, labelNames: [...labels], registers: [registry] }
    made.set(
      name,
      type === 'counter'
        ? new Counter(config)
        : type === 'gauge'
          ? new Gauge(config)
          : new Histogram({ ...config, ...(buckets && { buckets: [...buckets] }) })
    )
  }
  const set = (name: Name, labels: Record<string, string>, value: number) =>
    (made.get(name) as Gauge).set(labels, value)
  const add = (name: Name, labels: Record<string, string>) => (made.get(name) as Counter).inc(labels)
  set('prescale_build_info', { version }, 1)

  function turn(made_: Turn, tookMs: number, woken: boolean): void {
    const { target, observation, decision, atMs, receipt } = made_
    add('prescale_turns_total', { target })
    if (woken) add('prescale_wakes_total', { target })
    ;(made.get('prescale_turn_duration_seconds') as Histogram).observe(tookMs / 1_000)
    set('prescale_last_turn_timestamp_seconds', { target }, atMs / 1_000)
    const { ready, wanted = ready } = observation.capacity
    for (const [resource, units] of Object.entries(ready))
      set('prescale_ready_units', { target, resource }, units)
    for (const [resource, units] of Object.entries(wanted))
      set('prescale_wanted_units', { target, resource }, units)
    for (const [resource, units] of Object.entries(decision.to))
      set('prescale_decided_units', { target, resource }, units)
    add('prescale_decisions_total', { target, direction: directionOf(made_) })
    for (const bound of decision.why.bound) add('prescale_bound_total', { target, bound })
    if (receipt?.refused !== undefined) add('prescale_held_back_total', { target })
    const { load, forecast, service, metrics = {}, signals = [] } = observation
    if (load) set('prescale_load', { target }, load.values.at(-1) ?? NaN)
    if (forecast) forecasts(target, forecast)
    if (service) estimates(target, service)
    set('prescale_unit_rate', { target }, service?.unitRate ?? NaN)
    const counts: Record<string, number> = { ok: 0, late: 0, stale: 0, missing: 0, partial: 0, invalid: 0 }
    for (const { quality } of Object.values(metrics)) counts[quality]++
    for (const [quality, count] of Object.entries(counts)) set('prescale_metrics', { target, quality }, count)
    set('prescale_signals', { target }, signals.length)
    for (const { gateway, trust } of signals) {
      if (trust !== undefined) set('prescale_signal_trust_ratio', { target, gateway }, trust)
    }
  }

  function estimates(target: string, service: ServiceEstimate): void {
    const { leadTimeMs, restartMs } = service
    for (const [quantile, p] of [
      ['0.5', 'p50'],
      ['0.9', 'p90']
    ] as const) {
      set('prescale_lead_time_seconds', { target, quantile }, (leadTimeMs?.[p] ?? NaN) / 1_000)
      set('prescale_restart_seconds', { target, quantile }, (restartMs?.[p] ?? NaN) / 1_000)
    }
    for (const [estimate, { from }] of Object.entries(estimatesOf(service))) {
      set('prescale_estimate_measured', { target, estimate }, from === 'measured' ? 1 : 0)
    }
  }

  function forecasts(target: string, { mean, quantiles, record }: Forecast): void {
    set('prescale_forecast', { target, quantile: 'mean' }, mean.at(-1) ?? NaN)
    for (const [quantile, values] of Object.entries(quantiles)) {
      set('prescale_forecast', { target, quantile }, values.at(-1) ?? NaN)
    }
    for (const [quantile, share] of Object.entries(record?.coverage ?? {})) {
      set('prescale_forecast_coverage_ratio', { target, quantile }, share)
    }
  }

  return {
    take(event) {
      if (event.kind === 'turn') turn(event.turn, event.tookMs, event.woken)
      else if (event.kind === 'receipt')
        add('prescale_commands_total', { target: event.target, outcome: outcomeOf(event.receipt) })
      else if (event.kind === 'error') add('prescale_errors_total', { target: event.target })
    },
    forget(target) {
      for (const [name, { labels, type }] of specs) {
        if (!labels.includes('target') || type === 'histogram') continue
        const metric = made.get(name) as Gauge | Counter
        void metric.get().then(({ values }) => {
          for (const { labels: of } of values) if (of.target === target) metric.remove(of)
        })
      }
    },
    text: () => registry.metrics(),
    contentType: registry.contentType
  }
}

function directionOf({ decision, observation: { capacity } }: Turn): string {
  const now = { ...capacity.ready, ...capacity.wanted }
  let by = 0
  for (const [resource, units] of Object.entries(decision.to)) by += units - (now[resource] ?? units)
  return by > 0 ? 'up' : by < 0 ? 'down' : 'hold'
}

function outcomeOf({ refused, pending }: Receipt): string {
  if (refused !== undefined) return 'failed'
  return Object.values(pending).some((units) => units > 0) ? 'pending' : 'reached'
}

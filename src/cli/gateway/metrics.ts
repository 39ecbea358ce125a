/** Metrics of a gateway, for Prometheus: what came in, what was said, what is on its way. In base units; `NaN` is not measured. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { GatewayMemory, Station, StationEvent } from '../../gateway/index.ts'
import type { OutboxState } from '../../store/outbox.ts'

/** Every metric by its name, as its page lists it. */
export const gatewayMetrics = {
  prescale_gateway_messages_total: 'Raw messages that came in.',
  prescale_gateway_messages_late_total: 'Raw messages too late for their step: in no rate.',
  prescale_gateway_messages_rest_total: 'Raw messages of names beyond the kept ones, counted together.',
  prescale_gateway_streets: 'Names that are counted on their own.',
  prescale_gateway_listening: '1 while every source is heard.',
  prescale_gateway_load: 'Messages per second over all streets in the last step; NaN: not measured.',
  prescale_gateway_predicted_load: 'What the last signal said is coming, messages per second.',
  prescale_gateway_burst_alarm: '1 while there is an alarm.',
  prescale_gateway_connected: '1 while signals reach somebody.',
  prescale_gateway_signals_sent_total: 'Signals that were taken, each sink for itself.',
  prescale_gateway_signals_dropped_total: 'Signals that were too old to be worth sending.',
  prescale_gateway_publish_duration_seconds: 'From handing a signal to a sink until it was taken.',
  prescale_gateway_forwarded_total: 'Raw messages that were forwarded.',
  prescale_gateway_forward_delay_seconds: 'Age of the oldest raw message of a batch when it was taken.',
  prescale_gateway_outbox_messages: 'Raw messages that wait.',
  prescale_gateway_outbox_bytes: 'Size of what waits.',
  prescale_gateway_outbox_dropped_total: 'Raw messages that were dropped because the outbox was full.',
  prescale_gateway_outbox_lost_total: 'Raw messages that could not be read again.',
  prescale_gateway_outbox_trouble: '1 while the disk cannot be written.'
} as const

type Name = keyof typeof gatewayMetrics

export interface GatewayMeters {
  take(event: StationEvent): void
  text(): Promise<string>
  readonly contentType: string
}

export interface Measured {
  readonly memory: () => GatewayMemory
  readonly state: Station['state']
  readonly outbox?: () => OutboxState
}

/** Most values are read when somebody asks, so that nothing is done for them at every message. */
export function gatewayMeters({ memory, state, outbox }: Measured): GatewayMeters {
  const registry = new Registry()
  const with_ = (name: Name) => ({ name, help: gatewayMetrics[name], registers: [registry] })
  const gauge = (name: Name, value: () => number) =>
    new Gauge({
      ...with_(name),
      collect() {
        this.set(value())
      }
    })
  /** A count that is kept elsewhere, and only grows. */
  const total = (name: Name, value: () => number) =>
    new Counter({
      ...with_(name),
      collect() {
        this.reset()
        this.inc(value())
      }
    })
  const counts = () => memory().counts
  total('prescale_gateway_messages_total', () => counts().messages)
  total('prescale_gateway_messages_late_total', () => counts().late)
  total('prescale_gateway_messages_rest_total', () => counts().rest)
  gauge('prescale_gateway_streets', () => counts().used)
  gauge('prescale_gateway_listening', () => Number(state().heard))
  gauge('prescale_gateway_load', () => memory().totals.at(-1) ?? NaN)
  gauge('prescale_gateway_predicted_load', () => memory().said?.load ?? NaN)
  gauge('prescale_gateway_burst_alarm', () => Number(memory().said?.alarm ?? false))
  gauge('prescale_gateway_connected', () => Number(state().connected))
  total('prescale_gateway_signals_sent_total', () => state().sent)
  total('prescale_gateway_signals_dropped_total', () => state().dropped)
  if (outbox !== undefined) {
    gauge('prescale_gateway_outbox_messages', () => outbox().waiting)
    gauge('prescale_gateway_outbox_bytes', () => outbox().bytes)
    total('prescale_gateway_outbox_dropped_total', () => outbox().dropped)
    total('prescale_gateway_outbox_lost_total', () => outbox().lost)
    gauge('prescale_gateway_outbox_trouble', () => Number(outbox().trouble !== undefined))
  }
  const buckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 60]
  const published = new Histogram({ ...with_('prescale_gateway_publish_duration_seconds'), buckets })
  const forwarded = new Counter(with_('prescale_gateway_forwarded_total'))
  const delay = new Histogram({ ...with_('prescale_gateway_forward_delay_seconds'), buckets })
  return {
    take(event) {
      if (event.what === 'sent') published.observe(event.tookMs / 1_000)
      if (event.what === 'forwarded') {
        forwarded.inc(event.records)
        delay.observe(Math.max(0, event.delayMs / 1_000))
      }
    },
    text: () => registry.metrics(),
    contentType: registry.contentType
  }
}

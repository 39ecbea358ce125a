/** Prometheus, again and again — PromQL queries as a Source. */
import type { Source } from '../roles.ts'
import { type PrometheusServer, queryRange } from './prometheus.ts'
import { type RangeSource, rangeSource } from './range-source.ts'

export interface PrometheusSource extends RangeSource {
  readonly server: PrometheusServer
}

export function prometheus({ server, ...options }: PrometheusSource): Source {
  return rangeSource(options, (range, abort) => queryRange(server, range, abort))
}

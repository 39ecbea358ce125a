/** A config for the live loop on the small Flink of the tests: one job, in seconds. */
import { join } from 'node:path'

export interface LivePlace {
  /** Where the record and the socket lie. */
  readonly folder: string
  readonly url: string
  /** Further lines at the top level. */
  readonly more?: string
  readonly metrics?: string
}

export const liveConfig = ({ folder, url, more = '', metrics = '0' }: LivePlace): string => `
version: 1
targets:
  cars:
    mode: apply
    source: { type: flink, url: '${url}', job: loadjob }
    actuator: { type: flink, url: '${url}', job: loadjob, reachWithin: 5s }
    policy: mpc
    interval: 1s
    forecast: none
    maxReplicas: 8
    leadTime: { p50: 1s, p90: 2s }
    restart: { p50: 1s, p90: 2s }
    slo: { latency: 5s }
store: { path: ${join(folder, 'live.sqlite')} }
listen: { metrics: ${metrics}, socket: ${join(folder, 'loop.sock')} }
${more}
`

/**
 * What would it do now? A recommendation a minute from a Prometheus, carried out by nobody.
 *
 * Here the Prometheus is a few lines of HTTP and three answers are enough; give `PROMETHEUS` and `QUERY` to watch your own.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { policies, withBounds, withShield } from 'prescale/decide'
import { forecasters } from 'prescale/forecast'
import { queryRange } from 'prescale/observe'

const MINUTE = 60_000
const made = createServer((request, response) => {
  const at = new URL(request.url ?? '', 'http://made.up').searchParams
  const [start, end, step] = ['start', 'end', 'step'].map((name) => Number(at.get(name)))
  const values: [number, string][] = []
  for (let t = start; t <= end; t += step) values.push([t, String(400 + 200 * Math.sin(t / 14_000))])
  response.end(
    JSON.stringify({ status: 'success', data: { resultType: 'matrix', result: [{ metric: {}, values }] } })
  )
}).listen(0, '127.0.0.1')
await once(made, 'listening')

const url = process.env.PROMETHEUS ?? `http://127.0.0.1:${(made.address() as AddressInfo).port}`
const query = process.env.QUERY ?? 'sum(rate(http_requests_total[1m]))'
const policy = withBounds(withShield(policies.mpc.make({ price: 100 })), 2, 40)
let memory = policy.initial()

for (const back of [2, 1, 0]) {
  const toMs = Math.floor(Date.now() / MINUTE - back) * MINUTE
  const range = { query, fromMs: toMs - 1440 * MINUTE, toMs, stepMs: MINUTE }
  const { series } = await queryRange({ url }, range)
  const decided = policy.decide(
    {
      nowMs: toMs,
      load: series,
      forecast: forecasters.blend.make({}).fit(series, { horizon: 15 }).predict(15),
      capacity: { ready: { web: 6 } },
      service: { unitRate: 53, leadTimeMs: { p50: 2 * MINUTE, p90: 3 * MINUTE } },
      slo: { latencyMs: 200 }
    },
    memory
  )
  memory = decided.memory
  const { kind, to, why } = decided.decision
  console.log(new Date(toMs).toISOString(), kind, to, why.rule, why.changed.map(({ by }) => by).join(', '))
}
made.close()

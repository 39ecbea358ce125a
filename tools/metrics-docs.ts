/** The page of the live loop's metrics, made from the code: `node tools/metrics-docs.ts`. A test compares, so nobody forgets. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { loopMetrics } from '../src/serve/index.ts'

const head = `# Metrics

What \`prescale run\` tells Prometheus at \`/metrics\`, on \`listen.host\` and \`listen.metrics\` or where \`--listen HOST:PORT\` says. \`/healthz\` is 200
unless no target had a turn for five minutes; \`/readyz\` is 503 while another loop holds the lease, or while the record cannot be used.
Units are base units. \`NaN\` is *not known* and is not zero. A target that is taken out of the config takes its series with it.

<!-- made by tools/metrics-docs.ts -->
| Metric | Type | Labels | What |
|---|---|---|---|
`

const foot = `
## What to be told of

| When | Why |
|---|---|
| \`time() - prescale_last_turn_timestamp_seconds > 300\` | a target has no turns |
| \`increase(prescale_commands_total{outcome="failed"}[15m]) > 2\` | commands are refused, or nobody answers |
| \`increase(prescale_bound_total{bound="maxReplicas"}[30m]) > 10\` | more is needed than is allowed |
| \`increase(prescale_bound_total{bound="doubt"}[30m]) > 10\` | nothing is taken away because something is unknown |
| \`prescale_metrics{quality=~"stale\\|missing\\|invalid\\|partial"} > 0\` for an hour | a source is silent, or says what cannot be |
| \`prescale_forecast_coverage_ratio{quantile="0.9"} < 0.8\` | the forecast is surer than it should be |
`

export function metricsPage(): string {
  const rows = Object.entries(loopMetrics).map(
    ([name, { type, labels, help }]) =>
      `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ') || '–'} | ${help} |`
  )
  return `${head}${rows.join('\n')}\n${foot}`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('../docs/metrics.md', import.meta.url), metricsPage())
}

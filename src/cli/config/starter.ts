/** The text of a `prescale.yaml` to start from: what is known stands there, what else may be said is a comment. */
import { stringify } from 'yaml'
import type { Imported } from './import-config.ts'

export interface Starter {
  /** Where a load is read for `rehearse`, `forecast` and `backtest`. */
  readonly data: { readonly file: string; readonly query?: string; readonly found: readonly string[] }
  /** The target of the live loop; absent: an example in comments. */
  readonly live?: Imported
  /** Where the target comes from, for the comment above it. */
  readonly from?: string
}

export function starter({ data, live, from }: Starter): string {
  return `${head}\n${liveText(live, from)}\n${dataText(data)}\n${rehearseText(live?.rehearse)}`
}

const line = (key: string, value: unknown) => stringify({ [key]: value }, { lineWidth: 0 }).trimEnd()
const indented = (text: string, by: string) => text.replaceAll(/^(?=.)/gm, by)

const head = `# yaml-language-server: $schema=node_modules/prescale/docs/prescale.schema.json
# Settings of Prescale. See what is wrong with them: prescale validate
# Durations: 30s, 5m, 1h30m or PT5M. Secrets only by reference: env:NAME or file:PATH.
version: 1
`

function liveText(live?: Imported, from?: string): string {
  const top =
    '# What is watched and sized while it runs: prescale run. Nothing is written anywhere unless mode is apply, and --apply is said.\n'
  if (live === undefined) return `${top}${indented(example, '# ')}`
  const notes = live.notes.map((note) => `#   - ${note}\n`).join('')
  const origin =
    from === undefined ? '' : `# Taken over from ${from}.${notes === '' ? '' : ' To know:'}\n${notes}`
  const settings = stringify({ targets: { [live.name]: live.target } }, { lineWidth: 0 })
  return `${top}${origin}${settings}${indented(live.recommendOnly ? recommended : more, '    # ')}`
}

const example = `targets:
  my-job:
    source: { type: flink, url: http://localhost:8081, job: my-job }
    # source: { type: prometheus, url: http://localhost:9090, query: 'sum(rate(http_requests_total[1m]))' }
    forecast: blend            # or a model file, or none
    policy: mpc                # or { name: hpa, options: { target: 0.7 } }, or a model file
${indented('actuator: { type: flink }\n', '    ')}${indented(
  `mode: recommend            # apply: carry it out
maxReplicas: 20            # needed for apply
`,
  '    '
)}`

const recommended = `mode: recommend            # the only one here: there is no actuator for this object, so nothing is written
guards:
  cooldown: 1m             # no further change for so long after one
slo: { latency: 200ms }
price: 0.05                # of one unit for an hour
budget: 300                # for 30 days
`

const more = `mode: recommend            # apply: carry it out; then say maxReplicas and an actuator
actuator: { type: flink }
behavior:                  # as in autoscaling/v2
  scaleDown: { stabilizationWindowSeconds: 300 }
guards:
  cooldown: 1m             # no further change for so long after one
  rescaleBudget: 6/1h
slo: { lag: 5s }
price: 0.05                # of one unit for an hour
budget: 300                # for 30 days
`

function dataText({ file, query, found }: Starter['data']): string {
  const asked =
    query === undefined
      ? `# query: sum(rate(http_requests_total[1m]))   # with file: prometheus:http://host:9090`
      : line('query', query)
  return `# A recorded load, for rehearse, forecast and backtest. Names are those of the flags (--per-step is perStep); a flag wins.
# Events per second, one value a step; what was not measured stays unknown.
data:
${found.map((text) => `  # ${text.replaceAll('\n', ' ')}\n`).join('')}  ${line('file', file)}
  ${asked}
  # from: 14d                  # or a time; how long ago
  # to: now
  # step: 1m
  # bearer: env:PROMETHEUS_TOKEN
  # time: timestamp            # columns, else detected
  # value: requests
  # perStep: true              # values are counts per step
  # count: true                # every row is one event
  # tz: Europe/Berlin          # times without a zone are local to it
  # scale: 1
  # floor: true                # subtract what the load never falls below
`
}

function rehearseText(policy?: string): string {
  const policies = [...new Set(['fixed', 'hpa', policy ?? 'threshold', 'proportional', 'mpc'])].join(',')
  return `# Every policy on that load, in one world: prescale rehearse -c prescale.yaml
rehearse:
  # What you know about one unit (replica, executor, slot). What is not said is assumed, and marked so in the result.
  # unitRate: 50               # events/s that one unit serves at 100 %
  # serviceTime: 20ms
  # slo: 200ms                 # a slower event has missed it
  # leadTime: 2m,P90=3m        # from request to ready
  # price: 0.05                # of one unit for an hour
  # minUnits: 1
  # maxUnits: 200
  ${line('policies', policies)}
  # forecast: blend
  # trainUntil: 0.8            # learn on the first 80 %, rehearse on the rest
  # seeds: 3
  # frontier: true             # what each policy can buy for how much
  # report: report.html
`
}

/** `prescale init` — writes a commented `prescale.yaml` to start from. Asks nothing and overwrites nothing. */
import { existsSync } from 'node:fs'
import { Command } from 'commander'
import { stringify } from 'yaml'
import { formatDuration, PrescaleError } from '../base/index.ts'
import { writeWhole } from '../store/write-file.ts'
import { readData } from './data.ts'
import { note, print, readFormat } from './output.ts'

interface Options {
  readonly out: string
  readonly source: string
  readonly query?: string
  readonly force?: boolean
  readonly output: string
  readonly quiet?: boolean
}

export function command(): Command {
  return new Command('init')
    .description('writes a commented prescale.yaml to start from')
    .option('--out <FILE>', 'where to', 'prescale.yaml')
    .option('--source <FILE>', 'CSV, Parquet, builtin:… or prometheus:URL', 'builtin:daily-wave')
    .option('--query <PROMQL>', 'what to ask Prometheus for')
    .option('--force', 'replace a file that is there')
    .option('-o, --output <FORMAT>', 'table, json, yaml or csv', 'table')
    .option('--quiet', 'say nothing about the source')
    .action(run)
}

async function run(options: Options): Promise<void> {
  readFormat(options.output)
  const { out, source, query, force } = options
  if (existsSync(out) && !force) {
    throw new PrescaleError('BAD_OPTION', `${out} is there already; say --force to replace it, or --out FILE`)
  }
  const found = await look(source, query)
  for (const line of found) note(line, options.quiet)
  writeWhole(out, starter(source, query, found))
  print(options.output, {
    value: { out },
    rows: [{ out }],
    text: `${out} written; next: prescale rehearse -c ${out}`
  })
}

/** What is in the source, as comments. A source that cannot be read now may be there later: that is said, not refused. */
async function look(source: string, query?: string): Promise<string[]> {
  try {
    const { series, notes } = await readData(source, { query })
    const from = new Date(series.startMs).toISOString().slice(0, 16)
    return [`${series.values.length} steps of ${formatDuration(series.stepMs)} from ${from}Z`, ...notes]
  } catch (error) {
    if (error instanceof PrescaleError) return [`could not be read yet: ${error.message}`]
    throw error
  }
}

function starter(source: string, query: string | undefined, found: readonly string[]): string {
  const line = (key: string, value: string) => stringify({ [key]: value }, { lineWidth: 0 }).trimEnd()
  return `# Settings of Prescale. Names are those of the flags (--lead-time is leadTime); a flag on the command line wins.
#   prescale rehearse -c prescale.yaml
# Durations: 30s, 5m, 1h30m or PT5M. Secrets only by reference: env:NAME or file:PATH.

# Where the load comes from. Events per second, one value a step; what was not measured stays unknown.
data:
${found.map((text) => `  # ${text.replaceAll('\n', ' ')}`).join('\n')}
  ${line('file', source)}
  ${query === undefined ? `# query: sum(rate(http_requests_total[1m]))   # with file: prometheus:http://host:9090` : line('query', query)}
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

# Every policy on that load, in one world.
rehearse:
  # What you know about one unit (replica, executor, slot). What is not said is assumed, and marked so in the result.
  # unitRate: 50               # events/s that one unit serves at 100 %
  # serviceTime: 20ms
  # slo: 200ms                 # a slower event has missed it
  # leadTime: 2m,P90=3m        # from request to ready
  # price: 0.05                # of one unit for an hour
  # minUnits: 1
  # maxUnits: 200
  policies: fixed,hpa,threshold,proportional,mpc
  # forecast: blend
  # trainUntil: 0.8            # learn on the first 80 %, rehearse on the rest
  # seeds: 3
  # frontier: true             # what each policy can buy for how much
  # report: report.html
`
}

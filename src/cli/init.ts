/**
 * `prescale init` — writes a commented `prescale.yaml` to start from: by flags, from the config of another autoscaler, or by asking where
 * a terminal is there. Overwrites nothing unless told to.
 */
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { Command } from 'commander'
import { formatDuration, PrescaleError } from '../base/index.ts'
import { sayProblem } from '../config/index.ts'
import { writeWhole } from '../store/write-file.ts'
import { CONFIG_FILE, checkText } from './config/file.ts'
import { type Imported, targetName } from './config/import-config.ts'
import { FROM, importers, importFile } from './config/importers.ts'
import { type Ask, answered } from './config/questions.ts'
import { starter } from './config/starter.ts'
import { readData } from './data.ts'
import { note, print, readFormat } from './output.ts'

interface Options {
  readonly out: string
  readonly source: string
  readonly query?: string
  readonly from?: string
  readonly flink?: string
  readonly job?: string
  readonly prometheus?: string
  readonly policy?: string
  readonly maxReplicas?: string
  readonly ask?: boolean
  readonly force?: boolean
  readonly output: string
  readonly quiet?: boolean
}

export function command(): Command {
  return new Command('init')
    .description('writes a commented prescale.yaml to start from')
    .argument('[FILE]', 'with --from: the config that is taken over')
    .option(...FROM)
    .option('--flink <URL>', 'a Flink job is watched, such as http://localhost:8081')
    .option('--job <NAME>', 'its id or name')
    .option('--prometheus <URL>', 'the load is asked of Prometheus with --query')
    .option('--policy <NAME>', 'who decides')
    .option('--max-replicas <N>', 'most units of a resource')
    .option('--out <FILE>', 'where to', CONFIG_FILE)
    .option(
      '--source <FILE>',
      'a recorded load: CSV, Parquet, builtin:… or prometheus:URL',
      'builtin:daily-wave'
    )
    .option('--query <PROMQL>', 'what to ask Prometheus for')
    .option('--no-ask', 'ask nothing, also where a terminal is there')
    .option('--force', 'replace a file that is there')
    .option('-o, --output <FORMAT>', 'table, json, yaml or csv', 'table')
    .option('--quiet', 'say nothing about the source')
    .action(run)
}

async function run(file: string | undefined, options: Options, command: Command): Promise<void> {
  readFormat(options.output)
  const { out, force, quiet } = options
  if (existsSync(out) && !force) {
    throw new PrescaleError('BAD_OPTION', `${out} is there already; say --force to replace it, or --out FILE`)
  }
  const live = await targetOf(file, options, command)
  const { source, query } = options
  const found = await look(source, query)
  for (const line of [...found, ...(live?.notes ?? [])]) note(line, quiet)
  const text = starter({ data: { file: source, query, found }, live, from: options.from && file })
  await refuseBad(text)
  writeWhole(out, text)
  const watch = live?.recommendOnly ? `, prescale run -c ${out}` : ''
  const next =
    live === undefined
      ? `prescale rehearse -c ${out}`
      : `prescale validate ${out}, prescale doctor -c ${out}${watch}`
  const only = live?.recommendOnly ? ' (recommends only: nothing here changes Kubernetes objects)' : ''
  print(options.output, {
    value: {
      out,
      ...(live && { target: live.name, recommendOnly: live.recommendOnly ?? false, notes: live.notes })
    },
    rows: [{ out, target: live?.name }],
    text: `${out} written${only}; next: ${next}`
  })
}

async function targetOf(
  file: string | undefined,
  options: Options,
  command: Command
): Promise<Imported | undefined> {
  const { from } = options
  if (from !== undefined) return importFile(from, file)
  if (file !== undefined)
    throw new PrescaleError(
      'BAD_OPTION',
      `${file} is taken over with --from ${Object.keys(importers).join('|')}`
    )
  const saysWhat = ['flink', 'job', 'prometheus', 'policy', 'maxReplicas', 'source', 'quiet', 'ask'].some(
    (name) => command.getOptionValueSource(name) === 'cli'
  )
  const { stdin, stderr } = process
  if (!saysWhat && options.output === 'table' && stdin.isTTY && stderr.isTTY) return await asked()
  return byFlags(options)
}

/** Lines that come before their question are not lost: answers may be pasted. */
async function asked(): Promise<Imported | undefined> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  const each = lines[Symbol.asyncIterator]()
  try {
    const ask: Ask = async (question, otherwise) => {
      note(otherwise === '' ? `${question}:` : `${question} [${otherwise}]:`)
      const { value, done } = await each.next()
      if (done) throw new PrescaleError('INTERRUPTED', 'there was no more answer, so nothing was written')
      return value.trim() === '' ? otherwise : value.trim()
    }
    return byFlags(await answered(ask))
  } finally {
    lines.close()
  }
}

/** A target of what was said; `undefined` where nothing was. */
export function byFlags(
  given: Pick<Options, 'flink' | 'job' | 'prometheus' | 'query' | 'policy' | 'maxReplicas'>
): Imported | undefined {
  const { flink, job, prometheus, query, policy, maxReplicas } = given
  if (flink === undefined && prometheus === undefined) {
    const alone = [job && '--job', policy && '--policy', maxReplicas && '--max-replicas']
      .filter(Boolean)
      .join(', ')
    if (alone === '') return undefined
    throw new PrescaleError(
      'BAD_OPTION',
      `${alone} needs a target: say --flink URL --job NAME, or --prometheus URL --query PROMQL`
    )
  }
  if (flink !== undefined && job === undefined)
    throw new PrescaleError('BAD_OPTION', '--flink needs --job, its id or name')
  if (prometheus !== undefined && query === undefined) {
    throw new PrescaleError(
      'BAD_OPTION',
      "--prometheus needs --query, such as 'sum(rate(http_requests_total[1m]))'"
    )
  }
  const sources = [
    ...(flink === undefined ? [] : [{ type: 'flink', url: flink, job }]),
    ...(prometheus === undefined ? [] : [{ type: 'prometheus', url: prometheus, query }])
  ]
  const most = maxReplicas === undefined || /^\d+$/.test(maxReplicas) ? Number(maxReplicas) : maxReplicas
  const target = {
    source: sources.length === 1 ? sources[0] : sources,
    ...(policy !== undefined && { policy }),
    ...(maxReplicas !== undefined && { maxReplicas: most })
  }
  return {
    name: targetName(job, 'service'),
    target,
    rehearse: policy?.endsWith('.json') ? 'threshold' : (policy ?? 'threshold'),
    notes: []
  }
}

/** What was said may be no config: nothing is written then. */
async function refuseBad(text: string): Promise<void> {
  const { problems } = await checkText(text)
  if (problems.length === 0) return
  const [first] = problems
  throw new PrescaleError(
    'BAD_OPTION',
    `this would not be a config: ${sayProblem(CONFIG_FILE, first).replace(/^\S+ /, '')}`
  )
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

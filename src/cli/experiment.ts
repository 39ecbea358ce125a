/**
 * `prescale experiment list|run|report [NAME]` — published tables, ours beside theirs.
 *
 * What is published was run as it stands: a run with `--set` prints its result and writes nothing.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { type GivenOptions, PrescaleError, readOptions, unknownName } from '../base/index.ts'
import { writeWhole } from '../store/write-file.ts'
import type { Claim, Experiment, ExperimentResult } from './experiment-shape.ts'
import { note, print, progress, readFormat, table } from './output.ts'
import { readSettings } from './settings.ts'

const home = new URL('../../experiments/', import.meta.url)

interface Options {
  readonly long?: boolean
  readonly set?: readonly string[]
  readonly taxi?: string
  readonly output: string
  readonly quiet?: boolean
}

export function command(): Command {
  const experiment = new Command('experiment').description('published tables made again, ours beside theirs')
  const output = (child: Command) =>
    child
      .option('-o, --output <FORMAT>', 'table, json, yaml or csv', 'table')
      .option('--quiet', 'no notes, no progress')
  output(experiment.command('list').description('names and what they show')).action(list)
  output(experiment.command('run').description('run one; the short form writes nothing').argument('NAME'))
    .option('--long', 'the published form; writes its results.json')
    .option('--set <OPTION=VALUE...>', 'options of the experiment; nothing is written then')
    .option('--taxi <DIR>', 'the same as --set taxi=DIR: trip records of your own, where one reads them')
    .action(run)
  output(experiment.command('report').description('print the committed results').argument('NAME')).action(
    report
  )
  return experiment
}

async function list(options: Options): Promise<void> {
  readFormat(options.output)
  const rows = []
  for (const name of names()) {
    const { says } = await load(name)
    rows.push({ name, says, results: existsSync(resultsFile(name)) })
  }
  print(options.output, { value: rows, rows })
}

async function run(name: string, options: Options): Promise<void> {
  readFormat(options.output)
  const long = options.long === true
  const say = progress(options.quiet)
  const experiment = await load(known(name))
  const given = settingsOf(options)
  readOptions(name, experiment.options ?? {}, given)
  const asPublished = Object.keys(given).length === 0
  const { pictures = {}, ...made } = await experiment.run({ long, progress: say, given })
  say('')
  const result = long ? made : { ...made, settings: { ...made.settings, form: 'short' } }
  if (long && asPublished) save(name, result, pictures)
  else if (long) note('run with settings: nothing is written', options.quiet)
  else note('short form: nothing is written; --long makes the published results', options.quiet)
  show(result, options)
}

function settingsOf({ set, taxi }: Options): GivenOptions {
  return { ...readSettings(set), ...(taxi !== undefined && { taxi }) }
}

async function report(name: string, options: Options): Promise<void> {
  readFormat(options.output)
  const file = resultsFile(known(name))
  if (!existsSync(file)) {
    throw new PrescaleError(
      'NOT_FOUND',
      `${name} has no results.json yet: run \`prescale experiment run ${name} --long\``
    )
  }
  show(JSON.parse(readFileSync(file, 'utf8')) as ExperimentResult, options)
}

function show(result: ExperimentResult, options: Options): void {
  print(options.output, { value: result, rows: result.rows, text: experimentText(result) })
}

/** Rows as a table, then each claim with what was measured, held or not. */
export function experimentText({ experiment, settings, rows, claims }: ExperimentResult): string {
  const form = settings.form === 'short' ? ' (short form)' : ''
  const held = claims.filter((claim) => claim.holds).length
  return [
    `${experiment}${form}`,
    table(rows),
    `Claims: ${held} of ${claims.length} hold`,
    ...claims.map(claimText)
  ].join('\n\n')
}

function claimText({ id, text, expected, measured, holds }: Claim): string {
  return `${holds ? 'holds         ' : 'DOES NOT HOLD '} ${id}: ${text}\n               expected ${expected}, measured ${measured ?? 'nothing'}`
}

/** Every folder with a `run.ts`, by its path. The installed package has none: experiments belong to the repository. */
function names(): string[] {
  if (!existsSync(home)) {
    throw new PrescaleError(
      'NOT_FOUND',
      'experiments are not part of the installed package: run them in a clone of the repository'
    )
  }
  return readdirSync(home, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('/run.ts'))
    .map((path) => path.slice(0, -'/run.ts'.length))
    .sort()
}

function known(name: string): string {
  const all = names()
  if (!all.includes(name)) throw new PrescaleError('NOT_FOUND', unknownName('an experiment', name, all))
  return name
}

async function load(name: string): Promise<Experiment> {
  const { experiment } = (await import(new URL(`${name}/run.ts`, home).href)) as { experiment: Experiment }
  return experiment
}

const fileOf = (name: string, file: string) => fileURLToPath(new URL(`${name}/${file}`, home))
const resultsFile = (name: string) => fileOf(name, 'results.json')

function save(name: string, result: ExperimentResult, pictures: Readonly<Record<string, string>>): void {
  const text = JSON.stringify(result, (_key, value) => (Number.isNaN(value) ? null : value), 2)
  writeWhole(resultsFile(name), `${text}\n`)
  for (const [file, picture] of Object.entries(pictures)) writeWhole(fileOf(name, file), picture)
}

/** `prescale validate [FILE]` — everything that is wrong with a config, one line each; opens nothing but the files it names. */
import { Command } from 'commander'
import { stringify } from 'yaml'
import { PrescaleError } from '../base/index.ts'
import { type Config, sayProblem, writtenForm } from '../config/index.ts'
import { CONFIG_FILE, checkText, readText } from './config/file.ts'
import { FROM, importFile, textOfImported } from './config/importers.ts'
import { note, print, readFormat } from './output.ts'

interface Options {
  readonly config?: string
  readonly from?: string
  readonly resolved?: boolean
  readonly output: string
}

export function command(): Command {
  return new Command('validate')
    .description('every problem of a config, with line and column')
    .argument('[FILE]', `the config, ${CONFIG_FILE} unless given`)
    .option(...FROM)
    .option('--resolved', 'the whole config as it is meant: defaults filled in, shorthands written out')
    .option('-o, --output <FORMAT>', 'table, json, yaml or csv', 'table')
    .action(run)
}

async function run(given: string | undefined, options: Options): Promise<void> {
  const format = readFormat(options.output)
  const file = given ?? options.config ?? CONFIG_FILE
  const imported = options.from === undefined ? undefined : importFile(options.from, given)
  for (const line of imported?.notes ?? []) note(line)
  const text = imported === undefined ? readText(file) : textOfImported(imported)
  const { config, problems } = await checkText(text)
  if (config === undefined) {
    print(format, {
      value: { file, valid: false, problems },
      rows: problems.map(({ line, column, path, says }) => ({ file, line, column, path, says })),
      text: problems.map((problem) => sayProblem(file, problem)).join('\n')
    })
    const what = problems.length === 1 ? '1 problem' : `${problems.length} problems`
    throw new PrescaleError('BAD_INPUT', `${file} has ${what}, see above`)
  }
  const resolved = writtenForm(config)
  print(format, {
    value: options.resolved ? resolved : { file, valid: true, problems: [], ...summary(config) },
    rows: [{ file, valid: true, ...summary(config) }],
    text: options.resolved ? stringify(resolved, { lineWidth: 0 }).trimEnd() : textOf(file, config)
  })
}

function summary({ targets, gateways, gateway }: Config) {
  return { targets: targets.length, gateways: gateways.length, gateway: gateway?.id ?? null }
}

function textOf(file: string, config: Config): string {
  const lines = config.targets.map(({ name, mode, sources, policy, forecast, actuator }) => {
    const read = sources.map(({ type }) => type).join(', ')
    const coming = forecast === undefined ? 'no forecast' : (forecast.model ?? forecast.method)
    const acts = mode === 'apply' ? `applies through ${actuator.type}` : 'recommends, writes nothing'
    return `  ${name}: reads ${read}; ${coming}; ${policy.model ?? policy.name}; ${acts}`
  })
  const edge = config.gateway === undefined ? [] : [`  gateway ${config.gateway.id}`]
  return [`${file} is valid`, ...lines, ...edge].join('\n')
}

#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { Command, CommanderError, Option, type OutputConfiguration } from 'commander'
import { unknownName } from '../base/index.ts'
import { handInAugurs } from './augurs.ts'
import { commands } from './commands.ts'
import { handInCommands } from './config/sections.ts'
import { exitCodeOf, sayError } from './exit.ts'
import { interrupted, untilInterrupted } from './interrupt.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

/** What was wrong, and perhaps a suggestion, in one line. */
const oneLine: OutputConfiguration = {
  outputError: (text, write) =>
    write(
      `prescale: ${text
        .replace(/^error: /, '')
        .trim()
        .replaceAll(/\s*\n\s*/g, ' ')}\n`
    )
}

async function main(argv: readonly string[]): Promise<number> {
  const stopped = untilInterrupted()
  handInAugurs()
  handInCommands(commands)
  const program = new Command('prescale')
    .description('Scales before the load arrives, and shows honestly whether that helped.')
    .version(version)
    .exitOverride()
    .configureOutput(oneLine)
  const wanted = argv[0]
  const asked = wanted === 'help' ? argv[1] : wanted
  for (const [name, entry] of Object.entries(commands)) {
    // Only the command that is asked for is loaded: `prescale decide` does not wait for DuckDB.
    if (name === asked) {
      program.addCommand(withCommon(inherit((await entry.load()).command())))
    } else program.addCommand(new Command(name).description(entry.says).allowUnknownOption())
  }
  if (asked !== undefined && !asked.startsWith('-') && !Object.hasOwn(commands, asked)) {
    process.stderr.write(`prescale: ${unknownName('a command', asked, Object.keys(commands))}\n`)
    return 2
  }
  if (wanted === undefined) program.outputHelp()
  try {
    if (wanted !== undefined) await Promise.race([program.parseAsync(argv, { from: 'user' }), stopped])
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    process.stderr.write(`${sayError(error)}\n`)
    return exitCodeOf(error)
  }
}

/**
 * `-c`, `--seed` and `--quiet` mean the same everywhere: a command in which nothing is drawn or said takes them too, and
 * does not show them. The parser of the file is loaded only for who gives one.
 */
function withCommon(command: Command): Command {
  for (const leaf of command.commands.length > 0 ? command.commands : [command]) {
    const has = (flag: string) => leaf.options.some(({ long }) => long === flag)
    leaf.option('-c, --config <FILE>', 'settings in YAML, as `prescale init` writes them; flags win')
    if (!has('--seed')) leaf.addOption(new Option('--seed <N>').hideHelp())
    if (!has('--quiet')) leaf.addOption(new Option('--quiet').hideHelp())
  }
  return command.hook('preAction', async (_, acting) => {
    const { config } = acting.opts<{ config?: string }>()
    // Who looks for every problem of a file must not end at the first.
    if (config === undefined || command.name() === 'validate') return
    const { applyConfig } = await import('./config.ts')
    applyConfig(acting, command.name(), config, Object.keys(commands))
  })
}

function inherit(command: Command): Command {
  command.exitOverride().configureOutput(oneLine)
  for (const child of command.commands) inherit(child)
  return command
}

// A command starts three times faster where its modules were compiled before; without a place for them nothing changes.
enableCompileCache()
// Whoever reads has seen enough, as in `| head -1`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
process.exitCode = await main(process.argv.slice(2))
// Nobody waits for what was still at work.
if (interrupted.aborted) process.exit()

#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { unknownName } from '../base/index.ts'
import { commands } from './commands.ts'
import { exitCodeOf, sayError } from './exit.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

async function main(argv: readonly string[]): Promise<number> {
  const program = new Command('prescale')
    .description('Scales before the load arrives, and shows honestly whether that helped.')
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'prescale: ')) })
  const wanted = argv[0]
  for (const [name, entry] of Object.entries(commands)) {
    // Only the command that is asked for is loaded: `prescale decide` does not wait for DuckDB.
    if (name === wanted || (wanted === 'help' && name === argv[1])) {
      program.addCommand(withConfig(inherit((await entry.load()).command())))
    } else program.addCommand(new Command(name).description(entry.says).allowUnknownOption())
  }
  if (
    wanted !== undefined &&
    !wanted.startsWith('-') &&
    wanted !== 'help' &&
    !Object.hasOwn(commands, wanted)
  ) {
    process.stderr.write(`prescale: ${unknownName('a command', wanted, Object.keys(commands))}\n`)
    return 2
  }
  try {
    await program.parseAsync(argv, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    process.stderr.write(`${sayError(error)}\n`)
    return exitCodeOf(error)
  }
}

/** The parser of the file is loaded only for who gives one. */
function withConfig(command: Command): Command {
  return command
    .option('-c, --config <FILE>', 'settings in YAML, as `prescale init` writes them; flags win')
    .hook('preAction', async (_, acting) => {
      const { config } = command.opts<{ config?: string }>()
      if (config === undefined) return
      const { applyConfig } = await import('./config.ts')
      applyConfig(acting, command.name(), config, Object.keys(commands))
    })
}

function inherit(command: Command): Command {
  command.exitOverride().configureOutput({
    outputError: (text, write) => write(text.replace(/^error: /, 'prescale: '))
  })
  for (const child of command.commands) inherit(child)
  return command
}

process.exitCode = await main(process.argv.slice(2))

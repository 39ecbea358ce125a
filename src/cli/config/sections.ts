/**
 * Names at the top of `prescale.yaml`: settings of the live loop, and sections of commands. Commands read config files, so they are named
 * here and handed in by `main.ts`, and not imported.
 */
import { Command } from 'commander'

/** What no command has as flags. */
export const liveSections: readonly string[] = [
  'version',
  'targets',
  'signals',
  'gateways',
  'store',
  'listen',
  'log',
  'lease',
  'gateway'
]

/** All commands there are, and those that were promised: their names are taken. */
export const commandSections: readonly string[] = [
  'data',
  'rehearse',
  'forecast',
  'backtest',
  'decide',
  'detect',
  'train',
  'learn',
  'run',
  'serve',
  'route',
  'explain',
  'status',
  'diff',
  'pause',
  'resume',
  'init',
  'validate',
  'doctor',
  'experiment'
]

/** The table of commands, as far as this page needs it: what it imported would import it. */
type Table = Readonly<Record<string, { readonly load: () => Promise<{ command(): Command }> }>>

let commands: Table = {}

export function handInCommands(table: Table): void {
  commands = table
}

/** Names that a section may have; `undefined` where nobody here knows the command. */
export async function settingsOf(section: string): Promise<readonly string[] | undefined> {
  if (section === 'data') {
    const { addDataOptions } = await import('../data.ts')
    return ['file', ...optionsOf(addDataOptions(new Command()))]
  }
  if (!Object.hasOwn(commands, section)) return undefined
  const command = (await commands[section].load()).command()
  return [...new Set([command, ...command.commands].flatMap(optionsOf))].filter((name) => name !== 'config')
}

const optionsOf = (command: Command): string[] => command.options.map((option) => option.attributeName())

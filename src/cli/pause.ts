/** `prescale pause`, `prescale resume` — holds targets back, now and after a restart of the loop, until somebody lets go. */
import { userInfo } from 'node:os'
import { Command } from 'commander'
import { askLoop } from '../serve/socket.ts'
import { type LoopRecord, type Pause, sqlite } from '../store/index.ts'
import { CONFIG_FILE, loadConfig } from './config/file.ts'
import { pauseOf } from './live/answers.ts'
import { note } from './output.ts'

interface Options {
  readonly config?: string
  readonly because?: string
  readonly for?: string
  readonly quiet?: boolean
}

export function command(): Command {
  return new Command('pause')
    .description('nothing is commanded any more: for one target, or for all')
    .argument('[TARGET]', 'name of a target; all when absent')
    .option('--because <TEXT>', 'why, for whoever asks')
    .option('--for <DURATION>', 'it ends by itself, such as 2h')
    .action((target: string | undefined, options: Options) => change('pause', target, options))
}

export function resumeCommand(): Command {
  return new Command('resume')
    .description('lets targets go on that were paused')
    .argument('[TARGET]', 'name of a target; what was paused as a whole when absent')
    .action((target: string | undefined, options: Options) => change('resume', target, options))
}

async function change(ask: 'pause' | 'resume', target = '*', options: Options): Promise<void> {
  const { listen, store } = await loadConfig(options.config ?? CONFIG_FILE)
  const { because, for: time } = options
  const asked = {
    ask,
    target,
    by: userInfo().username,
    ...(because && { because }),
    ...(time && { for: time })
  }
  const said = await askLoop(listen.socket, asked)
  const pauses = (said ?? inRecord(store.path, asked)) as Readonly<Record<string, Pause>>
  const all = Object.keys(pauses).map((name) => (name === '*' ? 'all targets' : name))
  const now = all.length === 0 ? 'nothing is paused' : `paused: ${all.join(', ')}`
  const hint = said === undefined ? ' (no loop runs now; the next one finds it in its record)' : ''
  // One target does not go on while all are held.
  note(`${ask === 'resume' && !('*' in pauses) ? `resumed; now ${now}` : now}${hint}`, options.quiet)
}

/** No loop runs: the next one finds it in its record. */
function inRecord(file: string, asked: { ask: string; target: string }): ReturnType<LoopRecord['pauses']> {
  const store = sqlite({ file })
  try {
    store.setPause(asked.target, asked.ask === 'pause' ? pauseOf(asked, Date.now()) : undefined)
    return store.pauses()
  } finally {
    store.close()
  }
}

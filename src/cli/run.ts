/**
 * `prescale run` — the live loop: watches the targets of a config, forecasts, decides, says what it would do; with `--apply` does it.
 *
 * The config is read again when it changes; one that is wrong is told, and the last good one stays. Everything decided is in the store, so
 * `explain`, `status` and `diff` work while it runs and after.
 */
import { Command } from 'commander'
import { PrescaleError } from '../base/index.ts'
import type { Config, ListenConfig } from '../config/index.ts'
import { CONFIG_FILE, loadConfig } from './config/file.ts'
import { interrupted, waitForEnd } from './interrupt.ts'
import { openLog } from './live/log.ts'
import { type LiveLoop, openLoop } from './live/loop.ts'
import { watchConfig } from './live/watch.ts'
import { print, readFormat } from './output.ts'
import { rowsOf, textOf } from './status.ts'

interface Options {
  readonly config?: string
  readonly apply?: boolean
  readonly once?: boolean
  readonly listen?: string
  readonly quiet?: boolean
  readonly output: string
}

export function command(): Command {
  return new Command('run')
    .description(
      'the live loop: watches, forecasts, decides and says what it would do; with --apply it does it'
    )
    .option(
      '--apply',
      'carry decisions out where a target has mode apply; without it nothing is written anywhere'
    )
    .option('--once', 'one turn for every target, its decision on stdout, then the end')
    .option(
      '--listen <HOST:PORT>',
      'where /metrics, /healthz and /readyz are, instead of what the config says; false: nowhere'
    )
    .option('--quiet', 'only warnings and errors')
    .option('-o, --output <FORMAT>', 'of --once: table, json, yaml or csv', 'table')
    .action(run)
}

async function run(options: Options): Promise<void> {
  readFormat(options.output)
  const file = options.config ?? CONFIG_FILE
  const read = async () => listening(await loadConfig(file), options.listen)
  const config = await read()
  const log = openLog(config.log, options.quiet === true)
  const apply = options.apply === true
  const once = options.once === true
  // The lease is given back and the socket taken away before the end.
  waitForEnd()
  const loop = await openLoop(config, { apply, once, log })
  try {
    if (once) await turnOnce(loop, options.output)
    else {
      log.note('run', opening(config, apply, loop.metricsUrl))
      await watchConfig(
        file,
        interrupted,
        async () => {
          const next = await read()
          await loop.set(next)
          log.note('config', `${file} was read again: ${next.targets.map(({ name }) => name).join(', ')}`)
        },
        (error) => log.error(`${error instanceof Error ? error.message : error}; the config of before stays`)
      )
    }
  } finally {
    await loop.close()
  }
  if (interrupted.aborted) throw new PrescaleError('INTERRUPTED', 'stopped')
}

async function turnOnce({ done, book }: LiveLoop, output: string): Promise<void> {
  await Promise.race([done(), stopped()])
  if (interrupted.aborted) return
  const targets = book.all()
  print(output, { value: targets, rows: rowsOf(targets), text: textOf(targets) })
  const away = targets.filter(({ lastEvent }) => lastEvent?.what === 'source-unreachable')
  // The answers above are safe ones; whoever runs this from a script must see that they rest on nothing.
  if (away.length > 0) {
    const [{ target, lastEvent }] = away
    const more = away.length === 1 ? '' : ` (and ${away.length - 1} more)`
    throw new PrescaleError('UNREACHABLE', `${target}: ${lastEvent?.text}${more}`)
  }
}

const stopped = () =>
  new Promise<void>((resolve) => interrupted.addEventListener('abort', () => resolve(), { once: true }))

/** What is going on, for who has just started it. */
function opening({ targets, store }: Config, apply: boolean, metricsUrl: string | undefined): string {
  const applied = targets.filter(({ mode }) => apply && mode === 'apply').map(({ name }) => name)
  const does =
    applied.length === 0
      ? 'recommends only, nothing is written'
      : `carries out decisions for ${applied.join(', ')}`
  const seen = metricsUrl === undefined ? '' : `; ${metricsUrl}`
  return `${targets.length} ${targets.length === 1 ? 'target' : 'targets'}, ${does}; record in ${store.path}${seen}`
}

/** Errors: BAD_OPTION. */
function listening(config: Config, listen: string | undefined): Config {
  return listen === undefined ? config : { ...config, listen: { ...config.listen, ...addressOf(listen) } }
}

function addressOf(text: string): Pick<ListenConfig, 'host' | 'metrics'> {
  if (text === 'false') return { host: '127.0.0.1', metrics: false }
  const [, host, port] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? []
  if (port === undefined || Number(port) > 65_535) {
    throw new PrescaleError('BAD_OPTION', `--listen must be such as 127.0.0.1:8080 or false, was '${text}'`)
  }
  return { host: host?.replace(/^\[|\]$/g, '') ?? '127.0.0.1', metrics: Number(port) }
}

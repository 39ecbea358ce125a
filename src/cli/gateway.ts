/**
 * `prescale gateway` — the loop at the edge: counts raw messages, predicts bursts, warns the cloud, forwards raw data.
 *
 * It works without an uplink as with one. Asked to end it sends or stores what is on its way.
 */
import { Command } from 'commander'
import { PrescaleError } from '../base/index.ts'
import type { Config, GatewayConfig } from '../config/index.ts'
import { type Station, type StationEvent, station } from '../gateway/index.ts'
import { embeddedBroker } from '../observe/embedded-broker.ts'
import { serveLoop } from '../serve/http.ts'
import { CONFIG_FILE, loadConfig } from './config/file.ts'
import { addressOf } from './config/listen-address.ts'
import { type GatewayMeters, gatewayMeters } from './gateway/metrics.ts'
import { type GatewayParts, gatewayParts } from './gateway/parts.ts'
import { interrupted, waitForEnd } from './interrupt.ts'
import { type Log, openLog } from './live/log.ts'
import { print, readFormat } from './output.ts'

interface Options {
  readonly config?: string
  readonly apply?: boolean
  readonly once?: boolean
  readonly listen?: string
  readonly broker?: string
  readonly quiet?: boolean
  readonly output: string
}

type WithGateway = Config & { readonly gateway: GatewayConfig }

const STATUS_MS = 60_000

export function command(): Command {
  return new Command('gateway')
    .description(
      'the loop at the edge: counts raw messages, predicts bursts, warns the cloud, forwards raw data'
    )
    .option('--apply', 'carry decisions on local capacity out, where gateway.local has mode apply')
    .option(
      '--once',
      'ends with the first signal that was taken, and prints it; with exit code 3 where a broker cannot be reached'
    )
    .option(
      '--listen <HOST:PORT>',
      'where /metrics, /healthz and /readyz are, instead of what the config says; false: nowhere'
    )
    .option('--broker <HOST:PORT>', 'an MQTT broker in this process, to try it without one')
    .option('--quiet', 'only warnings and errors')
    .option('-o, --output <FORMAT>', 'of --once: table, json, yaml or csv', 'table')
    .action(run)
}

async function run(options: Options): Promise<void> {
  readFormat(options.output)
  const config = withGateway(await loadConfig(options.config ?? CONFIG_FILE), options.config)
  const log = openLog(config.log, options.quiet === true)
  const stop = new AbortController()
  const ended = AbortSignal.any([interrupted, stop.signal])
  waitForEnd()
  const opened: (() => Promise<unknown>)[] = []
  try {
    if (options.broker !== undefined) {
      const { host, metrics } = addressOf(options.broker, '--broker')
      const broker = await embeddedBroker({ host, port: Number(metrics) })
      opened.push(broker.close)
      log.note('broker', `${broker.url}, in memory: to try things, not to rely on`)
    }
    const parts = await gatewayParts(config, log, options.apply === true)
    opened.push(parts.close)
    let first: StationEvent | undefined
    let away: string | undefined
    let meters: GatewayMeters | undefined
    const story = storyteller(log)
    const works = station({
      ...parts,
      tell(event) {
        meters?.take(event)
        if (options.once && (event.what === 'unheard' || event.what === 'cut')) {
          // Who waits for one signal is not there to wait for a broker; what ends with the rest is no news.
          away ??= event.because
          stop.abort()
          return
        }
        story(event)
        if (options.once && event.what === 'sent') {
          first ??= event
          stop.abort()
        }
      }
    })
    const outbox = config.gateway.forward === undefined ? undefined : () => parts.box.state()
    meters = gatewayMeters({ memory: () => works.memory, state: works.state, outbox })
    const url = await served(config, options.listen, meters, works, opened)
    log.note('gateway', opening(config.gateway, url))
    const timer = setInterval(() => log.note('status', statusLine(works, parts)), STATUS_MS)
    try {
      await works.run(ended)
    } finally {
      clearInterval(timer)
    }
    if (first?.what === 'sent') {
      print(options.output, { value: first.signal, rows: [{ ...first.signal }] })
    } else if (away !== undefined && !interrupted.aborted) {
      throw new PrescaleError('UNREACHABLE', `${away}; there is no signal`)
    }
  } finally {
    for (const close of opened.reverse()) await close()
  }
  if (interrupted.aborted)
    throw new PrescaleError('INTERRUPTED', 'stopped; what was on its way is sent or stored')
}

function withGateway(config: Config, file = CONFIG_FILE): WithGateway {
  const { gateway } = config
  if (gateway !== undefined) return { ...config, gateway }
  throw new PrescaleError('BAD_INPUT', `${file} has no section 'gateway': say its id, subscribe and publish`)
}

async function served(
  { listen }: Config,
  given: string | undefined,
  meters: GatewayMeters,
  works: Station,
  opened: (() => Promise<unknown>)[]
): Promise<string | undefined> {
  const { host, metrics: port } = given === undefined ? listen : addressOf(given, '--listen')
  if (port === false) return undefined
  const metrics = async () => ({ text: await meters.text(), contentType: meters.contentType })
  const unready = () => (works.state().heard ? undefined : 'not every source is heard')
  const http = await serveLoop({ metrics, unhealthy: () => undefined, unready }, { host, port })
  opened.push(http.close)
  return `${http.url}/metrics`
}

function opening({ id, subscribe, publish, forward, sign }: GatewayConfig, url: string | undefined): string {
  const from = subscribe.map(({ type, topics }) => `${type} ${topics.join(', ')}`).join('; ')
  const to = publish.map(({ type, topic }) => `${type} ${topic}`).join(' and ')
  const signed = sign === undefined ? 'unsigned signals' : `signals signed with ${sign.algorithm}`
  const raw = forward === undefined ? 'raw data stays here' : `raw data to ${forward.type} ${forward.topic}`
  return [`${id} listens to ${from}; ${signed} to ${to}; ${raw}`, url].filter(Boolean).join('; ')
}

/** How it stands, in one line. */
export function statusLine(works: Station, { box }: Pick<GatewayParts, 'box'>): string {
  const { memory } = works
  const { connected, heard, sent, dropped } = works.state()
  const { waiting, dropped: lost, trouble } = box.state()
  const rate = memory.totals.at(-1)
  const load = rate === undefined || rate === null ? 'load not measured' : `${Math.round(rate)} messages/s`
  const streets = `${memory.counts.used} streets`
  const alarm = memory.said?.alarm ? `ALARM ${Math.round(memory.said.load)}/s` : 'no alarm'
  const link = connected ? `${sent} signals sent` : `CUT OFF, ${dropped} signals too old to send`
  const raw = `outbox ${waiting}${lost > 0 ? `, ${lost} dropped` : ''}${trouble ? `, ${trouble}` : ''}`
  return [heard ? load : 'NOT LISTENING', streets, alarm, link, raw].join('; ')
}

/** An alarm is told when it begins and when it ends, not with every signal that repeats it. */
export function storyteller(log: Pick<Log, 'note' | 'error'>): (event: StationEvent) => void {
  let alarm = false
  return (event) => {
    if (event.what !== 'sent') return logged(event, log)
    const { burstAlarm, predictedLoad } = event.signal
    if (burstAlarm && !alarm) log.note('alarm', `${Math.round(predictedLoad)}/s are coming`)
    else if (alarm && !burstAlarm) log.note('alarm', `is over: ${Math.round(predictedLoad)}/s`)
    alarm = burstAlarm
  }
}

function logged(event: StationEvent, log: Pick<Log, 'note' | 'error'>): void {
  const error = errorOf(event)
  if (error !== undefined) log.error(error)
  else if (event.what === 'connected') log.note('uplink', 'signals are taken again')
  else if (event.what === 'heard') log.note('source', 'messages come in')
}

function errorOf(event: StationEvent): string | undefined {
  if (event.what === 'cut') return `cut off, works on alone: ${event.because}`
  if (event.what === 'unheard') return `not listening: ${event.because}`
  if (event.what === 'forward-failed') return `raw data is kept: ${event.because}`
  return event.what === 'disk' ? event.because : undefined
}

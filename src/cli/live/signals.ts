/** Warnings of gateways for all targets: read once, judged once, with trust that is learned for as long as the loop runs. */
import type { Config, KnownGateway } from '../../config/index.ts'
import { type FuseMemory, fuse, signalDesk, type TrustedGateway, verifyingKey } from '../../gateway/index.ts'
import { type Broadcast, broadcast, type Clock, type SignalDesk } from '../../loop/index.ts'
import { secret } from '../../net/index.ts'
import type { Source } from '../../roles.ts'
import type { Log } from './log.ts'
import { signalTransports } from './systems.ts'

export interface LiveSignals {
  readonly source: () => Source
  readonly desk: (target: string) => SignalDesk
  readonly memory: FuseMemory
  /** The configuration they were made of. */
  readonly of: string
}

const AGAIN_MS = 5_000

/** `undefined` where no transport is configured. Of the same configuration the same again. Errors: BAD_OPTION, NOT_FOUND (a key). */
export async function openSignals(
  { signals, gateways }: Pick<Config, 'signals' | 'gateways'>,
  clock: Clock,
  log: Log,
  abort: AbortSignal,
  before?: LiveSignals
): Promise<LiveSignals | undefined> {
  if (signals === undefined) return undefined
  const of = JSON.stringify({ signals, gateways })
  if (before?.of === of) return before
  const made = fuse({
    gateways: gateways.map(trusted),
    signed: signals.signed,
    replayWindowMs: signals.replayWindow,
    maxSkewMs: signals.maxSkew,
    maxPerSecond: signals.maxPerSecond,
    maxHorizonMs: signals.maxHorizon
  })
  const memory = before?.memory ?? made.initial()
  const said = new Map<string, number>()
  const desk = signalDesk(made, memory, ({ gateway }, because) => {
    const key = `${gateway}: ${because}`
    const count = (said.get(key) ?? 0) + 1
    // Who floods us with forgeries does not flood the log.
    if (said.size < 1_000) said.set(key, count)
    if (Math.log10(count) % 1 === 0) log.note('signal refused', count === 1 ? key : `${key}, ${count} so far`)
  })
  const { signals: open } = await import('../../observe/signals.ts')
  const radio = broadcast(open({ from: signalTransports(signals.from), clock: clock.now }))
  void keepOn(radio, clock, log, abort)
  return { source: radio.listener, desk, memory, of }
}

async function keepOn(radio: Broadcast, clock: Clock, log: Log, abort: AbortSignal): Promise<void> {
  while (!abort.aborted) {
    try {
      await radio.run(abort)
    } catch (error) {
      log.error(`signals: ${error instanceof Error ? error.message : error}`)
    }
    await clock.sleepUntil(clock.now() + AGAIN_MS, abort)
  }
}

function trusted({ id, keyId = id, algorithm, key, ttl, trust, targets }: KnownGateway): TrustedGateway {
  return {
    id,
    ...(key !== undefined && {
      keys: [verifyingKey(algorithm, keyId, secret(key, `the key of gateway ${id}`))]
    }),
    ttlMs: ttl,
    prior: trust,
    targets
  }
}

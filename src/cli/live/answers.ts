/** What the running loop answers on its local socket. */
import { PrescaleError, parseDuration, unknownName } from '../../base/index.ts'
import type { FuseMemory } from '../../gateway/index.ts'
import type { LeaseKeeper, StatusBook, TargetStatus } from '../../loop/index.ts'
import { pausedWords } from '../../loop/index.ts'
import type { Asked } from '../../serve/index.ts'
import type { LoopRecord, Pause } from '../../store/index.ts'

export interface LoopStatus {
  readonly running: boolean
  readonly sinceMs: number | null
  readonly mode: 'apply' | 'recommend' | null
  /** Why its record cannot be used: then it only recommends. */
  readonly trouble: string | null
  readonly lease: {
    readonly holder: string
    readonly epoch: number
    readonly mine: boolean
    readonly lapsed?: string
  } | null
  readonly pauses: Readonly<Record<string, Pause>>
  /** Those that were heard of since the loop began; `null` in `gateway`: all that nobody knows. */
  readonly gateways?: readonly GatewayStatus[]
  readonly targets: readonly TargetStatus[]
}

export interface GatewayStatus {
  readonly gateway: string | null
  readonly accepted: number
  /** How many, by why. */
  readonly refused: Readonly<Record<string, number>>
  readonly lastSentMs: number | null
}

interface Parts {
  readonly book: StatusBook
  readonly store: Pick<LoopRecord, 'pauses' | 'setPause'>
  readonly lease: LeaseKeeper
  readonly apply: boolean
  readonly trouble: string | undefined
  readonly beganMs: number
  /** What was heard of gateways, where any are listened to. */
  readonly heard?: () => FuseMemory | undefined
  /** For the log of the loop. */
  readonly say?: (what: string, text: string) => void
}

export function answerer(parts: Parts): (asked: Asked) => unknown {
  return (asked) => {
    switch (asked.ask) {
      case 'status':
        return statusOf(parts)
      case 'pause':
      case 'resume':
        return changePause(parts, asked)
      default:
        throw new PrescaleError(
          'BAD_INPUT',
          unknownName('a question', asked.ask, ['status', 'pause', 'resume'])
        )
    }
  }
}

function statusOf({ book, store, lease, apply, trouble, beganMs, heard }: Parts): LoopStatus {
  const { now } = lease
  const lapsed = lease.lapsed()
  return {
    running: true,
    sinceMs: beganMs,
    mode: apply ? 'apply' : 'recommend',
    trouble: trouble ?? null,
    lease:
      now === undefined
        ? null
        : { holder: now.holder, epoch: now.epoch, mine: now.mine, ...(lapsed !== undefined && { lapsed }) },
    pauses: store.pauses(),
    gateways: gatewaysOf(heard?.()),
    targets: book.all()
  }
}

function gatewaysOf(memory: FuseMemory | undefined): GatewayStatus[] {
  if (memory === undefined) return []
  const known = Object.entries(memory.gateways).map(([gateway, { accepted, refused, last }]) => ({
    ...{ gateway, accepted, refused },
    lastSentMs: last?.sentMs ?? null
  }))
  const { unknown } = memory
  const others = { gateway: null, accepted: 0, refused: { 'unknown gateway': unknown }, lastSentMs: null }
  return unknown === 0 ? known : [...known, others]
}

function changePause({ book, store, say }: Parts, asked: Asked): Readonly<Record<string, Pause>> {
  const target = String(asked.target ?? '*')
  const known = book.all().map((page) => page.target)
  if (target !== '*' && !known.includes(target)) {
    throw new PrescaleError('NOT_FOUND', unknownName('a target', target, known))
  }
  const pause = asked.ask === 'pause' ? pauseOf(asked, Date.now()) : undefined
  store.setPause(target, pause)
  const who = target === '*' ? 'all targets' : target
  say?.(asked.ask, pause ? `${who} ${pausedWords(pause)}` : `${who} by ${asked.by ?? 'somebody'}`)
  return store.pauses()
}

/** `for` is a duration. Errors: BAD_OPTION. */
export function pauseOf(asked: Readonly<Record<string, unknown>>, nowMs: number): Pause {
  const { by, because, for: time } = asked
  return {
    sinceMs: nowMs,
    ...(typeof time === 'string' && { untilMs: nowMs + parseDuration(time, '--for') }),
    by: typeof by === 'string' ? by : 'somebody',
    ...(typeof because === 'string' && { because })
  }
}

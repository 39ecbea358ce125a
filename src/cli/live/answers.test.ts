import { describe, expect, it } from 'vitest'
import { fuse, signingKey, signSignal } from '../../gateway/index.ts'
import { statusBook } from '../../loop/index.ts'
import type { EdgeSignal } from '../../roles.ts'
import { gatewayLines } from '../status.ts'
import { answerer, type LoopStatus } from './answers.ts'

const key = signingKey('hmac-sha256', '1', '0123456789abcdef')
const stranger = signingKey('hmac-sha256', '1', 'another secret of the same length')
const signal = (seq: number, sentMs: number, more: Partial<EdgeSignal> = {}, by = key): EdgeSignal =>
  signSignal(
    {
      ...{
        gateway: 'g1',
        seq,
        sentMs,
        predictedLoad: 100,
        burstAlarm: false,
        horizonMs: 60_000,
        confidence: 0.5
      },
      ...more
    },
    by
  )

/** What `status` says of gateways after these signals, each received 20 ms after the clock says. */
function after(signals: readonly (readonly [atMs: number, EdgeSignal])[]): string[] {
  const desk = fuse({ gateways: [{ id: 'g1', keys: [key], ttlMs: 120_000 }] })
  const memory = desk.initial()
  for (const [atMs, each] of signals) desk.take(each, atMs, memory)
  const answers = answerer({
    book: statusBook(),
    store: { pauses: () => ({}), setPause: () => {} },
    lease: { now: undefined, lapsed: () => undefined, keep: async () => {} },
    ...{ apply: false, trouble: undefined, beganMs: 0, heard: () => memory }
  })
  return gatewayLines(answers({ ask: 'status' }) as LoopStatus, 70_000)
}

describe('what status says of signals', () => {
  it.each([
    ['believed', [[10_020, signal(1, 10_000)]], ['gateway g1: 1 signals believed, the last 1m ago']],
    [
      'forged',
      [[10_020, signal(1, 10_000, { predictedLoad: 1e9 }, stranger)]],
      ['gateway g1: 0 signals believed; refused: forged 1']
    ],
    [
      'replayed',
      [
        [10_020, signal(1, 10_000)],
        [300_000, signal(2, 20_000)]
      ],
      ['gateway g1: 1 signals believed, the last 1m ago; refused: replayed 1']
    ],
    [
      'from the future',
      [[10_000, signal(1, 300_000)]],
      ['gateway g1: 0 signals believed; refused: from the future 1']
    ],
    [
      'of a gateway nobody knows',
      [[10_020, signal(1, 10_000, { gateway: 'g9' })]],
      ['gateways nobody knows: 0 signals believed; refused: unknown gateway 1']
    ]
  ] as const)('%s', (_, signals, expected) => {
    expect(after(signals)).toEqual(expected)
  })

  it('a million a second cost what is allowed, and the rest is counted', () => {
    const one = signal(1, 0, {}, stranger)
    const flood = Array.from({ length: 1_000_000 }, (_, i) => [i / 1_000, one] as const)
    const [line] = after(flood)
    expect(line).toMatch(/^gateway g1: 0 signals believed; refused: forged \d+, too many \d+$/)
    const [forged, many] = [...line.matchAll(/(?:forged|too many) (\d+)/g)].map(([, count]) => Number(count))
    expect(forged + many).toBe(1_000_000)
    // Looking at a signature costs: 20 looks for each signal that is allowed, 100 a second.
    expect(forged).toBeLessThanOrEqual(2 * 2_000)
  })
})

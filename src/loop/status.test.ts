import { describe, expect, it } from 'vitest'
import type { Decision, Observation, Receipt, Turn } from '../roles.ts'
import { commandWords, statusBook } from './status.ts'

const why = { rule: 'plan', inputs: {}, bound: [], changed: [] }

/** A guard has raised the answer because nothing was known. */
const unmeasured = {
  why: {
    bound: ['fallback'],
    changed: [{ by: 'withFallback', from: { web: 2 }, to: { web: 6 }, because: 'nothing is known for 5m' }]
  }
} as const

function turnAt(
  atMs: number,
  change: {
    readonly decision?: Partial<Decision>
    readonly why?: Partial<Decision['why']>
    readonly seen?: Partial<Observation>
    readonly refused?: string
    readonly target?: string
    readonly noForecast?: string
  } = {}
): Turn {
  const { decision, seen, refused, target = 'web', noForecast } = change
  return {
    target,
    atMs,
    policy: { name: 'mpc', options: {} },
    observation: { nowMs: atMs, capacity: { ready: { web: 2 } }, ...seen },
    before: null,
    decision: { kind: 'hold', to: { web: 2 }, ...decision, why: { ...why, ...change.why } },
    after: null,
    ...(noForecast !== undefined && { noForecast }),
    ...(refused !== undefined && { receipt: { epoch: 0, reached: {}, pending: {}, atMs, refused } })
  }
}

/** The page of the target after these turns. */
function after(...turns: readonly Turn[]) {
  const book = statusBook()
  for (const turn of turns) book.take({ kind: 'turn', turn, tookMs: 1, woken: false })
  return {
    book,
    page: book.of('web'),
    condition: (type: string) => book.of('web')?.conditions.find((it) => it.type === type)
  }
}

describe('what a target is doing', () => {
  it('is nothing before its first turn, and sorted by name then', () => {
    const { book } = after(turnAt(1, { target: 'zoo' }), turnAt(2))
    expect(book.of('other')).toBeUndefined()
    expect(book.all().map(({ target }) => target)).toEqual(['web', 'zoo'])
    book.forget('zoo')
    expect(book.all()).toHaveLength(1)
  })

  it('knows of each estimate whether it was measured, given or neither', () => {
    const { page } = after(
      turnAt(1, {
        seen: {
          service: { unitRate: NaN, leadTimeMs: { p50: 1, p90: 2 }, assumed: ['unitRate', 'restartMs'] }
        }
      })
    )
    expect(page?.estimates).toEqual({
      unitRate: { value: null, from: 'unknown' },
      leadTimeMs: { value: { p50: 1, p90: 2 }, from: 'measured' },
      restartMs: { value: null, from: 'unknown' }
    })
    const restartMs = { p50: 3, p90: 4 }
    const given = after(turnAt(1, { seen: { service: { restartMs, assumed: ['restartMs'] } } }), turnAt(2))
    expect(given.page?.estimates?.restartMs).toEqual({ value: restartMs, from: 'given' })
    expect(after(turnAt(1)).page?.estimates).toBeNull()
  })

  it.each([
    ['AbleToScale', {}, true, 'ReadyForNewScale', 'nothing is in the way'],
    ['AbleToScale', { refused: 'paused by ann' }, false, 'HeldBack', 'paused by ann'],
    ['ScalingActive', {}, true, 'ValidMetricFound', 'plan'],
    ['ScalingActive', { why: { rule: 'load-unknown' } }, false, 'MetricsUnknown', 'load-unknown'],
    [
      'ScalingActive',
      {
        why: {
          bound: ['doubt'],
          changed: [{ by: 'withShield', from: { web: 1 }, to: { web: 2 }, because: 'cpu is stale' }]
        }
      },
      false,
      'MetricsUnknown',
      'cpu is stale'
    ],
    ['ScalingLimited', {}, false, 'DesiredWithinRange', 'hold: no limit held it'],
    ['ScalingLimited', { why: { bound: ['doubt'] } }, false, 'DesiredWithinRange', 'hold: no limit held it'],
    ['ScalingLimited', { why: { bound: ['maxReplicas'] } }, true, 'TooManyReplicas', 'maxReplicas'],
    ['ScalingLimited', { why: { bound: ['minReplicas', 'x'] } }, true, 'TooFewReplicas', 'minReplicas, x'],
    ['ScalingLimited', { why: { bound: ['spendLimit'] } }, true, 'spendLimit', 'spendLimit'],
    ['Fallback', {}, false, 'AsConfigured', ''],
    [
      'Fallback',
      { why: { inputs: { forecast: 'load of now' } } },
      true,
      'NoForecast',
      'decided from what is measured'
    ],
    [
      'Fallback',
      { why: { inputs: { forecast: 'load of now' } }, noForecast: 'blend needs 2 steps, the history has 1' },
      true,
      'NoForecast',
      'decided from what is measured; blend needs 2 steps, the history has 1'
    ],
    ['Fallback', unmeasured, true, 'MetricsUnknown', 'nothing is known for 5m'],
    ['ScalingActive', unmeasured, false, 'MetricsUnknown', 'nothing is known for 5m'],
    ['ScalingLimited', unmeasured, false, 'DesiredWithinRange', 'hold: no limit held it']
  ] as const)('%s with %j is %s', (type, change, status, reason, message) => {
    expect(after(turnAt(5, change)).condition(type)).toEqual({
      type,
      status,
      reason,
      message,
      lastTransitionMs: 5
    })
  })

  it('says since when: a condition keeps its moment as long as it says the same', () => {
    const held = { refused: 'paused' }
    expect(after(turnAt(1), turnAt(2)).condition('AbleToScale')?.lastTransitionMs).toBe(1)
    const { condition } = after(turnAt(1), turnAt(2, held), turnAt(3, held))
    expect(condition('AbleToScale')?.lastTransitionMs).toBe(2)
  })

  it('follows a command from its way to its end, and counts', () => {
    const { book } = after(turnAt(1, { decision: { kind: 'scale', to: { web: 4 } } }))
    const scale = () => book.of('web')?.lastScale
    const receipt = (more: Partial<Receipt>): Receipt => ({
      epoch: 1,
      reached: { web: 2 },
      pending: {},
      atMs: 9,
      ...more
    })
    expect(scale()).toBeNull()
    book.take({ kind: 'receipt', target: 'web', receipt: receipt({}) })
    expect(scale()).toBeNull()
    book.take({ kind: 'command', command: { target: 'web', to: { web: 4 }, epoch: 1 }, atMs: 2 })
    expect(scale()).toEqual({ atMs: 2, to: { web: 4 }, outcome: 'on its way' })
    book.take({ kind: 'receipt', target: 'web', receipt: receipt({ pending: { web: 2, map: 0 } }) })
    expect(scale()?.outcome).toBe('pending: web +2')
    book.take({ kind: 'receipt', target: 'web', receipt: receipt({ refused: 'HTTP 409' }) })
    expect(scale()?.outcome).toBe('HTTP 409')
    expect(book.of('web')?.conditions.find(({ type }) => type === 'AbleToScale')).toMatchObject({
      status: false,
      message: 'HTTP 409'
    })
    book.take({ kind: 'receipt', target: 'web', receipt: receipt({}) })
    expect(scale()?.outcome).toBe('reached')
    book.take({ kind: 'event', target: 'web', atMs: 3, what: 'job-restarted', text: 'once' })
    book.take({ kind: 'error', target: 'web', atMs: 4, what: 'boom' })
    book.take({ kind: 'turn', turn: turnAt(5), tookMs: 1, woken: true })
    expect(book.of('web')).toMatchObject({
      lastEvent: { atMs: 3, what: 'job-restarted' },
      lastError: { atMs: 4, what: 'boom' },
      counts: { turns: 2, wakes: 1, commands: 1, failures: 1, errors: 1 }
    })
  })

  it('has what is wanted, or what is ready where nobody wants anything', () => {
    expect(after(turnAt(1)).page?.wanted).toEqual({ web: 2 })
    const seen = { capacity: { ready: { web: 2 }, wanted: { web: 3 } } }
    expect(after(turnAt(1, { seen })).page?.wanted).toEqual({ web: 3 })
  })

  it('commands have words', () => {
    expect(commandWords({ target: 'web', to: { a: 1, b: 2 }, epoch: 7 })).toBe('command 7: a 1, b 2')
  })
})

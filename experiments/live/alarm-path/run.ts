/**
 * How long a warning takes, from the message that fires it to the moment Flink has accepted more parallelism; and whether a backlog of data on
 * the same broker delays warnings.
 */
import type { OptionTable } from '../../../src/base/index.ts'
import { readOptions } from '../../../src/base/index.ts'
import { quantile } from '../../../src/math/index.ts'
import type { Claim, Experiment, ExperimentOptions, ExperimentResult } from '../../experiment.ts'
import { startStack } from '../stack.ts'
import { alarms } from './alarms.ts'
import { delivery } from './delivery.ts'

const options = {
  alarms: { kind: 'integer', default: 200, min: 2, says: 'alarms that are fired, one after the other' },
  signals: { kind: 'integer', default: 2_000, min: 100, says: 'signals whose delivery is timed, each time' },
  backlog: { kind: 'integer', default: 1_000_000, min: 1_000, says: 'records that wait on the data topic' }
} satisfies OptionTable

export const experiment: Experiment = {
  name: 'live/alarm-path',
  says: 'from the message that fires an alarm to Flink accepting more, on a real Kafka and Flink; warnings beside a backlog',
  options,
  run
}

const SHORT = { alarms: 20, signals: 500, backlog: 50_000 }

async function run({ long, progress, given }: ExperimentOptions): Promise<ExperimentResult> {
  const settings = readOptions('live/alarm-path', options, long ? given : { ...SHORT, ...given })
  const stack = await startStack(1, progress)
  try {
    const delivered = await delivery(stack, settings, progress)
    const fired = await alarms(stack, settings.alarms, progress)
    const total = fired.map(({ acceptedMs, firedMs }) => acceptedMs - firedMs)
    const parts = {
      'message → decision': fired.map(({ decidedMs, firedMs }) => decidedMs - firedMs),
      'decision → Flink accepts': fired.map(({ acceptedMs, decidedMs }) => acceptedMs - decidedMs),
      'message → Flink accepts': total,
      'signal delivered, no backlog': delivered.without,
      'signal delivered, backlog': delivered.beside
    }
    return {
      experiment: experiment.name,
      settings: { form: long ? 'long' : 'short', ...settings },
      rows: Object.entries(parts).map(([path, ms]) => ({
        path,
        n: ms.length,
        'p50 ms': round(at(ms, 0.5)),
        'p95 ms': round(at(ms, 0.95)),
        'p99 ms': round(at(ms, 0.99)),
        'max ms': round(Math.max(...ms))
      })),
      claims: claimsOf(total, settings.alarms, delivered, long)
    }
  } finally {
    await stack.stop()
  }
}

function claimsOf(
  total: readonly number[],
  asked: number,
  { without, beside }: { readonly without: readonly number[]; readonly beside: readonly number[] },
  long: boolean
): Claim[] {
  const [p50, p95] = [at(total, 0.5), at(total, 0.95)]
  const ratio = at(beside, 0.99) / at(without, 0.99)
  const claim = (id: string, text: string, expected: string, measured: number, holds: boolean): Claim => ({
    ...{ id: long ? id : `${id}-short`, text: long ? text : `${text} (few alarms, small backlog)` },
    ...{ expected, measured, holds }
  })
  const answered = total.length / asked
  return [
    claim(
      'answered',
      'share of the alarms that led to a command',
      '≥ 0.99',
      round(answered),
      answered >= 0.99
    ),
    claim('p50', 'message → Flink accepts, p50, ms', '< 300', round(p50), p50 < 300),
    claim('p95', 'message → Flink accepts, p95, ms', '< 2000', round(p95), p95 < 2_000),
    claim('backlog', 'p99 of delivery beside a backlog, of that without', '≤ 1.2', round(ratio), ratio <= 1.2)
  ]
}

const at = (values: readonly number[], p: number) => quantile(Float64Array.from(values).sort(), p)
const round = (value: number) => Math.round(100 * value) / 100

import { describe, expect, it } from 'vitest'
import { DAY, HOUR, MINUTE } from '../base/index.ts'
import { autoscalerKeys, fromAutoscalerKeys } from './flink-keys.ts'
import { flinkOptions, readFlinkOptions } from './flink-options.ts'
import { inPeriods, parsePeriods } from './flink-periods.ts'

describe('readFlinkOptions', () => {
  it('has the defaults of the original', () => {
    // AutoScalerOptions: 15 min, 5 min, 0.7 ± 0.3, 1 h, 1..200, 0.6, 100000, 30 min, 5 min, 5 min, 30 s, 0.15, 2.
    expect(readFlinkOptions()).toMatchObject({
      metricsWindow: 15 * MINUTE,
      stabilizationInterval: 5 * MINUTE,
      upperUtilization: 1,
      lowerUtilization: 0.7 - 0.3,
      scaleDownInterval: HOUR,
      vertexMinParallelism: 1,
      vertexMaxParallelism: 200,
      scaleDownMaxFactor: 0.6,
      scaleUpMaxFactor: 100_000,
      catchUpSeconds: 1800,
      restartTime: 5 * MINUTE,
      backlogLagSeconds: 300,
      observeLagSeconds: 30,
      alignment: 'BALANCED',
      scalingEffectivenessDetectionEnabled: false,
      historyMaxCount: 3,
      historyMaxAge: DAY
    })
  })

  it('lets a maximum and a minimum of utilisation win over the boundary', () => {
    const given = { utilizationTarget: 0.6, targetUtilizationBoundary: 0.1, utilizationMax: 0.9 }
    expect(readFlinkOptions(given)).toMatchObject({ upperUtilization: 0.9, lowerUtilization: 0.5 })
  })

  it('lets the newer alignment setting win over the older one', () => {
    const older = { scalingKeyGroupPartitionsAdjustMode: 'MAXIMIZE_UTILISATION' }
    expect(readFlinkOptions(older).alignment).toBe('LEGACY_MAXIMIZE_UTILISATION')
    expect(readFlinkOptions({ ...older, scalingParallelismAlignmentMode: 'OFF' }).alignment).toBe('OFF')
  })

  it('refuses a minimum above the maximum in one line', () => {
    expect(() => readFlinkOptions({ vertexMinParallelism: 500, vertexMaxParallelism: 499 })).toThrow(
      'flink.vertexMinParallelism must be at most vertexMaxParallelism, 499, was 500'
    )
  })
})

describe('fromAutoscalerKeys', () => {
  it('reads a config block as Flink writes it', () => {
    const { options, unused } = fromAutoscalerKeys({
      'job.autoscaler.enabled': 'true',
      'job.autoscaler.metrics.window': '1 min',
      'job.autoscaler.stabilization.interval': '2m',
      'job.autoscaler.utilization.target': 0.35,
      'job.autoscaler.target.utilization.boundary': '0.15',
      'job.autoscaler.catch-up.duration': '300 s',
      'job.autoscaler.restart.time': 'PT2M',
      'job.autoscaler.history.max.age': '90000',
      'job.autoscaler.vertex.exclude.ids': ['a', 'b'],
      'job.autoscaler.quota.cpu': 12,
      'kubernetes.operator.reconcile.interval': '15 s',
      'taskmanager.numberOfTaskSlots': '2'
    })
    expect(options).toEqual({
      metricsWindow: MINUTE,
      stabilizationInterval: 2 * MINUTE,
      utilizationTarget: 0.35,
      targetUtilizationBoundary: '0.15',
      catchUpDuration: 5 * MINUTE,
      restartTime: 2 * MINUTE,
      historyMaxAge: 90_000,
      vertexExcludeIds: 'a;b',
      reconcileInterval: 15_000
    })
    expect(unused).toEqual(['job.autoscaler.enabled', 'job.autoscaler.quota.cpu'])
    expect(readFlinkOptions(options)).toMatchObject({
      targetUtilizationBoundary: 0.15,
      lowerUtilization: expect.closeTo(0.2)
    })
  })

  it('prefers the plain key to the prefixed one and a new name to an old one', () => {
    const target = (record: Record<string, unknown>) => fromAutoscalerKeys(record).options.utilizationTarget
    const old = { 'kubernetes.operator.job.autoscaler.target.utilization': 0.1 }
    expect(target(old)).toBe(0.1)
    const prefixed = { 'kubernetes.operator.job.autoscaler.utilization.target': 0.2, ...old }
    expect(target(prefixed)).toBe(0.2)
    expect(target({ 'job.autoscaler.target.utilization': 0.3, ...prefixed })).toBe(0.3)
    const all = {
      ...prefixed,
      'job.autoscaler.utilization.target': 0.4,
      'job.autoscaler.target.utilization': 0.3
    }
    expect(target(all)).toBe(0.4)
  })

  it('says in one line which value cannot be read', () => {
    expect(() => fromAutoscalerKeys({ 'job.autoscaler.metrics.window': 'soon' })).toThrow(
      "job.autoscaler.metrics.window must be a duration such as 15 min or PT15M, was 'soon'"
    )
    const { options } = fromAutoscalerKeys({ 'job.autoscaler.utilization.target': 'much' })
    expect(() => readFlinkOptions(options)).toThrow("flink.utilizationTarget must be a number, was 'much'")
  })

  it('knows a key for every option that the original has', () => {
    const own = ['timeZone', 'reconcileInterval']
    const named = new Set<string>([...Object.values(autoscalerKeys), ...own])
    expect(Object.keys(flinkOptions).filter((name) => !named.has(name))).toEqual([])
  })
})

describe('excluded periods', () => {
  // flink-autoscaler CalendarUtilsTest; 2023-12-14 is a Thursday.
  const thursday = Date.UTC(2023, 11, 14, 14, 1, 30)
  const rows = [
    { periods: '09:13:17-11:15:18;14:01:20-16:00:00', at: thursday, inside: true },
    { periods: '09:13:17-11:15:18;14:01:20-16:00:00', at: thursday - 20_000, inside: false },
    { periods: '09:13:17-11:15:18;14:01:20-16:00:00', at: thursday - 4 * HOUR, inside: true },
    { periods: '* * 14-16 * * ?', at: thursday, inside: true },
    { periods: '* * 14-16 * * ?', at: thursday - 100_000, inside: false },
    { periods: '* * * ? * 2,5 && 14:01:20-16:00:00', at: thursday, inside: true },
    { periods: '* * * ? * 2,5 && 14:01:20-16:00:00', at: thursday - DAY, inside: false },
    { periods: '* * * ? * 2,5 && 14:01:20-16:00:00', at: thursday - 3 * DAY, inside: true },
    { periods: '* * * ? * MON-FRI', at: thursday, inside: true },
    { periods: '* * * ? * FRI-MON', at: thursday, inside: false },
    { periods: '0/15 1 14 ? DEC * 2023', at: thursday, inside: true },
    { periods: '', at: thursday, inside: false }
  ]
  it.each(rows)('$periods at $at: $inside', ({ periods, at, inside }) => {
    expect(inPeriods(parsePeriods(periods, 'UTC'), at)).toBe(inside)
  })

  it('are times of their time zone', () => {
    const periods = parsePeriods('14:00-15:00', 'America/New_York')
    expect(inPeriods(periods, thursday)).toBe(false)
    expect(inPeriods(periods, thursday + 5 * HOUR)).toBe(true)
  })

  const wrong = [
    '09:13:17-08:15:18',
    '09:13:17-25:15:18',
    '09:13:17-11:15:18;18:01:20-16:00:00',
    '09:13:17-11:15:18 && 12:01:20-16:00:00',
    '* * * ? * 2,5555',
    '* * * ? * 2,5 && 18:01:20-16:00:00',
    '* * * ? * 2,5 && * * 11-13 * * ?',
    'sometimes'
  ]
  it.each(wrong)('are refused in one line: %s', (periods) => {
    expect(() => readFlinkOptions({ excludedPeriods: periods })).toThrow(
      /^flink\.excludedPeriods: '.*' cannot be read: .*$/
    )
  })

  it('are refused in an unknown time zone', () => {
    expect(() => readFlinkOptions({ timeZone: 'Mars/Olympus' })).toThrow(
      "flink.timeZone must be an IANA time zone, was 'Mars/Olympus'"
    )
  })
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { fakePrometheus } from '../../test/fakes/prometheus.ts'
import { DAY, MINUTE, series } from '../base/index.ts'
import { flightsFile } from '../observe/builtin.ts'
import { addDataOptions, readData, trainingSteps } from './data.ts'
import { readMoment } from './moment.ts'

const folder = mkdtempSync(join(tmpdir(), 'prescale-data-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Ten minutes from 10:00 with the values 10 … 19. */
const file = join(folder, 'ten.csv')
const startMs = Date.UTC(2026, 0, 31, 10)
writeFileSync(
  file,
  `time,value,units\n${Array.from({ length: 10 }, (_, i) => `2026-01-31T10:0${i}:00Z,${10 + i},${i % 3}`).join('\n')}\n`
)
const valuesOf = async (options: Parameters<typeof readData>[1]) => [
  ...(await readData(file, options)).series.values
]

describe('a file', () => {
  it('has its name without the ending', async () => {
    expect((await readData(file)).name).toBe('ten')
  })

  it('is cut to --from and --to, as times and as time before its end', async () => {
    expect(await valuesOf({ from: '2026-01-31T10:07:00Z' })).toEqual([17, 18, 19])
    expect(await valuesOf({ from: '2m' })).toEqual([18, 19])
    expect(await valuesOf({ from: '4m', to: '3m' })).toEqual([16])
    expect(await valuesOf({ from: '2026-01-31 11:07', tz: 'Europe/Berlin' })).toEqual([17, 18, 19])
    await expect(readData(file, { from: '2027-01-01' })).rejects.toThrow(
      'has no step between --from and --to'
    )
  })

  it('is coarsened to --step', async () => {
    expect(await valuesOf({ step: '5m' })).toEqual([12, 17])
    await expect(readData(file, { step: '30s' })).rejects.toThrow(
      "--step must be a multiple of the step of the data, 1m, was '30s'"
    )
  })

  it('is multiplied by --scale, after --floor has subtracted 0.98 of the training minimum', async () => {
    expect(await valuesOf({ scale: '1000', to: '8m' })).toEqual([10_000, 11_000])
    const floored = await valuesOf({ floor: true, scale: '10' })
    floored.forEach((y, i) => {
      expect(y).toBeCloseTo((10 + i - 9.8) * 10, 9)
    })
    const { notes } = await readData(file, { floor: true })
    expect(notes.at(-1)).toBe("floor subtracted: 9.8 events/s = 0.98 × the training part's minimum")
  })

  it('brings further columns on the same axis, neither scaled nor floored', async () => {
    const { series: load, extra } = await readData(
      file,
      { scale: '7', floor: true, from: '3m', step: '1m' },
      ['units']
    )
    expect([...extra.units.values]).toEqual([1, 2, 0])
    expect(extra.units.startMs).toBe(load.startMs)
    await expect(readData(file, {}, ['unit'])).rejects.toThrow("did you mean 'units'?")
  })

  it.each([
    [{ scale: '0' }, "--scale must be a positive number, was '0'"],
    [{ scale: 'x' }, "--scale must be a positive number, was 'x'"],
    [{ step: 'soon' }, "--step must be a duration such as 30s, 5m or PT5M, was 'soon'"],
    [
      { from: 'soon' },
      "--from must be a time such as 2026-01-31T00:00:00Z, or how long ago, such as 7d, was 'soon'"
    ]
  ])('refuses %o', async (options, says) => {
    await expect(readData(file, options)).rejects.toThrow(says)
  })
})

describe('the training part', () => {
  const s = series(MINUTE, new Float64Array(100), { startMs })
  it('ends at a share of the steps, a moment, or some time before the end', () => {
    expect(trainingSteps(s)).toBe(80)
    expect(trainingSteps(s, '0.5')).toBe(50)
    expect(trainingSteps(s, '2026-01-31T10:30:00Z')).toBe(30)
    expect(trainingSteps(s, '10m')).toBe(90)
  })
  it('is neither nothing nor everything', () => {
    expect(() => trainingSteps(s, '1')).toThrow("--train-until must be between 0 and 1, or a time, was '1'")
    expect(() => trainingSteps(s, '2027-01-01')).toThrow(
      '--train-until must be between 2026-01-31T10:00:00.000Z and'
    )
  })
})

describe('moments', () => {
  const now = Date.UTC(2026, 0, 31)
  const rows: readonly [string, string | undefined, number][] = [
    ['now', undefined, now],
    ['7d', undefined, now - 7 * DAY],
    ['1h30m', undefined, now - 90 * MINUTE],
    ['2026-01-30', undefined, now - DAY],
    ['2026-01-30T00:00', undefined, now - DAY],
    ['2026-01-30 00:00:00', undefined, now - DAY],
    ['2026-01-30T00:00Z', undefined, now - DAY],
    ['2026-01-30T02:00+02:00', undefined, now - DAY],
    ['2026-01-30T01:00', 'Europe/Berlin', now - DAY],
    ['2026-01-30T00:00Z', 'Europe/Berlin', now - DAY]
  ]
  // Whatever zone this machine is in.
  it.each(rows)('%s in %s', (text, zone, ms) => expect(readMoment(text, '--at', zone, now)).toBe(ms))
})

describe('built-in loads', () => {
  it('have a daily wave, with the seed that is given', async () => {
    const [a, b, c] = await Promise.all(
      [1, 1, 2].map(async (seed) => (await readData('builtin:daily-wave', { seed })).series)
    )
    expect(a).toEqual(b)
    expect(a.values).not.toEqual(c.values)
    expect(a.stepMs).toBe(MINUTE)
  })

  it.skipIf(flightsFile() === undefined)('have the flights, whose times are local', async () => {
    const {
      series: load,
      name,
      notes
    } = await readData('builtin:flights', { scale: '1000', to: '2001-01-02' })
    expect(name).toBe('flights')
    expect(load.values.length).toBe(1_440)
    expect(notes[0]).toMatch(/^times are local/)
  })

  it('are the daily wave, and say so, where the flights are not installed', async () => {
    vi.doMock('../observe/builtin.ts', () => ({ flightsFile: () => undefined, flights: () => {} }))
    const { series: load, name, notes } = await readData('builtin:flights')
    vi.doUnmock('../observe/builtin.ts')
    expect(name).toBe('daily-wave')
    expect(load).toEqual((await readData('builtin:daily-wave')).series)
    expect(notes).toEqual([
      'the npm package vega-datasets is not installed: builtin:daily-wave instead of the flights'
    ])
  })

  it('have no others', async () => {
    await expect(readData('builtin:flight')).rejects.toThrow(
      "'flight' is not a built-in series; did you mean 'flights'? known: flights, daily-wave, accidents"
    )
    await expect(readData('builtin:daily-wave', {}, ['units'])).rejects.toThrow(
      "builtin:daily-wave has no column 'units', only its load"
    )
  })
})

describe('Prometheus', () => {
  it('is asked for the range, which is not cut again', async () => {
    const fake = await fakePrometheus([{ at: () => 60 }])
    process.env.PRESCALE_TEST_TOKEN = 'hush'
    const { series: load } = await readData(`prometheus:${fake.url}/`, {
      query: 'sum(x)',
      from: '3h',
      to: '2h',
      step: '5m',
      perStep: true,
      bearer: 'env:PRESCALE_TEST_TOKEN',
      header: ['X-Team=a=b']
    })
    // An hour holds twelve whole steps, or eleven and two halves.
    expect([11, 12]).toContain(load.values.length)
    expect(new Set(load.values)).toEqual(new Set([0.2]))
    expect(fake.asked).toHaveLength(1)
    expect(fake.asked[0].headers).toMatchObject({ authorization: 'Bearer hush', 'x-team': 'a=b' })
    await fake.close()
  })

  it('with nothing for the query is an error, not a load of nothing', async () => {
    const fake = await fakePrometheus([])
    await expect(readData(`prometheus:${fake.url}`, { query: 'x' })).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: `prometheus:${fake.url} has nothing for x in this range: check --query, --from and --to`
    })
    await fake.close()
  })

  it('needs a query, and a URL', async () => {
    await expect(readData('prometheus:http://localhost:1')).rejects.toThrow('needs --query')
    await expect(readData('prometheus:localhost:9090', { query: 'x' })).rejects.toThrow(
      "prometheus:URL must be http or https, was 'localhost:'"
    )
    await expect(readData('prometheus:nowhere', { query: 'x' })).rejects.toThrow(
      "prometheus:URL must be such as prometheus:http://host:9090, was 'nowhere'"
    )
  })
})

it('all data flags are there', () => {
  const flags = addDataOptions(new Command()).options.map(({ long }) => long)
  const wanted =
    '--query --from --to --step --time --value --per-step --count --scale --floor --tz --bearer --header'
  expect(flags).toEqual(expect.arrayContaining(wanted.split(' ')))
})

import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { MINUTE, series } from '../../../src/base/index.ts'
import { quoted, withDuckDB } from '../../../src/observe/duckdb.ts'
import { momentsOf, noiseFloor } from '../../../src/sim/index.ts'
import { dataPath } from '../../experiment.ts'
import { apart, linear, logarithmic, svg } from '../../svg.ts'
import { claimsOf } from './claims.ts'
import expected from './expected.json' with { type: 'json' }
import type { Done } from './job.ts'
import { runModel } from './job.ts'
import { PAPERS } from './models.ts'
import { picturesOf } from './pictures.ts'
import { normalise, rowsOf, trainingSteps } from './rows.ts'
import { experiment } from './run.ts'
import { RATES, type StudySet, studySets, sums } from './sets.ts'
import { pickupColumns, tripsPerMinute } from './tlc.ts'

const folder = mkdtempSync(join(tmpdir(), 'prescale-tlc-'))
afterAll(() => rmSync(folder, { recursive: true }))

const january = { folder, month: '2024-01', providers: ['yellow', 'green', 'fhv', 'fhvhv'] }

/** A trip file as TLC names it and its pick-up column; the other columns do not matter. */
async function tripFile(provider: string, column: string, pickups: readonly string[]): Promise<string> {
  const file = join(folder, `${provider}_tripdata_2024-01.parquet`)
  const rows = pickups.map((at) => `(TIMESTAMP '${at}', 1)`).join(', ')
  await withDuckDB((db) =>
    db.rows(`COPY (SELECT * FROM (VALUES ${rows}) t("${column}", n)) TO ${quoted(file)} (FORMAT PARQUET)`)
  )
  return file
}

describe('taxi trips', () => {
  it('are counted per minute over all four providers, each by its own pick-up column', async () => {
    // Of yellow, one trip is stamped before the month and one behind it, as real files have them.
    await tripFile('yellow', 'tpep_pickup_datetime', [
      '2024-01-01 00:00:00',
      '2024-01-01 00:00:59.999',
      '2024-01-31 23:59:59',
      '2023-12-31 23:59:59',
      '2024-02-01 00:00:00'
    ])
    await tripFile('green', 'lpep_pickup_datetime', ['2024-01-01 00:01:00'])
    await tripFile('fhv', 'pickup_datetime', ['2024-01-01 00:00:30', '2024-01-01 00:06:00'])
    await tripFile('fhvhv', 'pickup_datetime', ['2024-01-01 00:01:30', '2024-01-01 00:01:31'])
    const minutes = await tripsPerMinute(january)
    expect(minutes).toMatchObject({ startMs: Date.UTC(2024, 0, 1), stepMs: MINUTE })
    expect(minutes.values.length).toBe(31 * 1_440)
    expect([...minutes.values.slice(0, 8)]).toEqual([3, 3, 0, 0, 0, 0, 1, 0])
    expect(minutes.values.at(-1)).toBe(1)
    expect([...sums(minutes, 5).values.slice(0, 2)]).toEqual([6, 1])
    expect(sums(minutes, 5).values.length).toBe(31 * 288)
    const two = await tripsPerMinute({ ...january, providers: ['green', 'fhv'] })
    expect([...two.values.slice(0, 2)]).toEqual([1, 1])
  })

  it('need their files, their columns and names of providers', async () => {
    const ask = (more: Partial<typeof january>) => tripsPerMinute({ ...january, ...more })
    await expect(ask({ month: '2024-02' })).rejects.toThrow(/yellow_tripdata_2024-02.parquet is not there/)
    await expect(ask({ month: 'January' })).rejects.toThrow('month must be a month such as 2024-01')
    await expect(ask({ providers: ['yelow'] })).rejects.toThrow("did you mean 'yellow'?")
    await tripFile('green', 'pickup', ['2024-01-01 00:00:00'])
    await expect(ask({ providers: ['green'] })).rejects.toThrow(
      /green_tripdata_2024-01.parquet is not a TLC file with the column lpep_pickup_datetime: .*lpep/
    )
    await expect(tripsPerMinute(undefined)).rejects.toThrow('the taxi rows need --taxi DIR')
    expect(Object.keys(pickupColumns)).toEqual(january.providers)
  })
})

describe.skipIf(!existsSync(dataPath('dsp', 'iot_5min.csv')))('the six sets', () => {
  it('have the lengths of their spans, and the real ones the moments of the noised ones', async () => {
    const sets = await studySets({ rates: RATES, families: ['iot', 'flights', 'taxi'], share: 1 })
    expect(sets.map(({ name }) => name)).toEqual([
      'iot 5 min',
      'iot 2 min',
      'iot 1 min',
      'flights 5 min',
      'flights 2 min',
      'flights 1 min',
      'taxi 5 min'
    ])
    const steps = sets.map(({ series }) => series.values.length)
    expect(steps.slice(0, 3)).toEqual([6_048, 15_118, 30_236])
    for (const { name, rate, series, clean } of sets) {
      const iot = sets.find((set) => set.family === 'iot' && set.rate === rate)
      const wanted = momentsOf(iot?.series.values ?? [])
      const seen = momentsOf(series.values)
      expect(Math.abs(seen.mean / wanted.mean - 1), name).toBeLessThan(1e-9)
      expect(Math.abs(seen.sd / wanted.sd - 1), name).toBeLessThan(1e-9)
      clean?.forEach((y, i) => {
        expect(Number.isInteger(series.values[i])).toBe(true)
        expect(Math.abs(series.values[i] - y)).toBeLessThanOrEqual(0.1 * y + 1)
      })
    }
  })

  it('have the taxi’s own trips where a folder of them is given', async () => {
    for (const [provider, column] of Object.entries(pickupColumns)) {
      await tripFile(provider, column, ['2024-01-01 00:00:00', '2024-01-02 00:00:30', '2024-01-30 12:00:00'])
    }
    const given = { taxi: folder, models: 'naive' }
    const { rows, settings } = await experiment.run({ long: false, progress: () => {}, given })
    expect(rows.map(({ set, model }) => [set, model])).toEqual([
      ['iot 5 min', 'naive'],
      ['nyctt 5 min', 'naive']
    ])
    expect(settings).toMatchObject({
      taxi: '2024-01: yellow,green,fhv,fhvhv',
      share: 0.8,
      sets: { 'nyctt 5 min': Math.floor(0.8 * 31 * 288) }
    })
  })

  it('can be cut while a method is developed', async () => {
    const [half] = await studySets({ rates: [5], families: ['iot'], share: 0.5 })
    expect(half.series.values.length).toBe(3_024)
    expect(half.clean?.length).toBe(3_024)
  })
})

/** A set of 20 steps at 100, of which the last four are forecast. */
function flat(name: string, family: StudySet['family'], rate: StudySet['rate'], level = 100): StudySet {
  return { name, family, rate, series: series(rate * MINUTE, new Array(20).fill(level)) }
}

const forecast = (set: string, model: string, off: readonly number[], fitMs = 1_000): Done => ({
  set,
  model,
  mean: Float64Array.from(off, (error) => 100 + error),
  fitMs,
  predictMs: 500
})

describe('rows', () => {
  const set = { ...flat('iot 5 min', 'iot', 5), clean: new Float64Array(20).fill(100) }

  it('have both SMAPEs, RMSE, its normalised form and the times', () => {
    const [gru, cnn] = rowsOf(
      [set],
      [
        forecast(set.name, 'gru', [10, -10, 10, -10]),
        forecast(set.name, 'cnn', [30, 0, 0, 0]),
        forecast(set.name, 'lstm', [1_000, 0, 0, 0])
      ]
    )
    const smape2 = (2 * (10 / 210) + 2 * (10 / 190)) / 4
    expect(gru.smape2).toBeCloseTo(smape2, 12)
    expect(gru.smape).toBeCloseTo(2 * smape2, 12)
    expect(gru).toMatchObject({ rmse: 10, paper: 0.0537, floor: 0, fitS: 1, predictS: 0.5, totalS: 1.5 })
    // Mean absolute errors of the paper's models: 10 and 7.5; the LSTM is not one of them.
    expect(gru.nrmse).toBeCloseTo(10 / 8.75, 12)
    expect(cnn.nrmse).toBeCloseTo(15 / 8.75, 12)
  })

  it('normalise by rate over both kinds of load, without the extra series', () => {
    const sets = [set, flat('flights 5 min', 'flights', 5), flat('taxi 5 min', 'taxi', 5)]
    const done = sets.map(({ name }, i) => forecast(name, 'gru', new Array(4).fill(10 ** i)))
    expect([...normalise(sets, done)]).toEqual([[5, 5.5]])
  })

  it('say why there is no forecast, and the others are there', () => {
    const refused = runModel({
      set: set.name,
      model: 'naive',
      options: { speed: 1 },
      series: set.series
    })
    expect(refused.reason).toContain("'speed' is not an option of naive")
    const [row, other] = rowsOf([set], [refused, forecast(set.name, 'gru', [1, 1, 1, 1])])
    expect(row.smape).toBeNaN()
    expect(row.reason).toContain('speed')
    expect(other.smape).toBeGreaterThan(0)
    expect(other.reason).toBeUndefined()
  })

  it('are those of a backtest, one step ahead behind four fifths', () => {
    const rising = series(
      MINUTE,
      Float64Array.from({ length: 50 }, (_, i) => i)
    )
    const { mean } = runModel({ set: 'x', model: 'naive', options: {}, series: rising })
    expect([...mean]).toEqual([39, 40, 41, 42, 43, 44, 45, 46, 47, 48])
    expect(trainingSteps({ ...set, series: rising })).toBe(40)
  })
})

describe('claims', () => {
  const sets = RATES.flatMap((rate) => [
    { ...flat(`iot ${rate} min`, 'iot', rate), clean: new Float64Array(20).fill(100) },
    flat(`flights ${rate} min`, 'flights', rate)
  ])
  /** Every model as far off as the paper says (percent, about), at the times it says. */
  const asPublished = sets.flatMap(({ name, family, rate }) =>
    PAPERS.map((model) => {
      const off = expected.smapePercent[family === 'iot' ? 'iot' : 'nyctt'][rate][model]
      const order = expected.timeOrder.indexOf(model)
      return forecast(name, model, [off, -off, off, -off], (1_000 * (order + 1)) / rate)
    })
  )
  const claims = (done: readonly Done[]) =>
    Object.fromEntries(claimsOf({ sets, rows: rowsOf(sets, done) }, 0.0021).map((c) => [c.id, c]))

  it('on the paper’s own numbers find what the paper finds', () => {
    const found = claims([...asPublished, ...sets.map(({ name }) => forecast(name, 'naive', [4, 4, 4, 4]))])
    for (const id of [
      'gru-best-of-four',
      'ranked-as-published',
      'gru-lowest-normalised-rmse',
      'prophet-worst',
      'real-load-is-easier',
      'time-order',
      'time-grows',
      'gru-mean-time',
      'table-2-is-not-the-printed-formula',
      'noise-makes-the-task'
    ]) {
      expect(found[id], id).toMatchObject({ holds: true })
    }
    expect(found['gru-best-of-four'].measured).toBe(5)
    // Between the last value at 4 % and the taxi at 1.34 %: best of all on the taxi's two, not on IoT.
    expect(found['gru-best-of-all']).toMatchObject({ measured: 2, holds: false })
    // No noise here, so the floor is 0 and 5 % is far above it.
    expect(found['iot-5min-near-floor'].holds).toBe(false)
    expect(found['text-agrees-with-table']).toMatchObject({
      measured: '2.74 against 2.57',
      holds: false
    })
  })

  it('find the other way round where it is the other way round', () => {
    const swapped = { gru: 'prophet', prophet: 'gru', cnn: 'cnn', arima: 'arima' }
    const found = claims(
      asPublished.map((one) => ({ ...one, model: swapped[one.model as keyof typeof swapped] }))
    )
    for (const id of ['gru-best-of-four', 'prophet-worst', 'ranked-as-published', 'time-order']) {
      expect(found[id].holds, id).toBe(false)
    }
    expect(found['gru-lowest-normalised-rmse'].measured).toBe('prophet')
  })

  it('are only those that the models at hand can answer', () => {
    expect(Object.keys(claims([]))).toEqual(['text-agrees-with-table'])
  })

  it('do not count a model without a forecast as the best', () => {
    const without = asPublished.map((one) =>
      one.model === 'gru' ? { ...one, mean: new Float64Array(), fitMs: NaN } : one
    )
    expect(claims(without)['gru-best-of-four']).toMatchObject({ measured: 0, holds: false })
  })

  it('have a floor that the paper’s numbers keep', () => {
    expect(noiseFloor(0.1)).toBeCloseTo(0.05006, 5)
    expect(expected.smapePercent.iot[1].gru / 100).toBeGreaterThan(noiseFloor(0.1))
  })

  it('are drawn', () => {
    const pictures = picturesOf({ sets, done: asPublished, rows: rowsOf(sets, asPublished) })
    for (const picture of Object.values(pictures)) {
      expect(picture).toMatch(/^<svg /)
      expect(picture).not.toMatch(/NaN|Infinity|undefined/)
      expect(picture).toContain('gru')
    }
  })
})

describe('pictures', () => {
  it('have ticks at round numbers inside the range', () => {
    expect(linear([0, 10], [0, 100]).ticks).toEqual([0, 2, 4, 6, 8, 10])
    expect(linear([0, 10], [0, 100])(5)).toBe(50)
    expect(logarithmic([0.5, 20], [0, 1]).ticks).toEqual([0.5, 1, 2, 5, 10, 20])
    expect(logarithmic([1, 1_000], [0, 300]).ticks).toEqual([1, 10, 100, 1_000])
    expect(logarithmic([1, 1_000], [0, 300])(10)).toBeCloseTo(100)
  })

  it('move labels apart, keep their order and stay inside', () => {
    expect(apart([10, 11, 50], 12, [0, 100])).toEqual([10, 22, 50])
    const heights = fc.array(fc.double({ min: 0, max: 200, noNaN: true }), { maxLength: 12 })
    fc.assert(
      fc.property(heights, (wanted) => {
        const moved = apart(wanted, 12, [0, 200])
        const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b])
        const sorted = order.map((i) => moved[i])
        for (let i = 1; i < sorted.length; i++) {
          expect(sorted[i] - sorted[i - 1]).toBeGreaterThanOrEqual(12 - 1e-9)
        }
        if (sorted.length > 0) {
          expect(sorted[0]).toBeGreaterThanOrEqual(-1e-9)
          expect(sorted[sorted.length - 1]).toBeLessThanOrEqual(200 + 1e-9)
        }
      })
    )
  })

  it('escape what they say', () =>
    expect(svg(1, 1, 'a < "b" & c', [])).toContain('a &lt; &quot;b&quot; &amp; c'))
})

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { MINUTE, random, series } from '../base/index.ts'
import { detectSeason } from './index.ts'

const wave = (steps: number, of: (t: number) => number, stepMs = MINUTE) =>
  series(
    stepMs,
    Array.from({ length: steps }, (_, t) => of(t))
  )
const sine = (t: number, season: number) => Math.sin((2 * Math.PI * t) / season)

describe('detectSeason', () => {
  const rng = random(7)
  const rows = [
    {
      what: 'a daily wave with noise',
      load: wave(4 * 1440, (t) => 100 + 40 * sine(t, 1440) + 10 * rng.normal()),
      season: 1440
    },
    {
      what: 'a daily wave that grows',
      load: wave(6 * 1440, (t) => 100 + t / 100 + 40 * sine(t, 1440) + 5 * rng.normal()),
      season: 1440
    },
    {
      what: 'a week that differs from its days',
      load: wave(
        4 * 168,
        (t) => 100 + 40 * sine(t, 24) * (t % 168 < 120 ? 1 : 0.2) + rng.normal(),
        60 * MINUTE
      ),
      season: 168
    },
    {
      what: 'days that are all alike',
      load: wave(4 * 168, (t) => 100 + 40 * sine(t, 24) + rng.normal(), 60 * MINUTE),
      season: 24
    },
    {
      what: 'a rhythm off the clock',
      load: wave(2_000, (t) => 100 + 40 * sine(t, 97) + 5 * rng.normal()),
      season: 97
    },
    {
      what: 'a daily wave with gaps',
      load: wave(4 * 1440, (t) => (t % 10 < 4 ? NaN : 100 + 40 * sine(t, 1440) + 5 * rng.normal())),
      season: 1440
    },
    {
      what: 'hours that repeat to the last digit, where every third day is as good as every day',
      load: wave(336, (t) => Math.round(500 + 400 * sine(t, 24)), 60 * MINUTE),
      season: 24
    },
    { what: 'noise', load: wave(3_000, () => 100 + 10 * rng.normal()), season: 0 },
    { what: 'a constant', load: wave(3_000, () => 5), season: 0 },
    { what: 'a straight line', load: wave(3_000, (t) => t), season: 0 },
    { what: 'less than two seasons', load: wave(2_000, (t) => 100 + 40 * sine(t, 1440)), season: 0 },
    { what: 'nothing', load: wave(0, () => 0), season: 0 }
  ]
  for (const { what, load, season } of rows) {
    it(`finds ${season === 0 ? 'none' : season} in ${what}`, () =>
      expect(detectSeason(load).season).toBe(season))
  }

  it('finds none in random walks', () => {
    for (let seed = 0; seed < 5; seed++) {
      const steps = random(seed, 'walk')
      let y = 0
      const found = detectSeason(
        wave(4 * 1440, () => {
          y += steps.normal()
          return y
        })
      )
      expect(found.season).toBe(0)
    }
  })

  it('says what it looked at', () => {
    const { candidates } = detectSeason(wave(4 * 1440, (t) => 100 + 40 * sine(t, 1440)))
    expect(candidates.find((c) => c.season === 1440)).toMatchObject({ confirmed: true })
    expect(candidates.find((c) => c.season === 60)).toMatchObject({ confirmed: false })
  })
})

// The test data of gocrane/crane, pkg/prediction/dsp, with the periods its signal_test.go expects.
const data = process.env.PRESCALE_DATA ?? fileURLToPath(new URL('../../../shared/data', import.meta.url))
const labelled = [
  { file: 'crane_metric_02.csv', season: 10_080 },
  { file: 'crane_metric_05.csv', season: 0 },
  { file: 'crane_metric_09.csv', season: 1_440 },
  { file: 'crane_metric_11.csv', season: 1_440 },
  { file: 'crane_metric_14.csv', season: 10_080 }
]
for (const { file, season } of labelled) {
  const path = join(data, 'cluster', file)
  it.skipIf(!existsSync(path))(`finds the labelled season ${season} in ${file}`, () => {
    const rows = readFileSync(path, 'utf8').trim().split('\n').slice(1)
    const load = series(
      MINUTE,
      rows.map((row) => Number(row.split(',')[1]))
    )
    expect(detectSeason(load).season).toBe(season)
  })
}

import { describe, expect, it } from 'vitest'
import {
  canonicalJson,
  type GivenOptions,
  PrescaleError,
  type Series,
  series,
  sliceSteps,
  toBase64
} from '../base/index.ts'
import type { FitOptions, Forecast, Forecaster } from '../roles.ts'
import {
  checkModel,
  checksumOf,
  type ForecasterEntry,
  forecasterOf,
  forecasterOptions,
  forecasters,
  hashOfValues,
  learnedForecaster,
  type ModelFile,
  makeForecaster,
  makeModel,
  naive
} from './index.ts'

const wave = (steps: number, unit = 'events/s'): Series =>
  series(
    60_000,
    Array.from({ length: steps }, (_, t) => 100 + 40 * Math.sin((2 * Math.PI * t) / 24) + ((7 * t) % 5)),
    { startMs: 1_000_000_020_000, unit }
  )
const history = wave(240)
const about = {
  history,
  horizon: 5,
  levels: [0.1, 0.5, 0.9],
  library: { name: 'prescale', version: '0.0.7' },
  seed: 3
}

function modelOf(name: string, given = {}): ModelFile {
  const options = forecasterOptions(name, given)
  const fitted = makeForecaster(name, options).fit(history, { horizon: 5 })
  return makeModel({ ...about, saved: fitted.save(), options })
}

/** As it comes back from a file. */
const read = (model: object) => JSON.parse(JSON.stringify(model))

function errorOf(run: () => unknown): PrescaleError {
  try {
    run()
  } catch (error) {
    if (error instanceof PrescaleError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

/** To what online learning and float32 leave of the same numbers. */
function expectAlike(one: Forecast, other: Forecast): void {
  const rows = (forecast: Forecast) => [...forecast.mean, ...forecast.quantiles['0.9']]
  const all = rows(other)
  for (const [h, y] of rows(one).entries())
    expect(Math.abs(y - all[h])).toBeLessThan(1e-3 * (1 + Math.abs(y)))
}

/** Enough of the long ones to have something learned. */
const network = { window: 8, epochs: 1, validation: 0.3 }
const light: Readonly<Record<string, GivenOptions>> = {
  cnn: { ...network, filters: 4, blocks: 1 },
  gru: { ...network, units: 4 },
  lstm: { ...network, units: 4 },
  tcn: { ...network, filters: 4, blocks: 2 },
  auto: { models: 'naive+ewma' }
}

describe('a model file', () => {
  const model = modelOf('holt-winters', { season: 24 })

  it('says what it is, from what, by whom', () => {
    expect(model).toMatchObject({
      format: 'prescale-model',
      formatVersion: 1,
      kind: 'forecaster',
      model: 'holt-winters',
      methodVersion: '1',
      options: { season: 24, seasonal: 'additive', trend: 'damped' },
      horizon: 5,
      levels: [0.1, 0.5, 0.9],
      library: { name: 'prescale', version: '0.0.7' },
      seed: 3,
      metrics: null,
      architecture: null
    })
    expect(model.training).toMatchObject({
      startMs: 1_000_000_020_000,
      endMs: 1_000_000_020_000 + 240 * 60_000,
      stepMs: 60_000,
      unit: 'events/s',
      steps: 240,
      measured: 240,
      low: Math.min(...history.values),
      high: Math.max(...history.values)
    })
  })

  it('counts what was measured, and not the gaps', () => {
    const gappy = { ...history, values: history.values.map((y, t) => (t % 4 === 0 ? NaN : y)) }
    const fitted = naive().fit(gappy)
    const { training } = makeModel({ ...about, history: gappy, saved: fitted.save(), options: {} })
    expect(training).toMatchObject({ steps: 240, measured: 180 })
    expect(training.low).toBeGreaterThan(0)
  })

  it('is the same bytes for the same training, whatever the order of its fields', () => {
    expect(canonicalJson(modelOf('holt-winters', { season: 24 }))).toBe(canonicalJson(model))
    const turned = Object.fromEntries(Object.entries(read(model)).reverse())
    expect(checkModel(turned, 'm.json').checksum).toBe(model.checksum)
  })

  it('of before, with the time of its making and of its forecasts in it, is read as ever', () => {
    const content = { ...read(model), metrics: { mase: 1, predictMs: 0.3 }, createdMs: 1_700_000_000_000 }
    const old = { ...content, checksum: checksumOf(content) }
    const again = forecasterOf(checkModel(old, 'old.json')).fit(history, { horizon: 5 })
    expect(again.predict(5).mean).toEqual(forecasterOf(model).fit(history, { horizon: 5 }).predict(5).mean)
    const changed = { ...old, createdMs: 0 }
    expect(() => checkModel(changed, 'old.json')).toThrow('old.json was changed or damaged')
  })

  it('hashes values as numpy does', () => {
    // hashlib.sha256(np.array([1, np.nan, 0.1], '<f8').tobytes()).hexdigest()
    expect(hashOfValues([1, NaN, 0.1])).toBe(
      '03b76e0ca054ead896f077e3e955b22bf0fa48c7f9d274f8c4c51e3a8b3bc558'
    )
  })

  for (const [name, entry] of Object.entries<ForecasterEntry>(forecasters)) {
    it(`of ${name} comes back from its file and forecasts the same`, () => {
      const options = forecasterOptions(name, light[name])
      const fit = { horizon: 5, levels: [0.1, 0.5, 0.9] }
      const fitted = entry.make(options).fit(history, fit)
      const kept = read(makeModel({ ...about, saved: fitted.save(), options }))
      const again = forecasterOf(checkModel(kept, 'm.json')).fit(history, fit)
      expectAlike(again.predict(5), fitted.predict(5))
      const more = sliceSteps(wave(250), 240)
      expectAlike(again.update(more).predict(5), fitted.update(more).predict(5))
    })
  }
})

describe('a model that was read', () => {
  it('hands what was learned to its method, and trains nothing', () => {
    const seen: unknown[] = []
    const spy = (name: string): Forecaster => ({
      name,
      fit(given: Series, options?: FitOptions) {
        seen.push(options?.learned)
        return naive().fit(given, options)
      }
    })
    const model = modelOf('naive')
    learnedForecaster(model, spy).fit(wave(30), { horizon: 2 })
    expect(seen).toEqual([model.parameters])
  })

  it('may be shown another history than it was trained on', () => {
    const later = { ...wave(60), startMs: history.startMs + 500 * 60_000 }
    expect(forecasterOf(modelOf('ewma')).fit(later).predict(1).startMs).toBe(later.startMs + 60 * 60_000)
  })

  it('says how to train it where it is asked for more than it learned', () => {
    const options = forecasterOptions('gru', { ...light.gru })
    const fitted = makeForecaster('gru', options).fit(history, { horizon: 5 })
    const model = makeModel({ ...about, saved: fitted.save(), options })
    expect(() => forecasterOf(model, 'm.json').fit(history, { horizon: 8 })).toThrow(
      /^m\.json does not fit: .*5 steps ahead.*8; train it for a horizon of 8$/
    )
  })

  const refused: readonly (readonly [string, Series, RegExp])[] = [
    [
      'another step',
      { ...history, stepMs: 1_000 },
      /m\.json was trained on steps of 60000 ms, .*steps of 1000 ms/
    ],
    ['another unit', wave(60, '°C'), /m\.json was trained on events\/s, the history is in °C/],
    ['nothing measured', series(60_000, [NaN]), /naive needs at least 1 measured steps/]
  ]
  it.each(refused)('refuses a history of %s', (_, other, says) => {
    const error = errorOf(() => forecasterOf(modelOf('naive'), 'm.json').fit(other))
    expect(error.message).toMatch(says)
    expect(error.message).not.toContain('\n')
  })
})

describe('what is no model file, or none that can be used here,', () => {
  const good = modelOf('ewma', { alpha: 0.25 })
  /** Changed by somebody who made the checksum fit. */
  const resealed = (change: object) => {
    const changed = { ...good, ...change }
    return { ...changed, checksum: checksumOf(changed) }
  }

  const bad: readonly (readonly [string, unknown, RegExp])[] = [
    ['a number', 7, /m\.json is no model file: it must be a JSON object with "format": "prescale-model"/],
    ['nothing', null, /is no model file/],
    ['a list', [good], /is no model file/],
    ['another JSON', { name: 'package', version: '1.0.0' }, /is no model file/],
    [
      'one of a later format',
      { ...good, formatVersion: 2, library: { version: '9.1.0' } },
      /has format version 2, written by prescale 9\.1\.0; this prescale reads version 1: train it again/
    ],
    ['one without a version', { ...good, formatVersion: undefined }, /has format version nothing/],
    ['a policy', { ...good, kind: 'policy' }, /is of kind "policy"; a forecaster is wanted here/],
    [
      'one whose middle is missing',
      { ...good, parameters: undefined },
      /must have what was learned as parameters, has nothing/
    ],
    [
      'one without training',
      { ...good, training: null },
      /must have a time as training\.startMs, has nothing/
    ],
    [
      'one of steps of nothing',
      { ...good, training: { ...good.training, stepMs: 0 } },
      /a step in milliseconds.*has 0/
    ],
    ['a horizon of words', { ...good, horizon: 'far' }, /must have a number of steps as horizon, has "far"/],
    [
      'one that was changed',
      { ...good, parameters: { alpha: 0.3 } },
      /was changed or damaged after it was written/
    ],
    ['one whose seal was taken off', { ...good, checksum: undefined }, /must have a SHA-256 as checksum/],
    ['one of another seal', { ...good, checksum: 'abc' }, /was changed or damaged/],
    [
      'one with a weight that is not finite',
      resealed({ parameters: { weights: { '0.gru.wx': toBase64([1, NaN, 2]) } } }),
      /a weight that is not finite at parameters\.weights\['0\.gru\.wx'\]\[1\]; .*train it again/
    ],
    [
      'one with half a weight',
      resealed({ parameters: { weights: { b: 'AACA' } } }),
      /weights that are no base64 of float32 at parameters\.weights\['b'\]/
    ],
    [
      'one with an endless number',
      JSON.parse(JSON.stringify(resealed({ parameters: { alpha: 'INF' } })).replace('"INF"', '1e999')),
      /damaged|Infinity at parameters\.alpha/
    ]
  ]
  it.each(bad)('%s, is refused in one line', (_, value, says) => {
    const error = errorOf(() => checkModel(value, 'm.json'))
    expect(error).toMatchObject({ code: 'BAD_MODEL', message: expect.stringMatching(says) })
    expect(error.message).not.toContain('\n')
  })

  const unusable: readonly (readonly [string, object, RegExp])[] = [
    ['an unknown method', { model: 'holtwinters' }, /m\.json cannot be used: .*did you mean 'holt-winters'/],
    ['an option that is gone', { options: { alfa: 0.2 } }, /cannot be used: .*did you mean 'alpha'/],
    [
      'a value that cannot be',
      { options: { alpha: 7 } },
      /cannot be used: ewma\.alpha must be .*at most 1, was 7/
    ],
    [
      'another version of its method',
      { methodVersion: '0' },
      /was trained by version 0 of ewma, here it is version \d+: train it again/
    ]
  ]
  it.each(unusable)('one with %s, is refused in one line', (_, change, says) => {
    const model = checkModel(resealed(change), 'm.json')
    const error = errorOf(() => forecasterOf(model, 'm.json').fit(history))
    expect(error).toMatchObject({ code: 'BAD_MODEL', message: expect.stringMatching(says) })
    expect(error.message).not.toContain('\n')
  })
})

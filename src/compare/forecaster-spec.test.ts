import { describe, expect, it } from 'vitest'
import { planOf, wave } from '../../test/fakes/small-rehearsal.ts'
import { series } from '../base/index.ts'
import { type ModelFile, makeForecaster, makeModel } from '../forecast/index.ts'
import { forecasterFrom, forecastersOf, parseForecasters, specOf } from './forecaster-spec.ts'
import { rehearseAll } from './rehearsal.ts'
import { doJob } from './rehearsal-job.ts'

const history = series(
  60_000,
  Array.from({ length: 200 }, (_, t) => 100 + 40 * Math.sin((2 * Math.PI * t) / 24))
)

function trained(name: string, options = {}): ModelFile {
  const saved = makeForecaster(name, options).fit(history).save()
  const library = { name: 'prescale', version: '0.0.7' }
  return makeModel({ saved, options, history, horizon: 30, levels: [0.9], library, seed: 1 })
}

describe('forecasters as they are written', () => {
  it('have a name, options, and all other options at their defaults', () => {
    expect(parseForecasters('naive,holt-winters:season=24,trend=none,sma', '--models')).toEqual([
      { label: 'naive', name: 'naive', options: {} },
      {
        label: 'holt-winters:season=24,trend=none',
        name: 'holt-winters',
        options: { season: 24, seasonal: 'additive', trend: 'none' }
      },
      { label: 'sma', name: 'sma', options: { window: 5 } }
    ])
  })

  it('take of what is common to all what they have, and prefer what was written', () => {
    const specs = parseForecasters('naive,blend,blend:season=7', '--models', undefined, {
      season: 24,
      seed: 3
    })
    expect(specs.map(({ label, options }) => [label, options])).toEqual([
      ['naive', {}],
      ['blend', { season: 24 }],
      ['blend:season=7', { season: 7 }]
    ])
  })

  it('may be files of models that were trained', () => {
    const model = trained('ewma', { alpha: 0.25 })
    const asked: string[] = []
    const readModel = (path: string) => {
      asked.push(path)
      return model
    }
    const specs = parseForecasters('naive,../old models/a:b.json,sma', '--models', readModel)
    expect(asked).toEqual(['../old models/a:b.json'])
    expect(specs[1]).toEqual({
      label: '../old models/a:b.json',
      name: 'ewma',
      options: { alpha: 0.25 },
      model
    })
    expect(forecasterFrom(specs[1]).fit(history).predict(1).by.model).toBe('ewma')
  })

  const readModel = () => trained('naive')
  it.each([
    ['', /--models must be names such as naive,ewma:alpha=\.3,blend/],
    ['naive,,blend', /--models must be names/],
    ['blnd', /'blnd' is not a forecaster; did you mean 'blend'\?/],
    ['ewma:alpha', /a model option must be written name=value, was 'alpha'/],
    ['ewma:alfa=.3', /'alfa' is not an option of ewma; did you mean 'alpha'\?/],
    ['ewma:alpha=3', /ewma\.alpha must be a number, at least 0, at most 1, was 3/],
    ['m.json,season=3', /m\.json is a model that was trained with its options; it takes no others/]
  ])('refuse %j in one line', (text, says) => {
    expect(() => parseForecasters(text, '--models', readModel)).toThrow(says)
  })

  it('are files only where somebody reads them', () =>
    expect(() => parseForecasters('m.json', '--models')).toThrow(/m\.json: hand a model in as data/))
})

describe('the forecaster of a rehearsal', () => {
  const mpc = { name: 'mpc', options: {}, label: 'mpc', keepTrack: true }
  const job = { what: 'test', seed: 3, specs: [mpc], keepTurns: true }

  it('is one', () => {
    expect(() => specOf('naive,blend')).toThrow(/--forecast must be one forecaster, was 'naive,blend'/)
    expect(Object.keys(forecastersOf('ewma:alpha=.3'))).toEqual(['ewma:alpha=.3'])
  })

  it('may have options: its policies are shown it', () => {
    const plan = planOf('service', wave(300), 200)
    const [{ turns }] = doJob({ ...job, plan, forecast: 'ewma:alpha=.3' })
    expect(turns[0].observation.forecast?.by.model).toBe('ewma')
  })

  it('may have been trained, and forecasts in the steps that it was trained on', async () => {
    const plan = planOf('service', wave(300), 200)
    const model = trained('holt-winters', { season: 24 })
    const forecast = { label: 'm.json', name: 'holt-winters', options: model.options, model }
    const request = { policies: [{ name: 'mpc', options: {} }], seeds: [1], frontier: false }
    const rehearsed = await rehearseAll(plan, { ...request, forecast, chooseKnobs: false, keepTurns: true })
    const shown = rehearsed.contenders.find(({ label }) => label === 'mpc')?.turns[0].observation.forecast
    expect(shown).toMatchObject({ stepMs: 60_000, by: { model: 'holt-winters' } })
  })

  it('is refused where its steps are not those of the history, or none of the rehearsal', () => {
    const plan = planOf('service', wave(300), 200)
    const model = trained('naive')
    const forecast = { label: 'm.json', name: 'naive', options: {}, model }
    expect(() => doJob({ ...job, plan, forecast })).toThrow(
      /m\.json was trained on steps of 60000 ms, the history has steps of 15000 ms/
    )
    expect(() => doJob({ ...job, plan: { ...plan, forecastStepMs: 1_000 }, forecast })).toThrow(
      /the step of the forecasting model must be whole steps of the rehearsal, 15s, was '1s'/
    )
  })
})

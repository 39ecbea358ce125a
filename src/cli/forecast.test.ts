import { afterAll, describe, expect, it } from 'vitest'
import { csv, expectRefused, folder } from '../../test/fakes/prescale.ts'

const place = folder()
const wave = Array.from({ length: 400 }, (_, t) => 100 + 40 * Math.sin((2 * Math.PI * t) / 40))
place.file('wave.csv', csv(wave))
place.file('gaps.csv', csv(wave.map((y, t) => (t > 390 ? '' : y))))
place.file('one.csv', csv([5]))
afterAll(() => place.remove())

describe.concurrent('prescale forecast', { timeout: 60_000 }, () => {
  it('says mean and quantiles of the next steps as a Forecast', async () => {
    const args = ['wave.csv', '--horizon', '5', '--levels', '.5,.9', '-o', 'json', '--model', 'holt-winters']
    const { code, stdout, stderr } = await place.prescale(['forecast', ...args])
    expect(stderr).toBe('')
    expect(code).toBe(0)
    const said = JSON.parse(stdout)
    expect(said).toMatchObject({ data: 'wave', model: 'holt-winters', horizon: 5, unit: 'events/s' })
    expect(said.mean).toHaveLength(5)
    expect(Object.keys(said.quantiles)).toEqual(['0.5', '0.9'])
    for (let h = 0; h < 5; h++) {
      expect(said.mean[h]).toBeCloseTo(100 + 40 * Math.sin((2 * Math.PI * (400 + h)) / 40), 2)
    }
  })

  it('takes horizon and season as durations and begins where it is told', async () => {
    const args = ['wave.csv', '--horizon', '3m', '--season', '40m', '--train-until', '0.5', '-o', 'csv']
    const { stdout } = await place.prescale(['forecast', ...args, '--model', 'seasonal-naive'])
    const lines = stdout.trim().split('\n')
    expect(lines[0]).toBe('time,mean,q0.1,q0.5,q0.9,q0.95')
    expect(lines).toHaveLength(4)
    expect(lines[1]).toMatch(/T03:20:00\.000Z,(99\.99|100)/)
  })

  it('never ends at zero because the file ends in gaps', async () => {
    const { stdout } = await place.prescale(['forecast', 'gaps.csv', '--horizon', '2', '-o', 'json'])
    for (const y of JSON.parse(stdout).mean) expect(y).toBeGreaterThan(50)
  })

  it('says on stderr what auto chose and why, and in JSON', async () => {
    const args = ['wave.csv', '--model', 'auto:models=naive+holt-winters', '--horizon', '2', '-o', 'json']
    const { stdout, stderr } = await place.prescale(['forecast', ...args])
    expect(stderr).toMatch(/chose holt-winters: .*naive is next/)
    expect(JSON.parse(stdout).chosen).toMatch(/^holt-winters: /)
  })

  const refused: [string, string[], RegExp][] = [
    ['an unknown model', ['wave.csv', '--model', 'holtwinters'], /did you mean 'holt-winters'/],
    ['an unknown option', ['wave.csv', '--model', 'ewma:alfa=.2'], /did you mean 'alpha'/],
    [
      'a season longer than the history',
      ['wave.csv', '--season', '1d'],
      /season 1440 needs 1440 steps, the history has 400/
    ],
    [
      'a horizon without end',
      ['wave.csv', '--horizon', '100000000'],
      /--horizon must be at most 100000 steps/
    ],
    ['a horizon of nothing', ['wave.csv', '--horizon', '0'], /--horizon must be a whole number/],
    ['levels above 1', ['wave.csv', '--levels', '95'], /--levels must be probabilities between 0 and 1/],
    ['a missing file', ['no.csv'], /no\.csv/],
    ['an unknown format', ['wave.csv', '-o', 'jsn'], /did you mean 'json'/]
  ]
  it.each(refused)('refuses %s in one line', async (_what, args, says) => {
    expectRefused(await place.prescale(['forecast', ...args]), says)
  })
})

describe.concurrent('prescale backtest', { timeout: 60_000 }, () => {
  it('compares models in the shape of the contract', async () => {
    const args = [
      'wave.csv',
      '--models',
      'naive,seasonal-naive,blend',
      '--horizon',
      '5',
      '--folds',
      '2',
      '--levels',
      '.5,.95'
    ]
    const { code, stdout } = await place.prescale(['backtest', ...args, '-o', 'json'])
    expect(code).toBe(0)
    const { data, horizon, folds, models } = JSON.parse(stdout)
    expect([data, horizon, folds]).toEqual(['wave', 5, 2])
    expect(models.map((m: { model: string }) => m.model)).toEqual(['naive', 'seasonal-naive', 'blend'])
    expect(Object.keys(models[0].coverage)).toEqual(['0.5', '0.95'])
    expect(models[0].fitMs).toBeGreaterThan(0)
    expect(models[1].mase).toBeLessThan(1e-6)
    expect(models[2].mase).toBeLessThan(0.1)
  })

  it('names a model by the options it was given', async () => {
    const { stdout } = await place.prescale([
      'backtest',
      'wave.csv',
      '--models',
      'ewma:alpha=.3,sma',
      '-o',
      'csv'
    ])
    expect(stdout).toMatch(/^ewma:alpha=\.3,/m)
  })

  const refused: [string, string[], RegExp][] = [
    ['an unknown model', ['wave.csv', '--models', 'naive,blnd'], /did you mean 'blend'/],
    ['one row', ['one.csv'], /one/],
    ['more folds than steps', ['wave.csv', '--folds', '200'], /too few for 200 folds/],
    ['folds of nothing', ['wave.csv', '--folds', 'x'], /folds must be a whole number/],
    ['a training part of everything', ['wave.csv', '--train-until', '1'], /--train-until/]
  ]
  it.each(refused)('refuses %s in one line', async (_what, args, says) => {
    expectRefused(await place.prescale(['backtest', ...args]), says)
  })
})

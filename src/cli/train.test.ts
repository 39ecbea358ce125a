import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { csv, expectRefused, folder } from '../../test/fakes/prescale.ts'

const place = folder()
const wave = Array.from({ length: 600 }, (_, t) => 100 + 40 * Math.sin((2 * Math.PI * t) / 40) + (t % 3))
place.file('wave.csv', csv(wave))
place.file('half.csv', csv(wave.map((y) => y / 1_000)))
afterAll(() => place.remove())

const small = 'gru:units=4,layers=1,window=12,epochs=2,validation=.3'
const train = (...args: string[]) => place.prescale(['train', 'forecaster', 'wave.csv', ...args])
const read = (file: string) => JSON.parse(readFileSync(join(place.path, file), 'utf8'))

describe('prescale train forecaster', { timeout: 120_000 }, () => {
  it('writes a model that says what it is, and prints what it is worth', async () => {
    const { code, stdout, stderr } = await train(
      ...['--model', 'holt-winters:season=40', '--out', 'hw.json', '--horizon', '5m', '-o', 'json']
    )
    expect(stderr).toBe('use it: prescale forecast wave.csv --model hw.json\n')
    expect(code).toBe(0)
    const said = JSON.parse(stdout)
    expect(said).toMatchObject({
      data: 'wave',
      model: 'holt-winters',
      options: { season: 40 },
      horizon: 5,
      training: { steps: 480, measured: 480, stepMs: 60_000, unit: 'events/s' },
      file: 'hw.json'
    })
    expect(said.metrics).toMatchObject({ horizon: 5, steps: 116 })
    expect(said.predictMs).toBeGreaterThan(0)
    expect(said.metrics.mase).toBeLessThan(0.5)
    expect(Object.keys(said.metrics.coverage)).toEqual(['0.8', '0.95'])
    expect(read('hw.json')).toMatchObject({
      format: 'prescale-model',
      formatVersion: 1,
      kind: 'forecaster',
      checksum: said.checksum,
      metrics: said.metrics
    })
  })

  it('trains a network the same way twice, for people and for machines', async () => {
    const args = ['--model', small, '--horizon', '3', '--seed', '7']
    const one = await train(...args, '--out', 'one.json', '--export', 'one.onnx')
    expect(one.stdout).toMatch(/^model +gru, version \d+, seed 7$/m)
    expect(one.stdout).toMatch(/^layers +gru 4 \(reset after\) → dense 3; 12 steps × \d+, [\d,]+ weights$/m)
    expect(one.stdout).toMatch(/^measured +on 118 steps behind, 3 ahead: MASE [\d.]+, RMSE/m)
    expect(one.stdout).toMatch(/^onnx +one\.onnx$/m)
    await train(...args, '--out', 'two.json', '--quiet', '-o', 'csv')
    const first = read('one.json')
    expect(first.metrics.mase).toBeGreaterThan(0)
    expect(readFileSync(join(place.path, 'one.json'))).toEqual(readFileSync(join(place.path, 'two.json')))
    expect(first.options).toMatchObject({ units: 4, seed: 7, kernels: 'simd' })
    expect(readFileSync(join(place.path, 'one.onnx')).length).toBeGreaterThan(1_000)
  })

  it('takes faster kernels for networks where it is told to, and everything where nothing shall be held back', async () => {
    const fast = await train('--model', small, '--fast', '--out', 'fast.json', '--train-until', '1')
    expect(fast.code).toBe(0)
    expect(fast.stdout).toMatch(/^measured +not: nothing is left behind the training part$/m)
    expect(read('fast.json')).toMatchObject({
      options: { kernels: 'fma' },
      metrics: null,
      training: { steps: 600 }
    })
  })

  it('is stopped by Ctrl-C with nothing half-written', async () => {
    const endless = 'gru:units=128,epochs=1000,patience=1000,window=100'
    const { process: child, ended } = place.start([
      'train',
      'forecaster',
      'builtin:daily-wave',
      '--model',
      endless,
      '--out',
      'never.json'
    ])
    setTimeout(() => child.kill('SIGINT'), 4_000)
    expect(await ended).toMatchObject({ code: 130, stdout: '', stderr: 'prescale: stopped\n' })
    expect(place.list().filter((name) => name.startsWith('never'))).toEqual([])
  })

  const refused: readonly (readonly [string, string[], RegExp])[] = [
    ['an unknown method', ['--model', 'grru'], /did you mean 'gru'/],
    ['an unknown option', ['--model', 'gru:unit=3'], /did you mean 'units'/],
    ['two models', ['--model', 'naive,sma'], /--model must be one model/],
    ['a model that is trained', ['--model', 'no.json'], /model file no\.json cannot be read/],
    ['a limit of words', ['--time-limit', 'soon'], /--time-limit.*soon/],
    ['no time at all', ['--time-limit', '0s'], /--time-limit must be longer than nothing/],
    ['levels of percent', ['--levels', '95'], /--levels must be probabilities/],
    [
      'ONNX of what is no network',
      ['--model', 'naive', '--export', 'm.onnx'],
      /--export m\.onnx: naive is no network/
    ],
    [
      'a season longer than the history',
      ['--model', 'seasonal-naive:season=999'],
      /season 999 needs 999 steps/
    ],
    ['nothing to learn from', ['--model', 'naive', '--from', '2027-01-01'], /wave\.csv has no step/]
  ]
  it.each(refused)('refuses %s in one line, and writes nothing', async (_, args, says) => {
    expectRefused(await train(...args, '--out', 'refused.json'), says)
    expect(place.list()).not.toContain('refused.json')
  })

  it('fails where the model cannot be written', async () => {
    const answer = await train('--model', 'naive', '--out', 'wave.csv/model.json')
    expectRefused(answer, /wave\.csv\/model\.json could not be written: a part of its path is a file/, 1)
  })
})

describe('a model that was trained', { timeout: 120_000 }, () => {
  beforeAll(async () => {
    const args = ['--model', 'holt-winters:season=40', '--out', 'm.json', '--quiet']
    expect((await train(...args)).code).toBe(0)
  }, 60_000)

  it('forecasts and is backtested under the name of its file, beside others', async () => {
    const forecast = await place.prescale([
      'forecast',
      'wave.csv',
      '--model',
      'm.json',
      '-o',
      'json',
      '--horizon',
      '2'
    ])
    expect(forecast.stderr).toBe('')
    expect(JSON.parse(forecast.stdout)).toMatchObject({ model: 'm.json', by: { model: 'holt-winters' } })
    const args = ['--models', 'naive,m.json', '--horizon', '5', '-o', 'json']
    const back = await place.prescale(['backtest', 'wave.csv', ...args])
    const models = JSON.parse(back.stdout).models
    expect(models.map((row: { model: string }) => row.model)).toEqual(['naive', 'm.json'])
    expect(models[1].mase).toBeLessThan(models[0].mase)
    expect(back.stderr).toBe('')
  })

  it('says when it has seen what it is judged by, and when the load is another', async () => {
    const args = ['--models', 'm.json', '--train-until', '0.5', '-o', 'csv']
    const early = await place.prescale(['backtest', 'wave.csv', ...args])
    expect(early.stderr).toMatch(/^m\.json may have seen 3h of what it is judged by in its training$/m)
    const other = await place.prescale(['backtest', 'half.csv', '--models', 'm.json', '-o', 'csv'])
    expect(other.stderr).toMatch(
      /m\.json was trained on 6\d.* to 14\d.* events\/s, most of this load lies outside/
    )
    const quiet = await place.prescale(['backtest', 'wave.csv', ...args, '--quiet'])
    expect([quiet.stderr, quiet.stdout]).toEqual(['', expect.stringMatching(/^model,/)])
  })

  it('is what a rehearsal forecasts with', async () => {
    const args = ['--policies', 'mpc', '--forecast', 'm.json', '--store', 'turns.sqlite', '-o', 'json']
    const { code, stdout, stderr } = await place.prescale(['rehearse', 'wave.csv', ...args])
    expect(stderr).not.toMatch(/prescale: (?!explain)/)
    expect(code).toBe(0)
    expect(JSON.parse(stdout).settings.forecast).toBe('m.json')
  })

  const bad: readonly (readonly [string, (text: string) => string, RegExp])[] = [
    [
      'cut off',
      (text) => text.slice(0, text.length / 2),
      /model file bad-\d\.json is cut off after \d+ characters/
    ],
    [
      'of another version',
      (text) => text.replace('"formatVersion": 1', '"formatVersion": 3'),
      /has format version 3/
    ],
    ['that was changed', (text) => text.replace('"alpha":', '"alpha":0,"was":'), /was changed or damaged/],
    ['of something else', () => '{"runs":[]}', /is no model file/]
  ]
  it.each(bad.map(([what, change, says], i) => ({ what, change, says, i })))(
    'is refused in one line by each command when it is one $what',
    async ({ change, says, i }) => {
      const file = `bad-${i}.json`
      writeFileSync(join(place.path, file), change(readFileSync(join(place.path, 'm.json'), 'utf8')))
      expectRefused(await place.prescale(['forecast', 'wave.csv', '--model', file]), says)
      expectRefused(await place.prescale(['backtest', 'wave.csv', '--models', `naive,${file}`]), says)
      expectRefused(await place.prescale(['rehearse', 'wave.csv', '--forecast', file]), says)
    }
  )

  it('is refused for another step', async () => {
    const args = ['wave.csv', '--step', '5m', '--model', 'm.json']
    expectRefused(
      await place.prescale(['forecast', ...args]),
      /m\.json was trained on steps of 60000 ms, the history has steps of 300000 ms; they must be the same/
    )
  })
})

describe('a backtest in which one fails', { timeout: 120_000 }, () => {
  const models = ['--models', 'naive,seasonal-naive:season=9999,sma']

  it('has a row that says why, goes on with the others, and ends well', async () => {
    const { code, stdout, stderr } = await place.prescale(['backtest', 'wave.csv', ...models, '-o', 'json'])
    expect(code).toBe(0)
    expect(stderr).toBe(
      'seasonal-naive:season=9999 failed: seasonal-naive: season 9999 needs 9999 steps, the history has 480; give a shorter season or more history\n'
    )
    const rows = JSON.parse(stdout).models
    expect(rows.map((row: { failed?: string }) => row.failed !== undefined)).toEqual([false, true, false])
    expect(rows[1]).toMatchObject({
      rmse: null,
      crps: null,
      fitMs: null,
      coverage: { '0.8': null, '0.95': null }
    })
    expect(rows[2].rmse).toBeGreaterThan(0)
  })

  it('is an error where all of them fail, of their kind where that is one', async () => {
    const season = ['--models', 'seasonal-naive:season=9999,blend:season=9999']
    expectRefused(
      await place.prescale(['backtest', 'wave.csv', ...season]),
      /all 2 models failed, the first, seasonal-naive:season=9999: seasonal-naive: season 9999 needs/
    )
  })
})

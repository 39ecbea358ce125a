import { afterAll, describe, expect, it } from 'vitest'
import { expectRefused, folder } from '../../test/fakes/prescale.ts'

const here = folder()
afterAll(() => here.remove())

/** Every command, with the arguments it cannot do without. */
const each = [
  ['rehearse'],
  ['forecast', 'builtin:daily-wave'],
  ['backtest', 'builtin:daily-wave'],
  ['train', 'forecaster', 'builtin:daily-wave'],
  ['decide', 'hpa'],
  ['explain', 'load/mpc'],
  ['init'],
  ['doctor'],
  ['experiment', 'list'],
  ['experiment', 'run', 'rehearsals/flights'],
  ['experiment', 'report', 'rehearsals/flights']
]

describe('-o, --seed, --quiet and -c', { timeout: 60_000 }, () => {
  it.each(each.map((args) => ({ args })))('are taken by $args', async ({ args }) => {
    // The file of -c is read when everything else was understood.
    const answer = await here.prescale([...args, '-o', 'json', '--seed', '2', '--quiet', '-c', 'none.yaml'])
    expectRefused(answer, /--config none\.yaml cannot be read/)
  })

  it('of decide is JSON and nothing else, and draws nothing', async () => {
    expectRefused(await here.prescale(['decide', 'hpa', '-o', 'yaml']), /--output must be json/)
    const seen =
      '{"nowMs":0,"capacity":{"ready":{"web":4}},"metrics":{"cpu":{"value":0.93,"quality":"ok"}}}\n'
    const ask = (seed: string) =>
      here.prescale(['decide', 'hpa', '-o', 'json', '--quiet', '--seed', seed], { stdin: seen })
    const [one, two] = await Promise.all([ask('1'), ask('2')])
    expect(one.stdout).toContain('"kind":"scale"')
    expect(two).toEqual(one)
  })

  it('seed of builtin:daily-wave is another wave, and no word', async () => {
    const ask = (seed: string) =>
      here.prescale(['forecast', 'builtin:daily-wave', '--model', 'naive', '--horizon', '1', '--seed', seed])
    const [one, two, word] = await Promise.all(['1', '2', 'x'].map(ask))
    expect(one.code).toBe(0)
    expect(two.stdout).not.toBe(one.stdout)
    expectRefused(word, /--seed must be a whole number, at least 0, was 'x'/)
  })

  it('several models are for backtest', async () => {
    const answer = await here.prescale(['forecast', 'builtin:daily-wave', '--model', 'naive,sma'])
    expectRefused(answer, /--model must be one model/)
  })
})

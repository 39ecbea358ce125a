/** Bad input, each in one clear line, and nothing half-written. The list is that of the issue this was built for. */
import { readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { csv, expectRefused, folder, waveLoads } from '../fakes/prescale.ts'
import { type FakePrometheus, fakePrometheus } from '../fakes/prometheus.ts'

const place = folder()
const good = place.file('good.csv', csv(waveLoads))
afterAll(() => place.remove())

const QUICK = ['--policies', 'hpa', '--report', 'report.html', '--store', 'turns.sqlite']
const rehearse = (...args: string[]) => place.prescale(['rehearse', ...args, ...QUICK])
const with_ = (row: number, load: number | string) => waveLoads.with(row, load as number)

describe.concurrent('data that cannot be read', { timeout: 60_000 }, () => {
  const many = new Array<string>(50).fill('')
  it.each([
    ['a missing file', ['no-such.csv'], '', /no-such\.csv/],
    ['a folder', ['.'], '', /\./],
    ['an empty file', ['empty.csv'], '', /empty\.csv/],
    ['a header alone', ['header.csv'], 'time,load\n', /header\.csv/],
    ['a missing value column', ['column.csv', '--value', 'laod'], csv(waveLoads), /laod.*load/],
    ['a missing time column', ['tcolumn.csv', '--time', 'tim'], csv(waveLoads), /tim.*time/],
    ['no parsable time', ['times.csv'], `time,load\nyesterday,1\ntoday,2\ntomorrow,3\n`, /time/],
    ['a time column of words', ['words.csv', '--time', 'load'], csv(many.map((_, i) => `w${i}`)), /load/],
    ['a negative rate', ['negative.csv'], csv(with_(7, -3)), /negative|-3|at least 0/],
    ['no measured value', ['nan.csv'], csv(waveLoads.map(() => 'NaN')), /nan\.csv|load/],
    ['one row', ['one.csv'], csv([5]), /one\.csv|row|step/],
    ['infinity', ['infinite.csv'], csv(with_(7, 'Infinity')), /[Ii]nf/],
    ['a load of words', ['load.csv', '--value', 'load'], csv(many.map((_, i) => `w${i}`)), /load/],
    ['no load above zero', ['zero.csv'], csv(waveLoads.map(() => 0)), /load above 0/],
    ['a Parquet file that is none', ['fake.parquet'], 'PAR1 no', /fake\.parquet/],
    ['a recorded capacity that is not there', ['asrun.csv', '--as-run', 'unitz'], csv(waveLoads), /unitz/],
    [
      'a recorded capacity of nothing',
      ['empty-asrun.csv', '--as-run', 'units'],
      csv(waveLoads, { units: waveLoads.map(() => '') }),
      /units|capacity/
    ]
  ] as const)('%s', async (_what, [file, ...args], text, says) => {
    if (text !== '' || file === 'empty.csv') place.file(file, text)
    expectRefused(await rehearse(file, ...args), says)
  })

  it('is refused by forecast and backtest in the same way', async () => {
    expectRefused(await place.prescale(['forecast', 'no-such.csv']), /no-such\.csv/)
    expectRefused(await place.prescale(['backtest', 'no-such.csv']), /no-such\.csv/)
    place.file('negative-too.csv', csv(with_(9, -1)))
    expectRefused(await place.prescale(['forecast', 'negative-too.csv']), /negative|-1|at least 0/)
  })
})

describe.concurrent('settings that cannot be', { timeout: 60_000 }, () => {
  it.each([
    ['a policy nobody knows', ['--policies', 'hpaa'], /hpaa.*did you mean 'hpa'/],
    ['an option nobody knows', ['--policies', 'mpc,hpa:taget=.6'], /taget.*did you mean 'target'/],
    ['a value that cannot be', ['--policies', 'hpa:target=much'], /hpa\.target.*much/],
    ['options of the oracle', ['--policies', 'oracle:latePrice=3'], /oracle/],
    ['no policy', ['--policies', ''], /--policies/],
    ['a forecaster nobody knows', ['--forecast', 'blond'], /blond.*did you mean 'blend'/],
    ['a world nobody knows', ['--world', 'servise'], /servise.*did you mean 'service'/],
    ['a format nobody knows', ['-o', 'jsonn'], /jsonn.*did you mean 'json'/],
    ['a flag nobody knows', ['--seedz', '3'], /--seedz.*--seeds/],
    ['a flag without its value', ['--seeds'], /--seeds/],
    ['min above max', ['--min-units', '9', '--max-units', '3'], /--min-units.*--max-units/],
    ['half a unit', ['--min-units', '1.5'], /--min-units/],
    ['no seeds', ['--seeds', '0'], /--seeds/],
    ['a seed of words', ['--seed', 'seven'], /--seed.*seven/],
    ['a unit that serves nothing', ['--unit-rate', '0'], /--unit-rate/],
    ['a free unit', ['--price', '-1'], /--price/],
    ['a duration of words', ['--slo', 'soon'], /--slo.*soon/],
    ['an SLO below the service time', ['--slo', '1ms'], /slo/i],
    ['a lead time whose P90 is below its P50', ['--lead-time', '3m,P90=2m'], /--lead-time.*P90/],
    ['a training part of everything', ['--train-until', '1'], /--train-until/],
    ['a training part of yesterday', ['--train-until', '1999-01-01'], /--train-until/],
    ['a world config for the service world', ['--world-config', 'x.yaml'], /--world-config/],
    ['a scale of nothing', ['--scale', '0'], /--scale/],
    ['a step of words', ['--step', 'daily'], /--step.*daily/]
  ])('%s', async (_what, args, says) => {
    // The last one wins, so that what is wrong comes behind.
    expectRefused(await place.prescale(['rehearse', good, ...QUICK, ...args]), says)
  })

  it('a season longer than the history', async () => {
    const season = ['--model', 'seasonal-naive', '--season', '500']
    expectRefused(await place.prescale(['forecast', good, ...season]), /season|500/)
    const models = ['--models', 'holt-winters', '--season', '500']
    expectRefused(await place.prescale(['backtest', good, ...models]), /season|500/)
  })

  it('a command nobody knows', async () => {
    expectRefused(await place.prescale(['rehears']), /rehears.*did you mean 'rehearse'/)
    expectRefused(await place.prescale(['help', 'rehears']), /rehears.*did you mean 'rehearse'/)
  })

  it('a policy or an option nobody knows, of decide', async () => {
    expectRefused(await place.prescale(['decide', 'ds3']), /ds3.*did you mean 'ds2'/)
    expectRefused(await place.prescale(['decide', 'hpa', '--set', 'taget=1']), /taget.*did you mean 'target'/)
    expectRefused(await place.prescale(['decide', 'hpa'], { stdin: '{"nowMs":' }), /line 1/)
  })

  it('min above max in an observation', async () => {
    const bounds = { web: { min: 5, max: 2 } }
    const stdin = JSON.stringify({ nowMs: 0, capacity: { ready: { web: 3 } }, bounds })
    expectRefused(await place.prescale(['decide', 'hpa'], { stdin }), /bounds\.web\.max.*at least min/)
  })
})

describe.concurrent('a DAG that is none', { timeout: 60_000 }, () => {
  const operators = ['a', 'b', 'c'].map((id) => ({ id, rate: 50 }))
  const edges = (...pairs: string[]) => pairs.map(([from, to]) => ({ from, to }))
  it.each([
    ['a cycle', { operators, edges: edges('ab', 'bc', 'cb') }, /cycl/],
    ['not connected', { operators, edges: edges('ab') }, /connect/],
    ['an edge to nowhere', { operators, edges: edges('ab', 'bx') }, /x/],
    ['an operator twice', { operators: [...operators, operators[0]], edges: [] }, /a/],
    ['no operators', { operators: [] }, /operators/],
    ['a list instead of a map', [1, 2], /operators/],
    ['a setting nobody knows', { operators, sloMz: 3 }, /sloMz.*sloMs/]
  ])('in a world config: %s', async (what, config, says) => {
    const file = place.file(`${what}.json`, JSON.stringify(config))
    expectRefused(await rehearse(good, '--world', 'stream', '--world-config', file), says)
  })

  it('in a world config that is no YAML, or not there', async () => {
    const file = place.file('broken.yaml', 'operators: [a: {')
    expectRefused(await rehearse(good, '--world', 'stream', '--world-config', file), /broken\.yaml/)
    expectRefused(await rehearse(good, '--world', 'stream', '--world-config', 'none.yaml'), /none\.yaml/)
  })

  it('in an observation of decide ds2', async () => {
    const topology = {
      operators: ['a', 'b'].map((id) => ({ id, parallelism: 1, trueProcessingRate: 5, trueOutputRate: 5 })),
      edges: edges('ab', 'ba')
    }
    const stdin = JSON.stringify({ nowMs: 0, capacity: { ready: { a: 1, b: 1 } }, topology })
    expectRefused(await place.prescale(['decide', 'ds2'], { stdin }), /line 1.*cycl/)
  })
})

describe('Prometheus', { timeout: 60_000 }, () => {
  let fake: FakePrometheus
  beforeAll(async () => {
    fake = await fakePrometheus()
    return () => fake.close()
  })
  const range = ['--from', '2026-01-05T00:00:00Z', '--to', '2026-01-05T03:00:00Z', '--step', '1m']
  const ask = (url: string) => rehearse(`prometheus:${url}`, '--query', 'load', ...range)

  it('that cannot be reached', async () => {
    expectRefused(await ask('http://127.0.0.1:9'), /127\.0\.0\.1:9/, 3)
  })

  it('that answers HTML', async () => {
    fake.respond = (_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>log in</html>')
    expectRefused(await ask(fake.url), /HTML|html|JSON|Prometheus/, 3)
    fake.respond = undefined
  })

  it('that has nothing for the query, or only NaN', async () => {
    fake.series = []
    expectRefused(await ask(fake.url), /nothing/)
    fake.series = [{ at: () => NaN }]
    expectRefused(await ask(fake.url), /nothing|NaN|measured/)
  })

  it('that has half the range: the rest is unknown and said so, never zero', async () => {
    const middle = Date.UTC(2026, 0, 5, 1, 30)
    fake.series = [{ at: (ms) => (ms > middle - 60 * 60_000 ? 50 : undefined) }]
    const args = ['rehearse', `prometheus:${fake.url}`, '--query', 'load', ...range, '--no-store']
    const { code, stdout, stderr } = await place.prescale([...args, '--policies', 'hpa', '-o', 'json'])
    expect(code).toBe(0)
    expect(stderr).toMatch(/unknown|not measured|missing/)
    expect(JSON.parse(stdout).trace.steps).toBeGreaterThan(100)
  })

  it('without a query', async () => {
    expectRefused(await rehearse(`prometheus:${fake.url}`), /--query/)
  })
})

describe('a store', { timeout: 60_000 }, () => {
  const explain = (file: string) => place.prescale(['explain', 'good/hpa', '--store', file])
  beforeAll(async () => {
    const { code } = await place.prescale(['rehearse', good, '--policies', 'hpa', '--store', 'store.sqlite'])
    expect(code).toBe(0)
  })
  const copy = (name: string) => {
    const path = join(place.path, name)
    const db = new DatabaseSync(join(place.path, 'store.sqlite'))
    db.exec(`VACUUM INTO '${path}'`)
    db.close()
    return path
  }

  it('that is not there', async () => {
    expectRefused(await explain('no-store.sqlite'), /no-store\.sqlite/)
  })

  it('of a newer schema', async () => {
    const db = new DatabaseSync(copy('newer.sqlite'))
    db.exec('PRAGMA user_version = 999')
    db.close()
    expectRefused(await explain('newer.sqlite'), /newer\.sqlite.*(newer|999|version)/)
  })

  it('that is truncated, or no store at all', async () => {
    truncateSync(copy('truncated.sqlite'), 9_000)
    expectRefused(await explain('truncated.sqlite'), /truncated\.sqlite/, expect.toBeOneOf([1, 2]))
    place.file('text.sqlite', 'this is no store, though it is long enough to look like one'.repeat(100))
    expectRefused(await explain('text.sqlite'), /text\.sqlite/, expect.toBeOneOf([1, 2]))
  })

  it('whose target nobody knows', async () => {
    expectRefused(await place.prescale(['explain', 'good/hpaa', '--store', 'store.sqlite']), /hpaa.*hpa/)
  })

  it('that cannot be written: the one that was there stays', async () => {
    const before = readFileSync(join(place.path, 'store.sqlite'))
    const args = ['--policies', 'hpa', '--store', 'good.csv/turns.sqlite']
    expectRefused(await place.prescale(['rehearse', good, ...args]), /turns\.sqlite/, 1)
    expect(readFileSync(join(place.path, 'store.sqlite'))).toEqual(before)
  })
})

describe('a full disk', { timeout: 60_000 }, () => {
  it.skipIf(process.platform !== 'linux')('while the report is written', async () => {
    const full = place.prescale([
      'rehearse',
      good,
      '--policies',
      'hpa',
      '--no-store',
      '--report',
      '/dev/full'
    ])
    expectRefused(await full, /\/dev\/full.*disk is full/, 1)
  })
})

it('nothing half-written is left by all of this', () => {
  expect(place.list().filter((name) => /report|turns|\.tmp|\.part/.test(name))).toEqual([])
})

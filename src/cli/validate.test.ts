import { afterAll, describe, expect, it } from 'vitest'
import { expectRefused, folder } from '../../test/fakes/prescale.ts'
import { config as schema } from '../config/schema.ts'
import { commands } from './commands.ts'
import { commandSections, liveSections } from './config/sections.ts'

const here = folder()
afterAll(() => here.remove())

const good = `version: 1
targets:
  cars:
    source: { type: flink, url: http://localhost:8081, job: cars }
    policy: { name: hpa, options: { target: 0.7 } }
rehearse:
  seeds: 3
`

describe('prescale validate', { timeout: 60_000 }, () => {
  it('says in a line what a good file will do', async () => {
    here.file('good.yaml', good)
    const { code, stdout, stderr } = await here.prescale(['validate', 'good.yaml'])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toBe('good.yaml is valid\n  cars: reads flink; blend; hpa; recommends, writes nothing\n')
  })

  it('takes prescale.yaml unless told otherwise, and says where there is none', async () => {
    expectRefused(
      await here.prescale(['validate']),
      /prescale\.yaml cannot be read: there is no such file; `prescale init` writes one/
    )
    here.file('prescale.yaml', good)
    expect((await here.prescale(['validate', '-o', 'json'])).code).toBe(0)
    expect((await here.prescale(['validate', '-c', 'good.yaml'])).stdout).toContain('good.yaml is valid')
  })

  it('lists every problem on stdout, counts them on stderr, and ends with 2', async () => {
    here.file(
      'bad.yaml',
      good.replace('target: 0.7', 'target: 0, tolerance: 1').replace('seeds', 'seds').replace('http:', 'ftp:')
    )
    const table = await here.prescale(['validate', 'bad.yaml'])
    expect(table.code).toBe(2)
    expect(table.stderr).toBe('prescale: bad.yaml has 2 problems, see above\n')
    // What the schema refuses is said first: tables are asked about what it let through.
    here.file('bad.yaml', good.replace('target: 0.7', 'target: 0, tolerance: 1').replace('seeds', 'seds'))
    const { code, stdout, stderr } = await here.prescale(['validate', 'bad.yaml', '-o', 'json'])
    expect([code, stderr]).toEqual([2, 'prescale: bad.yaml has 3 problems, see above\n'])
    const { valid, problems } = JSON.parse(stdout)
    expect(valid).toBe(false)
    expect(
      problems.map(({ line, column, says }: { line: number; column: number; says: string }) => [
        line,
        column,
        says.slice(0, 24)
      ])
    ).toEqual([
      [5, 45, 'must be a number, at lea'],
      [5, 48, "'tolerance' is not a set"],
      [7, 3, "'seds' is not a setting "]
    ])
  })

  it('prints the whole config as it is meant, which is a config again', async () => {
    here.file('good.yaml', good)
    const { stdout } = await here.prescale(['validate', 'good.yaml', '--resolved'])
    expect(stdout).toContain('leaseDuration: 15s')
    here.file('resolved.yaml', stdout)
    const again = await here.prescale(['validate', 'resolved.yaml', '--resolved'])
    expect(again).toEqual({ code: 0, stdout, stderr: '' })
    const json = await here.prescale(['validate', 'good.yaml', '--resolved', '-o', 'json'])
    expect(JSON.parse(json.stdout).targets.cars.policy).toEqual({ name: 'hpa', options: { target: 0.7 } })
  })

  it.each([
    [
      'a policy nobody knows',
      'policy: hpaa',
      /4:13.*policy must be a policy: 'hpaa' is not one; did you mean 'hpa'/
    ],
    ['a forecaster nobody knows', 'forecast: blond', /forecast must be a forecaster: 'blond'.*'blend'/],
    [
      'an option of a forecaster',
      'forecast: { method: sma, options: { window: 0 } }',
      /options.window must be a whole number, at least 1, was 0/
    ],
    [
      'a shadow that is none',
      'guards: { shadow: { policy: hpa, options: { margin: 99 } } }',
      /shadow.options.margin must be a number/
    ],
    [
      'a model that is not there',
      'policy: none.json',
      /4:13: .*model.*none\.json cannot be read: there is no such file/
    ],
    ['a model that is none', 'policy: c.json', /is no model file/],
    ['a forecaster where a policy is wanted', 'forecast: { model: c.json }', /c\.json/]
  ])('finds %s', async (_what, line, says) => {
    here.file('c.json', '{"format":"other"}\n')
    here.file('c.yaml', `version: 1\ntargets:\n  cars:\n    ${line}\n    source: { type: replay, file: x }\n`)
    const { code, stdout } = await here.prescale(['validate', 'c.yaml'])
    expect(code).toBe(2)
    expect(stdout).toMatch(says)
    expect(stdout.trimEnd().split('\n')).toHaveLength(1)
  })

  it('finds what is wrong with a gateway', async () => {
    here.file(
      'g.yaml',
      `version: 1
gateway:
  id: g
  subscribe: { type: mqtt, url: mqtt://a, topic: x }
  publish: { type: kafka, bootstrapServers: 'a:1' }
  options: { streats: 4 }
  predictor: { method: cusum, options: { step: 5s } }
  fusion: { rise: 0 }
`
    )
    const { stdout } = await here.prescale(['validate', 'g.yaml', '-o', 'csv'])
    expect(stdout).toMatch(/6,14.*'streats' is not a setting of gateway.options; did you mean 'streets'/)
    expect(stdout).toMatch(/7,\d+.*'step' is not a setting of gateway.predictor.options/)
    expect(stdout).toMatch(/8,19.*gateway.fusion.rise/)
  })

  it('leaves settings of the live loop alone where a command reads the file', async () => {
    const words = 'forecast builtin:daily-wave -c both.yaml --horizon 1'.split(' ')
    here.file('both.yaml', `${good}forecast:\n  model: naive\n`)
    const { code, stderr } = await here.prescale([...words, '-o', 'json'])
    expect(code, stderr).toBe(0)
  })
})

describe('names at the top of the file', () => {
  it('are those of the schema, and of commands that are none of them', () => {
    expect([...liveSections]).toEqual(Object.keys(schema.shape))
    expect([...commandSections, ...liveSections]).toEqual(expect.arrayContaining(Object.keys(commands)))
    for (const name of commandSections) expect(liveSections).not.toContain(name)
  })
})

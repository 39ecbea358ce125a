/** Trained policies through the command line: rehearsed, decided with, explained, and every file that is none refused in one line. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { canonicalJson, PrescaleError } from '../../src/base/index.ts'
import { exitCodeOf } from '../../src/cli/exit.ts'
import { command } from '../../src/cli/rehearse.ts'
import { turnEntry } from '../../src/compare/policy-spec.ts'
import type { PpoModel } from '../../src/decide/index.ts'
import { writeModelFile } from '../../src/store/model-file.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { networkModel, tableModel } from '../fakes/learned-models.ts'

const folder = mkdtempSync(join(tmpdir(), 'prescale-learned-'))
const at = (name: string) => join(folder, name)
const main = new URL('../../src/cli/main.ts', import.meta.url).pathname
const prescale = (args: readonly string[], input = '') =>
  spawnSync(process.execPath, [main, ...args], { input, encoding: 'utf8', cwd: folder })

/** Six hours of it: five to train on, one to rehearse. */
const rehearse = (policies: string, ...more: string[]) =>
  prescale([
    'rehearse',
    'builtin:accidents',
    '--from',
    '6h',
    '--world',
    'spark',
    '--policies',
    policies,
    ...more
  ])

beforeAll(() => {
  writeModelFile(at('net.json'), networkModel(1))
  writeModelFile(at('reactive.json'), networkModel(1, { observationSize: 11 }))
  writeModelFile(at('table.json'), tableModel())
  writeModelFile(at('hpa.json'), tableModel('sarsa'))
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('rehearse', () => {
  let rows: { policy: string; label: string; knob: unknown; meanUnits: number }[]
  let stderr = ''

  beforeAll(() => {
    const policies = 'hpa,net.json,net.json,shield=false,reactive.json,table.json,interval=30s,hpa.json'
    const out = rehearse(policies, '--store', 'turns.sqlite', '-o', 'json')
    stderr = out.stderr
    rows = JSON.parse(out.stdout).runs
  }, 120_000)

  it('has a row for each, called as its file is', () => {
    expect(rows.map(({ policy }) => policy)).toEqual([
      'fixed',
      'hpa',
      'oracle',
      'net',
      'net:shield=false',
      'reactive',
      'table:interval=30s',
      'hpa.json'
    ])
    expect(
      rows.filter(({ policy }) => /net|table|json/.test(policy)).every(({ knob }) => knob === null)
    ).toBe(true)
    expect(stderr).not.toContain('no signals')
  })

  it('keeps Turns that can be decided again to the same bytes, the model in them', () => {
    const store = sqlite({ file: at('turns.sqlite'), readOnly: true })
    const names = new Set<string>()
    let signals = 0
    for (const turn of store.turns({})) {
      if (turn.policy.options.model === undefined) continue
      const { entry, options } = turnEntry(turn.policy)
      const again = entry.make(options).decide(turn.observation, turn.before)
      expect(canonicalJson(again.decision)).toBe(canonicalJson(turn.decision))
      expect(canonicalJson(again.memory)).toBe(canonicalJson(turn.after))
      names.add(turn.policy.name)
      signals += turn.observation.signals?.length ?? 0
    }
    store.close()
    expect([...names].sort()).toEqual(['ppo', 'q-learning', 'sarsa'])
    expect(signals).toBeGreaterThan(0)
  })

  it('can be explained: the rule, the network or the table in words, the same answer again', () => {
    for (const [target, says] of [
      ['accidents/net', 'The network chooses'],
      ['accidents/table', 'same answer']
    ]) {
      const { stdout, stderr, status } = prescale(['explain', target, '--store', 'turns.sqlite'])
      expect([status, stderr]).toEqual([0, ''])
      expect(stdout).toContain(says)
      expect(stdout).toContain('same answer')
    }
    const { stdout } = prescale(['explain', 'accidents/net', '--store', 'turns.sqlite', '-o', 'json'])
    const { policy, learned } = JSON.parse(stdout)
    expect(policy).toMatchObject({ name: 'ppo', options: { model: networkModel(1).checksum } })
    expect(learned.heads.map(({ head }: { head: string }) => head)).toEqual([
      'executors',
      'memory',
      'storage',
      'compression'
    ])
  })

  it('says of a network with edge signals what it does where there are none', () => {
    const { stderr } = rehearse('net.json,reactive.json', '--edge', 'none', '--no-store')
    expect(stderr).toContain('net was trained with edge signals and there are none here')
    expect(stderr).not.toContain('reactive was')
  }, 60_000)
})

describe('decide', () => {
  const observation = {
    nowMs: 1_000_000,
    target: 'job',
    load: { startMs: 985_000, stepMs: 15_000, values: [200] },
    capacity: { ready: { executors: 6 } },
    metrics: Object.fromEntries(
      Object.entries({
        cpu: 0.7,
        volume: 120,
        memoryUsed: 0.1,
        latency: 170,
        cost: 1.8,
        shuffle: 0.3,
        temperature: 0.4
      }).map(([name, value]) => [name, { value, quality: 'ok' }])
    ),
    signals: [
      {
        gateway: 'g',
        seq: 1,
        sentMs: 999_000,
        predictedLoad: 210,
        burstAlarm: false,
        horizonMs: 60_000,
        confidence: 1
      }
    ]
  }
  const lines = (...all: object[]) =>
    all.map((one) => `${JSON.stringify({ ...observation, ...one })}\n`).join('')

  it('is a filter for a trained policy too', () => {
    const { stdout, stderr } = prescale(
      ['decide', 'net.json', '--set', 'shield=false', '--memory'],
      lines({}, { nowMs: 1_015_000, load: { ...observation.load, startMs: 1_000_000 } })
    )
    expect(stderr).toBe('')
    const answers = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(answers.map(({ decision }) => decision.why.rule)).toEqual(['network', 'network'])
    expect(answers[0].memory.edge).toMatchObject([{ gateway: 'g', seq: 1 }])
  })

  it.each([
    {
      what: 'a number of the state is not measured',
      change: { metrics: { cpu: { value: null } } },
      rule: 'state-unknown'
    },
    {
      what: 'its only signal is from the future',
      change: { signals: [{ ...observation.signals[0], sentMs: 2_000_000 }] },
      rule: 'edge-unknown'
    },
    {
      what: 'its gateway is dead',
      change: { signals: [{ ...observation.signals[0], sentMs: 100_000 }] },
      rule: 'edge-unknown'
    }
  ])('holds with the reason when $what', ({ change, rule }) => {
    const { stdout } = prescale(['decide', 'net.json', '--set', 'withoutEdge=hold'], lines(change))
    const { kind, why } = JSON.parse(stdout)
    expect([kind, why.rule]).toEqual(['hold', rule])
  })
})

describe('what is no model for a policy here ends with one line', () => {
  const read = (): PpoModel => JSON.parse(readFileSync(at('net.json'), 'utf8'))
  const home = process.cwd()
  afterAll(() => process.chdir(home))

  beforeAll(() => {
    process.chdir(folder)
    writeFileSync(at('cut.json'), readFileSync(at('net.json'), 'utf8').slice(0, 900))
    writeFileSync(at('changed.json'), JSON.stringify({ ...read(), units: 9 }))
    writeFileSync(at('none.json'), '{"a":1}')
    writeModelFile(at('size.json'), networkModel(1, { observationSize: 12 }))
    writeModelFile(at('version.json'), networkModel(1, { version: 'spark-env/0' }))
    writeModelFile(at('actions.json'), networkModel(1, { actionSizes: [20] }))
    writeFileSync(
      at('forecaster.json'),
      JSON.stringify({ format: 'prescale-model', formatVersion: 1, kind: 'forecaster', model: 'ewma' })
    )
    writeFileSync(
      at('checkpoint.json'),
      JSON.stringify({ format: 'prescale-checkpoint', kind: 'policy', model: 'ppo' })
    )
  })

  it.each([
    ['absent.json', /model file absent\.json cannot be read: there is no such file/],
    ['cut.json', /model file cut\.json is cut off after 900 characters/],
    ['changed.json', /changed\.json is cut short or was changed/],
    ['none.json', /none\.json is no model file/],
    ['size.json', /size\.json was trained for states of size 12, here it is 11 or 13: train it again/],
    [
      'version.json',
      /version\.json was trained for states of version spark-env\/0, here it is spark-env\/1: train it again/
    ],
    [
      'actions.json',
      /actions\.json was trained for actions of \[20\], here it is \[20,8,4,3\]: train it again/
    ],
    ['forecaster.json', /forecaster\.json is a forecaster, and a policy is wanted here/],
    ['checkpoint.json', /checkpoint\.json is a checkpoint of a training/],
    [
      'net.json,alpha=.5,beta=.6,gamma=.5',
      /reward weights must be three numbers of at least 0 that sum to 1/
    ],
    ['net.json,alpha=-1,beta=1,gamma=1', /ppo\.alpha must be a number, at least 0, was/],
    ['net.json,scenario=cheap', /ppo\.scenario must be one of/]
  ])('%s', async (policies, line) => {
    await expectRefusal(['--world', 'spark', '--policies', policies], line)
  })

  it('by the command line too, with nothing on stdout', () => {
    const { stderr, stdout, status } = rehearse('absent.json', '--no-store', '--quiet')
    expect({ stdout, status }).toEqual({ stdout: '', status: 2 })
    expect(stderr).toBe('prescale: model file absent.json cannot be read: there is no such file\n')
  })

  it.each([
    [
      ['--world', 'service', '--policies', 'net.json'],
      /net\.json was trained in the Spark world, .* --world spark/
    ],
    [
      ['--world', 'service', '--policies', 'hpa', '--forecast', 'net.json'],
      /net\.json is of kind .*; a forecaster is wanted here/
    ],
    [
      ['--world', 'spark', '--policies', 'hpa', '--edge', 'orakel'],
      /'orakel' is not a kind of edge signals; did you mean 'oracle'/
    ]
  ])('rehearse %j', async (args, line) => {
    await expectRefusal(args, line)
  })

  it('a table in a job of several operators', async () => {
    const operators = 'operators:\n  - { id: src, rate: 600 }\n  - { id: map, rate: 60 }\n'
    writeFileSync(at('job.yaml'), operators)
    await expectRefusal(
      ['--world', 'stream', '--world-config', 'job.yaml', '--policies', 'table.json'],
      /table\.json sizes one resource, the stream world has 2 \(src, map\)/
    )
  })
})

/** Without a process of its own: every refusal is thrown, and `main` says it. */
async function expectRefusal(args: readonly string[], line: RegExp): Promise<void> {
  const data = ['builtin:accidents', '--from', '6h', '--no-store', '--quiet']
  const error = await command()
    .parseAsync([...data, ...args], { from: 'user' })
    .catch((thrown) => thrown)
  expect(error).toBeInstanceOf(PrescaleError)
  expect(error.message).toMatch(line)
  expect(error.message).not.toContain('\n')
  expect(exitCodeOf(error)).toBe(2)
}

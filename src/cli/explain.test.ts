import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { series } from '../base/index.ts'
import { policies } from '../decide/index.ts'
import { proportional } from '../decide/proportional.ts'
import type { Policy, Turn } from '../roles.ts'
import { sqlite } from '../store/index.ts'
import { explainTurn, storeOf, targetOf } from './explain.ts'
import { DEFAULT_STORE } from './store-file.ts'

const nowMs = Date.UTC(2001, 2, 5, 6, 12)

function turnAt(atMs: number, load: number): Turn {
  const policy = proportional({ target: 0.8 })
  const observation = {
    nowMs: atMs,
    target: 'builtin:flights',
    load: series(60_000, [load], { startMs: atMs - 60_000 }),
    capacity: { ready: { unit: 9 } },
    service: { unitRate: 100 }
  }
  const { decision, memory } = policy.decide(observation, null)
  return {
    target: 'builtin:flights/proportional:target=0.8',
    atMs,
    policy: { name: 'proportional', options: { target: 0.8 } },
    observation,
    before: null,
    decision,
    after: memory
  }
}

describe('targetOf', () => {
  const targets = ['builtin:flights/hpa', 'builtin:flights/mpc:price=40', 'data/load.csv/mpc', 'checkout']
  const cases: readonly [string, string | undefined, string][] = [
    ['checkout', undefined, 'checkout'],
    ['flights/mpc', undefined, 'builtin:flights/mpc:price=40'],
    ['builtin:flights/mpc', undefined, 'builtin:flights/mpc:price=40'],
    ['builtin:flights/mpc:price=40', undefined, 'builtin:flights/mpc:price=40'],
    ['flights', 'hpa', 'builtin:flights/hpa'],
    ['load.csv', undefined, 'data/load.csv/mpc'],
    ['data/load.csv', 'mpc', 'data/load.csv/mpc']
  ]
  it.each(cases)('reads %s with policy %s as %s', (wanted, policy, target) => {
    expect(targetOf(wanted, policy, targets, 'store')).toBe(target)
  })

  it('asks back where several are meant', () => {
    expect(() => targetOf('flights', undefined, targets, 'store')).toThrow(
      'flights may be several targets, say which: builtin:flights/hpa, builtin:flights/mpc:price=40'
    )
  })

  it('names the nearest where none is meant', () => {
    expect(() => targetOf('chekout', undefined, targets, 'store')).toThrow("did you mean 'checkout'?")
  })

  it('says of the store that each rehearsal replaces how to keep one', () => {
    const said = () => targetOf('flights/knative', undefined, targets, DEFAULT_STORE)
    expect(said).toThrow('; it holds the last rehearsal only, `rehearse --store FILE` and')
    expect(() => targetOf('flights/knative', undefined, targets, 'store')).not.toThrow('the last rehearsal')
  })
})

describe('explain, as a command', () => {
  const folder = mkdtempSync(join(tmpdir(), 'prescale-explain-'))
  const file = join(folder, 'turns.sqlite')
  const prescale = (...args: string[]) =>
    spawnSync(process.execPath, ['src/cli/main.ts', ...args], { encoding: 'utf8' })

  beforeAll(() => {
    const store = sqlite({ file, clock: () => nowMs })
    const noForecast = 'blend needs at least 2 measured steps, the history has 1 (steps of 1m)'
    const without = (policy: Policy, name: string): Turn => {
      const { observation } = turnAt(nowMs, 700)
      const { decision, memory } = policy.decide(observation, policy.initial())
      const made = { policy: { name, options: {} }, before: policy.initial(), decision, after: memory }
      return { target: `cars/${name}`, atMs: nowMs, observation, noForecast, ...made }
    }
    store.appendAll([turnAt(nowMs, 700), turnAt(nowMs + 60_000, 900)])
    store.appendAll([
      without(policies.mpc.make() as Policy, 'mpc'),
      without(policies.hpa.make() as Policy, 'hpa')
    ])
    store.close()
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('explains the last decision at or before a moment, and decides it again to the same answer', () => {
    const { stdout, status } = prescale(
      'explain',
      'flights/proportional',
      '--at',
      '2001-03-05 06:12:30',
      '--store',
      file
    )
    expect(status).toBe(0)
    expect(stdout).toContain('At 2001-03-05 06:12:00 UTC')
    expect(stdout).toContain('would have asked for 10 units if the load were ≥ 721 events/s')
    expect(stdout).toContain('same answer')
  })

  it('gives the same as JSON', () => {
    const { stdout } = prescale('explain', 'flights', '--store', file, '-o', 'json')
    expect(JSON.parse(stdout)).toMatchObject({
      atMs: nowMs + 60_000,
      decision: { to: { unit: 12 } },
      replay: { same: true }
    })
  })

  it('says what was missing for a forecast, of a policy that looks at one', () => {
    const said = (policy: string) => prescale('explain', `cars/${policy}`, '--store', file).stdout
    expect(said('mpc')).toContain('There was no forecast: blend needs at least 2 measured steps')
    expect(said('hpa')).toContain('hpa')
    expect(said('hpa')).not.toContain('forecast')
  })

  it('finds a target of the config beside it in the record of its loop, and all else in the last rehearsal', async () => {
    writeFileSync(
      join(folder, 'prescale.yaml'),
      'version: 1\ntargets: { cars: { source: { type: replay, file: x }, policy: hpa } }\nstore: { path: turns.sqlite }\n'
    )
    const here = process.cwd()
    process.chdir(folder)
    try {
      expect(await storeOf(['cars'], {})).toMatch(/turns\.sqlite$/)
      expect(await storeOf(['cars', 'lorries'], {})).toBe(DEFAULT_STORE)
      expect(await storeOf(['cars'], { store: 'other' })).toBe('other')
      writeFileSync('prescale.yaml', 'version: nonsense')
      expect(await storeOf(['cars'], {})).toBe(DEFAULT_STORE)
    } finally {
      process.chdir(here)
    }
  })

  const wrong: readonly [string, string[], string][] = [
    ['a store that is not there', ['flights', '--store', join(folder, 'none.sqlite')], 'none.sqlite'],
    ['an unknown target', ['fligths/hpa', '--store', file], 'is not a target in'],
    [
      'a moment before everything',
      ['flights', '--at', '2000-01-01', '--store', file],
      '; its first is of 20'
    ],
    ['what is no moment', ['flights', '--at', 'yesterday', '--store', file], "was 'yesterday'"]
  ]
  it.each(wrong)('ends with 2 and one line for %s', (_what, args, line) => {
    const { stderr, stdout, status } = prescale('explain', ...args)
    expect(status).toBe(2)
    expect(stdout).toBe('')
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).toContain(line)
  })
})

it('turns the option that a frontier sweeps', () => {
  const { counterfactuals } = explainTurn(turnAt(nowMs, 700))
  expect(counterfactuals.map(({ input }) => input)).toContain('options.target')
})

import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { policies } from '../decide/index.ts'
import { decider } from './decide.ts'

const line = (nowMs: number, cpu: number | null, more: object = {}) =>
  JSON.stringify({ nowMs, capacity: { ready: { web: 4 } }, metrics: { cpu: { value: cpu } }, ...more })

const main = new URL('./main.ts', import.meta.url).pathname
const prescale = (args: readonly string[], input: string) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'decide', ...args], {
    input,
    encoding: 'utf8'
  })
  return {
    status,
    lines: stdout
      .split('\n')
      .filter(Boolean)
      .map((text) => JSON.parse(text)),
    stderr
  }
}

describe('decide as a filter', () => {
  it('carries the memory of each target forward, and starts fresh without one', () => {
    const answer = decider(policies.hpa.make({ downStabilization: '5m' }), false)
    const sizes = (lines: readonly string[]) => lines.map((text, i) => JSON.parse(answer(text, i + 1)).to.web)
    const later = 301_000
    // After five minutes of low wishes `a` may go down. Without a target nobody knows of those five minutes.
    expect(sizes([line(0, 0.4, { target: 'a' }), line(later, 0.4, { target: 'a' })])).toEqual([4, 2])
    expect(sizes([line(0, 0.4, { target: 'b' }), line(later, 0.4, { target: 'c' })])).toEqual([4, 4])
    expect(sizes([line(0, 0.4), line(later, 0.4)])).toEqual([4, 4])
  })

  it('takes a memory with its observation and hands one back', () => {
    const answer = decider(policies.hpa.make(), true)
    const observation = JSON.parse(line(0, 0.4))
    const first = JSON.parse(answer(JSON.stringify({ observation }), 1))
    const next = JSON.stringify({ observation: { ...observation, nowMs: 301_000 }, memory: first.memory })
    expect(JSON.parse(answer(next, 2)).decision.to).toEqual({ web: 2 })
    expect(JSON.parse(answer(JSON.stringify({ observation }), 3))).toEqual(first)
  })

  it.each([
    ['{bad', /^line 7 must be one JSON object: /],
    ['[]', /^line 7: observation must be an object, was \[\]/],
    ['{"observation":{"nowMs":"now"}}', /^line 7: observation\.nowMs must be a number/],
    [
      '{"observation":{"nowMs":0,"capacity":{"ready":{"web":1}},"metrics":{"cpu":{"value":1}}},"memory":{"web":3}}',
      /^line 7: memory must be what hpa wrote before/
    ],
    [
      '{"observation":{"nowMs":0,"capacity":{"ready":{"web":1}}},"memory":5}',
      /^line 7: memory must be what hpa wrote before, was 5$/
    ],
    [
      '{"observation":{"nowMs":0,"capacity":{"ready":{"web":1}}},"memory":[1]}',
      /^line 7: memory must be what hpa wrote before, was \[1\]$/
    ],
    [
      '{"nowMs":0,"capacity":{"ready":{"web":-2}}}',
      /^line 7: observation\.capacity\.ready\.web must be a whole number of units, at least 0, or null, was -2$/
    ]
  ])('refuses %s and names the line', (text, message) => {
    expect(() => decider(policies.hpa.make(), false)(text, 7)).toThrow(message)
  })
})

it.each(Object.entries(policies))('%s takes back the memory that it wrote, and no other', (_, entry) => {
  const policy = entry.make()
  const answer = decider(policy, true)
  const observation = JSON.parse(line(0, 0.4))
  const { memory } = JSON.parse(answer(JSON.stringify({ observation }), 1))
  expect(() => answer(JSON.stringify({ observation, memory }), 2)).not.toThrow()
  expect(() => answer(JSON.stringify({ observation, memory: 5 }), 3)).toThrow(
    /^line 3: memory must be .*was 5$/
  )
})

describe('prescale decide', () => {
  it('writes what it decided before a bad line, one error, and exit code 2', () => {
    const { status, lines, stderr } = prescale(
      ['hpa', '--set', 'target=0.5'],
      `${line(0, 1)}\n\n${line(0, null)}\n{}\n${line(0, 1)}\n`
    )
    expect(lines.map(({ to, why }) => [to.web, why.rule])).toEqual([
      [8, 'scale-up'],
      [4, 'metric-unknown']
    ])
    expect(stderr).toBe('prescale: line 4: observation.nowMs must be a number of milliseconds, missing\n')
    expect(status).toBe(2)
  })

  it('reads what an editor began with a byte order mark', () => {
    const { status, lines } = prescale(['hpa'], `\uFEFF${line(0, 0.9)}\r\n`)
    expect([status, lines.length]).toEqual([0, 1])
  })

  it('writes decisions with memory when asked to, also without a newline at the end', () => {
    const { status, lines } = prescale(['proportional', '--memory'], line(0, 1))
    expect(status).toBe(0)
    expect(lines).toEqual([
      { decision: expect.objectContaining({ kind: 'hold', to: { web: 4 } }), memory: null }
    ])
  })

  it.each([
    [['hpaa'], /'hpaa' is not a policy; did you mean 'hpa'\?/],
    [['hpa', '--set', 'tarket=1'], /'tarket' is not an option of hpa; did you mean 'target'\?/],
    [['hpa', '--set', 'target'], /--set must be option=value, was 'target'/],
    [['hpa', '--set', 'target=x'], /hpa\.target must be a number, was 'x'/]
  ])('refuses %j in one line', (args, message) => {
    const { status, lines, stderr } = prescale(args, '')
    expect([status, lines]).toEqual([2, []])
    expect(stderr).toMatch(message)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })
})

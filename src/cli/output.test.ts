import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { nowAndThen, readFormat, table } from './output.ts'

const output = fileURLToPath(new URL('./output.ts', import.meta.url))

/** What a process that prints this writes to stdout. */
function printed(format: string, result: string): string {
  const script = `import { print } from ${JSON.stringify(output)}; print('${format}', ${result})`
  return execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    maxBuffer: 64e6
  })
}

const value = `{ a: NaN, b: [1.5, Infinity], c: new Float64Array([1, NaN]), d: { e: null, f: 'x: "y"' } }`
const rows = `[{ name: 'hpa', late: 12, share: 0.25 }, { name: 'a "b", c\\nd', late: NaN, more: null }]`

describe('a result', () => {
  it('is JSON with null for what was not measured, and arrays for typed ones', () => {
    const text = printed('json', `{ value: ${value}, rows: [] }`)
    expect(JSON.parse(text)).toEqual({
      a: null,
      b: [1.5, null],
      c: [1, null],
      d: { e: null, f: 'x: "y"' }
    })
    expect(text.endsWith('}\n')).toBe(true)
  })

  it('is the same in YAML', () => {
    expect(parse(printed('yaml', `{ value: ${value}, rows: [] }`))).toEqual(
      JSON.parse(printed('json', `{ value: ${value}, rows: [] }`))
    )
  })

  it('is CSV with every column of any row, quoted where it must be, empty where nothing was measured', () => {
    expect(printed('csv', `{ value: 0, rows: ${rows} }`)).toBe(
      'name,late,share,more\nhpa,12,0.25,\n"a ""b"", c\nd",,,\n'
    )
  })

  it('is its text as a table, or its rows where it has none', () => {
    expect(printed('table', `{ value: 0, rows: ${rows}, text: 'as it is' }`)).toBe('as it is\n')
    expect(printed('table', `{ value: 0, rows: [{ a: 1 }] }`)).toBe('a\n─\n1\n')
  })

  it('is written whole, however large', () => {
    const text = printed('json', `{ value: Array.from({ length: 300_000 }, (_, i) => i), rows: [] }`)
    expect(JSON.parse(text)).toHaveLength(300_000)
  })

  it('has no other formats', () => {
    expect(() => readFormat('jsno')).toThrow(/jsno.*json/)
    expect(() => readFormat('toString')).toThrow(/toString/)
  })
})

describe('a table', () => {
  it('has numbers on the right, words on the left, a dash for what was not measured', () => {
    const text = table([
      { policy: 'hpa', late: 1_234, units: 7.25, share: 0.012345 },
      { policy: 'oracle', late: null, units: NaN, share: 123.456 }
    ])
    expect(text.split('\n')).toEqual([
      'policy   late  units   share',
      '──────  ─────  ─────  ──────',
      'hpa     1,234   7.25  0.0123',
      'oracle      –      –     123'
    ])
  })

  it('has a column for everything that any row has', () => {
    expect(table([{ a: 1 }, { b: true }])).toBe('a     b\n─  ────\n1     –\n–  true')
  })

  it('says so when there is nothing', () => {
    expect(table([])).toBe('(nothing)')
  })
})

it('tells progress every ten seconds where it cannot rewrite a line, and never an empty one', () => {
  let nowMs = 0
  const told: string[] = []
  const say = nowAndThen(
    (line) => told.push(line),
    () => nowMs
  )
  for (; nowMs <= 30_000; nowMs += 500) {
    say(`${nowMs / 1_000} s`)
    say('')
  }
  expect(told).toEqual(['10 s', '20 s', '30 s'])
})

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { fakePrometheus } from '../../test/fakes/prometheus.ts'
import type { Check } from './doctor/checks.ts'

const folder = mkdtempSync(join(tmpdir(), 'prescale-doctor-'))
afterAll(() => rmSync(folder, { recursive: true }))
const main = fileURLToPath(new URL('./main.ts', import.meta.url))

/** Not synchronous: the fake Prometheus lives in this process. */
async function prescale(...args: readonly string[]) {
  const child = spawn(process.execPath, [main, ...args], { cwd: folder })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (text) => {
    stdout += text
  })
  child.stderr.on('data', (text) => {
    stderr += text
  })
  const [status] = await once(child, 'close')
  return { status, stdout, stderr }
}

async function doctor(...args: readonly string[]) {
  const { status, stdout, stderr } = await prescale('doctor', ...args, '-o', 'json')
  const { checks } = JSON.parse(stdout) as { checks: readonly Check[] }
  const of = (subject: string) =>
    Object.fromEntries(checks.filter((c) => c.subject === subject).map((c) => [c.check, c.status]))
  return { status, stderr, checks, of }
}

const rows = (count: number, value: (i: number) => string | number, at = (i: number) => i) =>
  Array.from(
    { length: count },
    (_, i) => `${new Date(Date.UTC(2026, 0, 1) + at(i) * 60_000).toISOString()},${value(i)}`
  ).join('\n')
const write = (name: string, text: string) => writeFileSync(join(folder, name), `time,value\n${text}\n`)

describe('prescale doctor', { timeout: 30_000 }, () => {
  it('finds a good file good', async () => {
    write(
      'good.csv',
      rows(3 * 1_440, (i) => 100 + 90 * Math.sin(i / 200) + 0.5)
    )
    const { status, stderr, checks, of } = await doctor('good.csv')
    expect(checks.filter((c) => c.status !== 'ok')).toEqual([])
    expect(Object.keys(of('good.csv'))).toEqual(
      expect.arrayContaining([
        'columns',
        'zone',
        'step',
        'order',
        'duplicates',
        'gaps',
        'values',
        'range',
        'length'
      ])
    )
    expect(of('this machine')).toEqual({ node: 'ok', duckdb: 'ok', store: 'ok' })
    expect([status, stderr]).toEqual([0, ''])
  })

  it('warns of what was mended or guessed, and says what to do', async () => {
    const when = (i: number) => (i === 5 ? 4 : i === 9 ? 8.0 : i > 20 ? i + 10 : i)
    write(
      'odd.csv',
      rows(60, (i) => 1_000 + 2 * i, when)
        .replaceAll('.000Z', '')
        .replaceAll('T', ' ')
    )
    const { status, checks, of } = await doctor('odd.csv')
    expect(status).toBe(0)
    expect(of('odd.csv')).toMatchObject({
      zone: 'warn',
      duplicates: 'warn',
      gaps: 'warn',
      length: 'warn',
      range: 'warn',
      unit: 'warn'
    })
    for (const { status: found, mend } of checks) if (found === 'warn') expect(mend).toBeTruthy()
  })

  it('sees zeros that look like gaps', async () => {
    write(
      'zeros.csv',
      rows(3_000, (i) => (i % 500 === 3 ? 0 : 100.5 + (i % 60)))
    )
    expect((await doctor('zeros.csv')).of('zeros.csv')).toMatchObject({ zeros: 'warn' })
    write(
      'idle.csv',
      rows(3_000, (i) => (i % 60 < 30 ? 0 : 100.5))
    )
    expect((await doctor('idle.csv')).of('idle.csv')).toMatchObject({ zeros: 'ok' })
  })

  it('fails a file with a negative rate and one that is not there, and looks at the others all the same', async () => {
    write(
      'negative.csv',
      rows(10, (i) => (i === 4 ? -1 : 1))
    )
    const { status, stderr, of, checks } = await doctor('nowhere.csv', 'negative.csv', 'good.csv')
    expect(status).toBe(2)
    expect(stderr).toBe('prescale: 2 checks failed, see above\n')
    expect(of('nowhere.csv')).toEqual({ read: 'fail' })
    expect(of('negative.csv')).toEqual({ values: 'fail' })
    expect(checks.find((c) => c.check === 'values')?.found).toBe(
      "negative.csv row 5 has '-1' in column 'value': a rate is a finite number, at least 0"
    )
    expect(of('good.csv')).toMatchObject({ columns: 'ok' })
  })

  it('fails a store that is damaged', async () => {
    mkdirSync(join(folder, 'stores'))
    writeFileSync(join(folder, 'stores', 'bad.sqlite'), 'not a store')
    const { status, of } = await doctor('--store', 'stores/bad.sqlite')
    expect(status).toBe(2)
    expect(of('this machine')).toMatchObject({ store: 'fail' })
    expect(readFileSync(join(folder, 'stores', 'bad.sqlite'), 'utf8')).toBe('not a store')
  })

  it('asks Prometheus whether it is there, and for the load', async () => {
    const fake = await fakePrometheus([{ at: (ms) => 100 + ((ms / 60_000) % 77) }])
    const target = `prometheus:${fake.url}`
    expect((await doctor(target)).of(target)).toEqual({ reach: 'ok', query: 'warn' })
    const asked = await doctor(target, '--query', 'x', '--from', '3d')
    expect(asked.of(target)).toMatchObject({ reach: 'ok', query: 'ok', step: 'ok', measured: 'ok' })
    expect(asked.status).toBe(0)
    fake.series = []
    const empty = await doctor(target, '--query', 'x')
    expect([empty.status, empty.of(target)]).toEqual([2, { reach: 'ok', read: 'fail' }])
    await fake.close()
    const gone = await doctor(target)
    expect([gone.status, gone.of(target)]).toEqual([3, { reach: 'fail' }])
  })
})

describe('prescale init', { timeout: 30_000 }, () => {
  it('writes a file that -c reads, and never over one that is there', async () => {
    const first = await prescale('init', '--source', 'good.csv')
    expect(first).toEqual({
      status: 0,
      stdout: 'prescale.yaml written; next: prescale rehearse -c prescale.yaml\n',
      stderr: '4320 steps of 1m from 2026-01-01T00:00Z\n'
    })
    const again = await prescale('init')
    expect([again.status, again.stderr]).toEqual([
      2,
      'prescale: prescale.yaml is there already; say --force to replace it, or --out FILE\n'
    ])
    expect((await doctor('-c', 'prescale.yaml')).of('good.csv')).toMatchObject({ columns: 'ok' })
    expect((await prescale('init', '--force', '--quiet')).status).toBe(0)
    expect(readFileSync(join(folder, 'prescale.yaml'), 'utf8')).toMatch(/^ {2}file: builtin:daily-wave$/m)
  })

  it('says what it could not read, and writes all the same', async () => {
    const { status, stderr } = await prescale('init', '--source', 'later.csv', '--out', 'later.yaml')
    expect([status, stderr]).toEqual([0, 'could not be read yet: later.csv does not exist\n'])
  })
})

describe('-c', { timeout: 30_000 }, () => {
  const config = async (text: string, ...args: readonly string[]) => {
    writeFileSync(join(folder, 'c.yaml'), text)
    return await prescale('doctor', '-c', 'c.yaml', '-o', 'json', ...args)
  }

  it('fills in what no flag said; a flag wins', async () => {
    writeFileSync(join(folder, 'counts.csv'), `time,a,b\n${rows(3_000, (i) => `${i},${2 * i}`)}\n`)
    const text =
      'data:\n  file: counts.csv\n  value: a\n  perStep: true\ndoctor:\n  store: elsewhere.sqlite\nrehearse:\n'
    const found = JSON.parse((await config(text)).stdout).checks.map((c: Check) => c.found)
    expect(found).toEqual(
      expect.arrayContaining(['elsewhere.sqlite will be made', "time 'time' (iso-zoned), load 'a'"])
    )
    const other = JSON.parse((await config(text, '--value', 'b')).stdout).checks.map((c: Check) => c.found)
    expect(other).toEqual(expect.arrayContaining(["time 'time' (iso-zoned), load 'b'"]))
  })

  it.each([
    ['data:\n  fil: a.csv\n', "c.yaml:2:3: 'fil' is not a setting of data; did you mean 'file'? known:"],
    ['doctor:\n  stor: x\n', "c.yaml:2:3: 'stor' is not a setting of doctor; did you mean 'store'? known:"],
    ['dokter:\n  store: x\n', "c.yaml:1:1: 'dokter' is not a section; did you mean 'doctor'? known:"],
    ['data:\n  file: [a\n', 'c.yaml:3:1: Flow sequence in block collection must be'],
    ['data:\n  count: often\n', 'c.yaml:2:3: count must be true or false'],
    ['data:\n  step: { a: 1 }\n', 'c.yaml:2:3: step must have one value'],
    ['- data\n', "c.yaml must have sections such as 'data:' and 'rehearse:'"],
    ['data: 7\n', "c.yaml:1:1: data must be settings, such as 'step: 1m'"]
  ])('refuses %j with its place', async (text, says) => {
    const { status, stderr, stdout } = await config(text)
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr.startsWith(`prescale: ${says}`), stderr).toBe(true)
    expect(stderr.trimEnd()).not.toContain('\n')
  })

  it('that is not there is said so', async () => {
    const { status, stderr } = await prescale('doctor', '-c', 'nowhere.yaml')
    expect([status, stderr]).toEqual([2, 'prescale: --config nowhere.yaml cannot be read\n'])
  })
})

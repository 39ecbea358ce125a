import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { smallDisk } from '../../test/fakes/small-disk.ts'
import { DAY, PrescaleError, series } from '../base/index.ts'
import type { Turn } from '../roles.ts'
import { sqlite } from './sqlite.ts'
import { storeContract } from './store.case.ts'
import { fullTurn, minute, turnAt } from './turns.rows.ts'

const folder = mkdtempSync(join(tmpdir(), 'prescale-store-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
const disk = smallDisk(folder, 256)
const path = () => join(folder, `s${files++}`, 'turns.db')

storeContract('sqlite', () => sqlite({ file: path() }))

function refusal(use: () => unknown): { code: string; message: string } {
  try {
    use()
  } catch (error) {
    if (!(error instanceof PrescaleError)) throw error
    expect(error.message).not.toContain('\n')
    return { code: error.code, message: error.message.replaceAll(/\S*\/(\w+\.\w+)/g, '$1') }
  }
  throw new Error('not refused')
}

function filled(file: string, turns: readonly Turn[] = [fullTurn()]): string {
  const store = sqlite({ file })
  store.appendAll(turns)
  store.close()
  return file
}

describe('a file', () => {
  it('is found again, and what follows is added to the same series', () => {
    const file = path()
    const all = Float64Array.from({ length: 400 }, (_, i) => i)
    const seen = Array.from({ length: 300 }, (_, i) =>
      turnAt(i, {}, series(minute, all.slice(i, i + 100), { startMs: i * minute }))
    )
    for (let i = 0; i < 300; i += 50) filled(file, seen.slice(i, i + 50))
    const db = new DatabaseSync(file, { readOnly: true })
    expect(db.prepare('SELECT count(*) AS n FROM series').get()?.n).toBe(1)
    expect(db.prepare('SELECT sum(length(data)) / 8 AS n FROM segments').get()?.n).toBe(399)
    db.close()
    const store = sqlite({ file, readOnly: true })
    expect([...store.turns({})]).toStrictEqual(seen)
    store.close()
  })

  it('holds a forecast and a model once, however many Turns use them', () => {
    const file = filled(path(), [fullTurn(0), fullTurn(1), fullTurn(2)])
    const db = new DatabaseSync(file, { readOnly: true })
    // The forecast, and `weights`, which is the same before and after.
    expect(db.prepare('SELECT count(*) AS n FROM things').get()?.n).toBe(2)
    db.close()
  })

  it('holds what a policy learned once and gives every Turn its model back', () => {
    const model = { weights: Array.from({ length: 500 }, (_, i) => i / 7) }
    const turns = [1, 2, 3].map((i) =>
      turnAt(i, { policy: { name: 'ppo', options: { model, shield: false } } })
    )
    const file = filled(path(), turns)
    const db = new DatabaseSync(file, { readOnly: true })
    expect(db.prepare('SELECT count(*) AS n FROM things').get()?.n).toBe(1)
    db.close()
    const store = sqlite({ file, readOnly: true })
    expect([...store.turns({})]).toEqual(turns)
    store.close()
  })

  it('refuses any change of what is stored', () => {
    const db = new DatabaseSync(filled(path()))
    for (const table of ['turns', 'series', 'segments', 'things']) {
      expect(() => db.exec(`DELETE FROM ${table}`), table).toThrow(`${table} are append-only`)
      const column = db
        .prepare(`SELECT name FROM pragma_table_info(?) WHERE "type" IN ('TEXT', 'BLOB')`)
        .get(table)
      expect(() => db.exec(`UPDATE ${table} SET ${column?.name} = ${column?.name}`), table).toThrow(
        `${table} are append-only`
      )
    }
    db.close()
  })

  it('gives any Turn back to the bit', () => {
    const store = sqlite({ file: ':memory:' })
    const number = fc.oneof(fc.double(), fc.constantFrom(NaN, -0, Infinity, -Infinity))
    const json = fc.letrec((tie) => ({
      any: fc.oneof(
        number,
        fc.string(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('any'), { maxLength: 4 }),
        fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('$n', '$ref', '$f64', '$$')), tie('any'), {
          maxKeys: 4,
          noNullPrototype: true
        }),
        fc.array(number, { maxLength: 5 }).map((a) => Float64Array.from(a))
      )
    })).any
    fc.assert(
      fc.property(json, fc.array(number, { maxLength: 20 }), (inside, values) => {
        const why = { rule: 'r', inputs: { inside }, bound: [], changed: [] }
        const turn = turnAt(
          1,
          { before: inside as never, decision: { kind: 'hold', to: {}, why } },
          series(minute, values)
        )
        store.append(turn)
        expect(store.latest('job')).toStrictEqual({
          ...turn,
          observation: defined(turn.observation)
        })
      }),
      { numRuns: 200 }
    )
    store.close()
  })

  it('gives back any windows of a load that grows and is corrected, in whatever order they are asked for', () => {
    const step = fc.record({
      grown: fc.integer({ min: 0, max: 3_000 }),
      corrected: fc.option(fc.nat(20_000)),
      from: fc.nat(20_000),
      length: fc.integer({ min: 1, max: 9_000 })
    })
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 2, maxLength: 12 }),
        fc.infiniteStream(fc.nat()),
        (steps, picks) => {
          const store = sqlite({ file: ':memory:' })
          let all = Float64Array.from({ length: 5_000 }, (_, i) => i)
          const seen = steps.map(({ grown, corrected, from, length }, i) => {
            all = Float64Array.from({ length: all.length + grown }, (_, k) => all[k] ?? k + i / 100)
            if (corrected !== null && corrected < all.length) all[corrected] += 0.25
            const first = Math.min(from, all.length - 1)
            const turn = turnAt(
              i,
              {},
              series(minute, all.slice(first, first + length), { startMs: first * minute })
            )
            store.append(turn)
            return turn
          })
          for (let n = 0; n < 10; n++) {
            const turn = seen[picks.next().value % seen.length]
            expect(store.latest('job', turn.atMs)).toStrictEqual(turn)
          }
          store.close()
        }
      ),
      { numRuns: 50 }
    )
  })
})

/** Properties that are undefined are not kept. */
const defined = <T extends object>(value: T) =>
  Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined))

describe('retention', () => {
  it('forgets after 30 days what was stored, with the series and models that only it used', () => {
    const file = path()
    let nowMs = 1_000 * DAY
    const clock = () => nowMs
    const load = (i: number, from: number) =>
      series(
        minute,
        Float64Array.from({ length: 10 }, (_, k) => i + k),
        { startMs: from * minute }
      )
    const first = sqlite({ file, clock })
    first.appendAll([fullTurn(1), turnAt(2, {}, load(2, 2)), turnAt(3, { target: 'gone' }, load(3, 0))])
    first.putRun({ atMs: 0, kind: 'rehearse', name: 'old', spec: null, result: null })
    nowMs += 20 * DAY
    first.append(turnAt(4, {}, load(4, 4)))
    const id = first.putRun({ atMs: 0, kind: 'rehearse', name: 'new', spec: null, result: null })
    first.close()
    nowMs += 12 * DAY
    const second = sqlite({ file, clock })
    expect([...second.turns({})]).toStrictEqual([turnAt(4, {}, load(4, 4))])
    expect(second.targets()).toEqual(['job'])
    expect(second.runs().map((run) => run.id)).toEqual([id])
    second.append(turnAt(5, {}, load(5, 5)))
    expect(second.latest('job')).toStrictEqual(turnAt(5, {}, load(5, 5)))
    second.close()
    const db = new DatabaseSync(file, { readOnly: true })
    expect(db.prepare('SELECT count(*) AS n FROM things').get()?.n).toBe(0)
    expect(db.prepare("SELECT count(*) AS n FROM series WHERE target = 'gone'").get()?.n).toBe(0)
    db.close()
  })

  it('keeps a model as long as a Turn uses it, though it came long before', () => {
    const file = path()
    let nowMs = 0
    const store = sqlite({ file, clock: () => nowMs })
    for (let day = 0; day < 40; day++) {
      nowMs = day * DAY
      store.append(fullTurn(day))
    }
    const turns = [...store.turns({})]
    expect(turns.map(({ atMs }) => atMs / minute)).toEqual(Array.from({ length: 31 }, (_, i) => i + 9))
    expect(turns.at(-1)).toStrictEqual(fullTurn(39))
    store.close()
  })

  it('of ten minutes holds no more than that in a store that stays open, and all of that', () => {
    const file = path()
    let nowMs = 0
    const store = sqlite({ file, keepMs: 10 * minute, clock: () => nowMs })
    const turns = Array.from({ length: 120 }, (_, i): Turn => {
      const { forecast, ...seen } = fullTurn(i).observation
      // A forecast of its own every five turns, and one that they all use.
      const own = forecast && { ...forecast, mean: forecast.mean.map((y) => y + Math.floor(i / 5)) }
      return fullTurn(i).atMs % (2 * minute) === 0
        ? fullTurn(i)
        : { ...fullTurn(i), observation: { ...seen, forecast: own } }
    })
    for (const [i, turn] of turns.entries()) {
      nowMs = i * minute
      store.append(turn)
    }
    expect([...store.turns({})]).toStrictEqual(turns.slice(-11))
    store.close()
    const db = new DatabaseSync(file, { readOnly: true })
    const kept = db.prepare("SELECT count(*) AS n FROM things WHERE body LIKE '%mean%'").get()?.n
    expect(kept).toBeLessThanOrEqual(4)
    db.close()
  })
})

describe('a file that is no good is refused in one line', () => {
  it('of a newer schema', () => {
    const file = filled(path())
    const db = new DatabaseSync(file)
    db.exec('PRAGMA user_version = 7')
    db.close()
    expect(refusal(() => sqlite({ file }))).toEqual({
      code: 'BAD_INPUT',
      message: 'store turns.db has schema 7, this version knows up to 2: update Prescale or use another store'
    })
  })

  it('truncated, whether in its pages or in its header', () => {
    for (const size of [8_192, 4_096, 50]) {
      const file = filled(path())
      truncateSync(file, size)
      const { code, message } = refusal(() => [...sqlite({ file }).turns({})])
      expect(code).toBe('BAD_INPUT')
      expect(message).toMatch(/^store turns.db is (truncated|damaged)/)
    }
  })

  it('damaged in the middle', () => {
    const file = filled(
      path(),
      Array.from({ length: 200 }, (_, i) => fullTurn(i))
    )
    const bytes = readFileSync(file)
    bytes.fill(0xaa, 4_096)
    writeFileSync(file, bytes)
    expect(refusal(() => [...sqlite({ file }).turns({})])).toEqual({
      code: 'BAD_INPUT',
      message: 'store turns.db is damaged; restore it from a copy or move it away'
    })
  })

  it('of something else', () => {
    const file = filled(path())
    writeFileSync(file, 'time,value\n'.repeat(100))
    expect(refusal(() => sqlite({ file })).message).toBe(
      'turns.db is not a store of Turns (not an SQLite file)'
    )
    rmSync(file)
    new DatabaseSync(file).exec('CREATE TABLE mine (a)')
    expect(refusal(() => sqlite({ file })).message).toBe(
      'turns.db is an SQLite file of something else, not a store of Turns'
    )
  })

  it('not there, when it is only to be read', () => {
    expect(refusal(() => sqlite({ file: path(), readOnly: true }))).toEqual({
      code: 'NOT_FOUND',
      message: 'store turns.db does not exist'
    })
  })

  it('open for reading, when it is to be written', () => {
    const store = sqlite({ file: filled(path()), readOnly: true })
    expect(refusal(() => store.append(turnAt(1)))).toEqual({
      code: 'IO',
      message: 'store turns.db is open for reading only'
    })
    store.close()
  })

  it('in a folder that cannot be made', () => {
    const file = filled(path())
    expect(refusal(() => sqlite({ file: join(file, 'below.db') })).code).toBe('IO')
  })

  it.skipIf(disk === undefined)('on a full disk, and what was stored before is whole', () => {
    const said = disk?.run(`
      import { sqlite } from '${new URL('./sqlite.ts', import.meta.url).href}'
      import { fullTurn } from '${new URL('./turns.rows.ts', import.meta.url).href}'
      const store = sqlite({ file: '${folder}/turns.db' })
      let stored = 0
      try { for (;;) { store.append(fullTurn(stored)); stored++ } } catch (error) { console.log(error.code, error.message) }
      console.log(stored > 0, [...store.turns({})].length === stored)
      store.close()
      const again = sqlite({ file: '${folder}/turns.db', readOnly: true })
      console.log([...again.turns({})].length === stored)`)
    expect(said?.replaceAll(/\S*\/(\w+\.\w+)/g, '$1').split('\n')).toEqual([
      'IO store turns.db could not be written: the disk is full',
      'true true',
      'true',
      ''
    ])
  })
})

describe('a folder that cannot be written', () => {
  // Root may write anywhere, so as root another user has to try.
  const asOther = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--clear-groups'] : []
  const module = new URL('./index.ts', import.meta.url).href
  const run = (body: string) => {
    const [command, ...args] = [...asOther, process.execPath, '--input-type=module-typescript', '--eval']
    const script = `import { checkStore, sqlite } from '${module}'\n${body}`
    return spawnSync(command, [...args, script], { encoding: 'utf8' })
  }
  it.skipIf(run('').status !== 0)('is read, and not written', () => {
    const file = filled(path(), [turnAt(0)])
    chmodSync(folder, 0o755)
    chmodSync(file, 0o444)
    chmodSync(dirname(file), 0o555)
    const at = JSON.stringify(file)
    const read = run(`const store = sqlite({ file: ${at}, readOnly: true })
      console.log([...store.turns({})].length, checkStore(${at}).writable)`)
    expect(read.stdout).toBe('1 false\n')
    const write = run(
      `try { sqlite({ file: ${at} }) } catch (error) { console.log(error.code, error.message) }`
    )
    expect(write.stdout).toBe(`IO store ${file} is read-only\n`)
    chmodSync(dirname(file), 0o755)
  })
})

describe('another process', () => {
  const children: ChildProcess[] = []
  afterEach(() => {
    for (const child of children) child.kill('SIGKILL')
  })

  const module = new URL('./sqlite.ts', import.meta.url).href

  function writer(file: string, body: string) {
    const script = `
      import { writeSync } from 'node:fs'
      import { sqlite } from '${module}'
      const turn = (i) => ({ target: 'job', atMs: i * 60000, policy: { name: 'p', options: {} },
        observation: { nowMs: i * 60000, capacity: { ready: { job: 1 } },
          load: { startMs: i * 60000, stepMs: 60000, unit: 'events/s', values: Float64Array.from({ length: 50 }, (_, k) => i + k) } },
        before: null, after: { i }, decision: { kind: 'hold', to: { job: 1 }, why: { rule: 'r', inputs: {}, bound: [], changed: [] } } })
      const store = sqlite({ file: ${JSON.stringify(file)} })
      ${body}`
    const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', script], {
      stdio: ['pipe', 'pipe', 'inherit']
    })
    children.push(child)
    return child
  }

  it('may read while one writes', { timeout: 60_000 }, async () => {
    const file = path()
    const child = writer(
      file,
      `writeSync(1, 'open\\n'); for (let i = 0; i < 2000; i++) store.append(turn(i)); store.close()`
    )
    await once(child.stdout, 'data')
    const reader = sqlite({ file, readOnly: true })
    let last = 0
    let ended = false
    child.on('exit', () => {
      ended = true
    })
    let reads = 0
    while (!ended) {
      const steps = [...reader.turns({ fromMs: Math.max(0, last - 20) * minute })].map((turn) => {
        expect(turn.observation.load?.values[0]).toBe(turn.atMs / minute)
        return turn.atMs / minute
      })
      // Whole Turns in order, and never fewer than the last time.
      expect(steps).toEqual(Array.from({ length: steps.length }, (_, k) => (steps[0] ?? 0) + k))
      if (steps.length > 0) last = steps[steps.length - 1]
      reads++
      await new Promise((later) => setTimeout(later, 1))
    }
    expect(reads).toBeGreaterThan(1)
    expect(reader.latest('job')?.atMs).toBe(1_999 * minute)
    reader.close()
  })

  it('may be killed at any moment: what it had appended is there', { timeout: 60_000 }, async () => {
    const file = path()
    for (let round = 0; round < 3; round++) {
      const child = writer(
        file,
        `const start = (store.latest('job')?.atMs ?? -60000) / 60000 + 1
         for (let i = start; ; i++) { store.append(turn(i)); writeSync(1, i + '\\n') }`
      )
      let said = ''
      child.stdout.on('data', (text) => {
        said += text
        if (said.length > 2_000) child.kill('SIGKILL')
      })
      await once(child, 'close')
      const acknowledged = Number(said.trimEnd().split('\n').at(-1))
      const store = sqlite({ file })
      const steps = [...store.turns({})].map((turn) => {
        expect(turn.observation.load?.values[49]).toBe(turn.atMs / minute + 49)
        return turn.atMs / minute
      })
      expect(steps).toEqual(Array.from({ length: steps.length }, (_, k) => k))
      expect(steps.length).toBeGreaterThan(acknowledged)
      store.close()
    }
  })

  it('may write the same target at the same time', { timeout: 60_000 }, async () => {
    const file = path()
    sqlite({ file }).close()
    const writers = [0, 1].map((parity) =>
      writer(
        file,
        `writeSync(1, 'open\\n')
         process.stdin.once('data', () => {
           for (let i = ${parity}; i < 2000; i += 2) store.append(turn(i))
           store.close()
           process.exit()
         })`
      )
    )
    await Promise.all(writers.map((child) => once(child.stdout, 'data')))
    for (const child of writers) child.stdin.write('go\n')
    await Promise.all(writers.map((child) => once(child, 'close')))
    const store = sqlite({ file, readOnly: true })
    const turns = [...store.turns({})]
    expect(turns.map(({ atMs }) => atMs / minute)).toEqual(Array.from({ length: 2_000 }, (_, i) => i))
    for (const { atMs, observation } of turns) expect(observation.load?.values[0]).toBe(atMs / minute)
    store.close()
  })
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FakeFlink, fakeFlink } from '../../../test/fakes/flink.ts'
import { MINUTE, stage } from '../../../test/faults/stage.ts'
import type { Receipt } from '../../roles.ts'
import { sqlite } from '../../store/index.ts'
import { checkConfigFile } from './config.ts'

describe('doctor of a record', { timeout: 30_000 }, () => {
  let folder: string
  let flink: FakeFlink
  let record: string
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'prescale-record-'))
    record = join(folder, 'live.sqlite')
    flink = await fakeFlink()
  })
  afterEach(async () => {
    await flink.close()
    rmSync(folder, { recursive: true })
  })

  async function doctor(more = '') {
    const file = join(folder, 'prescale.yaml')
    writeFileSync(
      file,
      `version: 1
listen: { metrics: false }
store: { path: '${record}' }
targets:
  cars:
    source: { type: flink, url: '${flink.url}', job: loadjob }
    actuator: { type: flink${more} }
`
    )
    const { checks, codes } = await checkConfigFile(file)
    return { codes, line: (name: string) => checks.find(({ check }) => check === name) }
  }

  const GIVEN_AT = Date.UTC(2026, 0, 5, 6)
  function command(count: number, receipt?: Partial<Receipt>, resource = 'count') {
    const store = sqlite({ file: record })
    const given = { target: 'cars', to: { [resource]: count }, epoch: 1 }
    store.keep('cars', { atMs: GIVEN_AT }, undefined, given)
    if (receipt)
      store.conclude('cars', { epoch: 1, reached: {}, pending: {}, atMs: GIVEN_AT + 1, ...receipt })
    store.close()
  }
  /** The job asks for so many, and so many of them run. */
  function job(upper: number, running = upper) {
    const vertex = flink.jobs[0].vertices[2]
    Object.assign(vertex, { upper, running, parallelism: running })
  }

  it('without a record there is nothing to say of it', async () => {
    const { line } = await doctor()
    expect(line('replay')).toMatchObject({ status: 'ok', found: 'no Turn on record yet' })
    expect(line('last command')).toBeUndefined()
    expect(flink.writes()).toEqual([])
  })

  it.each([
    ['what runs', 3, {}, () => job(3), 'ok', /^count 3 \(20\S+Z\) is what runs$/],
    ['on its way', 5, {}, () => job(5, 2), 'warn', /is not reached yet: count 2 run$/],
    [
      'changed by somebody else',
      5,
      {},
      () => job(4),
      'warn',
      /was carried out, now .* count 4: somebody else/
    ],
    [
      'without an answer',
      5,
      undefined,
      () => job(4),
      'warn',
      /has no answer on record.*or somebody else wrote/
    ],
    ['refused', 5, { refused: 'HTTP 409: busy' }, () => job(4), 'warn', /failed: HTTP 409: busy$/]
  ] as const)('the last command is %s', async (_what, count, receipt, now, status, found) => {
    command(count, receipt)
    now()
    const line = (await doctor()).line('last command')
    expect(line?.status).toBe(status)
    expect(line?.found).toMatch(found)
    if (status !== 'ok') expect(line?.mend).toBeTruthy()
    expect(flink.writes()).toEqual([])
  })

  it('a command for an operator that is gone says so', async () => {
    command(5, {}, 'old map')
    expect((await doctor()).line('last command')).toMatchObject({
      status: 'warn',
      found: 'it was for old map, which the job does not have any more'
    })
  })

  it('tells how to mend a foreign change by what the config says of it', async () => {
    command(5, {})
    job(4)
    expect((await doctor()).line('last command')?.mend).toContain('say foreignChange: reassert')
    expect((await doctor(', foreignChange: reassert')).line('last command')?.mend).toContain('in turns')
  })

  it('decides the last Turns again: the same, or which one is not', async () => {
    const store = sqlite({ file: record })
    const it = stage({ policy: 'hpa', record: store })
    it.begin()
    await it.settle(80)
    await it.end()
    store.close()
    expect((await doctor()).line('replay')).toMatchObject({
      status: 'ok',
      found: expect.stringMatching(/^the last \d+ Turns decide the same again$/)
    })
    const again = sqlite({ file: record })
    const turn = it.last()
    const { decision } = turn
    const atMs = turn.atMs + MINUTE
    again.append({ ...turn, atMs, decision: { ...decision, to: { web: 99 } } })
    again.close()
    const line = (await doctor()).line('replay')
    expect(line).toMatchObject({
      status: 'warn',
      found: expect.stringContaining(`1 of the last`),
      mend: expect.stringContaining(`prescale explain web --at ${new Date(atMs).toISOString()}`)
    })
    expect(line?.found).toMatch(/first web at .*: another decision$/)
  })

  it('a record that is none is a failure that says what to do, and the rest is looked at', async () => {
    writeFileSync(record, 'this is no store, though it is long enough to look like one'.repeat(100))
    const { line, codes } = await doctor()
    expect(line('reach')).toMatchObject({ status: 'ok' })
    expect(codes).toHaveLength(1)
  })
})

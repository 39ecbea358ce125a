import { existsSync, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { PrescaleError } from '../base/index.ts'
import { flightsFile } from './builtin.ts'
import { quoted, withDuckDB } from './duckdb.ts'
import { readTable, type TableOptions } from './table.ts'

const folder = mkdtempSync(join(tmpdir(), 'prescale-table-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
function file(text: string, name = `t${files++}.csv`): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

async function refusal(path: string, options: TableOptions = {}): Promise<{ code: string; message: string }> {
  const error: unknown = await readTable(path, options).catch((e: unknown) => e)
  if (!(error instanceof PrescaleError)) throw new Error(`not refused: ${String(error)}`)
  return { code: error.code, message: error.message.replaceAll(`${folder}/`, '') }
}

const at = Date.UTC(2026, 0, 31, 10)

describe('times are recognised', () => {
  const minute = 60_000
  const rows: readonly { when: string; name?: string; times: readonly [string, string]; start?: number }[] = [
    { when: 'ISO with a space', times: ['2026-01-31 10:00:00', '2026-01-31 10:01:00'] },
    { when: 'ISO with T and without seconds', times: ['2026-01-31T10:00', '2026-01-31T10:01'] },
    { when: 'ISO with milliseconds', times: ['2026-01-31T10:00:00.000', '2026-01-31T10:01:00.000'] },
    { when: 'ISO with Z', times: ['2026-01-31T10:00:00Z', '2026-01-31T10:01:00Z'] },
    { when: 'ISO with an offset', times: ['2026-01-31T12:00:00+02:00', '2026-01-31T12:01:00+02:00'] },
    { when: 'ISO with a short offset', times: ['2026-01-31 05:00:00-05', '2026-01-31 05:01:00-05'] },
    { when: 'slashes, year first', times: ['2026/01/31 10:00', '2026/01/31 10:01'] },
    { when: 'day first, told by the 31', times: ['31/01/2026 10:00', '31/01/2026 10:01'] },
    { when: 'month first, told by the 31', times: ['01/31/2026 10:00', '01/31/2026 10:01'] },
    { when: 'month first with AM', times: ['1/31/2026 10:00:00 AM', '1/31/2026 10:01:00 AM'] },
    { when: 'dots', times: ['31.01.2026 10:00', '31.01.2026 10:01'] },
    { when: 'RFC 2822', times: ['Sat, 31 Jan 2026 10:00:00 GMT', 'Sat, 31 Jan 2026 10:01:00 GMT'] },
    { when: 'RFC 2822 with an offset', times: ['31 Jan 2026 11:00:00 +0100', '31 Jan 2026 11:01:00 +0100'] },
    { when: 'common log', times: ['[31/Jan/2026:05:00:00 -0500]', '[31/Jan/2026:05:01:00 -0500]'] },
    { when: 'epoch seconds', times: [`${at / 1e3}`, `${at / 1e3 + 60}`] },
    { when: 'epoch seconds with a fraction', times: [`${at / 1e3}.0`, `${at / 1e3 + 60}.0`] },
    { when: 'epoch milliseconds', times: [`${at}`, `${at + minute}`] },
    { when: 'epoch microseconds', times: [`${at}000`, `${at + minute}000`] },
    { when: 'epoch nanoseconds', times: [`${at}000000`, `${at + minute}000000`] },
    { when: 'offset in seconds', name: 'offset_s', times: ['0', '60'], start: 0 },
    { when: 'offset in milliseconds', name: 'offset_ms', times: ['0', '60000'], start: 0 },
    { when: 'offset in minutes', name: 'elapsed_min', times: ['0', '1'], start: 0 },
    { when: 'seconds by the name', name: 'time_s', times: ['0', '60'], start: 0 }
  ]
  it.each(rows)('$when', async ({ name = 'timestamp', times, start = at }) => {
    const path = file(`${name},value\n"${times[0]}",1\n"${times[1]}",2\n`)
    const { series } = await readTable(path)
    expect({ ...series, values: [...series.values] }).toEqual({
      startMs: start,
      stepMs: minute,
      unit: 'events/s',
      values: [1, 2]
    })
  })

  it('refuses to guess between day and month', async () => {
    const { code, message } = await refusal(file('date,value\n01/02/2026,1\n02/02/2026,2\n', 'ambiguous.csv'))
    expect(code).toBe('BAD_INPUT')
    expect(message).toBe(
      "ambiguous.csv column 'date' could be day/month or month/day; say --time-format dd/mm or mm/dd, or write 2026-01-31"
    )
  })

  it('takes the format that it is told', async () => {
    const path = file('date,value\n01/02/2026,1\n02/02/2026,2\n')
    expect((await readTable(path, { timeFormat: 'dd/mm' })).series.startMs).toBe(Date.UTC(2026, 1, 1))
    expect((await readTable(path, { timeFormat: 'mm/dd' })).series.stepMs).toBe(31 * 86_400_000)
  })

  it('says that offsets know no hour of the day', async () => {
    const { notes } = await readTable(file('offset_s,value\n0,1\n60,2\n'))
    expect(notes).toEqual(['times are offsets from an unknown start: hours and weekdays mean nothing'])
  })
})

describe('columns are found', () => {
  it('by their names, whatever their place', async () => {
    const { series, notes } = await readTable(
      file('cpu,requests,when\n0.5,10,2026-01-31 10:00\n0.6,20,2026-01-31 10:01\n')
    )
    expect([...series.values]).toEqual([10, 20])
    expect(notes).toEqual(["load is column 'requests' (others: cpu)"])
  })

  it('by the flags, which win', async () => {
    const path = file('time,value,mine\n2026-01-31 10:00,1,10\n2026-01-31 10:01,2,20\n')
    expect([...(await readTable(path, { value: 'mine' })).series.values]).toEqual([10, 20])
  })

  it('with further columns on the same time axis', async () => {
    const path = file(
      'time,value,units,latency\n2026-01-31 10:00,1,3,-1\n2026-01-31 10:02,2,4,\n2026-01-31 10:03,2,4,7\n'
    )
    const { extra } = await readTable(path, { columns: ['units', 'latency'] })
    expect([...extra.units.values]).toEqual([3, NaN, 4, 4])
    expect([...extra.latency.values]).toEqual([-1, NaN, NaN, 7])
    expect(extra.units.startMs).toBe(at)
  })

  it('behind semicolons and decimal commas', async () => {
    const { series } = await readTable(file('time;value\n31.01.2026 10:00;1,5\n31.01.2026 10:01;2\n'))
    expect([...series.values]).toEqual([1.5, 2])
  })

  it('in files without a header, with comments, a byte order mark, tabs, or compressed', async () => {
    const body = '2026-01-31 10:00,1\n2026-01-31 10:01,2\n'
    const files = [
      file(body),
      file(`# made by hand\ntime,value\n${body}`),
      file(`\ufefftime,value\n${body}\n\n`),
      file(`time\tvalue\n${body.replaceAll(',', '\t')}`, 'tabs.tsv'),
      file(`time,value\n${body}`.replaceAll('\n', '\r\n')),
      join(folder, 'z.csv.gz')
    ]
    writeFileSync(files[5], gzipSync(`time,value\n${body}`))
    for (const path of files) expect([...(await readTable(path)).series.values]).toEqual([1, 2])
  })

  it('with quotes in their names', async () => {
    const path = file('time,"va""lue\'s"\n2026-01-31 10:00,1\n2026-01-31 10:01,2\n')
    expect([...(await readTable(path)).series.values]).toEqual([1, 2])
  })
})

describe('what is not measured stays unknown', () => {
  it.each(['', 'NaN', 'null', 'NA', 'None', '-'])("'%s' is NaN, never zero", async (text) => {
    const path = file(`time,value\n2026-01-31 10:00,1\n2026-01-31 10:01,${text}\n2026-01-31 10:02,0\n`)
    expect([...(await readTable(path)).series.values]).toEqual([1, NaN, 0])
  })

  it('keeps rows that are not there as NaN and says how many', async () => {
    const path = file(
      'time,value\n2026-01-31 10:00,1\n2026-01-31 10:01,2\n2026-01-31 10:02,3\n2026-01-31 10:05,4\n'
    )
    const { series, notes } = await readTable(path)
    expect([...series.values]).toEqual([1, 2, 3, NaN, NaN, 4])
    expect(notes).toEqual([
      '2 of 6 steps have no row (1 gap, the longest 2m from 2026-01-31T10:03:00Z): kept as not measured'
    ])
  })

  it('says how many rows have no value', async () => {
    const { notes } = await readTable(file('offset_s,value\n60,5\n120,NaN\n180,\n240,7\n'))
    expect(notes).toContain("2 rows have no value in column 'value': kept as not measured")
  })

  it('names the row of one field that is no number in a column of numbers', async () => {
    const rows = Array.from({ length: 30 }, (_, i) => `${i * 60},${i === 12 ? 'abc' : i}`)
    const { message } = await refusal(file(`offset_s,foo\n${rows.join('\n')}\n`, 'one-bad.csv'))
    expect(message).toBe(
      "one-bad.csv row 13 has 'abc' in column 'foo': a rate is a finite number, at least 0"
    )
  })

  it('does not read a file as CSV that is called Parquet', async () => {
    const { code, message } = await refusal(file('offset_s,value\n0,1\n60,2\n', 'load.parquet'))
    expect(code).toBe('BAD_INPUT')
    expect(message).toContain('load.parquet is no Parquet file')
  })

  it('takes a column `missing` at its word', async () => {
    const path = file('offset_s,value,missing\n0,5,0\n60,0,1\n120,7,0\n')
    const { series, notes } = await readTable(path)
    expect([...series.values]).toEqual([5, NaN, 7])
    expect(notes).toContain("1 rows are marked in column 'missing': kept as not measured")
  })
})

describe('rows that are out of order', () => {
  it('are sorted, and that is said', async () => {
    const { series, notes } = await readTable(
      file('time,value\n2026-01-31 10:01,2\n2026-01-31 10:00,1\n2026-01-31 10:02,3\n')
    )
    expect([...series.values]).toEqual([1, 2, 3])
    expect(notes).toEqual(['1 row is older than the one before: sorted by time'])
  })

  it('become their mean where a time repeats, and that is said', async () => {
    const { series, notes } = await readTable(
      file('time,value\n2026-01-31 10:00,1\n2026-01-31 10:01,2\n2026-01-31 10:01,4\n2026-01-31 10:02,5\n')
    )
    expect([...series.values]).toEqual([1, 3, 5])
    expect(notes).toEqual(['1 row repeats a time: the mean is taken'])
  })
})

describe('rates', () => {
  it('are events per step divided by the step when told so', async () => {
    const path = file('time,value\n2026-01-31 10:00,60\n2026-01-31 10:01,120\n')
    expect([...(await readTable(path, { perStep: true })).series.values]).toEqual([1, 2])
  })

  it('are counted from events, with zeros between and none invented outside', async () => {
    const path = file('time,user\n2026-01-31 10:00:05,a\n2026-01-31 10:00:59,b\n2026-01-31 10:03:00,c\n')
    const { series, notes } = await readTable(path, { count: true })
    expect(series.startMs).toBe(at)
    expect([...series.values]).toEqual([2 / 60, 0, 0, 1 / 60])
    expect(notes[0]).toBe(
      '3 events counted per 1m; the first and the last step may be partial, steps without events are 0'
    )
  })

  it('are binned when there is no regular step, if a step is given', async () => {
    const path = file('time,value\n2026-01-31 10:00:10,1\n2026-01-31 10:00:57,3\n2026-01-31 10:02:30,8\n')
    expect([...(await readTable(path, { stepMs: 60_000 })).series.values]).toEqual([2, NaN, 8])
    expect([...(await readTable(path, { stepMs: 60_000, perStep: true })).series.values]).toEqual([
      4 / 60,
      NaN,
      8 / 60
    ])
  })
})

describe('time zones', () => {
  // Berlin went from +1 to +2 on 2026-03-29 at 02:00 and back on 2026-10-25 at 03:00.
  const hours = (day: string, clock: readonly string[]) =>
    file(`time,value\n${clock.map((hour, i) => `${day} ${hour},${i}`).join('\n')}\n`)

  it('shift times that have none', async () => {
    const { series } = await readTable(hours('2026-01-31', ['10:00', '11:00']), { zone: 'Europe/Berlin' })
    expect(new Date(series.startMs).toISOString()).toBe('2026-01-31T09:00:00.000Z')
  })

  it('see no gap where a clock skipped an hour', async () => {
    const { series } = await readTable(hours('2026-03-29', ['00:00', '01:00', '03:00', '04:00']), {
      zone: 'Europe/Berlin'
    })
    expect([...series.values]).toEqual([0, 1, 2, 3])
  })

  it('tell both passes of a repeated hour apart by their order', async () => {
    const clock = ['01:00', '01:30', '02:00', '02:30', '02:00', '02:30', '03:00']
    const { series, notes } = await readTable(hours('2026-10-25', clock), { zone: 'Europe/Berlin' })
    expect([...series.values]).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(notes).toEqual([
      '4 rows lie in an hour that comes twice in Europe/Berlin: told apart by their order'
    ])
  })

  it('leave the second pass unknown when it was not recorded', async () => {
    const clock = ['01:00', '01:30', '02:00', '02:30', '03:00', '03:30']
    const { series } = await readTable(hours('2026-10-25', clock), { zone: 'Europe/Berlin' })
    expect([...series.values]).toEqual([0, 1, 2, 3, NaN, NaN, 4, 5])
  })

  it('keep counts of a repeated hour as not measured, since nobody can tell the passes apart', async () => {
    const path = hours('2026-10-25', ['01:10', '02:20', '02:40', '03:30'])
    const { series, notes } = await readTable(path, { zone: 'Europe/Berlin', count: true, stepMs: 3_600_000 })
    expect([...series.values]).toEqual([1 / 3600, NaN, NaN, 1 / 3600])
    expect(notes[1]).toMatch(/^2 steps lie in an hour that comes twice/)
  })

  describe('of which some rows say theirs and others do not', () => {
    const mixed = (times: readonly string[]) => file(['time,y', ...times.map((t) => `${t},1`)].join('\n'))
    const noon = (...minutes: readonly (readonly [number, string])[]) =>
      minutes.map(([minute, zone]) => `2026-01-31T12:${String(minute).padStart(2, '0')}:00${zone}`)
    const inOrder = noon([0, ''], [1, 'Z'], [2, ''], [3, ''])

    it('are UTC where their order says so, and that is said', async () => {
      const { series, notes, time } = await readTable(mixed(inOrder))
      expect([series.startMs, series.values.length]).toEqual([Date.UTC(2026, 0, 31, 12), 4])
      expect(notes).toContain('3 rows say no zone: taken for UTC, which their order says')
      expect(time).toMatchObject({ format: 'iso or iso-zoned', zoned: true })
      const counted = await readTable(mixed(inOrder), { count: true })
      expect(Array.from(counted.series.values)).toEqual([1, 1, 1, 1].map((n) => n / 60))
    })

    it('are where --tz says, whichever kind comes first', async () => {
      // Ten minutes past one in Berlin is ten past twelve in UTC.
      const local = ['2026-01-31T12:00:00Z', '2026-01-31T13:01:00', '2026-01-31T12:02:00+00:00']
      for (const [times, count] of [
        [local, false],
        [local.slice(1), true]
      ] as const) {
        const { series } = await readTable(mixed(times), { zone: 'Europe/Berlin', count })
        expect(series.startMs).toBe(Date.UTC(2026, 0, 31, 12, count ? 1 : 0))
        expect(series.values).toHaveLength(times.length)
      }
    })

    it.each([
      ['are an hour off', ['2026-01-31T13:00:00', '2026-01-31T12:01:00Z', '2026-01-31T13:02:00']],
      ['come before all the others', [...noon([0, ''], [1, '']), '2026-01-31T20:00:00Z']]
    ])('are asked for where those without %s', async (_, times) => {
      expect(await refusal(mixed(times))).toEqual({
        code: 'BAD_INPUT',
        message: expect.stringMatching(
          /^t\d+\.csv has times without a zone in column 'time' \(row 1: '[^']+'\) and times with one \(row \d: '[^']+Z'\): say with --tz where those without are from, such as --tz UTC$/
        )
      })
    })

    it('are taken for the second pass of an hour that comes twice, and that is said', async () => {
      const times = ['2026-10-25T02:30:00', '2026-10-25T01:31:00Z', '2026-10-25T02:32:00']
      const { series, notes } = await readTable(mixed(times), { zone: 'Europe/Berlin' })
      expect([series.startMs, series.values.length]).toEqual([Date.UTC(2026, 9, 25, 1, 30), 3])
      expect(notes).toContain(
        '2 rows without a zone lie in an hour that comes twice in Europe/Berlin: taken for its second pass'
      )
    })

    it('are still refused with the row of what is no time at all', async () => {
      const { message } = await refusal(mixed([...inOrder, 'soon']))
      expect(message).toMatch(/row 5 has 'soon', which is not a time written as iso or iso-zoned/)
    })
  })

  it('leave times alone that carry their own', async () => {
    const path = file('time,value\n2026-01-31T10:00:00Z,1\n2026-01-31T11:00:00Z,2\n')
    expect((await readTable(path, { zone: 'Asia/Tokyo' })).series.startMs).toBe(at)
  })
})

describe('bad input is refused in one line that says what and where', () => {
  const head = 'time,value\n2026-01-31 10:00,1\n'
  const rows: readonly {
    when: string
    text: string
    options?: TableOptions
    code: string
    says: string
  }[] = [
    {
      when: 'a negative rate',
      text: `${head}2026-01-31 10:01,-3\n`,
      code: 'BAD_INPUT',
      says: "bad.csv row 2 has '-3' in column 'value': a rate is a finite number, at least 0"
    },
    {
      when: 'Infinity',
      text: `${head}2026-01-31 10:01,Infinity\n`,
      code: 'BAD_INPUT',
      says: "bad.csv row 2 has 'Infinity' in column 'value': a rate is a finite number, at least 0"
    },
    {
      when: 'a word for a number',
      text: `${head}2026-01-31 10:01,many\n`,
      options: { value: 'value' },
      code: 'BAD_INPUT',
      says: "bad.csv row 2 has 'many' in column 'value': a rate is a finite number, at least 0"
    },
    {
      when: 'all NaN',
      text: 'time,value\n2026-01-31 10:00,NaN\n2026-01-31 10:01,\n',
      options: { value: 'value' },
      code: 'BAD_INPUT',
      says: "bad.csv column 'value' was never measured: every value is NaN or empty"
    },
    {
      when: 'one row',
      text: head,
      code: 'TOO_SHORT',
      says: 'bad.csv has one moment only; a series needs at least 2'
    },
    { when: 'no rows', text: 'time,value\n', code: 'TOO_SHORT', says: 'bad.csv has no rows' },
    { when: 'nothing', text: '', code: 'TOO_SHORT', says: 'bad.csv is empty' },
    {
      when: 'a column that is not there',
      text: `${head}2026-01-31 10:01,1\n`,
      options: { value: 'valeu' },
      code: 'NOT_FOUND',
      says: "--value: 'valeu' is not a column of bad.csv; did you mean 'value'? known: time, value"
    },
    {
      when: 'no time',
      text: 'name,value\na,1\nb,2\n',
      code: 'BAD_INPUT',
      says: 'bad.csv has no column with times that could be read (columns: name, value); say --time COLUMN, and --time-format if it is unusual'
    },
    {
      when: 'a time that is none',
      text: `${head}yesterday,2\n`,
      code: 'BAD_INPUT',
      says: "bad.csv row 2 has 'yesterday', which is not a time written as iso in column 'time'"
    },
    {
      when: 'an event without a time',
      text: 'time,value\n2026-01-31 10:00,1\n,2\n',
      options: { count: true },
      code: 'BAD_INPUT',
      says: "bad.csv row 2 has no time in column 'time'"
    },
    {
      when: 'a zone in one row only',
      text: `${head}2026-01-31 10:01Z,2\n`,
      code: 'BAD_INPUT',
      says: "bad.csv row 2 has '2026-01-31 10:01Z', which is not a time written as iso in column 'time'"
    },
    {
      when: 'several columns that could be meant',
      text: 'time,a,b\n2026-01-31 10:00,1,2\n2026-01-31 10:01,1,2\n',
      code: 'BAD_INPUT',
      says: 'bad.csv has several columns of numbers: say --value with one of a, b'
    },
    {
      when: 'rows of different length',
      text: 'time,value\n2026-01-31 10:00,1\n2026-01-31 10:01\n2026-01-31 10:02,3\n',
      code: 'BAD_INPUT',
      says: "bad.csv cannot be read as CSV: its rows do not have as many fields as 'time,value'"
    },
    {
      when: 'a quote that is never closed',
      text: 'time,value\n"2026-01-31 10:00",1\n"2026-01-31 10:01,2\n2026-01-31 10:02,2\n',
      code: 'BAD_INPUT',
      says: 'bad.csv cannot be read: line 3: Value with unterminated quote found'
    },
    {
      when: 'a day that does not exist',
      text: 'time,value\n2026-02-28,1\n2026-02-30,2\n',
      code: 'BAD_INPUT',
      says: "bad.csv row 2 has '2026-02-30', which is not a time written as iso in column 'time'"
    },
    {
      when: 'an unknown zone',
      text: head,
      options: { zone: 'Mars/Olympus' },
      code: 'BAD_OPTION',
      says: "--tz must be an IANA zone such as Europe/Berlin, was 'Mars/Olympus'"
    },
    {
      when: 'an unknown time format',
      text: head,
      options: { timeFormat: 'is' },
      code: 'BAD_OPTION',
      says: "'is' is not a time format; did you mean 'iso'? known:"
    },
    {
      when: 'several series in one file',
      text: 'time,host,value\n2026-01-31 10:00,a,1\n2026-01-31 10:00,b,1\n2026-01-31 10:01,a,1\n2026-01-31 10:01,b,1\n',
      code: 'BAD_INPUT',
      says: 'bad.csv has 4 rows at 2 moments: several series in one file must be split, and rows that are events need --count'
    },
    {
      when: 'two steps',
      text: `time,value\n${Array.from({ length: 10 }, (_, i) => `${at / 1e3 + (i < 5 ? i * 60 : 240 + (i - 4) * 300)},1`).join('\n')}\n`,
      code: 'BAD_INPUT',
      says: 'bad.csv has two steps, 5m and 1m (from 2026-01-31T10:00:00Z): split it, or say --step 5m'
    },
    {
      when: 'no step at all',
      text: 'time,value\n2026-01-31 10:00:00,1\n2026-01-31 10:01:00,1\n2026-01-31 10:02:00,1\n2026-01-31 10:02:31,1\n',
      code: 'BAD_INPUT',
      says: 'bad.csv has no regular step: mostly 1m, but 31s from 2026-01-31T10:02:00Z; say --step for means over bins, or --count if rows are events'
    },
    {
      when: 'a year mistyped',
      text: 'time,value\n1926-01-31 10:00:00,1\n2026-01-31 10:01:00,1\n2026-01-31 10:02:00,1\n2026-01-31 10:03:00,1\n',
      code: 'BAD_INPUT',
      says: 'bad.csv jumps from 1926-01-31T10:00:00Z to 2026-01-31T10:01:00Z: is one of them a wrong time?'
    }
  ]
  it.each(rows)('$when', async ({ text, options, code, says }) => {
    const refused = await refusal(file(text, 'bad.csv'), options)
    expect(refused.code).toBe(code)
    expect(refused.message.startsWith(says), refused.message).toBe(true)
    expect(refused.message).not.toContain('\n')
  })

  it('a file that is not there, and a folder', async () => {
    expect(await refusal(join(folder, 'nowhere.csv'))).toEqual({
      code: 'NOT_FOUND',
      message: 'nowhere.csv does not exist'
    })
    expect((await refusal(folder)).message).toMatch(/ is not a file$/)
  })

  it('a file that is no table', async () => {
    writeFileSync(join(folder, 'noise.csv'), Buffer.from([0, 159, 146, 150, 10, 255, 254, 0, 1, 2, 3]))
    const { code, message } = await refusal(join(folder, 'noise.csv'))
    expect(code).toBe('BAD_INPUT')
    expect(message).not.toContain('\n')
  })

  it('a Parquet file that was cut off', async () => {
    writeFileSync(join(folder, 'cut.parquet'), 'PAR1 and then nothing that ends like one')
    const { code, message } = await refusal(join(folder, 'cut.parquet'))
    expect(code).toBe('BAD_INPUT')
    expect(message).toMatch(/^cut.parquet cannot be read as Parquet: /)
    expect(message).not.toContain('\n')
  })
})

describe('Parquet', () => {
  it('reads typed times and numbers', async () => {
    const path = join(folder, 'typed.parquet')
    await withDuckDB((db) =>
      db.rows(
        `COPY (SELECT TIMESTAMP '2026-01-31 10:00:00' + i * INTERVAL 1 MINUTE AS at, (i * 2)::INTEGER AS requests
         FROM range(3) t(i)) TO ${quoted(path)} (FORMAT parquet)`
      )
    )
    const { series } = await readTable(path)
    expect([...series.values]).toEqual([0, 2, 4])
    expect(series.startMs).toBe(at)
  })

  it.skipIf(flightsFile() === undefined)('counts three million events', async () => {
    const { series } = await readTable(flightsFile() as string, { count: true })
    const events = series.values.reduce((sum, rate) => sum + rate * 60, 0)
    expect(Math.round(events)).toBe(3_000_000)
    expect(series.values.every((rate) => rate >= 0)).toBe(true)
  })
})

it('stops when it is interrupted', async () => {
  const abort = AbortSignal.abort()
  const error: unknown = await readTable(file('time,value\n'), {}, abort).catch((e: unknown) => e)
  expect(error).toMatchObject({ code: 'INTERRUPTED' })
})

describe('public traces are read without a flag', () => {
  const data = process.env.PRESCALE_DATA ?? fileURLToPath(new URL('../../../shared/data', import.meta.url))
  const paths = globSync(`${data}/{dsp,web,llm,serverless,cluster,nab,flink-runs}/*.csv`)
  // One row per base model and update: several rows a moment, not a load.
  const notALoad = 'alibaba_genai2026_basemodel_update_latency_anon.csv'
  it.skipIf(!existsSync(data))('all of them', { timeout: 120_000 }, async () => {
    for (const path of paths) {
      const name = basename(path)
      if (name === notALoad) {
        expect((await refusal(path)).message).toMatch(/several series in one file/)
        continue
      }
      const { series } = await readTable(path)
      const [, count, unit] = /_(\d+)(s|min|h)\.csv$/.exec(name) ?? []
      if (count !== undefined) {
        expect(series.stepMs, name).toBe(Number(count) * { s: 1_000, min: 60_000, h: 3_600_000 }[unit as 's'])
      }
      expect(
        series.values.some((y) => y > 0),
        name
      ).toBe(true)
    }
    expect(paths.length).toBeGreaterThan(30)
  })

  it.skipIf(!existsSync(data))('requests of which only the failed ones say their zone, counted', async () => {
    const { series, notes } = await readTable(`${data}/lambda-ecs/requests.csv.gz`, { count: true })
    const events = series.values.reduce((sum, rate) => sum + 60 * rate, 0)
    // 88,286 requests by the page of the data.
    expect(Math.round(events)).toBe(88_286)
    expect(notes[0]).toMatch(/^88161 rows say no zone: taken for UTC/)
  })
})

import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { smallDisk } from '../../test/fakes/small-disk.ts'
import { openCounter } from './counter.ts'
import { type Outbox, openOutbox } from './outbox.ts'

let folder: string
let open: Outbox[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'prescale-outbox-'))
  open = []
})
afterEach(() => {
  for (const box of open) box.close()
  rmSync(folder, { recursive: true, force: true })
})

function make(options: Partial<Parameters<typeof openOutbox>[0]> = {}): Outbox {
  const box = openOutbox({ folder, maxBytes: 1_000_000, nowMs: 1_000, ...options })
  open.push(box)
  return box
}

/** As after kill −9: nothing is closed, and the lock is left behind by a process that is no more. */
function killed(options: Partial<Parameters<typeof openOutbox>[0]> = {}): Outbox {
  writeFileSync(join(folder, 'lock'), '999999999')
  open = []
  return make(options)
}

const text = (n: number) => Buffer.from(`message ${n}`)
const fill = (box: Outbox, from: number, to: number) => {
  for (let n = from; n < to; n++) box.append(`street/${n % 3}`, text(n), n)
}
const read = (records: readonly { payload: Uint8Array }[]) =>
  records.map(({ payload }) => Number(Buffer.from(payload).toString().slice(8)))
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
const drain = (box: Outbox, most = 7) => {
  const all: number[] = []
  for (let batch = box.take(most); batch.length > 0; batch = box.take(most)) {
    all.push(...read(batch))
    box.ack(batch[batch.length - 1].id)
  }
  return all
}
const logs = () => readdirSync(folder).filter((name) => name.endsWith('.log'))

describe('an outbox', () => {
  it('gives what was put in, in order, again until it is acknowledged', () => {
    const box = make()
    fill(box, 0, 10)
    const first = box.take(4)
    expect(read(first)).toEqual([0, 1, 2, 3])
    expect(box.take(4)).toEqual(first)
    box.ack(first[1].id)
    expect(read(box.take(4))).toEqual([2, 3, 4, 5])
    expect(drain(box)).toEqual(numbers(2, 10))
    expect(box.state()).toMatchObject({ waiting: 0, bytes: 0, dropped: 0, lost: 0 })
    expect(first[2]).toMatchObject({ topic: 'street/2', atMs: 2 })
  })

  it('writes nothing of what was sent before it would be written', () => {
    const box = make()
    for (let i = 0; i < 50; i++) {
      fill(box, i * 10, i * 10 + 10)
      drain(box)
      expect(box.flush()).toBe(true)
    }
    expect(logs()).toEqual([])
  })

  it('goes on where it was after it was closed', () => {
    const box = make()
    fill(box, 0, 100)
    const [...sent] = box.take(30)
    box.ack(sent[29].id)
    box.close()
    const again = make()
    expect(again.state().waiting).toBe(70)
    fill(again, 100, 120)
    expect(drain(again)).toEqual(numbers(30, 120))
  })

  it('goes on where it was after it was killed, and loses what was not flushed', () => {
    const box = make()
    fill(box, 0, 50)
    box.flush()
    fill(box, 50, 60)
    const again = killed()
    expect(drain(again)).toEqual(numbers(0, 50))
  })

  it('never uses an id twice, whatever the clock says when it is started again', () => {
    let last = 0
    for (const nowMs of [5_000, 5_000, 1_000, 0, 9_000]) {
      const box = killed({ nowMs })
      fill(box, 0, 10)
      for (const { id } of box.take(10)) {
        expect(id).toBeGreaterThan(last)
        last = id
      }
      box.flush()
      drain(box)
    }
  })

  it('is for one process', () => {
    make()
    expect(() => make()).toThrow(`is used by process ${process.pid}: end it, or say another path`)
  })

  it('gives large messages whole, and refuses one beyond any sensor', () => {
    const box = make({ maxBytes: 100_000_000 })
    box.append('video', Buffer.alloc(3_000_000, 7), 0)
    box.append('video', Buffer.alloc(17 * 1024 * 1024), 0)
    box.append('video', text(1), 0)
    box.flush()
    const again = killed({ maxBytes: 100_000_000 })
    expect(again.take(9).map(({ payload }) => payload.length)).toEqual([3_000_000, 9])
    expect(box.state().dropped).toBe(1)
  })
})

describe('an outbox that is full', () => {
  it('drops the oldest, in whole segments, and counts them', () => {
    const box = make({ maxBytes: 8_192, segmentBytes: 1_024 })
    fill(box, 0, 1_000)
    box.flush()
    const { waiting, bytes, dropped } = box.state()
    expect(bytes).toBeLessThanOrEqual(8_192)
    expect(bytes).toBeGreaterThan(6_000)
    expect(waiting + dropped).toBe(1_000)
    expect(drain(box)).toEqual(numbers(dropped, 1_000))
  })

  it('takes no more where that was wanted, and counts them', () => {
    const box = make({ maxBytes: 8_192, segmentBytes: 1_024, drop: 'newest' })
    fill(box, 0, 1_000)
    const { waiting, dropped } = box.state()
    expect(waiting + dropped).toBe(1_000)
    expect(drain(box)).toEqual(numbers(0, waiting))
    fill(box, 1_000, 1_010)
    expect(drain(box)).toEqual(numbers(1_000, 1_010))
  })

  it('still gives what was taken before it was dropped', () => {
    const box = make({ maxBytes: 8_192, segmentBytes: 1_024 })
    fill(box, 0, 20)
    expect(read(box.take(20))).toEqual(numbers(0, 20))
    fill(box, 20, 1_000)
    box.flush()
    const all = drain(box)
    expect(all.slice(0, 20)).toEqual(numbers(0, 20))
    expect(all.length + box.state().dropped).toBe(1_000)
  })

  it('needs a size that can be', () => {
    expect(() => make({ maxBytes: 10 })).toThrow('outbox.maxBytes must be at least 4096, was 10')
  })
})

describe('a damaged outbox', () => {
  it('ends where its last record is torn, at any byte', () => {
    const box = make()
    fill(box, 0, 5)
    box.flush()
    const path = join(folder, logs()[0])
    const whole = readFileSync(path)
    for (let bytes = whole.length; bytes >= 0; bytes--) {
      writeFileSync(path, whole)
      truncateSync(path, bytes)
      const again = killed()
      const kept = drain(again).length
      expect(kept).toBe(Math.floor(bytes / (whole.length / 5)))
    }
  })

  it('gives nothing that is not what was put in, when a byte was changed', () => {
    const box = make()
    // All of the same length.
    fill(box, 10, 30)
    box.flush()
    const path = join(folder, logs()[0])
    const whole = readFileSync(path)
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const changed = Buffer.from(whole)
        changed[at] ^= by
        writeFileSync(path, changed)
        const got = drain(killed())
        expect(got).toEqual(numbers(10, 10 + got.length))
        expect(got.length).toBe(Math.floor(at / (whole.length / 20)))
        // Gone when all was acknowledged; put back for the next.
        writeFileSync(path, whole)
        rmSync(join(folder, 'acked'), { force: true })
      }),
      { numRuns: 40 }
    )
  })

  it('takes new messages behind what was torn, and says how much was', () => {
    const box = make()
    fill(box, 0, 5)
    box.flush()
    appendFileSync(join(folder, logs()[0]), 'half a rec')
    const again = killed()
    expect(again.state()).toMatchObject({ damagedBytes: 10, waiting: 5 })
    fill(again, 5, 8)
    again.flush()
    expect(drain(killed())).toEqual(numbers(0, 8))
  })

  it('loses what is damaged while it runs, counts it, and goes on behind it', () => {
    const box = make({ segmentBytes: 400 })
    fill(box, 0, 40)
    box.flush()
    const [first] = logs().map((name) => join(folder, name))
    const bytes = readFileSync(first)
    bytes[bytes.length - 3] ^= 1
    writeFileSync(first, bytes)
    const got = drain(box)
    const { lost, waiting } = box.state()
    expect(lost).toBe(1)
    expect(waiting).toBe(0)
    expect(got.length).toBe(39)
  })
})

describe('whatever happens', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('append' as const), n: fc.integer({ min: 1, max: 30 }) }),
    fc.record({ do: fc.constant('send' as const), n: fc.integer({ min: 1, max: 40 }), fails: fc.boolean() }),
    fc.record({ do: fc.constant('flush' as const) }),
    fc.record({ do: fc.constant('restart' as const) }),
    fc.record({ do: fc.constant('kill' as const) })
  )

  it('every message that was flushed arrives at least once, in order, and its second coming has the same id', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        rmSync(folder, { recursive: true, force: true })
        let box = make({ segmentBytes: 500 })
        let next = 0
        /** Messages that a kill may lose. */
        let unsafe = new Set<number>()
        const lost = new Set<number>()
        const arrived = new Map<number, number>()
        const receive = (records: readonly { id: number; payload: Uint8Array }[]) => {
          const got = read(records)
          expect(got).toEqual(got.toSorted((a, b) => a - b))
          got.forEach((n, i) => {
            expect(arrived.get(n) ?? records[i].id).toBe(records[i].id)
            arrived.set(n, records[i].id)
          })
        }
        for (const what of steps) {
          if (what.do === 'append') {
            for (let i = 0; i < what.n; i++) unsafe.add(next + i)
            fill(box, next, next + what.n)
            next += what.n
          } else if (what.do === 'send') {
            const records = box.take(what.n)
            receive(records)
            if (!what.fails && records.length > 0) box.ack(records[records.length - 1].id)
          } else if (what.do === 'flush') {
            box.flush()
            unsafe = new Set()
          } else if (what.do === 'restart') {
            box.close()
            unsafe = new Set()
            box = make({ segmentBytes: 500 })
          } else {
            for (const n of unsafe) lost.add(n)
            unsafe = new Set()
            box = killed({ segmentBytes: 500 })
          }
        }
        for (let batch = box.take(9); batch.length > 0; batch = box.take(9)) {
          receive(batch)
          box.ack(batch[batch.length - 1].id)
        }
        for (let n = 0; n < next; n++) if (!lost.has(n)) expect(arrived.has(n)).toBe(true)
        expect(box.state()).toMatchObject({ waiting: 0, dropped: 0, lost: 0 })
        box.close()
        open = []
      }),
      { numRuns: 60 }
    )
  })
})

describe('F19: a disk that is full', () => {
  const disk = (folderOf: string) => smallDisk(folderOf, 200)

  it.skipIf(disk(tmpdir()) === undefined)(
    'is told and counted, memory stays bounded, and all goes on when there is room',
    () => {
      const script = `
      import { openOutbox } from '${new URL('./outbox.ts', import.meta.url).pathname}'
      import { rmSync, writeFileSync } from 'node:fs'
      const folder = ${JSON.stringify(folder)}
      const box = openOutbox({ folder, maxBytes: 10_000_000, memoryBytes: 50_000, nowMs: 1_000 })
      writeFileSync(folder + '/other', Buffer.alloc(100_000))
      const payload = Buffer.alloc(500)
      for (let i = 0; i < 1_000; i++) { box.append('t', payload, i); if (i % 20 === 0) box.flush() }
      const full = box.state()
      rmSync(folder + '/other')
      const flushed = box.flush()
      const free = box.state()
      let got = 0
      for (let b = box.take(50); b.length > 0; b = box.take(50)) { got += b.length; box.ack(b.at(-1).id) }
      console.log(JSON.stringify({ full, flushed, free, got, after: box.state() }))
    `
      const said = JSON.parse(disk(folder)?.run(script) ?? '{}')
      expect(said.full.trouble).toBe('the disk is full')
      expect(said.full.dropped).toBeGreaterThan(500)
      expect(said.full.bytes).toBeLessThan(250_000)
      expect(said.full.waiting + said.full.dropped).toBe(1_000)
      expect(said.flushed).toBe(true)
      expect(said.free.trouble).toBeUndefined()
      expect(said.got).toBe(said.full.waiting)
      expect(said.after).toMatchObject({ waiting: 0, lost: 0, damagedBytes: 0 })
    }
  )
})

describe('a counter', () => {
  it('is written once a block, and never goes back', () => {
    const path = join(folder, 'seq')
    const counter = openCounter(path, 100)
    expect(counter.first).toBe(100)
    const written: number[] = []
    for (let n = 100; n < 3_000; n++) {
      counter.used(n)
      const { next } = JSON.parse(readFileSync(path, 'utf8'))
      if (next !== written.at(-1)) written.push(next)
      expect(next).toBeGreaterThan(n)
    }
    expect(written.length).toBeLessThan(10)
    expect(openCounter(path, 5).first).toBeGreaterThan(2_999)
    expect(openCounter(path, 1e9).first).toBe(1e9)
  })

  it.each(['', '{', '{"next":-1}', '{"next":"9"}', 'null'])(
    'whose file says %j counts from its clock',
    (says) => {
      const path = join(folder, 'seq')
      writeFileSync(path, says)
      expect(openCounter(path, 7).first).toBe(7)
    }
  )

  it('counts on where its file cannot be written, and says so', () => {
    const counter = openCounter(join(folder, 'no', 'seq'), 7)
    writeFileSync(join(folder, 'no'), 'a file')
    expect(counter.used(7)?.message).toContain('could not be written')
    expect(statSync(join(folder, 'no')).isFile()).toBe(true)
  })
})

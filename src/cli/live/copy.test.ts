import { describe, expect, it, vi } from 'vitest'
import { type FakeFlink, fakeFlink } from '../../../test/fakes/flink.ts'
import { fakeInflux } from '../../../test/fakes/influxdb.ts'
import { liveConfig } from '../../../test/fakes/live-config.ts'
import { folder as emptyFolder } from '../../../test/fakes/prescale.ts'
import { readConfig } from '../../config/index.ts'
import { openLoop } from './loop.ts'

const silent = { event: () => {}, note: () => {}, error: () => {} }

describe('a copy in InfluxDB', { timeout: 30_000 }, () => {
  it('holds readings and Turns of the running loop, and its end waits until they are written', async () => {
    const place = emptyFolder()
    const influx = await fakeInflux()
    const flink: FakeFlink = await fakeFlink()
    const text = liveConfig({ folder: place.path, url: flink.url, metrics: 'false' })
    const with_ = text.replace(
      'live.sqlite }',
      `live.sqlite, influxdb: { url: '${influx.url}', database: d } }`
    )
    const loop = await openLoop(readConfig(with_, 'x'), { apply: false, once: false, log: silent })
    await vi.waitFor(() => expect(loop.book.of('cars')?.ready.count).toBeGreaterThan(0), 20_000)
    await loop.close()
    await Promise.all([influx.close(), flink.close()])
    place.remove()
    const measurements = new Set(influx.lines.map((line) => /^\w+/.exec(line)?.[0]))
    for (const name of ['prescale_turn', 'prescale_capacity', 'prescale_metric']) {
      expect(measurements).toContain(name)
    }
    expect(influx.lines.every((line) => line.includes('target=cars'))).toBe(true)
    expect(influx.asked[0].params.get('db')).toBe('d')
  })

  it('that is away is told once, and the loop goes on', async () => {
    const place = emptyFolder()
    const flink = await fakeFlink()
    const text = liveConfig({ folder: place.path, url: flink.url, metrics: 'false' })
    const away = text.replace('live.sqlite }', "live.sqlite, influxdb: { url: 'http://127.0.0.1:9' } }")
    const notes: string[] = []
    const log = { ...silent, note: (what: string, says: string) => void notes.push(`${what}: ${says}`) }
    const loop = await openLoop(readConfig(away, 'x'), { apply: false, once: false, log })
    await vi.waitFor(() => expect(loop.book.of('cars')?.counts.turns).toBeGreaterThan(2), 20_000)
    await loop.close()
    await flink.close()
    place.remove()
    expect(notes.filter((note) => note.startsWith('influxdb-trouble'))).toEqual([
      'influxdb-trouble: http://127.0.0.1:9 cannot be reached: connection refused'
    ])
  })
})

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { onnxCases } from '../../test/fakes/onnx-cases.ts'
import { series } from '../base/index.ts'
import { gru, makeModel, naive } from './index.ts'
import { toOnnx } from './onnx.ts'

interface Golden {
  readonly by: string
  readonly rows: readonly {
    readonly name: string
    readonly sha256: string
    readonly forecast: readonly (readonly number[])[]
    readonly quantiles?: readonly (readonly (readonly number[])[])[]
  }[]
}

// What onnxruntime says of these files; made by tools/onnx-check.py --write.
const golden: Golden = JSON.parse(
  readFileSync(new URL('../../test/golden/onnx.json', import.meta.url), 'utf8')
)
const cases = onnxCases()

describe('a network as ONNX', () => {
  it('is there of every kind, and none without what onnxruntime says of it', () => {
    expect(cases.map(({ name }) => name)).toEqual(golden.rows.map(({ name }) => name))
    for (const kind of ['gru', 'lstm', 'cnn', 'tcn']) expect(cases.map(({ name }) => name)).toContain(kind)
  })

  it.each(cases)('$name is the file that onnxruntime was given', ({ name, bytes }) => {
    const row = golden.rows.find((it) => it.name === name)
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(row?.sha256)
  })

  it.each(cases)('$name forecasts in onnxruntime what it does here, to 1e-5', ({ name, ours, size }) => {
    const row = golden.rows.find((it) => it.name === name)
    ours.forEach((means, b) => {
      means.forEach((mean, k) => {
        expect(Math.abs(mean - (row?.forecast[b][k] ?? NaN)) / size).toBeLessThan(1e-5)
      })
    })
  })

  it('has quantiles in order, the middle one of which is the forecast', () => {
    const { forecast, quantiles } = golden.rows.find(({ name }) => name === 'gru-quantiles')!
    quantiles?.flat().forEach(([low, middle, high], i) => {
      expect(low).toBeLessThan(middle)
      expect(middle).toBeLessThan(high)
      expect(forecast.flat()[i]).toBe(middle)
    })
  })
})

/** An environment with onnxruntime, where somebody made one: see tools/onnx-check.py. */
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'prescale-onnx')
const python = [process.env.PRESCALE_ONNX_PYTHON ?? '', join(cache, 'bin', 'python')].find(existsSync)

describe('onnxruntime itself', { timeout: 120_000 }, () => {
  it.skipIf(python === undefined)('agrees with our forecasts, and its specification with our files', () => {
    const script = fileURLToPath(new URL('../../tools/onnx-check.py', import.meta.url))
    expect(execFileSync(python!, [script], { encoding: 'utf8' })).not.toContain('FAILED')
  })
})

describe('what is no network', () => {
  const history = series(
    60_000,
    Array.from({ length: 300 }, (_, t) => 50 + (t % 7))
  )
  const about = {
    horizon: 3,
    levels: [0.5],
    library: { name: 'prescale', version: '0' },
    seed: 0
  }

  it('is refused by name', () => {
    const model = makeModel({ ...about, saved: naive().fit(history).save(), options: {}, history })
    expect(() => toOnnx(model)).toThrow(/BAD_MODEL|naive is no network; as ONNX go cnn, gru, lstm, tcn/)
  })

  it('is refused with the reason where too little was there to learn from', () => {
    const few = { ...history, values: history.values.subarray(0, 40) }
    const saved = gru({ epochs: 1 }).fit(few, { horizon: 3 }).save()
    const model = makeModel({ ...about, saved, options: {}, history: few })
    expect(() => toOnnx(model)).toThrow(/gru has no network to export: .*windows to train on are too few/)
  })
})

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { onnxPolicies, policyModel } from '../../test/fakes/onnx-policies.ts'
import { ppoToOnnx } from './ppo-onnx.ts'
import { sparkHeads } from './spark-state.ts'

interface Golden {
  readonly rows: readonly ({ readonly name: string; readonly sha256: string } & {
    readonly [output: string]: readonly (readonly number[])[]
  })[]
}

// What onnxruntime says of these files; made by tools/onnx-check.py --write, which `onnx.test.ts` runs where there is one.
const golden: Golden = JSON.parse(
  readFileSync(new URL('../../test/golden/onnx-policies.json', import.meta.url), 'utf8')
)
const policies = onnxPolicies()
const rowOf = (name: string) => golden.rows.find((row) => row.name === name)

describe('a policy network as ONNX', () => {
  it.each(policies)('$name is the file that onnxruntime was given', ({ name, bytes }) => {
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(rowOf(name)?.sha256)
  })

  it.each(policies)('$name says in onnxruntime of each head what it does here, to 1e-5', ({ name, ours }) => {
    const said = rowOf(name)
    const outputs = Object.entries(ours)
    expect(outputs.map(([output]) => output).at(-1)).toBe('value')
    for (const [output, rows] of outputs) {
      expect(rows.length).toBe(5)
      rows.forEach((row, b) => {
        expect(said?.[output][b]).toHaveLength(row.length)
        row.forEach((x, i) => {
          expect(Math.abs(x - (said?.[output][b][i] ?? NaN))).toBeLessThan(1e-5)
        })
      })
    }
  })

  it('has an output for each head by its name, and the value', () => {
    expect(Object.keys(policies[0].ours)).toEqual([...sparkHeads.map((head) => `logits_${head}`), 'value'])
  })

  it('tells of itself which state it wants, and from which model it comes', () => {
    const space = { version: 'corridor/1', observationSize: 2, actionSizes: [3, 2] }
    const model = policyModel('told', space, { units: 4, isScaled: true })
    const text = Buffer.from(ppoToOnnx(model, { name: 'mine', version: '7.1' })).toString('latin1')
    for (const word of ['mine', '7.1', 'corridor/1', 'logits_1', model.checksum]) expect(text).toContain(word)
  })

  it('is not made of a model that was changed', () => {
    const space = { version: 'corridor/1', observationSize: 2, actionSizes: [3] }
    const model = policyModel('changed', space, { units: 4, isScaled: false })
    expect(() => ppoToOnnx({ ...model, units: 5 }, { name: 'mine', version: '1' })).toThrow(
      /cut short or was/
    )
  })
})

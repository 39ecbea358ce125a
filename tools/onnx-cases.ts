/**
 * Prints the networks of test/fakes/onnx-cases.ts and onnx-policies.ts for tools/onnx-check.py, one JSON a line, bytes in
 * base64: `golden` names the file that keeps what onnxruntime says, `inputs` and `ours` are by name.
 */
import { Buffer } from 'node:buffer'
import { onnxCases } from '../test/fakes/onnx-cases.ts'
import { onnxPolicies } from '../test/fakes/onnx-policies.ts'

const forecasters = onnxCases().map(({ name, bytes, size, windows, ours }) => ({
  ...{ golden: 'onnx', name, bytes, size },
  ...{ inputs: { window: windows }, ours: { forecast: ours } }
}))
const policies = onnxPolicies().map(({ name, bytes, states, ours }) => ({
  ...{ golden: 'onnx-policies', name, bytes, size: 1 },
  ...{ inputs: { state: states }, ours }
}))

for (const { bytes, ...rest } of [...forecasters, ...policies]) {
  console.log(JSON.stringify({ ...rest, bytes: Buffer.from(bytes).toString('base64') }))
}

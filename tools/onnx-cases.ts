/** Prints the networks of test/fakes/onnx-cases.ts for tools/onnx-check.py, one JSON a line, bytes in base64. */
import { Buffer } from 'node:buffer'
import { onnxCases } from '../test/fakes/onnx-cases.ts'

for (const { bytes, ...rest } of onnxCases()) {
  console.log(JSON.stringify({ ...rest, bytes: Buffer.from(bytes).toString('base64') }))
}

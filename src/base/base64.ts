import { Buffer } from 'node:buffer'
import { PrescaleError } from './errors.ts'

/**
 * Numbers as base64 of their bytes, little-endian on every machine: a quarter of the length of written decimals, and
 * exactly the same numbers back, `NaN` and −0 included. RFC 4648 §4, with padding.
 */
export type Floats = 'float32' | 'float64'

const bytesOf = { float32: 4, float64: 8 } as const

/** float32 numbers as text; others are rounded to float32 first. */
export function toBase64(values: ArrayLike<number>, as: Floats = 'float32'): string {
  const size = bytesOf[as]
  const view = new DataView(new ArrayBuffer(values.length * size))
  for (let i = 0; i < values.length; i++) {
    if (as === 'float32') view.setFloat32(i * size, values[i], true)
    else view.setFloat64(i * size, values[i], true)
  }
  return Buffer.from(view.buffer).toString('base64')
}

/** The float32 numbers of a text. Errors: `BAD_INPUT` where it is not base64, or not a whole number of float32. */
export function float32Of(text: string): Float32Array {
  const view = viewOf(text, 'float32')
  return Float32Array.from({ length: view.byteLength / 4 }, (_, i) => view.getFloat32(4 * i, true))
}

/** The float64 numbers of a text. Errors: `BAD_INPUT` where it is not base64, or not a whole number of float64. */
export function float64Of(text: string): Float64Array {
  const view = viewOf(text, 'float64')
  return Float64Array.from({ length: view.byteLength / 8 }, (_, i) => view.getFloat64(8 * i, true))
}

function viewOf(text: string, as: Floats): DataView {
  // Buffer.from passes over what is not base64, and would give other numbers for it.
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
    throw new PrescaleError('BAD_INPUT', `${as} numbers must be base64, was '${shortened(text)}'`)
  }
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length % bytesOf[as] !== 0) {
    throw new PrescaleError(
      'BAD_INPUT',
      `${as} numbers must have ${bytesOf[as]} bytes each, were ${bytes.length} bytes in all`
    )
  }
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

const shortened = (text: string) => (text.length <= 24 ? text : `${text.slice(0, 23)}…`)

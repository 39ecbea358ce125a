/**
 * ONNX as bytes — the messages of onnx.proto3 that a small network needs, in protobuf's wire format.
 *
 *   field    varint(number · 8 + kind), then a varint (kind 0), 4 bytes (kind 5) or varint(length) and bytes (kind 2)
 *
 * Field numbers are those of onnx/onnx.proto3 (IR version 8); wire format: protobuf.dev/programming-guides/encoding.
 * A message is a list of byte arrays, in the order of its fields.
 */

/** A tensor that belongs to the model: float32, or whole numbers as int64. */
export interface Constant {
  readonly name: string
  readonly shape: readonly number[]
  readonly values: Float32Array | BigInt64Array
}

/** One operation: names of what goes in (`''` = left out) and what comes out. */
export interface Operation {
  readonly type: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>
}

/** A float32 tensor that goes in or comes out; a word stands for a size that is free. */
export interface Port {
  readonly name: string
  readonly shape: readonly (number | string)[]
}

export interface Graph {
  readonly name: string
  readonly says: string
  readonly inputs: readonly Port[]
  readonly outputs: readonly Port[]
  readonly constants: readonly Constant[]
  readonly operations: readonly Operation[]
}

export interface OnnxModel {
  readonly graph: Graph
  readonly producer: { readonly name: string; readonly version: string }
  readonly metadata: Readonly<Record<string, string>>
}

const irVersion = 8
/** Operator set 17 (ONNX 1.12): what every runtime since 2022 reads. */
const operatorSet = 17
const FLOAT = 1
const INT64 = 7
/** AttributeProto.type: a whole number, a list of them. */
const INT = 2
const INTS = 7

type Bytes = Uint8Array
type Message = readonly Bytes[]

export function modelBytes({ graph, producer, metadata }: OnnxModel): Bytes {
  return joined([
    number(1, irVersion),
    text(2, producer.name),
    text(3, producer.version),
    message(7, graphOf(graph)),
    message(8, [text(1, ''), number(2, operatorSet)]),
    ...Object.entries(metadata).map(([key, value]) => message(14, [text(1, key), text(2, value)]))
  ])
}

function graphOf({ name, says, inputs, outputs, constants, operations }: Graph): Message {
  return [
    ...operations.map((operation) => message(1, operationOf(operation))),
    text(2, name),
    ...constants.map((constant) => message(5, constantOf(constant))),
    text(10, says),
    ...inputs.map((port) => message(11, portOf(port))),
    ...outputs.map((port) => message(12, portOf(port)))
  ]
}

function operationOf({ type, inputs, outputs, attributes = {} }: Operation): Message {
  return [
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    // Runtimes name operations in their errors; the first output is a name of its own already.
    text(3, outputs.find((name) => name !== '') ?? ''),
    text(4, type),
    ...Object.entries(attributes).map(([name, value]) => message(5, attributeOf(name, value)))
  ]
}

function attributeOf(name: string, value: number | readonly number[]): Message {
  if (typeof value === 'number') return [text(1, name), number(3, value), number(20, INT)]
  return [text(1, name), ...value.map((one) => number(8, one)), number(20, INTS)]
}

function constantOf({ name, shape, values }: Constant): Message {
  const size = values.BYTES_PER_ELEMENT
  const view = new DataView(new ArrayBuffer(values.length * size))
  values.forEach((value: number | bigint, i: number) => {
    if (typeof value === 'bigint') view.setBigInt64(i * size, value, true)
    else view.setFloat32(i * size, value, true)
  })
  return [
    ...shape.map((length) => number(1, length)),
    number(2, values instanceof Float32Array ? FLOAT : INT64),
    text(8, name),
    bytes(9, new Uint8Array(view.buffer))
  ]
}

function portOf({ name, shape }: Port): Message {
  const lengths = shape.map((length) =>
    message(1, [typeof length === 'number' ? number(1, length) : text(2, length)])
  )
  return [text(1, name), message(2, [message(1, [number(1, FLOAT), message(2, lengths)])])]
}

const number = (field: number, value: number): Bytes => joined([varint(field * 8), varint(value)])
const text = (field: number, value: string): Bytes => bytes(field, new TextEncoder().encode(value))
const message = (field: number, parts: Message): Bytes => bytes(field, joined(parts))
const bytes = (field: number, value: Bytes): Bytes =>
  joined([varint(field * 8 + 2), varint(value.length), value])

/** Seven bits a byte, the lowest first; a negative number is its 64 bits. */
function varint(value: number): Bytes {
  const out: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  do {
    const low = Number(rest & 0x7fn)
    rest >>= 7n
    out.push(rest > 0n ? low | 0x80 : low)
  } while (rest > 0n)
  return Uint8Array.from(out)
}

function joined(parts: Message): Bytes {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

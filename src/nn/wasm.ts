/**
 * The kernels of `kernels/` in WASM: float32, one instance with a memory of its own for each network. The memory has its
 * full size from the start (the system hands out pages when they are touched), so that views on it never detach.
 */
import { Buffer } from 'node:buffer'
import type { Activation, Tensor } from './architecture.ts'
import { binaries } from './binaries.ts'
import type { Kernels } from './kernels.ts'

type WasmName = Exclude<Kernels['name'], 'reference'>

/** The little of WebAssembly that is used here; Node's types have none of it. */
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean
  Module: new (bytes: Uint8Array) => WasmModule
  Memory: new (size: {
    readonly initial: number
    readonly maximum: number
  }) => { readonly buffer: ArrayBuffer }
  Instance: new (
    module: WasmModule,
    imports: object
  ) => { readonly exports: Readonly<Record<string, (...args: readonly number[]) => number>> }
}
type WasmModule = { readonly isModule: never }

const page = 65_536
const codes: Readonly<Record<Activation, number>> = { none: 0, relu: 1, tanh: 2, sigmoid: 3 }
const modules = new Map<WasmName, WasmModule | undefined>()

/** The compiled variant, once a process; nothing where it was not built or this machine cannot run it. */
function moduleOf(name: WasmName): WasmModule | undefined {
  if (!modules.has(name)) modules.set(name, compile(name))
  return modules.get(name)
}

function compile(name: WasmName): WasmModule | undefined {
  if (!Object.hasOwn(binaries, name)) return undefined
  const bytes = Buffer.from(binaries[name], 'base64')
  return WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : undefined
}

export const canRun = (name: WasmName) => moduleOf(name) !== undefined

/** Kernels with room for `floats` numbers in tensors and `scratch` in between; nothing where the variant cannot run. */
export function wasmKernels(name: WasmName, floats: number, scratch: number): Kernels | undefined {
  const module = moduleOf(name)
  if (!module) return undefined
  const pages = Math.ceil((4 * (floats + scratch) + page) / page)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
  const wasm = new WebAssembly.Instance(module, { env: { memory } }).exports
  let free = aligned(wasm.firstFree())
  wasm.useScratch(free)
  free = aligned(free + 4 * scratch)
  const at = (tensor: Tensor) => tensor.byteOffset
  return {
    name,
    zeros(length) {
      const tensor = new Float32Array(memory.buffer, free, length)
      free = aligned(free + 4 * length)
      return tensor
    },
    conv(x, w, bias, out, { rows, inputs, outputs, size, shift }, f) {
      wasm.conv(at(x), at(w), at(bias), at(out), rows, inputs, outputs, size, shift, codes[f])
    },
    convByWeights(x, byOut, byW, byBias, { rows, inputs, outputs, size, shift }) {
      wasm.convByWeights(at(x), at(byOut), at(byW), at(byBias), rows, inputs, outputs, size, shift)
    },
    convByInput(byOut, w, byX, { rows, inputs, outputs, size, shift }) {
      wasm.convByInput(at(byOut), at(w), at(byX), rows, inputs, outputs, size, shift)
    },
    add(a, b, length) {
      wasm.add(at(a), at(b), length)
    },
    addRelu(a, b, out, length) {
      wasm.addRelu(at(a), at(b), at(out), length)
    },
    activationBack(out, byOut, length, f) {
      if (f !== 'none') wasm.activationBack(at(out), at(byOut), length, codes[f])
    },
    gru({ gates, h, inner }, wh, bh, { steps, batch, units }, reset) {
      wasm.gru(at(gates), at(h), at(inner), at(wh), at(bh), steps, batch, units, Number(reset === 'before'))
    },
    gruBack({ gates, h, inner }, wh, byH, byGates, byWh, byBh, { steps, batch, units }, reset) {
      const before = Number(reset === 'before')
      const trace = [at(gates), at(h), at(inner)]
      const by = [at(byH), at(byGates), at(byWh), at(byBh)]
      wasm.gruBack(...trace, at(wh), ...by, steps, batch, units, before)
    },
    lstm({ gates, h, c }, wh, { steps, batch, units }) {
      wasm.lstm(at(gates), at(h), at(c), at(wh), steps, batch, units)
    },
    lstmBack({ gates, h, c }, wh, byH, byGates, byWh, { steps, batch, units }) {
      wasm.lstmBack(at(gates), at(h), at(c), at(wh), at(byH), at(byGates), at(byWh), steps, batch, units)
    },
    maxPool(x, out, steps, row, size) {
      wasm.maxPool(at(x), at(out), steps, row, size)
    },
    maxPoolBack(x, byOut, byX, steps, row, size) {
      wasm.maxPoolBack(at(x), at(byOut), at(byX), steps, row, size)
    },
    dropout(x, out, length, rate, seed) {
      wasm.dropout(at(x), at(out), length, Math.floor(rate * 4294967296), 1 / (1 - rate), seed)
    },
    sumOfSquares: (x, length) => wasm.sumOfSquares(at(x), length),
    adam(value, gradient, m, v, length, { rate, beta1, beta2, epsilon, step, scale }) {
      const unbiasedRate = rate / (1 - beta1 ** step)
      const root = 1 / Math.sqrt(1 - beta2 ** step)
      const means = [beta1, beta2, 1 - beta1, 1 - beta2]
      const tensors = [at(value), at(gradient), at(m), at(v)]
      wasm.adam(...tensors, length, ...means, unbiasedRate, root, epsilon, scale)
    }
  }
}

/** Tensors begin at multiples of 64 bytes, a line of the cache: a tensor takes up to 16 floats more than its length. */
export const aligned = (address: number) => (address + 63) & ~63

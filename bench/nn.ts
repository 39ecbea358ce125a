/**
 * Networks: an epoch of training, one forecast, a step of a small perceptron; beside PyTorch on one thread.
 *
 * Epochs are told in seconds of the processor, all threads of the process together (there is one that reckons on either
 * side), so that neighbours on the machine do not count.
 *
 * An epoch is 7,176 windows of 24 values in batches of 16 in shuffled order, Adam 0.01, mean squared error. GRU and LSTM
 * 2×64 with dropout 0.2 behind each; CNN two blocks of conv 64×3, ReLU, pool 2, dropout, then dense.
 */
import { type Random, random } from '../src/base/index.ts'
import {
  type Architecture,
  createNetwork,
  type KernelName,
  type LayerSpec,
  type Network,
  usableKernels
} from '../src/nn/index.ts'
import { type Bench, median, type Peer, times } from './bench.ts'
import { python } from './peers/python.ts'

const windows = 7176
const steps = 24
const batch = 16
const torch = 'torch==2.15.0'

const dropout: LayerSpec = { kind: 'dropout', rate: 0.2 }
const head: LayerSpec = { kind: 'dense', units: 1, activation: 'none' }
const recurrent = (layer: (sequence: boolean) => LayerSpec): Architecture => ({
  steps,
  inputs: 1,
  layers: [layer(true), dropout, layer(false), dropout, head]
})
const block: readonly LayerSpec[] = [
  { kind: 'conv', filters: 64, size: 3, dilation: 1, causal: false, activation: 'relu' },
  { kind: 'max-pool', size: 2 },
  dropout
]

const architectures = {
  gru: recurrent((sequence) => ({ kind: 'gru', units: 64, sequence, reset: 'after' })),
  lstm: recurrent((sequence) => ({ kind: 'lstm', units: 64, sequence })),
  cnn: { steps, inputs: 1, layers: [...block, ...block, { kind: 'flatten' }, head] }
} satisfies Record<string, Architecture>

/** A noisy day of five-minute steps, over and over. */
function load(): Float64Array {
  const rng = random(1, 'bench')
  return Float64Array.from(
    { length: windows + steps },
    (_, i) => 0.5 + 0.4 * Math.sin((i * 2 * Math.PI) / 288) + 0.02 * rng.normal()
  )
}

/** One pass over `count` windows in shuffled order; the mean loss. */
function epoch(network: Network, series: Float64Array, chance: Random, count: number): number {
  const order = Uint32Array.from({ length: windows }, (_, i) => i)
  for (let i = windows - 1; i > 0; i--) {
    const j = chance.integer(i + 1)
    ;[order[i], order[j]] = [order[j], order[i]]
  }
  const byOut = new Float32Array(batch)
  let loss = 0
  for (let from = 0; from < count; from += batch) {
    const samples = Math.min(batch, count - from)
    for (let j = 0; j < samples; j++) {
      for (let t = 0; t < steps; t++) network.input[t * samples + j] = series[order[from + j] + t]
    }
    network.zeroGradients()
    const y = network.forward(samples, chance)
    for (let j = 0; j < samples; j++) {
      const error = y[j] - series[order[from + j] + steps]
      loss += error * error
      byOut[j] = (2 * error) / samples
    }
    network.backward(byOut)
    network.adam({ rate: 0.01 })
  }
  return loss / count
}

function made(architecture: Architecture, kernels: KernelName, maxBatch = batch): Network {
  if (usableKernels(kernels) !== kernels) throw new Error(`${kernels} cannot run here`)
  return createNetwork(architecture, { kernels, maxBatch, rng: random(1, 'weights') })
}

/** Processor seconds of an epoch, after a tenth of one as warm-up. */
function epochBench(name: keyof typeof architectures, kernels: KernelName): Bench {
  let ready: { readonly network: Network; readonly series: Float64Array; readonly chance: Random } | undefined
  return {
    name: `${name} epoch, ${kernels}`,
    unit: 's CPU',
    higherIsBetter: false,
    ours() {
      if (!ready) {
        ready = { network: made(architectures[name], kernels), series: load(), chance: random(1, 'chance') }
        epoch(ready.network, ready.series, ready.chance, Math.floor(windows / 10))
      }
      const start = process.cpuUsage()
      const loss = epoch(ready.network, ready.series, ready.chance, windows)
      if (!(loss < 0.1)) throw new Error(`it does not learn: loss ${loss}`)
      const { user, system } = process.cpuUsage(start)
      return (user + system) / 1e6
    },
    peer: peer('torch-epoch.py', [name])
  }
}

const peer = (script: string, args: readonly string[]): Peer => ({
  name: 'PyTorch CPU, one thread',
  version: torch.slice('torch=='.length),
  run: () => python(script, [torch], args)
})

/** The median time of one forecast from one window, in microseconds. */
function forecastBench(name: keyof typeof architectures): Bench {
  let network: Network | undefined
  return {
    name: `one ${name} forecast`,
    unit: 'µs p50',
    higherIsBetter: false,
    ours() {
      network ??= made(architectures[name], 'simd', 1)
      const { forward } = network
      return 1000 * median([...times(() => forward(1), 2_000)])
    },
    peer: peer('torch-forecast.py', [name])
  }
}

/** Actor and critic of a PPO, 64×64 with tanh: forward, backward and Adam on a minibatch of 64. */
function perceptrons(kernels: KernelName): () => number {
  const hidden: LayerSpec = { kind: 'dense', units: 64, activation: 'tanh' }
  const of = (units: number): Architecture => ({
    steps: 1,
    inputs: 8,
    layers: [hidden, hidden, { kind: 'dense', units, activation: 'none' }]
  })
  const networks = [of(4), of(1)].map((it) => made(it, kernels, 64))
  const losses = networks.map((it) => new Float32Array(64 * it.outputs).fill(0.01))
  for (const { input } of networks) input.set(Float32Array.from(input, (_, i) => Math.sin(i)))
  const step = () => {
    for (const [i, network] of networks.entries()) {
      network.zeroGradients()
      network.forward(64)
      network.backward(losses[i])
      network.adam({ rate: 3e-4 })
    }
  }
  return () => 1000 * median([...times(step, 3_000)])
}

function perceptronBench(kernels: KernelName): Bench {
  let run: (() => number) | undefined
  return {
    name: `actor and critic 64×64, minibatch 64, ${kernels}`,
    unit: 'µs p50',
    higherIsBetter: false,
    ours() {
      run ??= perceptrons(kernels)
      return run()
    },
    peer: peer('torch-perceptrons.py', [])
  }
}

const benches: readonly Bench[] = [
  epochBench('gru', 'simd'),
  epochBench('gru', 'fma'),
  epochBench('lstm', 'simd'),
  epochBench('lstm', 'fma'),
  epochBench('cnn', 'simd'),
  epochBench('cnn', 'fma'),
  forecastBench('gru'),
  perceptronBench('simd'),
  perceptronBench('fma')
]
export default benches

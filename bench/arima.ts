/**
 * The search for an ARIMA without a season, p and q up to 3, on 9,000 points, beside statsforecast and pmdarima.
 *
 * Three series: an ARMA(2,1), a random walk of ARMA(1,1) steps, and a daily wave in noise that is no ARMA. d is given
 * (0, 1, 0), because likelihoods of other differences cannot be compared. Whoever found it, the AICc of a model is
 * computed here, by one exact likelihood at its own coefficients, and goes to stderr. pmdarima takes minutes: it is
 * asked for one series, once, and its one answer stands in every round.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { random } from '../src/base/index.ts'
import { autoArima } from '../src/forecast/arima/auto-arima.ts'
import { exactLikelihood } from '../src/forecast/arima/exact.ts'
import { modelOf } from '../src/forecast/arima/model.ts'
import { orderName } from '../src/forecast/arima/orders.ts'
import type { Bench, Peer } from './bench.ts'
import { growth } from './growth.ts'
import { python } from './peers/python.ts'

const steps = 9_000

interface Case {
  readonly name: string
  readonly d: number
  readonly values: (length: number) => Float64Array
}

function arma(length: number, phi: readonly number[], theta: readonly number[]): Float64Array {
  const rng = random(5, 'bench arima')
  const e = Float64Array.from({ length }, () => rng.normal())
  const w = new Float64Array(length)
  for (let t = 0; t < length; t++) {
    w[t] = e[t]
    for (let i = 0; i < phi.length && i < t; i++) w[t] += phi[i] * w[t - i - 1]
    for (let j = 0; j < theta.length && j < t; j++) w[t] += theta[j] * e[t - j - 1]
  }
  return w
}

const cases: readonly Case[] = [
  { name: 'ARMA(2,1)', d: 0, values: (n) => arma(n, [0.6, 0.25], [0.4]).map((w) => 500 + 10 * w) },
  {
    name: 'random walk',
    d: 1,
    values(n) {
      let level = 5_000
      return arma(n, [0.5], [-0.3]).map((w) => {
        level += w
        return level
      })
    }
  },
  {
    name: 'daily wave',
    d: 0,
    values: (n) => arma(n, [0.3], []).map((w, t) => 1_000 + 100 * Math.sin((2 * Math.PI * t) / 288) + 20 * w)
  }
]

const found = new Set<string>()
function tell(line: string): void {
  if (found.has(line)) return
  found.add(line)
  process.stderr.write(`${line}\n`)
}

function ours({ name, d, values }: Case): () => number {
  const y = values(steps)
  return () => {
    const start = performance.now()
    const model = autoArima(y, { fixed: { d } })
    const milliseconds = performance.now() - start
    tell(`  ${name}: ours ${orderName(model.orders)} AICc ${model.aicc.toFixed(2)}`)
    return milliseconds
  }
}

interface Found {
  readonly phi: readonly number[]
  readonly theta: readonly number[]
  readonly constant: boolean
}

function peerOf(name: 'statsforecast' | 'pmdarima', version: string, of: Case): Peer {
  const run = () => {
    const folder = mkdtempSync(join(tmpdir(), 'prescale-arima-'))
    try {
      const [input, output] = [join(folder, 'values.json'), join(folder, 'found.json')]
      const y = of.values(steps)
      writeFileSync(input, JSON.stringify([...y]))
      const milliseconds = python(
        'auto-arima.py',
        [`${name}==${version}`],
        [name, input, String(of.d), output]
      )
      const { phi, theta, constant }: Found = JSON.parse(readFileSync(output, 'utf8'))
      const orders = { p: phi.length, d: of.d, q: theta.length, P: 0, D: 0, Q: 0, m: 0, constant }
      const coefficients = { phi, theta, seasonalPhi: [], seasonalTheta: [], constant: 0 }
      const { aicc } = modelOf(exactLikelihood(y, orders, coefficients), 'exact', 1)
      tell(`  ${of.name}: ${name} ${orderName(orders)} AICc ${aicc.toFixed(2)}`)
      return milliseconds
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
  let once: number | undefined
  return {
    name,
    version,
    run() {
      if (name === 'statsforecast') return run()
      once ??= run()
      return once
    }
  }
}

const bench = (of: Case, peer: Peer): Bench => ({
  name: `autoArima 9,000 points, ${of.name}, beside ${peer.name}`,
  unit: 'ms',
  higherIsBetter: false,
  ours: ours(of),
  peer
})

const benches: readonly Bench[] = [
  ...cases.map((of) => bench(of, peerOf('statsforecast', '2.1.1', of))),
  bench(cases[0], peerOf('pmdarima', '2.1.1', cases[0])),
  growth('autoArima, steps', [1_000, 2_000, 4_000, 8_000, 16_000], (length) => {
    const y = cases[0].values(length)
    return () => void autoArima(y, { fixed: { d: 0 } })
  }),
  growth('autoArima with a day of minutes, steps', [4_000, 8_000, 16_000], (length) => {
    const y = arma(length, [0.6], []).map((w, t) => 100 + 30 * Math.sin((2 * Math.PI * t) / 1_440) + w)
    return () => void autoArima(y, { season: 1_440 })
  })
]
export default benches

/**
 * One decision of `mpc`: p99 at the size the issue names, and medians along both of its sizes, which must grow in
 * proportion. The peer of the last one is the same programme written down plainly, O(levels²) a step.
 */
import { series } from '../src/base/index.ts'
import { mpc } from '../src/decide/mpc.ts'
import { cheapestPath, type Problem } from '../src/decide/mpc-plan.ts'
import type { Observation } from '../src/roles.ts'
import { type Bench, times } from './bench.ts'

const calls = 500
const levels = ['0.05', '0.1', '0.25', '0.5', '0.75', '0.9', '0.95', '0.975', '0.99']

/** A load that needs up to `most` units somewhere in the next `steps` minutes. */
function seenBy(steps: number, most: number, i: number): Observation {
  const unitRate = 10
  const wave = (h: number) => most * unitRate * (0.55 + 0.3 * Math.sin((h + i) / 5))
  const rows = levels.map((level) =>
    Float64Array.from({ length: steps }, (_, h) => wave(h) * (0.8 + 0.4 * Number(level)))
  )
  return {
    nowMs: 3_600_000,
    load: series(
      15_000,
      Float64Array.from({ length: 240 }, (_, h) => wave(h / 4 - 60))
    ),
    capacity: {
      ready: { unit: Math.round(most * 0.6) },
      starting: [{ resource: 'unit', units: 2, readyAtMs: 3_630_000 }]
    },
    metrics: { queue: { value: 5, quality: 'ok' }, latency: { value: 60, quality: 'ok' } },
    forecast: {
      startMs: 3_600_000,
      stepMs: 60_000,
      mean: rows[3],
      quantiles: Object.fromEntries(levels.map((level, l) => [level, rows[l]])),
      by: { model: 'bench', version: '1', trainedUntilMs: 0 }
    },
    service: { unitRate, leadTimeMs: { p50: 180_000, p90: 180_000 }, restartMs: { p50: 5_000, p90: 9_000 } },
    slo: { latencyMs: 220 }
  }
}

function decisions(steps: number, most: number): Float64Array {
  const policy = mpc({ horizon: steps })
  const memory = policy.initial()
  const seen = Array.from({ length: 20 }, (_, i) => seenBy(steps, most, i))
  return times((i) => void policy.decide(seen[i % seen.length], memory), calls)
}

const of = (steps: number, most: number): Bench => ({
  name: `mpc ${steps} steps × ${most} levels`,
  unit: 'ms median',
  higherIsBetter: false,
  ours: () => decisions(steps, most)[calls >> 1]
})

function problem(steps: number, count: number): Problem {
  const stage = Float64Array.from({ length: steps * count }, (_, j) => {
    const [t, n] = [Math.floor(j / count), j % count]
    return n + 100 * Math.exp(-Math.max(0, n - count * (0.4 + 0.3 * Math.sin(t / 5))))
  })
  const up = new Float64Array(steps).fill(3)
  return { steps, least: 0, levels: count, stage, up, cap: new Float64Array(steps).fill(count), from: 1 }
}

/** V[t](r) by looking at every level from every level. */
function plainly({ steps, levels: n, stage, up, from }: Problem): number {
  let value = new Float64Array(n)
  for (let t = steps - 1; t >= 0; t--) {
    const next = new Float64Array(n).fill(Infinity)
    for (let r = 0; r < n; r++) {
      for (let q = 0; q < n; q++) {
        const cost = stage[t * n + q] + value[q] + up[t] * Math.max(0, q - r)
        if (cost < next[r]) next[r] = cost
      }
    }
    value = next
  }
  return value[from]
}

const benches: Bench[] = [
  {
    name: 'mpc decision, 60 steps × 200 levels, p99',
    unit: 'ms p99',
    higherIsBetter: false,
    ours: () => decisions(60, 200)[Math.floor(0.99 * calls)]
  },
  of(60, 50),
  of(60, 100),
  of(60, 400),
  of(30, 200),
  of(120, 200),
  {
    name: 'mpc programme alone, 60 × 200',
    unit: 'ms median',
    higherIsBetter: false,
    ours: () => times(() => void cheapestPath(problem(60, 200)), 100)[50],
    peer: {
      name: 'every level from every level',
      version: 'this file',
      run: () => times(() => void plainly(problem(60, 200)), 20)[10]
    }
  }
]

export default benches

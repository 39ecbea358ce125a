/**
 * Growth: time against size, and the exponent p of the line through it, time ∝ size^p. 1 is linear.
 *
 * Each size is measured several times in turn with the others and the fastest time counts, so that a busy machine does
 * not bend the line. The table behind each exponent goes to stderr.
 */
import { random } from '../src/base/index.ts'
import { table } from '../src/cli/output.ts'
import { cheapestPath, type Problem } from '../src/decide/mpc-plan.ts'
import { service } from '../src/sim/service.ts'
import { stream } from '../src/sim/stream.ts'
import type { Bench } from './bench.ts'

const ROUNDS = 15

/** Exponent of the least-squares line through (log size, log time). */
export function exponent(sizes: readonly number[], times: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length
  const [xs, ys] = [sizes.map(Math.log), times.map(Math.log)]
  const [x, y] = [mean(xs), mean(ys)]
  const covariance = xs.reduce((sum, one, i) => sum + (one - x) * (ys[i] - y), 0)
  return covariance / xs.reduce((sum, one) => sum + (one - x) ** 2, 0)
}

/** `prepare` makes the work of a size ready; the value is the exponent of its time. */
export function growth(name: string, sizes: readonly number[], prepare: (size: number) => () => void): Bench {
  const ours = () => {
    const works = sizes.map(prepare)
    const best = sizes.map(() => Infinity)
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [i, work] of works.entries()) {
        const start = performance.now()
        work()
        // The first round warms up.
        if (round > 0) best[i] = Math.min(best[i], performance.now() - start)
      }
    }
    const rows = sizes.map((size, i) => ({ size, ms: best[i], 'ms per 1,000': (1_000 * best[i]) / size }))
    process.stderr.write(`${table(rows)}\n`)
    return exponent(sizes, best)
  }
  return { name: `growth ${name}`, unit: 'exponent', higherIsBetter: false, ours }
}

function serviceSteps(steps: number): () => void {
  const world = service({ unitRate: 53, initialUnits: 20, leadTime: { p50Ms: 120_000, p90Ms: 180_000 } })
  const rng = random(1, 'growth')
  const arrivals = Float64Array.from({ length: steps }, () => rng.poisson(12_000))
  return () => {
    let state = world.initial(7)
    for (let i = 0; i < steps; i++) {
      state = world.transition(state, { unit: 19 + ((i >> 5) % 3) }, arrivals[i])
    }
  }
}

function streamOperators(operators: number): () => void {
  const ids = Array.from({ length: operators }, (_, i) => `operator-${i}`)
  const rate = { kind: 'exponential', at0: 12_000, perHour: -0.0145 } as const
  const world = stream({ operators: ids.map((id) => ({ id, rate, parallelism: 12 })) })
  const action = Object.fromEntries(ids.map((id) => [id, 13]))
  return () => {
    let state = world.initial(7)
    for (let i = 0; i < 4_000; i++) {
      state = world.transition(state, action, 140_000 * (0.75 + 0.3 * Math.sin(i / 500)))
    }
  }
}

/** The programme inside `mpc`: as many levels, or as many steps. */
function plan(steps: number, count: number): () => void {
  const stage = Float64Array.from({ length: steps * count }, (_, j) => {
    const [t, n] = [Math.floor(j / count), j % count]
    return n + 100 * Math.exp(-Math.max(0, n - count * (0.4 + 0.3 * Math.sin(t / 5))))
  })
  const filled = (value: number) => new Float64Array(steps).fill(value)
  const problem: Problem = {
    steps,
    least: 0,
    levels: count,
    stage,
    up: filled(3),
    cap: filled(count),
    from: 1
  }
  return () => {
    for (let i = 0; i < 20; i++) cheapestPath(problem)
  }
}

const benches: readonly Bench[] = [
  growth('service world, steps', [25_000, 50_000, 100_000, 200_000, 400_000], serviceSteps),
  growth('stream world, operators', [5, 10, 20, 40, 80], streamOperators),
  growth('mpc programme, levels', [100, 200, 400, 800, 1_600], (levels) => plan(60, levels)),
  growth('mpc programme, steps', [30, 60, 120, 240, 480], (steps) => plan(steps, 200))
]
export default benches

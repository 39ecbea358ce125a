/** Steps of the service world, alone and with what a policy sees at every step. */
import { random } from '../src/base/index.ts'
import { service } from '../src/sim/service.ts'
import { type Bench, perSecond } from './bench.ts'

const steps = 100_000

/** A load between 20 % and 110 % of what 20 units serve, so that both regimes of the queue are passed; rescales now and then. */
function runs(unitRate: number, look: boolean): () => number {
  const world = service({ unitRate, initialUnits: 20, leadTime: { p50Ms: 120_000, p90Ms: 180_000 } })
  const rng = random(1, 'bench')
  const mean = (i: number) => 20 * unitRate * 15 * (0.65 + 0.45 * Math.sin(i / 500))
  const arrivals = Float64Array.from({ length: steps }, (_, i) => rng.poisson(mean(i)))
  return () => {
    let state = world.initial(7)
    let seen = 0
    for (let i = 0; i < steps; i++) {
      if (look) seen += world.observe(state).metrics?.cpu.ageMs ?? 0
      state = world.transition(state, { unit: 20 + ((i >> 5) % 3) }, arrivals[i])
      seen += world.outcome(state).missed
    }
    return Number.isNaN(seen) ? 0 : steps
  }
}

function bench(name: string, unitRate: number, look: boolean): Bench {
  let run: (() => number) | undefined
  const ours = () => {
    run ??= runs(unitRate, look)
    return perSecond(run)
  }
  return { name, unit: 'steps/s', higherIsBetter: true, ours }
}

const benches: readonly Bench[] = [
  bench('service-world steps', 53, false),
  bench('service-world steps, observed', 53, true),
  bench('service-world steps, 10,000 servers', 10_000, false)
]
export default benches

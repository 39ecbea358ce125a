/** Steps of the service world, alone and with what a policy sees at every step. */
import { random } from '../src/base/index.ts'
import { service } from '../src/sim/service.ts'
import { type Bench, perSecond } from './bench.ts'

/** 20 units of 3 servers, a load between 20 % and 110 % of what they serve: both regimes of the queue. */
const world = service({ unitRate: 53, initialUnits: 20, leadTime: { p50Ms: 120_000, p90Ms: 180_000 } })
const steps = 100_000
const arrivals = demand()

function demand(): Float64Array {
  const rng = random(1, 'bench')
  const mean = (i: number) => 20 * 53 * 15 * (0.65 + 0.45 * Math.sin(i / 500))
  return Float64Array.from({ length: steps }, (_, i) => rng.poisson(mean(i)))
}

/** Rescales now and then, as a policy would. */
function run(look: boolean): number {
  let state = world.initial(7)
  let seen = 0
  for (let i = 0; i < steps; i++) {
    if (look) seen += world.observe(state).metrics?.cpu.ageMs ?? 0
    state = world.transition(state, { unit: 20 + ((i >> 5) % 3) }, arrivals[i])
    seen += world.outcome(state).missed
  }
  return Number.isNaN(seen) ? 0 : steps
}

const benches: readonly Bench[] = [
  {
    name: 'service-world steps',
    unit: 'steps/s',
    higherIsBetter: true,
    ours: () => perSecond(() => run(false))
  },
  {
    name: 'service-world steps, observed',
    unit: 'steps/s',
    higherIsBetter: true,
    ours: () => perSecond(() => run(true))
  }
]
export default benches

/** Steps of the stream world: one operator as in a closed loop, five as a job, and ten to forty to show that growth is linear. */
import { stream } from '../src/sim/stream.ts'
import { type Bench, perSecond } from './bench.ts'

const steps = 60_000

/** A chain that is rescaled and fails now and then; the load passes 40 % to 110 % of the middle operator's capacity. */
function runs(operators: number, look: boolean): () => number {
  const ids = Array.from({ length: operators }, (_, i) => `operator-${i}`)
  const world = stream({
    operators: ids.map((id, i) => ({
      id,
      rate: { kind: 'exponential', at0: 12_000 + 100 * i, perHour: -0.0145 },
      parallelism: 12
    })),
    outages: { failures: Array.from({ length: 20 }, (_, k) => 1_000_000 + k * 2_700_000) }
  })
  const actions = [12, 13, 14].map((units) => Object.fromEntries(ids.map((id) => [id, units])))
  return () => {
    let state = world.initial(7)
    let seen = 0
    for (let i = 0; i < steps; i++) {
      if (look && i % 15 === 0) seen += world.observe(state).metrics?.lag.ageMs ?? 0
      state = world.transition(state, actions[(i >> 9) % 3], 144_000 * (0.75 + 0.35 * Math.sin(i / 500)))
      seen += world.outcome(state).missed
    }
    return Number.isNaN(seen) ? 0 : steps
  }
}

function bench(name: string, operators: number, look = false): Bench {
  let run: (() => number) | undefined
  const ours = () => {
    run ??= runs(operators, look)
    return perSecond(run)
  }
  return { name, unit: 'steps/s', higherIsBetter: true, ours }
}

const benches: readonly Bench[] = [
  bench('stream-world steps, 1 operator', 1),
  bench('stream-world steps, 5 operators', 5),
  bench('stream-world steps, 5 operators, observed every 15', 5, true),
  bench('stream-world steps, 10 operators', 10),
  bench('stream-world steps, 20 operators', 20),
  bench('stream-world steps, 40 operators', 40)
]
export default benches

/** Policies in one of the three worlds, through the same `rehearse` as everywhere: no history, they learn as they run. */
import { MINUTE, SECOND, type Series, series } from '../../../src/base/index.ts'
import { mindOf, parsePolicies } from '../../../src/compare/policy-spec.ts'
import { type Fate, live, rehearse } from '../../../src/compare/rehearse.ts'
import { type ForecasterEntry, forecasters } from '../../../src/forecast/index.ts'
import { type OutageConfig, type OverTime, stream } from '../../../src/sim/index.ts'
import { carsWorld, JOB, SLO_MS } from '../worlds.ts'
import { newSeconds, note, type Score, type Seconds, score } from './score.ts'

/** All recorded runs began with 24 slots. */
const INITIAL = 24
const MOST = 24
/** Minutes ahead: a rescale pays itself back over the next hour or not at all. */
const HORIZON = 60

export interface PolicyScore extends Score {
  readonly label: string
}

/** `policies`: what each is called in the table, and how it is written on the command line. */
export function runPolicies(
  policies: Readonly<Record<string, string>>,
  forecast: string,
  load: Series,
  rate: OverTime,
  outages: OutageConfig,
  progress: (line: string) => void
): PolicyScore[] {
  const minds = Object.entries(policies).map(([label, text]) => {
    const [{ name, options }] = parsePolicies(text)
    return mindOf(name, options, forecast, label)
  })
  // Worlds are opened in the order of the minds; each writes its own seconds, downtime included.
  const written: Seconds[] = []
  const fate: Fate = {
    seed: 1,
    stepMs: SECOND,
    startMs: 0,
    warmupSteps: 0,
    demand: load.values.map(Math.round),
    history: series(MINUTE, []),
    horizon: HORIZON,
    initial: { [JOB]: INITIAL },
    bounds: { [JOB]: { min: 1, max: MOST } },
    slo: { latencyMs: SLO_MS },
    price: { unitHour: 1 },
    // Slots are at hand in these worlds, and everybody knows that.
    priors: { leadTimeMs: { p50: 0, p90: 0 } },
    target: 'cars',
    open(units = { [JOB]: INITIAL }) {
      const world = live(stream(carsWorld(rate, units[JOB], outages)), 1)
      const seconds = newSeconds(load.values.length)
      written.push(seconds)
      return {
        observe: world.observe,
        step(wanted, arrivals) {
          const outcome = world.step(wanted, arrivals)
          note(seconds, outcome)
          return outcome
        }
      }
    }
  }
  const { make } = (forecasters as Readonly<Record<string, ForecasterEntry>>)[forecast]
  rehearse(
    fate,
    minds,
    { [forecast]: make() },
    {
      progress: (step, of) => progress(`policies: ${Math.round((100 * step) / of)} %`)
    }
  )
  return minds.map(({ label }, i) => ({ label, ...score(written[i]) }))
}

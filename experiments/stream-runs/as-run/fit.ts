/**
 * Outage, replay and warm-up from recorded runs, at a given capacity per slot.
 *
 *   minimise  Σ over kinds of events (late′/late − 1)²  +  Σ over runs (share′/share − 1)² + (mean′/mean − 1)²
 *
 * late: seconds with the gauge over the SLO after one event, mean over the events of that kind; share of late bins
 * and mean latency of each run; ′ = simulated.
 * Nelder–Mead on the logarithms, so that nothing becomes negative.
 */
import { SECOND } from '../../../src/base/index.ts'
import { nelderMead } from '../../../src/math/index.ts'
import type { OutageConfig, OverTime } from '../../../src/sim/index.ts'
import { BIN_S, FAILURES_MS, type RecordedRun, RUN_S, SLO_MS } from '../worlds.ts'
import { type Bins, lateness, type Rescale, replay } from './replay.ts'

/** Seconds: all that is fitted. */
export interface Stops {
  readonly up: number
  readonly down: number
  readonly failure: number
  readonly replay: number
  readonly warmUp: number
}

export function outagesOf(stops: Stops): OutageConfig {
  return {
    rescaleUpMs: stops.up * SECOND,
    rescaleDownMs: stops.down * SECOND,
    failureMs: stops.failure * SECOND,
    failures: FAILURES_MS,
    replay: { kind: 'fixed', ms: stops.replay * SECOND },
    warmUp: { ms: stops.warmUp * SECOND }
  }
}

export interface Material {
  readonly run: RecordedRun
  readonly rescales: readonly Rescale[]
}

/** One kind of event of one run, with what followed each of them. */
interface Kind {
  readonly name: string
  readonly run: number
  readonly windows: readonly (readonly [number, number])[]
}

const WATCH_S = 150

export function kindsOf(material: readonly Material[]): Kind[] {
  return material.flatMap(({ run, rescales }, i) => {
    const failures = FAILURES_MS.map((ms) => ms / SECOND)
    const all = [...failures, ...rescales.map((rescale) => rescale.atS)].sort((a, b) => a - b)
    const windows = (times: readonly number[]) =>
      times.map((atS) => {
        const next = all.find((other) => other > atS) ?? RUN_S
        return [Math.floor(atS / BIN_S), Math.ceil(Math.min(atS + WATCH_S, next, RUN_S) / BIN_S)] as const
      })
    const ups = rescales.filter(({ from, to }) => to >= from).map((rescale) => rescale.atS)
    const downs = rescales.filter(({ from, to }) => to < from).map((rescale) => rescale.atS)
    return [
      { name: `${run.name} failure`, run: i, windows: windows(failures) },
      { name: `${run.name} up`, run: i, windows: windows(ups) },
      { name: `${run.name} down`, run: i, windows: windows(downs) }
    ].filter((kind) => kind.windows.length > 0)
  })
}

export interface AfterEvent {
  readonly kind: string
  readonly events: number
  readonly lateS: number
}

export function afterEvents(kind: Kind, { latencyMs }: Bins): AfterEvent {
  let late = 0
  for (const [from, to] of kind.windows) {
    for (let bin = from; bin < to; bin++) {
      if (latencyMs[bin] > SLO_MS) late += BIN_S
    }
  }
  const events = kind.windows.length
  return { kind: kind.name, events, lateS: late / events }
}

export function fitStops(
  material: readonly Material[],
  load: Float64Array,
  rate: OverTime,
  start: Stops,
  maxEvaluations: number,
  progress: (line: string) => void = () => {}
): { readonly stops: Stops; readonly loss: number } {
  const kinds = kindsOf(material)
  const measured = kinds.map((kind) => afterEvents(kind, material[kind.run].run))
  const read = (x: readonly number[]): Stops => {
    const [up, down, failure, replayed, warmUp] = x.map(Math.exp)
    return { up, down, failure, replay: replayed, warmUp }
  }
  let tries = 0
  const loss = (x: readonly number[]) => {
    progress(`fit ${++tries} of ${maxEvaluations}`)
    const bins = material.map(({ run, rescales }) => replay(run, rescales, load, rate, outagesOf(read(x))))
    const late = kinds.map((kind, i) => afterEvents(kind, bins[kind.run]).lateS / measured[i].lateS)
    const mean = bins.map((own, i) => lateness(own).meanLatencyS / lateness(material[i].run).meanLatencyS)
    const share = bins.map((own, i) => lateness(own).lateShare / lateness(material[i].run).lateShare)
    return [...late, ...share, ...mean].reduce((sum, ratio) => sum + (ratio - 1) ** 2, 0)
  }
  const best = nelderMead(
    loss,
    [start.up, start.down, start.failure, start.replay, start.warmUp].map(Math.log),
    { step: 0.2, maxEvaluations, tolerance: 1e-4 }
  )
  return { stops: read(best.x), loss: best.value }
}

/** Stops of its own for one run: the same pause for every rescale, growing by the hour as state grows, and a warm-up. */
export interface OwnPause {
  readonly at0: number
  readonly perHour: number
  readonly warmUp: number
}

export function withOwnPause(stops: Stops, { at0, perHour, warmUp }: OwnPause): OutageConfig {
  const pause = { kind: 'linear', at0: at0 * SECOND, perHour } as const
  return { ...outagesOf({ ...stops, warmUp }), rescaleUpMs: pause, rescaleDownMs: pause }
}

/** The pause that gives the run its late share, mean latency, and late share of the last third. */
export function fitOwnPause(
  { run, rescales }: Material,
  load: Float64Array,
  rate: OverTime,
  stops: Stops,
  maxEvaluations: number,
  progress: (line: string) => void = () => {}
): OwnPause {
  const lastThird = (bins: Bins): Bins => ({
    latencyMs: bins.latencyMs.subarray(Math.floor((2 * bins.latencyMs.length) / 3)),
    lag: bins.lag
  })
  const numbers = (bins: Bins) => {
    const whole = lateness(bins)
    return [whole.lateShare, whole.meanLatencyS, lateness(lastThird(bins)).lateShare]
  }
  const measured = numbers(run)
  const read = ([logAt0, perHour, logWarmUp]: readonly number[]): OwnPause => ({
    at0: Math.exp(logAt0),
    perHour,
    warmUp: Math.exp(logWarmUp)
  })
  let tries = 0
  const loss = (x: readonly number[]) => {
    progress(`own pause of ${run.name} ${++tries} of ${maxEvaluations}`)
    const own = read(x)
    if (own.perHour < 0 || own.perHour > 1) return Infinity
    const ours = numbers(replay(run, rescales, load, rate, withOwnPause(stops, own)))
    return ours.reduce((sum, value, i) => sum + (value / measured[i] - 1) ** 2, 0)
  }
  const best = nelderMead(loss, [Math.log(60), 0.04, Math.log(stops.warmUp)], {
    step: [0.4, 0.03, 0.5],
    maxEvaluations,
    tolerance: 1e-4
  })
  return read(best.x)
}

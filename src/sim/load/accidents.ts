/**
 * Accidents — a city's sensors: a load that keeps coming back to its base, until an accident makes one street loud.
 *
 *   street s, expected:  share_s · base · (1 + x(t)) + precursors and jams + Σ height · shape(t − onset)
 *   dx = −x dt/τ + σ √(2/τ) dW                    reverting noise (Ornstein and Uhlenbeck), the same for all streets
 *   counted: n ≈ Poisson(expected · step)         total = Σ streets, whole messages
 *
 * An accident is first seen by the sensors of its own street: 45–120 s before its video and lidar reach the cloud, cars brake and
 * queue there and the street's rate is 1.6 to 3 times its own. In the total that drowns in the noise, so only a gateway, which sees
 * streets, can know. 10 % of the accidents have no such precursor, and a jam looks like one and leads to nothing.
 * `shape` is that of `burst.ts`: onset, hold, decay. Nothing here depends on what anybody decides.
 */
import {
  DAY,
  MINUTE,
  type Random,
  random,
  requireOption,
  SECOND,
  type Series,
  series
} from '../../base/index.ts'
import {
  type AccidentOptions,
  type AccidentSettings,
  accidentOptions,
  type Redraw,
  type ScheduledAccident
} from './accidents-options.ts'
import { type Burst, burstRates, type Range } from './burst.ts'

/** What really happened. Times are those of the load. */
export interface Accident {
  readonly street: number
  /** From here on its street shows it; null: no sensor did. */
  readonly precursorMs: number | null
  /** From here on the total rises. */
  readonly onsetMs: number
  /** It has faded to a twentieth. */
  readonly endMs: number
  /** Messages per second on top while it holds. */
  readonly height: number
}

export interface Jam {
  readonly street: number
  readonly fromMs: number
  readonly untilMs: number
}

export interface AccidentLoad {
  /** What the cloud sees, messages/s. */
  readonly total: Series
  /** What the gateway sees, messages/s of each street. Their sum over a step is the total's. */
  readonly streets: readonly Series[]
  readonly accidents: readonly Accident[]
  readonly jams: readonly Jam[]
}

const UNIT = 'messages/s'
/** Times of 1/e until a burst is a twentieth of itself. */
const FADED = 3
/** Cars brake within this time. */
const BRAKING_MS = 10 * SECOND
/** A queue of cars dissolves with this time constant. */
const DISSOLVING_MS = 20 * SECOND
/** Between two accidents at least the longest precursor, so that one is never seen in the other. */
const APART_MS = 2 * MINUTE
const jamMs: Range = [30 * SECOND, 2 * MINUTE]

/** The load of one seed with its ground truth. Throws `BAD_OPTION` for amounts that cannot be. */
export function accidents(given: AccidentOptions, seed: number): AccidentLoad {
  const options = accidentOptions(given)
  const { durationMs, startMs, stepMs, gatewayStepMs, streets, base } = options
  const shares = streetShares(streets, seed)
  const happened =
    options.schedule === undefined
      ? drawnAccidents(options, seed)
      : options.schedule.map((each) => scheduled(each, streets))
  const jams = options.schedule === undefined ? drawnJams(options, seed) : []
  const steps = Math.floor(durationMs / stepMs)
  const parts = stepMs / gatewayStepMs
  const count = steps * parts
  const usual = revertingNoise(options, count, seed)
  const total = new Float64Array(steps)
  const perStreet = shares.map((share, street) => {
    const own = share * base
    const bursts = [
      ...happened.filter((each) => each.street === street).flatMap((each) => burstsOf(each, own, base)),
      ...jams.filter((each) => each.street === street).map((each) => jamBurst(each, own))
    ]
    const extra =
      bursts.length === 0
        ? undefined
        : burstRates({ durationMs: count * gatewayStepMs, stepMs: gatewayStepMs, base: 0, bursts }).values
    const chance = chanceOf(seed, options.redraw, gatewayStepMs, 'street', street)
    return countedStreet(own, usual, extra, chance, gatewayStepMs, parts, total)
  })
  for (let i = 0; i < steps; i++) total[i] = (total[i] * SECOND) / stepMs
  return {
    total: series(stepMs, total, { startMs, unit: UNIT }),
    streets: perStreet.map((values) => series(gatewayStepMs, values, { startMs, unit: UNIT })),
    accidents: happened.map(({ street, leadMs, atMs, onsetMs, holdMs, decayMs, peak }) => ({
      street,
      precursorMs: leadMs === null ? null : startMs + atMs - leadMs,
      onsetMs: startMs + atMs,
      endMs: startMs + atMs + onsetMs + holdMs + FADED * decayMs,
      height: (peak - 1) * base
    })),
    jams: jams.map(({ street, atMs, forMs }) => ({
      street,
      fromMs: startMs + atMs,
      untilMs: startMs + atMs + forMs
    }))
  }
}

type Planned = Required<ScheduledAccident>

/** Streets differ: the busiest has three times the sensors of the quietest. */
function streetShares(streets: number, seed: number): number[] {
  const rng = random(seed, 'shares')
  const weights = Array.from({ length: streets }, () => 0.5 + rng.next())
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.map((weight) => weight / sum)
}

function drawnAccidents(options: AccidentSettings, seed: number): Planned[] {
  const { redraw, quietMs, leadMs } = options
  const first = accidentsFrom(options, Math.max(quietMs, 0) + leadMs[1], random(seed, 'accidents'))
  if (redraw === undefined) return first
  const begun = (one: Planned) => one.atMs - (one.leadMs ?? 0) < redraw.fromMs
  const kept = first.filter(begun)
  const last = kept.at(-1)
  const from = Math.max(redraw.fromMs, last === undefined ? 0 : nextFrom(last, options))
  const other = accidentsFrom(options, from, random(redraw.seed, 'accidents'))
  // Nobody saw a precursor yet.
  return [...kept, ...other.filter((one) => !begun(one))]
}

/** One behind the other until the end of the load. */
function accidentsFrom(options: AccidentSettings, fromMs: number, rng: Random): Planned[] {
  const { durationMs, perDay } = options
  const drawn: Planned[] = []
  if (perDay === 0) return drawn
  for (let from = fromMs; ; ) {
    const atMs = from + (rng.exponential() * DAY) / perDay
    if (atMs >= durationMs) return drawn
    const one = {
      atMs,
      street: rng.integer(options.streets),
      leadMs: rng.next() < options.withoutPrecursor ? null : between(rng, options.leadMs),
      peak: between(rng, options.peak),
      onsetMs: between(rng, options.onsetMs),
      holdMs: between(rng, options.holdMs),
      decayMs: between(rng, options.decayMs),
      lift: between(rng, options.lift)
    }
    drawn.push(one)
    from = nextFrom(one, options)
  }
}

/** When the next accident begins to be drawn. */
function nextFrom({ atMs, onsetMs, holdMs, decayMs }: Planned, { leadMs }: AccidentSettings): number {
  return atMs + onsetMs + holdMs + FADED * decayMs + Math.max(APART_MS, leadMs[1])
}

function scheduled(given: ScheduledAccident, streets: number): Planned {
  const { street = 0, leadMs, atMs } = given
  requireOption(
    Number.isInteger(street) && street >= 0 && street < streets,
    'schedule.street',
    street,
    `a street from 0 to ${streets - 1}`
  )
  requireOption(
    leadMs === null || (leadMs >= 0 && leadMs <= atMs),
    'schedule.leadMs',
    leadMs,
    `null, or a duration up to the onset at ${atMs} ms`
  )
  return {
    peak: 4,
    onsetMs: 5 * SECOND,
    holdMs: 5 * MINUTE,
    decayMs: MINUTE,
    lift: 2.5,
    ...given,
    street,
    leadMs
  }
}

interface PlannedJam {
  readonly street: number
  readonly atMs: number
  readonly forMs: number
  readonly lift: number
}

function drawnJams(options: AccidentSettings, seed: number): PlannedJam[] {
  const { redraw, quietMs } = options
  const first = jamsFrom(options, quietMs, random(seed, 'jams'))
  if (redraw === undefined) return first
  const { fromMs } = redraw
  const kept = first.filter(({ atMs }) => atMs < fromMs)
  return [...kept, ...jamsFrom(options, Math.max(fromMs, quietMs), random(redraw.seed, 'jams'))]
}

function jamsFrom(
  { durationMs, jamsPerDay, jamLift, streets }: AccidentSettings,
  fromMs: number,
  rng: Random
): PlannedJam[] {
  const drawn: PlannedJam[] = []
  if (jamsPerDay === 0) return drawn
  for (let atMs = fromMs; ; ) {
    atMs += (rng.exponential() * DAY) / jamsPerDay
    if (atMs >= durationMs) return drawn
    const forMs = between(rng, jamMs)
    drawn.push({ street: rng.integer(streets), atMs, forMs, lift: between(rng, jamLift) })
  }
}

function burstsOf(
  { atMs, leadMs, peak, onsetMs, holdMs, decayMs, lift }: Planned,
  own: number,
  base: number
): Burst[] {
  const burst = { atMs, height: (peak - 1) * base, onsetMs, holdMs, decayMs }
  if (leadMs === null) return [burst]
  // The cars stay where they are until the accident is over.
  return [queued(atMs - leadMs, leadMs + onsetMs + holdMs, (lift - 1) * own), burst]
}

function jamBurst({ atMs, forMs, lift }: PlannedJam, own: number): Burst {
  return queued(atMs, forMs, (lift - 1) * own)
}

function queued(atMs: number, forMs: number, height: number): Burst {
  const onsetMs = Math.min(BRAKING_MS, forMs)
  return { atMs, height, onsetMs, holdMs: forMs - onsetMs, decayMs: DISSOLVING_MS }
}

/** 1 + x at every gateway step, never below a half. */
function revertingNoise(
  { noise, noiseTimeMs, gatewayStepMs, redraw }: AccidentSettings,
  count: number,
  seed: number
): Float64Array {
  const rng = chanceOf(seed, redraw, gatewayStepMs, 'base')
  const keeps = Math.exp(-gatewayStepMs / noiseTimeMs)
  const moves = noise * Math.sqrt(1 - keeps * keeps)
  let x = noise * rng(0).normal()
  return new Float64Array(count).map((_, i) => {
    x = keeps * x + moves * rng(i).normal()
    return Math.max(0.5, 1 + x)
  })
}

/** Whose luck a gateway step has. */
function chanceOf(
  seed: number,
  redraw: Redraw | undefined,
  stepMs: number,
  ...path: (string | number)[]
): (step: number) => Random {
  const own = random(seed, ...path)
  if (redraw === undefined) return () => own
  const other = random(redraw.seed, ...path)
  return (step) => (step * stepMs < redraw.fromMs ? own : other)
}

/** Rates of one street; its messages are added to the total of the step they belong to. */
function countedStreet(
  own: number,
  usual: Float64Array,
  extra: Float64Array | undefined,
  chance: (step: number) => Random,
  stepMs: number,
  parts: number,
  total: Float64Array
): Float64Array {
  const seconds = stepMs / SECOND
  const rates = new Float64Array(usual.length)
  for (let i = 0; i < rates.length; i++) {
    const expected = (own * usual[i] + (extra === undefined ? 0 : extra[i])) * seconds
    const messages = counted(expected, chance(i))
    rates[i] = messages / seconds
    total[Math.floor(i / parts)] += messages
  }
  return rates
}

/** Poisson; from 30 on as a normal that is rounded, which is a percent off in the tails and ten times as fast. */
function counted(mean: number, rng: Random): number {
  if (mean < 30) return rng.poisson(mean)
  return Math.max(0, Math.round(mean + Math.sqrt(mean) * rng.normal()))
}

function between(rng: Random, [lowest, highest]: Range): number {
  return lowest + rng.next() * (highest - lowest)
}

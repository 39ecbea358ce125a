/**
 * Cycle — the clock that repeats the turn of one target: watch, decide, record, command.
 *
 *   sources → view ─┐                 every `intervalMs`, and at once when a reading is reason to
 *                   ├→ observation → decideTurn → keep (intent on disk) → command
 *   forecast desk ──┘
 *
 * An alarm waits for nothing but the turn that is under way, which it makes hurry, and an empty bucket after several alarms: see
 * `alarm-gate.ts`. Where its decision was held back by a command that is on its way, the loop looks again when that is concluded.
 *
 * Sources, forecasts and actuators may hang or fail: whatever they do, the turn comes on time with what is known. What is recorded
 * before it is done can be recognised after a kill; what could not be recorded is not done.
 */
import { SECOND } from '../base/index.ts'
import type { Command, Forecast, Json, Observation, Reading, Source, Turn } from '../roles.ts'
import { type AlarmGate, alarmGate, opensAt, passGate } from './alarm-gate.ts'
import { type Commander, commander } from './commander.ts'
import type { LoopEvent, LoopParts, LoopTarget } from './cycle-parts.ts'
import { type EstimateMemory, type Estimator, estimator, expectedCapacity } from './estimate.ts'
import { type Hearing, hearOf, isInformed, isLoaded, lastOf, nothingHeard } from './informed.ts'
import type { Kept } from './knowledge.ts'
import { decideTurn, isNews, OUTSTANDING, ruleOf } from './turn.ts'
import { type View, view } from './view.ts'

/** A forecast that takes longer is not waited for: the turn goes on with what is measured. */
const FORECAST_DEADLINE_MS = 2 * SECOND
/** And so long while there is an alarm. */
const HURRY_MS = 200
/** After so many readings a source lets everybody else have a turn: one that is never silent would be the only one to be heard. */
const BREATH = 1_000
/** A source that ended with an error is opened again after this. */
const REOPEN_MS = 5 * SECOND
/** One turn only: so often it looks whether there is something to decide from. */
const LOOK_MS = 250
/** A source that is told to end has this long. */
const LEAVE_MS = 5 * SECOND

/** Repeats the turn until aborted. Rejects only for a mistake of ours. */
export async function runTarget(target: LoopTarget, parts: LoopParts, abort: AbortSignal): Promise<void> {
  const stop = new AbortController()
  const ended = AbortSignal.any([abort, stop.signal])
  const cycle = begin(target, parts, ended)
  const reading = target.sources.map((source) => watch(source, cycle, ended))
  try {
    if (parts.once) await informed(cycle, ended)
    await repeat(cycle, ended)
  } finally {
    stop.abort()
    await leave(cycle, Promise.all([...reading, cycle.commander.idle()]))
  }
}

/** Who does not end when told to is not waited for: others come after. */
async function leave(cycle: Cycle, ended: Promise<unknown>): Promise<void> {
  const { clock } = cycle.parts
  const all = new AbortController()
  const late = clock.sleepUntil(clock.now() + LEAVE_MS, all.signal).then(() => true)
  if (await Promise.race([ended.then(() => false), late]))
    complain(cycle, 'a source does not end; it is left')
  all.abort()
}

/** What one target's loop holds in its hands. */
interface Cycle {
  readonly target: LoopTarget
  readonly parts: LoopParts
  readonly view: View
  readonly commander: Commander
  readonly estimator: Estimator
  readonly sinceMs: number
  readonly hearing: Hearing
  memory: Json
  estimates: EstimateMemory
  last: { rule: string; atMs: number } | undefined
  /** A reading that no turn has seen yet is reason to look at once. */
  alarmed: boolean
  /** Ends the wait for the next turn, or makes the one under way hurry. */
  wake: () => void
  readonly gate: AlarmGate
  /** What an alarm asked for was held back by a command that is on its way. */
  held: boolean
}

function begin(target: LoopTarget, parts: LoopParts, abort: AbortSignal): Cycle {
  const { name, actuator, policy } = target
  const { knowledge, permission, clock } = parts
  const { kept, given } = knowledge.recall(name)
  const known = view({ ...target.view, target: name })
  const ofTarget = estimator(target.priors)
  const tell = (event: LoopEvent) => {
    parts.tell?.(event)
    if (event.kind === 'receipt' && cycle.held) alarm(cycle)
  }
  const cycle: Cycle = {
    target,
    parts,
    view: known,
    commander: commander({
      ...{ target: name, actuator, knowledge, permission, clock, given, abort, tell },
      complain: (error) => complain(cycle, error),
      done: ({ to }) => known.wanted(to, clock.now())
    }),
    estimator: ofTarget,
    sinceMs: clock.now(),
    hearing: nothingHeard(),
    memory: kept && isSamePolicy(kept, target) ? kept.memory : policy.initial(),
    estimates: readEstimates(kept?.estimates, ofTarget.initial()),
    last: undefined,
    alarmed: false,
    wake: () => {},
    gate: alarmGate(),
    held: false
  }
  if (given?.receipt && given.receipt.refused === undefined) known.wanted(given.command.to, given.atMs)
  return cycle
}

/** Many alarms are one until a turn has seen them. */
function alarm(cycle: Cycle): void {
  if (cycle.alarmed) return
  cycle.alarmed = true
  cycle.wake()
}

const isSamePolicy = ({ policy }: Kept, { policy: { name }, options }: LoopTarget) =>
  policy.name === name && JSON.stringify(policy.options) === JSON.stringify(options)

/** What an older version kept in another shape is learned anew. */
function readEstimates(kept: Json | undefined, initial: EstimateMemory): EstimateMemory {
  const same =
    typeof kept === 'object' &&
    kept !== null &&
    Object.keys(initial).every((name) => Object.hasOwn(kept, name))
  return same ? (structuredClone(kept) as object as EstimateMemory) : initial
}

/** Reads a source for ever. One that ends in an error is opened again; what it last said grows old by itself. */
async function watch(source: Source, cycle: Cycle, abort: AbortSignal): Promise<void> {
  const { clock } = cycle.parts
  let heard = 0
  while (!abort.aborted) {
    try {
      for await (const reading of source.read(abort)) {
        hearOf(cycle.hearing, source, reading, clock.now())
        if (reading.kind === 'event') happened(cycle, reading)
        else if (cycle.view.take(reading, clock.now())) alarm(cycle)
        if (++heard % BREATH === 0) await clock.sleepUntil(clock.now() + 1, abort)
        if (abort.aborted) return
      }
      return
    } catch (error) {
      if (abort.aborted) return
      hearOf(cycle.hearing, source, 'error', clock.now())
      complain(cycle, error)
      await clock.sleepUntil(clock.now() + REOPEN_MS, abort)
    }
  }
}

/** Who has one turn only waits until there is something to decide from, or nothing to wait for. */
async function informed(
  { target, view, hearing, parts: { clock } }: Cycle,
  abort: AbortSignal
): Promise<void> {
  const beganMs = clock.now()
  let sinceMs = NaN
  while (!abort.aborted) {
    const nowMs = clock.now()
    if (Number.isNaN(sinceMs) && isLoaded(view, nowMs)) sinceMs = nowMs
    if (isInformed(view, hearing, target.sources.length, { beganMs, sinceMs, nowMs })) return
    await clock.sleepUntil(nowMs + LOOK_MS, abort)
  }
}

async function repeat(cycle: Cycle, abort: AbortSignal): Promise<void> {
  const { target, parts, gate } = cycle
  const { clock } = parts
  let next = clock.now()
  while (!abort.aborted) {
    const beganMs = clock.now()
    const early = cycle.alarmed && beganMs < next
    if (early) passGate(gate, beganMs)
    try {
      await turn(cycle, abort)
    } catch (error) {
      complain(cycle, error)
    }
    if (parts.once) return
    // A turn that took longer than its interval is not made up for, and a clock that was set back is not waited for.
    const inTime = (atMs: number) => Math.min(atMs, clock.now() + target.intervalMs)
    next = inTime(Math.max((early ? beganMs : next) + target.intervalMs, clock.now()))
    await waitFor(cycle, next, abort)
    next = inTime(next)
    if (cycle.alarmed) await clock.sleepUntil(Math.min(next, opensAt(gate, clock.now())), abort)
    next = inTime(next)
  }
}

/** Until a moment, or until something wakes the loop before. */
async function waitFor(cycle: Cycle, untilMs: number, abort: AbortSignal): Promise<void> {
  if (cycle.alarmed) return
  const wait = new AbortController()
  cycle.wake = () => wait.abort()
  await cycle.parts.clock.sleepUntil(untilMs, AbortSignal.any([abort, wait.signal]))
  cycle.wake = () => {}
}

async function turn(cycle: Cycle, abort: AbortSignal): Promise<void> {
  const { target, parts, commander } = cycle
  const beganMs = parts.clock.now()
  const forecast = await forecastFor(cycle, beganMs, abort)
  if (abort.aborted) return
  const nowMs = parts.clock.now()
  const woken = cycle.alarmed
  cycle.alarmed = false
  const measured = cycle.view.observation(nowMs)
  target.view.signals?.learn?.(nowMs, lastOf(measured.load))
  const service = cycle.estimator.update(measured, cycle.estimates)
  const capacity = expectedCapacity(measured.capacity, nowMs, service.leadTimeMs?.p50 ?? NaN)
  const seen: Observation = { ...measured, capacity, service, ...(forecast && { forecast }) }
  const held = cycle.held
  cycle.held = false
  commander.recognise(seen, cycle.view.told())
  const noForecast = forecast ? undefined : whyNone(target, nowMs)
  const made = decideTurn({ ...target, target: target.name, seen, memory: cycle.memory, noForecast })
  const { command, refused } = commander.intend(made, nowMs - cycle.sinceMs)
  cycle.held = refused === OUTSTANDING && (woken || held)
  const kept: Turn = refused === undefined ? made : { ...made, receipt: notGiven(nowMs, refused) }
  const isKept = record(cycle, kept, command)
  parts.tell?.({ kind: 'turn', turn: kept, tookMs: parts.clock.now() - beganMs, woken })
  if (command && isKept) commander.give(command, nowMs)
}

const whyNone = ({ forecast }: LoopTarget, nowMs: number) =>
  forecast === undefined ? 'none is configured' : forecast.missing?.(nowMs)

const notGiven = (atMs: number, refused: string) => ({ epoch: 0, reached: {}, pending: {}, atMs, refused })

/** The desk is told when its time is over, and answers then with what it has. An alarm makes that soon. */
async function forecastFor(cycle: Cycle, nowMs: number, abort: AbortSignal): Promise<Forecast | undefined> {
  const { forecast } = cycle.target
  if (forecast === undefined) return undefined
  const { clock } = cycle.parts
  const over = new AbortController()
  const ended = AbortSignal.any([abort, over.signal])
  const endAt = (atMs: number) => void clock.sleepUntil(atMs, ended).then(() => over.abort())
  cycle.wake = () => endAt(clock.now() + HURRY_MS)
  endAt(nowMs + (cycle.alarmed ? HURRY_MS : FORECAST_DEADLINE_MS))
  const answer = await forecast.ask((fromMs) => cycle.view.load(fromMs, nowMs), nowMs, ended)
  over.abort()
  cycle.wake = () => {}
  return answer
}

/** Where it cannot be kept the loop goes on watching, and nothing is commanded: false. */
function record(cycle: Cycle, made: Turn, command: Command | undefined): boolean {
  const { target, parts } = cycle
  const news = command !== undefined || isNews(made, cycle.last)
  const kept: Kept = {
    atMs: made.atMs,
    policy: made.policy,
    memory: made.after,
    estimates: cycle.estimates as object as Json
  }
  cycle.memory = made.after
  try {
    parts.knowledge.keep(target.name, kept, news ? made : undefined, command)
  } catch (error) {
    complain(cycle, error)
    return false
  }
  if (news) cycle.last = { rule: ruleOf(made.decision), atMs: made.atMs }
  return true
}

function happened(cycle: Cycle, { atMs, what, text }: Extract<Reading, { kind: 'event' }>): void {
  const { target, parts } = cycle
  parts.tell?.({ kind: 'event', target: target.name, atMs, what, text })
  try {
    parts.knowledge.putEvent(target.name, { atMs, what, text })
  } catch (error) {
    complain(cycle, error)
  }
}

function complain({ target, parts }: Cycle, error: unknown): void {
  const what = error instanceof Error ? error.message : String(error)
  parts.tell?.({ kind: 'error', target: target.name, atMs: parts.clock.now(), what })
}

/**
 * MPC — the cheapest plan against the forecast, of which only the first move is made.
 *
 *   minimise  Σ_t  n[t] + starting[t]  +  price · P(load[t] · peak > n[t] · unitRate − ln 20 / patience)  +  price · late after changes
 *
 * over the units n[t] that are ready in each step of the forecast. Units of cost are unit-minutes; `price` is what one
 * late minute may cost. A unit asked for now is paid at once and ready one lead time (P90) later, and after the restart it
 * causes; giving back is immediate; what is starting already is counted. Asked for is the most that the plan needs ready
 * before units that could still be asked for at the next decision would be there.
 *
 *   late       M/M/c: P(wait > patience) ≤ e^{−(n·unitRate − load)·patience} = 5 %   patience = SLO − latency when idle
 *   floor      ⌈(mean load of the last lead time + ln 20 / patience) / unitRate⌉: what a reactive rule asks for now
 *   backlog    the units that drain what waits at the least cost, see `mpc-backlog.ts`
 *   fallback   the load of now with the spread it had over the last hour, when there is no forecast that can be trusted
 *
 * Receding horizon control (Mayne et al. 2000) with the chance of being late in place of a constraint. The parts:
 * `mpc-outlook.ts` what may come, `mpc-costs.ts` what it costs, `mpc-plan.ts` the dynamic programme.
 */
import type { GivenOptions } from '../base/index.ts'
import { readOptions } from '../base/index.ts'
import type { Decided, Decision, Observation, Policy, Units } from '../roles.ts'
import { hold, latestLoad, MOST_UNITS, scale, usable, wantedNow, withinBounds } from './answer.ts'
import { backlogUnits } from './mpc-backlog.ts'
import { comesUntil, firstReachable, problemOf, topLevel } from './mpc-costs.ts'
import { jobView, learnJob, noJob } from './mpc-job.ts'
import { type MpcOptions, mpcOptions } from './mpc-options.ts'
import { type Outlook, outlookOf } from './mpc-outlook.ts'
import { cheapestPath } from './mpc-plan.ts'
import { type MpcMemory, remember, type Situation, situationOf, unknown } from './mpc-situation.ts'

export function mpc(given: GivenOptions = {}): Policy<MpcMemory> {
  const options = readOptions('mpc', mpcOptions, given)
  return {
    name: 'mpc',
    intervalMs: options.interval,
    initial: unknown,
    decide: (seen, memory) => decide(options, seen, memory)
  }
}

function decide(options: MpcOptions, seen: Observation, before: MpcMemory): Decided<MpcMemory> {
  const from = wantedNow(seen)
  const resources = Object.keys(from)
  if (resources.length > 1 && seen.topology !== undefined) return decideJob(options, seen, before)
  if (resources.length === 0) return { decision: hold(from, 'capacity-unknown'), memory: before }
  if (resources.length !== 1) {
    return { decision: hold(from, 'one-resource-only', { resources: resources.length }), memory: before }
  }
  return decideOne(options, seen, before)
}

/** A job of several operators is planned in instances of its bottleneck; the others follow. */
function decideJob(options: MpcOptions, seen: Observation, before: MpcMemory): Decided<MpcMemory> {
  const from = wantedNow(seen)
  const learned = { ...before, job: learnJob(seen, before.job ?? noJob) }
  const found = jobView(seen, learned.job)
  if ('unknown' in found) {
    const { unknown } = found
    return { decision: hold(from, 'rates-unknown', { unknown: [...unknown] }), memory: learned }
  }
  const { view, memory: job } = found
  const { [view.resource]: wanted } = view.seen.capacity.wanted ?? {}
  const { [view.resource]: ready } = view.seen.capacity.ready
  if (isHeldBack(seen) && wanted <= ready) {
    const units = Math.ceil(wanted * HELD_BACK_GROWTH)
    const inputs = { bottleneck: view.resource, units, rates: view.rates }
    const more = noLess(from, view.expand(units))
    return { decision: scale(from, more, 'held-back', inputs), memory: { ...learned, job } }
  }
  const { decision, memory } = decideOne(options, view.seen, { ...learned, job })
  const { why, to } = decision
  const units = to[view.resource]
  const inputs = { ...why.inputs, bottleneck: view.resource, units }
  const all = view.expand(units)
  const kept = usable(latestLoad(seen)) ? all : noLess(from, all)
  return { decision: scale(from, kept, why.rule, inputs, why.bound), memory }
}

function noLess(from: Units, to: Units): Units {
  return Object.fromEntries(Object.entries(to).map(([id, n]) => [id, Math.max(n, from[id])]))
}

/** Where a source is held back nobody knows how much there is: only that it is more than the job can do. */
const HELD_BACK = 0.1
const HELD_BACK_GROWTH = 1.5

function isHeldBack(seen: Observation): boolean {
  if (usable(latestLoad(seen))) return false
  const sources = seen.topology?.operators.filter(({ source }) => source) ?? []
  return sources.some(({ backpressured = NaN }) => backpressured >= HELD_BACK)
}

function decideOne(options: MpcOptions, seen: Observation, before: MpcMemory): Decided<MpcMemory> {
  const from = wantedNow(seen)
  const resources = Object.keys(from)
  const [resource] = resources
  const memory = remember(seen, resource, before)
  const unitRate = seen.service?.unitRate ?? NaN
  const load = latestLoad(seen)
  if (!usable(unitRate) || unitRate === 0) {
    return { decision: hold(from, 'unit-rate-unknown', { load, unitRate }), memory }
  }
  const now = situationOf(seen, resource, unitRate, memory, options.interval)
  const outlook = outlookOf(seen, now, memory.surprise, options)
  if (outlook === undefined) return { decision: hold(from, 'load-unknown', { load, unitRate }), memory }
  const blind = now.blind ? 'backlog-unknown' : usable(now.ready) ? undefined : 'capacity-unknown'
  if (blind !== undefined) {
    return { decision: growBlindly(seen, resource, now, outlook, options, blind), memory }
  }
  const reactive = Number.isNaN(now.floor) ? from[resource] : now.floor
  const waiting = backlogUnits(now, outlook, options)
  const floor = Math.max(reactive, waiting)
  const top = topLevel(now, outlook, floor, options.price)
  if (!(top - now.least < MOST_LEVELS)) return { decision: tooLarge(seen, resource, floor, load), memory }
  const path = cheapestPath(problemOf(now, outlook, floor, top, options))
  const planned = firstMove(path.ready, now, outlook, floor, options)
  const bound: string[] = []
  const within = withinBounds(seen, resource, Math.max(planned, floor), bound)
  // What came last is not known: nothing is given back for what came before.
  const isBlind = !usable(load) && within < from[resource]
  const units = isBlind ? from[resource] : within
  const rule = isBlind ? 'load-unknown' : planned > floor ? outlook.rule : ruleOfFloor(now, waiting, outlook)
  const inputs = explain(now, outlook.by, planned, load)
  return { decision: scale(from, { [resource]: units }, rule, inputs, bound), memory }
}

/** A plan over more levels than this is no plan but a load that cannot be: 12 MB and 5 ms for 60 steps. */
const MOST_LEVELS = 10_000

/** What waits is not known, at most that it is no less than was seen: nothing is given back, but what the load asks for is asked for. */
function growBlindly(
  seen: Observation,
  resource: string,
  now: Situation,
  outlook: Outlook,
  options: MpcOptions,
  rule: string
): Decision {
  const from = wantedNow(seen)
  const bound: string[] = []
  const asked = Math.max(
    from[resource],
    Number.isNaN(now.floor) ? 0 : now.floor,
    backlogUnits(now, outlook, options)
  )
  const to = {
    [resource]: asked > from[resource] ? withinBounds(seen, resource, asked, bound) : from[resource]
  }
  const { load, unitRate, floor, backlog } = now
  return scale(from, to, rule, { load, unitRate, floor, backlog }, bound)
}

/** What the load of now asks for, as far as a number of units can be that; never less than before. */
function tooLarge(seen: Observation, resource: string, floor: number, load: number): Decision {
  const from = wantedNow(seen)
  const bound: string[] = []
  const wanted = floor <= MOST_UNITS ? Math.max(floor, from[resource]) : from[resource]
  const to = { [resource]: withinBounds(seen, resource, wanted, bound) }
  return scale(from, to, 'too-large-to-plan', { load, floor }, bound)
}

/**
 * The most that is needed ready before units asked for at the next decision could serve. When the floor forces a change
 * now, what the plan needs in the first step it can reach is asked for with it: one change instead of two.
 */
function firstMove(
  ready: Int32Array,
  now: Situation,
  outlook: Outlook,
  floor: number,
  options: MpcOptions
): number {
  const forced = floor > comesUntil(now, Infinity) ? firstReachable(now, outlook) : 0
  let most = 0
  for (let t = 0; t < ready.length; t++) {
    if (t > forced && outlook.waitMs[t] >= now.reachMs + options.interval) break
    most = Math.max(most, ready[t])
  }
  return most
}

function ruleOfFloor(now: Situation, waiting: number, outlook: Outlook): string {
  if (Number.isNaN(now.floor)) return 'load-unknown'
  if (waiting > now.floor) return 'backlog'
  // Why there is no plan is worth more than which part of the rule of now spoke.
  return outlook.rule === 'plan' && now.floor > now.least ? 'reactive-floor' : outlook.rule
}

function explain(now: Situation, by: string, planned: number, load: number) {
  const { unitRate, leadMs, restartMs, spare, backlog, floor } = now
  return { load, unitRate, leadMs, restartMs, spare, backlog, floor, planned, forecast: by }
}

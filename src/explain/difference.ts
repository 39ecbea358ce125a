/**
 * Difference — what two targets, or one target at two moments, decided otherwise, and from what.
 *
 *   decided(t) = `to` of the last Turn at or before t          over the time that both have in common
 *   span       a time in which both keep their answers and the answers differ; neighbours with the same answers are one
 *   meanUnits  ∫ Σ units dt / time
 */
import type { Turn, Units } from '../roles.ts'

export interface Side {
  readonly target: string
  readonly policy: string
  readonly turns: number
  /** Turns that asked for a change, and those whose change was held back. */
  readonly scales: number
  readonly heldBack: number
  readonly meanUnits: number
}

export interface Span {
  readonly fromMs: number
  readonly toMs: number
  readonly a: Answer
  readonly b: Answer
}

export interface Answer {
  readonly to: Units
  readonly rule: string
}

export interface Difference {
  readonly fromMs: number
  readonly toMs: number
  readonly a: Side
  readonly b: Side
  /** Share of the time in which both wanted the same. */
  readonly same: number
  /** In order of time. */
  readonly spans: readonly Span[]
  /** Settings of the policies that are not the same. */
  readonly options: readonly Changed[]
}

/** One value that is not the same, by its path. `undefined`: not there. */
export interface Changed {
  readonly path: string
  readonly a: unknown
  readonly b: unknown
}

/** Undefined where they have no time in common. Turns in order of time. */
export function differenceOf(a: readonly Turn[], b: readonly Turn[]): Difference | undefined {
  if (a.length === 0 || b.length === 0) return undefined
  const fromMs = Math.max(a[0].atMs, b[0].atMs)
  const toMs = Math.min(a[a.length - 1].atMs, b[b.length - 1].atMs)
  if (!(toMs > fromMs)) return undefined
  const moments = [...new Set([fromMs, ...timesOf(a), ...timesOf(b), toMs])]
    .filter((ms) => ms >= fromMs && ms <= toMs)
    .sort((x, y) => x - y)
  const [ofA, ofB] = [follow(a), follow(b)]
  const spans: Span[] = []
  const units = { a: 0, b: 0 }
  let differs = 0
  for (let i = 0; i + 1 < moments.length; i++) {
    const [begin, end] = [moments[i], moments[i + 1]]
    const [inA, inB] = [ofA(begin), ofB(begin)]
    units.a += sum(inA.to) * (end - begin)
    units.b += sum(inB.to) * (end - begin)
    if (sameUnits(inA.to, inB.to)) continue
    differs += end - begin
    const last = spans.at(-1)
    const goesOn = last?.toMs === begin && sameUnits(last.a.to, inA.to) && sameUnits(last.b.to, inB.to)
    if (last && goesOn) spans[spans.length - 1] = { ...last, toMs: end }
    else spans.push({ fromMs: begin, toMs: end, a: inA, b: inB })
  }
  const time = toMs - fromMs
  return {
    fromMs,
    toMs,
    a: sideOf(a, fromMs, toMs, units.a / time),
    b: sideOf(b, fromMs, toMs, units.b / time),
    same: 1 - differs / time,
    spans,
    options: changedIn(a[a.length - 1].policy, b[b.length - 1].policy)
  }
}

/** What two Turns saw, thought and said that is not the same. */
export function momentsDiffer(a: Turn, b: Turn): readonly Changed[] {
  return changedIn(viewOf(a), viewOf(b))
}

/** What people compare of a moment: the newest load instead of all of it. */
function viewOf({ policy, observation, decision, receipt }: Turn): object {
  const { load, forecast, capacity, metrics = {}, service, signals } = observation
  const { rule, inputs, bound, changed } = decision.why
  return {
    decided: decision.to,
    rule,
    held: { bound, by: changed.map(({ by }) => by), refused: receipt?.refused },
    load: load?.values.at(-1),
    forecast: forecast && { by: forecast.by.model, last: forecast.mean.at(-1) },
    ready: capacity.ready,
    wanted: capacity.wanted,
    metrics: Object.fromEntries(
      Object.entries(metrics).map(([name, { value, quality }]) => [name, quality === 'ok' ? value : quality])
    ),
    service,
    alarms: signals?.filter(({ burstAlarm }) => burstAlarm).map(({ gateway }) => gateway),
    inputs,
    policy
  }
}

/** Leaves of two values that are not the same. */
export function changedIn(a: unknown, b: unknown, path = ''): readonly Changed[] {
  if (isTree(a) && isTree(b)) {
    const names = [...new Set([...Object.keys(a), ...Object.keys(b)])]
    return names.flatMap((name) => changedIn(a[name], b[name], path === '' ? name : `${path}.${name}`))
  }
  // What was not said and what is not there are the same.
  if (Object.is(a ?? undefined, b ?? undefined)) return []
  return JSON.stringify(a) === JSON.stringify(b) ? [] : [{ path, a, b }]
}

const isTree = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)

const timesOf = (turns: readonly Turn[]) => turns.map(({ atMs }) => atMs)

/** The answer at a moment, asked in order of time. */
function follow(turns: readonly Turn[]): (atMs: number) => Answer {
  let i = 0
  return (atMs) => {
    while (i + 1 < turns.length && turns[i + 1].atMs <= atMs) i++
    const { to, why } = turns[i].decision
    return { to, rule: why.rule }
  }
}

function sideOf(turns: readonly Turn[], fromMs: number, toMs: number, meanUnits: number): Side {
  const within = turns.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
  const scaling = within.filter(({ decision }) => decision.kind === 'scale')
  const { target, policy } = turns[turns.length - 1]
  return {
    target,
    policy: policy.name,
    turns: within.length,
    scales: scaling.length,
    heldBack: scaling.filter(({ receipt }) => receipt?.refused !== undefined).length,
    meanUnits
  }
}

const sum = (units: Units) => Object.values(units).reduce((total, n) => total + n, 0)

function sameUnits(a: Units, b: Units): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...names].every((name) => Object.is(a[name], b[name]))
}

/**
 * Scheduled — a size for each part of the week, by cron and time zone.
 *
 *   to = units of the entry that fired last
 *
 * Whoever knows the rhythm of their load can write it down: `0 6 * * 1-5=12;0 20 * * *=4`. Entries fire by the clock of
 * the zone: one that falls into the hour that is skipped in spring fires at its end, one in the hour that comes twice in
 * autumn fires once. Of entries that fire together the later one counts. Before any entry ever fired it holds.
 * Cron as read by croner (minute, hour, day, month, weekday; seconds in front and L, W, # allowed).
 */
import { Cron } from 'croner'
import type { GivenOptions, OptionTable } from '../base/index.ts'
import { PrescaleError, readOptions } from '../base/index.ts'
import type { Decided, Observation, Policy } from '../roles.ts'
import { hold, scale, wantedNow, withinBounds } from './answer.ts'

export const scheduledOptions = {
  schedule: {
    kind: 'text',
    default: '',
    says: 'entries cron=units, separated by ; or , — without any it holds'
  },
  tz: { kind: 'text', default: 'UTC', says: 'IANA time zone of the entries, such as Europe/Berlin' },
  interval: { kind: 'duration', default: 15_000, min: 1, says: 'how often it is asked' }
} satisfies OptionTable

interface Entry {
  readonly text: string
  readonly cron: Cron
  readonly units: number
}

/** The entry that rules and for how long: looking it up takes a while, so it is looked up only at its end. */
type ScheduledMemory = {
  readonly entry: number | null
  readonly sinceMs: number
  readonly untilMs: number | null
} | null

/** The policy; options (entries and time zone) as in `scheduledOptions`. Throws `BAD_OPTION` for one that cannot be. */
export function scheduled(given: GivenOptions = {}): Policy<ScheduledMemory> {
  const { schedule, tz, interval } = readOptions('scheduled', scheduledOptions, given)
  const entries = schedule
    .split(/(?<==[^=;,]*)[;,]/)
    .filter((text) => text.trim() !== '')
    .map((text) => parseEntry(text.trim(), tz))
  return {
    name: 'scheduled',
    intervalMs: interval,
    initial: () => null,
    decide: (seen, memory) => decide(entries, seen, memory)
  }
}

function parseEntry(text: string, tz: string): Entry {
  const at = text.lastIndexOf('=')
  const units = Number(text.slice(at + 1))
  if (at < 0 || text.slice(at + 1).trim() === '' || !Number.isInteger(units) || units < 0) {
    throw new PrescaleError(
      'BAD_OPTION',
      `scheduled.schedule must have entries such as 0 6 * * 1-5=12, was '${text}'`
    )
  }
  if (!isZone(tz)) {
    throw new PrescaleError(
      'BAD_OPTION',
      `scheduled.tz must be an IANA time zone such as Europe/Berlin, was '${tz}'`
    )
  }
  try {
    return { text, cron: new Cron(text.slice(0, at).trim(), { timezone: tz, paused: true }), units }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/^CronPattern: /, '') : String(cause)
    throw new PrescaleError('BAD_OPTION', `scheduled.schedule must be cron in '${text}': ${reason}`, {
      cause
    })
  }
}

function isZone(tz: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: tz })
    return true
  } catch {
    return false
  }
}

function decide(
  entries: readonly Entry[],
  seen: Observation,
  before: ScheduledMemory
): Decided<ScheduledMemory> {
  const from = wantedNow(seen)
  const memory = stillRules(before, seen.nowMs) ? before : lookUp(entries, seen.nowMs)
  if (memory === null || memory.entry === null) return { decision: hold(from, 'no-entry-yet'), memory }
  const { text, units } = entries[memory.entry]
  const to: Record<string, number> = {}
  const bound: string[] = []
  for (const resource in from) to[resource] = withinBounds(seen, resource, units, bound)
  return {
    decision: scale(from, to, 'scheduled', { entry: text, units, sinceMs: memory.sinceMs }, bound),
    memory
  }
}

function stillRules(memory: ScheduledMemory, nowMs: number): boolean {
  return memory !== null && nowMs >= memory.sinceMs && (memory.untilMs === null || nowMs < memory.untilMs)
}

function lookUp(entries: readonly Entry[], nowMs: number): ScheduledMemory {
  let entry: number | null = null
  let sinceMs = -Infinity
  let untilMs: number | null = null
  for (const [i, { cron }] of entries.entries()) {
    // One millisecond more, because croner looks strictly before the moment it is given.
    const last = cron.previousRuns(1, new Date(nowMs + 1))[0]?.getTime() ?? -Infinity
    if (last > -Infinity && last >= sinceMs) [entry, sinceMs] = [i, last]
    const next = cron.nextRun(new Date(nowMs))?.getTime()
    if (next !== undefined) untilMs = Math.min(untilMs ?? Infinity, next)
  }
  return { entry, sinceMs: entry === null ? nowMs : sinceMs, untilMs }
}

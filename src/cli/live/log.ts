/** What the running loop says while it runs: a line for each thing that happens, in words or as JSON, on stderr. */
import { pino } from 'pino'
import type { LogConfig } from '../../config/index.ts'
import { commandWords, type LoopEvent } from '../../loop/index.ts'
import type { Turn, Units } from '../../roles.ts'
import { note } from '../output.ts'

export interface Log {
  event(event: LoopEvent): void
  note(what: string, text: string): void
  error(text: string): void
}

type Level = LogConfig['level']
const levels: readonly Level[] = ['debug', 'info', 'warn', 'error']

export function openLog({ level, format }: LogConfig, quiet: boolean): Log {
  const least = levels.indexOf(quiet ? 'warn' : level)
  const json =
    format === 'json' ? pino({ level: levels[least] }, pino.destination({ fd: 2, sync: true })) : undefined
  const write = (at: Level, text: string, fields: Readonly<Record<string, unknown>>) => {
    if (levels.indexOf(at) < least) return
    if (json) json[at](fields, text)
    else note(`${new Date().toISOString()} ${at === 'info' ? '' : `${at}: `}${text}`)
  }
  /** The rule that spoke last, by target: one that is new is worth a line, and so is the first. */
  const rules = new Map<string, string>()
  const isNews = (event: LoopEvent): boolean => {
    if (event.kind !== 'turn') return false
    const { target, decision } = event.turn
    const before = rules.get(target)
    rules.set(target, decision.why.rule)
    return before !== decision.why.rule
  }
  return {
    event(event) {
      const { level: at, text, fields } = eventWords(event)
      write(isNews(event) && at === 'debug' ? 'info' : at, text, fields)
    },
    note: (what, text) => write('info', `${what}: ${text}`, { what }),
    error: (text) => write('error', text, {})
  }
}

interface Words {
  readonly level: Level
  readonly text: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** One line for each event. A turn that changes nothing is for who looks closely. */
export function eventWords(event: LoopEvent): Words {
  switch (event.kind) {
    case 'turn':
      return turnWords(event.turn, event.woken)
    case 'command': {
      const { target, epoch, to } = event.command
      return {
        level: 'info',
        text: `${target}: ${commandWords(event.command)}`,
        fields: { target, epoch, to }
      }
    }
    case 'receipt': {
      const { target, receipt } = event
      const { refused, epoch, reached, pending } = receipt
      return {
        level: refused === undefined ? 'info' : 'warn',
        text: `${target}: command ${epoch} ${refused === undefined ? `carried out, ${unitsWords(reached)}` : `failed: ${refused}`}`,
        fields: { target, epoch, reached, pending, refused }
      }
    }
    case 'event': {
      const { target, what, text } = event
      return {
        level: /failed|unreachable|invalid|exception/.test(what) ? 'warn' : 'info',
        text: `${target}: ${what}: ${text}`,
        fields: { target, what }
      }
    }
    case 'error':
      return { level: 'error', text: `${event.target}: ${event.what}`, fields: { target: event.target } }
  }
}

function turnWords({ target, decision, observation, receipt }: Turn, woken: boolean): Words {
  const { ready, wanted = ready } = observation.capacity
  const { kind, to, why } = decision
  const now = unitsWords(wanted)
  const held = receipt?.refused === undefined ? '' : `; not commanded: ${receipt.refused}`
  const changed = why.changed.map(({ by, because }) => `, ${by}: ${because}`).join('')
  const text = `${target}: ${woken ? 'alarm, ' : ''}${kind} ${kind === 'scale' ? `${now} → ${unitsWords(to)}` : now} (${why.rule}${changed})${held}`
  return {
    level: kind === 'scale' || woken ? 'info' : 'debug',
    text,
    fields: { target, kind, to, rule: why.rule, refused: receipt?.refused }
  }
}

export function unitsWords(units: Units): string {
  const all = Object.entries(units)
  if (all.length === 0) return 'nothing known'
  return all.map(([name, count]) => `${name} ${Number.isNaN(count) ? '?' : count}`).join(', ')
}

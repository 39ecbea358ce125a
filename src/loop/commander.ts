/**
 * Commander — gives the commands of one target, one at a time, and finds out what became of each.
 *
 *   intend → (recorded) → give → receipt            no answer, or a kill in between → recognised by what the target says of itself since
 *
 * While the end of a command is not known nothing else is commanded, so a decision is carried out at most once, and nothing is
 * repeated blindly. After a command that failed the next waits, 15 s, then twice as long each time, 5 min at most.
 */
import { MINUTE, SECOND } from '../base/index.ts'
import type { Actuator, Capacity, Command, Observation, Receipt, Turn } from '../roles.ts'
import type { Clock, LoopEvent } from './cycle-parts.ts'
import type { Given, Knowledge, Permission } from './knowledge.ts'
import { asksForChange, commandOf, heldBack, recognised } from './turn.ts'

export interface Commander {
  /** The command that follows from a turn, or why there is none although it asks for a change. */
  intend(made: Turn, runningMs: number): { readonly command?: Command; readonly refused?: string }
  /** Carries it out, once the intent is on record. */
  give(command: Command, atMs: number): void
  /** What became of a command without an answer, from what the target said. */
  recognise(seen: Observation, said: { readonly capacity: Capacity; readonly atMs: number } | undefined): void
  /** Resolves when nothing is on its way. */
  idle(): Promise<void>
}

export interface CommanderOptions {
  readonly target: string
  /** Absent: nothing is commanded. */
  readonly actuator?: Actuator
  readonly knowledge: Pick<Knowledge, 'conclude'>
  readonly permission: Permission
  readonly clock: Clock
  /** The newest command on record. */
  readonly given?: Given
  readonly abort: AbortSignal
  readonly tell: (event: LoopEvent) => void
  readonly complain: (error: unknown) => void
  /** Something was carried out. */
  readonly done: (command: Command) => void
}

/** An actuator that has not answered by then has failed; whether it was carried out is read from the world. */
const DEADLINE_MS = MINUTE
/** Where nothing is known of a target, its units are given this long to come. */
const ASSUMED_LEAD_MS = 2 * MINUTE
const FIRST_BACKOFF_MS = 15 * SECOND
const LONGEST_BACKOFF_MS = 5 * MINUTE

export function commander(options: CommanderOptions): Commander {
  const { target, actuator, knowledge, permission, clock, given, abort, tell, complain } = options
  let outstanding = given?.receipt === undefined ? given : undefined
  /** On its way in this process, so that a receipt may still come. */
  let onItsWay = false
  let last = Promise.resolve()
  let failures = 0
  let notBeforeMs = Number.NEGATIVE_INFINITY

  function intend(made: Turn, runningMs: number): { command?: Command; refused?: string } {
    if (actuator === undefined || !asksForChange(made)) return {}
    const held = heldBack(made, { runningMs, outstanding: outstanding !== undefined })
    if (held !== undefined) return { refused: held }
    if (clock.now() < notBeforeMs) {
      return { refused: `waiting after ${failures === 1 ? 'a command' : `${failures} commands`} that failed` }
    }
    const may = permission.ask(target)
    return 'refused' in may ? may : { command: commandOf(made, may.epoch) }
  }

  function give(command: Command, atMs: number): void {
    outstanding = { command, atMs }
    onItsWay = true
    last = carryOut(command)
  }

  async function carryOut(command: Command): Promise<void> {
    tell({ kind: 'command', command, atMs: clock.now() })
    const over = new AbortController()
    const ended = AbortSignal.any([abort, over.signal])
    const late = clock.sleepUntil(clock.now() + DEADLINE_MS, ended).then(() => undefined)
    try {
      const receipt = await Promise.race([actuator?.apply(command, ended), late])
      if (receipt) conclude(command, receipt)
      // At the end of the program the command stays on record without a receipt: the next start recognises it.
      else if (!abort.aborted) throw new Error(`no answer to a command within ${DEADLINE_MS / SECOND} s`)
    } catch (error) {
      if (abort.aborted) return
      backOff()
      complain(error)
    } finally {
      over.abort()
      onItsWay = false
    }
  }

  function recognise(seen: Observation, said: Parameters<Commander['recognise']>[1]): void {
    // Without an actuator nobody may say what became of it.
    if (outstanding === undefined || onItsWay || actuator === undefined) return
    const { command, atMs } = outstanding
    const patienceMs = 2 * (seen.service?.leadTimeMs?.p90 ?? ASSUMED_LEAD_MS)
    const became = recognised(command, { atMs, patienceMs }, said)
    if (became === undefined) return
    const done = became === 'carried-out'
    conclude(command, {
      epoch: command.epoch,
      reached: done ? seen.capacity.ready : {},
      pending: {},
      atMs: seen.nowMs,
      ...(!done && { refused: 'was not carried out' })
    })
  }

  function conclude(command: Command, receipt: Receipt): void {
    outstanding = undefined
    if (receipt.refused === undefined) {
      failures = 0
      options.done(command)
    } else backOff()
    tell({ kind: 'receipt', target, receipt })
    try {
      knowledge.conclude(target, receipt)
    } catch (error) {
      // Not on record: after a restart it is recognised again.
      complain(error)
    }
  }

  function backOff(): void {
    notBeforeMs = clock.now() + Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** failures++)
  }

  return { intend, give, recognise, idle: () => last }
}

/** A small world around the loop: knowledge in memory that is serialised as on a disk, sources that say what they are told to, a target that obeys. */
import { canonicalJson } from '../../src/base/index.ts'
import type { Clock, Given, Kept, Knowledge, LoopEvent } from '../../src/loop/index.ts'
import type { Actuator, Command, Reading, Receipt, Source, Turn, Units } from '../../src/roles.ts'

/** What is kept outlives the loop that kept it. `full` makes every write fail, as a full disk does. */
export function memoryKnowledge() {
  const rows = new Map<string, { kept?: string; given?: Given }>()
  const turns: Turn[] = []
  const state = { full: false, turns, events: [] as { target: string; what: string }[] }
  const row = (target: string) => {
    const known = rows.get(target) ?? {}
    rows.set(target, known)
    return known
  }
  const knowledge: Knowledge = {
    recall(target) {
      const { kept, given } = row(target)
      return { ...(kept && { kept: JSON.parse(kept) as Kept }), ...(given && { given }) }
    },
    keep(target, kept, turn, command) {
      if (state.full) throw new Error('store could not be written: the disk is full')
      const known = row(target)
      known.kept = canonicalJson(kept)
      if (turn) turns.push(turn)
      if (command) known.given = { command, atMs: kept.atMs }
    },
    putEvent(target, event) {
      state.events.push({ target, ...event })
    },
    conclude(target, receipt) {
      if (state.full) throw new Error('store could not be written: the disk is full')
      const known = row(target)
      if (known.given?.command.epoch === receipt.epoch) known.given = { ...known.given, receipt }
    }
  }
  return { ...knowledge, state, given: (target: string) => row(target).given }
}

/** Grants everything under growing numbers. */
export function permitAll() {
  let epoch = 0
  return { ask: () => ({ epoch: ++epoch }) }
}

/** Every `everyMs` what `say` makes of the moment. Ends with its error when `say` throws. */
export function scripted(clock: Clock, everyMs: number, say: (nowMs: number) => readonly Reading[]): Source {
  return {
    async *read(abort) {
      while (!abort.aborted) {
        yield* say(clock.now())
        await clock.sleepUntil(clock.now() + everyMs, abort)
      }
    }
  }
}

/** A target with units that come `leadMs` after they were asked for, and readings of it. */
export function smallTarget(clock: Clock, { units = 2, leadMs = 30_000 } = {}) {
  const world = { wanted: units, ready: units, load: 10, readyAtMs: 0 }
  const commands: Command[] = []
  /** How the next commands are answered: done, refused, an error, or nothing at all; done unless told. */
  const answers: ('done' | 'refused' | 'error' | 'error-but-done' | 'hang' | 'hang-but-done')[] = []
  const receiptOf = ({ epoch, to }: Command, refused?: string): Receipt => ({
    epoch,
    reached: { web: world.ready },
    pending: refused ? {} : { web: Math.max(0, to.web - world.ready) },
    atMs: clock.now(),
    ...(refused && { refused })
  })
  const obey = ({ web }: Units) => {
    world.wanted = web
    world.ready = Math.min(world.ready, web)
    world.readyAtMs = clock.now() + leadMs
  }
  const actuator: Actuator = {
    async apply(command) {
      commands.push(command)
      const answer = answers.shift() ?? 'done'
      if (answer === 'done' || answer.endsWith('-but-done')) obey(command.to)
      if (answer.startsWith('error')) throw new Error('HTTP 503')
      if (answer.startsWith('hang')) await new Promise(() => {})
      return receiptOf(command, answer === 'refused' ? 'HTTP 409: busy' : undefined)
    }
  }
  function readings(): readonly Reading[] {
    const atMs = clock.now()
    if (atMs >= world.readyAtMs) world.ready = world.wanted
    const cpu = Math.min(1, world.load / (10 * world.ready))
    const capacity = { ready: { web: world.ready }, wanted: { web: world.wanted } }
    return [
      { kind: 'capacity', atMs, capacity, quality: 'ok' },
      { kind: 'metric', name: 'load', atMs, metric: { value: world.load, quality: 'ok' } },
      { kind: 'metric', name: 'cpu', atMs, metric: { value: cpu, quality: 'ok' } }
    ]
  }
  return { world, commands, answers, actuator, readings }
}

/** Collects what a loop tells. */
export function ears() {
  const events: LoopEvent[] = []
  return {
    events,
    tell: (event: LoopEvent) => void events.push(event),
    turns: () => events.flatMap((event) => (event.kind === 'turn' ? [event.turn] : [])),
    errors: () => events.flatMap((event) => (event.kind === 'error' ? [event.what] : []))
  }
}

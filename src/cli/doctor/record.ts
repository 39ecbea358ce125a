/** What `doctor` looks at in the record of a loop: whether its Turns are decided again as they were, and what became of its last commands. */
import { existsSync } from 'node:fs'
import { reachedOf, uppersOf } from '../../act/flink-plan.ts'
import type { FlinkActuator, TargetConfig } from '../../config/index.ts'
import { type FlinkJob, type FlinkRequirements, vertexNames } from '../../net/index.ts'
import type { Turn, Units } from '../../roles.ts'
import { type GivenCommand, sqlite, type TurnStore } from '../../store/index.ts'
import { unitsWords } from '../live/log.ts'
import { type Different, replayTurns } from '../live/replay-turns.ts'
import { type Looked, ok, warn } from './checks.ts'

/** Enough to notice another policy, few enough to be decided again in a moment. */
const MOST_TURNS = 200

export interface RecordSeen {
  readonly turns: readonly Turn[]
  readonly given: ReadonlyMap<string, GivenCommand>
}

/** The newest Turns, and the last command of each of these targets; nothing where there is no record yet. Errors: BAD_INPUT, IO. */
export function lookAtRecord(file: string, names: readonly string[]): RecordSeen {
  if (!existsSync(file)) return { turns: [], given: new Map() }
  const store = sqlite({ file, readOnly: true })
  try {
    const targets = store.targets().slice(0, MOST_TURNS)
    const each = Math.ceil(MOST_TURNS / Math.max(1, targets.length))
    const given = names.flatMap((target) => {
      const { given: command } = store.recall(target)
      return command === undefined ? [] : [[target, command] as const]
    })
    return { turns: targets.flatMap((target) => newest(store, target, each)), given: new Map(given) }
  } finally {
    store.close()
  }
}

function newest(store: TurnStore, target: string, count: number): Turn[] {
  const turns: Turn[] = []
  let turn = store.latest(target)
  while (turn !== undefined && turns.length < count) {
    turns.push(turn)
    turn = store.latest(target, turn.atMs - 1)
  }
  return turns.reverse()
}

/** Same inputs, same bytes: where that does not hold any more, what is explained is not what was decided. */
export function replayCheck(given: readonly Turn[]): Looked {
  if (given.length === 0) return ok('replay', 'no Turn on record yet')
  const { turns, different } = replayTurns(given)
  const [first] = different
  if (first === undefined) return ok('replay', `the last ${turns} Turns decide the same again`)
  const { target, atMs } = first
  const at = new Date(atMs).toISOString()
  return warn(
    'replay',
    `${different.length} of the last ${turns} Turns decide otherwise now, first ${target} at ${at}: ${differs(first)}`,
    `Prescale, its policy or a model was changed since; see both: prescale explain ${target} --at ${at}`
  )
}

function differs({ what, is }: Different): string {
  return what === 'policy' ? `its policy cannot be made: ${is}` : `another ${what}`
}

/** The last command beside what there is: still to come, overwritten by somebody else, refused, or as it should be. */
export function* commandChecks(
  given: GivenCommand | undefined,
  job: FlinkJob,
  bounds: FlinkRequirements | undefined,
  target: TargetConfig
): Iterable<Looked> {
  if (given === undefined) return
  const { command, atMs, receipt } = given
  const asked = `${unitsWords(command.to)} (${new Date(atMs).toISOString()})`
  const names = new Set([...vertexNames(job.vertices).values(), ...job.vertices.map(({ id }) => id)])
  const gone = Object.keys(command.to).filter((name) => !names.has(name))
  if (gone.length > 0) {
    return yield warn(
      'last command',
      `it was for ${gone.join(', ')}, which the job does not have any more`,
      'nothing, if the job was changed: the loop learns the new one; else say the right job'
    )
  }
  const uppers = bounds === undefined ? undefined : named(uppersOf(job.vertices, bounds), command.to, job)
  const { reached } = reachedOf(job, bounds ?? {})
  const running = named(reached, command.to, job)
  if (receipt?.refused !== undefined) {
    return yield warn(
      'last command',
      `${asked} failed: ${receipt.refused}`,
      'a loop that runs asks again when it still wants that; mend what the message says'
    )
  }
  if (uppers !== undefined && differ(uppers, command.to)) {
    return yield receipt === undefined
      ? warn(
          'last command',
          `${asked} has no answer on record, and the job asks for ${unitsWords(uppers)}: it did not arrive, or somebody else wrote after it`,
          'a loop that runs finds out by itself; if none does, begin it again: prescale run --apply'
        )
      : warn(
          'last command',
          `${asked} was carried out, now the job asks for ${unitsWords(uppers)}: somebody else changed it`,
          foreignMend(target)
        )
  }
  if (differ(running, command.to)) {
    return yield warn(
      'last command',
      `${asked} is not reached yet: ${Object.keys(running).length === 0 ? 'the job does not run' : `${unitsWords(running)} run`}`,
      'wait for its restart; where it lasts, look for free slots above, and for exceptions of the job'
    )
  }
  yield ok('last command', `${asked} is what runs`)
}

function foreignMend({ actuator }: TargetConfig): string {
  const what = (actuator as Partial<FlinkActuator>).foreignChange ?? 'yield'
  return what === 'yield'
    ? 'find who sizes it as well (an autoscaler, a deployment, a person), or say foreignChange: reassert so that it is asked for again'
    : 'find who sizes it as well: foreignChange is reassert, so both will write in turns'
}

/** By the names of the command, which may be ids. */
function named(units: Units, to: Units, job: FlinkJob): Units {
  const names = vertexNames(job.vertices)
  const known = Object.keys(to).map((name) => [name, units[names.get(name) ?? name]] as const)
  return Object.fromEntries(known.filter(([, count]) => count !== undefined))
}

const differ = (now: Units, to: Units) => Object.keys(to).some((name) => now[name] !== to[name])

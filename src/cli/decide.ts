/**
 * `prescale decide POLICY` — one policy as a filter: observations in, decisions out, one JSON a line.
 *
 * A line is a bare Observation, or `{ "observation": …, "memory": … }`. Bare ones carry the policy's memory forward per
 * `target`; without a target each line starts fresh, and so does a line that brings an observation without memory.
 */
import { Command } from 'commander'
import { PrescaleError, requireOption } from '../base/index.ts'
import { plain, readObservation, writeDecision } from '../loop/observation.ts'
import type { Json, Policy } from '../roles.ts'
import { linesOf } from './lines.ts'
import { readPolicy } from './models.ts'
import { readFormat, writeOut } from './output.ts'
import { readSettings } from './settings.ts'

interface Options {
  readonly set?: readonly string[]
  readonly memory?: boolean
  readonly output: string
}

export function command(): Command {
  return new Command('decide')
    .description('one policy as a filter: JSON lines of observations in, decisions out')
    .argument('<POLICY>', 'name of a policy, such as hpa, or the file of a trained one')
    .option('--set <OPTION=VALUE...>', 'options of the policy')
    .option('--memory', 'write { decision, memory } instead of bare decisions')
    .option('-o, --output <FORMAT>', 'json: one a line; a stream has no other form', 'json')
    .action(run)
}

async function run(name: string, options: Options): Promise<void> {
  requireOption(
    readFormat(options.output) === 'json',
    '--output',
    options.output,
    'json: decisions are a line each'
  )
  const policy = readPolicy(name, readSettings(options.set))
  const answer = decider(policy, options.memory === true)
  let number = 0
  for await (const lines of linesOf(process.stdin)) {
    const answers: string[] = []
    try {
      for (const line of lines) {
        number++
        if (line.trim() !== '') answers.push(answer(line, number))
      }
    } finally {
      // What was decided before a bad line is an answer all the same.
      if (answers.length > 0) writeOut(`${answers.join('\n')}\n`)
    }
  }
}

/** One line in, one line out. Keeps the memory of every target it has seen. */
export function decider(policy: Policy, withMemory: boolean): (line: string, number: number) => string {
  const memories = new Map<string, Json>()
  return (line, number) => {
    const where = `line ${number}`
    const json = parse(line, where)
    const wrapped = isObject(json) && Object.hasOwn(json, 'observation')
    const seen = readObservation(wrapped ? json.observation : json, `${where}: observation`)
    const carries = !wrapped && seen.target !== undefined
    const given = wrapped ? json.memory : seen.target === undefined ? undefined : memories.get(seen.target)
    const initial = policy.initial()
    const { decision, memory } = decided(policy, seen, given ?? initial, where)
    if (wrapped && json.memory !== null && json.memory !== undefined)
      requireMemory(json.memory, initial, memory, policy.name, where)
    if (carries) memories.set(seen.target, memory)
    return withMemory
      ? `{"decision":${writeDecision(decision)},"memory":${JSON.stringify(memory, plain)}}`
      : writeDecision(decision)
  }
}

/** What cannot be a memory of the policy is not taken for none: whoever gave it means something by it. */
function requireMemory(given: Json, initial: Json, after: Json, policy: string, where: string): void {
  const wrong = (right: string) =>
    new PrescaleError('BAD_INPUT', `${where}: memory must be ${right}, was ${shown(given)}`)
  // A policy that begins with nothing and ends with nothing has no memory at all.
  if (initial === null && after === null) throw wrong(`null or absent: ${policy} remembers nothing`)
  if (isObject(given) !== isObject(initial ?? after)) throw wrong(`what ${policy} wrote before`)
}

const shown = (json: Json) => JSON.stringify(json).slice(0, 60)

function decided(policy: Policy, seen: Parameters<Policy['decide']>[0], memory: Json, where: string) {
  try {
    return policy.decide(seen, memory)
  } catch (cause) {
    if (cause instanceof PrescaleError)
      throw new PrescaleError(cause.code, `${where}: ${cause.message}`, { cause })
    if (!(cause instanceof TypeError)) throw cause
    throw new PrescaleError(
      'BAD_INPUT',
      `${where}: memory must be what ${policy.name} wrote before, was ${shown(memory)}`,
      {
        cause
      }
    )
  }
}

function parse(line: string, where: string): Json {
  try {
    return JSON.parse(line)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new PrescaleError('BAD_INPUT', `${where} must be one JSON object: ${reason}`, { cause })
  }
}

function isObject(json: Json): json is { readonly [key: string]: Json } {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

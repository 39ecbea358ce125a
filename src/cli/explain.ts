/**
 * `prescale explain TARGET` — why it did that, and what would have changed it.
 *
 * Reads the newest Turn of the target at or before `--at` from the store and asks the policy that made it again.
 */
import { existsSync } from 'node:fs'
import { Command } from 'commander'
import { type GivenOptions, PrescaleError, unknownName } from '../base/index.ts'
import { type LearnedReason, learnedReason } from '../compare/learned-reason.ts'
import type { PolicyEntry } from '../decide/index.ts'
import { type Counterfactual, type Explanation, explain, type Knob } from '../explain/index.ts'
import type { Turn } from '../roles.ts'
import { sqlite, type TurnStore } from '../store/index.ts'
import { plainPolicy, policyOfTurn } from './live/turn-policy.ts'
import { readMoment } from './moment.ts'
import { type Cell, print, readFormat } from './output.ts'
import { DEFAULT_STORE } from './store-file.ts'

/** Where `run` looks, too; what reads it is loaded only when there is one. */
const CONFIG_FILE = 'prescale.yaml'

/** As `storeOf` reads it. */
export const STORE_SAYS = `where the Turns are: else that of the loop in ${CONFIG_FILE} that has the target, else ${DEFAULT_STORE}`

interface Options {
  readonly at?: string
  readonly policy?: string
  readonly store?: string
  readonly config?: string
  readonly output: string
}

export function command(): Command {
  return new Command('explain')
    .description('why it decided that, and what would have changed it')
    .argument('<TARGET>', 'what was scaled; for a rehearsal trace/policy, such as flights/mpc')
    .option(
      '--at <TIME>',
      'the last decision at or before this moment, such as 2001-06-01T06:12Z (else the last)'
    )
    .option('--policy <NAME>', 'which policy of a rehearsal, when TARGET is only its trace')
    .option('--store <FILE>', STORE_SAYS)
    .option('-o, --output <FORMAT>', 'table, json, yaml or csv', 'table')
    .action(run)
}

async function run(wanted: string, options: Options): Promise<void> {
  readFormat(options.output)
  const atMs = options.at === undefined ? undefined : readMoment(options.at, '--at', undefined, Date.now())
  const file = await storeOf([wanted], options)
  const store = sqlite({ file, readOnly: true })
  try {
    const target = targetOf(wanted, options.policy, store.targets(), file)
    const turn = store.latest(target, atMs)
    if (!turn) {
      throw new PrescaleError('NOT_FOUND', noDecision(store, target, String(options.at), file))
    }
    const explanation = explainTurn(turn)
    const learned = learnedReason({ ...turn, policy: plainPolicy(turn.policy) })
    print(options.output, {
      value: {
        ...explanation,
        policy: shown(turn.policy),
        ...(learned && { learned }),
        ...(turn.noForecast !== undefined && { noForecast: turn.noForecast })
      },
      rows: explanation.counterfactuals.map(rowOf),
      text: textOf(explanation, learned, lackOf(turn))
    })
  } finally {
    store.close()
  }
}

/** That a target has no decision so early, and from when on it has some. */
export function noDecision(store: TurnStore, target: string, before: string, file: string): string {
  const [first] = store.turns({ target })
  const since = first ? `; its first is of ${new Date(first.atMs).toISOString()}` : ''
  return `${target} has no decision at or before ${before} in ${file}${since}`
}

/** What was said; of a config with targets, the record of their loop; else the last rehearsal, unless all are targets of `prescale.yaml`. */
export async function storeOf(
  wanted: readonly string[],
  { store, config }: Pick<Options, 'store' | 'config'>
): Promise<string> {
  if (store !== undefined) return store
  if (config !== undefined) return (await liveRecord(config))?.path ?? DEFAULT_STORE
  // Whoever asks of a rehearsal may have a config beside it that is not ready yet.
  const live = existsSync(CONFIG_FILE) ? await liveRecord(CONFIG_FILE).catch(() => undefined) : undefined
  return live && existsSync(live.path) && wanted.every((name) => live.names.includes(name))
    ? live.path
    : DEFAULT_STORE
}

async function liveRecord(config: string) {
  const { loadConfig } = await import('./config/file.ts')
  const { targets, store } = await loadConfig(config)
  return targets.length > 0 ? { path: store.path, names: targets.map(({ name }) => name) } : undefined
}

/** Makes the policy of a Turn from the table, with the options it had, and asks it. */
export function explainTurn(turn: Turn): Explanation {
  const { entry, options } = policyOfTurn(turn.policy)
  const remake: PolicyEntry['make'] = (given) => entry.make(given)
  const plain = { ...turn, policy: plainPolicy(turn.policy) }
  return explain(plain, entry.make(options), { remake, knobs: knobOf(entry, options) })
}

/** What a policy learned is told by its checksum. */
function shown(policy: Turn['policy']): Turn['policy'] {
  const { name, options } = plainPolicy(policy)
  const { model } = options
  if (model === undefined) return { name, options }
  const head = typeof model === 'object' && model !== null && 'checksum' in model ? model.checksum : null
  return { name, options: { ...options, model: head } }
}

/** The option that a frontier sweeps is the one people turn. */
function knobOf({ knob, options }: PolicyEntry, given: GivenOptions): readonly Knob[] {
  if (!knob) return []
  const spec = options[knob.option]
  const now = Number(given[knob.option] ?? spec?.default)
  if (!spec || !Number.isFinite(now)) return []
  const lowest = Math.max(spec.min ?? 0, Math.min(now, ...knob.values))
  const highest = Math.min(spec.max ?? Infinity, Math.max(now, ...knob.values))
  return [{ option: knob.option, now, lowest, highest, whole: spec.kind === 'integer' }]
}

const KEEPS_ONE = '`rehearse --store FILE` and `explain --store FILE` keep another'

/**
 * The one target that is meant: `flights/mpc` is `builtin:flights/mpc:price=40`, as long as no other one is. Errors:
 * NOT_FOUND with the nearest name; BAD_OPTION where several are meant.
 */
export function targetOf(
  wanted: string,
  policy: string | undefined,
  targets: readonly string[],
  file: string
): string {
  const full = policy === undefined ? wanted : `${wanted}/${policy}`
  if (targets.includes(full)) return full
  const meant = targets.filter((target) => namesOf(target).some((name) => endsAtBorder(name, full)))
  if (meant.length === 1) return meant[0]
  const inTrace = targets.filter((target) => endsAtBorder(traceOf(target), full))
  if (inTrace.length === 1) return inTrace[0]
  if (meant.length + inTrace.length > 1) {
    const several = meant.length > 1 ? meant : inTrace
    throw new PrescaleError('BAD_OPTION', `${full} may be several targets, say which: ${several.join(', ')}`)
  }
  const live =
    file === DEFAULT_STORE && existsSync(CONFIG_FILE) ? `; a target of the live loop: -c ${CONFIG_FILE}` : ''
  const older = file === DEFAULT_STORE ? `; it holds the last rehearsal only, ${KEEPS_ONE}` : ''
  throw new PrescaleError('NOT_FOUND', unknownName(`a target in ${file}`, full, targets) + older + live)
}

/** A target as it is called, and without the options of its policy. */
function namesOf(target: string): readonly string[] {
  return [target, `${traceOf(target)}/${labelOf(target).split(':')[0]}`]
}

/** `trace/policy`: the label of a policy may hold `/` only in its options, a trace is often a path. */
function labelOf(target: string): string {
  return target.slice(traceOf(target).length + 1)
}

function traceOf(target: string): string {
  const label = /\/[\w.-]+(:[^/]*=.*)?$/.exec(target)
  return label ? target.slice(0, label.index) : target
}

function endsAtBorder(name: string, end: string): boolean {
  return name === end || (name.endsWith(end) && /[:/]/.test(name.charAt(name.length - end.length - 1)))
}

function rowOf({ input, now, at, to, rule, sentence }: Counterfactual): Record<string, Cell> {
  const units = Object.entries(to).map(([name, n]) => `${name}=${n}`)
  return { input, now, at, to: units.join(' '), rule, sentence }
}

/** Of policies that look at a forecast only. */
const lackOf = ({ noForecast, decision }: Turn) =>
  'forecast' in decision.why.inputs ? noForecast : undefined

function textOf(
  { sentence, counterfactuals, unmoved }: Explanation,
  learned: LearnedReason | undefined,
  noForecast: string | undefined
): string {
  const others = counterfactuals.filter(
    (one) => !sentence.includes(one.sentence.replace('would have asked ', ''))
  )
  const lines = others.slice(0, 12).map((one) => `  · ${one.sentence}`)
  return [
    sentence,
    ...(noForecast === undefined ? [] : [`There was no forecast: ${noForecast}.`]),
    ...(learned ? ['', learned.sentence] : []),
    ...(lines.length > 0 ? ['', 'One change at a time, it also', ...lines] : []),
    ...(unmoved.length > 0
      ? ['', `Turned through its whole range without effect: ${unmoved.join(', ')}.`]
      : [])
  ].join('\n')
}

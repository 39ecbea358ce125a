/**
 * `prescale diff A B` — what two targets decided otherwise, or one at two moments: `diff flights/hpa flights/mpc`, `diff cars@06:12Z cars`.
 *
 * Reads the record, of a loop or of a rehearsal, while it runs and after.
 */
import { Command } from 'commander'
import { formatDuration, PrescaleError } from '../base/index.ts'
import { type Changed, type Difference, differenceOf, momentsDiffer } from '../explain/index.ts'
import type { Turn } from '../roles.ts'
import { sqlite, type TurnStore } from '../store/index.ts'
import { noDecision, STORE_SAYS, storeOf, targetOf } from './explain.ts'
import { unitsWords } from './live/log.ts'
import { readMoment } from './moment.ts'
import { print, type Row, readFormat, table } from './output.ts'

interface Options {
  readonly from?: string
  readonly to?: string
  readonly store?: string
  readonly config?: string
  readonly output: string
}

export function command(): Command {
  return new Command('diff')
    .description('what two targets decided otherwise, or one target at two moments')
    .argument('<A>', 'a target, or a target at a moment: cars@2026-01-05T06:12Z, cars@10m')
    .argument('<B>', 'another')
    .option('--from <TIME>', 'what was decided from this moment on')
    .option('--to <TIME>', 'and before this one')
    .option('--store <FILE>', STORE_SAYS)
    .option('-o, --output <FORMAT>', 'table, json, yaml or csv', 'table')
    .action(run)
}

async function run(a: string, b: string, options: Options): Promise<void> {
  readFormat(options.output)
  const file = await storeOf(
    [a, b].map((text) => text.split('@')[0]),
    options
  )
  const store = sqlite({ file, readOnly: true })
  try {
    if (a.includes('@') || b.includes('@')) printMoments(store, file, a, b, options.output)
    else printTargets(store, file, a, b, options)
  } finally {
    store.close()
  }
}

/** Errors: NOT_FOUND, BAD_OPTION. */
function printMoments(store: TurnStore, file: string, a: string, b: string, output: string): void {
  const [inA, inB] = [a, b].map((text) => turnAt(store, file, text))
  const changed = momentsDiffer(inA, inB)
  const rows = changed.map(rowOfChanged)
  const head = [inA, inB].map(({ target, atMs }) => `${target} at ${new Date(atMs).toISOString()}`)
  print(output, {
    value: { a: headOf(inA), b: headOf(inB), changed },
    rows,
    text: `${head[0]} beside ${head[1]}\n${rows.length === 0 ? 'nothing differs' : table(changed.map(shownRow))}`
  })
}

const headOf = ({ target, atMs, decision }: Turn) => ({ target, atMs, decision })

function turnAt(store: TurnStore, file: string, text: string): Turn {
  const [, name, time] = /^(.*?)(?:@([^@]*))?$/.exec(text) ?? []
  const atMs = time === undefined ? undefined : readMoment(time, 'the moment behind @', undefined, Date.now())
  const target = targetOf(name, undefined, store.targets(), file)
  const turn = store.latest(target, atMs)
  if (turn === undefined) throw new PrescaleError('NOT_FOUND', noDecision(store, target, String(time), file))
  return turn
}

/** Errors: NOT_FOUND, BAD_OPTION. */
function printTargets(store: TurnStore, file: string, a: string, b: string, options: Options): void {
  const { from, to, output } = options
  const moment = (text: string | undefined, name: string) =>
    text === undefined ? undefined : readMoment(text, name, undefined, Date.now())
  const [fromMs, toMs] = [moment(from, '--from'), moment(to, '--to')]
  const [inA, inB] = [a, b].map((wanted) => {
    const target = targetOf(wanted, undefined, store.targets(), file)
    return [
      ...store.turns({ target, ...(fromMs !== undefined && { fromMs }), ...(toMs !== undefined && { toMs }) })
    ]
  })
  const found = differenceOf(inA, inB)
  if (found === undefined)
    throw new PrescaleError('NOT_FOUND', `${a} and ${b} have no decisions of the same time in ${file}`)
  print(output, { value: found, rows: found.spans.map(rowOfSpan), text: textOf(found) })
}

function rowOfSpan({ fromMs, toMs, a, b }: Difference['spans'][number]): Row {
  return {
    from: new Date(fromMs).toISOString().replace('.000Z', 'Z'),
    for: formatDuration(toMs - fromMs),
    a: unitsWords(a.to),
    b: unitsWords(b.to),
    'a because': a.rule,
    'b because': b.rule
  }
}

function rowOfChanged({ path, a, b }: Changed): Row {
  return { what: path, a: said(a), b: said(b) }
}

/** For people: numbers rounded, also within lists and maps. */
export function shownRow({ path, a, b }: Changed): Row {
  const [one, other] = [said(a, rounded), said(b, rounded)]
  // What differs must be seen to: then in every digit.
  return one === other ? { what: path, a: said(a), b: said(b) } : { what: path, a: one, b: other }
}

const LONGEST = 48
const DIGITS = 6

const rounded = (_key: string, value: unknown) =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(DIGITS)) : value

function said(value: unknown, replacer?: typeof rounded): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value, replacer) ?? '–')
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text
}

/** Spans told: the longest; all of them are in the JSON. */
const MOST_SPANS = 20

function textOf({ a, b, same, spans, options, fromMs, toMs }: Difference): string {
  const percent = Math.round(same * 1_000) / 10
  const longest = spans
    .toSorted((x, y) => y.toMs - y.fromMs - (x.toMs - x.fromMs))
    .slice(0, MOST_SPANS)
    .toSorted((x, y) => x.fromMs - y.fromMs)
  const rest = spans.length - longest.length
  return [
    `over ${formatDuration(toMs - fromMs)} they wanted the same for ${percent} % of the time`,
    '',
    table(
      [a, b].map(({ target, policy, turns, scales, heldBack, meanUnits }) => ({
        ...{ target, policy, turns, scales },
        'held back': heldBack,
        'mean units': meanUnits
      }))
    ),
    ...(spans.length === 0 ? [] : ['', table(longest.map(rowOfSpan))]),
    ...(rest > 0 ? [`and ${rest} shorter ones; -o json has all`] : []),
    ...(options.length === 0 ? [] : ['', table(options.map(shownRow))])
  ].join('\n')
}

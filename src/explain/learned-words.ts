/** What a trained policy looked at and how sure it was, in one plain line, out of `why`: for Turns, whoever has the model or not. */
import type { Why } from '../roles.ts'
import { amount, inputsInWords, percent, wordsOf } from './words.ts'

type Inputs = Readonly<Record<string, unknown>>

/** Undefined where no trained policy spoke: then `why` is told as it is. */
export function learnedInWords({ rule, inputs }: Pick<Why, 'rule' | 'inputs'>): string | undefined {
  if (rule === 'network') return networkInWords(inputs)
  if (rule.startsWith('table-')) return tableInWords(inputs)
  const { unknown } = inputs
  if (rule === 'state-unknown' && Array.isArray(unknown)) {
    return `did not know ${unknown.map((name) => wordsOf(String(name))).join(', ')}`
  }
  return undefined
}

/** Who is in charge, where a shadow is beside it. */
export function shadowInWords(inputs: Inputs): string | undefined {
  const shadow = fieldsOf(inputs.shadow)
  if (shadow.inCharge === undefined) return undefined
  const scores = fieldsOf(shadow.scores)
  const who = shadow.inCharge === 'learned' ? 'the learned policy' : 'the reference'
  const turns = numberOf(shadow.turns)
  if (scores.learned === null || scores.learned === undefined)
    return `${who} is in charge, nobody was scored yet`
  return `${who} is in charge: lately the learned one cost ${amount(numberOf(scores.learned))} units and the reference ${amount(numberOf(scores.reference))}, ${amount(turns)} turns scored`
}

/** The numbers a rule looked at, without what is told in words of its own. */
export function plainInputs({ shadow: _, ...inputs }: Inputs): string {
  return inputsInWords(inputs)
}

const looked: readonly (readonly [name: string, says: (value: number) => string])[] = [
  ['Current_Load', (x) => `a load of ${amount(x)}/s`],
  ['CPU', (x) => `CPU ${percent(x)}`],
  ['Latency', (x) => `a latency of ${amount(x)} ms`]
]

function networkInWords(inputs: Inputs): string {
  const asked = fieldsOf(inputs.asked)
  const likely = fieldsOf(inputs.probability)
  const chosen = Object.entries(asked).map(
    ([head, value]) =>
      `${head} ${typeof value === 'number' ? amount(value) : String(value)} (${percent(numberOf(likely[head]))} likely)`
  )
  const state = fieldsOf(inputs.state)
  const saw = looked.flatMap(([name, says]) =>
    Number.isFinite(state[name]) ? [says(numberOf(state[name]))] : []
  )
  return [
    `chose ${chosen.join(', ')}`,
    ...(saw.length > 0 ? [` at ${saw.join(', ')}`] : []),
    edgeInWords(inputs)
  ].join('')
}

function edgeInWords(inputs: Inputs): string {
  const signals = fieldsOf(inputs.signals)
  const used = Array.isArray(signals.used) ? signals.used.map(fieldsOf) : []
  const dead = Array.isArray(signals.dead) ? signals.dead.map(String) : []
  const alarms = used.filter(({ burstAlarm }) => burstAlarm === true).map(({ gateway }) => String(gateway))
  const predicted = used.reduce((sum, { predictedLoad }) => sum + numberOf(predictedLoad), 0)
  const parts = [
    ...(alarms.length > 0 ? [`an alarm of ${alarms.join(' and ')}`] : []),
    ...(used.length > 0
      ? [
          `${amount(predicted)}/s predicted by ${used.length === 1 ? 'its gateway' : `${used.length} gateways`}`
        ]
      : []),
    ...(dead.length > 0 ? [`${dead.join(' and ')} silent`] : []),
    ...(inputs.assumed !== undefined && used.length === 0 ? ['no gateway heard'] : [])
  ]
  return parts.length === 0 ? '' : `, with ${parts.join(', ')}`
}

function tableInWords(inputs: Inputs): string {
  const worth = (['up', 'hold', 'down'] as const)
    .filter((action) => Number.isFinite(inputs[action]))
    .sort((a, b) => numberOf(inputs[b]) - numberOf(inputs[a]))
    .map((action) => `${action} ${signed(numberOf(inputs[action]))}`)
  const visits = numberOf(inputs.visits)
  const waiting = numberOf(inputs.waiting)
  return [
    `valued ${worth.join(', ')}`,
    ` (this state was tried ${amount(visits)} times)`,
    ` at a load of ${amount(numberOf(inputs.load))}/s, before ${amount(numberOf(inputs.previous))}/s`,
    `, ${amount(numberOf(inputs.predicted))}/s predicted`,
    waiting > 0 ? `, ${amount(waiting)}/s more waiting` : '',
    `, ${amount(numberOf(inputs.units))} units of ${amount(numberOf(inputs.unitRate))}/s`
  ].join('')
}

function fieldsOf(value: unknown): Inputs {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

const numberOf = (value: unknown) => (typeof value === 'number' ? value : NaN)
const signed = (x: number) => `${x < 0 ? '−' : ''}${amount(Math.abs(x))}`

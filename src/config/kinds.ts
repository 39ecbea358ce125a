/**
 * The kinds of values of `prescale.yaml`: each says in its error what would be right, and never shows a secret.
 *
 * Errors are what follows the name: `must be a duration with its unit, such as 30s, was 30`.
 */
import { z } from 'zod'
import { formatDuration, PrescaleError, parseDuration, unknownName } from '../base/index.ts'

interface Raw {
  readonly code: string
  readonly input?: unknown
}

/** `must be right, was value`, or that it is missing. */
export const mustBe = (right: string, { input }: Raw): string =>
  input === undefined ? `is missing; it must be ${right}` : `must be ${right}, was ${show(input)}`

const must = (right: string) => ({ error: (issue: Raw) => mustBe(right, issue) })

function show(value: unknown): string {
  if (value === null) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'settings of its own'
  return typeof value === 'string'
    ? `'${value.length > 60 ? `${value.slice(0, 57)}…` : value}'`
    : String(value)
}

/** Settings by name; others are refused by whoever walks the schema, see `read.ts`. Where they have a short form, `right` says so. */
export const settings = <S extends z.ZodRawShape>(shape: S, right = 'settings of its own') =>
  z.object(shape, { error: (issue) => mustBe(right, issue) })

export const text = (right: string) => z.string(must(right)).min(1, must(right))
export const flag = () => z.boolean(must('true or false'))

export function whole(min: number, max?: number, of = '') {
  const right = `a whole number${of}, at least ${min}${max === undefined ? '' : `, at most ${max}`}`
  return z
    .int(must(right))
    .min(min, must(right))
    .max(max ?? Number.MAX_SAFE_INTEGER, must(right))
}

/** `above`: larger than `min`. */
export function amount(what: string, { min = 0, above = false, max = Number.MAX_VALUE } = {}) {
  const most = max === Number.MAX_VALUE ? '' : `, at most ${max}`
  const right = `${what}, ${above ? 'above' : 'at least'} ${min}${most}`
  const number = z.number(must(right)).max(max, must(right))
  return above ? number.gt(min, must(right)) : number.min(min, must(right))
}

/** A word of a list; another one gets the nearest. */
export const word = <const W extends readonly [string, ...string[]]>(what: string, words: W) =>
  z.enum(words, {
    error: ({ input }) =>
      typeof input === 'string'
        ? `must be ${what}: ${unknownName('one', input, words)}`
        : mustBe(`${what}: ${words.join(', ')}`, { code: '', input })
  })

const DURATION = '^((\\d+(\\.\\d+)?(ms|s|m|h|d|w))+|P.+)$'

/** `30s`, `5m`, `PT5M` in the file, milliseconds inside. A bare number has no unit and is refused. */
export function duration(min = 0) {
  const right = 'a duration with its unit, such as 30s, 5m or PT5M'
  return z.codec(z.string(must(right)).meta({ pattern: DURATION }), z.number(), {
    decode: (written, context) => {
      try {
        const ms = parseDuration(written)
        if (ms >= min) return ms
        context.issues.push(wrong(`must be at least ${formatDuration(min)}, was '${written}'`, written))
      } catch (error) {
        if (!(error instanceof PrescaleError)) throw error
        context.issues.push(wrong(mustBe(right, { code: '', input: written }), written))
      }
      return z.NEVER
    },
    encode: formatDuration
  })
}

/** Bytes in the file as `512MiB`; a plain number is bytes. */
export function bytes() {
  const right = 'an amount of memory such as 512MiB or 2GiB'
  return z.codec(z.string(must(right)), z.number(), {
    decode: (written, context) => {
      const [, count, unit] = /^(\d+(?:\.\d+)?)\s*(KiB|MiB|GiB|TiB|kB|MB|GB|TB)$/.exec(written) ?? []
      const size = Number(count) * (byteUnits[unit] ?? NaN)
      if (size >= 1) return Math.floor(size)
      context.issues.push(wrong(mustBe(right, { code: '', input: written }), written))
      return z.NEVER
    },
    encode: (size) => {
      const unit = ['TiB', 'GiB', 'MiB', 'KiB'].find((name) => size % byteUnits[name] === 0) ?? 'KiB'
      return `${size / byteUnits[unit]}${unit}`
    }
  })
}

const byteUnits: Readonly<Record<string, number>> = {
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40
}

/** Kubernetes' IntOrString: `50%` of something, or so many units of it. */
export function share(right: string) {
  const written = z.union([z.string(), z.int()], must(right))
  const read = z.union([z.object({ ratio: z.number() }), z.object({ units: z.number() })])
  return z.codec(written, read, {
    decode: (given, context) => {
      if (typeof given === 'number' && given >= 0) return { units: given }
      const [, percent] = /^(\d+(?:\.\d+)?)\s*%$/.exec(String(given)) ?? []
      if (percent !== undefined) return { ratio: Number(percent) / 100 }
      context.issues.push(wrong(mustBe(right, { code: '', input: given }), given))
      return z.NEVER
    },
    encode: (given) => ('units' in given ? given.units : `${given.ratio * 100}%`)
  })
}

/** A reference; what stands there instead is not repeated, it may be the secret itself. */
export const secretRef = () => {
  const error = ({ input }: Raw) =>
    input === undefined
      ? 'is missing; it must be a reference, env:NAME or file:PATH'
      : 'must be a reference, env:NAME or file:PATH; the secret itself does not belong in this file'
  return z.string({ error }).regex(/^(env|file):\S/, { error })
}

const telling = /authorization|cookie|token|secret|password|api-?key/i

/** Headers by name; those that carry a secret by reference. */
export const headers = () =>
  z
    .record(z.string(), z.string(must('text, or a reference such as env:NAME')), must('headers by name'))
    .check(({ value, issues }) => {
      for (const [name, header] of Object.entries(value)) {
        if (!telling.test(name) || /^(env|file):\S/.test(header)) continue
        issues.push({
          ...wrong(
            'must be a reference, env:NAME or file:PATH; the secret itself does not belong in this file',
            name
          ),
          path: [name]
        })
      }
    })

/** An address with one of the schemes. Credentials do not stand in it. */
export function address(schemes: readonly string[], example: string) {
  const right = `an address such as ${example}`
  return z.string(must(right)).check(({ value, issues }) => {
    const url = URL.canParse(value) ? new URL(value) : undefined
    if (url !== undefined && (url.username !== '' || url.password !== '')) {
      issues.push(wrong('must not hold credentials: say username, and password by reference', 'hidden'))
    } else if (url === undefined || url.hostname === '') {
      issues.push(wrong(mustBe(right, { code: '', input: value }), value))
    } else if (!schemes.includes(url.protocol.slice(0, -1))) {
      const others = schemes.map((scheme) => `${scheme}://`).join(' or ')
      issues.push(wrong(`must begin with ${others}, was '${value}'`, value))
    }
  })
}

export const httpUrl = () => address(['http', 'https'], 'http://host:8081')

export const hostPort = () => {
  const right = 'host:port, such as localhost:9092'
  return z.string(must(right)).refine((value) => {
    const [, port] = /^(?:[\w.-]+|\[[\da-fA-F:.]+\]):(\d{1,5})$/.exec(value) ?? []
    return Number(port) >= 1 && Number(port) <= 65_535
  }, must(right))
}

/** At least one of them. */
export const several = <T extends z.ZodType>(item: T, right: string) =>
  z.array(item, must(right)).min(1, must(right))

/** Options of a method, as its own table reads them later. */
export const options = () =>
  z.record(
    z.string(),
    z.union([z.string(), z.number(), z.boolean()], must('text, a number, true or false')),
    must('options by name')
  )

export function wrong(message: string, input: unknown) {
  return { code: 'custom' as const, message, input }
}

/** What to say to a `type` that is missing or not known. */
export function unknownType(what: string, input: object, known: readonly string[]): string {
  const type = 'type' in input ? input.type : undefined
  if (type === undefined) return `is missing; it must be ${what}: ${known.join(', ')}`
  return typeof type === 'string'
    ? `must be ${what}: ${unknownName('one', type, known)}`
    : mustBe(known.join(', '), { code: '', input: type })
}

/** One target: what is read, what is forecast, how it is decided, how cautious, and what it may cost. */
import { z } from 'zod'
import * as kind from './kinds.ts'
import { actuator, source } from './schema-systems.ts'
import { isSettings, orOne, type Shorthand, short } from './shorthand.ts'

const replicas = (min: number) => kind.whole(min, 1_000_000)

const orNumber = (name: string): Shorthand => ({
  expand: (written) => (typeof written === 'number' ? { [name]: written } : undefined),
  json: { type: 'number' }
})

/** A name in a table, or a model file where it ends in `.json`. */
const orName = (name: string): Shorthand => ({
  expand: (written) =>
    typeof written === 'string' ? { [written.endsWith('.json') ? 'model' : name]: written } : undefined,
  json: { type: 'string' }
})

/** Exactly one of the two. */
function eitherOr(name: string, given: Readonly<Record<string, unknown>>): string | undefined {
  if (given[name] === undefined && given.model === undefined) return `must have a ${name}, or a model file`
  return given[name] !== undefined && given.model !== undefined
    ? `must have a ${name} or a model file, not both`
    : undefined
}

/** The check of a whole group of settings: what is wrong with it, or nothing. */
const checked = <T extends z.ZodType>(schema: T, check: (given: z.output<T>) => string | undefined): T =>
  schema.check(({ value, issues }) => {
    const message = check(value as z.output<T>)
    if (message !== undefined) issues.push(kind.wrong(message, value))
  })

const model = () => kind.text('a file').optional()

export const policy = () =>
  short(
    checked(
      kind.settings({
        name: kind.text('the name of a policy').optional().describe('as in `prescale rehearse --policies`'),
        options: kind.options().prefault({}).describe('of that policy, see its page'),
        model: model().describe('a file that `prescale train policy` wrote, instead of a name')
      }),
      (given) => eitherOr('name', given)
    ),
    orName('name')
  )

const forecast = short(
  checked(
    kind.settings({
      method: kind.text('the name of a forecaster').optional().describe('as in `prescale forecast --model`'),
      options: kind.options().prefault({}).describe('of that forecaster, see its page'),
      model: model().describe('a file that `prescale train forecaster` wrote, instead of a method'),
      step: kind.duration(1_000).prefault('1m').describe('step of the history and of the forecast'),
      horizon: kind
        .duration(1_000)
        .optional()
        .describe('how far ahead; else as far as lead time and restart ask for'),
      history: kind.duration(1_000).prefault('14d').describe('how much of the past it is fitted to'),
      refit: kind.duration(1_000).prefault('1d').describe('fitted anew after so long, led on between'),
      deadline: kind.duration(1).prefault('5s').describe('later than this it is decided without')
    }),
    (given) => eitherOr('method', given)
  ),
  orName('method')
)

const scalingRules = () =>
  checked(
    kind.settings({
      stabilizationWindowSeconds: kind
        .whole(0, 3_600, ' of seconds')
        .optional()
        .describe('down only to the highest wish of this window, up only to the least'),
      selectPolicy: kind
        .word('one of', ['Max', 'Min', 'Disabled'])
        .prefault('Max')
        .describe('`Disabled`: no change this way'),
      tolerance: kind
        .amount('a share', { max: 1 })
        .optional()
        .describe('a change by less than this share of the size is not made'),
      policies: z
        .array(
          kind.settings({
            type: kind.word('a type', ['Pods', 'Percent']),
            value: kind.whole(1),
            periodSeconds: kind.whole(1, 1_800, ' of seconds')
          }),
          { error: (issue) => kind.mustBe('a list of policies', issue) }
        )
        .prefault([])
        .describe('at most so many units, or percent, in a period')
    }),
    // As Kubernetes: `Min` and `Max` of nothing are no limit, which here is said by leaving it out.
    ({ selectPolicy, policies }) =>
      selectPolicy === 'Min' && policies.length === 0
        ? 'must have policies where selectPolicy is Min'
        : undefined
  )

const behavior = kind.settings({ scaleUp: scalingRules().optional(), scaleDown: scalingRules().optional() })

const guards = kind.settings({
  cooldown: short(
    kind.settings(
      {
        up: kind.duration().prefault('0s').describe('before a change up'),
        down: kind.duration().prefault('0s').describe('before a change down')
      },
      'a duration such as 1m, or up and down, each with its own'
    ),
    {
      expand: (written) => (typeof written === 'string' ? { up: written, down: written } : undefined),
      json: { type: 'string' }
    }
  )
    .optional()
    .describe('no further change for so long after one'),
  rescaleBudget: short(
    kind.settings(
      {
        most: kind.whole(1),
        per: kind.duration(1_000).describe('in any window of this length')
      },
      'most changes in a time, such as 6/1h'
    ),
    {
      expand: (written) => {
        const [, most, per] = /^(\d+)\s*\/\s*(\S+)$/.exec(String(written)) ?? []
        return most === undefined ? undefined : { most: Number(most), per }
      },
      json: { type: 'string', pattern: '^\\d+ */ *\\S+$' }
    }
  )
    .optional()
    .describe('most changes in a time, such as 6/1h'),
  ineffective: kind
    .duration(1_000)
    .optional()
    .describe(
      'so long no more of what was needed and brought nothing when it was increased last, such as 30m'
    ),
  spendLimit: kind.flag().prefault(true).describe('never more than `budget` can pay, where there is one'),
  shield: kind.flag().prefault(true).describe('nothing is taken away because something is unknown'),
  maxAge: kind.duration(1_000).prefault('5m').describe('older readings are unknown'),
  maxSkew: kind.duration().prefault('1m').describe('a clock may run ahead by this much'),
  shadow: short(
    kind.settings({
      policy: policy(),
      options: kind.options().prefault({}).describe('when it takes over, see the page of `withShadow`')
    }),
    {
      expand: (written) => (typeof written === 'string' ? { policy: written } : undefined),
      json: { type: 'string' }
    }
  )
    .optional()
    .describe('a plain policy that is asked as well, and takes over while the one in charge does worse')
})

/** `measured`, one duration, or P50 and P90. */
const measured = (says: string) =>
  short(
    checked(
      kind.settings(
        {
          measured: kind
            .flag()
            .prefault(false)
            .describe('from its own history; the values are believed until then'),
          p50: kind.duration().optional(),
          p90: kind.duration().optional()
        },
        'measured, a duration with its unit such as 2m, or p50 and p90'
      ),
      ({ measured, p50, p90 }) =>
        p50 === undefined && p90 === undefined
          ? measured
            ? undefined
            : 'must be measured, a duration, or p50 and p90'
          : p50 === undefined || p90 === undefined || p90 < p50
            ? 'must have both p50 and p90, p90 no less than p50'
            : undefined
    ),
    {
      expand: (written) =>
        written === 'measured'
          ? { measured: true }
          : typeof written === 'string'
            ? { p50: written, p90: written }
            : undefined,
      json: { type: 'string' }
    }
  )
    .prefault({ measured: true })
    .describe(says)

const resource = checked(
  kind.settings({
    scale: kind.flag().prefault(true).describe('false: read, and never changed'),
    minReplicas: replicas(0).optional(),
    maxReplicas: replicas(1).optional()
  }),
  ({ minReplicas, maxReplicas }) => bounds(minReplicas, maxReplicas)
)

function bounds(min: number | undefined, max: number | undefined): string | undefined {
  return min !== undefined && max !== undefined && min > max
    ? `must have minReplicas, ${min}, no larger than maxReplicas, ${max}`
    : undefined
}

const named = /^[A-Za-z0-9][\w.-]{0,62}$/
const nameIs = {
  error: (issue: { code: string; input?: unknown }) =>
    kind.mustBe('a name of letters, digits, dots and dashes', issue)
}

/** Without the checks that need several settings at once: those of a target, and of the gateway's local one, are in `across.ts`. */
export const target = short(
  kind.settings({
    name: z.string(nameIs).regex(named, nameIs).describe('what commands and metrics call it'),
    mode: kind
      .word('a mode', ['recommend', 'apply'])
      .prefault('recommend')
      .describe('`recommend` writes nothing, anywhere; `apply` needs `--apply` too'),
    paused: z
      .union([z.boolean(), z.enum(['scale-in', 'scale-out'])], {
        error: (issue) => kind.mustBe('true, false, scale-in or scale-out', issue)
      })
      .prefault(false)
      .describe('no change at all, none down, or none up'),
    interval: kind
      .duration(1_000)
      .optional()
      .describe('how often it is decided, else as the policy is published'),
    sources: short(kind.several(source, 'a source or a list of them, each with a type'), orOne).describe(
      'what is read, one or a list'
    ),
    actuator: actuator.prefault({ type: 'dry-run' }).describe('what carries changes out'),
    minReplicas: replicas(0).prefault(1).describe('of each resource'),
    maxReplicas: replicas(1).optional().describe('of each resource; needed where mode is apply'),
    resources: z
      .record(z.string(), resource, { error: (issue) => kind.mustBe('bounds by resource', issue) })
      .prefault({})
      .describe('by operator, service or pool, where it is not as the others'),
    forecast: forecast.optional().describe('what is coming; `none`: the policy goes without'),
    policy: policy().prefault({ name: 'mpc' }).describe('who decides'),
    behavior: behavior.optional().describe('of an autoscaling/v2 HPA, word for word'),
    guards: guards.prefault({}).describe('caution around the policy'),
    fallback: kind
      .settings({
        failureThreshold: kind
          .whole(1)
          .prefault(3)
          .describe('intervals in a row in which metrics are unknown'),
        replicas: replicas(1).describe('at least so many of each resource; never fewer than there are')
      })
      .optional()
      .describe('as in KEDA: a safe size while metrics are unknown for long'),
    slo: kind
      .settings({
        latency: kind.duration(1).optional().describe('a slower event has missed it'),
        lag: kind.duration(1).optional().describe('time lag of a stream job that is still on time')
      })
      .prefault({})
      .describe('what must hold'),
    leadTime: measured('from request to ready'),
    restart: measured('how long a rescale stops the work'),
    unitRate: kind
      .amount('events per second', { above: true })
      .optional()
      .describe('events per second of one unit at 100 %, else measured'),
    price: short(
      kind.settings({
        unitHour: kind.amount('a price').describe('of one unit for an hour'),
        currency: kind.text('a currency').prefault('USD')
      }),
      orNumber('unitHour')
    ).optional(),
    budget: short(
      kind.settings({ perMonth: kind.amount('an amount of money').describe('for 30 days') }),
      orNumber('perMonth')
    ).optional(),
    site: kind.text('a name').optional().describe('where it runs, for policies that ask')
  }),
  { expand: withForecast }
)

/** `forecast: none` is the absence of a forecast; none said is `blend`. */
function withForecast(written: unknown): unknown {
  if (!isSettings(written)) return written
  if (written.forecast === undefined || written.forecast === null)
    return { ...written, forecast: { method: 'blend' } }
  if (written.forecast !== 'none') return written
  const { forecast: _, ...rest } = written
  return rest
}

import { PrescaleError, requireOption } from '../base/index.ts'

/**
 * An amount that may change while a world runs, said in numbers so that it can stand in a JSON file.
 *
 *   constant      y(h) = at0                     (or just the number)
 *   linear        y(h) = at0 · (1 + perHour · h), never below 0
 *   exponential   y(h) = at0 · e^(perHour · h)
 *
 * h = hours since the world began; `perHour` is a relative growth, negative when the amount shrinks.
 */
export type OverTime =
  | number
  | {
      readonly kind: 'constant' | 'linear' | 'exponential'
      readonly at0: number
      readonly perHour?: number
    }

/** The amount as a function of hours. Throws `BAD_OPTION` for a negative or unreadable amount. */
export function overTime(spec: OverTime, name: string): (hours: number) => number {
  const at0 = typeof spec === 'number' ? spec : spec.at0
  requireOption(Number.isFinite(at0) && at0 >= 0, name, at0, 'a number of at least 0')
  if (typeof spec === 'number') return () => at0
  const perHour = spec.perHour ?? 0
  requireOption(Number.isFinite(perHour), `${name}.perHour`, perHour, 'a relative change such as -0.02')
  switch (spec.kind) {
    case 'constant':
      return () => at0
    case 'linear':
      return (hours) => Math.max(0, at0 * (1 + perHour * hours))
    case 'exponential':
      return (hours) => at0 * Math.exp(perHour * hours)
    default:
      throw new PrescaleError(
        'BAD_OPTION',
        `${name}.kind must be constant, linear or exponential, was '${spec.kind as string}'`
      )
  }
}

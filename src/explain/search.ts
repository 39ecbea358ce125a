/**
 * The smallest change that would have changed the answer, found by asking.
 *
 * Walks outward from what was seen in growing steps (1 % … ×10) until the answer differs, halves the last step until
 * it is narrow, then says the value in as few digits as still change the answer. An answer that differs only inside a
 * step and not at its end is not found: the smallest change is exact for answers that move one way.
 */
import type { Decision } from '../roles.ts'
import type { Lever } from './lever.ts'

export interface Nearest {
  readonly at: number
  readonly decision: Decision
}

export type Ask = (value: number) => Decision

const FACTORS = [
  1.01, 1.02, 1.03, 1.05, 1.07, 1.1, 1.15, 1.2, 1.3, 1.4, 1.55, 1.75, 2, 2.3, 2.7, 3.2, 4, 5, 7, 10
]
const MULTIPLES = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 512, 1024, 4096]
/** Where nothing is there to multiply, parts of the highest value. */
const PARTS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1]
/** Narrow enough that rounding to three digits is the larger step. */
const NARROW = 1e-4
/** How far a value may be moved for the sake of fewer digits. */
const ROUNDING = 0.005

/** `up` or `down` from what was seen; undefined when no value in the lever's sane range changes the answer. */
export function nearestChange(
  lever: Lever,
  way: 'up' | 'down',
  differs: (decision: Decision) => boolean,
  ask: Ask
): Nearest | undefined {
  let same = lever.now
  for (const value of walk(lever, way)) {
    const decision = ask(value)
    if (differs(decision)) return narrow(lever, same, { at: value, decision }, differs, ask)
    same = value
  }
  return undefined
}

function walk(lever: Lever, way: 'up' | 'down'): readonly number[] {
  const { now, lowest, highest, grain } = lever
  const end = way === 'up' ? highest : lowest
  const inside = (value: number) => (way === 'up' ? value > now && value < end : value < now && value > end)
  const values =
    grain !== undefined
      ? MULTIPLES.map((k) => now + (way === 'up' ? k : -k) * grain)
      : now > 0
        ? FACTORS.map((factor) => (way === 'up' ? now * factor : now / factor))
        : PARTS.map((part) => part * end)
  return Number.isFinite(end) && end !== now ? [...values.filter(inside), end] : values.filter(inside)
}

function narrow(
  lever: Lever,
  from: number,
  found: Nearest,
  differs: (decision: Decision) => boolean,
  ask: Ask
): Nearest {
  let same = from
  let nearest = found
  for (let middle = between(lever, same, nearest.at); middle !== undefined; ) {
    const decision = ask(middle)
    if (differs(decision)) nearest = { at: middle, decision }
    else same = middle
    middle = between(lever, same, nearest.at)
  }
  return lever.grain === undefined ? inFewDigits(lever, nearest, differs, ask) : nearest
}

function between({ grain, now }: Lever, a: number, b: number): number | undefined {
  if (grain === undefined) {
    return Math.abs(a - b) > NARROW * Math.max(Math.abs(a), Math.abs(b)) ? (a + b) / 2 : undefined
  }
  const middle = now + Math.round((a - now + (b - a) / 2) / grain) * grain
  return middle === a || middle === b ? undefined : middle
}

/** 830 rather than 829.73: asked again at the round value, so that what is said is true. */
function inFewDigits(
  lever: Lever,
  nearest: Nearest,
  differs: (decision: Decision) => boolean,
  ask: Ask
): Nearest {
  const up = nearest.at > lever.now
  for (const digits of [2, 3, 4]) {
    for (const round of [Math.round, up ? Math.ceil : Math.floor]) {
      const at = roundTo(nearest.at, digits, round)
      const onWay = at !== lever.now && at > lever.now === up && at <= lever.highest && at >= lever.lowest
      if (!onWay || Math.abs(at / nearest.at - 1) > ROUNDING) continue
      const decision = ask(at)
      if (differs(decision)) return { at, decision }
    }
  }
  return nearest
}

function roundTo(value: number, digits: number, round: (x: number) => number): number {
  const unit = 10 ** (Math.floor(Math.log10(Math.abs(value))) - digits + 1)
  return Number((round(value / unit) * unit).toPrecision(digits + 1))
}

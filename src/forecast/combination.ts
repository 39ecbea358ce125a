/**
 * Combination — several methods at once, weighted by how they missed together lately.
 *
 *   ŷ[t+h] = Σ wᵢ(h) fᵢ[t+h]     wᵢ ≥ 0, Σ wᵢ = 1, the weights of least variance (`combination-weights.ts`)
 *
 * Members are fitted to the earlier part of the history and led through the rest, where the weights are learned for each of
 * the horizons 1, 2, 3, 4, 6, 8, 11 … from forecasts made before the values came; between them weights are mixed. They go
 * on learning with every value. A member that fails, or says nothing, is left out, with the reason in `parameters()`.
 * Bates & Granger 1969. `blend` combines simple experts, this combines whole methods.
 *
 *   models   methods, joined by +
 *   season   handed to those that have one; 0 = each finds its own
 *   refit    once the weights are known members are fitted again, to everything
 */
import {
  type GivenOptions,
  type OptionTable,
  PrescaleError,
  type ReadOptions,
  random,
  readOptions,
  type Series,
  series,
  sliceSteps,
  unknownName
} from '../base/index.ts'
import type { FitOptions, Forecaster, Json } from '../roles.ts'
import { isObject, type Member, member } from './combination-member.ts'
import { addMisses, type Misses, noMisses, weightsOf } from './combination-weights.ts'
import { horizonNodes } from './horizons.ts'
import { readLearned } from './learned.ts'
import { fitOnline, type Method, type PointModel } from './online.ts'
import { requireSeason } from './season.ts'
import { sizeOf } from './size.ts'

export const combinationOptions = {
  models: { kind: 'text', default: 'ridge+blend', says: 'methods that are combined, joined by +' },
  season: {
    kind: 'integer',
    default: 0,
    min: 0,
    says: 'steps in a season, for those that have one; 0 = each finds its own'
  },
  refit: {
    kind: 'boolean',
    default: true,
    says: 'fit the members again, to everything, once the weights are known'
  }
} as const satisfies OptionTable

export type CombinationOptions = Partial<ReadOptions<typeof combinationOptions>>

/** The other methods, handed in so that the table may hold this one too. */
export interface Members {
  readonly names: readonly string[]
  readonly make: (name: string, options: GivenOptions, season?: number) => Forecaster
}

const name = 'combination'
/** Measured steps on which weights are learned, if that is not more than this share of them. */
const [weighing, weighingShare] = [1_500, 0.4]

export function combination(given: CombinationOptions, methods: Members): Forecaster {
  const options = readOptions(name, combinationOptions, given)
  const names = memberNames(options.models, methods.names)
  const method: Method = {
    name,
    version: '1',
    needs: 1,
    start: (history, horizon, fit) => {
      requireSeason(name, options.season, history, 1)
      const season = options.season === 0 ? undefined : options.season
      return start(history, horizon, fit, names, options.refit, (model) => methods.make(model, {}, season))
    }
  }
  return { name, fit: (history: Series, fit?: FitOptions) => fitOnline(method, history, fit) }
}

function memberNames(models: string, known: readonly string[]): string[] {
  const possible = known.filter((other) => other !== name && other !== 'auto')
  const wanted = [...new Set(models.split('+').map((model) => model.trim()))]
  for (const model of wanted) {
    if (possible.includes(model)) continue
    throw new PrescaleError('BAD_OPTION', unknownName(`a member of ${name}`, model, possible))
  }
  return wanted
}

function start(
  history: Series,
  asked: number,
  fit: FitOptions,
  names: readonly string[],
  refit: boolean,
  make: (model: string) => Forecaster
): PointModel {
  const { values, stepMs, startMs } = history
  const learned = fit.learned === undefined ? undefined : readCombination(fit.learned, names, asked)
  // One that learned to look farther goes on doing so: its weights are those of its own horizons.
  const horizon = learned?.horizon ?? asked
  const { nodes, below, above, share } = horizonNodes(horizon, 4, 1.4)
  const cut = cutOf(values)
  const seed = fit.rng?.integer(2 ** 31) ?? 0
  const early = sliceSteps(history, 0, cut)
  const rounds = refit && learned === undefined ? 2 : 1
  const optionsOf = (i: number, round: number): FitOptions => ({
    ...fit,
    horizon,
    levels: [0.5],
    rng: random(seed, name, names[i], round),
    learned: learned?.members[i] ?? undefined,
    progress:
      fit.progress &&
      ((done, of) => fit.progress?.((round * names.length + i) * of + done, rounds * names.length * of))
  })
  const members: Member[] = names.map((model, i) => member(model, () => make(model), early, optionsOf(i, 0)))
  if (members.every((m) => m.out() !== undefined)) {
    const reasons = members.map((m) => `${m.name}: ${m.out()}`).join('; ')
    throw new PrescaleError('TOO_SHORT', `${name}: none of its members can be fitted here: ${reasons}`)
  }
  const misses: Misses[] = learned?.misses ?? nodes.map(() => noMisses(names.length))
  const weights = misses.map((m) => weightsOf(m, members.map(isIn)))
  // In units of the load's size, as squares are summed.
  const size = learned?.size ?? sizeOf(values)
  const now = names.map(() => new Float64Array(horizon).fill(NaN))
  const issued = nodes.map((h) => new Float64Array(h * names.length).fill(NaN))
  const e = new Float64Array(names.length)
  let last = values.subarray(0, cut).findLast((y) => !Number.isNaN(y)) ?? NaN
  let t = 0

  function ask(): void {
    for (let i = 0; i < members.length; i++) members[i].ahead(now[i])
  }

  function learn(y: number): void {
    for (let k = 0; k < nodes.length; k++) {
      const at = (t % nodes[k]) * names.length
      for (let i = 0; i < e.length; i++) e[i] = bounded((y - issued[k][at + i]) / size)
      // Those that take part no more are as if they never missed; they have no weight.
      for (let i = 0; i < e.length; i++) if (!isIn(members[i])) e[i] = 0
      if (members.some(isIn)) addMisses(misses[k], e)
      weights[k] = weightsOf(misses[k], members.map(isIn))
    }
  }

  function remember(origin: number): void {
    for (let k = 0; k < nodes.length; k++) {
      const at = (origin % nodes[k]) * names.length
      for (let i = 0; i < names.length; i++) issued[k][at + i] = now[i][nodes[k] - 1]
    }
  }

  function mixed(forecasts: readonly Float64Array[], h: number): number {
    const i = Math.min(h, below.length) - 1
    const [a, b, f] = [weights[below[i]], weights[above[i]], share[i]]
    let [sum, total] = [0, 0]
    for (let m = 0; m < forecasts.length; m++) {
      const y = forecasts[m][h - 1]
      const w = a[m] + f * (b[m] - a[m])
      if (Number.isNaN(y) || !(w > 0)) continue
      sum += w * y
      total += w
    }
    return total > 0 ? sum / total : last
  }

  const learnsFrom = Math.max(cut, learned ? Math.round((learned.untilMs - startMs) / stepMs) : cut)
  ask()
  remember(cut - 1)
  return {
    trainedUntil: cut,
    observe(y) {
      if (t >= cut) {
        if (!Number.isNaN(y)) {
          if (t >= learnsFrom) learn(y)
          last = y
        }
        const one = series(stepMs, [y], { startMs: startMs + t * stepMs, unit: history.unit })
        for (const m of members) m.update(one)
        // Weights are known now, and what was held back from the members is theirs too.
        if (rounds === 2 && t === values.length - 1) {
          for (let i = 0; i < members.length; i++) members[i].refit(history, optionsOf(i, 1))
        }
        ask()
        remember(t)
      }
      t++
    },
    ahead(out) {
      if (t < cut) {
        out.fill(NaN)
        return
      }
      const longer = out.length > horizon
      const forecasts = longer ? members.map(() => new Float64Array(out.length)) : now
      if (longer) for (let i = 0; i < members.length; i++) members[i].ahead(forecasts[i])
      for (let h = 1; h <= out.length; h++) out[h - 1] = mixed(forecasts, h)
    },
    parameters: () => ({
      size,
      untilMs: startMs + Math.max(t, learnsFrom) * stepMs,
      horizons: [...nodes],
      members: Object.fromEntries(members.map((m) => [m.name, m.parameters()])),
      left: Object.fromEntries(members.flatMap((m) => (isIn(m) ? [] : [[m.name, m.out() ?? '']]))),
      // Rows: one for each horizon, in the order of the members.
      shares: weights.map((w) => Array.from(w, (x) => Math.round(x * 1e4) / 1e4)),
      misses: misses.map(({ products, weight }) => [weight, ...products])
    })
  }
}

const isIn = (m: Member) => m.out() === undefined
/** A miss a million times the size of the load has no square that others could be added to. */
const bounded = (miss: number) => Math.max(-1e6, Math.min(1e6, miss))

/** Step from which weights are learned: at least two measured values before it and behind it, where there are that many. */
function cutOf(values: Float64Array): number {
  const measured = values.reduce((count, y) => count + (Number.isNaN(y) ? 0 : 1), 0)
  let left = Math.min(measured - 1, Math.max(2, Math.min(weighing, Math.floor(weighingShare * measured))))
  let cut = values.length
  while (cut > 1 && left > 0) if (!Number.isNaN(values[--cut])) left--
  return cut
}

interface LearnedCombination {
  /** The farthest that it learned. */
  readonly horizon: number
  readonly size: number
  readonly untilMs: number
  readonly members: readonly Json[]
  readonly misses: Misses[]
}

function readCombination(json: Json, names: readonly string[], asked: number): LearnedCombination {
  const learned = readLearned(name, json)
  const bad = (what: string) =>
    new PrescaleError('BAD_MODEL', `${name}: ${what}; train it again with these options`)
  const { members, misses } = isObject(json) ? json : {}
  if (!isObject(members) || names.some((model) => members[model] === undefined)) {
    throw bad(`what was learned must be of the members ${names.join(', ')}`)
  }
  const horizons = learned.numbers('horizons')
  const horizon = horizons.at(-1) ?? 0
  if (!Number.isInteger(horizon) || horizon < asked) {
    throw new PrescaleError('BAD_MODEL', `${name}: it learned ${horizon} steps ahead, asked are ${asked}`)
  }
  const { nodes } = horizonNodes(horizon, 4, 1.4)
  if (String(horizons) !== String(nodes))
    throw bad(`the horizons that it learned must be ${nodes.join(', ')}`)
  const length = 1 + names.length ** 2
  const rows = Array.isArray(misses) ? misses : []
  const isRow = (row: Json): row is readonly number[] =>
    Array.isArray(row) && row.length === length && row.every((x) => typeof x === 'number')
  if (rows.length !== nodes.length || !rows.every(isRow)) {
    throw bad(`misses of what was learned must be ${nodes.length} rows of ${length} numbers`)
  }
  return {
    horizon,
    size: learned.number('size'),
    untilMs: learned.number('untilMs'),
    // A member that was left out is trained here: there is nothing of it to lead through.
    members: names.map((model) => members[model]),
    misses: rows.filter(isRow).map(([weight, ...products]) => ({
      weight,
      products: Float64Array.from(products)
    }))
  }
}

/**
 * Blend — now, and this time yesterday and last week, each trusted as far as it was right at that horizon.
 *
 *   ŷ[t+h] = base_h + g_h · correction_h  over the experts
 *     y[t] · EWMA quick, slow · damped trend · y[t−1]
 *     and per season (hour, day, week, and a detected one): profile × level now (3 ways), the last season's value,
 *     profile and last season's value + how far now is from them
 *
 * Weights, correction and trust are learned online for each horizon (`stacking.ts`), so on steady rhythms the season
 * rules, on drifting loads persistence does, and neither is chosen by hand. Quantiles: conformal scores divided by a
 * spread that grows with the forecast and with recent errors (`conformal.ts`, `spread.ts`). Experts follow FPP3 §5.2,
 * §8.1 and §8.2; the combination is ours.
 *
 *   season   steps in a season, the only one used; 0 = hour, day, week and what the history shows
 */
import { DAY, HOUR, requireOption, type Series } from '../base/index.ts'
import type { FitOptions, Forecaster } from '../roles.ts'
import { horizonNodes } from './horizons.ts'
import { fitOnline, type Method, type PointModel } from './online.ts'
import { profile, profileExperts } from './profile.ts'
import { detectSeason, requireSeason } from './season.ts'
import { spreads } from './spread.ts'
import { stacking } from './stacking.ts'

export interface BlendOptions {
  readonly season?: number
}

const name = 'blend'
/** A season of more steps than this would cost more memory than it can repay: a week of seconds is left out. */
const longestSeason = 100_000
const levelExperts = 5
const [quickRate, slowRate] = [0.3, 0.03]
const [trendLevelRate, trendRate, damping] = [0.5, 0.1, 0.9]

export function blend({ season = 0 }: BlendOptions = {}): Forecaster {
  requireOption(
    Number.isInteger(season) && season >= 0 && season !== 1,
    'season',
    season,
    'a whole number of steps, at least 2, or 0 for hour, day and week'
  )
  const method: Method = {
    name,
    version: '1',
    needs: 1,
    start: (history, horizon) => {
      requireSeason(name, season, history, 1)
      return start(seasonsOf(history, season), horizon)
    }
  }
  return { name, fit: (history: Series, options?: FitOptions) => fitOnline(method, history, options) }
}

function seasonsOf(history: Series, season: number): number[] {
  if (season > 0) return [season]
  const calendar = [HOUR, DAY, 7 * DAY].map((ms) => Math.round(ms / history.stepMs))
  const found = detectSeason(history).season
  const seasons = found > 0 && !calendar.includes(found) ? [...calendar, found] : calendar
  return seasons.filter((m) => m >= 4 && m <= longestSeason)
}

function start(seasons: readonly number[], horizon: number): PointModel {
  const profiles = seasons.map(profile)
  const experts = levelExperts + profileExperts * profiles.length
  const horizons = horizonNodes(horizon, 4, 1.4)
  const { nodes } = horizons
  const stack = stacking(horizons, experts)
  const spread = spreads(horizons)
  const level = levels()
  const x = new Float64Array(experts)
  // What was issued at each node, one row per step in a ring as long as the longest horizon.
  const rows = () => new Float64Array(horizon * nodes.length).fill(NaN)
  const issued = {
    x: new Float64Array(horizon * nodes.length * experts),
    base: rows(),
    correction: rows(),
    forecast: rows(),
    sigma: rows(),
    running: rows()
  }
  let t = 0

  /** All experts' forecasts h steps ahead of what was seen, into x. */
  function ask(h: number): void {
    level.experts(h, x)
    for (let i = 0; i < profiles.length; i++) {
      profiles[i].experts(t + h - 1, level.size(), x, levelExperts + i * profileExperts)
    }
  }

  const floor = () => 0.01 * level.size() + 1e-12

  function learn(y: number): void {
    for (let k = 0; k < nodes.length && nodes[k] <= t + 1; k++) {
      const at = ((t + 1 - nodes[k]) % horizon) * nodes.length + k
      const base = issued.base[at]
      if (Number.isNaN(base)) continue
      const [correction, sigma] = [issued.correction[at], issued.sigma[at]]
      stack.learn(k, y, { x: issued.x, at: at * experts, base, correction, sigma })
      spread.learn(k, y, issued.forecast[at], issued.running[at], floor())
    }
  }

  function remember(): void {
    for (let k = 0; k < nodes.length; k++) {
      const at = (t % horizon) * nodes.length + k
      ask(nodes[k])
      issued.x.set(x, at * experts)
      const { base, correction, forecast } = stack.combine(x, nodes[k])
      issued.base[at] = base
      issued.correction[at] = correction
      issued.forecast[at] = forecast
      issued.running[at] = spread.running(k)
      issued.sigma[at] = spread.sigma(nodes[k], forecast, floor())
    }
  }

  return {
    observe(y) {
      if (!Number.isNaN(y)) {
        learn(y)
        for (const p of profiles) p.observe(t, y)
        level.observe(y)
      }
      t++
      remember()
    },
    ahead(out) {
      for (let h = 1; h <= out.length; h++) {
        ask(h)
        out[h - 1] = stack.combine(x, h).forecast
      }
    },
    spread(mean, out) {
      for (let h = 1; h <= out.length; h++) out[h - 1] = spread.sigma(h, mean[h - 1], floor())
    },
    parameters: () => ({ seasons, horizons: nodes, weights: nodes.map((_, k) => stack.weights(k)) })
  }
}

/** The experts that know no season, and the load's long-run size. */
function levels() {
  let [last, before, quick, slow, level, trend] = [NaN, NaN, NaN, NaN, NaN, 0]
  let [size, seen] = [0, 0]
  return {
    observe(y: number): void {
      seen++
      // The mean of all, and of the last two weeks of minutes once it has seen more.
      size += Math.max(1 / seen, 1 / 20_160) * (Math.abs(y) - size)
      if (seen === 1) {
        before = quick = slow = level = last = y
        return
      }
      before = last
      last = y
      quick += quickRate * (y - quick)
      slow += slowRate * (y - slow)
      const expected = level + damping * trend
      const moved = expected + trendLevelRate * (y - expected) - level
      level += moved
      trend = trendRate * moved + (1 - trendRate) * damping * trend
    },
    experts(h: number, out: Float64Array): void {
      out[0] = last
      out[1] = quick
      out[2] = slow
      out[3] = level + trend * ((damping * (1 - damping ** h)) / (1 - damping))
      out[4] = before
    },
    size: () => size
  }
}

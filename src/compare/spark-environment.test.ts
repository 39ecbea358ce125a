import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HOUR, MINUTE, series } from '../base/index.ts'
import { sparkFeatures } from '../decide/index.ts'
import { rewardScenarios } from '../sim/index.ts'
import { type SparkEnvironmentOptions, sparkEnvironment } from './spark-environment.ts'
import { sparkEpisode } from './spark-environment-episode.ts'

const nine = [8, 3, 1, 0]
const most = [19, 3, 1, 0]

/** The observations of an episode, the first one from the reset, and the rewards. */
function played(
  options: SparkEnvironmentOptions,
  seed: number,
  act: (step: number) => readonly number[] = () => nine
) {
  const env = sparkEnvironment(options)
  const observations = [env.reset(seed)]
  const rewards: number[] = []
  for (let i = 0; ; i++) {
    const { observation, reward, truncated } = env.step(act(i))
    observations.push(observation)
    rewards.push(reward)
    if (truncated) return { env, observations, rewards }
  }
}

describe('the state', () => {
  it('has 13 numbers, or 11 that are the same', () => {
    const { observations: thirteen } = played({ steps: 60 }, 4)
    const { observations: eleven } = played({ steps: 60, mode: 'reactive' }, 4)
    expect(sparkFeatures.map(({ name }) => name)).toEqual(
      'Current_Load Volume CPU Mem Latency Cost Alpha Beta Gamma Shuffle Temp Edge_Predicted_Workload Edge_Burst_Signal'.split(
        ' '
      )
    )
    thirteen.forEach((state, i) => {
      expect(state).toHaveLength(13)
      expect(eleven[i]).toEqual(state.subarray(0, 11))
    })
  })

  it('is always known, within 0 and 1, with a signal of exactly 0 or 1, whatever is done', () => {
    const action = fc.tuple(
      fc.integer({ min: 0, max: 19 }),
      fc.integer({ min: 0, max: 7 }),
      fc.integer({ min: 0, max: 3 }),
      fc.integer({ min: 0, max: 2 })
    )
    fc.assert(
      fc.property(fc.array(action, { minLength: 1, maxLength: 80 }), fc.integer(), (actions, seed) => {
        const { observations } = played({ steps: actions.length }, seed, (i) => actions[i])
        for (const state of observations) {
          for (const value of state) expect(value >= 0 && value <= 1).toBe(true)
          expect([0, 1]).toContain(state[12])
        }
      }),
      { numRuns: 40 }
    )
  })

  it('holds what happened: load, latency, cost and weights', () => {
    const env = sparkEnvironment({ scenario: 'healthcare_critical' })
    env.reset(2)
    const { observation } = env.step(nine)
    const { load, latencyMs, costPerHour } = env.last()
    expect(observation[0]).toBeCloseTo(load / 1_000, 6)
    expect(observation[4]).toBeCloseTo(latencyMs / 10_000, 6)
    expect(observation[5]).toBeCloseTo(costPerHour / 20, 6)
    expect([...observation.subarray(6, 9)]).toEqual([0.1, 0.8, 0.1].map((x) => expect.closeTo(x, 6)))
  })
})

describe('the oracle, an ablation', () => {
  it('tells in obs[11] at T the load at T+1, over 10,000 steps', () => {
    let steps = 0
    for (let seed = 0; seed < 5; seed++) {
      const { observations } = played({ steps: 2_000, signal: { from: 'oracle' } }, seed)
      for (let t = 0; t + 1 < observations.length; t++, steps++) {
        expect(observations[t][11]).toBe(observations[t + 1][0])
      }
    }
    expect(steps).toBe(10_000)
  })

  it.each([0, 1, 3, 5])('rings for as many steps before every onset as it was told: %d', (leadSteps) => {
    const episode = sparkEpisode({ steps: 2_000, signal: { from: 'oracle', leadSteps } }, 3)
    const { accidents } = episode.truth
    expect(accidents.length).toBeGreaterThan(5)
    const rung = new Set<number>()
    for (const { onsetMs } of accidents) {
      const onset = Math.floor(onsetMs / 15_000)
      for (let k = onset - leadSteps; k < onset; k++) if (k < episode.alarm.length) rung.add(k)
    }
    expect(Array.from(episode.alarm.keys()).filter((k) => episode.alarm[k] === 1)).toEqual(
      [...rung].sort((a, b) => a - b)
    )
  })
})

describe('the signal', () => {
  const runs = (alarm: Uint8Array) => alarm.filter((on, i) => on === 1 && alarm[i - 1] !== 1).length
  const day = { steps: 5_000 }
  const signal = { from: 'predictor' } as const

  it('comes from a real predictor: it is there before most onsets, not before all, and sometimes for nothing', () => {
    const { alarm, truth } = sparkEpisode({ ...day, signal }, 1)
    const before = truth.accidents.filter(
      ({ onsetMs }) => alarm[Math.floor(onsetMs / 15_000) - 1] === 1
    ).length
    expect(before / truth.accidents.length).toBeGreaterThan(0.6)
    expect(before).toBeLessThan(truth.accidents.length)
    expect(runs(alarm)).toBeGreaterThan(before)
  })

  it('misses as much more as it is told to', () => {
    const all = runs(sparkEpisode({ ...day, signal }, 1).alarm)
    expect(runs(sparkEpisode({ ...day, signal: { ...signal, missRate: 1 } }, 1).alarm)).toBe(0)
    const some = runs(sparkEpisode({ ...day, signal: { ...signal, missRate: 0.3 } }, 1).alarm) / all
    expect(some).toBeGreaterThan(0.5)
    expect(some).toBeLessThan(0.9)
  })

  it('rings falsely as often as it is told to', () => {
    const none = { perDay: 0, jamsPerDay: 0 }
    const { alarm, predicted } = sparkEpisode(
      { steps: 20_000, load: none, signal: { ...signal, falseAlarmsPerHour: 1 } },
      1
    )
    const hours = (20_000 * 15_000) / HOUR
    expect(runs(alarm) / hours).toBeGreaterThan(0.7)
    expect(runs(alarm) / hours).toBeLessThan(1.3)
    predicted.forEach((load, k) => {
      if (alarm[k] === 1) expect(load).toBeGreaterThanOrEqual(800)
    })
  })

  it('changes nothing of the load', () => {
    const { messages } = sparkEpisode({ ...day, signal }, 1)
    for (const other of [{ from: 'oracle' } as const, { ...signal, missRate: 0.5, falseAlarmsPerHour: 9 }]) {
      expect(sparkEpisode({ ...day, signal: other }, 1).messages).toEqual(messages)
    }
  })
})

describe('an episode', () => {
  it('is the same for the same seed, to the last bit, also after another one', () => {
    const env = sparkEnvironment({ scenario: 'mix', steps: 100 })
    const once = (seed: number) => {
      const states = [env.reset(seed)]
      for (let i = 0; i < 100; i++) states.push(env.step([i % 20, i % 8, i % 4, i % 3]).observation)
      return states
    }
    const first = once(7)
    expect(once(8)).not.toEqual(first)
    expect(once(7)).toEqual(first)
  })

  it('brings the same load, signal and mood whatever is done', () => {
    const little = played({ steps: 200 }, 5, () => [0, 0, 3, 2])
    const much = played({ steps: 200 }, 5, () => [19, 7, 0, 0])
    little.observations.forEach((state, i) => {
      for (const feature of [0, 1, 9, 10, 11, 12]) expect(state[feature]).toBe(much.observations[i][feature])
    })
  })

  it('is cut off after its steps and never over: the future still counts', () => {
    const env = sparkEnvironment({ steps: 3 })
    env.reset(1)
    const ends = [1, 2, 3]
      .map(() => env.step(nine))
      .map(({ terminated, truncated }) => [terminated, truncated])
    expect(ends).toEqual([
      [false, false],
      [false, false],
      [false, true]
    ])
    expect(() => env.step(nine)).toThrow('the episode is over: reset the environment before the next step')
  })

  it('draws all four scenarios where they are mixed, and keeps to the one that is named', () => {
    const env = sparkEnvironment({ scenario: 'mix', steps: 1 })
    const drawn = new Set<number>()
    for (let seed = 0; seed < 60; seed++) {
      env.reset(seed)
      drawn.add(env.weights.alpha)
    }
    expect(drawn.size).toBe(4)
    const one = sparkEnvironment({ scenario: 'smart_city_budget', steps: 1 })
    for (let seed = 0; seed < 9; seed++) {
      one.reset(seed)
      expect(one.weights).toEqual(rewardScenarios.smart_city_budget)
    }
  })
})

describe('an episode of a trace', () => {
  const minutes = Float64Array.from({ length: 600 }, (_, i) => (i === 300 ? NaN : i % 200 >= 150 ? 600 : 100))
  const trace = series(MINUTE, minutes, { unit: 'events/s' })
  const of = (seed: number, options = {}) =>
    sparkEpisode({ steps: 80, trace, signal: { from: 'predictor' }, ...options }, seed)

  it('is a window of it without a gap, in steps of the world, drawn by its seed', () => {
    for (let seed = 0; seed < 20; seed++) {
      const { messages, stepMs } = of(seed)
      expect(messages).toHaveLength(120)
      const total = messages.reduce((sum, n) => sum + n, 0)
      // Counts of whole minutes are kept: 60 s of 100/s or of 600/s each.
      expect(total % 1_500).toBe(0)
      expect(total).toBeGreaterThanOrEqual((100 * stepMs * 120) / 1_000)
    }
    expect(of(3)).toEqual(of(3))
    expect(of(3).messages).not.toEqual(of(4).messages)
  })

  it('has a signal of the predictor over the total: it rings when the load has risen, never before', () => {
    let rang = 0
    for (let seed = 0; seed < 20; seed++) {
      const { alarm, messages } = of(seed)
      const onset = messages.findIndex((n, k) => k >= 40 && n > 6_000 && messages[k - 1] < 3_000)
      if (onset < 0) continue
      expect(alarm.subarray(Math.max(0, onset - 8), onset).includes(1)).toBe(false)
      rang += alarm.subarray(onset, onset + 4).includes(1) ? 1 : 0
    }
    expect(rang).toBeGreaterThan(0)
  })

  it('is what an agent acts in', () => {
    const env = sparkEnvironment({ trace, steps: 80 })
    env.reset(3)
    expect(env.step(nine).observation[0]).toBeCloseTo(env.last().load / 1_000, 6)
    expect(env.episode.messages).toEqual(of(3).messages)
  })

  it('cannot be longer than the trace, nor across its gaps, and there is no oracle for it', () => {
    expect(() => of(1, { steps: 4_000 })).toThrow('an episode needs 16h50m of a trace, this one has 10h')
    expect(() => of(1, { steps: 1_800 })).toThrow('the trace has no 7h40m without a gap')
    expect(() => of(1, { signal: { from: 'oracle' } })).toThrow('the oracle knows accidents')
  })
})

describe('ignoring the alarm costs', () => {
  const accident = [{ atMs: 20 * 60_000, leadMs: 110_000, holdMs: 5 * 60_000 }]
  const scenarios = Object.keys(rewardScenarios) as (keyof typeof rewardScenarios)[]

  it.each(scenarios)('in %s: same seed, scaled up at the alarm against held', (scenario) => {
    for (let seed = 0; seed < 30; seed++) {
      const options = { scenario, steps: 60, load: { schedule: accident } } as const
      const env = sparkEnvironment(options)
      env.reset(seed)
      const alarm = env.episode.alarm.indexOf(1) - env.episode.warmUpSteps
      expect(alarm).toBeGreaterThan(30)
      const sum = (rewards: readonly number[]) => rewards.slice(alarm, alarm + 20).reduce((a, b) => a + b, 0)
      const heeded = sum(played(options, seed, (i) => (i >= alarm ? most : nine)).rewards)
      const ignored = sum(played(options, seed).rewards)
      expect(heeded - ignored).toBeGreaterThan(scenario === 'smart_city_budget' ? 0 : 5)
    }
  })
})

describe('what cannot be', () => {
  it.each([
    [
      { weights: { alpha: -1, beta: 1, gamma: 1 } },
      'reward weights must be three numbers of at least 0 that sum to 1'
    ],
    [{ weights: { alpha: 0.9, beta: 0.9, gamma: 0 } }, 'that sum to 1, were alpha 0.9, beta 0.9, gamma 0'],
    [{ scenario: 'balance' as never }, "'balance' is not a scenario; did you mean 'balanced'?"],
    [{ steps: 0 }, 'steps must be a whole number of steps, at least 1, was 0']
  ])('is refused in one line: %j', (options, message) => {
    expect(() => sparkEnvironment(options)).toThrow(message)
  })

  it.each([
    [
      { from: 'predictor', predictor: 'cusun' as never },
      "'cusun' is not a burst predictor; did you mean 'cusum'?"
    ],
    [{ from: 'predictor', missRate: 2 }, 'signal.missRate must be a ratio from 0 to 1, was 2'],
    [
      { from: 'oracle', leadSteps: 1.5 },
      'signal.leadSteps must be a whole number of steps, at least 0, was 1.5'
    ]
  ] as const)('is refused at the first reset: %j', (signal, message) => {
    expect(() => sparkEnvironment({ signal }).reset(1)).toThrow(message)
  })

  it.each([[[20, 0, 0, 0]], [[0, 0, 0]], [[0.5, 0, 0, 0]], [[NaN, 0, 0, 0]], [[0, 0, -1, 0]]])(
    'is no action: %j',
    (action) => {
      const env = sparkEnvironment({ steps: 5 })
      env.reset(1)
      expect(() => env.step(action)).toThrow('an action must be four indices below 20, 8, 4, 3, was [')
    }
  )

  it('is a step before the first reset', () => {
    expect(() => sparkEnvironment().step(nine)).toThrow('reset it before the first step')
  })
})

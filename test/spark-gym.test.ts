import { execFileSync, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { peerFile } from '../bench/peers/spark-episodes.ts'
import { random } from '../src/base/index.ts'
import { sparkEnvironment } from '../src/compare/index.ts'

const script = fileURLToPath(new URL('../bench/peers/spark_gym.py', import.meta.url))
const isThere = spawnSync('python3', ['--version']).status === 0

describe.skipIf(!isThere)('the Python port of the Spark world', () => {
  it.each([1, 2])(
    'comes to the same states and rewards as ours from the same actions, episode %d',
    (seed) => {
      const rng = random(seed, 'actions')
      // Half of the actions keep the last one: batches start, and are withdrawn, in every mixture.
      let last = [5, 3, 1, 0]
      const actions = Array.from({ length: 400 }, () => {
        if (rng.next() < 0.5) last = [20, 8, 4, 3].map((size) => rng.integer(size))
        return last
      })
      const environment = sparkEnvironment()
      const states = [Array.from(environment.reset(seed))]
      const rewards: number[] = []
      for (const action of actions) {
        const { observation, reward } = environment.step(action)
        states.push(Array.from(observation))
        rewards.push(reward)
      }
      const told = execFileSync('python3', [script, 'check', peerFile([seed], actions)], {
        encoding: 'utf8',
        maxBuffer: 1e8
      })
      const theirs: { states: number[][]; rewards: number[] } = JSON.parse(told)
      expect(theirs.rewards).toHaveLength(400)
      for (const [t, reward] of rewards.entries()) expect(theirs.rewards[t]).toBeCloseTo(reward, 9)
      for (const [t, state] of states.entries()) expect(theirs.states[t].map(Math.fround)).toEqual(state)
    }
  )
})

/** Episodes of the Spark environment with all of their chance, for `spark_gym.py`: the same there as here. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { uniformAt } from '../../src/base/index.ts'
import { sparkEnvironment } from '../../src/compare/index.ts'
import { sparkLead, sparkLeadTime } from '../../src/sim/index.ts'

/** Steps before the first state, with the usual size. */
const GAUGE_STEPS = 4
const MOOD_STEPS = 40
const CPU_NOISE = 0.02

export interface PeerEpisode {
  readonly messages: readonly number[]
  readonly predicted: readonly number[]
  readonly alarm: readonly number[]
  /** Of what is asked for in each step, ms. */
  readonly leads: readonly number[]
  /** By ten minutes. */
  readonly shuffle: readonly number[]
  readonly temperature: readonly number[]
  /** Factor on the CPU gauge, by step. */
  readonly noise: readonly number[]
}

export function peerEpisode(seed: number): PeerEpisode {
  const environment = sparkEnvironment()
  environment.reset(seed)
  const { messages, predicted, alarm, warmUpSteps } = environment.episode
  const lead = sparkLead(sparkLeadTime)
  const from = warmUpSteps - GAUGE_STEPS
  const steps = Array.from({ length: messages.length - from }, (_, step) => step)
  const moods = steps.slice(0, Math.ceil(steps.length / MOOD_STEPS))
  const chance = (label: string) => (i: number) => uniformAt(seed, label, i)
  return {
    messages: Array.from(messages.subarray(from)),
    predicted: Array.from(predicted.subarray(from)),
    alarm: Array.from(alarm.subarray(from)),
    leads: steps.map((step) => lead(seed, step)),
    shuffle: moods.map((mood) => 0.1 + 0.4 * chance('shuffle')(mood)),
    temperature: moods.map(chance('temperature')),
    noise: steps.map((window) => {
      const radius = Math.sqrt(-2 * Math.log(1 - chance('cpu')(2 * window)))
      return Math.max(0, 1 + CPU_NOISE * radius * Math.cos(2 * Math.PI * chance('cpu')(2 * window + 1)))
    })
  }
}

/** A file with the episodes of these seeds, and actions to be played in the first. */
export function peerFile(seeds: readonly number[], actions: readonly (readonly number[])[] = []): string {
  const file = join(mkdtempSync(join(tmpdir(), 'prescale-spark-')), 'episodes.json')
  writeFileSync(file, JSON.stringify({ stepMs: 15_000, episodes: seeds.map(peerEpisode), actions }))
  return file
}

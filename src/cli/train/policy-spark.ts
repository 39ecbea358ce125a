/** PPO in the Spark world, on worker threads: several seeds side by side, or one whose environments several threads play. */
import {
  formatDuration,
  hashOf,
  PrescaleError,
  readOptions,
  type Series,
  scale,
  sliceSteps
} from '../../base/index.ts'
import { planSpark } from '../../compare/plan.ts'
import {
  type SparkBegin,
  type SparkBest,
  type SparkProgress,
  type SparkScores,
  type SparkTask,
  sparkScored
} from '../../compare/spark-training.ts'
import { ppoOptions } from '../../decide/index.ts'
import { executorRate, type RewardScenario } from '../../sim/index.ts'
import { writeModelFile } from '../../store/model-file.ts'
import { inLockstep } from '../../work/index.ts'
import { inWorkers } from '../../work/pool.ts'
import { interrupted } from '../interrupt.ts'
import { moduleOf } from '../jobs.ts'
import { note, progress } from '../output.ts'
import { type Asked, readCheckpoint, writeCheckpoint } from './policy-checkpoint.ts'
import { readTrainingData } from './policy-data.ts'
import { type PolicyTraining, startLimit } from './policy-flags.ts'
import type { SparkJob, SparkScoreJob, SparkTold } from './policy-jobs.ts'
import { TELLING_EPISODES, type TrainedPolicy } from './policy-result.ts'

/** Steps of an episode, and before it. */
const [EPISODE, WARM_UP] = [400, 40]
const STEP_MS = 15_000
const LEAST_EPISODE = 40
const VALIDATE = 0.2
/** A checkpoint is written no more often than this; the first at once, so that a place that cannot be written is known soon. */
const WRITES_MS = 5_000

export async function trainPpo(training: PolicyTraining): Promise<TrainedPolicy> {
  const { file, seeds, learning, options } = training
  const { task, data, scoredOn } =
    file === undefined || file === 'builtin:accidents'
      ? accidentTask(training)
      : await traceTask(file, training)
  const started = performance.now()
  const asked = askedOf(task, data, learning)
  const { checkpoint } = options
  const known =
    options.resume && checkpoint !== undefined
      ? readCheckpoint(checkpoint, asked)
      : new Map<number, SparkProgress>()
  const trained = await trainSeeds(training, task, known, asked)
  const trainMs = performance.now() - started
  const all = seeds.map((seed) => seedOf(seed, trained.get(seed)!))
  const kept = all.reduce((a, b) => (b.validation.reward > a.validation.reward ? b : a))
  const job: SparkScoreJob = { task, model: kept.best.model }
  const work = { threads: 1, abort: interrupted }
  const [scores] = await inWorkers<SparkScoreJob, SparkScores>(jobs, 'sparkScoreJob', [job], work)
  const { scenario, edge, begin = 'nothing', about } = task
  const place = { scenario, edge, begin, ...about }
  return { method: 'ppo', world: 'spark', data, about: place, kept, seeds: all, trainMs, scoredOn, scores }
}

const jobs = moduleOf('./train/policy-jobs')

function accidentTask({ options }: PolicyTraining) {
  const { edge = 'predictor' } = options
  const task: SparkTask = {
    scenario: scenarioOf(options.scenario),
    edge: edgeOf(edge),
    begin: beginOf(options.begin)
  }
  return { task, data: 'fresh accidents', scoredOn: `${sparkScored.length} episodes of seeds of their own` }
}

/** Windows of the training part; the last fifth of it chooses the model, what is held back scores it. */
async function traceTask(file: string, training: PolicyTraining) {
  const { options, settings } = training
  const { name, series, span, all } = await readTrainingData(file, training)
  // Sizes are taken from the training part; a plan wants something held back, and does not look at it.
  const held = all ? { ...span, scoreFrom: span.scoreTo - 1 } : span
  const { unitRate } = planSpark(name, series, held, settings).settings
  const load = scale(series, executorRate / unitRate)
  const cut = Math.floor(span.scoreFrom * (1 - VALIDATE))
  const [learn, validate] = [sliceSteps(load, 0, cut), sliceSteps(load, cut, span.scoreFrom)]
  const score = all ? validate : sliceSteps(load, span.scoreFrom)
  const steps = episodeSteps([learn, validate, score])
  const { edge = 'none' } = options
  if (edge === 'oracle') {
    throw new PrescaleError(
      'BAD_OPTION',
      '--edge oracle knows when accidents set in, and a trace does not say: only without FILE'
    )
  }
  if (edge === 'predictor') {
    note(
      `the predictor sees the total of ${name}: it has no streets. In a rehearsal of it no gateway speaks: ` +
        `rehearse with ${options.out}:withoutEdge=cloud`,
      options.quiet
    )
  }
  const task: SparkTask = {
    scenario: scenarioOf(options.scenario),
    edge: edgeOf(edge),
    begin: beginOf(options.begin),
    steps,
    trace: { learn, validate, score },
    about: { data: name, unitRate }
  }
  const where = all ? 'the last fifth of the trace, by which it was chosen' : 'the part that was held back'
  return { task, data: name, scoredOn: `${sparkScored.length} windows of ${where}` }
}

/** As long as an episode is elsewhere, or as the shortest part has room for. */
function episodeSteps(parts: readonly Series[]): number {
  const room = parts.map(({ values, stepMs }) => Math.floor((values.length * stepMs) / STEP_MS) - WARM_UP)
  const steps = Math.min(EPISODE, ...room)
  if (steps >= LEAST_EPISODE) return steps
  const needs = formatDuration((LEAST_EPISODE + WARM_UP) * STEP_MS)
  const has = formatDuration((Math.min(...room) + WARM_UP) * STEP_MS)
  throw new PrescaleError(
    'TOO_SHORT',
    `every part of the trace needs ${needs} for an episode, the shortest has ${has}: a fifth of the training part validates, what is held back scores`
  )
}

const scenarioOf = (name = 'balanced') => name as RewardScenario | 'mix'
const beginOf = (name = 'proportional') => name as SparkBegin
const edgeOf = (name: string) => name as SparkTask['edge']

function askedOf({ trace, ...task }: SparkTask, data: string, learning: PolicyTraining['learning']): Asked {
  const { seed: _, ...options } = readOptions('ppo', ppoOptions, learning)
  const { scenario, edge, begin = 'nothing', steps = EPISODE } = task
  return {
    data,
    begin,
    scenario,
    edge,
    episode: steps,
    load: trace === undefined ? null : hashOf(trace).slice(0, 16),
    ...options
  }
}

/** All seeds, so many side by side that all threads have something to do. What was found so far outlives an interruption. */
async function trainSeeds(
  training: PolicyTraining,
  task: SparkTask,
  known: Map<number, SparkProgress>,
  asked: Asked
): Promise<Map<number, SparkProgress>> {
  const { seeds, threads, learning, options, timeLimitMs } = training
  const { checkpoint, out, quiet } = options
  const stop = new SharedArrayBuffer(8)
  const best = new Map<number, SparkBest>([...known].map(([seed, { best }]) => [seed, best]))
  const shares = new Map<number, number>()
  const say = progress(quiet)
  let writtenMs = -Infinity

  const hear = (seed: number, told: SparkTold) => {
    if (told.kind === 'best') best.set(seed, told.best)
    else if (told.kind === 'progress') {
      known.set(seed, told.progress)
      if (performance.now() - writtenMs > WRITES_MS) save()
    } else {
      shares.set(seed, told.share)
      const share = [...shares.values()].reduce((sum, one) => sum + one, 0) / seeds.length
      const { point } = told
      const reward = point.meanReward
      say(
        `training ppo: ${Math.round(100 * share)} %` +
          (reward === null || point.episodes < TELLING_EPISODES
            ? ''
            : `, in training reward ${short(reward)} of an episode (seed ${seed})`)
      )
    }
  }
  const save = () => {
    if (checkpoint === undefined || known.size === 0) return
    writeCheckpoint(checkpoint, asked, known)
    writtenMs = performance.now()
  }
  const keep = () => {
    try {
      say('')
      save()
      if (checkpoint !== undefined && known.size > 0) note(`go on with --resume: ${checkpoint}`, quiet)
      const kept = [...best.values()].reduce<SparkBest | undefined>(
        (a, b) => (a === undefined || b.validation.reward > a.validation.reward ? b : a),
        undefined
      )
      if (kept === undefined) return
      writeModelFile(out, kept.model)
      note(`kept the best so far, after ${kept.steps.toLocaleString('en-US')} steps: ${out}`, quiet)
    } catch (error) {
      note(error instanceof Error ? error.message : String(error))
    }
  }

  const left = [...seeds]
  const sideBySide = Math.min(threads, seeds.length)
  const each = Math.max(1, Math.floor(threads / sideBySide))
  const { environments } = readOptions('ppo', ppoOptions, learning)
  const hand = async () => {
    for (let seed = left.shift(); seed !== undefined; seed = left.shift()) {
      const own = seed
      const from = known.get(own)
      const job: SparkJob = {
        task,
        learning: { ...learning, seed: own },
        ...(from && { from: { progress: from, where: checkpoint ?? 'the checkpoint' } }),
        keepsCheckpoint: checkpoint !== undefined,
        stop
      }
      known.set(
        own,
        await inLockstep<SparkJob, SparkProgress>(jobs, 'sparkJob', job, {
          shards: environments,
          threads: each,
          abort: interrupted,
          told: (_, told) => hear(own, told as SparkTold)
        })
      )
    }
  }
  const limit = startLimit(stop, timeLimitMs)
  interrupted.addEventListener('abort', keep)
  try {
    await Promise.all(Array.from({ length: sideBySide }, hand))
    save()
  } finally {
    interrupted.removeEventListener('abort', keep)
    clearTimeout(limit)
    say('')
  }
  return known
}

function seedOf(seed: number, { ppo, best }: SparkProgress) {
  const { model, steps, validation } = best
  const { curve } = ppo
  return { seed, model, best, steps, played: curve.at(-1)?.steps ?? 0, validation, curve }
}

const short = (value: number) => value.toLocaleString('en-US', { maximumSignificantDigits: 4 })

/** Q-learning and SARSA in the service world, on worker threads: the load is foreseen once, then every seed learns a table of it. */
import type { ElasticScores } from '../../compare/elastic-exam.ts'
import type { ElasticBest, ElasticTask } from '../../compare/elastic-training.ts'
import { planService, serviceTimeRemark } from '../../compare/plan.ts'
import type { TabularMethod } from '../../decide/index.ts'
import { inWorkers } from '../../work/pool.ts'
import { interrupted } from '../interrupt.ts'
import { moduleOf, shared } from '../jobs.ts'
import { readOneModel } from '../models.ts'
import { note, progress } from '../output.ts'
import { readTrainingData } from './policy-data.ts'
import { type PolicyTraining, startLimit } from './policy-flags.ts'
import type { ElasticJob, ElasticScoreJob, ElasticTaskJob } from './policy-jobs.ts'
import type { TrainedPolicy } from './policy-result.ts'

const jobs = moduleOf('./train/policy-jobs')

export async function trainTables(
  training: PolicyTraining & { readonly method: TabularMethod }
): Promise<TrainedPolicy> {
  const {
    file = 'builtin:daily-wave',
    method,
    seeds,
    learning,
    settings,
    threads,
    options,
    timeLimitMs
  } = training
  const forecast = readOneModel(options.forecast, '--forecast', { seed: seeds[0] })
  const { name, series, span, all } = await readTrainingData(file, training)
  const plan = planService(name, series, all ? { ...span, scoreFrom: span.scoreTo - 1 } : span, settings)
  const remark = serviceTimeRemark(settings.serviceTimeMs, plan)
  if (remark !== undefined) note(remark, options.quiet)
  const say = progress(options.quiet)
  const work = { abort: interrupted, threads }
  const started = performance.now()
  const [task] = await inWorkers<ElasticTaskJob, ElasticTask>(
    jobs,
    'elasticTaskJob',
    [{ plan, forecast, all }],
    {
      ...work,
      progress: shared(1, (share) => say(`forecasting with ${forecast.label}: ${Math.round(100 * share)} %`))
    }
  )
  if (task.bridged > 0) {
    note(`${task.bridged} minutes were not measured: taken for the one before each`, options.quiet)
  }
  const { unitRate } = plan.settings
  const about = { data: name, forecast: forecast.label }
  const stop = new SharedArrayBuffer(4)
  const inputs = seeds.map((seed): ElasticJob => ({ task, method, learning, seed, stop, about }))
  const limit = startLimit(stop, timeLimitMs)
  const trained = await inWorkers<ElasticJob, ElasticBest>(jobs, 'elasticJob', inputs, {
    ...work,
    progress: shared(seeds.length, (share) => say(`training ${method}: ${Math.round(100 * share)} %`))
  }).finally(() => clearTimeout(limit))
  const trainMs = performance.now() - started
  const every = seeds.map((seed, i) => {
    const { model, updates, validation, curve } = trained[i]
    return { seed, model, table: model, steps: updates, played: updates, validation, curve }
  })
  const kept = every.reduce((a, b) => (b.validation.reward > a.validation.reward ? b : a))
  say('comparing with simple rules')
  const [scores] = await inWorkers<ElasticScoreJob, ElasticScores>(
    jobs,
    'elasticScoreJob',
    [{ task, model: kept.table }],
    work
  )
  say('')
  const where = all ? 'the last fifth of the trace, by which it was chosen' : 'the part that was held back'
  return {
    method,
    world: 'service',
    data: name,
    about: { forecast: forecast.label, unitRate },
    kept,
    seeds: every,
    trainMs,
    scoredOn: `${scores.minutes.toLocaleString('en-US')} minutes of ${where}`,
    scores
  }
}

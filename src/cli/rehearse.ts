/** `prescale rehearse [FILE]` — every policy on one trace in one world. */
import { resolve } from 'node:path'
import { Command } from 'commander'
import { canonicalJson, type Series } from '../base/index.ts'
import type { AsRun } from '../compare/as-run.ts'
import { edgeTrack } from '../compare/edge-track.ts'
import {
  planService,
  planSpark,
  planStream,
  type ServiceSettings,
  serviceTimeRemark
} from '../compare/plan.ts'
import { type PolicySpec, policyEntry, RELATIVE_POLICIES } from '../compare/policy-spec.ts'
import { policyRemarks } from '../compare/policy-world.ts'
import { type Rehearsed, rehearseAll } from '../compare/rehearsal.ts'
import { renderReport } from '../compare/report.ts'
import { reportOf } from '../compare/report-of.ts'
import type { Json } from '../roles.ts'
import { worlds } from '../sim/index.ts'
import { addDataOptions, type Data, readData, trainingSteps } from './data.ts'
import { interrupted } from './interrupt.ts'
import { asRunInWorker, doJobsInWorkers, threads } from './jobs.ts'
import { readOneModel, readPolicies, remarksOn } from './models.ts'
import { note, print, progress, readFormat } from './output.ts'
import {
  type RehearseOptions,
  readEdge,
  readWorld,
  readWorldConfig,
  recordedColumns,
  seedsOf,
  settingsOf
} from './rehearse/flags.ts'
import { asRunText, rehearsalRows, rehearsalText } from './rehearse/text.ts'
import { DEFAULT_STORE } from './store-file.ts'

const worldsInWords = Object.entries(worlds)
  .map(([name, { says }]) => `${name}: ${says}`)
  .join('; ')
const DEFAULT_POLICIES = 'fixed,hpa,threshold,proportional,mpc'

export function command(): Command {
  const rehearse = new Command('rehearse')
    .description('all policies on one trace in one world, paired: table, JSON, HTML report')
    .argument(
      '[FILE]',
      'CSV, Parquet, builtin:flights, builtin:daily-wave, builtin:accidents or prometheus:URL',
      'builtin:daily-wave'
    )
    .option('--world <NAME>', worldsInWords, 'service')
    .option('--world-config <FILE>', 'YAML or JSON of the stream world: operators, edges, outages')
    .option('--policies <LIST>', 'name[:option=value…] or model.json,…', DEFAULT_POLICIES)
    .option(
      '--forecast <NAME>',
      'what predictive policies are shown: name[:option=value…] or model.json',
      'blend'
    )
    .option('--train-until <WHEN>', 'a moment, or a ratio of the trace', '0.8')
    .option('--unit-rate <X>', 'events/s that one unit serves (else P99.9 of the training rates / 20)')
    .option('--service-time <DURATION>', 'mean service time of one event')
    .option('--slo <DURATION>', 'latency that an event may take (else 4 × the service time)')
    .option('--lead-time <TIME>', 'from request to ready, such as 2m or 2m,P90=3m (else 2m)')
    .option('--price <X>', 'of one unit for an hour (else 0.05)')
    .option('--min-units <N>', 'never fewer units than this of each resource (else 1)')
    .option('--max-units <N>', 'never more (else 200)')
    .option(
      '--edge <KIND>',
      'what gateways say of builtin:accidents: predictor, oracle (knows the future) or none',
      'predictor'
    )
    .option('--seeds <N>', 'how many seeds, from --seed on', '1')
    .option('--seed <N>', 'the first seed', '1')
    .option('--frontier', 'sweep each policy’s own knob on the held-back part')
    .option(
      '--as-run <COLUMNS>',
      'CAPACITY[,LATENCY]: replay the recorded capacity first and fit the unit rate from it'
    )
    .option('--report <FILE>', 'write a self-contained HTML report')
    .option(
      '--store <FILE>',
      'where the Turns go that `explain` reads; what was there before is replaced',
      DEFAULT_STORE
    )
    .option('--no-store', 'keep no Turns')
    .option('-o, --output <FORMAT>', 'table, json, yaml or csv', 'table')
    .option('--quiet', 'no notes, no progress')
  return addDataOptions(rehearse).action(run)
}

async function run(file: string, options: RehearseOptions): Promise<void> {
  readFormat(options.output)
  const policies = readPolicies(options.policies)
  const columns = recordedColumns(options.asRun)
  const seeds = seedsOf(options)
  const given = { ...settingsOf(options), stepMs: stepFor(policies) }
  const world = readWorld(options)
  const edgeKind = readEdge(options)
  const worldConfig = readWorldConfig(options.worldConfig)
  const forecast = readOneModel(options.forecast, '--forecast')
  const data = await readData(file, options, columns, interrupted)
  for (const line of data.notes) note(line, options.quiet)
  const span = spanOf(data.series, options)
  for (const line of remarksOn([forecast], data.series, span.scoreFrom)) note(line, options.quiet)
  const replayed =
    columns.length === 0
      ? undefined
      : await asRunInWorker({
          name: data.name,
          trace: data.series,
          span,
          settings: given,
          recorded: {
            capacity: data.extra[columns[0]],
            ...(columns.length > 1 && { latency: data.extra[columns[1]] })
          }
        })
  const settings = replayed ? { ...given, ...asRecorded(replayed) } : given
  const planned =
    world === 'stream'
      ? planStream(data.name, data.series, span, settings, worldConfig)
      : world === 'spark'
        ? planSpark(data.name, data.series, span, settings)
        : planService(data.name, data.series, span, settings)
  const edge = data.edge && edgeTrack(data.edge, planned.settings.stepMs, edgeKind)
  const plan = edge ? { ...planned, edge } : planned
  const remark = serviceTimeRemark(given.serviceTimeMs, plan)
  for (const line of [...(remark === undefined ? [] : [remark]), ...policyRemarks(policies, plan)])
    note(line, options.quiet)
  if (edge && edgeKind === 'oracle')
    note('edge signals are those of an oracle: they know the future', options.quiet)
  const say = progress(options.quiet)
  const rehearsed = await rehearseAll(
    plan,
    {
      policies,
      forecast,
      seeds,
      frontier: options.frontier === true,
      chooseKnobs: true,
      keepTurns: options.store !== false || options.report !== undefined,
      threads
    },
    doJobsInWorkers(say)
  )
  say('')
  const result = { ...resultOf(rehearsed, options), ...(replayed && { asRun: replayed }) }
  if (options.report !== undefined) {
    const { writeWhole } = await import('../store/write-file.ts')
    writeWhole(options.report, reportHtml(rehearsed, data, options))
  }
  if (options.store !== false) await keep(options.store, rehearsed, result)
  print(options.output, {
    value: result,
    rows: rehearsalRows(rehearsed),
    text: [...(replayed ? [asRunText(replayed), ''] : []), rehearsalText(rehearsed)].join('\n')
  })
  sayWhere(rehearsed, options)
}

function reportHtml(rehearsed: Rehearsed, data: Data, options: RehearseOptions): string {
  const { world, forecast } = options
  return renderReport(reportOf(rehearsed, { world, forecast, notes: data.notes }))
}

async function keep(file: string, { contenders, plan }: Rehearsed, result: object): Promise<void> {
  const { replaceStore } = await import('./store-file.ts')
  replaceStore(
    file,
    contenders.flatMap(({ turns }) => turns),
    {
      atMs: Date.now(),
      kind: 'rehearse',
      name: plan.name,
      spec: null,
      result: JSON.parse(canonicalJson(result)) as Json
    }
  )
}

function sayWhere({ plan, contenders }: Rehearsed, { report, store, quiet }: RehearseOptions): void {
  const policy = contenders.at(-1)?.label
  if (report !== undefined) note(`report: ${resolve(report)}`, quiet)
  const where = store === DEFAULT_STORE ? '' : ` --store ${store}`
  if (store !== false) note(`why: prescale explain ${plan.name}/${policy} --at TIME${where}`, quiet)
}

/** CONTRACTS: `{ trace, world, settings, runs, pairs, frontier }`. */
export function resultOf(
  rehearsed: Rehearsed,
  options: { readonly world: string; readonly forecast: string }
) {
  const { plan, runs, pairs, frontier, chosen, seeds } = rehearsed
  const { trace, span } = plan
  return {
    trace: {
      name: plan.name,
      startMs: trace.startMs,
      stepMs: trace.stepMs,
      steps: trace.values.length,
      trainedOn: span.scoreFrom - span.fitFrom,
      scoredFromMs: trace.startMs + span.scoreFrom * trace.stepMs,
      scored: span.scoreTo - span.scoreFrom
    },
    world: options.world,
    settings: {
      ...plan.settings,
      ...(plan.world.kind === 'service' && {
        serviceTimeMs: plan.world.serviceTimeMs,
        serversPerUnit: plan.world.serversPerUnit
      }),
      truth: plan.truth,
      assumed: plan.assumed,
      forecast: options.forecast,
      seeds,
      chosen
    },
    runs,
    pairs,
    frontier
  }
}

/** All runs of one rehearsal share one step: 15 s, or 1 s where a policy is asked more often than that. */
function stepFor(policies: readonly PolicySpec[]): number {
  const intervals = policies
    .filter(({ name }) => !RELATIVE_POLICIES.includes(name))
    .map((spec) => policyEntry(spec, RELATIVE_POLICIES).make(spec.options).intervalMs)
  return Math.min(...intervals) < 15_000 ? 1_000 : 15_000
}

/** The rehearsal goes on in the world that was fitted on the record. */
function asRecorded({ unitRate, serviceTimeMs, sloMs, how }: AsRun): ServiceSettings {
  return how === 'given' ? { unitRate } : { unitRate, serviceTimeMs, sloMs }
}

function spanOf(series: Series, { trainUntil, tz }: RehearseOptions) {
  return { fitFrom: 0, scoreFrom: trainingSteps(series, trainUntil, tz), scoreTo: series.values.length }
}

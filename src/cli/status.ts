/** `prescale status` — what the loop is doing; of one that does not run, what its record says. */
import { Command } from 'commander'
import { formatDuration } from '../base/index.ts'
import type { Estimated, TargetStatus } from '../loop/index.ts'
import { estimatesOf, ruleOf } from '../loop/index.ts'
import type { Quantiles } from '../roles.ts'
import { askLoop } from '../serve/socket.ts'
import { sqlite } from '../store/index.ts'
import { CONFIG_FILE, loadConfig } from './config/file.ts'
import type { LoopStatus } from './live/answers.ts'
import { unitsWords } from './live/log.ts'
import { print, type Row, readFormat, table } from './output.ts'

interface Options {
  readonly config?: string
  readonly output: string
}

export function command(): Command {
  return new Command('status')
    .description('what the running loop is doing; else what its record says')
    .option('-o, --output <FORMAT>', 'table, json, yaml or csv', 'table')
    .action(run)
}

async function run(options: Options): Promise<void> {
  readFormat(options.output)
  const { listen, store } = await loadConfig(options.config ?? CONFIG_FILE)
  const said = (await askLoop(listen.socket, { ask: 'status' })) as LoopStatus | undefined
  const status = said ?? fromRecord(store.path)
  print(options.output, {
    value: status,
    rows: rowsOf(status.targets),
    text: [headOf(status, store.path), ...gatewayLines(status), textOf(status.targets)].join('\n')
  })
}

/** The newest Turn of every target. Errors: NOT_FOUND where there is no store. */
function fromRecord(file: string): LoopStatus {
  const store = sqlite({ file, readOnly: true })
  try {
    const targets = store.targets().map((target): TargetStatus => {
      const turn = store.latest(target)
      const { given } = store.recall(target)
      const [lastEvent] = store.events(target, 0).slice(-1)
      const { ready = {}, wanted = ready } = turn?.observation.capacity ?? {}
      return {
        target,
        lastTurnMs: turn?.atMs ?? null,
        ready,
        wanted,
        decision: turn
          ? { kind: turn.decision.kind, to: turn.decision.to, rule: ruleOf(turn.decision) }
          : null,
        policy: turn?.policy.name ?? null,
        refused: turn?.receipt?.refused ?? null,
        estimates: turn?.observation.service ? estimatesOf(turn.observation.service) : null,
        lastScale: given
          ? {
              atMs: given.atMs,
              to: given.command.to,
              outcome: given.receipt?.refused ?? (given.receipt ? 'carried out' : 'not known')
            }
          : null,
        conditions: [],
        lastEvent: lastEvent ?? null,
        lastError: null,
        counts: { turns: 0, wakes: 0, commands: 0, failures: 0, errors: 0 }
      }
    })
    return {
      running: false,
      sinceMs: null,
      mode: null,
      trouble: null,
      lease: null,
      pauses: store.pauses(),
      targets
    }
  } finally {
    store.close()
  }
}

function headOf({ running, sinceMs, mode, trouble, lease, pauses }: LoopStatus, file: string): string {
  const paused = Object.entries(pauses).map(
    ([target, { by, because }]) =>
      `${target === '*' ? 'all' : target} paused by ${by}${because ? `: ${because}` : ''}`
  )
  if (!running) return [`no loop runs; this is what ${file} says`, ...paused].join('\n')
  const since = formatDuration(Math.round((Date.now() - (sinceMs ?? 0)) / 1_000) * 1_000)
  const writes =
    mode === 'recommend'
      ? 'recommends only'
      : lease?.mine
        ? (lease.lapsed ?? 'may write')
        : `only watches, ${lease?.holder} may write`
  return [`running for ${since}, ${writes}`, ...(trouble ? [trouble] : []), ...paused].join('\n')
}

/** Who warns, and what of it was not believed. */
export function gatewayLines({ gateways = [] }: Pick<LoopStatus, 'gateways'>, nowMs = Date.now()): string[] {
  return gateways.map(({ gateway, accepted, refused, lastSentMs }) => {
    const reasons = Object.entries(refused).map(([because, count]) => `${because} ${count}`)
    const not = reasons.length === 0 ? '' : `; refused: ${reasons.join(', ')}`
    const age =
      lastSentMs === null
        ? ''
        : `, the last ${formatDuration(Math.max(0, Math.round((nowMs - lastSentMs) / 1_000) * 1_000))} ago`
    return `${gateway === null ? 'gateways nobody knows' : `gateway ${gateway}`}: ${accepted} signals believed${age}${not}`
  })
}

export function rowsOf(targets: readonly TargetStatus[]): Row[] {
  return targets.map(({ target, lastTurnMs, ready, wanted, decision, refused, lastScale, lastError }) => ({
    target,
    lastTurn: lastTurnMs === null ? null : new Date(lastTurnMs).toISOString(),
    ready: unitsWords(ready),
    wanted: unitsWords(wanted),
    decision: decision && (decision.kind === 'hold' ? 'hold' : unitsWords(decision.to)),
    why: decision?.rule,
    refused,
    lastScale: lastScale && `${unitsWords(lastScale.to)}: ${lastScale.outcome}`,
    lastError: lastError?.what ?? null
  }))
}

/** P50 to P90, and where it is from. */
function timeWords({ value, from }: Estimated<Quantiles>): string {
  if (value === null) return 'unknown'
  const [p50, p90] = [value.p50, value.p90].map((ms) => formatDuration(Math.round(ms)))
  return `${p50 === p90 ? p50 : `${p50} to ${p90}`} (${from})`
}

/** A block for each target with what is worth a line. */
export function textOf(targets: readonly TargetStatus[]): string {
  if (targets.length === 0) return '(no target had a turn yet)'
  const rows = rowsOf(targets).map(({ target, ready, wanted, decision, why }) => ({
    target,
    ready,
    wanted,
    decision,
    why
  }))
  const notes = targets.flatMap(
    ({ target, refused, estimates, conditions, lastScale, lastEvent, lastError }) => {
      const bad = conditions.filter(
        ({ type, status }) => status !== (type === 'AbleToScale' || type === 'ScalingActive')
      )
      return [
        ...bad.map(({ type, reason, message }) => `${target}: ${type} ${reason}: ${message}`),
        ...(refused === null ? [] : [`${target}: not commanded: ${refused}`]),
        ...(estimates === null
          ? []
          : [
              `${target}: lead time ${timeWords(estimates.leadTimeMs)}, restart ${timeWords(estimates.restartMs)}`
            ]),
        ...(lastScale === null
          ? []
          : [`${target}: last command ${unitsWords(lastScale.to)}: ${lastScale.outcome}`]),
        ...(lastEvent === null ? [] : [`${target}: ${lastEvent.what}: ${lastEvent.text}`]),
        ...(lastError === null ? [] : [`${target}: error: ${lastError.what}`])
      ]
    }
  )
  return [table(rows), ...new Set(notes)].join('\n')
}

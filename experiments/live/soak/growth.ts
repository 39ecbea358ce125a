/** From samples to medians of minutes, and from those to what is claimed. */
import type { Claim } from '../../experiment.ts'
import expected from './expected.json' with { type: 'json' }
import type { Seen } from './run.ts'
import { theilSen } from './slope.ts'

/** Medians of the samples of a minute; counts as they stood at its end. */
export interface Minute extends Omit<Seen, 'atMs'> {
  readonly minute: number
}

const COUNTS = ['cpuS', 'turns', 'missed', 'commands', 'refused', 'woken', 'complaints'] as const
const LEVELS = [
  ...(['heapMiB', 'externalMiB', 'rssMiB', 'gatewayRssMiB', 'descriptors'] as const),
  ...(['sockets', 'timers', 'storeMiB', 'delayP99Ms', 'delayMaxMs'] as const)
]

export function minutesOf(seen: readonly Seen[]): Minute[] {
  const [first] = seen
  if (first === undefined) return []
  const groups = Map.groupBy(seen, ({ atMs }) => Math.floor((atMs - first.atMs) / 60_000))
  return [...groups].map(([minute, group]) => {
    const last = group[group.length - 1]
    const level = (name: (typeof LEVELS)[number]) => median(group.map((it) => it[name]))
    return {
      minute,
      ...Object.fromEntries(LEVELS.map((name) => [name, level(name)])),
      ...Object.fromEntries(COUNTS.map((name) => [name, last[name]])),
      delayMaxMs: Math.max(...group.map(({ delayMaxMs }) => delayMaxMs))
    } as Minute
  })
}

interface About {
  readonly minutes: number
  readonly targets: number
  readonly tickMs: number
  readonly faults: Readonly<Record<string, number>>
}

const { bounds } = expected

/** Growth can be told from noise only in a run of an hour: a shorter one claims the rest. */
export function claimsOf(seen: readonly Seen[], minutes: readonly Minute[], about: About): Claim[] {
  const always = [turnsClaim(seen, about), missedClaim(seen), cpuClaim(seen), faultsClaim(seen, about)]
  if (about.minutes < 10) return always
  const after = minutes.filter(({ minute }) => minute >= about.minutes / 4)
  return [
    ...(['heapMiB', 'rssMiB', 'gatewayRssMiB'] as const).map((name) => slopeClaim(after, name)),
    levelClaim(after, 'descriptors'),
    levelClaim(after, 'storeMiB'),
    ...always
  ]
}

const WORDS = {
  heapMiB: 'heap of the loop behind a collection',
  rssMiB: 'resident memory of the loop',
  gatewayRssMiB: 'resident memory of the gateway',
  descriptors: 'open files and sockets of the loop',
  storeMiB: 'size of the record and its log'
}

function slopeClaim(after: readonly Minute[], name: 'heapMiB' | 'rssMiB' | 'gatewayRssMiB'): Claim {
  const { slope, low, high } = theilSen(after.map((minute) => [minute.minute / 60, minute[name]]))
  const bound = bounds[name]
  return {
    id: name,
    text: `${WORDS[name]}, MiB an hour behind the warm-up: Theil–Sen slope and 95 % interval over medians of minutes`,
    expected: `upper end < ${bound}`,
    measured: `${round(slope)} (${round(low)} to ${round(high)})`,
    holds: high < bound
  }
}

/** The last third behind the warm-up against the first. */
function levelClaim(after: readonly Minute[], name: 'descriptors' | 'storeMiB'): Claim {
  const third = Math.floor(after.length / 3)
  const most = (part: readonly Minute[]) => Math.max(...part.map((minute) => minute[name]))
  const [first, last] = [most(after.slice(0, third)), most(after.slice(-third))]
  return {
    id: name,
    text: `${WORDS[name]}: the most in the last third behind the warm-up, of the most in the first`,
    expected: `≤ ${bounds[name]}`,
    measured: round(last / first),
    holds: last / first <= bounds[name]
  }
}

function turnsClaim(seen: readonly Seen[], { targets, tickMs }: About): Claim {
  const [first, last] = [seen[0], seen[seen.length - 1]]
  const due = (targets * (last.atMs - first.atMs)) / tickMs
  const share = (last.turns - first.turns) / due
  return {
    id: 'turns',
    text: 'turns that were taken, of those that were due (an alarm makes one more)',
    expected: `≥ ${bounds.turns}`,
    measured: round(share),
    holds: share >= bounds.turns
  }
}

function missedClaim(seen: readonly Seen[]): Claim {
  const { missed } = seen[seen.length - 1]
  return {
    id: 'missed',
    text: 'turns that came more than two intervals after the one before',
    expected: bounds.missed,
    measured: missed,
    holds: missed <= bounds.missed
  }
}

function cpuClaim(seen: readonly Seen[]): Claim {
  const [first, last] = [seen[0], seen[seen.length - 1]]
  const share = (1_000 * (last.cpuS - first.cpuS)) / (last.atMs - first.atMs)
  return {
    id: 'cpu',
    text: 'processor time of the loop, share of one core, its samples and collections included',
    expected: `< ${bounds.cpu}`,
    measured: round(share),
    holds: share < bounds.cpu
  }
}

function faultsClaim(seen: readonly Seen[], { faults, minutes }: About): Claim {
  const { commands } = seen[seen.length - 1]
  const kinds = Object.keys(faults).length
  const asked = minutes < 10 ? 1 : bounds.kinds
  return {
    id: 'faults',
    text: 'kinds of faults that befell, and commands all the same',
    expected: `≥ ${asked} kinds, > 0 commands`,
    measured: `${kinds} kinds, ${commands} commands`,
    holds: kinds >= asked && commands > 0
  }
}

function median(values: readonly number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).toSorted((a, b) => a - b)
  return sorted.length === 0 ? NaN : (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2
}

const round = (value: number) => Math.round(1_000 * value) / 1_000

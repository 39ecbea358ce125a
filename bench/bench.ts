/**
 * What one bench is: a number that we reach, and the same number reached by somebody else.
 *
 * A module `bench/NAME.ts` exports `default: Bench[]`. `ours` and `peer.run` each do the whole work once and return
 * the measured value in `unit`; `run.ts` calls them in turn, A B A B …, each in a process of its own, and takes medians.
 * What is prepared once (data, a fitted model) belongs into a closure that is filled at the first call.
 */
export interface Bench {
  readonly name: string
  /** What the value is, such as `steps/s` or `ms p99`. */
  readonly unit: string
  readonly higherIsBetter: boolean
  ours(): Promise<number> | number
  readonly peer?: Peer
}

/** Somebody else's way to the same result. Throws `NOT_FOUND` or `UNREACHABLE` where it is not installed. */
export interface Peer {
  readonly name: string
  readonly version: string
  run(): Promise<number> | number
}

/** One item of the list that `bench -o json` prints. `ratio` > 1 means better than the peer. */
export interface BenchRow {
  readonly name: string
  readonly ours: { readonly value: number; readonly unit: string; readonly peakMiB: number }
  readonly peer: { readonly name: string; readonly version: string; readonly value: number } | null
  readonly ratio: number | null
}

/** How often something is done in a second: repeats `work` (which returns how much it did) for at least `forMs`. */
export function perSecond(work: () => number, forMs = 500): number {
  let done = 0
  const start = performance.now()
  let now = start
  while (now - start < forMs) {
    done += work()
    now = performance.now()
  }
  return (done / (now - start)) * 1000
}

/** The same in a second of processor time: for what computes and waits for nobody, on a machine that others use too. */
export function perCpuSecond(work: () => number, forMs = 500): number {
  const before = process.cpuUsage()
  const start = performance.now()
  let done = 0
  while (performance.now() - start < forMs) done += work()
  const { user, system } = process.cpuUsage(before)
  return (done * 1e6) / (user + system)
}

/** The time of every single call in milliseconds, sorted. */
export function times(work: (i: number) => void, calls: number): Float64Array {
  const out = new Float64Array(calls)
  for (let i = 0; i < calls; i++) {
    const start = performance.now()
    work(i)
    out[i] = performance.now() - start
  }
  return out.sort()
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

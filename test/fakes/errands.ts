/** What the workers of tests are sent for. */
import { PrescaleError } from '../../src/base/index.ts'

type Progress = (done: number, of: number) => void

const sleep = (ms: number) => new Promise<void>((done) => setTimeout(done, ms))

export async function waitFor(ms: number): Promise<number> {
  await sleep(ms)
  return ms
}

/** `gauge[0]` how many are at it now, `gauge[1]` how many at most at once. */
export async function countBusy(gauge: Int32Array): Promise<void> {
  const busy = Atomics.add(gauge, 0, 1) + 1
  for (let most = Atomics.load(gauge, 1); busy > most; ) {
    const seen = Atomics.compareExchange(gauge, 1, most, busy)
    if (seen === most) break
    most = seen
  }
  await sleep(30)
  Atomics.sub(gauge, 0, 1)
}

export function inThirds(what: string, progress: Progress): string {
  for (let done = 1; done <= 3; done++) progress(done, 3)
  return what
}

export function onTheWay(what: string, _progress: Progress, tell: (value: unknown) => void): string {
  tell({ best: `${what} so far` })
  return what
}

export function refuse(why: string): never {
  throw new PrescaleError('NOT_FOUND', why)
}

export function breakDown(): never {
  throw new Error('broken')
}

export function endNow(): never {
  process.exit(3)
}

export function doAs(told: string): string {
  if (told === 'endNow') endNow()
  if (told === 'fail') throw new PrescaleError('TOO_SHORT', 'failed')
  return told
}

/** Refuses once somebody else works, or works on and on: `work[0]` how many began, `work[1]` how often they did something. */
export async function refuseOrToil({ work, refuse }: { work: Int32Array; refuse: boolean }): Promise<void> {
  if (!refuse) Atomics.add(work, 0, 1)
  for (;;) {
    if (refuse && Atomics.load(work, 1) > 0) throw new PrescaleError('BAD_INPUT', 'refused')
    if (!refuse) Atomics.add(work, 1, 1)
    await sleep(5)
  }
}

let counted = 0
/** State that stays in the thread. */
export function count(): number {
  return ++counted
}

/** Busy for so long, so that nothing else of the thread can happen. */
export function toil(ms: number): number {
  const until = performance.now() + ms
  while (performance.now() < until);
  return ms
}

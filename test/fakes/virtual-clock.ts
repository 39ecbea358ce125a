/** A clock that goes only when told to: whoever sleeps is woken in order of time, and has finished before the next wakes. */
interface Sleeper {
  atMs: number
  /** Who went to sleep first wakes first. */
  readonly order: number
  wake: (() => void) | undefined
}

export function virtualClock(startMs = 0) {
  let now = startMs
  let order = 0
  /** A binary heap: the next to wake is the first. Who was woken otherwise stays until it comes up. */
  const heap: Sleeper[] = []

  async function advance(ms: number): Promise<void> {
    const until = now + ms
    for (;;) {
      await settle()
      while (heap.length > 0 && heap[0].wake === undefined) pop(heap)
      if (heap.length === 0 || heap[0].atMs > until) break
      const next = pop(heap)
      now = Math.max(now, next.atMs)
      next.wake?.()
    }
    now = until
    await settle()
  }

  return {
    now: () => now,
    sleepUntil(atMs: number, abort: AbortSignal): Promise<void> {
      if (abort.aborted || atMs <= now) return Promise.resolve()
      return new Promise((resolve) => {
        const wake = () => {
          sleeper.wake = undefined
          abort.removeEventListener('abort', wake)
          resolve()
        }
        const sleeper: Sleeper = { atMs, order: order++, wake }
        push(heap, sleeper)
        abort.addEventListener('abort', wake, { once: true })
      })
    },
    advance,
    /** Time jumps, and nobody is woken for it: a clock that is set, or a machine that slept. Who sleeps goes on for as long as before. */
    jump(ms: number): void {
      now += ms
      for (const sleeper of heap) sleeper.atMs += ms
    }
  }
}

const before = (a: Sleeper, b: Sleeper) => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)

function push(heap: Sleeper[], sleeper: Sleeper): void {
  let i = heap.push(sleeper) - 1
  for (let up = (i - 1) >> 1; i > 0 && before(sleeper, heap[up]); up = (i - 1) >> 1) {
    heap[i] = heap[up]
    heap[up] = sleeper
    i = up
  }
}

function pop(heap: Sleeper[]): Sleeper {
  const [first] = heap
  const last = heap.pop() as Sleeper
  if (heap.length === 0) return first
  let i = 0
  for (let child = 1; child < heap.length; child = 2 * i + 1) {
    if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child++
    if (!before(heap[child], last)) break
    heap[i] = heap[child]
    i = child
  }
  heap[i] = last
  return first
}

/** Lets everything run that waits for nothing but its turn. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
}

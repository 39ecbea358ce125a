/** A clock that goes only when told to: whoever sleeps is woken in order of time, and has finished before the next wakes. */
export function virtualClock(startMs = 0) {
  let now = startMs
  const sleepers: { atMs: number; wake: () => void }[] = []

  async function advance(ms: number): Promise<void> {
    const until = now + ms
    for (;;) {
      await settle()
      const next = sleepers.toSorted((a, b) => a.atMs - b.atMs)[0]
      if (next === undefined || next.atMs > until) break
      now = Math.max(now, next.atMs)
      next.wake()
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
          sleepers.splice(sleepers.indexOf(sleeper), 1)
          abort.removeEventListener('abort', wake)
          resolve()
        }
        const sleeper: { atMs: number; wake: () => void } = { atMs, wake }
        sleepers.push(sleeper)
        abort.addEventListener('abort', wake, { once: true })
      })
    },
    advance,
    /** Time jumps, and nobody is woken for it: a clock that is set, or a machine that slept. Who sleeps goes on for as long as before. */
    jump(ms: number): void {
      now += ms
      for (const sleeper of sleepers) sleeper.atMs += ms
    }
  }
}

/** Lets everything run that waits for nothing but its turn. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
}

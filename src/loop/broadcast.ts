/**
 * Broadcast — one source read once, heard by many: signals of gateways are for every target, and nobody subscribes five thousand times.
 *
 * Each hears everything since it began to listen. Who hears slower than it comes loses the oldest, `most` wait at most.
 */
import type { Reading, Source } from '../roles.ts'

export interface Broadcast {
  /** A source for one listener. */
  listener(): Source
  /** Reads the one source until aborted; rejects with its error. */
  run(abort: AbortSignal): Promise<void>
}

interface Ear {
  waiting: Reading[]
  wake: () => void
}

export function broadcast(source: Source, most = 1_000): Broadcast {
  const ears = new Set<Ear>()

  async function* listen(abort: AbortSignal): AsyncIterable<Reading> {
    const ear: Ear = { waiting: [], wake: () => {} }
    const wake = () => ear.wake()
    ears.add(ear)
    abort.addEventListener('abort', wake, { once: true })
    try {
      while (!abort.aborted) {
        const heard = ear.waiting
        ear.waiting = []
        yield* heard
        if (ear.waiting.length > 0 || abort.aborted) continue
        await new Promise<void>((resolve) => {
          ear.wake = resolve
        })
      }
    } finally {
      ears.delete(ear)
      abort.removeEventListener('abort', wake)
    }
  }

  function say(reading: Reading): void {
    for (const ear of ears) {
      ear.waiting.push(reading)
      if (ear.waiting.length > 2 * most) ear.waiting = ear.waiting.slice(-most)
      ear.wake()
    }
  }

  return {
    listener: () => ({ read: listen }),
    async run(abort) {
      for await (const reading of source.read(abort)) {
        say(reading)
        if (abort.aborted) return
      }
    }
  }
}

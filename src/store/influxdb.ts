/**
 * InfluxDB — a copy of readings and Turns for dashboards, written in batches beside the loop and never in its way.
 *
 *   1.x  POST /write?db&rp&precision=ms          2.x  POST /api/v2/write?org&bucket&precision=ms
 *
 * What waits to be written is bounded: when it is full, the oldest lines go and are counted. A batch that was not answered is sent again
 * after a wait that doubles; points are the same points when they come twice. A batch that is refused as it is (400) is not sent again.
 * Of 1.x, database and retention policy are made when they are not there; of 2.x the bucket must be there.
 */
import { DAY, formatDuration, PrescaleError, type Random, requireOption } from '../base/index.ts'
import { type InfluxServer, influxQuery, influxWrite } from '../net/index.ts'

export interface InfluxWriterOptions {
  /** Of 1.x the retention policy is `prescale` unless it is given. */
  readonly server: InfluxServer
  /** So long InfluxDB keeps it; 7 days. */
  readonly retentionMs?: number
  /** Lines in one request; 5,000. */
  readonly batchLines?: number
  /** Lines that wait at most; 50,000. */
  readonly maxLines?: number
  /** Written at least this often; 1 s. */
  readonly flushMs?: number
  readonly rng: Random
  /** Told when writing fails and when it works again. */
  readonly tell?: (what: string, text: string) => void
}

export interface InfluxWriter {
  /** Takes lines of the line protocol and returns at once. */
  write(lines: readonly string[]): void
  state(): InfluxWriterState
  /** Writes what waits, as far as the server takes it within a while (5 s), and ends. */
  close(withinMs?: number): Promise<void>
}

export interface InfluxWriterState {
  readonly waiting: number
  readonly written: number
  /** Oldest lines that went because too many waited. */
  readonly dropped: number
  /** Lines that the server refused as they are. */
  readonly refused: number
  /** Why nothing is written now. */
  readonly trouble?: string
}

const LONGEST_WAIT_MS = 60_000

export function influxWriter(options: InfluxWriterOptions): InfluxWriter {
  const { rng, tell, batchLines = 5_000, maxLines = 50_000, flushMs = 1_000, retentionMs = 7 * DAY } = options
  requireOption(
    batchLines >= 1 && batchLines <= maxLines,
    'batchLines',
    batchLines,
    `from 1 to maxLines, ${maxLines}`
  )
  const server: InfluxServer =
    options.server.version === 2 ? options.server : { retentionPolicy: 'prescale', ...options.server }
  const queue: string[] = []
  const count = { written: 0, dropped: 0, refused: 0 }
  const abort = new AbortController()
  let trouble: string | undefined
  let failures = 0
  let inFlight = 0
  let timer: NodeJS.Timeout | undefined
  let sending: Promise<void> | undefined
  let closed = false

  function write(lines: readonly string[]): void {
    if (closed) return
    for (const line of lines) queue.push(line)
    const over = queue.length - maxLines
    if (over > 0) {
      queue.splice(0, over)
      count.dropped += over
    }
    // While the server is in trouble, only the clock asks again.
    if (queue.length >= batchLines && failures === 0) void flush()
    else schedule(flushMs)
  }

  function schedule(ms: number): void {
    if (timer !== undefined || queue.length === 0) return
    timer = setTimeout(() => {
      timer = undefined
      void flush()
    }, ms)
    timer.unref()
  }

  function flush(): Promise<void> {
    sending ??= send().finally(() => {
      sending = undefined
      if (!closed) schedule(failures === 0 ? flushMs : waitMs())
    })
    return sending
  }

  const waitMs = () => Math.min(LONGEST_WAIT_MS, flushMs * 2 ** failures) * (0.5 + rng.next() / 2)

  async function send(): Promise<void> {
    while (queue.length > 0 && !abort.signal.aborted) {
      const batch = queue.splice(0, batchLines)
      inFlight = batch.length
      const outcome = await put(batch)
      inFlight = 0
      if (outcome === 'written') {
        count.written += batch.length
        if (trouble !== undefined) tell?.('influxdb-back', 'InfluxDB takes lines again')
        trouble = undefined
        failures = 0
      } else if (outcome === 'refused') count.refused += batch.length
      else {
        // Back to the front, as far as there is room: newer lines are worth more.
        const room = Math.max(0, maxLines - queue.length)
        const kept = batch.slice(Math.max(0, batch.length - room))
        count.dropped += batch.length - kept.length
        queue.unshift(...kept)
        failures++
        return
      }
    }
  }

  async function put(batch: readonly string[]): Promise<'written' | 'refused' | 'later'> {
    try {
      let answer = await influxWrite(server, batch.join('\n'), abort.signal)
      if (answer.status === 404 && server.version !== 2) {
        await makeDatabase(server, retentionMs, abort.signal)
        answer = await influxWrite(server, batch.join('\n'), abort.signal)
      }
      if (answer.status < 300) return 'written'
      complain(`${new URL(server.url).origin} answers ${answer.status} to a batch: ${answer.says}`)
      return answer.status === 400 || answer.status === 413 || answer.status === 422 ? 'refused' : 'later'
    } catch (error) {
      if (!(error instanceof PrescaleError)) throw error
      if (error.code !== 'INTERRUPTED') complain(error.message)
      return 'later'
    }
  }

  function complain(text: string): void {
    if (text !== trouble) tell?.('influxdb-trouble', text)
    trouble = text
  }

  return {
    write,
    state: () => ({ waiting: queue.length + inFlight, ...count, ...(trouble !== undefined && { trouble }) }),
    async close(withinMs = 5_000) {
      closed = true
      clearTimeout(timer)
      const late = setTimeout(() => abort.abort(), withinMs)
      await sending
      await flush()
      clearTimeout(late)
    }
  }
}

/** Errors: BAD_ANSWER, UNREACHABLE. */
async function makeDatabase(server: InfluxServer, retentionMs: number, abort: AbortSignal): Promise<void> {
  const { database, retentionPolicy } = server
  const bare = { ...server, retentionPolicy: undefined }
  const duration = formatDuration(retentionMs)
  for (const query of [
    `CREATE DATABASE ${quoted(database)}`,
    `CREATE RETENTION POLICY ${quoted(retentionPolicy ?? 'prescale')} ON ${quoted(database)} DURATION ${duration} REPLICATION 1`
  ]) {
    const { says } = await influxQuery(bare, query, abort)
    if (says !== '') throw new PrescaleError('BAD_ANSWER', `InfluxDB refuses ${query}: ${says}`)
  }
}

const quoted = (name: string) => `"${name.replaceAll(/[\\"]/g, '\\$&')}"`

/** A copy of readings and Turns in InfluxDB, where the config names one: written beside the loop, which never waits for it. */
import { random } from '../../base/index.ts'
import type { Config } from '../../config/index.ts'
import type { Source, Turn } from '../../roles.ts'
import { influxWriter, linesOfReading, linesOfTurn } from '../../store/index.ts'
import { serverOf } from './systems.ts'

export interface LiveCopy {
  /** The source, of which every reading is copied on its way. */
  tapped(target: string, source: Source): Source
  turn(turn: Turn): void
  /** Writes what waits, as far as the server takes it within a while. */
  close(): Promise<void>
}

/** `undefined` where there is to be none. */
export function openCopy(
  { influxdb }: Config['store'],
  tell: (what: string, text: string) => void
): LiveCopy | undefined {
  if (influxdb === undefined) return undefined
  const { version, database, org, token, retention: retentionMs } = influxdb
  const server = { ...serverOf(influxdb), version, database, org, token }
  const writer = influxWriter({ server, retentionMs, rng: random(0, 'influxdb'), tell })
  return {
    tapped: (target, source) => ({
      async *read(abort) {
        for await (const reading of source.read(abort)) {
          writer.write(linesOfReading(target, reading))
          yield reading
        }
      }
    }),
    turn: (turn) => writer.write(linesOfTurn(turn)),
    async close() {
      await writer.close()
      const { dropped, refused } = writer.state()
      if (dropped + refused > 0) tell('influxdb', `${dropped} lines were dropped, ${refused} refused`)
    }
  }
}

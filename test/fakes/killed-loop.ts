/**
 * A loop that dies at one point of its turn, by a signal nobody can catch: `node killed-loop.ts CONFIG POINT`.
 *
 *   before-keep   decided, nothing on record        kept    on record, nothing commanded
 *   receipt       carried out, the answer is here and not on record
 *   never         lives until it is ended; says each receipt on stdout
 */
import { DatabaseSync } from 'node:sqlite'
import { loadConfig } from '../../src/cli/config/file.ts'
import { openLoop } from '../../src/cli/live/loop.ts'

const [file, point] = process.argv.slice(2)
const die = () => process.kill(process.pid, 'SIGKILL')

// The record is made durable only around a turn that commands something.
const exec = DatabaseSync.prototype.exec
DatabaseSync.prototype.exec = function (sql) {
  if (point === 'before-keep' && sql === 'PRAGMA synchronous = FULL') die()
  return exec.call(this, sql)
}

await openLoop(await loadConfig(file), {
  apply: true,
  once: false,
  log: {
    event(event) {
      if (point === 'kept' && event.kind === 'command') die()
      if (point === 'receipt' && event.kind === 'receipt') die()
      if (event.kind === 'receipt' || event.kind === 'error')
        process.stdout.write(`${JSON.stringify(event)}\n`)
    },
    note: () => {},
    error: (text) => void process.stdout.write(`${JSON.stringify({ kind: 'error', text })}\n`)
  }
})

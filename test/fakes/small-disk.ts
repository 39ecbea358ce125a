/**
 * A disk that fills up: a program that sees a small tmpfs at a folder, in a mount namespace of its own, so nobody else
 * sees it and nothing stays mounted. Undefined where the machine does not permit that.
 */
import { spawnSync } from 'node:child_process'

export interface SmallDisk {
  /** Runs TypeScript (as a module) with the folder on the small disk; gives what it wrote to stdout. */
  run(script: string): string
}

const enter = (kilobytes: number, folder: string, command: readonly string[]) =>
  spawnSync(
    'unshare',
    ['-rm', 'sh', '-c', `mount -t tmpfs -o size=${kilobytes}k tmpfs "$0" && exec "$@"`, folder, ...command],
    { encoding: 'utf8' }
  )

export function smallDisk(folder: string, kilobytes: number): SmallDisk | undefined {
  if (enter(kilobytes, folder, ['true']).status !== 0) return undefined
  return {
    run: (script) => {
      const command = [process.execPath, '--input-type=module-typescript', '--eval', script]
      const { stdout, stderr, status } = enter(kilobytes, folder, command)
      if (status !== 0) throw new Error(`exit ${status}: ${stderr}`)
      return stdout
    }
  }
}

/** What every experiment needs: its shape, and where real data lies. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { PrescaleError } from '../src/base/index.ts'

export type { Claim, Experiment, ExperimentOptions, ExperimentResult } from '../src/cli/experiment-shape.ts'

/** `$PRESCALE_DATA`, else `../shared/data` beside the repository. */
export function dataPath(...path: readonly string[]): string {
  const home = process.env.PRESCALE_DATA ?? fileURLToPath(new URL('../../shared/data', import.meta.url))
  return [home, ...path].join('/')
}

/** The path when the file is there; otherwise one line that says what is missing and where it was looked for. */
export function requireData(...path: readonly string[]): string {
  const file = dataPath(...path)
  if (existsSync(file)) return file
  throw new PrescaleError(
    'NOT_FOUND',
    `${path.join('/')} is not there: this experiment reads real data from $PRESCALE_DATA or ../shared/data`
  )
}

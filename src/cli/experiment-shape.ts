import type { GivenOptions, OptionTable } from '../base/index.ts'
import type { Json } from '../roles.ts'
import type { Row } from './output.ts'

/** One published table or figure, made again: `experiments/<name>/run.ts` exports one as `experiment`. */
export interface Experiment {
  /** Its folder under `experiments/`, such as `stream-runs/as-run`. */
  readonly name: string
  /** One plain sentence: what it shows. */
  readonly says: string
  /** What `--set option=value` may change; the defaults are the published form. */
  readonly options?: OptionTable
  run(options: ExperimentOptions): Promise<ExperimentResult>
}

export interface ExperimentOptions {
  /** The published form. Otherwise small enough for CI, and the settings say `"form": "short"`. */
  readonly long: boolean
  readonly progress: (line: string) => void
  /** What `--set` said, names checked against `options`. */
  readonly given: GivenOptions
}

/** CONTRACTS §3. */
export interface ExperimentResult {
  readonly experiment: string
  readonly settings: Readonly<Record<string, Json>>
  readonly rows: readonly Row[]
  readonly claims: readonly Claim[]
  /** Text by file name, such as `forecasts.svg`: written beside `results.json` and not part of it. */
  readonly pictures?: Readonly<Record<string, string>>
}

/** A number that somebody asked for. One that is not reached stays here and says so. */
export interface Claim {
  readonly id: string
  readonly text: string
  readonly expected: string | number | boolean
  readonly measured: string | number | boolean | null
  readonly holds: boolean
}

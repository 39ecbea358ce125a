/** What `explainPolicy` says, as plain JSON, and what it may be told beside the network. */

/** A loss by another action, measured by rollouts with common seeds. */
export interface MeasuredLoss {
  readonly mean: number
  /** Standard error of the mean. */
  readonly error: number
}

export interface Alternative {
  /** Stands in `if it …`: `does not change anything`, `asks for 9 executors`. */
  readonly says: string
  /** One index a head. */
  readonly action: readonly number[]
}

export interface PolicyOptions {
  /** What else it could have done. The runner-up of the first head is always one. */
  readonly alternatives?: readonly Alternative[]
  /** Measured mean loss by another action, as `sparkOverride` does it; undefined where it was not. */
  readonly override?: (action: readonly number[]) => MeasuredLoss | undefined
  /** What one late step costs, for words such as severe. */
  readonly penalty?: number
}

export interface HeadExplanation {
  readonly head: string
  readonly choice: string
  readonly runnerUp: string
  readonly logOdds: number
  readonly probability: number
  readonly runnerUpProbability: number
  /** Nats, and as a share of the most there could be. */
  readonly entropy: number
  readonly undecided: number
  /** What influence is told in: `executors`, or `log-odds`. */
  readonly unit: string
  /** Features by how much they moved it, largest first; those that are as usual are left out. */
  readonly moved: readonly MovedBy[]
  /** Σ influence + gap = what differs from the usual state. */
  readonly differs: number
  readonly gap: number
}

export interface MovedBy {
  readonly feature: string
  readonly value: number
  readonly usual: number
  readonly influence: number
}

export interface Would {
  readonly feature: string
  readonly now: number
  readonly at: number
  /** How far that is, as a share of the feature's range. */
  readonly far: number
  /** What the first head then chooses. */
  readonly choice: string
  readonly says: string
}

export interface PolicyExplanation {
  /** By feature, in its unit. */
  readonly state: Readonly<Record<string, number>>
  readonly action: readonly number[]
  readonly heads: readonly HeadExplanation[]
  /** Nearest first. */
  readonly would: readonly Would[]
  readonly value: number | null
  readonly usualValue: number | null
  /** Losses that were measured, in the order in which the alternatives were given. */
  readonly instead: readonly Instead[]
  readonly sentence: string
}

export interface Instead {
  readonly says: string
  readonly action: readonly number[]
  readonly loses: number
  readonly error: number
  /** With 95 % certainty at least this. */
  readonly atLeast: number
}

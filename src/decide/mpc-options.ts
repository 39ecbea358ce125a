/** What somebody may say to `mpc`. */
import type { OptionTable, ReadOptions } from '../base/index.ts'

export const mpcOptions = {
  // Chosen on the 18 h closed loop of the cars job, with `back`: at most 15 units and 6 % strict lateness in all three worlds.
  price: { kind: 'number', default: 40, min: 0, says: 'what one late minute may cost, in unit-minutes' },
  horizon: { kind: 'integer', default: 60, min: 1, says: 'most steps of the forecast that are planned' },
  back: {
    kind: 'number',
    // Tuned on the 18 h closed loop of the cars job: 1 makes 26 to 38 rescales of it, 6 makes 7 to 15 and is late less often.
    default: 6,
    min: 1,
    says: 'a change down is charged as this many changes: what is given back is asked for again'
  },
  worst: {
    kind: 'number',
    // A tenth above naive's is the noise of an error measured over 500 steps; beyond that it is worse.
    default: 1.1,
    min: 0,
    says: "largest error of the forecast against naive's at which it is trusted"
  },
  coverage: {
    kind: 'number',
    default: 0.1,
    min: 0,
    max: 1,
    says: 'how far the measured coverage of an upper quantile may be below its level'
  },
  interval: { kind: 'duration', default: 15_000, min: 1, says: 'how often it is asked' }
} satisfies OptionTable

export type MpcOptions = ReadOptions<typeof mpcOptions>

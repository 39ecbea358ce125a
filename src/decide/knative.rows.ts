/**
 * What Knative's autoscaler answers in its own tests, as data: inputs and expected numbers from knative serving
 * pkg/autoscaler/scaling/autoscaler_test.go and pkg/autoscaler/aggregation (Apache-2.0, main of August 2026).
 */

/** One tick: second, ready pods, stable mean, panic mean, and the pods wanted. */
export type TickRow = readonly [second: number, ready: number, stable: number, panic: number, gives: number]

export interface Story {
  readonly when: string
  readonly target: number
  readonly options?: Readonly<Record<string, number>>
  /** A panic that began at this second, with so many pods; otherwise calm, created at one pod. */
  readonly panic?: { readonly second: number; readonly pods: number }
  readonly ticks: readonly TickRow[]
  /** Where the panic ends up, checked when it is given: the second it was last renewed, or none. */
  readonly endsIn?: number | null
}

const delayed = { panicThreshold: 100, scaleDownDelay: 300_000 }

export const stories: readonly Story[] = [
  {
    when: 'ScaleDownDelay, simple then gradual',
    target: 10,
    options: delayed,
    ticks: [
      [2, 0, 40, 40, 4],
      [300, 0, 0, 0, 4],
      [302, 0, 0, 0, 0],
      [540, 0, 40, 40, 4],
      [600, 0, 30, 30, 4],
      [660, 0, 0, 0, 4],
      [840, 0, 0, 0, 3],
      [900, 0, 0, 0, 0]
    ]
  },
  {
    when: 'ScaleDownDelayZero',
    target: 10,
    options: { panicThreshold: 100 },
    ticks: [
      [0, 0, 40, 40, 4],
      [0.5, 0, 20, 20, 2]
    ]
  },
  { when: 'Metrics', target: 10, ticks: [[0, 1, 50, 50, 5]], endsIn: 0 },
  { when: 'MetricsWithRPS', target: 10, ticks: [[61, 1, 100, 99, 10]], endsIn: 61 },
  {
    when: 'StableModeIncreaseWithConcurrencyDefault',
    target: 10,
    ticks: [
      [0, 1, 50, 10, 5],
      [0, 1, 100, 10, 10]
    ],
    endsIn: null
  },
  {
    when: 'StableModeIncreaseWithRPS',
    target: 10,
    ticks: [
      [0, 1, 50, 50, 5],
      [0, 1, 100, 99, 10]
    ]
  },
  {
    when: 'UnpanicAfterSlowIncrease',
    target: 1,
    ticks: [
      [0, 10, 11, 25, 25],
      [30, 40, 30, 41, 41],
      [62, 55, 50, 56, 50]
    ],
    endsIn: null
  },
  {
    when: 'UnpanicAfterSlowIncrease, half way',
    target: 1,
    ticks: [
      [0, 10, 11, 25, 25],
      [30, 40, 30, 41, 41]
    ],
    endsIn: 0
  },
  {
    when: 'ExtendPanicWindow',
    target: 1,
    ticks: [
      [0, 10, 11, 25, 25],
      [30, 40, 30, 80, 80]
    ],
    endsIn: 30
  },
  {
    when: 'StableModeDecrease',
    target: 10,
    ticks: [
      [0, 8, 100, 100, 10],
      [0, 8, 50, 50, 5]
    ]
  },
  {
    when: 'StableModeNoTrafficScaleToZero',
    target: 10,
    ticks: [
      [0, 1, 1, 0, 1],
      [0, 1, 0, 0, 0]
    ]
  },
  {
    when: 'ActivationScale',
    target: 10,
    options: { activationScale: 2 },
    ticks: [
      [0, 1, 0, 0, 0],
      [0, 1, 1, 0, 2]
    ]
  },
  {
    when: 'PanicModeExponentialTrackAndStabilize',
    target: 1,
    ticks: [
      [0, 1, 6, 6, 6],
      [0, 6, 36, 36, 36],
      [1, 36, 216, 216, 216],
      [1, 216, 1296, 1296, 1296],
      [2, 1296, 1296, 1296, 1296]
    ],
    endsIn: 1
  },
  { when: 'NoDataAtZeroNoAutoscale', target: 10, ticks: [[0, 1, 0, 0, 0]] },
  { when: 'StableModeUnlimitedTBC', target: 181, ticks: [[0, 1, 21, 26, 1]] },
  { when: '0TBC', target: 10, ticks: [[0, 1, 50, 49, 5]] },
  { when: 'StableModeNoChange', target: 10, ticks: [[0, 1, 50, 50, 5]] },
  {
    when: 'PanicStableLargerThanPanic',
    target: 1,
    panic: { second: -5, pods: 5 },
    ticks: [[0, 5, 50, 30, 50]]
  },
  {
    when: 'PanicStableLessThanPanic',
    target: 1,
    panic: { second: -5, pods: 5 },
    ticks: [[0, 5, 20, 30, 30]]
  },
  { when: 'StableModeNoChangeAlreadyScaled', target: 10, ticks: [[0, 5, 50, 50, 5]] },
  {
    when: 'StableModeIncreaseWithSmallScaleUpRate',
    target: 1,
    options: { maxScaleUpRate: 1.1 },
    ticks: [[0, 2, 3, 3.1, 3]]
  },
  {
    when: 'StableModeDecreaseWithSmallScaleDownRate',
    target: 10,
    options: { maxScaleDownRate: 1.1 },
    ticks: [[0, 100, 1, 1, 90]]
  },
  { when: 'PanicModeDoublePodCount', target: 10, ticks: [[0, 1, 50, 100, 10]] },
  {
    when: 'PanicThenUnPanicScaleDown',
    target: 10,
    ticks: [
      [0, 1, 100, 100, 10],
      [0, 10, 100, 1000, 100],
      [30, 10, 1, 1, 100],
      [61, 10, 1, 1, 1]
    ]
  },
  {
    when: 'RateLimitScaleUp',
    target: 10,
    ticks: [
      [0, 1, 1000, 1001, 10],
      [0, 10, 1000, 1001, 100]
    ]
  },
  {
    when: 'RateLimitScaleDown',
    target: 10,
    ticks: [
      [0, 100, 1, 1, 10],
      [0, 10, 1, 1, 1]
    ]
  },
  { when: 'UseOnePodAsMinimumIfEndpointsNotFound', target: 10, ticks: [[0, 0, 1000, 888, 10]] }
]

/** TestTimedFloat64BucketsWindowAverage, 5 buckets of 1 s: writes and reads by turns, in seconds. */
export type BucketStep =
  | { readonly at: number; readonly write: number }
  | { readonly at: number; readonly reads: number }

export const bucketSteps: readonly BucketStep[] = [
  { at: 0, write: 1 },
  { at: 0, reads: 1 },
  { at: 1, write: 2 },
  { at: 2, write: 3 },
  { at: 3, write: 4 },
  { at: 4, write: 5 },
  { at: 4, reads: 15 / 5 },
  { at: 3.6, reads: 15 / 5 },
  { at: 6, reads: 12 / 3 },
  { at: 10, reads: 0 },
  { at: 6, write: 91 },
  { at: 6, reads: 103 / 5 },
  { at: 60, write: 1984 },
  { at: 60, reads: 1984 },
  { at: 57, write: 4 },
  { at: 60, reads: 1988 / 4 },
  { at: 61, write: 5 },
  { at: 61, reads: 1993 / 5 },
  { at: 58, write: 10 },
  { at: 61, reads: 2003 / 5 },
  { at: 55, write: 10 },
  { at: 61, reads: 2003 / 5 },
  { at: 56, write: 10 },
  { at: 61, reads: 2003 / 5 },
  { at: 66, write: 10 },
  { at: 66, reads: 10 }
]

/** TestWindowMax: the largest of the last 5 places after each value; `places` where they are not 0, 1, 2, … */
export interface WindowRow {
  readonly when: string
  readonly values: readonly number[]
  readonly places?: readonly number[]
  readonly gives: readonly number[]
}

export const windowRows: readonly WindowRow[] = [
  { when: 'single value', values: [1], gives: [1] },
  { when: 'ascending values', values: [1, 2], gives: [1, 2] },
  { when: 'descending values', values: [2, 1], gives: [2, 2] },
  { when: 'up, down, up', values: [1, 2, 1], gives: [1, 2, 2] },
  { when: 'windowing out', values: [5, 6, 5, 5, 5, 5, 5], gives: [5, 6, 6, 6, 6, 6, 5] },
  { when: 'windowing out with gaps', values: [6, 5, 2, 1], places: [0, 1, 2, 6], gives: [6, 6, 6, 2] },
  { when: 'windowing out 2', values: [5, 6, 5, 7, 5, 5, 1], gives: [5, 6, 6, 7, 7, 7, 7] },
  { when: 'windowing out 3', values: [5, 8, 5, 7, 5, 5], gives: [5, 8, 8, 8, 8, 8] },
  { when: 'windowing out 4', values: [5, 8, 5, 7, 5, 5, 1], gives: [5, 8, 8, 8, 8, 8, 7] },
  { when: 'windowing out 5', values: [5, 8, 5, 7, 5, 5, 1, 4, 4, 4], gives: [5, 8, 8, 8, 8, 8, 7, 7, 5, 5] },
  {
    when: 'windowing out 8',
    values: [5, 8, 5, 7, 5, 5, 1, 4, 4, 4, 4, 9, 3, 4, 2, 1, 0],
    gives: [5, 8, 8, 8, 8, 8, 7, 7, 5, 5, 4, 9, 9, 9, 9, 9, 4]
  },
  {
    when: 'multiple with same index, ascending',
    values: [1, 2, 3, 4, 5, 6, 7],
    places: [1, 1, 1, 1, 1, 1, 1],
    gives: [1, 2, 3, 4, 5, 6, 7]
  },
  {
    when: 'multiple with same index, descending',
    values: [7, 6, 5, 4, 3, 2, 1],
    places: [1, 1, 1, 1, 1, 1, 1],
    gives: [7, 7, 7, 7, 7, 7, 7]
  }
]

/**
 * How the Kubernetes HPA limits and stabilises in its own tests, as data: inputs and expected numbers from kubernetes
 * pkg/controller/podautoscaler/horizontal_test.go (Apache-2.0); `when` names the case.
 */

/** TestScalingWithRules: `added` and `removed` are spread over the last 120 s; rules as for the options of `hpa`. */
export interface RateRow {
  readonly when: string
  readonly now: number
  readonly wish: number
  readonly min?: number
  readonly max?: number
  readonly up?: string
  readonly down?: string
  readonly added?: readonly number[]
  readonly removed?: readonly number[]
  /** Seconds over which they are spread, 120 unless said. */
  readonly over?: number
  readonly gives: number
  readonly bound?: string
}

const some = [1, 5, 9]
const many = [8, 12, 9, 11]

export const rateRows: readonly RateRow[] = [
  { when: 'prenormalized desired replicas within range', now: 5, wish: 7, min: 3, max: 8, gives: 7 },
  {
    when: 'prenormalized desired replicas < minReplicas',
    now: 3,
    wish: 1,
    min: 2,
    max: 8,
    gives: 2,
    bound: 'minReplicas'
  },
  { when: 'within range when minReplicas is 0', now: 1, wish: 0, min: 0, max: 10, gives: 0 },
  {
    when: 'maxReplicas is the limit because maxReplicas < scaleUpLimit',
    now: 20,
    wish: 1000,
    max: 10,
    gives: 10,
    bound: 'maxReplicas'
  },
  {
    when: 'desired replica count is more than the maximum replica count',
    now: 100,
    wish: 1000,
    min: 100,
    max: 150,
    gives: 150,
    bound: 'maxReplicas'
  },
  {
    when: 'scaleUpLimit < maxReplicas with user policies',
    now: 3,
    wish: 1000,
    max: 2000,
    up: 'Percent:1:60',
    gives: 4,
    bound: 'scaleUpLimit'
  },
  {
    when: 'scaleDownLimit > minReplicas with user defined policies',
    now: 1000,
    wish: 3,
    min: 3,
    max: 2000,
    down: 'Pods:20:60',
    gives: 980,
    bound: 'scaleDownLimit'
  },
  { when: 'scaleUp with default behavior', now: 10, wish: 50, gives: 20, bound: 'scaleUpLimit' },
  {
    when: 'scaleUp with pods policy larger than percent policy',
    now: 10,
    wish: 500,
    up: 'Pods:100:60+Percent:100:60',
    gives: 110,
    bound: 'scaleUpLimit'
  },
  {
    when: 'scaleUp with percent policy larger than pods policy',
    now: 10,
    wish: 500,
    up: 'Pods:2:60+Percent:100:60',
    gives: 20,
    bound: 'scaleUpLimit'
  },
  {
    when: 'scaleUp with spec MaxReplicas limitation with large pod policy',
    now: 10,
    wish: 50,
    up: 'Pods:100:60',
    gives: 50
  },
  {
    when: 'scaleUp with spec MaxReplicas limitation with large percent policy',
    now: 10,
    wish: 50,
    up: 'Pods:10000:60',
    gives: 50
  },
  {
    when: 'scaleUp with pod policy limitation',
    now: 10,
    wish: 50,
    up: 'Pods:30:60',
    gives: 40,
    bound: 'scaleUpLimit'
  },
  {
    when: 'scaleUp with percent policy limitation',
    now: 10,
    wish: 50,
    up: 'Percent:200:60',
    gives: 30,
    bound: 'scaleUpLimit'
  },
  {
    when: 'scaleDown with percent policy larger than pod policy',
    now: 100,
    wish: 2,
    down: 'Pods:20:60+Percent:1:60',
    gives: 80,
    bound: 'scaleDownLimit'
  },
  {
    when: 'scaleDown with pod policy larger than percent policy',
    now: 100,
    wish: 2,
    down: 'Pods:2:60+Percent:1:60',
    gives: 98,
    bound: 'scaleDownLimit'
  },
  {
    when: 'scaleDown with spec MinReplicas limitation with large pod policy',
    now: 10,
    wish: 0,
    down: 'Pods:100:60',
    gives: 1,
    bound: 'minReplicas'
  },
  {
    when: 'scaleDown with spec MinReplicas limitation with large percent policy',
    now: 10,
    wish: 2,
    min: 5,
    down: 'Percent:100:60',
    gives: 5,
    bound: 'minReplicas'
  },
  {
    when: 'scaleDown with pod policy limitation',
    now: 10,
    wish: 2,
    down: 'Pods:5:60',
    gives: 5,
    bound: 'scaleDownLimit'
  },
  { when: 'scaleDown with percent policy limitation', now: 10, wish: 5, down: 'Percent:50:60', gives: 5 },
  {
    when: 'scaleUp, large pod policy and events',
    now: 100,
    wish: 500,
    max: 200,
    up: 'Pods:300:60',
    added: some,
    gives: 200,
    bound: 'maxReplicas'
  },
  {
    when: 'scaleUp, large percent policy and events',
    now: 100,
    wish: 500,
    max: 200,
    up: 'Percent:10000:60',
    added: some,
    gives: 200,
    bound: 'maxReplicas'
  },
  {
    when: 'scaleUp with a lot of recent scale up events',
    now: 100,
    wish: 500,
    up: 'Pods:5:120',
    added: some,
    gives: 100,
    bound: 'scaleUpLimit'
  },
  {
    when: 'scaleUp with pod policy and previous scale up events',
    now: 100,
    wish: 500,
    up: 'Pods:150:120',
    added: some,
    gives: 235,
    bound: 'scaleUpLimit'
  },
  {
    when: 'scaleUp with percent policy and previous scale up events',
    now: 100,
    wish: 500,
    up: 'Percent:200:120',
    added: some,
    gives: 255,
    bound: 'scaleUpLimit'
  },
  {
    when: 'scaleUp with percent policy and previous scale up and down events',
    now: 6,
    wish: 24,
    up: 'Percent:300:300',
    added: [4],
    removed: [2],
    gives: 16,
    bound: 'scaleUpLimit'
  },
  { when: 'scaleDown with default policy and previous events', now: 10, wish: 5, removed: some, gives: 5 },
  {
    when: 'scaleDown, large pod policy and previous events, no minimum',
    now: 100,
    wish: 0,
    down: 'Pods:115:120',
    removed: some,
    gives: 1,
    bound: 'minReplicas'
  },
  {
    when: 'scaleDown, large pod policy and previous events',
    now: 100,
    wish: 0,
    min: 5,
    down: 'Pods:130:120',
    removed: some,
    gives: 5,
    bound: 'minReplicas'
  },
  {
    when: 'scaleDown, large percent policy and previous events',
    now: 100,
    wish: 2,
    min: 5,
    down: 'Percent:100:120',
    removed: some,
    gives: 5,
    bound: 'minReplicas'
  },
  {
    when: 'scaleDown with pod policy limitation and previous events',
    now: 100,
    wish: 2,
    down: 'Pods:5:120',
    removed: some,
    gives: 100,
    bound: 'scaleDownLimit'
  },
  {
    when: 'scaleDown with percent policy limitation and previous events',
    now: 100,
    wish: 0,
    down: 'Percent:50:120',
    removed: [2, 4, 6],
    gives: 56,
    bound: 'scaleDownLimit'
  },
  {
    when: 'scaleDown with percent policy and previous scale up and down events',
    now: 10,
    wish: 1,
    down: 'Percent:50:180',
    added: [2],
    removed: [4],
    gives: 6,
    bound: 'scaleDownLimit'
  },
  {
    when: 'scaleDown with previous events preventing further scale down',
    now: 100,
    wish: 0,
    down: 'Percent:10:120',
    removed: [10, 10, 10],
    gives: 100,
    bound: 'scaleDownLimit'
  },
  {
    when: 'scaleDown with previous events still allowing more scale down',
    now: 10,
    wish: 5,
    down: 'Percent:1000:120',
    removed: [10, 10, 10],
    gives: 5
  },
  {
    when: 'outdated events, one policy up',
    now: 100,
    wish: 200,
    up: 'Pods:1000:60',
    added: many,
    gives: 200
  },
  {
    when: 'events not outdated, two policies up',
    now: 100,
    wish: 200,
    up: 'Pods:1000:120+Percent:100:60',
    added: many,
    gives: 200
  },
  {
    when: 'events outdated, two policies up',
    now: 100,
    wish: 200,
    up: 'Pods:1000:30+Percent:100:60',
    added: many,
    gives: 200
  },
  {
    when: 'outdated events, one policy down',
    now: 100,
    wish: 5,
    down: 'Pods:1000:60',
    removed: many,
    gives: 5
  },
  {
    when: 'events not outdated, two policies down',
    now: 100,
    wish: 5,
    down: 'Pods:1000:120+Percent:100:60',
    removed: many,
    gives: 5
  },
  {
    when: 'events outdated, two policies down',
    now: 100,
    wish: 5,
    down: 'Pods:1000:30+Percent:100:60',
    removed: many,
    gives: 5
  },
  {
    when: 'TestCalculateScaleUpLimitWithScalingRules, Min',
    now: 1,
    wish: 100,
    up: 'Min:Pods:2:60+Percent:50:60',
    gives: 2,
    bound: 'scaleUpLimit'
  },
  {
    when: 'TestCalculateScaleDownLimitWithBehaviors, Min',
    now: 5,
    wish: 1,
    down: 'Min:Pods:2:60+Percent:50:60',
    gives: 3,
    bound: 'scaleDownLimit'
  }
]

/** TestConvertDesiredReplicasWithRules: without a `behavior`. */
export const conversionRows: readonly RateRow[] = [
  { when: 'within range', now: 5, wish: 7, min: 3, max: 8, gives: 7 },
  { when: 'below the minimum', now: 3, wish: 1, min: 2, max: 8, gives: 2, bound: 'minReplicas' },
  { when: 'zero within range', now: 1, wish: 0, min: 0, max: 10, gives: 0 },
  { when: 'maxReplicas < scaleUpLimit', now: 20, wish: 1000, max: 10, gives: 10, bound: 'maxReplicas' },
  {
    when: 'scaleUpLimit < maxReplicas, twice 3',
    now: 3,
    wish: 1000,
    max: 2000,
    gives: 6,
    bound: 'scaleUpLimit'
  }
]

/** Recommendations as [size, minutes ago]; TestNormalizeDesiredReplicas (`none`) and …WithBehavior (windows in s). */
export interface StabilizationRow {
  readonly when: string
  readonly now: number
  readonly wish: number
  readonly earlier: readonly (readonly [number, number])[]
  readonly none?: true
  readonly upWindow?: number
  readonly downWindow?: number
  readonly gives: number
}

const [low, tiny] = [
  [
    [4, 2],
    [5, 1]
  ],
  [
    [1, 2],
    [2, 1]
  ]
] as const
const old = [
  [10, 10],
  [9, 9]
] as const

export const stabilizationRows: readonly StabilizationRow[] = [
  { when: 'none: empty log', now: 9, none: true, wish: 5, earlier: [], gives: 5 },
  { when: 'none: stabilize', now: 9, none: true, wish: 3, earlier: low, gives: 5 },
  { when: 'none: no stabilize', now: 9, none: true, wish: 3, earlier: tiny, gives: 3 },
  { when: 'none: old recommendations', now: 9, none: true, wish: 3, earlier: old, gives: 3 },
  {
    when: 'none: stabilize, old ones among them',
    now: 9,
    none: true,
    wish: 3,
    earlier: [
      [10, 10],
      [9, 9],
      [5, 2],
      [4, 1]
    ],
    gives: 5
  },
  { when: 'empty recommendations for scaling down', now: 100, wish: 5, earlier: [], gives: 5 },
  { when: 'simple scale down stabilization', now: 100, wish: 3, earlier: low, downWindow: 180, gives: 5 },
  { when: 'simple scale up stabilization', now: 1, wish: 7, earlier: low, upWindow: 300, gives: 4 },
  { when: 'no scale down stabilization', now: 100, wish: 3, earlier: tiny, upWindow: 300, gives: 3 },
  { when: 'no scale up stabilization', now: 1, wish: 3, earlier: low, downWindow: 300, gives: 3 },
  { when: 'no scale down stabilization, only old ones', now: 100, wish: 3, earlier: old, gives: 3 },
  { when: 'no scale up stabilization, only old ones', now: 1, wish: 100, earlier: old, gives: 100 },
  {
    when: 'scale down stabilization, old ones among them',
    now: 100,
    wish: 3,
    earlier: [
      [10, 10],
      [9, 9],
      [5, 2],
      [4, 1]
    ],
    downWindow: 180,
    gives: 5
  },
  {
    when: 'scale up stabilization, old ones among them',
    now: 1,
    wish: 100,
    earlier: [
      [10, 100],
      [9, 3],
      [5, 2],
      [6, 1]
    ],
    upWindow: 300,
    gives: 5
  },
  {
    when: 'do not scale up when the wish goes down',
    now: 2,
    wish: 1,
    earlier: [
      [2, 100],
      [3, 3]
    ],
    upWindow: 300,
    downWindow: 300,
    gives: 2
  },
  {
    when: 'do not scale down when the wish goes up',
    now: 2,
    wish: 3,
    earlier: [
      [2, 100],
      [1, 3]
    ],
    upWindow: 300,
    downWindow: 300,
    gives: 2
  }
]

/**
 * An independent set for the same rules: TestDecideTargetReplicasByBehavior of jthomperoo/predictive-horizontal-pod-
 * autoscaler, internal/scalebehavior (Apache-2.0). Its default rules have periods of a minute.
 */
const upMinute = 'Percent:100:60+Pods:4:60'
const halfOrTen = 'Percent:50:60+Pods:10:60'
const four = [1, 1, 1, 1]

export const independentRows: readonly RateRow[] = [
  { when: '2 to 4', now: 2, wish: 4, max: 10, gives: 4 },
  { when: '2 to 4 with max 3', now: 2, wish: 4, max: 3, gives: 3, bound: 'maxReplicas' },
  { when: '2 to 1', now: 2, wish: 1, max: 4, gives: 1 },
  { when: '2 to 0 with min 1', now: 2, wish: 0, max: 4, gives: 1, bound: 'minReplicas' },
  { when: '2 to 0 with min 0', now: 2, wish: 0, min: 0, max: 4, gives: 0 },
  { when: 'up disabled', now: 3, wish: 7, up: 'Disabled', gives: 3, bound: 'scaleUpLimit' },
  { when: 'down disabled', now: 7, wish: 3, down: 'Disabled', gives: 7, bound: 'scaleDownLimit' },
  { when: '4 added', now: 4, wish: 6, up: upMinute, added: four, over: 60, gives: 4, bound: 'scaleUpLimit' },
  {
    when: '4 added, 2 removed',
    now: 4,
    wish: 6,
    up: upMinute,
    added: four,
    removed: [1, 1],
    over: 60,
    gives: 6
  },
  {
    when: '1 added, Min',
    now: 4,
    wish: 7,
    up: `Min:${upMinute}`,
    added: [1],
    over: 60,
    gives: 6,
    bound: 'scaleUpLimit'
  },
  {
    when: '10 added, percent',
    now: 30,
    wish: 50,
    up: upMinute,
    added: [10],
    over: 60,
    gives: 40,
    bound: 'scaleUpLimit'
  },
  { when: '4 removed, no rule', now: 6, wish: 4, down: 'Percent:100:60', removed: four, over: 60, gives: 4 },
  {
    when: '4 of 5 removed',
    now: 6,
    wish: 4,
    down: 'Pods:5:60',
    removed: four,
    over: 60,
    gives: 5,
    bound: 'scaleDownLimit'
  },
  {
    when: '4 of 5 removed, 2 added',
    now: 6,
    wish: 4,
    down: 'Pods:5:60',
    added: [1, 1],
    removed: four,
    over: 60,
    gives: 4
  },
  {
    when: '2 removed, half',
    now: 8,
    wish: 4,
    down: 'Percent:50:60',
    removed: [1, 1],
    over: 60,
    gives: 5,
    bound: 'scaleDownLimit'
  },
  {
    when: '20 removed, Max',
    now: 80,
    wish: 40,
    down: halfOrTen,
    removed: [10, 10],
    over: 60,
    gives: 50,
    bound: 'scaleDownLimit'
  },
  {
    when: '20 removed, Min',
    now: 80,
    wish: 40,
    down: `Min:${halfOrTen}`,
    removed: [10, 10],
    over: 60,
    gives: 80,
    bound: 'scaleDownLimit'
  },
  {
    when: '10 added, Min',
    now: 40,
    wish: 80,
    up: 'Min:Percent:150:60+Pods:20:60',
    added: [5, 5],
    over: 60,
    gives: 50,
    bound: 'scaleUpLimit'
  },
  {
    when: '10 added, Max',
    now: 40,
    wish: 100,
    up: 'Percent:200:60+Pods:20:60',
    added: [5, 5],
    over: 60,
    gives: 90,
    bound: 'scaleUpLimit'
  },
  {
    when: 'from zero, Min',
    now: 3,
    wish: 6,
    up: 'Min:Percent:200:60+Pods:5:60',
    added: [1, 2],
    over: 60,
    gives: 3,
    bound: 'scaleUpLimit'
  }
]

export const independentStabilizationRows: readonly StabilizationRow[] = [
  {
    when: '9 to 2 with 9 in the window',
    now: 9,
    wish: 2,
    earlier: [
      [7, 4],
      [6, 3],
      [9, 2],
      [8, 1]
    ],
    downWindow: 300,
    gives: 9
  },
  {
    when: '3 to 7 with 1 in the window',
    now: 3,
    wish: 7,
    earlier: [
      [2, 0.6],
      [1, 0.4],
      [3, 0.2]
    ],
    upWindow: 60,
    gives: 3
  }
]

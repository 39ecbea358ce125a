/**
 * What the Kubernetes HPA answers in its own tests, as data: inputs and expected numbers from kubernetes
 * pkg/controller/podautoscaler/replica_calculator_test.go (Apache-2.0); `when` names the test.
 */

/**
 * `pods`, one word each: usage in thousandths of the unit, `-` without a metric; `/900` a request other than 1000;
 * then u not ready, h started just now, c started 3 minutes ago, p pending, f failed or being deleted.
 */
export interface ReplicaRow {
  readonly when: string
  readonly now: number
  readonly type?: 'average' | 'value' | 'valuePerUnit'
  /** Percent for a utilisation, else in the unit of the metric. */
  readonly target: number
  readonly pods: string
  /** For value and valuePerUnit: the metric of the whole target. */
  readonly value?: number
  readonly gives: number
}

const ten = '150/400 150/200 150/310 150/290 150/302 150/298 150/301 150/299 150/300 150/300'

export const replicaRows: readonly ReplicaRow[] = [
  { when: 'DisjointResourcesMetrics', now: 1, target: 100, pods: '-', gives: 1 },
  { when: 'ScaleUp', now: 3, target: 30, pods: '300 500 700', gives: 5 },
  { when: 'ScaleUpUnreadyLessScale', now: 3, target: 30, pods: '300u 500 700', gives: 4 },
  { when: 'ScaleUpHotCpuLessScale', now: 3, target: 30, pods: '300h 500c 700c', gives: 4 },
  { when: 'ScaleUpUnreadyNoScale', now: 3, target: 30, pods: '400 500u 700u', gives: 3 },
  { when: 'ScaleHotCpuNoScale', now: 3, target: 30, pods: '400c 500uh 700uh', gives: 3 },
  { when: 'ScaleUpIgnoresFailedPods', now: 2, target: 30, pods: '500 700 -uf -uf', gives: 4 },
  { when: 'ScaleUpIgnoresDeletionPods', now: 2, target: 30, pods: '500 700 -uf -uf', gives: 4 },
  { when: 'ScaleUpCM', now: 3, type: 'average', target: 15, pods: '20000 10000 30000', gives: 4 },
  {
    when: 'ScaleUpCMUnreadyHotCpuNoLessScale',
    now: 3,
    type: 'average',
    target: 15,
    pods: '50000c 10000c 30000uh',
    gives: 6
  },
  {
    when: 'ScaleUpCMUnreadyHotCpuScaleWouldScaleDown',
    now: 3,
    type: 'average',
    target: 15,
    pods: '50000uh 15000c 30000uh',
    gives: 7
  },
  { when: 'ScaleUpCMObject', now: 3, type: 'value', target: 15, pods: '- - -', value: 20, gives: 4 },
  {
    when: 'ScaleUpCMPerPodObject',
    now: 3,
    type: 'valuePerUnit',
    target: 5,
    pods: '- - -',
    value: 20,
    gives: 4
  },
  {
    when: 'ScaleUpCMObjectIgnoresUnreadyPods',
    now: 3,
    type: 'value',
    target: 10,
    pods: '-u - -u',
    value: 50,
    gives: 5
  },
  { when: 'ScaleUpCMExternal', now: 1, type: 'average', target: 4.4, pods: '8600', gives: 2 },
  {
    when: 'ScaleUpCMExternalIgnoresUnreadyPods',
    now: 3,
    type: 'value',
    target: 4.4,
    pods: '-u - -u',
    value: 8.6,
    gives: 2
  },
  {
    when: 'ScaleUpPerPodCMExternal',
    now: 3,
    type: 'valuePerUnit',
    target: 2.15,
    pods: '- - -',
    value: 8.6,
    gives: 4
  },
  { when: 'ScaleDown', now: 5, target: 50, pods: '100 300 500 250 250', gives: 3 },
  {
    when: 'ScaleDownCM',
    now: 5,
    type: 'average',
    target: 20,
    pods: '12000 12000 12000 12000 12000',
    gives: 3
  },
  {
    when: 'ScaleDownPerPodCMObject',
    now: 5,
    type: 'valuePerUnit',
    target: 2,
    pods: '- - - - -',
    value: 6,
    gives: 3
  },
  { when: 'ScaleDownCMObject', now: 5, type: 'value', target: 20, pods: '- - - - -', value: 12, gives: 3 },
  {
    when: 'ScaleDownCMExternal',
    now: 5,
    type: 'value',
    target: 14.334,
    pods: '- - - - -',
    value: 8.6,
    gives: 3
  },
  {
    when: 'ScaleDownPerPodCMExternal',
    now: 5,
    type: 'valuePerUnit',
    target: 2.867,
    pods: '- - - - -',
    value: 8.6,
    gives: 3
  },
  { when: 'ScaleDownIncludeUnreadyPods', now: 5, target: 50, pods: '100 300 500 250u 250u', gives: 2 },
  { when: 'ScaleDownExcludeUnscheduledPods', now: 5, target: 50, pods: '100 -p -p -p -p', gives: 1 },
  { when: 'ScaleDownIgnoreHotCpuPods', now: 5, target: 50, pods: '100c 300c 500c 250h 250h', gives: 2 },
  { when: 'ScaleDownIgnoresFailedPods', now: 5, target: 50, pods: '100 300 500 250 250 -uf -uf', gives: 3 },
  { when: 'ScaleDownIgnoresDeletionPods', now: 5, target: 50, pods: '100 300 500 250 250 -uf -uf', gives: 3 },
  { when: 'Tolerance', now: 3, target: 100, pods: '1010/900 1030/1000 1020/1100', gives: 3 },
  { when: 'ToleranceCM', now: 3, type: 'average', target: 20, pods: '20000 21000 21000', gives: 3 },
  { when: 'ToleranceCMObject', now: 3, type: 'value', target: 20, pods: '- - -', value: 20.666, gives: 3 },
  {
    when: 'TolerancePerPodCMObject',
    now: 4,
    type: 'valuePerUnit',
    target: 5,
    pods: '- - - -',
    value: 20.166,
    gives: 4
  },
  { when: 'ToleranceCMExternal', now: 3, type: 'value', target: 8.888, pods: '- - -', value: 8.6, gives: 3 },
  {
    when: 'TolerancePerPodCMExternal',
    now: 3,
    type: 'valuePerUnit',
    target: 2.9,
    pods: '- - -',
    value: 8.6,
    gives: 3
  },
  { when: 'SuperfluousMetrics', now: 4, target: 100, pods: '4000 9500 3000 7000', gives: 24 },
  { when: 'MissingMetrics', now: 4, target: 100, pods: '400 95 - -', gives: 3 },
  { when: 'EmptyMetrics', now: 4, target: 100, pods: '- - - -', gives: 4 },
  { when: 'MissingMetricsNoChangeEq', now: 2, target: 100, pods: '1000 -', gives: 2 },
  { when: 'MissingMetricsNoChangeGt', now: 2, target: 100, pods: '1900 -', gives: 2 },
  { when: 'MissingMetricsNoChangeLt', now: 2, target: 100, pods: '600 -', gives: 2 },
  { when: 'MissingMetricsUnreadyChange', now: 3, target: 50, pods: '100u 450 -', gives: 3 },
  { when: 'MissingMetricsHotCpuNoChange', now: 3, target: 50, pods: '100h 450c -c', gives: 3 },
  { when: 'MissingMetricsUnreadyScaleUp', now: 3, target: 50, pods: '100u 2000 -', gives: 4 },
  { when: 'MissingMetricsHotCpuScaleUp', now: 3, target: 50, pods: '100uh 2000c -c', gives: 4 },
  { when: 'MissingMetricsUnreadyScaleDown', now: 4, target: 50, pods: '100u 100 100 -', gives: 3 },
  { when: 'DuringRollingUpdateWithMaxSurge', now: 2, target: 50, pods: '100 100 -', gives: 2 },
  { when: 'ComputedToleranceAlgImplementation, just outside', now: 10, target: 56, pods: ten, gives: 9 },
  { when: 'ComputedToleranceAlgImplementation, just inside', now: 10, target: 55, pods: ten, gives: 10 }
]

/** One pod of TestGroupPods, moments in seconds before now; 2 minutes of initialisation, 10 s of initial readiness. */
export interface GroupRow {
  readonly when: string
  readonly metric?: string
  readonly ready: boolean
  readonly started?: number
  readonly changed?: number
  /** Age and window of its metric in seconds; none at all when absent. */
  readonly sample?: { readonly age: number; readonly window: number }
  readonly gives: 'measured' | 'unready' | 'missing'
}

export const groupRows: readonly GroupRow[] = [
  {
    when: 'count in a ready pod - memory',
    metric: 'memory',
    ready: false,
    started: 0,
    sample: { age: 0, window: 60 },
    gives: 'measured'
  },
  {
    when: 'ignore a pod without ready condition - CPU',
    ready: false,
    started: 0,
    sample: { age: 0, window: 0 },
    gives: 'unready'
  },
  {
    when: 'count in a ready pod with fresh metrics during initialization period',
    ready: true,
    started: 60,
    changed: 30,
    sample: { age: 0, window: 30 },
    gives: 'measured'
  },
  {
    when: 'ignore a ready pod without fresh metrics during initialization period',
    ready: true,
    started: 60,
    changed: 30,
    sample: { age: 0, window: 60 },
    gives: 'unready'
  },
  {
    when: 'ignore an unready pod during initialization period',
    ready: false,
    started: 600,
    changed: 594,
    sample: { age: 0, window: 60 },
    gives: 'unready'
  },
  {
    when: 'count in a ready pod without fresh metrics after initialization period',
    ready: true,
    started: 180,
    changed: 180,
    sample: { age: 120, window: 60 },
    gives: 'measured'
  },
  {
    when: 'count in an unready pod that was ready after initialization period',
    ready: false,
    started: 600,
    changed: 540,
    sample: { age: 0, window: 60 },
    gives: 'measured'
  },
  {
    when: 'ignore pod that has never been ready after initialization period',
    ready: false,
    started: 600,
    changed: 590,
    sample: { age: 0, window: 60 },
    gives: 'measured'
  },
  { when: 'a missing pod', ready: false, started: 180, gives: 'missing' },
  { when: 'pending pods are ignored', ready: false, gives: 'unready' }
]

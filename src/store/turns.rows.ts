/** Turns for the tests of stores. */
import { type Series, series } from '../base/index.ts'
import type { Json, Turn } from '../roles.ts'

export const minute = 60_000

export function turnAt(i: number, over: Partial<Turn> = {}, load?: Series): Turn {
  return {
    target: 'job',
    atMs: i * minute,
    policy: { name: 'hpa', options: { target: 0.8 } },
    observation: { nowMs: i * minute, target: 'job', capacity: { ready: { job: 2 } }, load },
    before: { step: i },
    decision: { kind: 'hold', to: { job: 2 }, why: { rule: 'within', inputs: {}, bound: [], changed: [] } },
    after: { step: i + 1 },
    ...over
  }
}

/** All that a Turn can hold, with the numbers that JSON loses. */
export function fullTurn(i = 0): Turn {
  const load = series(minute, [1, NaN, 3.3333333333333335, 0, -0], { startMs: i * minute })
  const curve = Float64Array.from({ length: 60 }, (_, h) => (h === 7 ? NaN : h / 3))
  return turnAt(i, {
    observation: {
      nowMs: i * minute,
      target: 'job',
      load,
      capacity: {
        ready: { job: 2 },
        starting: [{ resource: 'job', units: 1, readyAtMs: 5 }],
        wanted: { job: 3 }
      },
      bounds: { job: { min: 1, max: Number.POSITIVE_INFINITY } },
      metrics: { cpu: { value: NaN, quality: 'missing' }, lag: { value: 0, quality: 'ok', ageMs: 5 } },
      topology: {
        operators: [{ id: 'map', parallelism: 2, trueProcessingRate: NaN, trueOutputRate: 5 }],
        edges: [{ from: 'src', to: 'map' }]
      },
      forecast: {
        startMs: 0,
        stepMs: minute,
        mean: curve,
        quantiles: { '0.5': curve, '0.9': curve.map((y) => y * 2) },
        by: { model: 'naive', version: '1', trainedUntilMs: 0 },
        record: { coverage: { '0.9': NaN }, mase: NaN, steps: 0 }
      },
      service: { unitRate: 53, leadTimeMs: { p50: 1, p90: 2 } }
    },
    before: { weights: Array.from({ length: 500 }, (_, k) => k / 7), step: 1, $odd: { $n: 'NaN' } } as Json,
    after: { weights: Array.from({ length: 500 }, (_, k) => k / 7), step: 2, nothing: null } as Json,
    decision: {
      kind: 'scale',
      to: { job: 4 },
      why: {
        rule: 'ds2',
        inputs: { need: NaN, cap: Number.POSITIVE_INFINITY, curve: curve.slice(0, 3), zero: -0 },
        bound: ['max'],
        changed: [{ by: 'withBounds', from: { job: 9 }, to: { job: 4 }, because: 'max' }]
      }
    },
    placement: {
      sites: { cloud: { job: 4 } },
      why: { rule: 'near', inputs: {}, bound: [], changed: [] }
    },
    receipt: { epoch: 3, reached: { job: 4 }, pending: {}, atMs: 9 }
  })
}

/** What a shadow can be told. */
import type { OptionTable } from '../base/index.ts'
import type { Units } from '../roles.ts'
import type { Trust } from './doubt.ts'
import type { Sizing } from './sizing.ts'

export const shadowOptions = {
  window: { kind: 'duration', default: 3_600_000, min: 60_000, says: 'scored time that a demotion looks at' },
  minTurns: { kind: 'integer', default: 20, min: 1, says: 'scored turns without which there is no demotion' },
  margin: {
    kind: 'number',
    default: 0.1,
    min: 0,
    max: 10,
    says: 'worse by more than this share of the reference’s cost'
  },
  credit: {
    kind: 'number',
    default: 1,
    min: 0,
    says: 'so many windows of the reference’s cost it may fall behind: insurance costs most when nothing happens'
  },
  probation: {
    kind: 'duration',
    default: 7_200_000,
    min: 60_000,
    says: 'scored time for which it must have been better to come back'
  },
  target: {
    kind: 'number',
    default: 0.8,
    min: 0.01,
    max: 1,
    says: 'utilisation that is neither late nor waste'
  },
  lateWeight: {
    kind: 'number',
    default: 5,
    min: 0,
    says: 'one unit that is missing is as dear as so many that are idle'
  },
  leadTime: {
    kind: 'duration',
    default: 120_000,
    min: 0,
    says: 'time until a new unit serves, where it is not estimated'
  },
  resource: { kind: 'text', says: 'the resource that serves; all added up unless named' }
} satisfies OptionTable

export interface ShadowParts {
  /** What answers serve with and cost; units of `resource` unless given. */
  readonly sizing?: Sizing
  /** Settings that the reference does not know, while it is in charge; otherwise they stay as they are. */
  readonly usual?: Units
  /** Which metrics matter for scoring, and how old they may be; all of them, 5 min, unless set. */
  readonly trust?: Partial<Trust>
}

import type { Json } from '../roles.ts'
import type { RunMeasures } from './measure.ts'
import type { Plan } from './plan.ts'
import type { Fate } from './rehearse.ts'

export interface OraclePoint extends RunMeasures {
  readonly latePrice: number
}
export function oracleSweep(_plan: Plan, _fate: Fate, _need: Int32Array): OraclePoint[] {
  return []
}
export function oracleRun(
  _plan: Plan,
  sweep: readonly OraclePoint[],
  _hpaUnitHours: number
): RunMeasures & { knob: Json } {
  return { knob: null, ...(sweep[0] as OraclePoint) }
}

/** The table of layers: kind → what it hands on, learns and does. */
import type { LayerSpec } from '../architecture.ts'
import { conv } from './conv.ts'
import { dense } from './dense.ts'
import { dropout } from './dropout.ts'
import { gru } from './gru.ts'
import type { LayerKind } from './layer.ts'
import { lstm } from './lstm.ts'
import { maxPool } from './max-pool.ts'
import { flatten, last } from './reshape.ts'
import { residual } from './residual.ts'

export const layers = {
  gru,
  lstm,
  conv,
  residual,
  'max-pool': maxPool,
  dropout,
  flatten,
  last,
  dense
} satisfies { [Kind in LayerSpec['kind']]: LayerKind<Extract<LayerSpec, { kind: Kind }>> }

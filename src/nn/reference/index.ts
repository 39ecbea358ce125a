/** The readable kernels, in float64: what the fast ones are measured against, and what stands in for them. */
import type { Kernels } from '../kernels.ts'
import { activationBack, add, addRelu } from './activation.ts'
import { adam, sumOfSquares } from './adam.ts'
import { conv, convByInput, convByWeights } from './conv.ts'
import { dropout } from './dropout.ts'
import { gru, gruBack } from './gru.ts'
import { lstm, lstmBack } from './lstm.ts'
import { maxPool, maxPoolBack } from './max-pool.ts'

export const reference: Kernels = {
  name: 'reference',
  zeros: (length) => new Float64Array(length),
  conv,
  convByWeights,
  convByInput,
  add,
  addRelu,
  activationBack,
  gru,
  gruBack,
  lstm,
  lstmBack,
  maxPool,
  maxPoolBack,
  dropout,
  sumOfSquares,
  adam
}

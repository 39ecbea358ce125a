/** What WASM offers: one function for each kernel of src/nn/kernels.ts, on addresses of float32 numbers. */
export { conv, convByInput, convByWeights } from './conv'
export {
  activationBack,
  adam,
  add,
  addRelu,
  dropout,
  maxPool,
  maxPoolBack,
  sumOfSquares
} from './elementwise'
export { gru, gruBack } from './gru'
export { lstm, lstmBack } from './lstm'
export { useScratch } from './scratch'

/** Where free memory begins: before it stand the constants. */
export function firstFree(): usize {
  return __heap_base
}

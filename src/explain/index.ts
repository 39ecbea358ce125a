export { type ExplainOptions, explain, type Knob, tell } from './explain.ts'
export type { Counterfactual, Explanation, Replay } from './explanation.ts'
export * from './words.ts'

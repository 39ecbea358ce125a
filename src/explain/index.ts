export {
  type Answer,
  type Changed,
  changedIn,
  type Difference,
  differenceOf,
  momentsDiffer,
  type Side,
  type Span
} from './difference.ts'
export { type ExplainOptions, explain, type Knob, tell } from './explain.ts'
export type { Counterfactual, Explanation, Replay } from './explanation.ts'
export { type Loss, marginHolds, namesLoss, SURELY } from './loss-words.ts'
export type {
  Alternative,
  HeadExplanation,
  Instead,
  MeasuredLoss,
  PolicyExplanation,
  PolicyOptions
} from './policy-explanation.ts'
export { explainPolicy } from './policy-logits.ts'
export type { PolicyFeature, PolicyHead, PolicyView } from './policy-view.ts'
export { type HeatmapOptions, qHeatmap } from './q-heatmap.ts'
export { explainQ, type Moved, type QExplanation, type QTableView, type QWords } from './q-values.ts'
export { type TrainingCurveOptions, type TrainingPoint, trainingCurve } from './training-curve.ts'
export * from './words.ts'

/** What the loop knows of its target: estimates from its own metrics, and Observations and Decisions as JSON. */
export * from './estimate.ts'
export { readObservation, writeDecision } from './observation.ts'

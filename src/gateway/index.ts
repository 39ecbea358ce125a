/** The loop at the edge: burst predictors, and one answer for all streets of a gateway. */
export * from './burst/index.ts'

/** `prescale.yaml`: what it may say, and what it means. */
export type { Said } from './across.ts'
export { configJsonSchema } from './json-schema.ts'
export { type Checked, checkConfig, type Problem, readConfig, refused, sayProblem } from './read.ts'
export type * from './types.ts'
export { writtenForm } from './written.ts'

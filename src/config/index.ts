/** `prescale.yaml`: what it may say, and what it means. */
export { type Checked, checkConfig, type Problem, readConfig, refused, sayProblem } from './read.ts'
export type * from './types.ts'

/** `prescale.yaml`: what it may say, and what it means. */
export type * from './types.ts'

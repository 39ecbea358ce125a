export * from './demand.ts'

export * from './builtin.ts'

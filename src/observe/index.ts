export * from './builtin.ts'
export * from './grid.ts'
export * from './table.ts'

export { inWorkers, type PoolOptions } from './pool.ts'

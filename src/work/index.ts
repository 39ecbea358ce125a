export { inWorkers, inWorkersSettled, type PoolOptions } from './pool.ts'

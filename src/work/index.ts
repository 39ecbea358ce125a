export { exchangeOf, inLockstep, type LockstepOptions, type Part } from './lockstep.ts'
export { inWorkers, inWorkersSettled, type PoolOptions } from './pool.ts'
export { type Standing, standing } from './standing.ts'

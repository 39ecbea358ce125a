import { memory } from './memory.ts'
import { storeContract } from './store.case.ts'

storeContract('memory', () => memory())

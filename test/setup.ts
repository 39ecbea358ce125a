/** What the command line does where it begins: forecasters that need WebAssembly are handed it. */
import { handInAugurs } from '../src/cli/augurs.ts'

handInAugurs()

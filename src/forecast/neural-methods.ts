/** The networks by name, for who trains without forecasting: on other threads, or in parts of a minibatch. */
import { type GivenOptions, PrescaleError, type Series, unknownName } from '../base/index.ts'
import { cnnMethod } from './cnn.ts'
import { gruMethod } from './gru.ts'
import { lstmMethod } from './lstm.ts'
import { type LearnedNetwork, type LearnOptions, learnNetwork } from './neural-learn.ts'
import { tcnMethod } from './tcn.ts'

type Learn = (given: GivenOptions, history: Series, how: LearnOptions) => LearnedNetwork

const learners: Readonly<Record<string, Learn>> = {
  cnn: (given, history, how) => learnNetwork(cnnMethod, cnnMethod.read(given), history, how),
  gru: (given, history, how) => learnNetwork(gruMethod, gruMethod.read(given), history, how),
  lstm: (given, history, how) => learnNetwork(lstmMethod, lstmMethod.read(given), history, how),
  tcn: (given, history, how) => learnNetwork(tcnMethod, tcnMethod.read(given), history, how)
}

/**
 * What the network of this name learns from a history, as `fit(history, { learned })` takes it. With an `exchange` this
 * thread works on its shards only. Throws `BAD_OPTION` where there is no such network.
 */
export function learn(name: string, given: GivenOptions, history: Series, how: LearnOptions): LearnedNetwork {
  if (Object.hasOwn(learners, name)) return learners[name](given, history, how)
  throw new PrescaleError('BAD_OPTION', unknownName('a network', name, Object.keys(learners)))
}

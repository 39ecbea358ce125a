/** What the threads of a training with PPO are sent for: each plays some of the poles. */
import { cartPole, cartPoleSpace } from '../../examples/cartpole-environment.ts'
import { canonicalJson, type GivenOptions, random } from '../../src/base/index.ts'
import { oneHead, ppo } from '../../src/decide/index.ts'
import type { Exchange } from '../../src/nn/index.ts'
import { exchangeOf, type Part } from '../../src/work/index.ts'

/** One thread of several. */
export const playPart = ({ input, part }: { input: GivenOptions; part: Part }) =>
  playPoles(input, exchangeOf(part))

/** What was learned, as text. */
export function playPoles(options: GivenOptions, exchange?: Exchange): string {
  const make = () =>
    oneHead(
      cartPole((seed) => random(seed, 'cartpole').next),
      cartPoleSpace
    )
  const learner = ppo(make, options, exchange)
  while (!learner.done) learner.update()
  return canonicalJson(learner.checkpoint())
}

/**
 * Shadow — a learned policy in charge for as long as it is no worse than a plain one that is asked beside it.
 *
 *   demote    worse over a window          D − t·e > margin · (mean cost of the reference), at least `minTurns` scored turns;
             or suddenly             the same in the newest quarter of it, by five margins
             and far enough behind   S = min(0, S + (1 + margin) · reference − learned) < −credit · window · (mean cost of the reference)
 *   promote   better for a whole probation D + t·e < 0 over 12 blocks of it; each demotion doubles the probation, 16 times at most
 *
 * Both are asked, each in its own interval; one acts, and both are scored with hindsight from Observations alone: the cost of what each
 * wanted a lead time before, against the load that came (with-shadow-score.ts); whether a difference is one is told in
 * with-shadow-verdict.ts. After a change nothing shrinks for a lead time, and nothing falls below the reactive need for as long as
 * queues grow.
 *
 * S is Page's cumulative sum (1954): a policy that insures against bursts costs most while none comes, and one quiet hour is no reason.
 *
 * The one that is not in charge sees its twin: the same world with the capacity it wanted and the backlog it would have
 * (with-shadow-twin.ts). The twin knows no noise, restarts or drops, and a backlog that one leaves to the other; so a promotion asks for
 * more than a demotion, and for twice as much each time. After the shadow deployments of machine learning (Sculley et al. 2015 call for
 * such live tests); the comparison is ours.
 */
import { formatDuration, type GivenOptions, MINUTE, readOptions } from '../base/index.ts'
import type { Change, Decided, Decision, Observation, Policy, Units } from '../roles.ts'
import { hold, trusted, usable, wantedNow } from './answer.ts'
import { defaultTrust, doubtsOf } from './doubt.ts'
import { keep, sameUnits } from './guard.ts'
import { sizingOf } from './sizing.ts'
import { reactiveFloor } from './with-reactive-floor.ts'
import { flipped, noShadow, type ShadowMemory, type ShadowOwn, standing, told } from './with-shadow-memory.ts'
import { type ShadowParts, shadowOptions } from './with-shadow-options.ts'
import { type ScoreOptions, scoreOf } from './with-shadow-score.ts'
import { backlogAfter, twinOf } from './with-shadow-twin.ts'
import {
  added,
  BLOCKS,
  type Block,
  emptyBlock,
  isBetter,
  isWorse,
  LEAST_BLOCKS,
  type Verdict,
  verdictOf
} from './with-shadow-verdict.ts'
import { amountOf, leadOf, remembered, sound, standAt, type Wanted, type Who } from './with-shadow-wanted.ts'

/** The longest probation, in probations. */
const MOST_PROBATIONS = 16
/** So many margins worse in the newest three blocks is no longer luck, whatever the window before them was like. */
const SUDDEN = 5

/** Both policies as one; options as in `shadowOptions`. Throws `BAD_OPTION` for one that cannot be. */
export function withShadow<Learned, Reference>(
  learned: Policy<Learned>,
  reference: Policy<Reference>,
  given: GivenOptions = {},
  parts: ShadowParts = {}
): Policy<ShadowMemory<Learned, Reference>> {
  const options = readOptions('withShadow', shadowOptions, given)
  const { target, lateWeight, leadTime: leadMs, margin, minTurns, window, probation, credit } = options
  const intervalMs = Math.min(learned.intervalMs, reference.intervalMs)
  const sizing = parts.sizing ?? sizingOf(options.resource)
  const trust = { ...defaultTrust, ...parts.trust }
  const scoring: ScoreOptions = { sizing, target, lateWeight, leadMs, intervalMs, trust }
  const floor = reactiveFloor({ sizing })

  function decide(seen: Observation, memory: ShadowMemory<Learned, Reference>) {
    const { own } = memory
    const doubted = doubtsOf(seen, trust).length > 0
    const shown = (who: Who) => (own.inCharge === who || doubted ? seen : twin(seen, own, who))
    const asked = {
      learned: due(own, 'learned', seen, learned)
        ? learned.decide(shown('learned'), memory.learned)
        : undefined,
      reference: due(own, 'reference', seen, reference)
        ? reference.decide(shown('reference'), memory.reference)
        : undefined
    }
    const scored = judged(noted(own, seen, asked.learned, asked.reference, doubted), seen)
    const decision = answered(seen, own, scored, asked)
    return {
      decision,
      memory: {
        learned: asked.learned?.memory ?? memory.learned,
        reference: asked.reference?.memory ?? memory.reference,
        own: scored.own
      }
    }
  }

  /** What the one that is not in charge would see. */
  function twin(seen: Observation, own: ShadowOwn, who: Who): Observation {
    const stand = standAt(own.wanted, who, seen.nowMs, leadOf(seen, leadMs))
    return twinOf(seen, stand, own.backlog[who], own.floor.rate, sizing, own.said[who]?.to)
  }

  /** What both said now, and what the queues do: the real one, and what would wait if each were in charge. */
  function noted(
    own: ShadowOwn,
    seen: Observation,
    ofLearned: Decided<Learned> | undefined,
    ofReference: Decided<Reference> | undefined,
    doubted: boolean
  ): ShadowOwn {
    const newest = own.wanted[own.wanted.length - 1]
    const like = ofLearned?.decision.to ?? own.said.learned?.to ?? {}
    const amount = (now: { decision: Decision } | undefined, before: Wanted[Who] | undefined) => {
      if (now === undefined) return before ?? null
      return doubted ? null : amountOf(sizing, completed(seen, now.decision.to, like), seen)
    }
    const entry = {
      ms: seen.nowMs,
      learned: amount(ofLearned, newest?.learned),
      reference: amount(ofReference, newest?.reference)
    }
    const said = (who: Who, now: { decision: Decision } | undefined) =>
      now === undefined
        ? own.said[who]
        : sound(now.decision.to)
          ? { ms: seen.nowMs, to: now.decision.to }
          : null
    const forMs = newest === undefined || doubted ? 0 : seen.nowMs - newest.ms
    const waits = (who: Who) => {
      const stand = standAt(own.wanted, who, seen.nowMs, leadOf(seen, leadMs))
      return backlogAfter(seen, own.backlog[who], stand, own.floor.rate, forMs)
    }
    return {
      ...own,
      backlog: { learned: waits('learned'), reference: waits('reference') },
      said: { learned: said('learned', ofLearned), reference: said('reference', ofReference) },
      wanted: remembered(own.wanted, entry, seen, scoring),
      floor: floor.look(seen, own.floor)
    }
  }

  function judged(own: ShadowOwn, seen: Observation): { own: ShadowOwn; flip?: Verdict } {
    const { scored, scoredMs } = scoreOf(seen, own.wanted, own.scoredMs, own.floor.rate, own.backlog, scoring)
    if (scored === undefined) return { own: { ...own, scoredMs } }
    const open = added(own.open, scored)
    const ahead = scored.reference * (1 + margin) - scored.learned
    const balance = own.inCharge === 'learned' ? Math.min(0, own.balance + ahead * scored.ms) : 0
    const after = { ...own, scoredMs, turns: own.turns + 1, open, balance }
    if (open.ms < blockMs(own)) return { own: after }
    const blocks = [...own.blocks, open].slice(-BLOCKS)
    const verdict = verdictOf(blocks)
    if (verdict === null || !mustFlip(after, blocks, verdict)) {
      return { own: { ...after, blocks, open: emptyBlock } }
    }
    const demoted = own.inCharge === 'learned'
    return {
      own: {
        ...after,
        inCharge: demoted ? 'reference' : 'learned',
        flips: own.flips + 1,
        demotions: own.demotions + (demoted ? 1 : 0),
        flippedMs: seen.nowMs,
        balance: 0,
        blocks: [],
        open: emptyBlock
      },
      flip: verdict
    }
  }

  function mustFlip({ inCharge, balance }: ShadowOwn, blocks: readonly Block[], verdict: Verdict): boolean {
    if (inCharge === 'reference') return blocks.length === BLOCKS && isBetter(verdict)
    const latest = verdictOf(blocks.slice(-LEAST_BLOCKS))
    const jumped = latest !== null && isWorse(latest, SUDDEN * margin)
    const isBehind = balance < -credit * window * verdict.reference
    return isBehind && verdict.turns >= minTurns && (jumped || isWorse(verdict, margin))
  }

  function blockMs({ inCharge, demotions }: ShadowOwn): number {
    const doubled = Math.min(MOST_PROBATIONS, 2 ** Math.max(0, demotions - 1))
    return (inCharge === 'learned' ? window : probation * doubled) / BLOCKS
  }

  function answered(
    seen: Observation,
    before: ShadowOwn,
    { own, flip }: { own: ShadowOwn; flip?: Verdict },
    asked: { [who in Who]: { decision: Decision } | undefined }
  ): Decision {
    const now = wantedNow(seen)
    const { inCharge } = own
    const answer = asked[inCharge]?.decision ?? between(own, inCharge, now, flip !== undefined)
    const other = own.said.learned
    let changed: readonly Change[] = answer.why.changed
    let to = answer.to
    if (inCharge === 'reference' && other !== null) to = completed(seen, to, other.to)
    if (flip !== undefined || (inCharge === 'reference' && other !== null && !sameUnits(to, other.to))) {
      const left = own.said[before.inCharge]?.to ?? answer.to
      const from = inCharge === 'reference' ? (other?.to ?? left) : left
      const because = flip === undefined ? standing(own) : flipped(inCharge, flip, own)
      // What the one in charge changed itself comes behind.
      const first = completed(seen, changed[0]?.from ?? answer.to, to)
      changed = [
        { by: 'withShadow', from, to: first, because },
        ...changed.map((change) => ({
          ...change,
          from: completed(seen, change.from, to),
          to: completed(seen, change.to, to)
        }))
      ]
    }
    const bound = [...answer.why.bound]
    const careful = handedOver(seen, own, to)
    if (careful !== undefined && !sameUnits(careful.units, to)) {
      changed = [...changed, { by: 'withShadow', from: to, to: careful.units, because: careful.because }]
      to = careful.units
      if (!bound.includes('handover')) bound.push('handover')
    }
    return {
      kind: sameUnits(to, now) && Object.keys(to).every((name) => name in now) ? 'hold' : 'scale',
      to,
      why: { ...answer.why, inputs: { ...answer.why.inputs, shadow: told(own) }, bound, changed }
    }
  }

  /** Not its turn: what it said last stands. */
  function between(own: ShadowOwn, who: Who, now: Units, flips: boolean): Decision {
    const said = own.said[who]?.to ?? now
    return hold(flips ? said : keep(now, said), 'between-turns')
  }

  /** Every resource that the learned policy sizes: what the reference does not know is set to the usual, or stays. */
  function completed(seen: Observation, to: Units, like: Units): Units {
    let whole: Record<string, number> | undefined
    for (const resource in like) {
      if (to[resource] !== undefined) continue
      const now = wantedNow(seen)[resource] ?? trusted(seen.metrics?.[resource])
      whole ??= { ...to }
      whole[resource] = parts.usual?.[resource] ?? (usable(now) ? now : like[resource])
    }
    return whole ?? to
  }

  /** For a lead time after a change of charge, and on while the queue grows. */
  function handedOver(
    seen: Observation,
    { flippedMs, floor: known }: ShadowOwn,
    to: Units
  ): { units: Units; because: string } | undefined {
    if (flippedMs === null) return undefined
    const carefulMs = Math.max(leadOf(seen, leadMs), MINUTE)
    const sinceMs = seen.nowMs - flippedMs
    const grows = known.queue?.grows === true
    // Long after, whatever grows is no matter of the handover any more.
    if (!(sinceMs < carefulMs || (grows && sinceMs < window))) return undefined
    const now = wantedNow(seen)
    const kept: Record<string, number> = { ...to }
    for (const resource in to) {
      if (now[resource] === undefined) continue
      const most = seen.bounds?.[resource]?.max ?? Number.POSITIVE_INFINITY
      if (sinceMs < carefulMs) kept[resource] = Math.max(to[resource], Math.min(now[resource], most))
    }
    const raised = grows ? floor.raise(seen, kept, known) : { units: kept, because: '' }
    const because =
      raised.because === ''
        ? `handed over ${formatDuration(Math.max(0, sinceMs))} ago: nothing shrinks for ${formatDuration(carefulMs)}`
        : `handed over ${formatDuration(Math.max(0, sinceMs))} ago, and the queue grows: ${raised.because}`
    return { units: raised.units, because }
  }

  return {
    name: `withShadow(${learned.name}, ${reference.name})`,
    intervalMs,
    initial: () => ({
      learned: learned.initial(),
      reference: reference.initial(),
      own: noShadow
    }),
    decide
  }

  function due(own: ShadowOwn, who: Who, { nowMs }: Observation, policy: { intervalMs: number }): boolean {
    const said = own.said[who]
    if (said === null || nowMs < said.ms) return true
    return nowMs - said.ms >= policy.intervalMs - intervalMs / 2
  }
}

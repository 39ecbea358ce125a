import { beforeAll, describe, expect, it } from 'vitest'
import { mind, planOf } from '../../test/fakes/small-rehearsal.ts'
import { HOUR, series } from '../base/index.ts'
import type { Observation, Policy } from '../roles.ts'
import { type AccidentLoad, accidents } from '../sim/index.ts'
import { type EdgeTrack, edgeTrack, signalsAt } from './edge-track.ts'
import { fateOf } from './plan.ts'
import { rehearse } from './rehearse.ts'
import { sparkEpisode } from './spark-environment-episode.ts'

const startMs = Date.UTC(2026, 0, 5)
const stepMs = 15_000

describe('the edge in a rehearsal', () => {
  let load: AccidentLoad
  let track: EdgeTrack | undefined
  beforeAll(() => {
    load = accidents({ durationMs: 6 * HOUR, startMs, perDay: 96 }, 3)
    track = edgeTrack(load, stepMs, 'predictor')
  })

  it('says what the environment that trains says of the same load', () => {
    const seed = 1
    const episode = sparkEpisode({ steps: 400, signal: { from: 'predictor' } }, seed)
    const same = accidents(
      { perDay: 48, jamsPerDay: 24, quietMs: 40 * stepMs, stepMs, durationMs: 440 * stepMs },
      seed
    )
    const here = edgeTrack(same, stepMs, 'predictor')
    expect(here?.predicted).toEqual(episode.predicted)
    expect(here?.alarm).toEqual(episode.alarm)
    expect(here?.alarm.includes(1)).toBe(true)
  })

  it('sends at the end of a step what was seen in it, and never what is still to come', () => {
    expect(signalsAt(track, startMs + stepMs - 1)).toBeUndefined()
    const [first] = signalsAt(track, startMs + stepMs) ?? []
    expect(first).toMatchObject({ seq: 0, sentMs: startMs + stepMs, receivedMs: startMs + stepMs })
    const until = 100
    const cut = {
      ...load,
      streets: load.streets.map((s) => ({ ...s, values: s.values.slice(0, 3 * until) }))
    }
    const short = edgeTrack(cut, stepMs, 'predictor')
    expect(short?.predicted).toEqual(track?.predicted.subarray(0, until))
  })

  it('is in the steps of the gateway where the rehearsal is finer', () => {
    expect(edgeTrack(load, 1_000, 'predictor')?.stepMs).toBe(5_000)
    expect(() => edgeTrack(load, 7_000, 'predictor')).toThrow('whole steps of the gateway, 5000 ms')
  })

  it('alarms before accidents, not all of them; an oracle before all', () => {
    const warned = (said: EdgeTrack | undefined) =>
      load.accidents.filter(({ onsetMs }) => {
        const at = Math.floor((onsetMs - startMs) / stepMs)
        return [1, 2, 3].some((before) => said?.alarm[at - before] === 1)
      }).length
    expect(warned(track)).toBeGreaterThan(load.accidents.length / 2)
    expect(warned(edgeTrack(load, stepMs, 'oracle'))).toBe(load.accidents.length)
  })

  it('is silent when it is told to, or has no streets', () => {
    expect(edgeTrack(load, stepMs, 'none')).toBeUndefined()
    expect(edgeTrack({ streets: [], accidents: [] }, stepMs, 'predictor')).toBeUndefined()
    expect(signalsAt(undefined, startMs)).toBeUndefined()
  })

  it('is heard by every policy alike, at the moment it was sent', () => {
    const trace = series(stepMs, load.total.values, { startMs })
    const heard = new Map<string, string[]>()
    const listening = (label: string, inner: Policy): Policy => ({
      ...inner,
      decide(seen: Observation, memory) {
        const signal = seen.signals?.[0]
        expect(signal?.sentMs).toBe(seen.nowMs)
        heard.set(label, [...(heard.get(label) ?? []), `${signal?.seq} ${signal?.burstAlarm}`])
        return inner.decide(seen, memory)
      }
    })
    const plan = { ...planOf('spark', trace, 60), ...(track && { edge: track }) }
    const minds = ['hpa', 'fixed'].map((name) => {
      const it = mind(name)
      return { ...it, policy: { ...listening(name, it.policy), intervalMs: stepMs } }
    })
    const heardIt = rehearse(fateOf(plan, 1), minds, {})
    const alone = rehearse(
      fateOf({ ...plan, edge: undefined }, 1),
      ['hpa', 'fixed'].map((name) => ({
        ...mind(name),
        policy: { ...mind(name).policy, intervalMs: stepMs }
      })),
      {}
    )
    // Who does not listen does nothing else because of it.
    expect(heardIt.map(({ track }) => track)).toEqual(alone.map(({ track }) => track))
    expect(heard.get('hpa')).toEqual(heard.get('fixed'))
    expect(heard.get('hpa')?.length).toBeGreaterThan(60)
  })
})

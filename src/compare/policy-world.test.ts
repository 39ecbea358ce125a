import { describe, expect, it } from 'vitest'
import { networkModel, tableModel } from '../../test/fakes/learned-models.ts'
import { planOf, wave } from '../../test/fakes/small-rehearsal.ts'
import { learnedSpec } from './policy-spec.ts'
import { policyRemarks, requireWorld } from './policy-world.ts'
import { doJobsHere, rehearseAll } from './rehearsal.ts'

const trace = wave(6 * 60)
const plan = (kind: Parameters<typeof planOf>[0], unitRate = 50) => planOf(kind, trace, 60, { unitRate })
const network = (options = {}, change = {}) => learnedSpec(networkModel(1, change), { name: 'net', options })
const table = learnedSpec(tableModel(), { name: 'table' })

describe('a trained policy in a world', () => {
  it.each(['service', 'stream', 'chain'] as const)(
    'that never saw the %s world is refused with what to do',
    (kind) => {
      expect(() => requireWorld(network(), plan(kind))).toThrow(
        /net was trained in the Spark world, .*--world spark/
      )
    }
  )

  it('sizes one resource by a table: a service, executors, a job of one operator, not one of three', () => {
    for (const kind of ['service', 'spark', 'stream'] as const)
      expect(() => requireWorld(table, plan(kind))).not.toThrow()
    expect(() => requireWorld(table, plan('chain'))).toThrow(
      'table sizes one resource, the stream world has 3 (src, map, sink)'
    )
  })

  it('is refused before the first run', async () => {
    let ran = false
    const request = {
      policies: [network()],
      forecast: 'naive',
      seeds: [1],
      frontier: false,
      chooseKnobs: false
    }
    const done = rehearseAll(plan('service'), request, async (jobs) => {
      ran = true
      return doJobsHere(jobs)
    })
    await expect(done).rejects.toThrow('net was trained in the Spark world')
    expect(ran).toBe(false)
  })

  it.each([
    {
      what: 'without gateways',
      spec: network(),
      says: /^net was trained with edge signals and there are none here/
    },
    {
      what: 'with executors it does not know',
      spec: network({}, { observationSize: 11 }),
      rate: 80,
      says: /^net knows executors that serve 50 messages\/s, here they serve 80: say so with unitRate=80$/
    },
    { what: 'told what to do without gateways', spec: network({ withoutEdge: 'cloud' }) },
    { what: 'told of the executors', spec: network({ unitRate: '80' }, { observationSize: 11 }), rate: 80 },
    {
      what: 'trained on such executors',
      spec: network({}, { observationSize: 11, world: { unitRate: 80 } }),
      rate: 80
    },
    { what: 'a table', spec: table, rate: 80 }
  ])('$what is remarked on where there is something to know', ({ spec, rate, says }) => {
    const lines = policyRemarks([spec], plan('spark', rate))
    expect(lines).toHaveLength(says ? 1 : 0)
    if (says) expect(lines[0]).toMatch(says)
  })
})

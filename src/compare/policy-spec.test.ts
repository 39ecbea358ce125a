import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { networkModel, tableModel } from '../../test/fakes/learned-models.ts'
import { policies } from '../decide/index.ts'
import {
  knobOf,
  knobSettings,
  labelOf,
  labelWithoutKnob,
  mindOf,
  parsePolicies,
  policyEntry,
  turnEntry
} from './policy-spec.ts'

describe('parsePolicies', () => {
  it.each([
    ['hpa', [{ name: 'hpa', options: {} }]],
    [
      'hpa,mpc',
      [
        { name: 'hpa', options: {} },
        { name: 'mpc', options: {} }
      ]
    ],
    ['hpa:target=.6', [{ name: 'hpa', options: { target: '.6' } }]],
    [
      'hpa:target=.6,downStabilization=5m,mpc',
      [
        { name: 'hpa', options: { target: '.6', downStabilization: '5m' } },
        { name: 'mpc', options: {} }
      ]
    ],
    [
      'hpa:target=.6,hpa:target=.7',
      [
        { name: 'hpa', options: { target: '.6' } },
        { name: 'hpa', options: { target: '.7' } }
      ]
    ],
    [
      'mpc,flink:reconcileInterval=1m',
      [
        { name: 'mpc', options: {} },
        { name: 'flink', options: { reconcileInterval: '1m' } }
      ]
    ],
    [
      ' hpa : target = .6 , mpc ',
      [
        { name: 'hpa', options: { target: '.6' } },
        { name: 'mpc', options: {} }
      ]
    ],
    // A colon in a value, in the first option and in a later one.
    ['hpa:up=Pods:4:60', [{ name: 'hpa', options: { up: 'Pods:4:60' } }]],
    ['hpa:target=.6,up=Pods:4:60', [{ name: 'hpa', options: { target: '.6', up: 'Pods:4:60' } }]],
    // `;` stands for `,`, and only the first `=` separates.
    [
      'scheduled:schedule=0 6 * * 1-5=12;0 20 * * *=4,tz=Europe/Berlin',
      [{ name: 'scheduled', options: { schedule: '0 6 * * 1-5=12,0 20 * * *=4', tz: 'Europe/Berlin' } }]
    ],
    ['hpa:target=', [{ name: 'hpa', options: { target: '' } }]]
  ])('reads %s', (text, specs) => expect(parsePolicies(text)).toEqual(specs))

  it.each([
    ['', '--policies must be names such as fixed,hpa:target=.6,mpc'],
    ['hpa,,mpc', '--policies must be names such as fixed,hpa:target=.6,mpc'],
    ['hpa,', '--policies must be names such as fixed,hpa:target=.6,mpc'],
    [':target=.6', '--policies must be names such as fixed,hpa:target=.6,mpc'],
    ['hpa:', "a policy option must be written name=value, was ''"],
    ['hpa:target', "a policy option must be written name=value, was 'target'"],
    ['hpa:=.6', "a policy option must be written name=value, was '=.6'"]
  ])('refuses %j in one line', (text, message) => {
    expect(() => parsePolicies(text)).toThrow(message)
  })

  it('reads what labelOf writes', () => {
    const value = fc.stringMatching(/^[a-z0-9.:/ ]{0,8}$/).map((text) => text.trim())
    const options = fc.dictionary(fc.stringMatching(/^[a-z][a-zA-Z0-9]{0,5}$/), value, { maxKeys: 4 })
    const spec = fc.record({ name: fc.constantFrom('hpa', 'mpc', 'fixed-best'), options })
    fc.assert(
      fc.property(fc.array(spec, { minLength: 1, maxLength: 4 }), (specs) => {
        const text = specs.map(({ name, options }) => labelOf(name, options)).join(',')
        expect(parsePolicies(text)).toEqual(
          specs.map(({ name, options }) => ({ name, options: { ...options } }))
        )
      })
    )
  })
})

describe('a trained policy by its file', () => {
  const contents: Readonly<Record<string, object>> = {
    'a/net.json': networkModel(1),
    'b/net.json': networkModel(2),
    'q.v2.json': tableModel(),
    'hpa.json': tableModel('sarsa'),
    'oracle.json': tableModel()
  }
  const read = (path: string) => contents[path]

  it.each([
    { text: 'hpa,a/net.json', names: ['hpa', 'net'] },
    { text: 'a/net.json,shield=false,q.v2.json', names: ['net', 'q.v2'] },
    { text: 'a/net.json:shield=false,shadow=hpa,mpc', names: ['net', 'mpc'] },
    { text: 'a/net.json,a/net.json:shield=false', names: ['net', 'net'] },
    { text: 'a/net.json,b/net.json', names: ['a/net.json', 'b/net.json'] },
    { text: 'hpa,hpa.json,oracle.json', names: ['hpa', 'hpa.json', 'oracle.json'] }
  ])('is called as the file, unless that is the name of another: $text', ({ text, names }) => {
    expect(parsePolicies(text, read).map(({ name }) => name)).toEqual(names)
  })

  it('has the options that follow, and its method', () => {
    const [net, q] = parsePolicies('a/net.json,shield=false,q.v2.json', read)
    expect(net).toMatchObject({ options: { shield: 'false' }, model: { method: 'ppo', where: 'a/net.json' } })
    expect(q).toMatchObject({ options: {}, model: { method: 'q-learning' } })
    expect([policyEntry(net).needsForecast, policyEntry(q).needsForecast]).toEqual([undefined, true])
  })

  it('has no knob, and is made again from its Turn', () => {
    const [spec] = parsePolicies('a/net.json,shield=false', read)
    expect([knobOf(spec, spec.options), knobSettings(spec, spec.options)]).toEqual([null, []])
    const mind = mindOf(spec, spec.options, 'naive')
    expect(mind).toMatchObject({ label: 'net:shield=false', name: 'ppo', policy: { name: 'ppo' } })
    expect(mind.options).toEqual({ shield: 'false', model: contents['a/net.json'] })
    const { entry, options } = turnEntry({ name: 'ppo', options: mind.options })
    expect(options).toEqual({ shield: 'false' })
    expect(entry.make(options).name).toBe('ppo')
  })

  it('is read once, however often it is named, and must be handed in where nobody reads files', () => {
    let reads = 0
    const counting = (path: string) => {
      reads++
      return read(path)
    }
    parsePolicies('a/net.json,a/net.json:shield=false', counting)
    expect(reads).toBe(1)
    expect(() => parsePolicies('a/net.json')).toThrow('a/net.json: hand a model in as data, with learnedSpec')
  })
})

describe('a policy by its name', () => {
  it('is refused with the nearest one when nobody knows it', () => {
    expect(() => policyEntry('hpaa')).toThrow(/hpaa.*hpa/)
    expect(() => policyEntry('fixed-bst', ['fixed-best'])).toThrow(/fixed-best/)
    expect(() => policyEntry('constructor')).toThrow(/constructor/)
  })

  it('is made with its options, and refuses others with the nearest one', () => {
    expect(mindOf('hpa', { target: '.6' }, 'naive')).toMatchObject({
      label: 'hpa:target=.6',
      forecaster: undefined
    })
    expect(mindOf('mpc', {}, 'naive').forecaster).toBe('naive')
    expect(() => mindOf('hpa', { taget: '.6' }, 'naive')).toThrow(/taget.*target/)
    expect(() => mindOf('hpa', { target: 'much' }, 'naive')).toThrow(/target/)
  })
})

describe('knobs', () => {
  it('are the values a frontier sweeps, beside the other options', () => {
    const settings = knobSettings('hpa', { tolerance: 0.05 })
    expect(settings[0]).toEqual({ tolerance: 0.05, target: 0.3 })
    expect(settings.at(-1)).toEqual({ tolerance: 0.05, target: 0.95 })
    expect(settings).toHaveLength(14)
    expect(knobSettings('fixed')).toEqual([])
  })

  it.each(Object.keys(policies))('of %s can all be made', (name) => {
    for (const options of knobSettings(name)) expect(() => policyEntry(name).make(options)).not.toThrow()
  })

  it('are shown as they are, given or not', () => {
    expect(knobOf('hpa', {})).toEqual({ target: 0.8 })
    expect(knobOf('hpa', { target: '.6', tolerance: '.2' })).toEqual({ target: 0.6 })
    expect(knobOf('fixed', {})).toBeNull()
    expect(knobOf('fixed', { units: 7 })).toEqual({ units: 7 })
    expect(knobOf('ds2', {})).toEqual({ scalingFactor: expect.any(Number) })
  })

  it('stand beside the label and not in it', () => {
    expect(labelWithoutKnob('hpa', { target: '.6', tolerance: '.2' })).toBe('hpa:tolerance=.2')
    expect(labelWithoutKnob('hpa', { target: '.6' })).toBe('hpa')
  })
})

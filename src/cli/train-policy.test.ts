import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { csv, expectRefused, folder } from '../../test/fakes/prescale.ts'

const place = folder()
/** Twelve hours with a wave of two in them. */
const wave = Array.from({ length: 720 }, (_, t) => 600 + 400 * Math.sin((2 * Math.PI * t) / 120))
place.file('wave.csv', csv(wave))
place.file('gappy.csv', csv(wave.map((y, t) => (t % 97 === 5 ? '' : y))))
place.file('short.csv', csv(wave.slice(0, 100)))
afterAll(() => place.remove())

const tiny = [
  '--begin',
  'nothing',
  '--set',
  'steps=64',
  'environments=2',
  'rollout=16',
  'minibatch=16',
  'epochs=1',
  'units=8'
]
const longer = [
  '--begin',
  'nothing',
  '--set',
  'steps=320',
  'environments=2',
  'rollout=16',
  'minibatch=16',
  'epochs=1',
  'units=8'
]
const train = (...args: string[]) => place.prescale(['train', 'policy', ...args])
const read = (file: string) => JSON.parse(readFileSync(join(place.path, file), 'utf8'))
const text = (file: string) => readFileSync(join(place.path, file), 'utf8')

describe('prescale train policy', { timeout: 180_000 }, () => {
  it('trains a network in the Spark world, and says what it is worth beside simple rules', async () => {
    const { code, stdout, stderr } = await train(
      ...tiny,
      '--out',
      'ppo.json',
      '-o',
      'json',
      '--scenario',
      'mix'
    )
    expect(stderr).toBe(
      'rehearse it: prescale rehearse builtin:accidents --world spark --policies hpa,proportional,ppo.json\n'
    )
    expect(code).toBe(0)
    const said = JSON.parse(stdout)
    expect(said).toMatchObject({
      ...{ data: 'fresh accidents', model: 'ppo', world: 'spark', scenario: 'mix', edge: 'predictor' },
      ...{ seed: 1, played: 64, scoredOn: '30 episodes of seeds of their own', file: 'ppo.json' },
      options: { gamma: 0.97, steps: '64' }
    })
    const { learned, constant, proportional } = said.scores
    for (const { reward } of [learned, constant, proportional]) expect(reward).toBeLessThan(0)
    expect(constant.setting).toBe('each scenario its own')
    expect(read('ppo.json')).toMatchObject({
      ...{ format: 'prescale-model', kind: 'policy', model: 'ppo', checksum: said.checksum },
      environment: { observationSize: 13 },
      trained: { seed: 1, world: { name: 'spark', scenario: 'mix', edge: 'predictor' } }
    })
  })

  it('begins from the proportional rule unless it is told otherwise', async () => {
    const { stdout, code } = await train(...tiny.slice(2), '--out', 'begun.json', '--quiet')
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^world +spark, scenario balanced, edge: predictor, began from the proportional rule$/m
    )
    expect(read('begun.json').trained.world).toMatchObject({ begin: 'proportional' })
    const { gamma, criticFirst } = read('begun.json').trained.options
    expect({ gamma, criticFirst }).toEqual({ gamma: 0.95, criticFirst: 15 })
  })

  it('keeps the best of several seeds, and gives the same bytes on one thread and on two', async () => {
    const args = [...tiny, '--edge', 'none', '--seeds', '2', '--seed', '5', '--quiet']
    const one = await train(...args, '--threads', '1', '--out', 'one.json', '--curve', 'one.svg')
    expect(one.stderr).toBe('')
    await train(...args, '--threads', '4', '--out', 'four.json', '--curve', 'four.json.json')
    expect(text('four.json')).toBe(text('one.json'))
    const worth = [...one.stdout.matchAll(/([56]): (-[\d.,]+)/g)].map(([, seed, reward]) => ({
      seed: Number(seed),
      reward: Number(reward.replaceAll(',', ''))
    }))
    expect(worth.map(({ seed }) => seed)).toEqual([5, 6])
    const best = worth[0].reward >= worth[1].reward ? 5 : 6
    expect(one.stdout).toMatch(new RegExp(`^model +ppo, seed ${best}$`, 'm'))
    expect(read('one.json').environment.observationSize).toBe(11)
    expect(text('one.svg')).toMatch(/^<svg .*<title>ppo, seed/s)
    expect(read('four.json.json').curve.map(({ steps }: { steps: number }) => steps)).toEqual([32, 64])
  })

  it('goes on from a checkpoint to the same bytes, also one that somebody interrupted', async () => {
    const args = [...longer, '--scenario', 'healthcare_critical', '--quiet', '-o', 'csv']
    await train(...args, '--out', 'through.json')
    const { process: child, ended } = place.start([
      ...['train', 'policy', '--begin', 'nothing', '--set', 'steps=200000', ...longer.slice(4)],
      ...['--scenario', 'healthcare_critical', '--out', 'cut.json', '--checkpoint', 'cut.checkpoint']
    ])
    setTimeout(() => child.kill('SIGINT'), 9_000)
    const stopped = await ended
    expect(stopped.code).toBe(130)
    expect(stopped.stdout).toBe('')
    expect(stopped.stderr).toMatch(/^go on with --resume: cut\.checkpoint$/m)
    expect(stopped.stderr).toMatch(/^kept the best so far, after [\d,]+ steps: cut\.json$/m)
    expect(read('cut.json')).toMatchObject({ kind: 'policy', model: 'ppo' })

    await train(...args, '--out', 'first.json', '--checkpoint', 'c.json')
    const checkpoint = read('c.json')
    expect(checkpoint).toMatchObject({ format: 'prescale-checkpoint', kind: 'training', model: 'ppo' })
    expect(text('first.json')).toBe(text('through.json'))
    await train(...args, '--out', 'again.json', '--checkpoint', 'c.json', '--resume')
    expect(text('again.json')).toBe(text('through.json'))

    const resume = (...more: string[]) =>
      train(...args, '--out', 'no.json', '--checkpoint', 'c.json', '--resume', ...more)
    expectRefused(
      await resume('--scenario', 'mix'),
      /c\.json is of a training with scenario "healthcare_critical", here it is "mix"/
    )
    writeFileSync(join(place.path, 'c.json'), JSON.stringify({ ...checkpoint, seeds: {} }))
    expectRefused(await resume(), /c\.json is cut short or was changed/)
    writeFileSync(join(place.path, 'c.json'), JSON.stringify(checkpoint).slice(0, 5_000))
    expectRefused(await resume(), /model file c\.json is cut off after 5000 characters/)
    expect(place.list()).not.toContain('no.json')
  })

  it('ends with the best so far when its time is up', async () => {
    const { code, stdout } = await train(
      ...[
        '--begin',
        'nothing',
        '--set',
        'steps=100000000',
        ...longer.slice(4),
        '--time-limit',
        '3s',
        '--out',
        'limited.json'
      ],
      ...['--quiet', '-o', 'json']
    )
    expect(code).toBe(0)
    expect(JSON.parse(stdout).played).toBeLessThan(100_000_000)
    expect(read('limited.json').model).toBe('ppo')
  })

  it('learns from windows of a trace, in the scale that a rehearsal of it has', async () => {
    const { stdout, code } = await train('wave.csv', ...tiny, '--out', 'trace.json', '-o', 'json', '--quiet')
    expect(code).toBe(0)
    const said = JSON.parse(stdout)
    expect(said).toMatchObject({
      data: 'wave',
      edge: 'none',
      scoredOn: '30 windows of the part that was held back'
    })
    expect(said.unitRate).toBeCloseTo(1_000 / 18, 1)
    expect(read('trace.json').trained.world).toMatchObject({ data: 'wave', unitRate: said.unitRate })
    const policies = ['--policies', 'trace.json', '--world', 'spark', '--no-store', '--quiet', '-o', 'json']
    const rehearsed = await place.prescale(['rehearse', 'wave.csv', ...policies])
    expect(rehearsed.stderr).toBe('')
    const runs: { policy: string; rescales: number }[] = JSON.parse(rehearsed.stdout).runs
    expect(runs.map(({ policy }) => policy)).toContain('trace')
  })

  it('learns a table of a trace, which is rehearsed on what was held back', async () => {
    const args = ['--set', 'episodes=30', '--forecast', 'sma', '--seeds', '2']
    const { stdout, code, stderr } = await train(
      ...['gappy.csv', '--model', 'q-learning', ...args, '--out', 'q.json', '--curve', 'q.svg']
    )
    expect(code).toBe(0)
    expect(stderr).toMatch(/^\d+ minutes were not measured: taken for the one before each$/m)
    expect(stdout).toMatch(/^world +service, forecast: sma, one unit serves 50 events\/s$/m)
    expect(stdout).toMatch(/^On 144 minutes of the part that was held back:$/m)
    expect(stdout).toMatch(/^q-learning earns [\d.]+ (more|less) than the (best constant|proportional rule)/m)
    expect(read('q.json')).toMatchObject({ model: 'q-learning', bins: { maxUnits: 26 } })
    await train('wave.csv', '--model', 'sarsa', ...args, '--out', 'sarsa.json', '--quiet')
    const policies = ['--policies', 'q.json,sarsa.json', '--forecast', 'sma', '--report', 'r.html']
    const rehearsed = await place.prescale(['rehearse', 'wave.csv', ...policies, '--no-store', '--quiet'])
    expect(rehearsed.stderr).toBe('')
    expect(rehearsed.stdout).toMatch(/^sarsa /m)
    expect(text('r.html')).toContain('What was learned')
  })

  const refused: readonly (readonly [string, string[], RegExp])[] = [
    ['an unknown method', ['--model', 'pppo'], /'pppo' is not a policy that learns; did you mean 'ppo'/],
    ['a policy that does not learn', ['--model', 'hpa'], /'hpa' is not a policy that learns/],
    ['an unknown option', ['--set', 'stepz=3'], /'stepz' is not an option of ppo; did you mean 'steps'/],
    ['a seed among the options', ['--set', 'seed=3'], /--set must be without seed: there is --seed/],
    [
      'a network for the service world',
      ['--world', 'service'],
      /ppo learns in --world spark; in service there is --model q-learning or sarsa/
    ],
    [
      'a table for the Spark world',
      ['--model', 'sarsa', '--world', 'spark'],
      /sarsa learns in --world service; in spark there is --model ppo/
    ],
    ['an unknown world', ['--world', 'sparc'], /'sparc' is not a world to learn in; did you mean 'spark'/],
    [
      'an unknown scenario',
      ['--scenario', 'balance'],
      /'balance' is not a scenario; did you mean 'balanced'/
    ],
    ['an unknown beginning', ['--begin', 'rule'], /'rule' is not what a training can begin from/],
    ['an unknown edge', ['--edge', 'predict'], /did you mean 'predictor'/],
    ['a checkpoint of a table', ['--model', 'sarsa', '--checkpoint', 'c'], /--checkpoint is for ppo/],
    ['a lead time in the Spark world', ['--lead-time', '2m'], /--lead-time is for the service world/],
    ['to go on from nowhere', ['--resume'], /--resume must be given with --checkpoint FILE/],
    [
      'a checkpoint that is not there',
      ['--resume', '--checkpoint', 'none'],
      /model file none cannot be read: there is no such file/
    ],
    [
      'a curve of another kind',
      ['--curve', 'c.png'],
      /--curve must be a picture, \.svg, or data, \.json, was 'c\.png'/
    ],
    ['no threads', ['--threads', '0'], /--threads must be a whole number, at least 1/],
    ['no time', ['--time-limit', '0s'], /--time-limit must be longer than nothing/],
    ['an oracle of a trace', ['wave.csv', '--edge', 'oracle'], /--edge oracle knows when accidents set in/],
    [
      'a trace that is too short',
      ['short.csv'],
      /every part of the trace needs 20m for an episode, the shortest has 16m/
    ],
    [
      'a table of too little',
      ['short.csv', '--model', 'sarsa'],
      /training part must be at least 130 minutes to learn a table on, was '80 minutes'/
    ]
  ]
  it.each(refused)('refuses %s in one line, and writes nothing', async (_, args, says) => {
    expectRefused(await train(...args, '--out', 'refused.json'), says)
    expect(place.list()).not.toContain('refused.json')
  })

  it('refuses a model file that nobody would know as one', async () => {
    expectRefused(
      await train('--out', 'policy.bin'),
      /--out must end in \.json, by which model files are known/
    )
  })
})

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { csv, expectRefused, folder } from '../../test/fakes/prescale.ts'
import { PrescaleError } from '../base/index.ts'
import { exitCodeOf } from './exit.ts'
import { policyCommand } from './train-policy.ts'

const place = folder()
/** Four hours with a wave of two in them. */
const wave = Array.from({ length: 240 }, (_, t) => 600 + 400 * Math.sin((2 * Math.PI * t) / 120))
place.file('wave.csv', csv(wave))
place.file('gappy.csv', csv(wave.map((y, t) => (t % 97 === 5 ? '' : y))))
/** As short as a network can learn from: episodes of 14 minutes. */
place.file('brief.csv', csv(wave.slice(0, 150)))
const short = join(place.path, place.file('short.csv', csv(wave.slice(0, 100))))
afterAll(() => place.remove())

const settings = (steps: number) => [
  ...['--set', `steps=${steps}`, 'environments=2', 'rollout=16', 'minibatch=16', 'epochs=1', 'units=8']
]
const tiny = ['--begin', 'nothing', ...settings(64)]
const train = (...args: string[]) => place.prescale(['train', 'policy', ...args])
const read = (file: string) => JSON.parse(readFileSync(join(place.path, file), 'utf8'))
const text = (file: string) => readFileSync(join(place.path, file), 'utf8')

describe('prescale train policy', { timeout: 180_000 }, () => {
  it('trains a network in the Spark world, and says what it is worth beside simple rules', async () => {
    const { code, stdout, stderr } = await train(
      ...[...tiny, '--out', 'ppo.json', '-o', 'json', '--scenario', 'mix', '--export', 'ppo.onnx']
    )
    expect(stderr).toBe(
      'rehearse it: prescale rehearse builtin:accidents --world spark --policies hpa,proportional,ppo.json\n'
    )
    expect(code).toBe(0)
    const said = JSON.parse(stdout)
    expect(said).toMatchObject({
      ...{ data: 'fresh accidents', model: 'ppo', world: 'spark', scenario: 'mix', edge: 'predictor' },
      ...{ seed: 1, played: 64, scoredOn: '30 episodes of seeds of their own' },
      ...{ file: 'ppo.json', export: 'ppo.onnx' },
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

  it('writes the network as ONNX where that is asked for: its state, an output per head, the value', () => {
    const onnx = readFileSync(join(place.path, 'ppo.onnx')).toString('latin1')
    for (const word of [
      'spark-env/1',
      'logits_executors',
      'logits_compression',
      'value',
      read('ppo.json').checksum
    ])
      expect(onnx).toContain(word)
  })

  it('begins from the proportional rule unless it is told otherwise, and learns from windows of a trace, in the scale that a rehearsal of it has', async () => {
    const { stdout, code } = await train(
      ...['brief.csv', ...settings(64), '--out', 'trace.json', '-o', 'json', '--quiet']
    )
    expect(code).toBe(0)
    const said = JSON.parse(stdout)
    expect(said).toMatchObject({
      ...{ data: 'brief', scenario: 'balanced', edge: 'none', begin: 'proportional' },
      scoredOn: '30 windows of the part that was held back'
    })
    expect(said.unitRate).toBeCloseTo(1_000 / 18, 1)
    const { options, world } = read('trace.json').trained
    expect(options).toMatchObject({ gamma: 0.95, criticFirst: 15 })
    expect(world).toMatchObject({ data: 'brief', begin: 'proportional', unitRate: said.unitRate })
    const policies = ['--policies', 'trace.json', '--world', 'spark', '--no-store', '--quiet', '-o', 'json']
    const rehearsed = await place.prescale(['rehearse', 'brief.csv', ...policies])
    expect(rehearsed.stderr).toBe('')
    const runs: { policy: string; rescales: number }[] = JSON.parse(rehearsed.stdout).runs
    expect(runs.map(({ policy }) => policy)).toContain('trace')
  })

  it('keeps the best of several seeds, to the same bytes when its time was up in between and it goes on with more threads', async () => {
    const args = ['brief.csv', ...tiny, '--seeds', '2', '--seed', '5', '--quiet']
    const one = await train(...args, '--threads', '1', '--out', 'one.json', '--curve', 'one.svg')
    expect(one.stderr).toBe('')
    expect(one.stdout).toMatch(/^kept +after .*, the best on validation: reward -[\d.,]+ of an episode$/m)
    expect(one.stdout).toMatch(
      /^at the end +of training \d+ episodes were over, .*: too few to tell how it went$/m
    )
    expect(one.stdout).toMatch(
      /^world +spark, scenario balanced, edge: none, began from nothing, one unit serves [\d.]+ events\/s$/m
    )
    const worth = [...one.stdout.matchAll(/([56]): (-[\d.,]+)/g)].map(([, seed, reward]) => ({
      seed: Number(seed),
      reward: Number(reward.replaceAll(',', ''))
    }))
    expect(worth.map(({ seed }) => seed)).toEqual([5, 6])
    const best = worth[0].reward >= worth[1].reward ? 5 : 6
    expect(one.stdout).toMatch(new RegExp(`^model +ppo, seed ${best}$`, 'm'))
    expect(read('one.json').environment.observationSize).toBe(11)
    expect(text('one.svg')).toMatch(/^<svg .*<title>ppo, seed/s)

    const kept = ['--checkpoint', 'c.json', '-o', 'json']
    const first = await train(...args, ...kept, '--time-limit', '1ms', '--out', 'first.json')
    expect(first.code).toBe(0)
    expect(JSON.parse(first.stdout).played).toBe(32)
    expect(read('first.json').model).toBe('ppo')
    const checkpoint = read('c.json')
    expect(checkpoint).toMatchObject({ format: 'prescale-checkpoint', kind: 'training', model: 'ppo' })

    const more = [...kept, '--resume', '--threads', '4', '--curve', 'again.json.json']
    const again = await train(...args, ...more, '--out', 'again.json')
    expect(JSON.parse(again.stdout).played).toBe(64)
    expect(text('again.json')).toBe(text('one.json'))
    expect(read('again.json.json').curve.map(({ steps }: { steps: number }) => steps)).toEqual([32, 64])

    const at = (name: string) => join(place.path, name)
    const resume = (...other: string[]) =>
      refusal(
        ...[at('brief.csv'), ...args.slice(1), '--checkpoint', at('c.json'), '--resume'],
        ...['--out', at('no.json'), ...other]
      )
    expect((await resume('--scenario', 'mix')).message).toMatch(
      /c\.json is of a training with scenario "balanced", here it is "mix"/
    )
    writeFileSync(at('c.json'), JSON.stringify({ ...checkpoint, seeds: {} }))
    expect((await resume()).message).toMatch(/c\.json is cut short or was changed/)
    writeFileSync(at('c.json'), JSON.stringify(checkpoint).slice(0, 5_000))
    expect((await resume()).message).toMatch(/model file .*c\.json is cut off after 5000 characters/)
    expect(place.list()).not.toContain('no.json')
  })

  it('keeps what it has when somebody interrupts it', async () => {
    const { process: child, ended } = place.start([
      ...['train', 'policy', 'brief.csv', '--begin', 'nothing', ...settings(200_000)],
      ...['--out', 'cut.json', '--checkpoint', 'cut.checkpoint']
    ])
    const seen = setInterval(() => {
      if (existsSync(join(place.path, 'cut.checkpoint'))) child.kill('SIGINT')
    }, 50)
    const stopped = await ended
    clearInterval(seen)
    expect(stopped.code).toBe(130)
    expect(stopped.stdout).toBe('')
    expect(stopped.stderr).toMatch(/^go on with --resume: cut\.checkpoint$/m)
    expect(stopped.stderr).toMatch(/^kept the best so far, after [\d,]+ steps: cut\.json$/m)
    expect(read('cut.json')).toMatchObject({ kind: 'policy', model: 'ppo' })
    expect(read('cut.checkpoint')).toMatchObject({ kind: 'training', model: 'ppo' })
  })

  it('learns a table of a trace, which is rehearsed on what was held back', async () => {
    const args = ['--set', 'episodes=30', '--forecast', 'sma']
    const { stdout, code, stderr } = await train(
      ...[
        'gappy.csv',
        '--model',
        'q-learning',
        ...args,
        '--out',
        'q.json',
        '--seeds',
        '2',
        '--curve',
        'q.svg'
      ]
    )
    expect(code).toBe(0)
    expect(stderr).toMatch(/^\d+ minutes were not measured: taken for the one before each$/m)
    expect(stdout).toMatch(/^world +service, forecast: sma, one unit serves 50 events\/s$/m)
    expect(stdout).toMatch(/^at the end +of training -?[\d.,]+ of a minute; there it also tries by chance/m)
    expect(stdout).toMatch(/^On 48 minutes of the part that was held back, reward of a minute:$/m)
    expect(stdout).toMatch(/^q-learning earns [\d.]+ (more|less) than the (best constant|proportional rule)/m)
    expect(read('q.json')).toMatchObject({ model: 'q-learning', bins: { maxUnits: 26 } })
    const policies = ['--policies', 'q.json', '--forecast', 'sma', '--report', 'r.html']
    const rehearsed = await place.prescale(['rehearse', 'wave.csv', ...policies, '--no-store', '--quiet'])
    expect(rehearsed.stderr).toBe('')
    expect(rehearsed.stdout).toMatch(/^q /m)
    expect(text('r.html')).toContain('What was learned')
  })

  it('ends a table with the best so far when its time is up', async () => {
    const args = ['--model', 'sarsa', '--set', 'episodes=100000000', '--forecast', 'sma', '--seeds', '2']
    const { stdout, code } = await train(
      ...['wave.csv', ...args, '--time-limit', '1ms', '--out', 'brief.json', '-o', 'json', '--quiet']
    )
    expect(code).toBe(0)
    const said = JSON.parse(stdout)
    expect(said.played).toBeGreaterThan(0)
    expect(said.played).toBeLessThan(100_000_000)
    expect(read('brief.json')).toMatchObject({ model: 'sarsa', trained: { updates: said.played } })
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
    [
      'ONNX of a table',
      ['--model', 'q-learning', '--export', 'q.onnx'],
      /--export q\.onnx: q-learning learns a table, which is no network; as ONNX goes ppo/
    ],
    ['a lead time in the Spark world', ['--lead-time', '2m'], /--lead-time is for the service world/],
    ['to go on from nowhere', ['--resume'], /--resume must be given with --checkpoint FILE/],
    [
      'a checkpoint that is not there',
      ['--resume', '--checkpoint', 'no-such-file'],
      /model file no-such-file cannot be read: there is no such file/
    ],
    [
      'a curve of another kind',
      ['--curve', 'c.png'],
      /--curve must be a picture, \.svg, or data, \.json, was 'c\.png'/
    ],
    ['no threads', ['--threads', '0'], /--threads must be a whole number, at least 1/],
    ['no time', ['--time-limit', '0s'], /--time-limit must be longer than nothing/],
    [
      'an oracle of a trace',
      [join(place.path, 'wave.csv'), '--edge', 'oracle'],
      /--edge oracle knows when accidents set in/
    ],
    [
      'a trace that is too short',
      [short],
      /every part of the trace needs 20m for an episode, the shortest has 16m/
    ],
    [
      'a table of too little',
      [short, '--model', 'sarsa'],
      /training part must be at least 130 minutes to learn a table on, was '80 minutes'/
    ]
  ]
  it.each(refused)('refuses %s in one line, and writes nothing', async (_, args, says) => {
    const error = await refusal(...args, '--out', join(place.path, 'refused.json'))
    expect(error.message).toMatch(says)
    expect(error.message).not.toContain('\n')
    expect(exitCodeOf(error)).toBe(2)
    expect(place.list()).not.toContain('refused.json')
  })

  it('refuses a model file that nobody would know as one, on the command line as everywhere', async () => {
    expectRefused(
      await train('--out', 'policy.bin'),
      /--out must end in \.json, by which model files are known/
    )
  })
})

/** Without a process of its own: every refusal is thrown, and `main` says it. */
async function refusal(...args: string[]): Promise<PrescaleError> {
  const error = await policyCommand()
    .parseAsync(args, { from: 'user' })
    .catch((thrown) => thrown)
  expect(error).toBeInstanceOf(PrescaleError)
  return error
}

/**
 * What `doctor` looks at in a `prescale.yaml`: the config itself, every secret, every system that it names. Nothing is changed anywhere.
 *
 * Systems are asked side by side and told in the order of the file; one that hangs is given up after its own timeout.
 */
import type { PrescaleError } from '../../base/index.ts'
import {
  type Config,
  type SignalTransport,
  type SourceConfig,
  sayProblem,
  type TargetConfig
} from '../../config/index.ts'
import { secret } from '../../net/index.ts'
import type { GivenCommand } from '../../store/index.ts'
import { checkText, readText } from '../config/file.ts'
import { type Check, fail, type Looked, ok, warn } from './checks.ts'
import { failed } from './common.ts'
import { checkFlink } from './flink.ts'
import { checkKafkaSource, checkTopic } from './kafka.ts'
import { lookAtRecord, type RecordSeen, replayCheck } from './record.ts'
import { checkCopy, checkInflux, checkListen, checkMqtt, checkPrometheus, checkReplay } from './systems.ts'

/** One thing to look at: what it is called, and how it is looked at. */
interface Subject {
  readonly name: string
  readonly look: () => AsyncIterable<Looked>
}

/** All lines, and the codes of what could not be done. Errors: NOT_FOUND where there is no such file. */
export async function checkConfigFile(
  file: string,
  text = readText(file)
): Promise<{ readonly checks: readonly Check[]; readonly codes: readonly PrescaleError['code'][] }> {
  const { config, problems } = await checkText(text)
  if (config === undefined) {
    const checks = problems.map((problem) => ({
      subject: file,
      ...fail('config', sayProblem(file, problem), 'correct it; prescale validate looks again')
    }))
    return { checks, codes: ['BAD_INPUT'] }
  }
  const codes: PrescaleError['code'][] = []
  const { seen, record } = recordOf(config, codes)
  const looked = await Promise.all(
    subjectsOf(config, seen).map(async ({ name, look }) => {
      const lines: Check[] = []
      try {
        for await (const line of look()) lines.push({ subject: name, ...line })
      } catch (error) {
        const line = failed(error)
        codes.push((error as PrescaleError).code)
        lines.push({ subject: name, ...line })
      }
      return lines
    })
  )
  const { targets } = config
  const about =
    targets.length === 0
      ? warn('config', 'valid, without a target', 'prescale init shows one')
      : ok('config', `valid, ${targets.length} ${targets.length === 1 ? 'target' : 'targets'}`)
  return {
    checks: [{ subject: file, ...about }, ...(targets.length === 0 ? [] : [record]), ...looked.flat()],
    codes
  }
}

/** The record is looked at first: what it says of commands is laid beside what runs. */
function recordOf(
  { store: { path }, targets }: Config,
  codes: PrescaleError['code'][]
): { seen: RecordSeen; record: Check } {
  const subject = `record ${path}`
  try {
    const seen = lookAtRecord(
      path,
      targets.map(({ name }) => name)
    )
    return { seen, record: { subject, ...replayCheck(seen.turns) } }
  } catch (error) {
    const line = failed(error, {
      BAD_INPUT: 'move it away (a new one is begun), or say another store.path'
    })
    codes.push((error as PrescaleError).code)
    return { seen: { turns: [], given: new Map() }, record: { subject, ...line } }
  }
}

function subjectsOf(config: Config, { given }: RecordSeen): Subject[] {
  const { targets, signals, gateway, store } = config
  const { influxdb: copy } = store
  const said = new Set<string>()
  const all: Subject[] = [
    ...(targets.length === 0 ? [] : [{ name: 'this process', look: () => checkListen(config) }]),
    ...secretsOf(config).map(([path, reference]) => ({
      name: 'secrets',
      look: () => checkSecret(path, reference)
    })),
    ...targets.flatMap((target) => subjectsOfTarget(target, given.get(target.name))),
    ...(copy === undefined ? [] : [{ name: `copy in ${copy.url}`, look: () => checkCopy(copy) }]),
    ...(signals?.from ?? []).map((transport) => ofTransport('signals', transport))
  ]
  if (gateway !== undefined) {
    const { publish, forward, subscribe } = gateway
    for (const to of [...publish, ...(forward === undefined ? [] : [forward])])
      all.push(ofTransport(`gateway ${gateway.id}`, to))
    for (const from of subscribe) {
      for (const topic of from.topics) {
        const name = `gateway ${gateway.id} listens to ${from.type}`
        // Topics of MQTT come to be when somebody writes to them.
        if (from.type === 'mqtt' && said.has(from.url)) continue
        if (from.type === 'mqtt') said.add(from.url)
        all.push({ name, look: () => (from.type === 'mqtt' ? checkMqtt(from) : checkTopic(from, topic)) })
      }
    }
  }
  return all
}

function subjectsOfTarget(target: TargetConfig, given?: GivenCommand): Subject[] {
  return target.sources.map((source) => ({
    name: `${target.name}: ${source.type} ${'url' in source ? source.url : 'bootstrapServers' in source ? source.bootstrapServers.join(',') : source.file}`,
    look: () => bySource(source, target, given)
  }))
}

/** How each kind of source is looked at. */
function bySource(source: SourceConfig, target: TargetConfig, given?: GivenCommand): AsyncIterable<Looked> {
  switch (source.type) {
    case 'flink':
      return checkFlink(source, target, given)
    case 'prometheus':
      return checkPrometheus(source)
    case 'influxdb':
      return checkInflux(source)
    case 'kafka':
      return checkKafkaSource(source, target)
    case 'mqtt':
      return checkMqtt(source)
    case 'replay':
      return checkReplay(source)
  }
}

function ofTransport(whose: string, transport: SignalTransport): Subject {
  const { type, topic } = transport
  return {
    name: `${whose}: ${type} ${topic}`,
    look: () => (transport.type === 'kafka' ? checkTopic(transport, topic) : checkMqtt(transport))
  }
}

/** Every reference in the config, with the path it stands at. */
function secretsOf(config: Config): [path: string, reference: string][] {
  const found: [string, string][] = []
  const walk = (value: unknown, path: string): void => {
    if (typeof value === 'string' && /^(env|file):\S/.test(value)) found.push([path, value])
    else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) walk(inner, path === '' ? key : `${path}.${key}`)
    }
  }
  walk(config, '')
  return found.filter(([, reference], i) => found.findIndex(([, other]) => other === reference) === i)
}

async function* checkSecret(path: string, reference: string): AsyncIterable<Looked> {
  const [kind, place] = [
    reference.slice(0, reference.indexOf(':')),
    reference.slice(reference.indexOf(':') + 1)
  ]
  try {
    secret(reference, path)
    yield ok(place, `is there (${path})`)
  } catch (error) {
    const line = failed(error)
    yield fail(
      place,
      line.found,
      kind === 'env'
        ? `export ${place}=… before the loop is started`
        : 'write it there, readable by this user'
    )
  }
}

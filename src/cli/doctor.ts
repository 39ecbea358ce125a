/**
 * `prescale doctor [FILE…]` — what is fine, what is not, and how to mend it; changes nothing.
 *
 * A FILE may be a load, a Prometheus, or a `prescale.yaml`, of which every system is asked; `-c` is one of those too. With
 * `--from flink|hpa|keda` it is a config of another autoscaler, as for `init`.
 */
import { Command } from 'commander'
import { PrescaleError } from '../base/index.ts'
import { importers, importFile, textOfImported } from './config/importers.ts'
import { addDataOptions, type DataOptions, readData, serverOf, tableOptions } from './data.ts'
import { type Check, checkSeries, checkTable } from './doctor/checks.ts'
import { print, readFormat } from './output.ts'
import { DEFAULT_STORE } from './store-file.ts'

interface Options extends DataOptions {
  readonly store: string
  readonly config?: string
  readonly output: string
}

export function command(): Command {
  const doctor = new Command('doctor')
    .description('checks this machine, loads and every system of a config; says how to mend what is wrong')
    .argument('[FILES...]', 'CSV, Parquet, prometheus:URL, or a prescale.yaml')
    .option('--store <FILE>', 'the store to look at', DEFAULT_STORE)
    .option('-o, --output <FORMAT>', 'table, json, yaml or csv', 'table')
  return addDataOptions(doctor).action(run)
}

async function run(files: readonly string[], options: Options): Promise<void> {
  readFormat(options.output)
  const checks: Check[] = [nodeVersion(), ...(await here(options.store))]
  const codes: PrescaleError['code'][] = []
  const { config } = options
  for (const file of config === undefined || files.includes(config) ? files : [...files, config]) {
    try {
      const isForeign = file !== config && Object.hasOwn(importers, options.from ?? '')
      if (isForeign || /\.ya?ml$/.test(file)) {
        const { checkConfigFile } = await import('./doctor/config.ts')
        const text = isForeign ? textOfImported(importFile(options.from ?? '', file)) : undefined
        const looked = await checkConfigFile(file, text)
        checks.push(...looked.checks)
        codes.push(...looked.codes)
      } else for await (const check of look(file, options)) checks.push(check)
    } catch (error) {
      if (!(error instanceof PrescaleError)) throw error
      codes.push(error.code)
      checks.push({ subject: file, check: checkOf(error), status: 'fail', found: error.message })
    }
  }
  print(options.output, {
    value: { checks },
    rows: checks.map(({ mend = '', ...check }) => ({ ...check, mend })),
    text: textOf(checks)
  })
  const failed = checks.filter(({ status }) => status === 'fail').length
  if (failed === 0) return
  const isOutside = codes.includes('UNREACHABLE') || codes.includes('BAD_ANSWER')
  throw new PrescaleError(
    isOutside ? 'UNREACHABLE' : 'BAD_INPUT',
    failed === 1 ? '1 check failed, see above' : `${failed} checks failed, see above`
  )
}

async function* look(file: string, options: Options): AsyncIterable<Check> {
  if (file.startsWith('prometheus:')) yield* prometheus(file, options)
  else if (file.startsWith('builtin:')) {
    const { series, notes } = await readData(file, options)
    for (const says of notes) yield { subject: file, check: 'about', status: 'ok', found: says }
    for (const check of checkSeries(series)) yield { subject: file, ...check }
  } else {
    const { readTable } = await import('../observe/table.ts')
    const read = await readTable(file, tableOptions(options))
    const counts = options.count === true || options.perStep === true
    for (const check of checkTable(read, { tz: options.tz, counts })) yield { subject: file, ...check }
  }
}

async function* prometheus(file: string, options: Options): AsyncIterable<Check> {
  const { ping } = await import('../observe/prometheus.ts')
  const beganMs = performance.now()
  await ping(serverOf(file, options))
  yield {
    subject: file,
    check: 'reach',
    status: 'ok',
    found: `answers in ${Math.ceil(performance.now() - beganMs)} ms`
  }
  if (options.query === undefined) {
    yield {
      subject: file,
      check: 'query',
      status: 'warn',
      found: 'nothing was asked',
      mend: "say --query 'sum(rate(http_requests_total[1m]))' to look at the load too"
    }
    return
  }
  const { series, notes } = await readData(file, options)
  yield { subject: file, check: 'query', status: 'ok', found: 'one series' }
  for (const says of notes) {
    yield {
      subject: file,
      check: 'gaps',
      status: 'warn',
      found: says,
      mend: 'see how long Prometheus keeps its data (--storage.tsdb.retention), and shorten --from'
    }
  }
  for (const check of checkSeries(series)) yield { subject: file, ...check }
}

function nodeVersion(): Check {
  const { node } = process.versions
  const isNew = Number(node.split('.')[0]) >= 24
  return {
    subject: 'this machine',
    check: 'node',
    status: isNew ? 'ok' : 'fail',
    found: node,
    ...(isNew ? {} : { mend: 'install Node.js 24 or newer' })
  }
}

async function here(store: string): Promise<Check[]> {
  const subject = 'this machine'
  const duckdb: Check = await import('@duckdb/node-api').then(
    ({ version }) => ({ subject, check: 'duckdb', status: 'ok', found: version() }),
    (error) => ({
      subject,
      check: 'duckdb',
      status: 'fail',
      found: `cannot be loaded: ${String(error).split('\n')[0]}`,
      mend: 'npm install @duckdb/node-api; it has binaries for Linux, macOS and Windows'
    })
  )
  return [duckdb, await checkedStore(subject, store)]
}

async function checkedStore(subject: string, file: string): Promise<Check> {
  const { checkStore } = await import('../store/check.ts')
  try {
    const { exists, writable, turns, bytes } = checkStore(file)
    const found = exists ? `${file}: ${turns} Turns, ${Math.ceil(bytes / 1024)} KiB` : `${file} will be made`
    return writable
      ? { subject, check: 'store', status: 'ok', found }
      : {
          subject,
          check: 'store',
          status: 'fail',
          found: `${file} cannot be written`,
          mend: 'say --store FILE'
        }
  } catch (error) {
    if (!(error instanceof PrescaleError)) throw error
    return { subject, check: 'store', status: 'fail', found: error.message, mend: 'say --store FILE' }
  }
}

function checkOf(error: PrescaleError): string {
  if (error.code === 'UNREACHABLE' || error.code === 'BAD_ANSWER') return 'reach'
  return /negative|a rate is/.test(error.message) ? 'values' : 'read'
}

function textOf(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ check }) => check.length))
  return [...Map.groupBy(checks, ({ subject }) => subject)]
    .map(([subject, own]) =>
      [
        subject,
        ...own.flatMap(({ check, status, found, mend }) => [
          `  ${status.padEnd(4)}  ${check.padEnd(width)}  ${found}`,
          ...(mend === undefined ? [] : [`  ${' '.repeat(4)}  ${' '.repeat(width)}  → ${mend}`])
        ])
      ].join('\n')
    )
    .join('\n\n')
}

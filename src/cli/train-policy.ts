/** `prescale train policy [FILE]` — a policy learns in a world, and what it learned is kept in a file that is used at once. */
import { Command } from 'commander'
import { ppoToOnnx } from '../decide/ppo-onnx.ts'
import { writeModelFile } from '../store/model-file.ts'
import { writeWhole } from '../store/write-file.ts'
import { addDataOptions } from './data.ts'
import { library } from './library.ts'
import { note, print } from './output.ts'
import { writeCurve } from './train/policy-curve.ts'
import { flagOf, methods, readTraining, scenarios, type TrainPolicyOptions } from './train/policy-flags.ts'
import { resultOf, rowOf, textOf } from './train/policy-result.ts'
import { trainTables } from './train/policy-service.ts'
import { trainPpo } from './train/policy-spark.ts'

export function policyCommand(): Command {
  const policy = new Command('policy')
    .description('a policy that learns by trying, for `rehearse --policies` and `decide`')
    .argument(
      '[FILE]',
      'CSV, Parquet, builtin:…, or prometheus:URL; else fresh accidents (spark) or builtin:daily-wave (service)'
    )
    .option('--model <NAME>', 'ppo, q-learning or sarsa', 'ppo')
    .option('--world <NAME>', 'spark (ppo) or service (q-learning, sarsa)')
    .option('--out <FILE>', 'the model file', 'policy.json')
    .option('--export <FILE>', 'ppo: the network as ONNX too, such as policy.onnx')
    .option('--set <OPTION=VALUE...>', 'options of the method, such as steps=100000')
    .option('--scenario <NAME>', `whose reward, in the Spark world: ${scenarios.join(', ')}`)
    .option(
      '--edge <WHAT>',
      'what the edge says in the Spark world: predictor, oracle (an ablation) or none (else predictor, with a FILE none)'
    )
    .option(
      '--begin <WHAT>',
      'ppo: what it is shown before it learns: proportional (the rule) or nothing (else proportional)'
    )
    .option('--forecast <NAME>', 'what a table is shown of the future: name[:option=value…]', 'blend')
    .option('--train-until <WHEN>', 'a moment, or a ratio of the trace; 1 = all of it', '0.8')
    .option('--unit-rate <X>', 'events/s that one unit serves (else as `rehearse` would assume)')
    .option('--service-time <DURATION>', 'mean service time of one event, in the service world')
    .option('--slo <DURATION>', 'latency that an event may take')
    .option('--lead-time <TIME>', 'from request to ready, such as 2m, in the service world')
    .option('--seed <N>', 'the first seed', '1')
    .option('--seeds <N>', 'train with so many seeds, keep the best by validation', '1')
    .option('--threads <N>', 'threads (else as many as there are seeds and cores)')
    .option('--curve <FILE>', 'the training curve, as picture (.svg) or as data (.json)')
    .option('--checkpoint <FILE>', 'ppo: kept up to date, to go on from')
    .option('--resume', 'goes on where --checkpoint was left')
    .option('--time-limit <DURATION>', 'training ends with the best so far, such as 60s')
    .option('-o, --output <FORMAT>', 'table, json, yaml or csv', 'table')
    .option('--quiet', 'no notes, no progress')
  return addDataOptions(policy).action(run)
}

async function run(file: string | undefined, options: TrainPolicyOptions): Promise<void> {
  const training = readTraining(file, options)
  const { method } = training
  const trained = method === 'ppo' ? await trainPpo(training) : await trainTables({ ...training, method })
  const { model } = trained.kept
  writeModelFile(options.out, model)
  if (options.export !== undefined && model.model === 'ppo') {
    writeWhole(options.export, ppoToOnnx(model, library()))
  }
  if (options.curve !== undefined) writeCurve(options.curve, trained)
  const result = resultOf(training, trained)
  print(options.output, { value: result, rows: [rowOf(result)], text: textOf(result) })
  const { world } = methods[method]
  const rehearsed = file ?? (world === 'spark' ? 'builtin:accidents' : 'builtin:daily-wave')
  const flags = repeated(options)
  note(
    `rehearse it: prescale rehearse ${rehearsed} --world ${world}${flags} --policies hpa,proportional,${options.out}`,
    options.quiet
  )
}

/** What was said about the data and the service must be said again, or it is another one. */
function repeated(options: TrainPolicyOptions): string {
  const { query, from, to, step, time, timeFormat, value, perStep, count, scale, floor, tz } = options
  const { trainUntil, unitRate, serviceTime, slo, leadTime, forecast } = options
  const said = {
    ...{ query, from, to, step, time, timeFormat, value, perStep, count, scale, floor, tz },
    ...(trainUntil !== '0.8' && trainUntil !== '1' && { trainUntil }),
    ...{ unitRate, serviceTime, slo, leadTime },
    ...(forecast !== 'blend' && { forecast })
  }
  return Object.entries(said)
    .filter(([, given]) => given !== undefined && given !== false)
    .map(([name, given]) => ` ${flagOf(name)}${given === true ? '' : ` ${quoted(String(given))}`}`)
    .join('')
}

const quoted = (text: string) => (/^[\w.:,/=+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)

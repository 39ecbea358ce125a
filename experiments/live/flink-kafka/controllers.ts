/** Who sizes the job, as configs of `prescale run`: times are those of the trace, divided by how much faster it is played. */
export interface Place {
  /** Where Flink's REST API is, and Kafka. */
  readonly flink: string
  readonly kafka: string
  readonly job: string
  readonly topic: string
  /** Its consumer group. */
  readonly group: string
  readonly folder: string
  readonly speed: number
  readonly maxSlots: number
}

const seconds = (trace: number, { speed }: Place) => `${Math.round((1_000 * trace) / speed)}ms`

const HELD = ['Source: source', 'sink: Writer']

function target(place: Place, more: object): object {
  const { job, topic, group, maxSlots } = place
  const flink = { type: 'flink', url: place.flink, job }
  return {
    mode: 'apply',
    sources: [flink, { type: 'kafka', bootstrapServers: place.kafka, topics: [topic], group }],
    actuator: { ...flink, reachWithin: '30s' },
    minReplicas: 1,
    maxReplicas: maxSlots,
    // They are never what limits this job, and every change of them is a restart.
    resources: Object.fromEntries(HELD.map((name) => [name, { scale: false }])),
    slo: { latency: '5s' },
    leadTime: { p50: '1s', p90: '3s' },
    restart: { p50: '1s', p90: '3s' },
    ...more
  }
}

const common = ({ folder }: Place, influxdb?: string) => ({
  version: 1,
  store: { path: `${folder}/live.sqlite`, ...(influxdb && { influxdb: { url: influxdb } }) },
  listen: { metrics: false, socket: `${folder}/loop.sock` },
  log: { level: 'debug' }
})

/** The HPA's rule on busy time, each operator by itself, with the HPA's own windows. */
export function reactive(place: Place): object {
  const options = {
    metric: 'busy',
    target: 0.8,
    interval: seconds(15, place),
    downStabilization: seconds(300, place),
    up: `Max:Percent:100:${Math.max(1, Math.round(15 / place.speed))}+Pods:4:${Math.max(1, Math.round(15 / place.speed))}`,
    down: `Max:Percent:100:${Math.max(1, Math.round(15 / place.speed))}`
  }
  const policy = { name: 'hpa', options }
  return { ...common(place), targets: { [place.job]: target(place, { policy, forecast: 'none' }) } }
}

/** A plan against a forecast, and the gateway's warnings. */
export function prescale(place: Place, influxdb?: string): object {
  const step = seconds(15, place)
  return {
    ...common(place, influxdb),
    targets: {
      [place.job]: target(place, {
        policy: { name: 'mpc', options: { interval: seconds(15, place) } },
        forecast: {
          method: 'blend',
          step,
          horizon: seconds(900, place),
          history: '1h',
          refit: '10m',
          deadline: '2s'
        }
      })
    },
    signals: { from: { type: 'kafka', bootstrapServers: place.kafka, topic: 'iot-metadata' } },
    gateways: [{ id: 'g1', keyId: 'g1', key: 'env:GATEWAY_KEY', trust: { hits: 8, misses: 1 }, ttl: '30s' }]
  }
}

/** The gateway's own config: everything that is a time shrinks with the trace. */
export function gateway(place: Place, mqtt: string): object {
  const { folder } = place
  return {
    version: 1,
    gateway: {
      id: 'g1',
      subscribe: { type: 'mqtt', url: mqtt, topics: ['sensors/+/raw'], qos: 0 },
      options: { step: seconds(5, place), level: 1, heartbeat: seconds(10, place) },
      predictor: {
        method: 'cusum',
        options: { horizon: seconds(60, place), warmUp: seconds(120, place), level: seconds(180, place) }
      },
      fusion: {
        usual: seconds(600, place),
        patience: seconds(180, place),
        warmUp: seconds(120, place),
        stays: seconds(1_800, place)
      },
      publish: { type: 'kafka', bootstrapServers: place.kafka, topic: 'iot-metadata' },
      outbox: { path: `${folder}/outbox` },
      sign: { algorithm: 'hmac-sha256', key: 'env:GATEWAY_KEY', keyId: 'g1' }
    },
    listen: { metrics: false }
  }
}

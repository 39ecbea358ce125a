/** One warned seed as a picture and as the source's table: Step, Load, Edge signal, Action, Latency, Notes. */
import { storageTiers } from '../../../src/sim/index.ts'
import { colours, line, linear, logarithmic, svg, text, xAxis, yAxis } from '../../svg.ts'
import type { Storm, Tick } from './storm.ts'

/** The source counts its onset as step 20. */
const SOURCE_ONSET = 20
const AROUND = [12, 28] as const

const width = 760
const left = 62
const plot = { x: left, width: width - left - 20 }
const panels = [
  { y: 44, height: 110 },
  { y: 206, height: 110 },
  { y: 368, height: 130 }
]

export function pictureOf(proactive: readonly Tick[], reactive: readonly Tick[], { onset }: Storm): string {
  const [from, to] = [onset - AROUND[0], onset + AROUND[1]]
  const steps = Array.from({ length: to - from }, (_, i) => from + i)
  const x = linear([from, to - 1], [plot.x, plot.x + plot.width], 8)
  const at = (ticks: readonly Tick[], of: (tick: Tick) => number, scale: (value: number) => number) =>
    steps.map((k) => [x(k), scale(of(ticks[k]))] as const)
  const loads = linear([0, 1_000], [panels[0].y + panels[0].height, panels[0].y], 4)
  const counts = linear([0, 20], [panels[1].y + panels[1].height, panels[1].y], 4)
  const latencies = logarithmic([100, 100_000], [panels[2].y + panels[2].height, panels[2].y])
  const half = (x(1) - x(0)) / 2
  const alarms = steps
    .filter((k) => proactive[k].alarm)
    .map(
      (k) =>
        `<rect x="${(x(k) - half).toFixed(1)}" y="${panels[0].y}" width="${(2 * half).toFixed(1)}" height="${panels[0].height}" fill="${colours.orange}" opacity="0.25"/>`
    )
  const title = (panel: number, words: string) => text(plot.x, panels[panel].y - 10, words, { bold: true })
  const legend = (panel: number, at: number, words: string, fill: string) =>
    text(plot.x + plot.width - at, panels[panel].y - 10, words, { fill })
  const axis = (panel: number) =>
    xAxis({ ...plot, ...panels[panel] }, x, (tick) => `${tick - onset + SOURCE_ONSET}`)
  return svg(width, 540, 'One accident: load, executors and latency by step', [
    axis(0),
    yAxis({ ...plot, ...panels[0] }, loads, (tick) => `${tick}`),
    ...alarms,
    line(
      at(proactive, ({ load }) => load, loads),
      { stroke: colours.ink }
    ),
    title(0, 'Load, messages/s'),
    legend(0, 150, 'shaded: the alarm rings', colours.orange),
    axis(1),
    yAxis({ ...plot, ...panels[1] }, counts, (tick) => `${tick}`),
    line(
      at(reactive, ({ wanted }) => wanted, counts),
      { stroke: '#cf222e', dash: '3 3' }
    ),
    line(
      at(reactive, ({ ready }) => ready, counts),
      { stroke: '#cf222e' }
    ),
    line(
      at(proactive, ({ wanted }) => wanted, counts),
      { stroke: colours.blue, dash: '3 3' }
    ),
    line(
      at(proactive, ({ ready }) => ready, counts),
      { stroke: colours.blue, width: 2 }
    ),
    title(1, 'Executors: ready (line), asked for (dashed)'),
    legend(1, 240, 'with the alarm', colours.blue),
    legend(1, 135, 'without (11 numbers)', '#cf222e'),
    axis(2),
    yAxis({ ...plot, ...panels[2] }, latencies, (tick) => `${tick.toLocaleString('en')}`),
    line(
      [
        [plot.x, latencies(1_000)],
        [plot.x + plot.width, latencies(1_000)]
      ],
      { stroke: colours.faint, dash: '6 4' }
    ),
    line(
      at(reactive, ({ latencyMs }) => latencyMs, latencies),
      { stroke: '#cf222e' }
    ),
    line(
      at(proactive, ({ latencyMs }) => latencyMs, latencies),
      { stroke: colours.blue, width: 2 }
    ),
    title(2, 'Latency of the last message of each step, ms'),
    legend(2, 110, 'dashed: SLO', colours.faint),
    text(plot.x + plot.width / 2, 532, 'step of 15 s, the accident in step 20', {
      anchor: 'middle',
      fill: colours.faint
    })
  ])
}

/** Load, signal, action and latency of the same step. */
export function traceOf(ticks: readonly Tick[], { onset, alarm, seed }: Storm): string {
  const rows: string[] = []
  for (let k = onset - 6; k <= onset + 6; k++) {
    const seen = ticks[k]
    const next = ticks[k + 1]
    const [executors, memory, storage, compression] = next.action
    const packed = ['', ', light', ', heavy'][compression]
    const action = `${executors + 1} × ${memory + 1} GB, ${storageTiers[storage].name}${packed}`
    rows.push(
      `| ${k - onset + SOURCE_ONSET} | ${Math.round(seen.load)} | ${next.alarm ? '1.0' : '0.0'}, ${Math.round(next.predicted)} | ${action} | ${seen.ready} | ${Math.round(seen.latencyMs)} | ${noteOf(k, onset, alarm)} |`
    )
  }
  return [
    `Seed ${seed}. Load and latency are those of the step, signal and action what is seen and asked for at its end.`,
    '',
    '| Step | Load | Edge signal | Action | Ready | Latency, ms | Notes |',
    '|---|---|---|---|---|---|---|',
    ...rows,
    ''
  ].join('\n')
}

function noteOf(k: number, onset: number, alarm: number | undefined): string {
  if (alarm !== undefined && k === alarm - 1) return 'the alarm reaches the policy'
  if (k === onset) return 'the accident: the cloud’s load moves'
  return ''
}
